"""What can be ordered: catalog items, and the units that documents name.

Source: Procurify API reference (edition of March 2024), "List catalog items". There is
no stamp of the last change and no list of units.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import InvalidPayload
from .master_data import AccountCode, Named, currency_name_if_readable
from .values import (
    Payload,
    Reader,
    computed,
    if_readable,
    payload,
    short_key,
    spare,
    strict,
)

if TYPE_CHECKING:
    from decimal import Decimal


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
    currency_name: str = computed(currency_name_if_readable)
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
