"""What an import of records would do, told without doing it."""

from odoo import models
from odoo.fields import Domain

from ...importers.preview import booked
from ...reconciliation.dry_run import trial


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    def _preview(self):
        """Import these records for real, tell what came of it, and take it back.

        What documents name is imported with them, as an import does.

        :returns: one dict per record, in the order of ``self``, which JSON takes::

            {"record_id", "resource", "external_id", "name",
             "outcome": the state that the import would leave it in,
             "rule": why it would be excluded, or False,
             "issues": [{"code", "key", "message", "advice"}],
             "booked": see ``import_preview.booked``, or None; also where the present
             user could not read that document in Odoo}
        """
        with trial(self.env):
            told = self._try()
            shown = set(self._shown_in_odoo().ids)
        for each in told:
            if each["record_id"] not in shown:
                each["booked"] = None
        return told

    def _shown_in_odoo(self):
        """Return those of these records whose document the present user may read.

        It is what became of the record, or is in its way; a bill is read with its
        journal items.
        """
        if self.env.su:
            return self
        shown = self.browse()
        for name, mine in self.grouped("res_model").items():
            model = self.env.get(name)
            if model is None or not _may_read(model):
                continue
            ids = {*mine.mapped("res_id"), *mine.mapped("conflict_id")} - {0}
            existing = model.sudo().with_context(active_test=False)
            existing = existing.search(Domain("id", "in", list(ids)))
            hidden = existing - existing.sudo(False)._filtered_access("read").sudo()
            shown |= mine.filtered(
                lambda r, no=set(hidden.ids): not {r.res_id, r.conflict_id} & no
            )
        return shown

    def _try(self):
        """Do as :meth:`_preview`, inside a dry run that has begun."""
        records = self.sudo()
        records._import()
        self.env.flush_all()
        documents = booked(records)
        rules = dict(self._fields["excluded_rule"]._description_selection(self.env))
        return [
            {
                "record_id": record.id,
                "resource": record.resource,
                "external_id": record.external_id,
                "name": record.display_name,
                "outcome": record.state,
                "rule": rules.get(record.excluded_rule, False),
                "issues": [
                    {
                        "code": issue.code,
                        "key": issue.key,
                        "message": issue.message,
                        "advice": issue.advice,
                    }
                    for issue in record.issue_ids
                ],
                "booked": documents.get(record),
            }
            for record in records
        ]


def _may_read(model):
    """Tell whether the present user may read documents of ``model`` at all."""
    items = model.env["account.move.line"]
    return model.has_access("read") and (
        model._name != "account.move" or items.has_access("read")
    )
