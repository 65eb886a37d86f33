"""Prices, taxes and analytic shares of a line, as Odoo must be given them to arrive at
Procurify's figures to the cent; what Odoo makes of the tax of a line.

A purchase tax of Odoo may be a group of taxes, charge nothing (what is added is taken
off again: reverse charge), withhold, be included in the price, or be an amount a piece.
Odoo's own computation says what it comes to; nothing of it is repeated here, but for
the plain tax that nearly every line has.
"""

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from odoo.fields import Command, Domain
from odoo.tools import float_compare, float_round

from ...procurify.arithmetic import (
    ZERO,
    TaxedAmount,
    apportioned,
    common_rates,
    rounded,
    with_own_rates,
)
from ..draft import Resolution

# A rate is read off what Odoo computes of this.
_LARGE = 1_000_000.0
_RATE_TOLERANCE = Decimal("0.005")


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


# === TAXES === #


class Part(NamedTuple):
    """One tax of a line: of what it is, and how much.

    ``is_neutral``: it is taken off again, so that it does not count in the total.
    """

    tax: object
    base: Decimal
    amount: Decimal
    is_neutral: bool


class LineTax(NamedTuple):
    """The taxes of a line; ``is_own``: Odoo comes to the same by itself."""

    parts: list
    is_own: bool

    @property
    def included(self):
        """What the price contains of it."""
        parts = (p for p in self.parts if _is_included(p.tax))
        return sum((part.amount for part in parts), ZERO)


class Said(NamedTuple):
    """A line of a bill with its taxes as Procurify rounded them.

    :param net: without tax, or None where nothing is said
    :param price: of a piece, as Odoo is given it
    :param amounts: {id of a tax: what the line says of it}
    """

    tax: object
    net: float | None
    quantity: float
    price: float
    amounts: dict


class LineTaxes:
    """Computes taxes of lines as Odoo does in one company."""

    def __init__(self, company):
        self.company = company
        self._plain = {}
        self._included = {}
        self._rates = {}

    def of_line(self, tax, net, said, currency, quantity=1.0):
        """Return the LineTax of a line, whose sum is what Procurify says.

        :param tax: account.tax, one
        :param net: Decimal, without tax
        :param said: Decimal, the tax as Procurify rounded it
        """
        per_line = self.company.tax_calculation_rounding_method == "round_per_line"
        if self._is_plain(tax):
            own = per_line and said == self._plain_amount(tax, net, currency)
            is_own = own and not tax.price_include
            return LineTax([Part(tax, net, said, False)], is_own)
        parts = self._computed(tax, net, currency, quantity)
        is_known = _effect(parts) == said
        charged = any(not part.is_neutral for part in parts)
        if not is_known and charged:
            parts = self._spread(parts, tax, net, said, currency, quantity)
        exact = is_known and (per_line or not charged)
        return LineTax(parts, exact and not self.includes(tax))

    def includes(self, tax):
        """Return whether the price of a line with ``tax`` contains some of it."""
        if tax.id not in self._included:
            flat = tax.flatten_taxes_hierarchy()
            self._included[tax.id] = any(_is_included(each) for each in flat)
        return self._included[tax.id]

    def make_by_themselves(self, lines, currency):
        """Return whether Odoo comes to what the lines of a whole bill say of each tax.

        Where it rounds taxes over the bill, a line alone does not show it.

        :param lines: Said of every line
        """
        stated = [line for line in lines if line.net is not None]
        if any(self.includes(line.tax) for line in stated):
            return self._prices_make(lines, currency)
        if any(
            float_compare(line.net, line.quantity * line.price, precision_digits=8)
            for line in stated
        ):
            return False
        raw = defaultdict(float)
        for line in stated:
            made = self._raw(line.tax, line.net, currency, line.quantity)
            for each, amount in made.items():
                raw[each.id] += amount
        return _agree(_amounts_said(stated), raw, currency)

    def _prices_make(self, lines, currency):
        """Return the same where prices contain taxes: Odoo computes the whole bill.

        No line may get cents of another one.
        """
        engine = self.company.env["account.tax"]
        computed = [
            engine._prepare_base_line_for_taxes_computation(
                None,
                tax_ids=line.tax,
                price_unit=line.price,
                quantity=line.quantity,
                currency_id=currency,
            )
            for line in lines
        ]
        engine._add_tax_details_in_base_lines(computed, self.company)
        engine._round_base_lines_tax_details(computed, self.company)
        raw = defaultdict(float)
        for line, details in zip(
            lines, (c["tax_details"] for c in computed), strict=True
        ):
            made = details["total_excluded_currency"]
            is_moved = details["delta_total_excluded_currency"]
            if not currency.is_zero(is_moved) or (
                line.net is not None and currency.compare_amounts(made, line.net)
            ):
                return False
            for each in details["taxes_data"]:
                if line.net is not None and not each["is_reverse_charge"]:
                    raw[each["tax"].id] += each["tax_amount_currency"]
        return _agree(_amounts_said(lines), raw, currency)

    # === WHETHER A TAX IS THE RIGHT ONE === #

    def contradiction(self, tax, net, said, currency, quantity, percentage):
        """Return what Odoo charges instead of ``said``, or None where that may stay.

        It may be some cents off, by rounding. Where the rates are the same a person
        typed another amount, which the vendor charges; but not nothing.

        :param percentage: Decimal, as Procurify says it, or None
        """
        if self._is_plain(tax):
            made, charging = self._plain_amount(tax, net, currency), 1
        else:
            parts = self._computed(tax, net, currency, quantity)
            made = _effect(parts)
            charging = sum(not part.is_neutral for part in parts)
        coin = max(_cent(currency), Decimal(str(currency.rounding)))
        cents = (charging + 1) // 2 * coin
        if made == said or (charging and abs(made - said) <= cents):
            return None
        typed = charging and said and (not net or self._has_rate(tax, percentage))
        return None if typed else made

    def _has_rate(self, tax, percentage):
        if percentage is None:
            return False
        if tax.id not in self._rates:
            self._rates[tax.id] = self._rate(tax)
        return abs(self._rates[tax.id] - percentage) < _RATE_TOLERANCE

    def _rate(self, tax):
        """Return what ``tax`` adds to a total, in percent."""
        if self._is_plain(tax):
            return Decimal(str(tax.amount))
        data = self._data(tax, _LARGE, 1.0, 0.01)
        return Decimal(str(sum(d["tax_amount"] for d in data))) * 100 / int(_LARGE)

    # === COMPUTING === #

    def _is_plain(self, tax):
        """Return whether ``tax`` is one in percent that is charged as it is."""
        if tax.id not in self._plain:
            self._plain[tax.id] = (
                tax.amount_type == "percent" and not tax.has_negative_factor
            )
        return self._plain[tax.id]

    @staticmethod
    def _plain_amount(tax, net, currency):
        return _decimal(currency.round(float(net) * tax.amount / 100), currency)

    def _computed(self, tax, net, currency, quantity):
        """Return the parts of ``tax`` as Odoo computes and rounds them for one line."""
        data = self._data(tax, net, quantity, currency.rounding)
        neutral = {each["tax"] for each in data if each["is_reverse_charge"]}
        return [
            Part(
                each["tax"],
                _decimal(each["base_amount"], currency),
                _decimal(each["tax_amount"], currency),
                each["tax"] in neutral,
            )
            for each in data
            if not each["is_reverse_charge"]
        ]

    def _spread(self, parts, tax, net, said, currency, quantity):
        """Return ``parts`` with what Procurify says spread over those that count.

        By what each would be if nothing was rounded, to the cent. Where some add and
        some withhold, the largest takes the difference.
        """
        raw = self._raw(tax, net, currency, quantity)
        charged = [part for part in parts if not part.is_neutral]
        weights = [Decimal(str(raw[part.tax])) for part in charged]
        if min(weights) < 0 < max(weights):
            shares = [part.amount for part in charged]
            largest = max(range(len(shares)), key=lambda i: abs(shares[i]))
            shares[largest] += said - sum(shares, ZERO)
        else:
            shares = apportioned(said, weights, _cent(currency))
        amounts = {p.tax: s for p, s in zip(charged, shares, strict=True)}
        return [p._replace(amount=amounts.get(p.tax, p.amount)) for p in parts]

    def _raw(self, tax, net, currency, quantity):
        """Return {tax: what it would be if nothing was rounded}, as floats."""
        if self._is_plain(tax):
            return {tax: float(net) * tax.amount / 100}
        return {
            each["tax"]: each["tax_amount"]
            for each in self._data(
                tax, net, quantity, currency.rounding, "round_globally"
            )
            if not each["is_reverse_charge"]
        }

    @staticmethod
    def _data(tax, net, quantity, rounding, method="round_per_line"):
        """Return what Odoo computes, from an amount that contains no tax."""
        quantity = quantity or 1.0
        return tax._get_tax_details(
            price_unit=float(net) / quantity,
            quantity=quantity,
            precision_rounding=rounding,
            rounding_method=method,
            special_mode="total_excluded",
        )["taxes_data"]


def net_of(values, currency):
    """Return what a line costs without tax, rounded.

    Procurify says it where Odoo would not come to it by itself.

    :param values: of the line, as ``account.move.line`` takes them
    """
    data = values.get("extra_tax_data") or {}
    if "manual_total_excluded_currency" in data:
        return data["manual_total_excluded_currency"]
    ids = [tax_id for _command, _id, each in values["tax_ids"] for tax_id in each]
    taxes = currency.env["account.tax"].browse(ids)
    if not any(_is_included(tax) for tax in taxes.flatten_taxes_hierarchy()):
        return currency.round(values["quantity"] * values["price_unit"])
    computed = taxes._get_tax_details(
        price_unit=values["price_unit"],
        quantity=values["quantity"],
        precision_rounding=currency.rounding,
        rounding_method="round_globally",
    )
    return currency.round(computed["total_excluded"])


def _amounts_said(lines):
    """Return {id of a tax: what ``lines`` say of it together}."""
    said = defaultdict(float)
    for line in lines:
        for tax_id, amount in line.amounts.items():
            said[tax_id] += amount
    return said


def _agree(said, raw, currency):
    """Return whether what was said of each tax is what Odoo makes of it, rounded."""
    return all(
        not currency.compare_amounts(said[tax_id], currency.round(amount))
        for tax_id, amount in raw.items()
    )


def _is_included(tax):
    """Return whether prices contain ``tax``: what is taken off again never is."""
    return tax.price_include and not tax.has_negative_factor


def _effect(parts):
    """Return what the parts add to a total."""
    return sum((part.amount for part in parts if not part.is_neutral), ZERO)


def _cent(currency):
    return Decimal(1).scaleb(-currency.decimal_places)


def _decimal(amount, currency):
    return rounded(Decimal(str(amount)), _cent(currency))


class NamedTaxes:
    """Gives a rate to taxes of one batch whose name alone does not say one.

    Such a tax is known by its name and mapped once. Where what it is mapped to does not
    make the amounts of a document, the rate that does is another tax, to be mapped too.
    """

    def __init__(self, documents):
        """:param documents: DocumentImport whose references are resolved"""
        self.documents = documents
        self._instead = {}

    def part(self):
        """Put the taxes with a rate in the place of those that do not fit."""
        said = self._said()
        if not said:
            return
        own = with_own_rates(said, self._known())
        mentioned = {}
        for (draft, tax), other in own.items():
            self._replace(draft, tax, other)
            mine = self.documents._synthetic("tax", other)
            draft.mentioned = draft.mentioned | mine
            mentioned |= mine
        self.documents.resolve_more(mentioned)
        for (draft, tax), other in own.items():
            self._hold(draft, tax, other)

    def _hold(self, draft, tax, other):
        """Say why another tax is to be mapped: what ``tax`` is mapped to may be wrong
        instead, and then its correction releases the document."""
        reference = self.documents.references["tax", other.external_id]
        if reference.state is not Resolution.FOUND:
            self.documents.hold_tax(draft, tax, self._instead[draft, tax])

    def _said(self):
        """Return {(draft, tax): (tax, the rates that make its amounts there)}."""
        said = {}
        for draft in self.documents.drafts:
            currency = self._currency(draft.payload)
            if not currency:
                continue
            made_instead = partial(self.documents.made_instead, currency=currency)
            unfit = unfit_taxes(taxed(draft.figures), currency, made_instead)
            for tax, (rates, wrong) in unfit.items():
                said[draft, tax] = tax, rates
                self._instead[draft, tax] = wrong
        return said

    def _currency(self, document):
        number = document.currency and document.currency.external_id
        target = self.documents._optional_target("currency", number)
        return self.documents.currencies.get(target)

    def _known(self):
        """Return the taxes that documents of this connection had so far."""
        return known_taxes(self.documents.connection)

    @staticmethod
    def _replace(draft, tax, other):
        draft.figures = with_taxes(draft.figures, {tax: other})


def taxed(figures):
    """Return {(source, tax): (net, tax, quantity)} of a document's taxed lines.

    A line that is split over accounts is one.
    """
    sums = {}
    for line in figures.lines:
        if line.tax:
            key = line.source, line.tax
            net, amount, quantity = sums.get(key, (0, 0, line.quantity))
            sums[key] = net + line.amount, amount + line.tax_amount, quantity
    return sums


def unfit_taxes(amounts, currency, made_instead):
    """Return the taxes of a document, known by their names, of which what they are
    mapped to does not make the amounts.

    :param amounts: what ``taxed`` returns
    :param made_instead: takes a tax and its (net, tax, quantity); returns what Odoo
        charges instead, or None
    :returns: {tax: (the rates that make its amounts, (net, tax, what Odoo makes))}
    """
    found, cent = {}, Decimal(1).scaleb(-currency.decimal_places)
    for tax in {tax for _source, tax in amounts if tax.is_estimated}:
        mine = [each for (_s, other), each in amounts.items() if other == tax]
        wrong = _first_wrong(tax, mine, made_instead)
        if wrong and (rates := _rates(tax, mine, cent)):
            found[tax] = rates, wrong
    return found


def _first_wrong(tax, amounts, made_instead):
    for each in amounts:
        made = made_instead(tax, each)
        if made is not None:
            return *each[:2], made
    return None


def _rates(tax, amounts, cent):
    """Return the rates that make all ``amounts``, or None."""
    lines = [
        TaxedAmount(tax.name, None, None, tax.inclusive, net, amount)
        for net, amount, _quantity in amounts
    ]
    return common_rates(lines, cent)


def known_taxes(connection):
    """Return the taxes that documents of ``connection`` had so far."""
    rows = connection.env["procurify.record"].search(
        Domain("connection_id", "=", connection.id) & Domain("resource", "=", "tax"),
        order="id",
    )
    return rows._payloads().values()


def with_taxes(figures, instead):
    """Return figures whose lines have other taxes.

    :param instead: {tax: the one in its place}
    """
    lines = tuple(
        replace(line, tax=instead[line.tax]) if line.tax in instead else line
        for line in figures.lines
    )
    return replace(figures, lines=lines)
