"""What documents say besides what is booked: delivery, contract, who drafted them.

Source: Procurify API reference (edition of March 2024), "Retrieve a purchase order";
a bill's ``creator``, ``invoice_created`` and ``invoice_total`` come from the edition of
2026. Nothing here can stop a document: what cannot be read is left empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .payloads.values import Reader, full_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date
    from decimal import Decimal

_ADDRESS = ("addressLineOne", "addressLineTwo")
_PLACE = ("postalCode", "city", "state_province")


@dataclass(frozen=True, slots=True)
class Delivery:
    """How and where an order is delivered. Addresses have a line for each part."""

    ship_to: str
    bill_to: str
    shipping_term: str
    shipping_method: str
    expires_on: date | None
    contract: str


@dataclass(frozen=True, slots=True)
class Drafting:
    """Who drafted a bill, and the total that stands on the paper.

    ``is_automatic``: Procurify read it from a file, and nobody typed it.
    """

    person: str
    is_automatic: bool
    paper_total: Decimal | None


def delivery(order: Mapping[str, Any]) -> Delivery:
    """Return how an order is delivered, as far as its detail says so."""
    source = Reader(order).spare
    return Delivery(
        ship_to=_address(source, "receiver"),
        bill_to=_address(source, "buyer"),
        shipping_term=_name(source, "shipping_term") or source.text("shipping_terms"),
        shipping_method=_name(source, "shipping_method"),
        expires_on=source.day("expiry_date"),
        contract=_name(source, "contract"),
    )


def drafting(bill: Mapping[str, Any]) -> Drafting:
    """Return who drafted a bill, as far as its detail says so."""
    source = Reader(bill).spare
    creator = source.embedded("creator") or source.embedded("user")
    return Drafting(
        person=full_name(creator),
        is_automatic=bill.get("invoice_created") is True,
        paper_total=source.decimal("invoice_total"),
    )


def _name(source: Reader, name: str) -> str:
    """Read the name of an embedded object, which may stand there as a text."""
    value = source.data.get(name)
    if isinstance(value, str):
        return source.spare.text(name)
    place = source.spare.embedded(name)
    return place.spare.text("name") if place else ""


def _address(source: Reader, prefix: str) -> str:
    """Read the address that was printed, else that of the address book."""
    printed = "\n".join(_lines(source.spare, f"{prefix}_"))
    if printed:
        return printed
    place = source.spare.embedded(f"{prefix}_address")
    return "\n".join(_lines(place.spare, "")) if place else ""


def _lines(source: Reader, prefix: str) -> Iterator[str]:
    names = ("name", "contact", *_ADDRESS)
    place = (source.text(f"{prefix}{name}") for name in _PLACE)
    lines = [source.text(f"{prefix}{name}") for name in names]
    lines += [" ".join(filter(None, place)), source.text(f"{prefix}country")]
    yield from filter(None, lines)
