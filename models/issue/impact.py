"""How much an issue holds up: documents, amounts and age."""

from odoo import api, fields, models
from odoo.tools import formatLang

from ...importers.resource_kinds import DOCUMENTS


class ProcurifyIssue(models.Model):
    """What an issue blocks is counted when somebody looks.

    A stored count would make every import that holds a document write this one row.
    """

    _inherit = "procurify.issue"

    record_count = fields.Integer("Blocks", compute="_compute_radius")
    blocked_amount = fields.Char(
        "Amount",
        compute="_compute_radius",
        help="What the documents amount to, per currency.",
    )
    oldest_date = fields.Date(
        "Oldest", compute="_compute_radius", help="Date of the oldest document."
    )
    age_days = fields.Integer(
        "Age (Days)",
        compute="_compute_radius",
        help="Days since the date of the oldest document.",
    )

    # === COMPUTE METHODS === #

    @api.depends("record_ids")
    @api.depends_context("lang", "uid", "allowed_company_ids")
    def _compute_radius(self):
        groups = self.env["procurify.record"]._read_group(
            [("issue_ids", "in", self.ids), ("resource", "in", DOCUMENTS)],
            ["issue_ids", "remote_currency"],
            ["__count", "remote_amount:sum", "remote_date:min"],
        )
        rows = {issue: [] for issue in self}
        for issue, *row in groups:
            if issue in rows:
                rows[issue].append(row)
        codes = {row[0] for mine in rows.values() for row in mine if row[0]}
        currencies = self._currencies(codes)
        today = fields.Date.context_today(self)
        for issue, mine in rows.items():
            oldest = min((row[3] for row in mine if row[3]), default=False)
            issue.record_count = sum(row[1] for row in mine)
            issue.blocked_amount = self._tell_amounts(mine, currencies)
            issue.oldest_date = oldest
            issue.age_days = max((today - oldest).days, 0) if oldest else 0

    @api.model
    def _currencies(self, codes):
        """Return {code: currency of Odoo}, for how many decimals it has."""
        currencies = self.env["res.currency"].with_context(active_test=False)
        return currencies.search([("name", "in", list(codes))]).grouped("name")

    @api.model
    def _tell_amounts(self, rows, currencies):
        """Return the sums in words, the largest first: «81,240.00 CAD · 1,200.00 USD».

        :param rows: [code of the currency, count, sum, oldest date]
        """
        sums = sorted(
            ((amount or 0, code) for code, _count, amount, _oldest in rows if code),
            key=lambda pair: (-abs(pair[0]), pair[1]),
        )
        return " · ".join(
            f"{self._tell_amount(amount, currencies.get(code))} {code}"
            for amount, code in sums
        )

    @api.model
    def _tell_amount(self, amount, currency):
        digits = currency.decimal_places if currency else 2
        return formatLang(self.env, amount, digits=digits)
