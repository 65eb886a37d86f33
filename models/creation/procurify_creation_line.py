"""One record of Procurify, and what it becomes in Odoo."""

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...tools.own_values import write_each


class ProcurifyCreationLine(models.Model):
    """What people may change is only what the new record is called, and its type."""

    _name = "procurify.creation.line"
    _inherit = "procurify.system.fields"
    _description = "Procurify Creation Line"
    _order = "resource, code, id"
    _people_fields = frozenset(
        {"is_included", "choice", "name", "code", "account_type"}
    )

    creation_id = fields.Many2one(
        "procurify.creation", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="creation_id.company_id", store=True)
    state = fields.Selection(related="creation_id.state")
    record_id = fields.Many2one(
        "procurify.record", "In Procurify", required=True, ondelete="cascade"
    )
    resource = fields.Selection(related="record_id.resource", string="Kind", store=True)
    is_included = fields.Boolean("Selected", default=True)
    choice = fields.Selection(
        [("create", "Create"), ("suggestion", "Use suggestion")],
        "What to Do",
        default="create",
        required=True,
    )
    suggested_id = fields.Integer(readonly=True)
    suggested_name = fields.Char("Suggestion", readonly=True)
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
        help="Why it cannot be created.",
    )
    res_model = fields.Char(readonly=True)
    res_id = fields.Many2oneReference("In Odoo", model_field="res_model", readonly=True)

    @api.constrains("choice")
    def _check_choice(self):
        for line in self:
            if line.choice == "suggestion" and not line.suggested_id:
                raise ValidationError(
                    self.env._(
                        "There is no suggestion for %(name)s. Create it, or do not "
                        "select it.",
                        name=line.record_id.display_name,
                    )
                )

    # === PREVIEW === #

    @api.model
    def _add(self, creation, records):
        """Add what ``records`` would become: a suggestion where it is exact or likely,
        else a new record. What cannot be created is not selected."""
        proposed, suggested = records._proposed_targets()
        values, problems = records._values_to_create()
        rows = []
        for record in records:
            new = values.get(record, {})
            target = suggested.get(record)
            rows.append(
                {
                    "creation_id": creation.id,
                    "record_id": record.id,
                    "is_included": record in values or record in proposed,
                    "choice": "suggestion" if record in proposed else "create",
                    "suggested_id": target and target.id,
                    "suggested_name": target and target._procurify_candidate_name(),
                    "name": new.get("name") or record.name,
                    "code": new.get("code"),
                    "account_type": new.get("account_type"),
                    "note": problems.get(record),
                }
            )
        self.sudo().create(rows)

    # === CREATING === #

    def _create_targets(self):
        """Map to suggested records, and to new ones that the user creates in Odoo."""
        used = self.filtered(lambda line: line.choice == "suggestion")
        for (model, number), lines in used.grouped(
            lambda line: (line._target_model(), line.suggested_id)
        ).items():
            lines.record_id.write({"res_id": number})
            lines.sudo().write({"res_model": model, "res_id": number})
        (self - used)._create_new()

    def _target_model(self):
        return self.record_id._target_model(self.resource)

    def _create_new(self):
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
        """Delete the created records as the user, and take all their mappings away.

        :raises UserError: something in Odoo uses one of them; nothing was changed
        """
        used = self.filtered(lambda line: line.choice == "suggestion")
        used._check_nothing_imported()
        (self - used)._delete_created()
        used.filtered(
            lambda line: line.record_id.res_id == line.res_id
        ).record_id.write({"res_id": False})

    def _delete_created(self):
        """Delete the created records as the user, and take their mappings away."""
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

    def _check_nothing_imported(self):
        """Check that no document is in Odoo with one of these mappings.

        :raises UserError: names what is used
        """
        booked = (
            self.env["procurify.mention"]
            .sudo()
            .search(
                [
                    ("mention_id", "in", self.record_id.ids),
                    ("res_id", "!=", 0),
                    ("document_id.state", "=", "done"),
                ]
            )
        )
        if names := booked.mention_id[:5].mapped("display_name"):
            raise UserError(
                self.env._(
                    "%(names)s is used already, so nothing was undone.",
                    names=", ".join(names),
                )
            )

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
