"""In words: what was meant of a document, what Odoo has, and what differs."""

from decimal import Decimal

from odoo.tools import format_date

_MODELS = {
    "account_id": "account.account",
    "analytic": "account.analytic.account",
    "currency_id": "res.currency",
    "fiscal_position_id": "account.fiscal.position",
    "invoice_cash_rounding_id": "account.cash.rounding",
    "invoice_payment_term_id": "account.payment.term",
    "item": "account.account",
    "journal_id": "account.journal",
    "partner_id": "res.partner",
    "payable": "account.account",
    "payment_term_id": "account.payment.term",
    "product_id": "product.product",
    "purchase_line_id": "purchase.order.line",
    "tax_account": "account.account",
    "tax_amount": "account.tax",
    "tax_ids": "account.tax",
}


class MeantWords:
    """Describes differences; reads the names of all that they mention at once."""

    def __init__(self, env, differences):
        """:param differences: tuples (name, key, meant, found)"""
        self.env = env
        self.labels = self._labels()
        self.names = self._names(differences)

    def row(self, difference):
        """Return one difference as a row of texts; nothing was booked before."""
        name, key, meant, found = difference
        label = self.labels[name]
        if key is not None:
            label = f"{label} {self._key(name, key) or self.env._('none')}"
        return {
            "field": label,
            "applied": "",
            "odoo": self._value(name, found),
            "procurify": self._value(name, meant),
        }

    def sentence(self, rows):
        """Return rows as one text."""
        return "; ".join(
            self.env._(
                "%(field)s: expected %(meant)s, Odoo has %(found)s",
                field=row["field"],
                meant=row["procurify"] or self.env._("nothing"),
                found=row["odoo"] or self.env._("nothing"),
            )
            if row["odoo"] or row["procurify"]
            else row["field"]
            for row in rows
        )

    def _value(self, name, value):
        if isinstance(value, Decimal):
            return f"{value:.2f}" if value.as_tuple().exponent > -2 else f"{value:f}"
        if name in _MODELS and value:
            return self._key(name, value)
        if name in ("date", "invoice_date", "invoice_date_due"):
            return format_date(self.env, value) if value else ""
        return "" if value in (False, None) else str(value)

    def _key(self, name, key):
        names = self.names[_MODELS[name]]
        return ", ".join(names.get(i) or self.env._("deleted") for i in _ids(name, key))

    def _names(self, differences):
        """Return {model: {id: name}} of all that the differences mention."""
        ids = {model: set() for model in _MODELS.values()}
        for name, *values in differences:
            if name in _MODELS:
                for value in values:
                    ids[_MODELS[name]].update(_ids(name, value))
        return {
            model: {
                record.id: record.display_name
                for record in self.env[model].sudo().browse(mine).exists()
            }
            for model, mine in ids.items()
        }

    def _labels(self):
        return {
            "account_id": self.env._("account"),
            "amount_total": self.env._("total"),
            "analytic": self.env._("departments"),
            "currency_id": self.env._("currency"),
            "date": self.env._("accounting date"),
            "fiscal_position_id": self.env._("fiscal position"),
            "invoice_cash_rounding_id": self.env._("cash rounding"),
            "invoice_currency_rate": self.env._("exchange rate"),
            "invoice_date": self.env._("date"),
            "invoice_date_due": self.env._("due date"),
            "invoice_payment_term_id": self.env._("payment term"),
            "item": self.env._("unexpected item on"),
            "journal_id": self.env._("journal"),
            "lines": self.env._("combination of accounts, taxes and departments"),
            "move_type": self.env._("kind"),
            "partner_id": self.env._("vendor"),
            "payable": self.env._("payable account"),
            "payment_term_id": self.env._("payment term"),
            "product_id": self.env._("product"),
            "purchase_line_id": self.env._("order line"),
            "tax_account": self.env._("account of a tax"),
            "tax_amount": self.env._("amount of tax"),
            "tax_ids": self.env._("taxes"),
        }


def _ids(name, value):
    """Return the ids that a value or a key of the field ``name`` mentions."""
    if not value or isinstance(value, (Decimal, float, str)):
        return []
    if name == "item":
        return [value[1]]
    if name == "analytic":
        return [int(i) for key, _share in value for i in key.split(",")]
    return list(value) if isinstance(value, tuple) else [value]


def in_words(env, rows):
    """Return the rows of a difference as one sentence; what is empty is a dash.

    :param rows: [{"field", "applied", "odoo", "procurify"}], all texts
    """
    return "; ".join(
        env._(
            "%(field)s: Procurify %(theirs)s, Odoo %(ours)s",
            field=row["field"],
            theirs=row["procurify"] or "–",
            ours=row["odoo"] or "–",
        )
        for row in rows
    )
