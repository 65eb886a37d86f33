"""Currencies, account codes, locations, departments, vendors, items and units.

Every class is read both from its own list and from where a document embeds it, so only
the id and the name (or code) are required. Unknown fields and unknown numbers of an
enumeration are kept out of the way, not refused.

Source: Procurify API reference (edition of March 2024), "List currencies", "List
account codes", "List locations", "List departments", "List vendors", "List catalog
items". Items have no stamp of the last change, and units no list.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

from ..errors import InvalidPayload
from .values import (
    Payload,
    Reader,
    SpareReader,
    Stated,
    child,
    clean_text,
    computed,
    if_readable,
    inside,
    payload,
    short_key,
    spare,
    spared,
    spelled,
    strict,
)

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


class Keyed(Payload):
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


@payload
class Currency(Named):
    """A currency and the rate that an administrator typed (not a market rate)."""

    id: int = strict(Reader.integer)
    name: str = strict(Reader.required_text)
    rate: Decimal | None = spare(Reader.decimal)
    base: bool = spare(Reader.is_true)
    active: bool = spare(Reader.is_not_false)
    description: str = spare(Reader.text)

    @property
    def code(self) -> str:
        """The ISO code, as far as the name is one."""
        return currency_code(self.name)


embedded_currency = inside("currency", Reader.iso_code, "name", "", Reader.if_object)
"""Reads the code of an embedded currency; "" if only its id is there."""
_spare_currency = inside(
    "currency", spared(Reader.iso_code), "name", "", Reader.if_object
)
"""Reads the same where no document depends on it."""


@payload
class AccountCode(Keyed):
    """An account of Procurify's chart; ``parent`` is the id of another one.

    ``account_type``: 0 assets, 1 liability, 2 expense, 3 income, 4 equity, 5 other.
    Lists give the parent's id; some documents embed it, of two tiers.
    """

    id: int = strict(Reader.integer)
    code: str = strict(Reader.required_text)
    description: str = spare(Reader.text)
    account_type: int | None = spare(Reader.optional_integer)
    active: bool = spare(Reader.is_not_false)
    parent: int | None = spare(Reader.reference)

    @property
    def label(self) -> str:
        """Code and description: "6200 Computer equipment"."""
        return f"{self.code} {self.description}".strip()


@payload
class Location(Named):
    """A site of the company, which a department calls its branch.

    ``code`` is the identifier that the company gave it elsewhere (Procurify's
    ``external_id``), or "". ``timezone`` is the name of the site's time zone.
    """

    id: int = strict(Reader.integer)
    name: str = strict(Reader.required_text)
    active: bool = spare(Reader.is_not_false)
    code: str = spare(Reader.text, "external_id")
    currency_name: str = strict(_spare_currency)
    timezone: str = spare(Reader.text, "locationTimezone")
    headquarter: bool = spare(Reader.is_true)


Branch = Location


@payload
class Department(Named):
    """A department of one location; two locations may use the same name.

    ``code`` is the identifier that the company gave it elsewhere, or "".
    """

    id: int = strict(Reader.integer)
    name: str = strict(Reader.required_text)
    active: bool = spare(Reader.is_not_false)
    code: str = spare(Reader.text, "external_id")
    branch: Location | None = strict(child(Location))

    @property
    def label(self) -> str:
        """Location and department: "Zürich HQ / IT"."""
        return f"{self.branch.name} / {self.name}" if self.branch else self.name


@payload
class PaymentTerm(Payload):
    """A payment term, known by its name only: its days are not in the API.

    Where a document states it as text it has no ``id``.
    """

    id: int | None = strict(Reader.optional_integer)
    name: str = strict(Reader.required_text)

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads."""
        return {"id": self.id, "name": self.name}

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


# The later edition of the specification calls them so in its filters.
_VENDOR_WORDS: dict[Stated, Stated] = {
    "other": VendorType.OTHER,
    "amazon_punchout": VendorType.PUNCHOUT,
    "preferred": VendorType.PREFERRED,
    "regular": VendorType.REGULAR,
    "employee": VendorType.EMPLOYEE,
    "cc_provider": VendorType.CARD_PROVIDER,
    "checkout": VendorType.CHECKOUT,
}


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


@payload
class Vendor(Named):
    """A supplier. Names are not unique and the country is free text.

    ``code`` is the identifier that the company gave it elsewhere, or "". ``status``
    is not documented: a vendor that somebody only asked for may have one.
    ``is_1099`` says whether payments are reported on form 1099; None: Procurify does
    not say. Bank details are excluded on purpose: they are not needed and must not be
    kept.
    """

    id: int = strict(Reader.integer)
    name: str = strict(Reader.required_text)
    active: bool = spare(Reader.is_not_false)
    type: Stated = strict(spelled(Reader.stated, _VENDOR_WORDS))
    status: Stated = strict(Reader.stated)
    code: str = spare(Reader.text, "external_id")
    emails: tuple[str, ...] = computed(_emails)
    phone_one: str = spare(Reader.text, "phoneOne")
    phone_two: str = spare(Reader.text, "phoneTwo")
    url: str = spare(Reader.text)
    contact: str = spare(Reader.text)
    address_line_one: str = spare(Reader.text, "addressLineOne")
    address_line_two: str = spare(Reader.text, "addressLineTwo")
    postal_code: str = spare(Reader.text, "postalCode")
    city: str = spare(Reader.text)
    state_province: str = spare(Reader.text)
    country: str = spare(Reader.text)
    currency_id: int | None = spare(Reader.reference, "currency")
    payment_term: PaymentTerm | None = spare(
        if_readable(PaymentTerm, SpareReader.child), "payment_term_ref"
    )
    is_1099: bool | None = spare(Reader.is_true_or_unknown, "is_1099_eligible")
    comments: str = spare(Reader.text)
    modified: datetime | None = spare(Reader.instant, "dateModified")


@payload
class CatalogItem(Named):
    """An item of the catalog; ``price`` is per ``unit``, in ``currency_name``.

    The line of an order embeds one in a shorter form.
    """

    id: int = strict(Reader.integer)
    name: str = strict(Reader.required_text)
    sku: str = spare(Reader.text, "internalSKU")
    description: str = spare(Reader.text)
    unit: str = spare(Reader.text, "unitType")
    price: Decimal | None = spare(Reader.decimal)
    currency_name: str = strict(_spare_currency)
    account_code: AccountCode | None = spare(if_readable(AccountCode))
    vendor_id: int | None = spare(Reader.reference, "pref_vendor")
    url: str = spare(Reader.text, "product_url")

    @property
    def code(self) -> str:
        """The company's own identifier of the item, or ""."""
        return self.sku


def _unit_name(source: Reader) -> str:
    name = source.required_text("name")
    if not name:
        raise InvalidPayload(source.at("name"), "missing")
    return name


@payload
class Unit(Payload):
    """A unit as documents name it, in free text: Procurify has no list of units."""

    name: str = computed(_unit_name)

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads."""
        return {"name": self.name}

    @property
    def external_id(self) -> str:
        """The synthetic key: "Each" and "each " are one unit."""
        return short_key(self.name.strip().casefold())

    @property
    def code(self) -> str:
        """A unit has no code in Procurify."""
        return ""

    @property
    def label(self) -> str:
        """What a person reads."""
        return self.name
