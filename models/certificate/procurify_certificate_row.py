"""What a certificate says in detail: its documents, and its sums."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, formatLang

from ...tools.document_states import DOCUMENT_STATES

OUTCOME_LABELS = [
    ("booked", "In Odoo"),
    ("held", "On hold"),
    ("pending", "Queued"),
    ("excluded", "Excluded by a rule"),
    ("ignored", "Ignored by a person"),
    ("changed", "Changed since"),
    ("missing", "Missing"),
    ("extra", "Extra in Odoo"),
]


class ProcurifyCertificateRow(models.AbstractModel):
    """What lines and sums have in common: two amounts, and their difference."""

    _name = "procurify.certificate.row"
    _inherit = "procurify.append.only"
    _description = "Procurify Certificate Row"
    _log_access = False

    certificate_id = fields.Many2one(
        "procurify.certificate",
        required=True,
        index=True,
        readonly=True,
        ondelete="restrict",
    )
    company_ref = fields.Integer("Company ID", required=True, readonly=True)
    date = fields.Datetime("Made On", readonly=True)
    resource = fields.Selection("_selection_resource", string="Kind", readonly=True)
    currency = fields.Char("Currency in Procurify", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True, ondelete="restrict")
    procurify_amount = fields.Monetary("In Procurify", readonly=True)
    odoo_amount = fields.Monetary("In Odoo", readonly=True)
    difference = fields.Monetary(
        readonly=True, help="Procurify's amount minus Odoo's amount."
    )
    digest = fields.Char(
        readonly=True, help="SHA-256 of this row, made by the database."
    )

    @api.model
    def _selection_resource(self):
        return self.env["procurify.record"]._selection_resource()

    def _text(self, amount):
        """Return an amount with the code of its currency, as print has it."""
        self.ensure_one()
        digits = self.currency_id.decimal_places if self.currency_id else 2
        return f"{formatLang(self.env, amount, digits=digits)} {self.currency or ''}"


class ProcurifyCertificateLine(models.Model):
    """One document of the period, and what had become of it."""

    _name = "procurify.certificate.line"
    _inherit = ["procurify.certificate.row", "procurify.list"]
    _description = "Procurify Certificate Document"
    _order = "is_explained, document_date, id"

    external_id = fields.Char("Procurify ID", readonly=True)
    name = fields.Char("Document", readonly=True)
    party = fields.Char("Vendor", readonly=True)
    document_date = fields.Date("Date", readonly=True)
    outcome = fields.Selection(OUTCOME_LABELS, required=True, readonly=True)
    reason = fields.Text("Explanation", readonly=True)
    is_explained = fields.Boolean("Explained", readonly=True)
    record_ref = fields.Integer("Record", readonly=True)
    res_model = fields.Char("Odoo Model", readonly=True)
    res_id = fields.Many2oneReference(
        "Odoo Record", model_field="res_model", readonly=True
    )
    res_name = fields.Char("Odoo Document", readonly=True)
    odoo_state = fields.Char("Status in Odoo", readonly=True)
    document_state = fields.Selection(DOCUMENT_STATES, "Status", readonly=True)
    places = fields.Json(
        readonly=True,
        help="Both amounts of every sum that this document is part of, as text.",
    )
    place_procurify_amount = fields.Monetary(
        "Of This Sum in Procurify", compute="_compute_place_amounts"
    )
    place_odoo_amount = fields.Monetary(
        "Of This Sum in Odoo", compute="_compute_place_amounts"
    )

    @api.depends("places")
    @api.depends_context("procurify_place")
    def _compute_place_amounts(self):
        place = self.env.context.get("procurify_place")
        for line in self:
            ours, odoos = (line.places or {}).get(place) or (0, 0)
            line.place_procurify_amount = float(ours)
            line.place_odoo_amount = float(odoos)

    def action_open_document(self):
        """Open the document in Odoo; its record where it is not in Odoo."""
        self.ensure_one()
        self.check_access("read")
        for model, number in (
            (self.res_model, self.res_id),
            ("procurify.record", self.record_ref),
        ):
            if model and number and self.env[model].browse(number).exists():
                return {
                    "type": "ir.actions.act_window",
                    "res_model": model,
                    "res_id": number,
                    "views": [(False, "form")],
                }
        raise UserError(self.env._("This record no longer exists."))


class ProcurifyCertificateSum(models.Model):
    """One place (an account, a department, a vendor, or all) in one currency."""

    _name = "procurify.certificate.sum"
    _inherit = "procurify.certificate.row"
    _description = "Procurify Certificate Sum"
    _order = "id"

    dimension = fields.Selection(
        [
            ("total", "Total"),
            ("vendor", "Vendor"),
            ("account", "Account"),
            ("tax", "Tax"),
            ("department", "Department"),
            ("location", "Location"),
            ("plan", "Custom Field"),
        ],
        string="Sum by",
        readonly=True,
    )
    place = fields.Char(readonly=True, help="Its name in the documents.")
    key_id = fields.Integer("Odoo ID", readonly=True)
    name = fields.Char(readonly=True)
    document_count = fields.Integer("Documents", readonly=True)
    booked_amount = fields.Monetary("Of Which in Odoo", readonly=True)
    held_amount = fields.Monetary("Of Which on Hold", readonly=True)
    excluded_amount = fields.Monetary("Of Which Excluded", readonly=True)
    ignored_amount = fields.Monetary("Of Which Ignored", readonly=True)
    changed_amount = fields.Monetary("Of Which Changed", readonly=True)
    missing_amount = fields.Monetary("Of Which Missing", readonly=True)
    extra_amount = fields.Monetary("Of Which Extra", readonly=True)
    unexplained_amount = fields.Monetary("Unexplained", readonly=True)

    def action_open_lines(self):
        """Open the documents that this sum adds up, each with its part of it."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "procurify_connector.procurify_certificate_line_action"
        )
        return action | {
            "name": f"{self.name} ({self.currency})",
            "domain": [("id", "in", self._lines().ids)],
            "context": {"procurify_place": self.place},
        }

    def _lines(self):
        """Return the documents that this sum adds up."""
        self.ensure_one()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id
                  FROM procurify_certificate_line
                 WHERE certificate_id = %s AND resource = %s
                   AND jsonb_exists(places, %s)
                """,
                self.certificate_id.id,
                self.resource,
                self.place,
            )
        )
        lines = self.env["procurify.certificate.line"]
        return lines.search([("id", "in", [row[0] for row in rows])])
