"""What one object shows about how its tenant uses the API: answers to open questions.

Procurify does not document these; nobody knows them before a tenant was read. Each
function takes an object and returns ``{question: answer}`` of what it shows.

Also here: states and kinds that Procurify does not document. Any of them may mean
anything, so booking an object that has one would be a guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from .arithmetic import ONE, bill_figures
from .errors import InvalidPayload
from .payloads import (
    AccountCode,
    Bill,
    BillStatus,
    BillType,
    Order,
    OrderItem,
    OrderItemStatus,
    OrderItemType,
    OrderState,
    Requisition,
    RequisitionStatus,
    Vendor,
    VendorType,
)
from .payloads.values import Reader, full_name
from .rates import TOLERANCE, ImpliedRate, implied_bill_rate, implied_order_rate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from .payloads import BillItem
    from .payloads.values import Stated
    from .resources import Payload

Answers = dict[str, str]

_CENT = Decimal("0.01")
_KNOWN_WORDS = frozenset(("", "item"))


@dataclass(frozen=True)
class Question:
    """An open question about a tenant.

    :param assumed: the answers that the import assumes, or that it can do with
    :param neutral: answers that say neither
    :param enough: so many objects must agree before it counts as answered
    """

    assumed: tuple[str, ...]
    neutral: tuple[str, ...] = ()
    enough: int = 5


QUESTIONS: Final = {
    # Of the rates and dates of documents.
    "bill_rate": Question(("gross",), ("all", "not_stated")),
    "order_rate": Question(("gross",), ("all", "not_stated")),
    "rate_direction": Question(("units_per_base",), ("unclear",)),
    "date_time_of_day": Question(("date_only", "midnight")),
    "list_and_detail_dates": Question(("same",)),
    # Of amounts.
    "shipping_in_total": Question(("with_shipping",)),
    "allocations": Question(("net",), ("unclear",)),
    "credit_sign": Question(("negative_price", "negative_quantity"), enough=1),
    "order_discount_on_bill": Question(("negative_line",), enough=1),
    # Of objects, and what they are known by.
    "fixed_bill": Question(("new_id",), enough=1),
    "deleted_bill": Question(("not_found", "inactive"), enough=1),
    "received_order": Question(("bumped",), enough=1),
    "inactive_codes": Question(("listed",), ("active",), enough=1),
    "inactive_vendors": Question(("active",)),
    "parent_codes": Question(("id",), ("none",), enough=1),
    # Of words, files and fields.
    "undocumented_values": Question(("documented",)),
    "item_words": Question(("known",)),
    "file_address": Question(("relative", "absolute", "signed"), enough=1),
    "custom_fields": Question(("present", "none")),
    "packing_slips": Question(("files",), ("none",), enough=1),
    # Of lists and details.
    "closed_orders": Question(("listed",), enough=1),
    "page_size": Question(("granted",), enough=1),
    "date_filter": Question(("obeyed",), enough=1),
    "detail_key": Question(("uuid", "id"), enough=1),
    "allowed_methods": Question(("read_only",), ("not_stated",), enough=1),
}
"""All questions; most answers come from documents, the last five from requests."""

STOPS_POSTING: Final = ("bill_rate", "rate_direction")
"""Questions that keep bills in foreign currencies from being posted where a tenant
differs: until a person confirms that it is right so."""


def observed(payload: Any) -> Answers:
    """Return what a payload shows by itself."""
    look = _LOOKS.get(type(payload))
    found = look(payload) if look else {}
    return {question: answer for question, answer in found.items() if answer}


def observed_in_list(payload: Any) -> Answers:
    """Return what it shows that this object is in a list."""
    if isinstance(payload, AccountCode):
        return {"inactive_codes": "active" if payload.active else "listed"}
    if isinstance(payload, Vendor):
        return {"inactive_vendors": "active" if payload.active else "listed"}
    return {}


def observed_change(former: Any, payload: Any) -> Answers:
    """Return what two versions of one object show."""
    if not (isinstance(former, Order) and isinstance(payload, Order)):
        return {}
    if _received(former) == _received(payload):
        return {}
    is_bumped = former.modified != payload.modified
    return {"received_order": "bumped" if is_bumped else "not_bumped"}


def _received(order: Order) -> Decimal:
    return sum((line.received for line in order.lines), Decimal(0))


# === BILLS === #


def _of_bill(bill: Bill) -> Answers:
    return {
        "rate_direction": _direction(bill, implied_bill_rate, None),
        "shipping_in_total": _shipping(bill),
        "allocations": _worst(map(_allocations, bill.items), ("neither", "gross")),
        "credit_sign": _credit_sign(bill),
        "order_discount_on_bill": _worst(
            map(_discount, bill.items), ("positive_line",)
        ),
        "fixed_bill": _fixed(bill),
        "deleted_bill": "" if bill.active else "inactive",
        "undocumented_values": "undocumented" if undocumented(bill) else "documented",
        "item_words": _item_words(bill),
        "file_address": _address(bill.attachments[0].file) if bill.attachments else "",
        "custom_fields": _custom_fields(bill.raw.get("items")),
        "packing_slips": _packing_slips(bill.raw.get("items")),
    }


def _worst(answers: Any, worst: tuple[str, ...]) -> str:
    """Return the answer of several parts: one that says otherwise counts most."""
    found = [answer for answer in answers if answer]
    return next((w for w in worst if w in found), found[0] if found else "")


def _direction(
    document: Any, implied: Callable[[Any], ImpliedRate], named: Decimal | None
) -> str:
    """Return which way the currency's rate converts, as far as the totals say so.

    :param named: the rate that the document itself names, before its currency's
    """
    if document.currency is None or document.currency.base:
        return ""
    rate = implied(document).rate
    named = document.currency.rate if named is None else named
    if not rate or not named or named <= 0 or rate <= 0:
        return ""
    straight = abs(rate / named - 1) <= TOLERANCE
    inverse = abs(rate * named - ONE) <= TOLERANCE
    if straight and inverse:
        return "unclear"
    if straight:
        return "units_per_base"
    return "base_per_unit" if inverse else ""


def _shipping(bill: Bill) -> str:
    if not bill.shipping_amount or bill.total_cost_with_tax is None:
        return ""
    try:
        figures = bill_figures(bill, _CENT)
    except InvalidPayload:
        return ""
    if not figures.adds_up:
        return "not_explained"
    shipped = any(line.kind == "shipping" for line in figures.lines)
    return "with_shipping" if shipped else "without_shipping"


def _allocations(item: BillItem) -> str:
    if not item.allocations or not item.tax_amount or item.total_cost is None:
        return ""
    gross = item.total_cost_with_tax
    if gross is None or gross == item.total_cost:
        return ""
    stated = sum((share.amount for share in item.allocations), Decimal(0))
    margin = _CENT * len(item.allocations)
    if abs(stated - item.total_cost) <= margin:
        return "unclear" if abs(stated - gross) <= margin else "net"
    return "gross" if abs(stated - gross) <= margin else "neither"


def _credit_sign(bill: Bill) -> str:
    """Return what is below zero on a bill whose total is."""
    if bill.total_cost_with_tax is None or bill.total_cost_with_tax >= 0:
        return ""
    if any((item.quantity or 0) < 0 for item in bill.items):
        return "negative_quantity"
    if any((item.unit_cost or 0) < 0 for item in bill.items):
        return "negative_price"
    return "negative_amount"


def _discount(item: BillItem) -> str:
    """Return how an order's discount comes to its bill: a line of the order alone."""
    if item.order_id is None or item.order_item_id is not None:
        return ""
    if "discount" not in item.description.casefold() or not item.total_cost:
        return ""
    return "negative_line" if item.total_cost < 0 else "positive_line"


def _fixed(bill: Bill) -> str:
    if len(bill.version_ids) < len(("first", "fixed")) or bill.group is None:
        return ""
    return "same_id" if bill.id == min(bill.version_ids) else "new_id"


def _item_words(bill: Bill) -> str:
    if not bill.items:
        return ""
    words = {item.type.casefold() for item in bill.items}
    return "known" if words <= _KNOWN_WORDS else "other"


def _address(file: str) -> str:
    if not file.lower().startswith(("http:", "https:", "//")):
        return "relative"
    return "signed" if "?" in file else "absolute"


def _custom_fields(lines: Any) -> str:
    rows = [line for line in lines or () if isinstance(line, dict)]
    if not rows:
        return ""
    return "present" if any(row.get("custom_fields") for row in rows) else "none"


def _packing_slips(lines: Any) -> str:
    rows = [line for line in lines or () if isinstance(line, dict)]
    slips = [slip for row in rows for slip in _entries(row.get("packing_slips"))]
    if not slips:
        return "none" if rows else ""
    is_file = all(isinstance(slip, dict) and slip.get("file") for slip in slips)
    return "files" if is_file else "numbers"


def _entries(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


# === ORDERS AND MASTER DATA === #


def _of_order(order: Order) -> Answers:
    return {
        "rate_direction": _direction(order, implied_order_rate, order.rate),
        "undocumented_values": "undocumented" if undocumented(order) else "documented",
        "custom_fields": _custom_fields(order.raw.get("order_items")),
    }


def observed_parent(data: Mapping[str, Any]) -> Answers:
    """Return how an account code names its parent."""
    parent = data.get("parent")
    if parent is None:
        return {"parent_codes": "none"}
    return {"parent_codes": "object" if isinstance(parent, dict) else "id"}


_LOOKS: Final[dict[type, Callable[[Any], Answers]]] = {
    Bill: _of_bill,
    Order: _of_order,
}


def requesters(document: dict[str, Any]) -> list[str]:
    """Name who requested the lines of an order, a bill or a requisition, once each.

    :param document: what Procurify sent. A line names its ``requester``; a requisition
        names its ``user``, and so does a bill that is for no order.
    :returns: names as people write them, in the order of the lines
    """
    names = [full_name(_embedded(line, "requester")) for line in _lines(document)]
    found = list(dict.fromkeys(filter(None, names)))
    return found or list(filter(None, [full_name(_embedded(document, "user"))]))


def _lines(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from _dicts(document.get("order_items"))
    for item in _dicts(document.get("items")):
        order_item = item.get("orderitem")
        if isinstance(order_item, dict):
            yield order_item


def _embedded(data: dict[str, Any], name: str) -> Reader | None:
    value = data.get(name)
    return Reader(value) if isinstance(value, dict) else None


def _dicts(value: object) -> list[dict[str, Any]]:
    items = value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, dict)]


_DOCUMENTED: dict[type, dict[str, frozenset[object]]] = {
    Bill: {"status": frozenset(BillStatus), "type": frozenset(BillType)},
    Order: {"state": frozenset(OrderState)},
    Requisition: {"status": frozenset((*RequisitionStatus, None))},
    # Documents embed vendors in short forms that do not say what they are.
    Vendor: {
        "type": frozenset((*VendorType, None)),
        "status": frozenset((None, "active", "inactive")),
    },
    OrderItem: {"status": frozenset((*OrderItemStatus, None))},
}
_LINE_TYPES = frozenset((*OrderItemType, None))


def undocumented(payload: Payload) -> str:
    """Return what of ``payload`` nobody knows the meaning of, in words; else ""."""
    return ", ".join(_undocumented(payload))


def _undocumented(payload: Payload) -> Iterator[str]:
    for field, known in _DOCUMENTED.get(type(payload), {}).items():
        yield from _unknown(field, getattr(payload, field), known)
    if isinstance(payload, Order):
        for line in payload.lines:
            if line.active:
                yield from _unknown(f"{line.label}: type", line.type, _LINE_TYPES)


def _unknown(field: str, value: Stated, known: Iterable[object]) -> Iterator[str]:
    if value not in known:
        yield f"{field} {value}" if value is not None else f"no {field}"
