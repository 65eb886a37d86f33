"""Requisitions: what people asked to buy. Their lines are order items.

Source: Procurify API reference (edition of March 2024), "List orders" of the global
view; the numbers of a log's action come from the edition of 2026. There is no detail.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

from .embedded import fullest, mention, mentions_of_department
from .master_data import Currency, Department, Keyed, Location
from .values import (
    Reader,
    Stated,
    as_sent,
    computed,
    embedded,
    full_name,
    payload,
    spare,
    strict,
)

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping
    from decimal import Decimal

    from .embedded import Mention


class RequisitionStatus(IntEnum):
    """Documented states; :attr:`Requisition.status` may hold others."""

    PENDING = 0
    APPROVED = 1
    REJECTED = 2
    PURCHASED = 3
    CANCELLED = 4
    RECEIVED = 5
    DRAFT = 6


FINAL_APPROVAL = 1
APPROVED_AND_PASSED_ON = 3


def _requester(source: Reader) -> Reader | None:
    return source.spare.embedded("user")


def _requester_name(source: Reader) -> str:
    return full_name(_requester(source))


def _requester_email(source: Reader) -> str:
    requester = _requester(source)
    return requester.spare.text("email") if requester else ""


def _approver_name(source: Reader) -> str:
    """Name who approved: finally, else as the last of those who passed it on."""
    names: dict[object, str] = {}
    for entry in source.spare.children("logs"):
        name = full_name(entry.spare.embedded("user"))
        if name:
            names[entry.stated("action")] = name
    for action in (FINAL_APPROVAL, APPROVED_AND_PASSED_ON):
        if action in names:
            return names[action]
    return ""


@payload
class Requisition(Keyed):
    """A requisition; ``id`` is its number, and ``total`` is in ``currency``.

    The dates are calendar days as written.
    """

    id: int = strict(Reader.integer, "num")
    uuid: str = strict(Reader.uuid)
    description: str = spare(Reader.text)
    status: Stated = strict(Reader.stated)
    date: datetime.date | None = strict(Reader.day)
    date_required: datetime.date | None = spare(Reader.day, "dateRequired")
    modified: datetime.datetime | None = spare(Reader.instant, "dateModified")
    requester_name: str = computed(_requester_name)
    requester_email: str = computed(_requester_email)
    department: Department | None = strict(embedded(Department))
    branch: Location | None = strict(embedded(Location))
    currency: Currency | None = strict(embedded(Currency))
    total: Decimal | None = strict(Reader.decimal, "totalPrice")
    approver_name: str = computed(_approver_name)
    raw: Mapping[str, Any] = as_sent()

    @property
    def code(self) -> str:
        """The number, which is all that people call it."""
        return str(self.id)

    @property
    def label(self) -> str:
        """The kind and the number: "Requisition 7265"."""
        return f"Requisition {self.id}"

    def references(self) -> list[tuple[str, str, dict[str, Any]]]:
        """List (resource, external id, object as sent) of what it mentions."""
        return fullest(_mentions(self.raw))

    def line_locations(self) -> list[tuple[str, Location]]:
        """List (its label, location): its department's, else its own."""
        place = (self.department and self.department.branch) or self.branch
        return [(self.label, place)] if place else []


def _mentions(requisition: Mapping[str, Any]) -> list[Mention]:
    return [
        *mention("location", requisition.get("branch")),
        *mentions_of_department(requisition.get("department")),
        *mention("currency", requisition.get("currency")),
    ]
