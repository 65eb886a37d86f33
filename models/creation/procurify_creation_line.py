"""One record of Procurify, and what it becomes in Odoo."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.own_values import write_each


class ProcurifyCreationLine(models.Model):
    """What people may change is only what the new record is called, and its type."""

    _name = "procurify.creation.line"
    _inherit = "procurify.system.fields"
    _description = "Procurify Creation Line"
    _order = "resource, code, id"
    _people_fields = frozenset({"is_included", "name", "code", "account_type"})

    creation_id = fields.Many2one(
        "procurify.creation", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="creation_id.company_id", store=True)
    state = fields.Selection(related="creation_id.state")
    record_id = fields.Many2one(
        "procurify.record", "In Procurify", required=True, ondelete="cascade"
    )
    resource = fields.Selection(related="record_id.resource", string="Kind", store=True)
    is_included = fields.Boolean("Create", default=True)
    name = fields.Char("Name in Odoo")
    code = fields.Char("Code in Odoo")
    account_type = fields.Selection(
        selection=lambda self: (
            self.env["account.account"]
            ._fields["account_type"]
            ._description_selection(self.env)
        )
    )
    note = fields.Char(
        readonly=True,
        help="Why it cannot be created, or which record in Odoo it may be.",
    )
    res_model = fields.Char(readonly=True)
    res_id = fields.Many2oneReference("In Odoo", model_field="res_model", readonly=True)

    # === PREVIEW === #

    @api.model
    def _add(self, creation, records):
        """Add what ``records`` would become; what cannot be created is not selected."""
        exact, _left = records._exact_targets()
        values, problems = records._values_to_create()
        rows = []
        for record in records:
            new = values.get(record, {})
            note = problems.get(record) or record.suggestion
            rows.append(
                {
                    "creation_id": creation.id,
                    "record_id": record.id,
                    "is_included": record in values and record not in exact,
                    "name": new.get("name") or record.name,
                    "code": new.get("code"),
                    "account_type": new.get("account_type"),
                    "note": note,
                }
            )
        self.sudo().create(rows)

    # === CREATING === #

    def _create_targets(self):
        """Create the records of Odoo as the user, and map to them."""
        edits = {
            line.record_id: {
                name: line[name]
                for name in ("name", "code", "account_type")
                if line[name]
            }
            for line in self
        }
        targets = self.record_id._create_missing(edits)
        write_each(
            {
                line.sudo(): {"res_model": target._name, "res_id": target.id}
                for line in self
                if (target := targets.get(line.record_id))
            }
        )

    # === UNDOING === #

    def _delete_targets(self):
        """Delete the created records as the user, and take their mapping away.

        :raises UserError: something in Odoo uses one of them; nothing was changed
        """
        found = {
            lines: self.record_id._person_env(lines.company_id)[model]
            .browse(lines.mapped("res_id"))
            .exists()
            for model, lines in self.grouped("res_model").items()
        }
        for lines, targets in found.items():
            lines._check_unused(targets)
        for lines, targets in found.items():
            mapped = lines.record_id.filtered(lambda record: record.res_id)
            mapped.write({"res_id": False})
            targets._procurify_delete_created()

    def _check_unused(self, targets):
        """Check that nothing in Odoo uses one of ``targets``.

        :raises UserError: names what is used
        """
        others = (
            self.env["procurify.record"]
            .sudo()
            .search(
                [
                    ("res_model", "=", targets._name),
                    ("res_id", "in", targets.ids),
                    ("id", "not in", self.record_id.ids),
                ],
                limit=1,
            )
        )
        used = targets._procurify_used_of()
        if others or used:
            names = used or targets.browse(others.mapped("res_id"))
            raise UserError(
                self.env._(
                    "%(names)s is used already, so nothing was undone.",
                    names=", ".join(names[:5].mapped("display_name")),
                )
            )
