"""Prices, taxes and analytic shares of a line, as Odoo must be given them to
arrive at Procurify's figures to the cent."""

from decimal import Decimal

from odoo.fields import Command
from odoo.tools import float_compare, float_round


class LinePricing:
    """Knows how Odoo rounds in one company, and writes values that survive it."""

    def __init__(self, env):
        """:param env: of the company that books"""
        digits = env["decimal.precision"].precision_get
        self.company = env.company
        self.price_digits = digits("Product Price")
        self.unit_digits = digits("Product Unit")
        self.share_quantum = Decimal(1).scaleb(-digits("Percentage Analytic"))

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
        stated = net + tax_amount if tax and tax.price_include else net
        if billed:
            count, price = float(billed), float(stated / billed)
        elif (
            not (tax and tax.price_include)
            and self.keeps(quantity, self.unit_digits)
            and self.keeps(unit, self.price_digits)
        ):
            count, price = float(quantity), sign * float(unit)
            if count < 0:
                count, price = -count, -price
        else:
            count, price = 1.0, float(stated)
        values = {"quantity": count, "price_unit": price, "tax_ids": []}
        if tax:
            values["tax_ids"] = [Command.set(tax.ids)]
        if tax and not self._computes_itself(tax, net, tax_amount, currency):
            values["extra_tax_data"] = self._tax_data(
                currency, tax, net, tax_amount, values
            )
        return values

    @staticmethod
    def _tax_data(currency, tax, net, tax_amount, values):
        """Return the tax as Procurify rounded it, in Odoo's own form for that."""
        return {
            "currency_id": currency.id,
            "price_unit": values["price_unit"],
            "quantity": values["quantity"],
            "discount": 0.0,
            "manual_total_excluded_currency": float(net),
            "manual_tax_amounts": {
                str(tax.id): {
                    "base_amount_currency": float(net),
                    "tax_amount_currency": float(tax_amount),
                }
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

        For what is not booked: shares without accounts are left out, and the
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

    @staticmethod
    def keeps(number, digits):
        """Tell whether Odoo keeps every digit of ``number``."""
        if number is None:
            return False
        rounded = float_round(float(number), precision_digits=digits)
        return not float_compare(rounded, float(number), precision_digits=8)

    def _computes_itself(self, tax, net, tax_amount, currency):
        """Tell whether Odoo arrives at Procurify's tax of this line by itself."""
        return (
            not tax.price_include
            and tax.amount_type == "percent"
            and self.company.tax_calculation_rounding_method == "round_per_line"
            and not currency.compare_amounts(
                currency.round(float(net) * tax.amount / 100), float(tax_amount)
            )
        )
