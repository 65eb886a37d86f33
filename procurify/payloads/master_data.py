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

from .values import Reader, Stated, clean_text, short_key

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
        spare = source.spare
        return cls(
            id=source.integer("id"),
            name=source.required_text("name"),
            rate=spare.decimal("rate"),
            base=spare.boolean("base", missing=False),
            active=spare.boolean("active", missing=True),
            description=spare.text("description"),
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
        spare = source.spare
        return cls(
            id=source.integer("id"),
            code=source.required_text("code"),
            description=spare.text("description"),
            account_type=spare.optional_integer("account_type"),
            active=spare.boolean("active", missing=True),
            # Lists give its id; some documents embed it, of two tiers.
            parent=spare.reference("parent"),
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
        spare = source.spare
        return cls(
            id=source.integer("id"),
            name=source.required_text("name"),
            active=spare.boolean("active", missing=True),
            code=spare.text("external_id"),
            currency_name=source.if_readable(embedded_currency, source) or "",
            timezone=spare.text("locationTimezone"),
            headquarter=spare.boolean("headquarter", missing=False),
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
        branch, spare = source.child("branch"), source.spare
        return cls(
            id=source.integer("id"),
            name=source.required_text("name"),
            active=spare.boolean("active", missing=True),
            code=spare.text("external_id"),
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

    ``code`` is the identifier that the company gave it elsewhere, or "". ``status``
    is not documented: a vendor that somebody only asked for may have one.
    Bank details are excluded on purpose: they are not needed and must not be kept.
    """

    id: int
    name: str
    active: bool
    type: Stated
    status: Stated
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
        spare = source.spare
        term = spare.child("payment_term_ref")
        return cls(
            id=source.integer("id"),
            name=source.required_text("name"),
            active=spare.boolean("active", missing=True),
            type=_vendor_type(source),
            status=source.stated("status"),
            code=spare.text("external_id"),
            emails=_emails(source),
            phone_one=spare.text("phoneOne"),
            phone_two=spare.text("phoneTwo"),
            url=spare.text("url"),
            contact=spare.text("contact"),
            address_line_one=spare.text("addressLineOne"),
            address_line_two=spare.text("addressLineTwo"),
            postal_code=spare.text("postalCode"),
            city=spare.text("city"),
            state_province=spare.text("state_province"),
            country=spare.text("country"),
            currency_id=spare.reference("currency"),
            payment_term=source.if_readable(PaymentTerm.read, term) if term else None,
            comments=spare.text("comments"),
            modified=spare.instant("dateModified"),
        )


# The later edition of the specification calls them so in its filters.
_VENDOR_WORDS: dict[Stated, VendorType] = {
    "other": VendorType.OTHER,
    "amazon_punchout": VendorType.PUNCHOUT,
    "preferred": VendorType.PREFERRED,
    "regular": VendorType.REGULAR,
    "employee": VendorType.EMPLOYEE,
    "cc_provider": VendorType.CARD_PROVIDER,
    "checkout": VendorType.CHECKOUT,
}


def _vendor_type(source: Reader) -> Stated:
    """Read what kind of vendor this is; a vendor that is only asked for is pending."""
    stated = source.stated("type")
    word = stated.lower() if isinstance(stated, str) else stated
    return _VENDOR_WORDS.get(word, stated)


def _emails(source: Reader) -> tuple[str, ...]:
    """Read the list of addresses; one address as plain text is accepted as well."""
    value = source.data.get("email")
    if isinstance(value, str):
        value = value.replace(";", ",").split(",")
    if not isinstance(value, (list, type(None))):
        source.unread.append(source.at("email"))
        return ()
    addresses = []
    for index, address in enumerate(value or ()):
        if isinstance(address, str):
            addresses.append(clean_text(address).strip())
        else:
            source.unread.append(f"{source.at('email')}[{index}]")
    return tuple(dict.fromkeys(filter(None, addresses)))
