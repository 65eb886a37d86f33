"""Orders that are in Odoo already, made by hand: which rule finds them."""

import re
from collections import defaultdict
from datetime import timedelta
from typing import NamedTuple

from odoo import fields
from odoo.fields import Domain
from odoo.tools import SQL

from ..matching.names import normalise
from ..matching.vendor_twins import same_vendor
from ..routing import family
from .adoption import ADOPTED

# Between two numbers in one field; a "/" inside of a number parts nothing.
_BETWEEN = r"\s*[,;|]\s*|\s+/\s+"
_ONE_DAY = timedelta(days=1)
# By what an order is found; indexes of purchase.order have both. A row of an index has
# an end, and so has a text in it.
NAME_SQL = "left(lower(trim(coalesce(%(name)s, ''))), 640)"
NUMBERS_SQL = (
    "string_to_array(replace(replace(translate("
    "left(lower(trim(coalesce(%(partner_ref)s, ''))), 640) || ',' || "
    "left(lower(trim(coalesce(%(origin)s, ''))), 640), "
    "';|', ',,'), ' / ', ','), ', ', ','), ',')"
)
# The strongest first.
RULES = ("order_number", "order_amount", "other_tenant")


class OrderFacts(NamedTuple):
    """By what an order is recognised.

    :param numbers: what people may call it, as ``normalise`` writes it
    :param amount: float with taxes
    """

    vendor: object
    numbers: frozenset
    day: object
    amount: float
    currency: object


class OrderRival(NamedTuple):
    """An order that may be the same one, and the rule that says so."""

    rule: str
    order: object


class OrderDuplicates:
    """Looks for documents of one batch among the orders that people made by hand.

    One is there by its vendor and number (reference, source or name), or by its
    vendor, amount and day where the one in Odoo has neither reference nor source. What
    another tenant of Procurify brought is there by its vendor, number and amount.
    """

    def __init__(self, orders, facts, ruled_out, rules=None, connection=None):
        """:param orders: purchase.order as the integration user sees it
        :param facts: {whatever is looked for: OrderFacts}
        :param ruled_out: {whatever is looked for: (model, id) of what a person said it
            is not}
        :param rules: {whatever is looked for: those of ``RULES`` that are asked}; all,
            where not given
        :param connection: whose documents these are; orders of other tenants are not
            looked for, where not given
        """
        self.connection = connection
        self.orders = orders
        self.env = orders.env
        self.facts = facts
        self.ruled_out = ruled_out
        self.rules = rules or {}

    def rivals(self):
        """Return {whatever is looked for: OrderRival}."""
        if not self.facts:
            return {}
        companies = family(self.env)
        orders = self.orders.with_context(allowed_company_ids=companies.ids)
        orders = orders.search(self._domain(companies), order="id")
        indexes = self._indexes(*self._origins(orders))
        found = {}
        for sought, fact in self.facts.items():
            for rule, rivals in self._by_rule(fact, *indexes).items():
                mine = rivals if rule in self.rules.get(sought, RULES) else ()
                mine = [order for order in mine if self._may_be(sought, fact, order)]
                if mine:
                    found[sought] = OrderRival(rule, mine[0])
                    break
        return found

    def _indexes(self, by_hand, foreign):
        """Return {number: orders} and {sum: orders} of those by hand, and {(number,
        sum): orders} of another tenant's."""
        by_number, by_amount = defaultdict(list), defaultdict(list)
        of_others = defaultdict(list)
        for order in by_hand:
            for number in _numbers(order):
                by_number[number].append(order)
            is_own = order.company_id == self.env.company
            if is_own and not (order.partner_ref or order.origin):
                by_amount[_sum(order.currency_id, order.amount_total)].append(order)
        for order in foreign:
            total = _sum(order.currency_id, order.amount_total)
            for number in _numbers(order):
                of_others[number, total].append(order)
        return by_number, by_amount, of_others

    def _by_rule(self, fact, by_number, by_amount, of_others):
        """Return {rule: orders that may be the one of ``fact``}."""
        total = _sum(fact.currency, fact.amount)
        alike = by_amount[total] if fact.amount else ()
        found = (
            [order for number in fact.numbers for order in by_number[number]],
            [order for order in alike if self._day(order) == fact.day],
            [order for number in fact.numbers for order in of_others[number, total]],
        )
        return dict(zip(RULES, found, strict=True))

    def _may_be(self, sought, fact, order):
        key = order._name, order.id
        return key not in self.ruled_out.get(sought, ()) and same_vendor(
            fact.vendor, order.partner_id
        )

    def _domain(self, companies):
        """Return what finds the orders of all rules, in one query."""
        numbers = sorted({n for fact in self.facts.values() for n in fact.numbers})
        dated = [f for f in self.facts.values() if f.day and f.amount and f.vendor]
        unnamed = Domain("partner_ref", "=", False) & Domain("origin", "=", False)
        alike = Domain.FALSE
        if dated:
            days = [fact.day for fact in dated]
            alike = (
                unnamed
                & Domain("amount_total", "in", list({fact.amount for fact in dated}))
                & Domain("date_order", ">=", min(days) - _ONE_DAY)
                & Domain("date_order", "<", max(days) + 2 * _ONE_DAY)
            )
        return (
            Domain("company_id", "in", companies.ids)
            & Domain("state", "!=", "cancel")
            & (Domain.custom(to_sql=_named(numbers)) | alike)
        )

    def _origins(self, orders):
        """Return those of ``orders`` that nothing of Procurify became, and those that
        another tenant brought."""
        if not orders:
            return orders, orders
        lines = orders.order_line
        domain = (
            Domain("res_model", "=", orders._name) & Domain("res_id", "in", orders.ids)
        ) | (Domain("res_model", "=", lines._name) & Domain("res_id", "in", lines.ids))
        sources = defaultdict(list)
        for model in ("procurify.record", "procurify.link"):
            rows = self.env[model].sudo()
            for row in rows.search_fetch(domain, ["res_model", "res_id"]):
                sources[row.res_model, row.res_id].append(row)
        by_hand = orders.filtered(
            lambda order: (
                not any(
                    (each._name, each.id) in sources
                    for each in (order, *order.order_line)
                )
            )
        )
        rest = {order: sources[order._name, order.id] for order in orders - by_hand}
        foreign = [order for order in rest if self._is_of_others(rest[order])]
        return by_hand, orders.browse(order.id for order in foreign)

    def _is_of_others(self, rows):
        """Return whether an order that these rows stand for is of another tenant."""
        if not (self.connection and rows):
            return False
        tenants = {
            row.tenant if row._name == "procurify.link" else row.connection_id._tenant()
            for row in rows
        }
        return self.connection._tenant() not in tenants

    @staticmethod
    def _day(order):
        moment = fields.Datetime.context_timestamp(order, order.date_order)
        return moment.date()


def news(draft, fact):
    """Return the rules by which a later version of an order may be another one: about
    which ``fact`` says something that the order in Odoo does not say yet.

    What was seen before, or what a person just adopted or kept, is none.
    """
    record, order = draft.record, draft.found
    is_known = record.applied_digest == record.digest or (
        record.kept_version == record._version()
    )
    if is_known or (record.applied_state or {}).get(ADOPTED):
        return set()
    vendor = fact.vendor.commercial_partner_id != order.partner_id.commercial_partner_id
    sums = _sum(fact.currency, fact.amount), fact.day
    known = _sum(order.currency_id, order.amount_total), OrderDuplicates._day(order)
    found = {
        "order_number": vendor or not fact.numbers <= _numbers(order),
        "order_amount": vendor or sums != known,
    }
    found["other_tenant"] = any(found.values())
    return {rule for rule, is_new in found.items() if is_new}


def facts_of(imported, draft):
    """Return the OrderFacts of an order that was checked.

    :param imported: OrderImport
    """
    document = draft.payload
    code = document.currency and document.currency.external_id
    currency_id = imported._optional_target("currency", code)
    numbers = (document.number, document.external_number)
    return OrderFacts(
        vendor=imported.partners.get(draft.vendor_id),
        numbers=frozenset(normalise(n) for n in numbers if normalise(n)),
        day=document.date,
        amount=float(draft.figures.total),
        currency=imported.currencies.get(currency_id, imported.env["res.currency"]),
    )


def _named(numbers):
    """Return what makes the SQL that finds orders by these numbers."""

    def to_sql(model, alias, query):
        columns = {
            name: model._field_to_sql(alias, name, query)
            for name in ("name", "partner_ref", "origin")
        }
        return SQL(
            "(%s = ANY(%s) OR %s && %s)",
            SQL(NAME_SQL, **columns),
            numbers,
            SQL(NUMBERS_SQL, **columns),
            numbers,
        )

    return to_sql


def _numbers(order):
    """Return by which numbers an order in Odoo goes."""
    found = {normalise(order.name)}
    for text in (order.partner_ref, order.origin):
        for part in re.split(_BETWEEN, text or ""):
            found.add(normalise(part))
    return found - {""}


def _sum(currency, amount):
    return currency.id, round(amount, currency.decimal_places if currency else 2)
