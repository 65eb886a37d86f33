"""Purchase orders: what the company committed itself to.

Source: Procurify API reference (edition of March 2024), "Retrieve a purchase order";
the names of the states come from the edition of 2026. Objects that it says are always
there may be null.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
from .values import Reader, Stated

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


@dataclass(frozen=True, slots=True)
class Order(Keyed):
    """A purchase order with its lines. Amounts are in ``currency``.

    ``number`` is Procurify's, ``external_number`` one that a person typed, which may
    come twice. ``rate`` was frozen at purchase; which way it converts is not
    documented. ``total_in_currency`` and ``total_in_base`` are the same total in the
    order's and in the tenant's base currency. The dates are calendar days as written.
    """

    id: int
    uuid: str
    number: str
    external_number: str
    version: int | None
    most_recent_version: int | None
    state: Stated
    fulfilment_status: str
    active: bool
    date: datetime.date | None
    promise_date: datetime.date | None
    closed_date: datetime.date | None
    modified: datetime.datetime | None
    vendor: Vendor | None
    vendor_name: str
    buyer_name: str
    buyer_email: str
    currency: Currency | None
    rate: Decimal | None
    subtotal: Decimal | None
    total: Decimal | None
    tax: Adjustment | None
    discount: Adjustment | None
    freight: Decimal | None
    other: Decimal | None
    total_in_base: Decimal | None
    total_in_currency: Decimal | None
    payment_term: PaymentTerm | None
    comment: str
    is_card: bool
    lines: tuple[OrderLine, ...]
    attachments: tuple[Attachment, ...]
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Order:
        """Read the ``data`` of an order's detail.

        :raises InvalidPayload: a required field is missing, or a value cannot be read
        """
        return cls.read(Reader(data))

    @classmethod
    def read(cls, source: Reader) -> Order:
        """Read an order with ``source``, which notes what is left empty."""
        spare = source.spare
        lines = tuple(
            map(OrderLine.read, source.children("order_items", required=True))
        )
        return cls(
            id=source.integer("procurify_PO"),
            uuid=source.uuid("uuid"),
            number=source.text("number"),
            external_number=source.text("PO_Num"),
            version=spare.optional_integer("version"),
            most_recent_version=spare.optional_integer("most_recent_version"),
            state=source.stated("state") or OrderState.PURCHASED,
            fulfilment_status=spare.text("fulfilment_status"),
            active=source.boolean("active", missing=True),
            date=source.day("date"),
            promise_date=spare.day("promise_date"),
            closed_date=spare.day("closed_date"),
            modified=spare.instant("last_modified"),
            payment_term=_payment_term(source),
            comment=spare.text("comment"),
            is_card=source.data.get("creditcard") not in (None, {}),
            lines=lines,
            attachments=each_once(file for line in lines for file in line.attachments),
            raw=source.data,
            **_parties(source),
            **_money(source),
        )

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


def _payment_term(source: Reader) -> PaymentTerm | None:
    """Read the term as an object, else as the text that was printed."""
    embedded = source.spare.embedded("payment_term")
    term = source.if_readable(PaymentTerm.read, embedded) if embedded else None
    if term and term.name:
        return term
    text = source.spare.text("payment_terms")
    return PaymentTerm(None, text) if text else None


def _parties(source: Reader) -> dict[str, Any]:
    vendor, buyer = source.embedded("pref_vendor"), source.spare.embedded("purchaser")
    return {
        "vendor": Vendor.read(vendor) if vendor else None,
        "vendor_name": source.spare.text("vendor_name"),
        "buyer_name": full_name(buyer),
        "buyer_email": buyer.spare.text("email") if buyer else "",
    }


def _money(source: Reader) -> dict[str, Any]:
    currency = source.embedded("purchased_currency")
    tax, discount = source.child("tax"), source.child("discount")
    costs = source.child("cost_details")
    return {
        "currency": Currency.read(currency) if currency else None,
        "rate": source.decimal("purchased_currency_rate"),
        "tax": Adjustment.read(tax) if tax else None,
        "discount": Adjustment.read(discount) if discount else None,
        "total_in_base": costs.decimal("total_cost_in_base_currency")
        if costs
        else None,
        "total_in_currency": costs.decimal("total_cost") if costs else None,
        **{
            name: source.decimal(name)
            for name in ("subtotal", "total", "freight", "other")
        },
    }


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
