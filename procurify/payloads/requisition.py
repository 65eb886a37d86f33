"""Requisitions: what people asked to buy. Their lines are order items.

Source: Procurify API reference (edition of March 2024), "List orders" of the global
view; the numbers of a log's action come from the edition of 2026. There is no detail.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from .embedded import full_name, fullest, mention, mentions_of_department
from .master_data import Currency, Department, Keyed, Location
from .values import Reader, Stated

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator, Mapping
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


@dataclass(frozen=True, slots=True)
class Requisition(Keyed):
    """A requisition; ``id`` is its number, and ``total`` is in ``currency``.

    The dates are calendar days as written.
    """

    id: int
    uuid: str
    description: str
    status: Stated
    date: datetime.date | None
    date_required: datetime.date | None
    modified: datetime.datetime | None
    requester_name: str
    requester_email: str
    department: Department | None
    branch: Location | None
    currency: Currency | None
    total: Decimal | None
    approver_name: str
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Requisition:
        """Read a row of the list.

        :raises InvalidPayload: no number, or a value of the wrong type
        """
        return cls.read(Reader(data))

    @classmethod
    def read(cls, source: Reader) -> Requisition:
        """Read a requisition with ``source``, which notes what is left empty."""
        spare = source.spare
        requester = spare.embedded("user")
        department = source.embedded("department")
        branch, currency = source.embedded("branch"), source.embedded("currency")
        return cls(
            id=source.integer("num"),
            uuid=source.uuid("uuid"),
            description=spare.text("description"),
            status=source.stated("status"),
            date=source.day("date"),
            date_required=spare.day("dateRequired"),
            modified=spare.instant("dateModified"),
            requester_name=full_name(requester),
            requester_email=requester.spare.text("email") if requester else "",
            department=Department.read(department) if department else None,
            branch=Location.read(branch) if branch else None,
            currency=Currency.read(currency) if currency else None,
            total=source.decimal("totalPrice"),
            approver_name=_approver_name(source),
            raw=source.data,
        )

    @property
    def code(self) -> str:
        """The number, which is all that people call it."""
        return str(self.id)

    @property
    def label(self) -> str:
        """The kind and the number: "Requisition 7265"."""
        return f"Requisition {self.id}"

    def references(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield (resource, external id, object as sent) of what it mentions."""
        return fullest(_mentions(self.raw))

    def line_locations(self) -> Iterator[tuple[str, Location]]:
        """Yield (its label, location): its department's, else its own."""
        place = (self.department and self.department.branch) or self.branch
        if place:
            yield self.label, place


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


def _mentions(requisition: Mapping[str, Any]) -> Iterator[Mention]:
    yield from mention("location", requisition.get("branch"))
    yield from mentions_of_department(requisition.get("department"))
    yield from mention("currency", requisition.get("currency"))
