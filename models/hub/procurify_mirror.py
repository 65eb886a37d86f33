"""Master data of a remote Odoo, as it was read. Nobody changes it here."""

from odoo import fields, models
from odoo.fields import Domain

from ...tools.own_values import write_each

KINDS = [
    ("country", "Country"),
    ("currency", "Currency"),
    ("unit", "Unit"),
    ("plan", "Analytic Plan"),
    ("company", "Company"),
    ("account", "Account"),
    ("rate", "Currency Rate"),
    ("tax", "Tax"),
    ("tax_line", "Tax Distribution"),
    ("journal", "Journal"),
    ("payment_term", "Payment Term"),
    ("payment_term_line", "Payment Term Line"),
    ("analytic_account", "Analytic Account"),
    ("tag", "Analytic Tag"),
    ("product", "Product"),
    ("partner", "Contact"),
]


class ProcurifyMirror(models.Model):
    """A row is one record of a remote Odoo that its API user may see."""

    _name = "procurify.mirror"
    _inherit = ["procurify.system.fields", "procurify.list"]
    _description = "Procurify Remote Record"
    _order = "target_id, kind, code, name, id"
    _people_fields = frozenset()

    target_id = fields.Many2one(
        "procurify.target",
        string="Remote Odoo",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="target_id.company_id", store=True, index=True)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    remote_id = fields.Integer("ID There", required=True, readonly=True)
    name = fields.Char(readonly=True)
    code = fields.Char(readonly=True)
    is_active = fields.Boolean("Active There", readonly=True)
    is_gone = fields.Boolean(
        "Gone",
        readonly=True,
        help="It was deleted in the remote Odoo, or the API user may not see it any "
        "more.",
    )
    written_at = fields.Datetime("Changed There On", readonly=True)
    created_at = fields.Datetime("Created There On", readonly=True)
    data = fields.Json("Other Values", readonly=True)

    _record_uniq = models.UniqueIndex(
        "(target_id, kind, remote_id)", "A remote record is mirrored once."
    )

    # === BUSINESS METHODS === #

    def _keep(self, target, rows):
        """Store rows of one kind. What did not change costs no write.

        :param rows: of ``procurify_odoo.mirror``
        :returns: whether anything changed
        """
        if not rows:
            return False
        wanted = {row.id: _values(row) for row in rows}
        known = self.search(
            Domain("target_id", "=", target.id)
            & Domain("kind", "=", rows[0].kind)
            & Domain("remote_id", "in", list(wanted))
        )
        known._let_go_of_others(wanted)
        pending = {"is_pending": True}
        changes = {
            mirror: values | pending
            for mirror in known
            if (values := wanted.pop(mirror.remote_id)) != mirror._stored(values)
        }
        write_each(changes)
        self.create(
            [
                values
                | pending
                | {"target_id": target.id, "kind": rows[0].kind, "remote_id": id_}
                for id_, values in wanted.items()
            ]
        )
        return bool(changes or wanted)

    def _let_go_of_others(self, wanted):
        """Archive the local records of rows whose id stands for another record now, as
        after the restore of a backup: they do not become that one.

        :param wanted: {remote id: values}
        """
        others = self.filtered(
            lambda row: (
                row.created_at and row.created_at != wanted[row.remote_id]["created_at"]
            )
        )
        others._take_away()
        others.write({"res_model": False, "res_id": False})

    def _stored(self, names):
        self.ensure_one()
        return {name: self[name] for name in names}

    def _present_ids(self, target, kind):
        """Return the ids of the rows of a kind that are not gone."""
        rows = self.search_fetch(
            Domain("target_id", "=", target.id)
            & Domain("kind", "=", kind)
            & Domain("is_gone", "=", False),
            ["remote_id"],
        )
        return set(rows.mapped("remote_id"))

    def _mark_gone(self, target, kind, visible):
        """Mark what is not among the ids that the API user sees now as gone.

        :returns: whether anything changed
        """
        gone = self.search(
            Domain("target_id", "=", target.id)
            & Domain("kind", "=", kind)
            & Domain("is_gone", "=", False)
            & Domain("remote_id", "not in", list(visible))
        )
        if gone:
            gone.write({"is_gone": True, "is_pending": True})
        return bool(gone)


def _values(row):
    """Return the values of a mirror of ``row``."""
    return {
        "name": row.name or False,
        "code": row.code or False,
        "is_active": row.is_active,
        "is_gone": False,
        "written_at": fields.Datetime.to_datetime(row.written_at),
        "created_at": fields.Datetime.to_datetime(row.created_at or False) or False,
        "data": row.values or False,  # as an empty one is read back
    }
