"""What Odoo will compute of a new bill's lines, given with them beforehand.

Odoo computes the taxes of a new bill once its lines are there, and writes onto each
line what comes of it: its amounts and its tax grids. Each of these writes recomputes
the bill; together they are a third of the time that it takes. Lines that have the right
figures already are not written. Odoo computes them all the same, and writes whatever
differs: a wrong figure here costs time, and never stays.
"""

from odoo.fields import Command


class LineAmounts:
    """Foresees the amounts and tax grids of lines, for the bills of one company."""

    def __init__(self, env):
        """:param env: of the company and the user that book"""
        self.env = env
        self.company = env.company
        self._rates = {}
        self._grids = {}

    def completed(self, values):
        """Return the values of a new bill with what Odoo would write onto its lines.

        :param values: as ``create`` takes them, every line a ``Command.create``
        """
        currency = self.env["res.currency"].browse(values["currency_id"])
        is_refund = values["move_type"] == "in_refund"
        rate = values.get("invoice_currency_rate") or self._rate(
            currency, values["invoice_date"] or None
        )
        lines = [
            line
            if line.get("display_type")
            else line | self._foreseen(line, currency, rate, is_refund)
            for _command, _id, line in values["invoice_line_ids"]
        ]
        return values | {"invoice_line_ids": [Command.create(line) for line in lines]}

    def _foreseen(self, line, currency, rate, is_refund):
        net = currency.round(_net(line)) * (-1 if is_refund else 1)
        foreseen = {
            "amount_currency": net,
            "balance": self.company.currency_id.round(net / rate),
        }
        if grids := self._tax_grids(line, is_refund):
            foreseen["tax_tag_ids"] = [Command.set(grids)]
        return foreseen

    def _rate(self, currency, day):
        """Return units of ``currency`` for one of the company's, as Odoo looks it up.

        :param day: ISO date, or None for today
        """
        key = currency.id, day
        if key not in self._rates:
            self._rates[key] = self.env["res.currency"]._get_conversion_rate(
                from_currency=self.company.currency_id,
                to_currency=currency,
                company=self.company,
                date=day,
            )
        return self._rates[key]

    def _tax_grids(self, line, is_refund):
        """Return ids of the tax report's tags for the net amount of ``line``."""
        tax_ids = tuple(i for command in line["tax_ids"] for i in command[2])
        key = tax_ids, line.get("product_id"), is_refund
        if key not in self._grids:
            taxes = self.env["account.tax"].browse(tax_ids).flatten_taxes_hierarchy()
            due = taxes.filtered(lambda tax: tax.tax_exigibility == "on_invoice")
            product = self.env["product.product"].browse(line.get("product_id"))
            tags = product.sudo().account_tag_ids | due.get_tax_tags(is_refund, "base")
            self._grids[key] = tags.ids
        return self._grids[key]


def _net(line):
    """Return a line's amount without tax, which Procurify says where it is included."""
    manual = (line.get("extra_tax_data") or {}).get("manual_total_excluded_currency")
    return line["quantity"] * line["price_unit"] if manual is None else manual
