"""The kinds of purchase order and requisition, and how many of each in a series."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

from .arithmetic import CENT, line_total
from .manufacturer import CAD, DEPARTMENTS, EUR, SALES_TAX, SEK, VAT
from .model import LineTax, Modifier, OrderLine
from .order_book import (
    BLANKET,
    CANCELLED,
    CLOSED,
    DENIED,
    FROM_STOCK,
    LINE_DRAFT,
    ON_LIST,
    PAID,
    RECURRING,
    REJECTED,
    REOPENED,
    WANTED,
    Purchase,
)
from .order_drawing import OrderDraw
from .vendors import OTHER_ID

OrderScenario = Callable[[OrderDraw], Purchase]
UNBOOKED_DEPARTMENT: Final = next(d for d in DEPARTMENTS if not d.in_books)
UNKNOWN_UNIT: Final = "bushel"
TOTAL_ERROR: Final = Decimal("5.00")
(
    REQ_PENDING,
    REQ_APPROVED,
    REQ_REJECTED,
    REQ_PURCHASED,
    REQ_CANCELLED,
    REQ_RECEIVED,
    REQ_DRAFT,
) = range(7)


def _lines(draw: OrderDraw, low: int = 2, high: int = 5) -> list[OrderLine]:
    return [draw.line() for _number in range(draw.rng.randint(low, high))]


def _received(line: OrderLine) -> OrderLine:
    return replace(line, received=line.quantity)


def _half_received(line: OrderLine) -> OrderLine:
    """Return a line of at least two, of which some have come."""
    quantity = max(line.quantity, Decimal(2))
    line = replace(
        line, quantity=quantity, received=(quantity / 2).quantize(Decimal(1))
    )
    return _recoded(line)


def _recoded(line: OrderLine) -> OrderLine:
    """Return a line of one share with that share's amount right."""
    share = replace(line.shares[0], amount=line_total(line))
    return replace(line, shares=(share,))


def _amount(draw: OrderDraw, low: int, high: int) -> Decimal:
    return Decimal(draw.rng.randint(low * 100, high * 100)) * CENT


# --- money ------------------------------------------------------------------------


def _plain(draw: OrderDraw) -> Purchase:
    return draw.purchase("plain", [draw.line()])


def _several_lines(draw: OrderDraw) -> Purchase:
    return draw.purchase("several_lines", _lines(draw))


def _five_lines(draw: OrderDraw) -> Purchase:
    return draw.purchase("five_lines", _lines(draw, 5, 5))


def _header_tax(draw: OrderDraw) -> Purchase:
    tax = Modifier(Decimal("8.25"), percentage=True)
    return draw.purchase("header_tax", _lines(draw), tax=tax)


def _header_tax_amount(draw: OrderDraw) -> Purchase:
    tax = Modifier(_amount(draw, 10, 90))
    return draw.purchase("header_tax_amount", _lines(draw), tax=tax)


def _header_extras(draw: OrderDraw) -> Purchase:
    """Everything at once: a percentage of tax, freight, other, a discount."""
    return draw.purchase(
        "header_extras",
        _lines(draw),
        tax=Modifier(Decimal(5), percentage=True),
        freight=_amount(draw, 15, 200),
        other=_amount(draw, 1, 30),
        discount=Modifier(_amount(draw, 1, 5)),
    )


def _discount_percentage(draw: OrderDraw) -> Purchase:
    return draw.purchase(
        "discount_percentage",
        _lines(draw),
        freight=_amount(draw, 15, 200),
        discount=Modifier(Decimal("2.5"), percentage=True),
    )


def _line_taxes(draw: OrderDraw) -> Purchase:
    """Lines with a tax of their own, which the subtotal holds too."""
    tax = LineTax(SALES_TAX.name, SALES_TAX.percentage)
    other = LineTax(VAT.name, VAT.percentage)
    first, second = draw.line(), draw.line()
    lines = [replace(first, taxes=(tax,)), replace(second, taxes=(other,)), draw.line()]
    return draw.purchase("line_taxes", lines, extras_in_subtotal=True)


def _line_shipping(draw: OrderDraw) -> Purchase:
    """A line with a charge of its own, which only the total holds."""
    line = replace(draw.line(), shipping=_amount(draw, 5, 90))
    return draw.purchase("line_shipping", [line, draw.line()])


def _split_coding(draw: OrderDraw) -> Purchase:
    first, second = draw.line(), draw.line()
    code = first.shares[0].code
    departments = [(code, number) for number in draw.departments(3)]
    codes = draw.rng.sample(("5100", "5110", "5120", "6010", "6030"), 2)
    accounts = [(code, draw.department().id) for code in codes]
    lines = [draw.split(first, departments), draw.split(second, accounts)]
    return draw.purchase("split_coding", lines)


def _foreign(name: str, draw: OrderDraw) -> Purchase:
    draw.in_currency({"foreign_eur": EUR, "foreign_cad": CAD}.get(name, SEK))
    return draw.purchase(name, _lines(draw), cost_details=True)


def _foreign_eur(draw: OrderDraw) -> Purchase:
    return _foreign("foreign_eur", draw)


def _foreign_cad(draw: OrderDraw) -> Purchase:
    return _foreign("foreign_cad", draw)


def _inactive_currency(draw: OrderDraw) -> Purchase:
    return _foreign("inactive_currency", draw)


def _many_decimals(draw: OrderDraw) -> Purchase:
    lines = [
        draw.line(
            code=code,
            quantity=Decimal(draw.rng.randint(10**5, 10**7)) / 100000,
            price=Decimal(draw.rng.randint(10**6, 10**9)) / 10**8,
        )
        for code in ("6100", "5110", "5120")
    ]
    return draw.purchase("many_decimals", lines)


def _negative_line(draw: OrderDraw) -> Purchase:
    """A discount that somebody typed as a line."""
    first = draw.line()
    rebate = -(line_total(first) / 10).quantize(CENT)
    line = draw.line(
        code=first.shares[0].code,
        quantity=Decimal(1),
        price=rebate,
        text="Discount agreed by telephone",
        unit="each",
    )
    return draw.purchase("negative_line", [first, line])


def _blanket(draw: OrderDraw) -> Purchase:
    """A frame of so much money; every other one's price says nothing about it."""
    amount = _amount(draw, 5000, 40000)
    if draw.ordinal % 2:
        line = replace(draw.line(quantity=Decimal(1), price=amount), type=BLANKET)
    else:
        line = draw.line(quantity=Decimal(draw.rng.randint(5, 50)))
        line = _recoded(replace(line, type=BLANKET, total=amount))
    expires = draw.bought + timedelta(days=365)
    return draw.purchase("blanket", [line], expires=expires)


def _recurring(draw: OrderDraw) -> Purchase:
    """Twelve times the price, for a quantity of one."""
    price = _amount(draw, 50, 900)
    line = draw.line(code="6410", quantity=Decimal(1), price=price)
    line = replace(line, type=RECURRING, total=12 * line.price)
    return draw.purchase("recurring", [_recoded(line)])


# --- life -------------------------------------------------------------------------


def _cancelled(draw: OrderDraw) -> Purchase:
    return draw.purchase("cancelled", _lines(draw), state=CANCELLED)


def _closed_short(draw: OrderDraw) -> Purchase:
    lines = [_half_received(draw.line(free_text=True)), _received(draw.line())]
    return draw.purchase(
        "closed_short", lines, state=CLOSED, closed=draw.modified, version=2
    )


def _paid(draw: OrderDraw) -> Purchase:
    lines = [_received(line) for line in _lines(draw)]
    return draw.purchase("paid", lines, state=PAID, closed=draw.modified)


def _reopened(draw: OrderDraw) -> Purchase:
    lines = [_half_received(draw.line(free_text=True)), draw.line()]
    return draw.purchase("reopened", lines, state=REOPENED, version=3)


def _partly_received(draw: OrderDraw) -> Purchase:
    lines = [_half_received(draw.line(free_text=True)), draw.line()]
    return draw.purchase("partly_received", lines)


def _fully_received(draw: OrderDraw) -> Purchase:
    """An order that was closed by itself, as everything has come."""
    lines = [_received(line) for line in _lines(draw)]
    return draw.purchase("fully_received", lines, state=CLOSED, closed=draw.modified)


def _punchout(draw: OrderDraw) -> Purchase:
    vendor = next(v.id for v in draw.vendors.by_id.values() if v.type == 2)
    return draw.purchase("punchout", _lines(draw), vendor_id=vendor, punchout=True)


def _card_paid(draw: OrderDraw) -> Purchase:
    issuer = draw.rng.choice(draw.vendors.card_issuers)
    return draw.purchase("card_paid", [draw.line()], card_issuer=issuer)


# --- what has to be on hold -------------------------------------------------------


def _other_vendor(draw: OrderDraw) -> Purchase:
    """The vendor's real name is only what somebody typed on the lines."""
    text = f"Walk-in supplier {draw.ordinal}"
    lines = [replace(line, vendor_text=text) for line in _lines(draw)]
    return draw.purchase("other_vendor", lines, vendor_id=OTHER_ID)


def _twin_vendor(draw: OrderDraw) -> Purchase:
    twin = draw.vendors.twins[draw.ordinal % len(draw.vendors.twins)]
    return draw.purchase("twin_vendor", [draw.line()], vendor_id=twin)


def _inactive_vendor(draw: OrderDraw) -> Purchase:
    vendor = draw.rng.choice(draw.vendors.inactive)
    return draw.purchase("inactive_vendor", [draw.line()], vendor_id=vendor)


def _unknown_account(draw: OrderDraw) -> Purchase:
    lines = [draw.line(code=draw.wanted.code or "7450"), draw.line(code="6500")]
    return draw.purchase("unknown_account", lines)


def _unknown_department(draw: OrderDraw) -> Purchase:
    line = draw.line(department=UNBOOKED_DEPARTMENT)
    return draw.purchase("unknown_department", [line, draw.line()])


def _unknown_unit(draw: OrderDraw) -> Purchase:
    lines = [draw.line(unit=UNKNOWN_UNIT), draw.line(unit="")]
    return draw.purchase("unknown_unit", lines)


def _no_lines(draw: OrderDraw) -> Purchase:
    return draw.purchase("no_lines", [])


def _total_off(draw: OrderDraw) -> Purchase:
    return draw.purchase("total_off", _lines(draw), total_error=TOTAL_ERROR)


def _several_requisitions(draw: OrderDraw) -> Purchase:
    lines = [draw.line(requisition=position) for position in (0, 1, 1, 2)]
    return draw.purchase("several_requisitions", lines)


# Name: (how many in forty, how to draw it).
ORDER_SCENARIOS: Final[dict[str, tuple[int, OrderScenario]]] = {
    "plain": (4, _plain),
    "several_lines": (3, _several_lines),
    "header_tax": (1, _header_tax),
    "header_tax_amount": (1, _header_tax_amount),
    "header_extras": (2, _header_extras),
    "discount_percentage": (1, _discount_percentage),
    "line_taxes": (1, _line_taxes),
    "line_shipping": (1, _line_shipping),
    "split_coding": (2, _split_coding),
    "foreign_eur": (1, _foreign_eur),
    "foreign_cad": (1, _foreign_cad),
    "inactive_currency": (1, _inactive_currency),
    "many_decimals": (1, _many_decimals),
    "negative_line": (1, _negative_line),
    "blanket": (1, _blanket),
    "recurring": (1, _recurring),
    "cancelled": (1, _cancelled),
    "closed_short": (1, _closed_short),
    "paid": (1, _paid),
    "reopened": (1, _reopened),
    "partly_received": (1, _partly_received),
    "fully_received": (1, _fully_received),
    "punchout": (1, _punchout),
    "card_paid": (1, _card_paid),
    "other_vendor": (1, _other_vendor),
    "twin_vendor": (1, _twin_vendor),
    "inactive_vendor": (1, _inactive_vendor),
    "unknown_account": (1, _unknown_account),
    "unknown_department": (1, _unknown_department),
    "unknown_unit": (1, _unknown_unit),
    "no_lines": (1, _no_lines),
    "total_off": (1, _total_off),
    "several_requisitions": (1, _several_requisitions),
}


# Drawn by their names only, and in no series.
RARE_ORDER_SCENARIOS: Final[dict[str, OrderScenario]] = {"five_lines": _five_lines}


# --- requisitions -----------------------------------------------------------------


def _asked(
    draw: OrderDraw, name: str, status: int, *lines: OrderLine, bought: Purchase | None
) -> Purchase:
    """Return one requisition with its lines, and the orders some of them are on."""
    bought = bought or Purchase()
    every = (*bought.lines, *lines)
    number = draw.requisition_number()
    requisition = draw.requisition(name, number, every, status)
    return Purchase(bought.orders, every, (requisition,))


def _with_lines(name: str, status: int, *line_statuses: int | None) -> OrderScenario:
    """Return a scenario whose lines are on no order, in those statuses."""

    def scenario(draw: OrderDraw) -> Purchase:
        approved = {WANTED, ON_LIST, REJECTED, FROM_STOCK}
        lines = [
            replace(
                line,
                status=line_status,
                approved=line.approved if line_status in approved else None,
            )
            for line_status in line_statuses
            for line in [draw.line()]
        ]
        return _asked(draw, name, status, *lines, bought=None)

    return scenario


def _bought(name: str, status: int, *, received: bool) -> OrderScenario:
    def scenario(draw: OrderDraw) -> Purchase:
        lines = [_received(line) if received else line for line in _lines(draw)]
        state = CLOSED if received else 0
        closed = draw.modified if received else None
        bought = draw.purchase(name, lines, state=state, closed=closed)
        return _asked(draw, name, status, bought=bought)

    return scenario


def _partly_bought(draw: OrderDraw) -> Purchase:
    bought = draw.purchase("partly_bought", [draw.line()])
    waiting = draw.line(), replace(draw.line(), status=ON_LIST)
    return _asked(draw, "partly_bought", REQ_APPROVED, *waiting, bought=bought)


def _several_vendors(draw: OrderDraw) -> Purchase:
    """One requisition whose lines went to two vendors; a third one waits."""
    first = draw.purchase("several_vendors", [draw.line(), draw.line()])
    others = [v for v in draw.vendors.ordinary if v != draw.vendor_id]
    draw.vendor_id = draw.rng.choice(others)
    second = draw.purchase("several_vendors", [draw.line()])
    draw.vendor_id = draw.rng.choice(others)
    bought = Purchase(first.orders + second.orders, first.lines + second.lines)
    return _asked(draw, "several_vendors", REQ_APPROVED, draw.line(), bought=bought)


# Name: (how many in fifteen, how to draw it).
REQUISITION_SCENARIOS: Final[dict[str, tuple[int, OrderScenario]]] = {
    "approved": (3, _with_lines("approved", REQ_APPROVED, WANTED, ON_LIST)),
    "pending": (1, _with_lines("pending", REQ_PENDING, None, None)),
    "rejected": (1, _with_lines("rejected", REQ_REJECTED, DENIED)),
    "line_rejected": (
        1,
        _with_lines("line_rejected", REQ_APPROVED, WANTED, REJECTED),
    ),
    "cancelled": (1, _with_lines("cancelled", REQ_CANCELLED, REJECTED)),
    "draft": (1, _with_lines("draft", REQ_DRAFT, LINE_DRAFT)),
    "from_stock": (1, _with_lines("from_stock", REQ_RECEIVED, FROM_STOCK)),
    "purchased": (1, _bought("purchased", REQ_PURCHASED, received=False)),
    "received": (1, _bought("received", REQ_RECEIVED, received=True)),
    "partly_bought": (2, _partly_bought),
    "several_vendors": (2, _several_vendors),
}


def _plan(table: dict[str, tuple[int, OrderScenario]]) -> tuple[str, ...]:
    return tuple(name for name, (count, _draw) in table.items() for _n in range(count))


ORDER_PLAN: Final = _plan(ORDER_SCENARIOS)
REQUISITION_PLAN: Final = _plan(REQUISITION_SCENARIOS)


def draw_order(draw: OrderDraw, scenario: str) -> Purchase:
    if function := RARE_ORDER_SCENARIOS.get(scenario):
        return function(draw)
    _count, function = ORDER_SCENARIOS[scenario]
    return function(draw)


def draw_requisition(draw: OrderDraw, scenario: str) -> Purchase:
    _count, function = REQUISITION_SCENARIOS[scenario]
    return function(draw)
