"""The catalogue that people may order from; most of what they order is free text."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from .manufacturer import GOODS, USD
from .model import CatalogItem

if TYPE_CHECKING:
    from .vendors import VendorBook

FIRST_ID: Final = 301
# Text, unit, code, price: what is not among the goods that bills are drawn from.
FURTHER: Final = (
    ("Hex bolt M12×40, 8.8", "box", "5110", "31.40"),
    ("O-ring 24×3 NBR", "each", "5110", "0.085"),
    ("Timing belt HTD 8M", "each", "5110", "46.9"),
    ("End mill, solid carbide Ø8", "each", "5120", "58.75"),
    ("Grinding wheel 350×40", "each", "5120", "112"),
    ("Hydraulic oil HLP 46", "drum", "6030", "318.5"),
    ("Slideway grease", "can", "6030", "24.9"),
    ("Ear plugs", "box", "6200", "36.2"),
    ("Face shield", "each", "6200", "22.35"),
    ("Stretch film 500 mm", "roll", "6300", "11.27"),
    ("Edge protector, cardboard", "each", "6300", "0.4125"),
    ("Label, thermal 100×150", "roll", "6500", "9.6"),
    ("Toner, black", "each", "6500", "74"),
    ("Barcode reader", "each", "6420", "189"),
    ("צבע תעשייתי כחול", "can", "6020", "41.5"),
    ("Paint stripper – 5 l, „Profi“ 🎨", "can", "6020", "38.75"),
)


def make_catalogue(seed: int, vendors: VendorBook) -> dict[int, CatalogItem]:
    """Return the catalogue by id: some items lack a number, a unit, a description."""
    rng = random.Random(f"catalogue/{seed}")
    known = [
        (text, unit, code, str(Decimal(low + high) / 2))
        for code, goods in GOODS.items()
        for text, unit, low, high in goods
        if code != "6999"
    ]
    found: dict[int, CatalogItem] = {}
    for position, (text, unit, code, price) in enumerate((*known, *FURTHER)):
        number = FIRST_ID + position
        found[number] = CatalogItem(
            id=number,
            name=text,
            price=Decimal(price),
            currency_id=USD.id,
            code=code,
            vendor_id=rng.choice(vendors.ordinary),
            sku=f"HB-{code}-{number}" if position % 3 else "",
            unit=unit if position % 7 else "",
            description=f"{text}, as kept in stock" if position % 4 == 1 else None,
        )
    return found
