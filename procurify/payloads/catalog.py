"""What can be ordered: catalog items, and the units that documents name.

Source: Procurify API reference (edition of March 2024), "List catalog items". There is
no stamp of the last change and no list of units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import InvalidPayload
from .master_data import AccountCode, Named, embedded_currency
from .values import Reader, short_key

if TYPE_CHECKING:
    from decimal import Decimal


@dataclass(frozen=True, slots=True)
class CatalogItem(Named):
    """An item of the catalog; ``price`` is per ``unit``, in ``currency_name``.

    The line of an order embeds one in a shorter form.
    """

    id: int
    name: str
    sku: str
    description: str
    unit: str
    price: Decimal | None
    currency_name: str
    account_code: AccountCode | None
    vendor_id: int | None
    url: str

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> CatalogItem:
        """Read a catalog item of the list or of a document.

        :raises InvalidPayload: no id, no name, or a value of the wrong type
        """
        return cls.read(Reader(data))

    @classmethod
    def read(cls, source: Reader) -> CatalogItem:
        """Read a catalog item where it stands in a larger payload."""
        spare = source.spare
        account_code = spare.embedded("account_code")
        return cls(
            id=source.integer("id"),
            name=source.required_text("name"),
            sku=spare.text("internalSKU"),
            description=spare.text("description"),
            unit=spare.text("unitType"),
            price=spare.decimal("price"),
            currency_name=source.if_readable(embedded_currency, source) or "",
            account_code=source.if_readable(AccountCode.read, account_code)
            if account_code
            else None,
            vendor_id=spare.reference("pref_vendor"),
            url=spare.text("product_url"),
        )

    @property
    def code(self) -> str:
        """The company's own identifier of the item, or ""."""
        return self.sku


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as documents name it, in free text: Procurify has no list of units."""

    name: str

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Unit:
        """Read a staged unit.

        :raises InvalidPayload: no name
        """
        return cls.read(Reader(data))

    @classmethod
    def read(cls, source: Reader) -> Unit:
        """Read a unit where it stands in a larger payload."""
        name = source.required_text("name")
        if not name:
            raise InvalidPayload(source.at("name"), "missing")
        return cls(name)

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
