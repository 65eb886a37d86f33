"""Currencies, account codes, locations, departments and vendors.

Every class is read both from its own list and from where a document embeds it, so only
the id and the name (or code) are required. Unknown fields and unknown numbers of an
enumeration are kept out of the way, not refused.

Source: Procurify API reference (edition of March 2024), "List currencies", "List
account codes", "List locations", "List departments", "List vendors".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from ..errors import InvalidPayload
from .values import Reader, clean_text, short_key

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal


class VendorType(IntEnum):
    """Kinds of vendor that are documented; :attr:`Vendor.type` may hold others."""

    OTHER = 1
    PUNCHOUT = 2
    PREFERRED = 3
    REGULAR = 4
    EMPLOYEE = 5
    CARD_PROVIDER = 6
    CHECKOUT = 7


def currency_code(name: str) -> str:
    """Bring the free text of a currency's name to the form of an ISO code."""
    return name.strip().upper()


class Keyed:
    """What Procurify knows by a number."""

    __slots__ = ()
    id: int

    @property
    def external_id(self) -> str:
        """Procurify's key, as text."""
        return str(self.id)


class Named(Keyed):
    """What people know by a name."""

    __slots__ = ()
    name: str

    @property
    def label(self) -> str:
        """What a person reads."""
        return self.name


@dataclass(frozen=True, slots=True)
class Currency(Named):
    """A currency and the rate that an administrator typed (not a market rate)."""

    id: int
    name: str
    rate: Decimal | None
    base: bool
    active: bool
    description: str

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Currency:
        """Read a currency of the list or of a document.

        :raises InvalidPayload: no id, no name, or a value of the wrong type
        """
        return cls.read(Reader(data))

    @classmethod
    def read(cls, source: Reader) -> Currency:
        """Read a currency where it stands in a larger payload."""
        return cls(
            id=source.integer("id"),
            name=source.required_text("name"),
            rate=source.decimal("rate"),
            base=source.boolean("base", missing=False),
            active=source.boolean("active", missing=True),
            description=source.text("description"),
        )

    @property
    def code(self) -> str:
        """The ISO code, as far as the name is one."""
        return currency_code(self.name)


def embedded_currency(source: Reader) -> str:
    """Read the code of an embedded currency; "" if only its id is there."""
    currency = source.data.get("currency")
    if not isinstance(currency, dict):
        return ""
    return currency_code(Reader(currency, source.at("currency")).text("name"))


@dataclass(frozen=True, slots=True)
class AccountCode(Keyed):
    """An account of Procurify's chart; ``parent`` is the id of another one.

    ``account_type``: 0 assets, 1 liability, 2 expense, 3 income, 4 equity, 5 other.
    """

    id: int
    code: str
    description: str
    account_type: int | None
    active: bool
    parent: int | None

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> AccountCode:
        """Read an account code of the list or of a document.

        :raises InvalidPayload: no id, no code, or a value of the wrong type
        """
        return cls.read(Reader(data))

    @classmethod
    def read(cls, source: Reader) -> AccountCode:
        """Read an account code where it stands in a larger payload."""
        return cls(
            id=source.integer("id"),
            code=source.required_text("code"),
            description=source.text("description"),
            account_type=source.optional_integer("account_type"),
            active=source.boolean("active", missing=True),
            parent=source.optional_integer("parent"),
        )

    @property
    def label(self) -> str:
        """Code and description: "6200 Computer equipment"."""
        return f"{self.code} {self.description}".strip()


@dataclass(frozen=True, slots=True)
class Location(Named):
    """A site of the company, which a department calls its branch.

    ``code`` is the identifier that the company gave it elsewhere (Procurify's
    ``external_id``), or "". ``timezone`` is the name of the site's time zone.
    """

    id: int
    name: str
    active: bool
    code: str
    currency_name: str
    timezone: str
    headquarter: bool

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Location:
        """Read a location of the list, or the branch of a department.

        :raises InvalidPayload: no id, no name, or a value of the wrong type
        """
        return cls.read(Reader(data))

    @classmethod
    def read(cls, source: Reader) -> Location:
        """Read a location where it stands in a larger payload."""
        return cls(
            id=source.integer("id"),
            name=source.required_text("name"),
            active=source.boolean("active", missing=True),
            code=source.text("external_id"),
            currency_name=embedded_currency(source),
            timezone=source.text("locationTimezone"),
            headquarter=source.boolean("headquarter", missing=False),
        )


Branch = Location


@dataclass(frozen=True, slots=True)
class Department(Named):
    """A department of one location; two locations may use the same name.

    ``code`` is the identifier that the company gave it elsewhere, or "".
    """

    id: int
    name: str
    active: bool
    code: str
    branch: Location | None

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Department:
        """Read a department of the list or of a document.

        :raises InvalidPayload: no id, no name, or a value of the wrong type
        """
        return cls.read(Reader(data))

    @classmethod
    def read(cls, source: Reader) -> Department:
        """Read a department where it stands in a larger payload."""
        branch = source.child("branch")
        return cls(
            id=source.integer("id"),
            name=source.required_text("name"),
            active=source.boolean("active", missing=True),
            code=source.text("external_id"),
            branch=Location.read(branch) if branch else None,
        )

    @property
    def label(self) -> str:
        """Location and department: "Zürich HQ / IT"."""
        return f"{self.branch.name} / {self.name}" if self.branch else self.name


@dataclass(frozen=True, slots=True)
class PaymentTerm:
    """A payment term, known by its name only: its days are not in the API.

    Where a document states it as text it has no ``id``.
    """

    id: int | None
    name: str

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> PaymentTerm:
        """Read the payment term that a vendor embeds.

        :raises InvalidPayload: no name, or a value of the wrong type
        """
        return cls.read(Reader(data))

    @classmethod
    def read(cls, source: Reader) -> PaymentTerm:
        """Read a payment term where it stands in a larger payload."""
        return cls(id=source.optional_integer("id"), name=source.required_text("name"))

    @property
    def external_id(self) -> str:
        """Procurify's key, as text; without one, the name in small letters."""
        named = short_key(f"name:{self.name.casefold()}")
        return named if self.id is None else str(self.id)

    @property
    def code(self) -> str:
        """The name: there is no other identifier."""
        return self.name

    @property
    def label(self) -> str:
        """What a person reads."""
        return self.name


@dataclass(frozen=True, slots=True)
class Vendor(Named):
    """A supplier. Names are not unique and the country is free text.

    ``code`` is the identifier that the company gave it elsewhere, or "".
    Bank details are left out on purpose: they are neither needed nor to be kept.
    """

    id: int
    name: str
    active: bool
    type: int | None
    code: str
    emails: tuple[str, ...]
    phone_one: str
    phone_two: str
    url: str
    contact: str
    address_line_one: str
    address_line_two: str
    postal_code: str
    city: str
    state_province: str
    country: str
    currency_id: int | None
    payment_term: PaymentTerm | None
    comments: str
    modified: datetime | None

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Vendor:
        """Read a vendor of the list or of a document.

        :raises InvalidPayload: no id, no name, or a value of the wrong type
        """
        return cls.read(Reader(data))

    @classmethod
    def read(cls, source: Reader) -> Vendor:
        """Read a vendor where it stands in a larger payload."""
        term = source.child("payment_term_ref")
        return cls(
            id=source.integer("id"),
            name=source.required_text("name"),
            active=source.boolean("active", missing=True),
            type=source.optional_integer("type"),
            code=source.text("external_id"),
            emails=_emails(source),
            phone_one=source.text("phoneOne"),
            phone_two=source.text("phoneTwo"),
            url=source.text("url"),
            contact=source.text("contact"),
            address_line_one=source.text("addressLineOne"),
            address_line_two=source.text("addressLineTwo"),
            postal_code=source.text("postalCode"),
            city=source.text("city"),
            state_province=source.text("state_province"),
            country=source.text("country"),
            currency_id=source.optional_integer("currency"),
            payment_term=PaymentTerm.read(term) if term else None,
            comments=source.text("comments"),
            modified=source.instant("dateModified"),
        )


def _emails(source: Reader) -> tuple[str, ...]:
    """Read the list of addresses; one address as plain text is accepted as well."""
    value = source.data.get("email")
    if isinstance(value, str):
        value = value.replace(";", ",").split(",")
    if not isinstance(value, (list, type(None))):
        raise InvalidPayload(source.at("email"), "not a list")
    addresses = []
    for index, address in enumerate(value or ()):
        if not isinstance(address, str):
            raise InvalidPayload(f"{source.at('email')}[{index}]", "not a text")
        addresses.append(clean_text(address).strip())
    return tuple(dict.fromkeys(filter(None, addresses)))
