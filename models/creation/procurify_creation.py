"""Creating in one step what is missing in Odoo: a preview, and a way back."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

# What can be created many at once: the rest has its own policy.
RESOURCES = (
    *("department", "location", "custom_value", "account_code"),
    *("payment_term", "unit", "currency"),
)
_PREVIEW_KEPT = timedelta(days=1)


class ProcurifyCreation(models.Model):
    """A row is one such step: what a person looked at, and what came of it."""

    _name = "procurify.creation"
    _inherit = ["procurify.system.fields", "procurify.list"]
    _description = "Procurify Creation"
    _order = "id desc"
    _rec_name = "create_date"
    _people_fields = frozenset({"line_ids"})

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    user_id = fields.Many2one("res.users", "By", readonly=True)
    state = fields.Selection(
        [("preview", "Preview"), ("created", "Created"), ("undone", "Undone")],
        default="preview",
        required=True,
        readonly=True,
    )
    line_ids = fields.One2many("procurify.creation.line", "creation_id", "Records")
    created_count = fields.Integer("Created", compute="_compute_created_count")

    # === COMPUTE METHODS === #

    @api.depends("line_ids.res_id")
    def _compute_created_count(self):
        for creation in self:
            creation.created_count = len(creation.line_ids.filtered("res_id"))

    # === ACTION METHODS === #

    def action_create(self):
        """Create what is selected with the user's own rights, map it, and replay.

        :raises AccessError: the user may not create it
        :raises UserError: nothing is selected, or was created meanwhile
        """
        self.ensure_one()
        self.check_access("write")
        lines = self.line_ids.filtered(
            lambda line: line.is_included and line.record_id._needs_target()
        )
        if self.state != "preview" or not lines:
            raise UserError(self.env._("Select what to create."))
        lines._create_targets()
        self.sudo().write({"state": "created", "user_id": self.env.uid})
        lines.record_id._replay_mapped()
        for connection, records in lines.record_id.grouped("connection_id").items():
            connection.sudo()._drop_mapped(records)
            connection._look_at_mappings_again()
        return self._open()

    def action_undo(self):
        """Delete what this step has created, as long as nothing uses it.

        All of it or nothing, with the user's own rights in Odoo.

        :raises UserError: naming what is used already
        :raises AccessError: the user may not delete it
        """
        self.ensure_one()
        self.check_access("write")
        if self.state != "created":
            raise UserError(self.env._("There is nothing to undo."))
        self.line_ids.filtered("res_id")._delete_targets()
        self.sudo().state = "undone"
        self.line_ids.record_id.connection_id._look_at_mappings_again()
        return self._open()

    # === HELPERS === #

    @api.model
    def _preview(self, records):
        """Return the action that shows what ``records`` would become in Odoo.

        :raises UserError: there is nothing to create
        """
        records = records.filtered(
            lambda record: record.resource in RESOURCES and record.can_create
        )
        if not records:
            raise UserError(
                self.env._(
                    "There is nothing to create here: no unmapped departments, "
                    "locations, accounts, payment terms, units or currencies that you "
                    "may create."
                )
            )
        company = records[0].company_id
        records = records.filtered(lambda record: record.company_id == company)
        creation = self.sudo().create({"company_id": company.id}).sudo(False)
        creation.line_ids._add(creation, records)
        return creation._open()

    def _open(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Map and Create What Is Missing"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    @api.autovacuum
    def _remove_previews(self):
        """Delete previews of which nothing came."""
        limit = fields.Datetime.now() - _PREVIEW_KEPT
        self.sudo().search(
            [("state", "=", "preview"), ("create_date", "<", limit)]
        ).unlink()
