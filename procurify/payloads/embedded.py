"""What documents embed: their coding, people, and copies of master data.

Source: Procurify API reference (edition of March 2024): an account is one account code
of one department, and a department stands at one branch, which is a location.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import InvalidPayload
from .master_data import AccountCode, Department, Location
from .values import Payload, Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from decimal import Decimal

    Mention = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Allocation(Payload):
    """A share of a line or cost on one account code of one department.

    ``amount`` is in the document's currency. Whether the shares add up to the net or to
    the gross amount is not documented: use them as weights.
    """

    id: int | None
    account_code: AccountCode | None
    department: Department | None
    amount: Decimal

    @classmethod
    def read(cls, source: Reader, account_field: str = "budget") -> Allocation:
        """Read one entry of ``cost_allocations`` or ``spend_allocation``.

        :param account_field: where the account is: bills say ``budget``
        :raises InvalidPayload: no amount, or a value of the wrong type
        """
        amount = source.required_decimal("amount")
        account = source.child(account_field)
        return cls.of_account(account, amount, source.spare.optional_integer("id"))

    @classmethod
    def of_account(
        cls, account: Reader | None, amount: Decimal, number: int | None = None
    ) -> Allocation:
        """Put ``amount`` on an account, as far as that is known."""
        code = account.child("account_code") if account else None
        department = account.child("department") if account else None
        return cls(
            id=number,
            account_code=AccountCode.read(code) if code else None,
            department=Department.read(department) if department else None,
            amount=amount,
        )


def locations(
    text: str, allocations: Iterable[Allocation | None]
) -> Iterator[tuple[str, Location]]:
    """Yield ``text`` with the location of each share that is coded at one."""
    for allocation in allocations:
        department = allocation.department if allocation else None
        if department and department.branch:
            yield text, department.branch


def full_name(user: Reader | None) -> str:
    """Name a user: first and last name, else the address, else ""."""
    if user is None:
        return ""
    user = user.spare
    name = f"{user.text('firstName')} {user.text('lastName')}".strip()
    return name or user.text("email")


# === MENTIONS === #


def mention(resource: str, data: object) -> Iterator[Mention]:
    """Yield an embedded object with its resource; nothing if it is none."""
    if isinstance(data, dict) and data.get("id") is not None:
        yield resource, data


def mention_if_readable(
    resource: str, data: object, payload: type[Payload]
) -> Iterator[Mention]:
    """Yield an embedded object that nobody needs, unless it cannot be read."""
    if isinstance(data, dict):
        with suppress(InvalidPayload):
            payload.read(Reader(data))
            yield from mention(resource, data)


def mentions_of_account(account: object) -> Iterator[Mention]:
    """Yield the location, department and account code of an account."""
    if isinstance(account, dict):
        yield from mentions_of_department(account.get("department"))
        yield from mention("account_code", account.get("account_code"))


def mentions_of_department(department: object) -> Iterator[Mention]:
    """Yield the location of a department, then the department."""
    if isinstance(department, dict):
        yield from mention("location", department.get("branch"))
        yield from mention("department", department)


def fullest(mentions: Iterable[Mention]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield (resource, external id, object as sent), each object once.

    Of several copies the one with the most fields: some places embed a short form.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for resource, data in mentions:
        key = (resource, str(data["id"]))
        if len(data) > len(found.get(key, ())):
            found[key] = data
    for (resource, external_id), data in found.items():
        yield resource, external_id, data
