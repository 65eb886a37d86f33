"""Prices, taxes and analytic shares of a line, as Odoo must be given them to
arrive at Procurify's figures to the cent."""

from decimal import Decimal

from odoo.fields import Command
from odoo.tools import float_compare, float_round

from .taxes import LineTaxes, Said


class LinePricing:
    """Knows how Odoo rounds in one company, and writes values that survive it."""

    def __init__(self, env, digits_there=None):
        """:param env: of the company that books
        :param digits_there: decimals of an order's prices in its remote Odoo; None: any
            number
        """
        self.digits_there = digits_there
        digits = env["decimal.precision"].precision_get
        self.company = env.company
        self.price_digits = digits("Product Price")
        self.unit_digits = digits("Product Unit")
        self.share_quantum = Decimal(1).scaleb(-digits("Percentage Analytic"))
        self.taxes = LineTaxes(self.company)

    def price(
        self,
        sign,
        currency,
        tax,
        net,
        tax_amount,
        quantity=None,
        unit=None,
        billed=None,
    ):
        """Return quantity, price and taxes that make exactly ``net`` and its tax.

        :param sign: -1 on a refund, whose amounts are turned around
        :param net: Decimal in ``currency``, without tax
        :param tax_amount: Decimal in ``currency``, as Procurify rounded it
        :param quantity: with ``unit``, used where Odoo keeps all their digits
        :param billed: the quantity that the line must have, with its final sign
        """
        net, tax_amount = sign * net, sign * tax_amount
        includes = bool(tax) and self.taxes.includes(tax)
        by_unit = (
            not billed
            and not includes
            and self.keeps(quantity, self.unit_digits)
            and self.keeps(unit, self.price_digits)
        )
        count = float(billed or (quantity if by_unit else 1))
        made = tax and self.taxes.of_line(tax, net, tax_amount, currency, count)
        price = sign * float(unit) if by_unit else None
        if price is None:
            stated = net + made.included if includes else net
            price = float(stated / billed) if billed else float(stated)
        elif count < 0:
            count, price = -count, -price
        values = {"quantity": count, "price_unit": price, "tax_ids": []}
        if tax:
            values["tax_ids"] = [Command.set(tax.ids)]
        if tax and not made.is_own:
            values["extra_tax_data"] = self._tax_data(currency, net, made, values)
        return values

    def release(self, lines, taxes, currency):
        """Leave taxes that Odoo rounds over the whole bill to Odoo, where it comes to
        the same: it also knows them in the company's own currency.

        :param lines: values of all lines, which are changed here
        :param taxes: {id: account.tax}
        """
        if self.company.tax_calculation_rounding_method == "round_per_line":
            return
        lines = [values for values in lines if not values.get("display_type")]
        given = [values for values in lines if values.get("extra_tax_data")]
        said = [self._said(values, taxes) for values in lines] if given else []
        if self.taxes.make_by_themselves(said, currency):
            for values in given:
                del values["extra_tax_data"]

    def _said(self, values, taxes):
        """Return the values of a line as what it says of its taxes."""
        ids = [tax_id for _command, _id, each in values["tax_ids"] for tax_id in each]
        tax = taxes[ids[0]] if ids else self.company.env["account.tax"]
        data = values.get("extra_tax_data") or {"manual_tax_amounts": {}}
        amounts = {
            int(each): amount["tax_amount_currency"]
            for each, amount in data["manual_tax_amounts"].items()
        }
        net = data.get("manual_total_excluded_currency")
        return Said(tax, net, values["quantity"], values["price_unit"], amounts)

    def price_with_included(self, tax, net, tax_amount, currency):
        """Return ``net`` with what of ``tax`` a price in Odoo contains, as Decimal."""
        if not tax or not self.taxes.includes(tax):
            return net
        return net + self.taxes.of_line(tax, net, tax_amount, currency).included

    @staticmethod
    def _tax_data(currency, net, made, values):
        """Return the taxes as Procurify rounded them, in Odoo's own form for that."""
        return {
            "currency_id": currency.id,
            "price_unit": values["price_unit"],
            "quantity": values["quantity"],
            "discount": 0.0,
            "manual_total_excluded_currency": float(net),
            "manual_tax_amounts": {
                str(part.tax.id): {
                    "base_amount_currency": float(part.base),
                    "tax_amount_currency": float(part.amount),
                }
                for part in made.parts
            },
        }

    def distribution(self, amount, parts, keys):
        """Return one analytic distribution that gives ``parts`` back, or None.

        Odoo keeps percentages with few digits: 33.33 % of 1000.00 is not 333.33.

        :param parts: Decimals that add up to ``amount``
        :param keys: for each, Odoo's key of its analytic accounts ("" for none)
        """
        if len(set(keys)) == 1:
            return {keys[0]: 100} if keys[0] else False
        if not amount or len(set(keys)) < len(keys) or not all(keys):
            return None
        shares = [(part * 100 / amount).quantize(self.share_quantum) for part in parts]
        exact = all(
            share * amount / 100 == part
            for share, part in zip(shares, parts, strict=True)
        )
        if not exact or sum(shares) != 100:
            return None
        pairs = zip(keys, shares, strict=True)
        return {key: float(share) for key, share in pairs if share}

    def nearest_distribution(self, amount, parts, keys):
        """Return the distribution whose percentages come nearest to ``parts``.

        For what is not booked: shares without accounts are omitted, and the
        rounding goes to the largest.
        """
        weights = {}
        for part, key in zip(parts, keys, strict=True):
            if key:
                weights[key] = weights.get(key, Decimal(0)) + part
        if not amount:
            return {key: 100.0 for key in weights} if len(weights) == 1 else False
        if not weights:
            return False
        shares = {
            key: (part * 100 / amount).quantize(self.share_quantum)
            for key, part in weights.items()
        }
        if all(keys):
            largest = max(shares, key=lambda key: abs(shares[key]))
            shares[largest] += 100 - sum(shares.values())
        return {key: float(share) for key, share in shares.items() if share}

    def keeps_order_price(self, price):
        """Return whether an order's line keeps every digit of ``price``.

        This Odoo keeps them all.
        """
        return self.digits_there is None or self.keeps(price, self.digits_there)

    @staticmethod
    def keeps(number, digits):
        """Return whether Odoo keeps every digit of ``number``."""
        if number is None:
            return False
        rounded = float_round(float(number), precision_digits=digits)
        return not float_compare(rounded, float(number), precision_digits=8)
