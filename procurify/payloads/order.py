"""Purchase orders: what the company committed itself to.

Source: Procurify API reference (edition of March 2024), "Retrieve a purchase order";
the names of the states come from the edition of 2026. Objects that it says are always
there may be null.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from .attachment import Attachment, each_once
from .embedded import (
    full_name,
    fullest,
    locations,
    mention,
    mention_if_readable,
    mentions_of_account,
)
from .master_data import AccountCode, Currency, Keyed, Location, PaymentTerm, Vendor
from .order_line import OrderLine, read_is_percentage
from .values import (
    Reader,
    Stated,
    as_sent,
    children,
    computed,
    derived,
    embedded,
    payload,
    spare,
    strict,
)

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator, Mapping
    from decimal import Decimal

    from .embedded import Mention


class OrderState(IntEnum):
    """Documented states; :attr:`Order.state` may hold others. Not chronological."""

    PURCHASED = 0
    CANCELLED = 1
    LEGACY = 2
    CLOSED = 3
    PAID = 4
    REOPENED = 5


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A tax or a discount of the whole order: in percent, or an amount of money."""

    value: Decimal
    is_percentage: bool

    @classmethod
    def read(cls, source: Reader) -> Adjustment | None:
        """Read ``tax`` or ``discount``; None if it has no value.

        :raises InvalidPayload: a kind that is not known, or no number
        """
        value = source.decimal("value")
        if value is None:
            return None
        return cls(value, read_is_percentage(source))


def _payment_term(source: Reader) -> PaymentTerm | None:
    """Read the term as an object, else as the text that was printed."""
    embedded = source.spare.embedded("payment_term")
    term = source.if_readable(PaymentTerm.read, embedded) if embedded else None
    if term and term.name:
        return term
    text = source.spare.text("payment_terms")
    return PaymentTerm(None, text) if text else None


def _buyer(source: Reader) -> Reader | None:
    return source.spare.embedded("purchaser")


def _buyer_name(source: Reader) -> str:
    return full_name(_buyer(source))


def _buyer_email(source: Reader) -> str:
    buyer = _buyer(source)
    return buyer.spare.text("email") if buyer else ""


def _state(source: Reader) -> Stated:
    return source.stated("state") or OrderState.PURCHASED


def _is_card(source: Reader) -> bool:
    return source.data.get("creditcard") not in (None, {})


def _adjustment(source: Reader, name: str) -> Adjustment | None:
    place = source.child(name)
    return Adjustment.read(place) if place else None


def _in_cost_details(source: Reader, name: str) -> Decimal | None:
    costs = source.child("cost_details")
    return costs.decimal(name) if costs else None


def _attachments(_source: Reader, found: dict[str, Any]) -> tuple[Attachment, ...]:
    return each_once(file for line in found["lines"] for file in line.attachments)


@payload
class Order(Keyed):
    """A purchase order with its lines. Amounts are in ``currency``.

    ``number`` is Procurify's, ``external_number`` one that a person typed, which may
    come twice. ``rate`` was frozen at purchase; which way it converts is not
    documented. ``total_in_currency`` and ``total_in_base`` are the same total in the
    order's and in the tenant's base currency. The dates are calendar days as written.
    """

    id: int = strict(Reader.integer, "procurify_PO")
    uuid: str = strict(Reader.uuid)
    number: str = strict(Reader.text)
    external_number: str = strict(Reader.text, "PO_Num")
    version: int | None = spare(Reader.optional_integer)
    most_recent_version: int | None = spare(Reader.optional_integer)
    state: Stated = computed(_state)
    fulfilment_status: str = spare(Reader.text)
    active: bool = strict(Reader.is_not_false)
    date: datetime.date | None = strict(Reader.day)
    promise_date: datetime.date | None = spare(Reader.day)
    closed_date: datetime.date | None = spare(Reader.day)
    modified: datetime.datetime | None = spare(Reader.instant, "last_modified")
    vendor: Vendor | None = strict(embedded(Vendor), "pref_vendor")
    vendor_name: str = spare(Reader.text)
    buyer_name: str = computed(_buyer_name)
    buyer_email: str = computed(_buyer_email)
    currency: Currency | None = strict(embedded(Currency), "purchased_currency")
    rate: Decimal | None = strict(Reader.decimal, "purchased_currency_rate")
    subtotal: Decimal | None = strict(Reader.decimal)
    total: Decimal | None = strict(Reader.decimal)
    tax: Adjustment | None = strict(_adjustment)
    discount: Adjustment | None = strict(_adjustment)
    freight: Decimal | None = strict(Reader.decimal)
    other: Decimal | None = strict(Reader.decimal)
    total_in_base: Decimal | None = strict(
        _in_cost_details, "total_cost_in_base_currency"
    )
    total_in_currency: Decimal | None = strict(_in_cost_details, "total_cost")
    payment_term: PaymentTerm | None = computed(_payment_term)
    comment: str = spare(Reader.text)
    is_card: bool = computed(_is_card)
    lines: tuple[OrderLine, ...] = strict(
        children(OrderLine, required=True), "order_items"
    )
    attachments: tuple[Attachment, ...] = derived(_attachments)
    raw: Mapping[str, Any] = as_sent()

    @property
    def code(self) -> str:
        """The number that the company uses: its own, else Procurify's."""
        return self.external_number or self.number

    @property
    def label(self) -> str:
        """Procurify's number, else the company's, else "Order 5501"."""
        return self.number or self.external_number or f"Order {self.id}"

    @property
    def is_closed(self) -> bool:
        """Whether nothing more can be received."""
        paid_when_closed = self.state == OrderState.PAID and self.closed_date
        return self.state == OrderState.CLOSED or bool(paid_when_closed)

    def references(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield (resource, external id, object as sent) of what the order mentions.

        Each object once: the copy with the most fields, because some places embed a
        short form. A payment term only where it has a key.
        """
        return fullest(_mentions(self.raw))

    def line_locations(self) -> Iterator[tuple[str, Location]]:
        """Yield (line's text, location) of every line that is coded at one."""
        for line in self.lines:
            if line.active and line.order_id in (None, self.id):
                shares = line.allocations or (line.fallback_account,)
                yield from locations(line.name or line.label, shares)


def _mentions(order: Mapping[str, Any]) -> Iterator[Mention]:
    yield from mention("vendor", order.get("pref_vendor"))
    yield from mention("currency", order.get("purchased_currency"))
    term = order.get("payment_term")
    if isinstance(term, dict) and term.get("name"):
        yield from mention_if_readable("payment_term", term, PaymentTerm)
    for line in order.get("order_items") or ():
        yield from _mentions_of_line(line)


def _mentions_of_line(line: dict[str, Any]) -> Iterator[Mention]:
    yield from mention_if_readable("currency", line.get("currency"), Currency)
    for allocation in line.get("spend_allocation") or ():
        yield from mentions_of_account(allocation.get("account"))
    yield from mentions_of_account(line.get("account"))
    item = line.get("catalog_item")
    if isinstance(item, dict):
        code = item.get("account_code")
        yield from mention_if_readable("account_code", code, AccountCode)
        yield from mention("catalog_item", item)
