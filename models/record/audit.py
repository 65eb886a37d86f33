"""What the audit asks of a record before and after something happens to it."""

from odoo import fields, models

from ...tools.audit_rows import plain

# What a person recognises an object by; its payload's digest tells the rest.
_FACTS = (
    "name",
    "code",
    "remote_party",
    "remote_date",
    "remote_amount",
    "remote_currency",
    "remote_deleted",
    "remote_modified",
)


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    audit_ids = fields.One2many(
        "procurify.audit",
        "res_id",
        domain=[("res_model", "=", "procurify.record")],
        readonly=True,
    )

    def _audit_state(self):
        """Return what the audit compares of this record before and after an import."""
        self.ensure_one()
        return {
            "imported_at": self.imported_at,
            "res_id": self.res_id or False,
            "applied_digest": self.applied_digest,
            "applied_state": self.applied_state or {},
            "excluded_rule": self.excluded_rule,
            "held": bool(self.issue_ids),
        }

    def _audit_facts(self):
        """Return what people recognise this object by, as JSON takes it."""
        self.ensure_one()
        return {name: plain(self[name]) for name in _FACTS}

    def _audit_reasons(self):
        """Return in words why this record is held."""
        self.ensure_one()
        return sorted(self.issue_ids.mapped("message"))

    def _audit_targets(self):
        """Return {record: what names its Odoo record as JSON, or None}."""
        targets = dict.fromkeys(self)
        mapped = self.filtered("res_id")
        for model in set(mapped.mapped("res_model")):
            mine = mapped.filtered(lambda r, m=model: r.res_model == m)
            found = self.env[model].sudo().browse(mine.mapped("res_id")).exists()
            names = {target.id: target.display_name for target in found}
            for record in mine:
                targets[record] = {
                    "res_model": model,
                    "res_id": record.res_id,
                    "res_name": names.get(record.res_id),
                }
        return targets
