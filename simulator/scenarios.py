"""The kinds of bill that the data set mixes, and how many of each in sixty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

from . import tenant_time
from .drawing import Draw
from .manufacturer import (
    CAD,
    DEPARTMENTS,
    ECO_LEVY,
    EUR,
    SALES_TAX,
    SEK,
    USD,
    VAT,
    VAT_INCLUDED,
)
from .model import Bill
from .vendors import OTHER_ID

DRAFT, CONFIRMED, APPROVED, DENIED, PAID, WITHDRAWN = range(6)
ORDER_BILL, EXPENSE_BILL, CARD_BILL = range(3)
TOTAL_ERROR: Final = Decimal("5.00")
UNBOOKED_DEPARTMENT = next(d for d in DEPARTMENTS if not d.in_books)

ODD_TEXTS: Final = (
    "مسمار ربط \u200f(12×40) שלום עולם",
    "🔩👩‍🏭 Zwölf Boxkämpfer e\u0301te\u0301 ﷽",
    "Bell \x07, escape \x1b, NUL \x00, tab \t, lines \r\n and \u2028 more",
    "x" * 999 + "…",
)

Scenario = Callable[[Draw, int], Bill]


# --- bills that can be imported ---------------------------------------------------


def _plain(draw: Draw, pk: int) -> Bill:
    return draw.bill(pk, "plain", [draw.line()])


def _several_lines(draw: Draw, pk: int) -> Bill:
    lines = [draw.line() for _number in range(draw.rng.randint(2, 5))]
    return draw.bill(pk, "several_lines", lines)


def _five_lines(draw: Draw, pk: int) -> Bill:
    return draw.bill(pk, "five_lines", [draw.line() for _number in range(5)])


def _split_departments(draw: Draw, pk: int) -> Bill:
    """One line over three departments, every other one over 1,000.00: 333.33, …"""
    price = Decimal("1000.00") if draw.ordinal % 2 else None
    line = draw.line(quantity=Decimal(1), unit_cost=price)
    code = line.shares[0].code
    keys = [(code, department) for department in draw.departments(3)]
    return draw.bill(pk, "split_departments", [draw.split(line, keys), draw.line()])


def _split_accounts(draw: Draw, pk: int) -> Bill:
    codes = draw.rng.sample(("5100", "5110", "5120", "6010", "6030"), 2)
    keys = [(code, draw.department().id) for code in codes]
    return draw.bill(pk, "split_accounts", [draw.split(draw.line(), keys)])


def _header_costs(draw: Draw, pk: int) -> Bill:
    bill = draw.bill(pk, "header_costs", [draw.line(), draw.line()])
    costs = (draw.cost("Freight", "5300"), draw.cost("Brokerage", "5310", 1))
    return replace(bill, costs=costs)


def _line_shipping(draw: Draw, pk: int) -> Bill:
    return draw.bill(pk, "line_shipping", [draw.shipped(draw.line()), draw.line()])


def _split_shipping(draw: Draw, pk: int) -> Bill:
    line = draw.line()
    keys = [(line.shares[0].code, number) for number in draw.departments(3)]
    line = draw.shipped(draw.split(line, keys))
    return draw.bill(pk, "split_shipping", [line])


def _negative_line(draw: Draw, pk: int) -> Bill:
    first = draw.line()
    rebate = -(first.shares[0].amount / 5).quantize(Decimal("0.01"))
    second = draw.line(
        code=first.shares[0].code,
        quantity=Decimal(1),
        unit_cost=rebate,
        text="Rebate on damaged goods",
    )
    return draw.bill(pk, "negative_line", [first, second])


def _credit(draw: Draw, pk: int) -> Bill:
    """A credit: a bill below zero, by quantity or by price."""
    if draw.ordinal % 2:
        line = draw.line(quantity=Decimal(-3))
    else:
        price = -draw.goods("5110")[2]
        line = draw.line(code="5110", quantity=Decimal(2), unit_cost=price)
    bill = draw.bill(pk, "credit", [line])
    return replace(bill, note="Credit for goods returned")


def _by_cost(draw: Draw, pk: int) -> Bill:
    """A line billed by cost: its quantity is zero and its price says nothing."""
    amount = Decimal(draw.rng.randint(10000, 400000)) / 100
    line = draw.line(quantity=Decimal(0), amount=amount)
    return draw.bill(pk, "by_cost", [line, draw.line()])


def _many_decimals(draw: Draw, pk: int) -> Bill:
    lines = [
        draw.line(
            code=code,
            quantity=Decimal(draw.rng.randint(10**5, 10**7)) / 1000,
            unit_cost=Decimal(draw.rng.randint(10**6, 10**8)) / 10**8,
        )
        for code in ("6100", "5110")
    ]
    return draw.bill(pk, "many_decimals", lines)


def _tax_inclusive(draw: Draw, pk: int) -> Bill:
    draw.currency = EUR
    lines = [draw.line(tax=VAT_INCLUDED), draw.line(tax=VAT_INCLUDED)]
    return draw.bill(pk, "tax_inclusive", lines)


def _several_taxes(draw: Draw, pk: int) -> Bill:
    draw.currency = EUR
    lines = [
        draw.line(tax=VAT),
        draw.line(tax=VAT_INCLUDED),
        draw.line(untaxed=True),
        draw.line(tax=VAT),
    ]
    return draw.bill(pk, "several_taxes", lines)


def _untaxed(draw: Draw, pk: int) -> Bill:
    return draw.bill(pk, "untaxed", [draw.line(untaxed=True) for _line in range(2)])


def _foreign_cad(draw: Draw, pk: int) -> Bill:
    draw.currency = CAD
    return draw.bill(pk, "foreign_cad", [draw.line(), draw.line()])


def _foreign_eur(draw: Draw, pk: int) -> Bill:
    draw.currency = EUR
    return draw.bill(pk, "foreign_eur", [draw.line()])


def _no_number(draw: Draw, pk: int) -> Bill:
    bill = draw.bill(pk, "no_number", [draw.line()])
    return replace(bill, invoice_number="")


def _midnight(draw: Draw, pk: int) -> Bill:
    """An invoice date whose UTC day is not the day on the paper."""
    bill = draw.bill(pk, "midnight", [draw.line()])
    day = bill.invoice_date.date()
    written = tenant_time.at(day, 23, 40)
    if draw.ordinal % 2:
        zone = tenant_time.CENTRAL_EUROPE
        written = bill.invoice_date.replace(minute=10, tzinfo=zone)
    return replace(bill, invoice_date=written)


def _inactive_vendor(draw: Draw, pk: int) -> Bill:
    bill = draw.bill(pk, "inactive_vendor", [draw.line()])
    return replace(bill, vendor_id=draw.rng.choice(draw.vendors.inactive))


def _order_coding(draw: Draw, pk: int) -> Bill:
    """No allocation on the bill: the coding of the order's line counts."""
    line = replace(draw.ordered(draw.line()), allocated=False)
    return draw.bill(pk, "order_coding", [line])


def _order_extra(draw: Draw, pk: int) -> Bill:
    """A freight line that belongs to an order, but to none of its lines."""
    first = draw.ordered(draw.line())
    freight = draw.line(code="5300", quantity=Decimal(1), untaxed=True)
    extra = draw.of_order(replace(freight, description="Freight (order)"))
    return draw.bill(pk, "order_extra", [first, extra])


def _gross_allocations(draw: Draw, pk: int) -> Bill:
    draw.currency = USD
    line = draw.line(tax=SALES_TAX)
    keys = [(line.shares[0].code, number) for number in draw.departments(2)]
    line = replace(draw.split(line, keys), gross_allocations=True)
    return draw.bill(pk, "gross_allocations", [line])


def _zero(draw: Draw, pk: int) -> Bill:
    """An item and an equal credit: a bill over nothing."""
    first = draw.line(quantity=Decimal(1))
    back = draw.line(
        code=first.shares[0].code,
        quantity=Decimal(-1),
        unit_cost=first.unit_cost,
        text="Cancelled again",
    )
    return draw.bill(pk, "zero", [first, back])


def _both_negative(draw: Draw, pk: int) -> Bill:
    """A line of which quantity and price are negative: it costs something."""
    draw.from_order = False
    price = -draw.goods("5110")[2]
    line = draw.line(code="5110", quantity=Decimal(-2), unit_cost=price)
    return draw.bill(pk, "both_negative", [line, draw.line()])


def _cost_zero(draw: Draw, pk: int) -> Bill:
    """A line billed by cost that costs nothing: only its text says something."""
    draw.from_order = False
    line = draw.line(quantity=Decimal(0), amount=Decimal("0.00"), text="See order")
    return draw.bill(pk, "cost_zero", [line, draw.line()])


def _odd_texts(draw: Draw, pk: int) -> Bill:
    """Right to left, emoji, control characters, a NUL, and as long as may be."""
    lines = [draw.line(text=text) for text in ODD_TEXTS]
    bill = draw.bill(pk, "odd_texts", lines)
    number = f"\u202e{bill.invoice_number}\u202c 🧾"
    return replace(bill, invoice_number=number, note="\x00\x1b[31m" + ODD_TEXTS[0])


def _html_note(draw: Draw, pk: int) -> Bill:
    bill = draw.bill(pk, "html_note", [draw.line(text="<img src=x onerror=alert(1)>")])
    return replace(bill, note="<script>alert('x')</script><p>Pay <b>now</b> &amp; here")


def _credit_with_freight(draw: Draw, pk: int) -> Bill:
    """A credit from which the vendor keeps the freight of the return."""
    draw.from_order = False
    line = draw.line(code="5110", quantity=Decimal(-40), unit_cost=Decimal("12.50"))
    freight = replace(draw.cost("Freight of the return", "5300"), id=499)
    share = replace(freight.share, amount=Decimal("25.00"))
    bill = draw.bill(pk, "credit_with_freight", [line])
    return replace(bill, costs=(replace(freight, share=share),))


# --- bills that have to be on hold ------------------------------------------------


def _unknown_account(draw: Draw, pk: int) -> Bill:
    lines = [draw.line(code=draw.wanted.code or "7450"), draw.line(code="6500")]
    return draw.bill(pk, "unknown_account", lines)


def _inactive_account(draw: Draw, pk: int) -> Bill:
    return draw.bill(pk, "inactive_account", [draw.line(code="6999")])


def _unknown_department(draw: Draw, pk: int) -> Bill:
    line = draw.line(department=UNBOOKED_DEPARTMENT)
    return draw.bill(pk, "unknown_department", [line, draw.line()])


def _unknown_tax(draw: Draw, pk: int) -> Bill:
    return draw.bill(pk, "unknown_tax", [draw.line(tax=ECO_LEVY), draw.line()])


def _inactive_currency(draw: Draw, pk: int) -> Bill:
    line = draw.line(tax=VAT)
    return draw.in_currency(draw.bill(pk, "inactive_currency", [line]), SEK)


def _other_vendor(draw: Draw, pk: int) -> Bill:
    line = draw.ordered(draw.line())
    bill = draw.bill(pk, "other_vendor", [line])
    return replace(bill, vendor_id=OTHER_ID)


def _twin_vendor(draw: Draw, pk: int) -> Bill:
    bill = draw.bill(pk, "twin_vendor", [draw.line()])
    twins = draw.vendors.twins
    return replace(bill, vendor_id=twins[draw.ordinal % len(twins)])


def _total_off(draw: Draw, pk: int) -> Bill:
    bill = draw.bill(pk, "total_off", [draw.line(), draw.line()])
    return replace(bill, total_error=TOTAL_ERROR)


def _no_allocation(draw: Draw, pk: int) -> Bill:
    line = replace(draw.line(), allocated=False, order_line=None)
    return draw.bill(pk, "no_allocation", [line, draw.line()])


def _three_reasons(draw: Draw, pk: int) -> Bill:
    bill = draw.bill(pk, "three_reasons", [draw.line(code="7450"), draw.line()])
    return replace(bill, vendor_id=OTHER_ID, total_error=-TOTAL_ERROR)


def _several_currencies(draw: Draw, pk: int) -> Bill:
    """A line in another currency than the header."""
    other = EUR if draw.currency != EUR else CAD
    draw.from_order = False
    line = replace(draw.line(), currency_id=other.id)
    return draw.bill(pk, "several_currencies", [line, draw.line()])


# --- bills that are none of the books' business ------------------------------------


def _in_status(name: str, status: int) -> Scenario:
    def scenario(draw: Draw, pk: int) -> Bill:
        bill = draw.bill(pk, name, [draw.line()])
        submitted = None if status == DRAFT else bill.submitted
        return replace(bill, status=status, submitted=submitted)

    return scenario


def _expense(draw: Draw, pk: int) -> Bill:
    draw.from_order = False
    bill = draw.bill(pk, "expense", [draw.line(code="6510")])
    vendor_id = draw.rng.choice(draw.vendors.employees)
    return replace(bill, type=EXPENSE_BILL, vendor_id=vendor_id)


def _card(draw: Draw, pk: int) -> Bill:
    bill = draw.bill(pk, "card", [draw.line(code="6500")])
    due = bill.due_date + timedelta(days=15)
    vendor_id = draw.rng.choice(draw.vendors.card_issuers)
    return replace(bill, type=CARD_BILL, vendor_id=vendor_id, due_date=due)


# Name: (how many in sixty, how to draw it).
SCENARIOS: dict[str, tuple[int, Scenario]] = {
    "plain": (5, _plain),
    "several_lines": (5, _several_lines),
    "split_departments": (4, _split_departments),
    "split_accounts": (3, _split_accounts),
    "header_costs": (2, _header_costs),
    "line_shipping": (2, _line_shipping),
    "split_shipping": (1, _split_shipping),
    "negative_line": (2, _negative_line),
    "credit": (2, _credit),
    "by_cost": (2, _by_cost),
    "many_decimals": (2, _many_decimals),
    "tax_inclusive": (2, _tax_inclusive),
    "several_taxes": (2, _several_taxes),
    "untaxed": (1, _untaxed),
    "foreign_cad": (2, _foreign_cad),
    "foreign_eur": (1, _foreign_eur),
    "no_number": (1, _no_number),
    "midnight": (1, _midnight),
    "inactive_vendor": (1, _inactive_vendor),
    "order_coding": (1, _order_coding),
    "order_extra": (1, _order_extra),
    "gross_allocations": (1, _gross_allocations),
    "unknown_account": (1, _unknown_account),
    "inactive_account": (1, _inactive_account),
    "unknown_department": (1, _unknown_department),
    "unknown_tax": (1, _unknown_tax),
    "inactive_currency": (1, _inactive_currency),
    "other_vendor": (1, _other_vendor),
    "twin_vendor": (1, _twin_vendor),
    "total_off": (1, _total_off),
    "no_allocation": (1, _no_allocation),
    "three_reasons": (1, _three_reasons),
    "draft": (1, _in_status("draft", DRAFT)),
    "confirmed": (1, _in_status("confirmed", CONFIRMED)),
    "denied": (1, _in_status("denied", DENIED)),
    "withdrawn": (1, _in_status("withdrawn", WITHDRAWN)),
    "expense": (1, _expense),
    "card": (1, _card),
}
PLAN = tuple(name for name, (count, _draw) in SCENARIOS.items() for _n in range(count))


# Drawn by their names only: the mix above is what others count on.
FURTHER_SCENARIOS: dict[str, Scenario] = {
    "zero": _zero,
    "both_negative": _both_negative,
    "cost_zero": _cost_zero,
    "odd_texts": _odd_texts,
    "html_note": _html_note,
    "several_currencies": _several_currencies,
}


# Drawn by their names only, and in no series.
RARE_SCENARIOS: dict[str, Scenario] = {
    "five_lines": _five_lines,
    "credit_with_freight": _credit_with_freight,
}


def draw_bill(draw: Draw, first_pk: int, scenario: str) -> Bill:
    """Draw a bill of that kind; `first_pk` is the id of its first version."""
    if function := {**FURTHER_SCENARIOS, **RARE_SCENARIOS}.get(scenario):
        return function(draw, first_pk)
    _count, function = SCENARIOS[scenario]
    return function(draw, first_pk)
