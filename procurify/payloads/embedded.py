"""What documents embed: coding, people, files, custom fields, master data.

Source: Procurify API reference (edition of March 2024): an account is one account code
of one department, and a department stands at one branch, which is a location. A value
of a custom field may be of any JSON type. What kind of address the ``file`` of an
attachment holds is not documented.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import InvalidPayload
from .master_data import AccountCode, Department, Location
from .values import (
    Payload,
    Reader,
    clean_text,
    computed,
    payload,
    short_key,
    spare,
    strict,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    Mention = tuple[str, dict[str, Any]]
    from collections.abc import Mapping


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
) -> list[tuple[str, Location]]:
    """List ``text`` with the location of each share that is coded at one."""
    departments = (each.department for each in allocations if each)
    return [(text, each.branch) for each in departments if each and each.branch]


# === MENTIONS === #


def mention(resource: str, data: object) -> list[Mention]:
    """List an embedded object with its resource; nothing if it is none."""
    if isinstance(data, dict) and data.get("id") is not None:
        return [(resource, data)]
    return []


def mention_if_readable(
    resource: str, data: object, payload: type[Payload]
) -> list[Mention]:
    """List an embedded object that nobody needs, unless it cannot be read."""
    if isinstance(data, dict):
        with suppress(InvalidPayload):
            payload.read(Reader(data))
            return mention(resource, data)
    return []


def mentions_of_account(account: object) -> list[Mention]:
    """List the location, department and account code of an account."""
    if not isinstance(account, dict):
        return []
    return [
        *mentions_of_department(account.get("department")),
        *mention("account_code", account.get("account_code")),
    ]


def mentions_of_department(department: object) -> list[Mention]:
    """List the location of a department, then the department."""
    if not isinstance(department, dict):
        return []
    return [
        *mention("location", department.get("branch")),
        *mention("department", department),
    ]


def fullest(mentions: Iterable[Mention]) -> list[tuple[str, str, dict[str, Any]]]:
    """List (resource, external id, object as sent), each object once.

    Of several copies the one with the most fields: some places embed a short form.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for resource, data in mentions:
        key = (resource, str(data["id"]))
        if len(data) > len(found.get(key, ())):
            found[key] = data
    return [(*key, data) for key, data in found.items()]


def _address(source: Reader) -> str:
    is_old = source.data.get("file") is None
    return source.required_text("attachment" if is_old else "file")


@payload
class Attachment(Payload):
    """One file; ``file`` is its address, absolute or relative to the tenant's.

    ``length`` is in bytes. Older files of order lines have neither a UUID nor a
    length, type or hash.
    """

    id: int | None = strict(Reader.optional_integer)
    uuid: str = strict(Reader.uuid)
    file: str = computed(_address)
    name: str = spare(Reader.text)
    mimetype: str = spare(Reader.word)
    length: int | None = spare(Reader.optional_integer)
    sha1_hash: str = spare(Reader.word)

    @property
    def external_id(self) -> str:
        """What identifies this file: the UUID, else its number, else ""."""
        if self.uuid or self.id is None:
            return self.uuid
        return f"id-{self.id}"

    @property
    def code(self) -> str:
        """A file has no code."""
        return ""

    @property
    def label(self) -> str:
        """The name, else the last part of the address."""
        return self.name or self.file.split("?")[0].rstrip("/").rpartition("/")[2]


def read_attachments(source: Reader, name: str) -> list[Attachment]:
    """List the files of the list ``name``; an entry that cannot be read is no file."""
    given = source.data.get(name)
    if not given or not isinstance(given, list):
        return []  # a bill has a text where an order has the older list
    entries = source.spare.children(name)
    found = (source.if_readable(Attachment.read, entry) for entry in entries)
    return [each for each in found if each and each.file and each.external_id]


def read_slips(lines: Iterable[Reader], name: str) -> list[Attachment]:
    """List the packing slips of lines; a number has no address, and is no file."""
    found = []
    for line in lines:
        slips = line.data.get(name)
        if isinstance(slips, list) and any(isinstance(slip, dict) for slip in slips):
            found += read_attachments(line, name)
    return found


def each_once(attachments: Iterable[Attachment]) -> tuple[Attachment, ...]:
    """Skip files that came before."""
    found: dict[str, Attachment] = {}
    for attachment in attachments:
        found.setdefault(attachment.external_id, attachment)
    return tuple(found.values())


@payload
class CustomValue(Payload):
    """A value of the custom field ``field``, whose label is ``field_label``."""

    field: int = strict(Reader.integer)
    field_label: str = spare(Reader.text)
    name: str = strict(Reader.required_text)

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads."""
        return {
            "field": self.field,
            "field_label": self.field_label,
            "name": self.name,
        }

    @property
    def external_id(self) -> str:
        """The synthetic key: "North" and "north " are one value of a field."""
        return short_key(f"{self.field}:{self.name.strip().casefold()}")

    @property
    def code(self) -> str:
        """A value has no code."""
        return ""

    @property
    def label(self) -> str:
        """What people read: "Project / Line 4"."""
        return f"{self.field_label} / {self.name}" if self.field_label else self.name


# Of a choice that is sent as an object.
_NAMES = ("name", "label", "value")
_DEEPEST = 10  # levels of a value that are read


@dataclass(frozen=True, slots=True)
class CustomField:
    """A field that has a value: the field's number and label, and the value.

    ``value`` is True, False or a text.
    """

    id: int | None
    label: str
    value: str | bool


def custom_fields(source: Mapping[str, Any]) -> list[CustomField]:
    """List the custom fields of a document or a line that have a value.

    What cannot be read is skipped.
    """
    found: list[CustomField] = []
    if not source.get("custom_fields"):
        return found
    for entry in Reader(dict(source)).spare.children("custom_fields"):
        field = entry.spare.child("field")
        value = _value(entry.data.get("value"))
        if field is None or value == "":
            continue
        label = field.spare.text("field_label") or field.spare.text("name")
        found.append(CustomField(field.spare.optional_integer("id"), label, value))
    return found


def _value(value: object) -> str | bool:
    return value if isinstance(value, bool) else _text(value)


def _text(value: object, depth: int = 0) -> str:
    if value is None or depth > _DEEPEST:
        return ""
    if isinstance(value, list):
        return ", ".join(filter(None, (_text(each, depth + 1) for each in value)))
    if isinstance(value, dict):
        named = next((value[name] for name in _NAMES if value.get(name)), None)
        if named is not None:
            return _text(named, depth + 1)
        texts = ((key, _text(each, depth + 1)) for key, each in value.items())
        return ", ".join(f"{key}: {text}" for key, text in texts)
    return clean_text(str(value)).strip()
