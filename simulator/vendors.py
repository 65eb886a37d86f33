"""The vendors: invented names in several scripts, twins, retired ones, odd types."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from . import tenant_time
from .manufacturer import DOMAIN, PAYMENT_TERMS, PEOPLE
from .model import Vendor

OTHER, PUNCHOUT, PREFERRED, REGULAR, EMPLOYEE, CARD_ISSUER, CHECKOUT = range(1, 8)
OTHER_ID: Final = 1
TWIN_NAME: Final = "Kestrel Industrial Supply"


@dataclass(frozen=True, slots=True)
class Seed:
    """What the catalogue fixes about a vendor; the rest is drawn."""

    name: str
    city: str
    country: str
    currency_id: int | None = None
    type: int = PREFERRED
    active: bool = True
    nameless: bool = False


SEEDS = (
    Seed("Müller & Söhne Wälzlager GmbH", "Zürich", "Switzerland", 3),
    Seed("Ferretería Niño Hermanos, S.A.", "Monterrey", "Mexico", 1),
    Seed("Éclair Façonnage SARL", "Besançon", "France", 3),
    Seed("三河精密工業株式会社", "Okazaki", "Japan", 1),
    Seed("עוגן פלדה בע״מ", "Haifa", "Israel", 1),
    Seed("Ångström Mätteknik AB", "Västerås", "Sweden", 3),
    Seed("Łącznik Stalowy Sp. z o.o.", "Łódź", "Poland", 3),
    Seed("O'Dowd & Daughters Tooling", "Spokane", "United States", 1),
    Seed("Bay of Fundy Freight Ltd.", "Saint John", "Canada", 2),
    Seed("Atelier Beauséjour Inc.", "Moncton", "Canada", 2),
    Seed("Puget Abrasives", "Everett", "United States", 1, REGULAR),
    Seed("Rio Norte Coatings LLC", "Laredo", "United States", 1, REGULAR),
    Seed("Sawtooth Crane Services", "Boise", "United States", None),
    Seed("Harbour Lights Electric Co.", "Tacoma", "United States", 1),
    Seed("Kolbe Schmierstoffe KG", "Karlsruhe", "Germany", 3),
    Seed("Pfälzer Palettenwerk GmbH", "Germersheim", "Germany", 3),
    Seed("Cobalt & Crane Calibration", "Portland", "United States", 1),
    Seed("Greystone Safety Wear", "Yakima", "United States", None, REGULAR),
    Seed("Tidewater Packaging", "Olympia", "United States", 1),
    Seed("Maritime Castings Co-op", "Dieppe", "Canada", 2),
    Seed("Zephyr Compressed Air", "San Antonio", "United States", 1),
    Seed("Marchetti Utensili S.r.l.", "Brescia", "Italy", 3),
    Seed("Ironwood Hydraulics", "Tacoma", "United States", 1),
    Seed("Blue Heron Office Goods", "Seattle", "United States", 1, REGULAR),
    Seed("Quill & Quoin Software", "Seattle", "United States", 1),
    Seed("Ludlow Rail & Road", "Chicago", "United States", 1),
    Seed("Meridian Metrology", "Austin", "United States", None),
    Seed("Parcelwise Market (PunchOut)", "Reno", "United States", 1, PUNCHOUT),
    Seed("Swiftcart Checkout", "Reno", "United States", 1, CHECKOUT),
    Seed("Old Quarry Gravel - DO NOT USE", "Yelm", "United States", 1, REGULAR),
    Seed(TWIN_NAME, "Tacoma", "United States", 1, nameless=True),
    Seed(TWIN_NAME, "Houston", "United States", 1, REGULAR, nameless=True),
    Seed("Deerfield Castings (closed)", "Elgin", "United States", 1, active=False),
    Seed("Vogt Zerspanung e.K.", "Speyer", "Germany", 3, active=False),
    Seed("Pinnacle Card Services", "Wilmington", "United States", 1, CARD_ISSUER),
)
FIRST_WORDS = ("Alder", "Birch", "Cedar", "Delta", "Ember", "Falcon", "Heron")
SECOND_WORDS = ("Bolt", "Gauge", "Cable", "Forge", "Valve", "Chain", "Weld", "Pump")
LAST_WORDS = ("Supply", "Works", "Partners", "Trading", "Service")


@dataclass(frozen=True, slots=True)
class VendorBook:
    """All vendors by id, and who is drawn for which sort of bill."""

    by_id: dict[int, Vendor]
    ordinary: tuple[int, ...]
    inactive: tuple[int, ...]
    twins: tuple[int, ...]
    employees: tuple[int, ...]
    card_issuers: tuple[int, ...]


def make_vendors(bills: int, seed: int, last_day: date) -> VendorBook:
    """Return the vendors of a company with that many bills."""
    rng = random.Random(f"vendors/{seed}")
    seeds = [*SEEDS, *_employees(), *_further(max(0, bills - 60) // 40)]
    by_id = {OTHER_ID: Vendor(OTHER_ID, "OTHER", OTHER, _stamp(rng, last_day))}
    next_id = 40
    for position, entry in enumerate(seeds):
        next_id += rng.randint(1, 4)
        by_id[next_id] = _vendor(next_id, position, entry, rng, last_day)
    live = [v for v in by_id.values() if v.active and v.name != TWIN_NAME]
    return VendorBook(
        by_id=by_id,
        ordinary=_ids(live, PUNCHOUT, PREFERRED, REGULAR, CHECKOUT),
        inactive=tuple(v.id for v in by_id.values() if not v.active),
        twins=tuple(v.id for v in by_id.values() if v.name == TWIN_NAME),
        employees=_ids(live, EMPLOYEE),
        card_issuers=_ids(live, CARD_ISSUER),
    )


def _ids(vendors: list[Vendor], *types: int) -> tuple[int, ...]:
    return tuple(vendor.id for vendor in vendors if vendor.type in types)


def _employees() -> list[Seed]:
    return [
        Seed(f"{p.first_name} {p.last_name}", "Tacoma", "United States", 1, EMPLOYEE)
        for p in PEOPLE[:4]
    ]


def _further(count: int) -> list[Seed]:
    """Return more vendors for a larger company, all with different names."""
    found = []
    for number in range(count):
        rest, last = divmod(number, len(LAST_WORDS))
        rest, second = divmod(rest, len(SECOND_WORDS))
        rest, first = divmod(rest, len(FIRST_WORDS))
        name = f"{FIRST_WORDS[first]} {SECOND_WORDS[second]} {LAST_WORDS[last]}"
        if rest:
            name = f"{name} {rest + 1}"
        found.append(Seed(name, "Spokane", "United States", 1, REGULAR))
    return found


def _stamp(rng: random.Random, last_day: date) -> datetime:
    day = last_day - timedelta(days=rng.randint(30, 700))
    instant = tenant_time.at(day, rng.randint(7, 18), rng.randint(0, 59))
    return instant.replace(microsecond=rng.choice((0, 120000, 902113)))


def _vendor(
    vendor_id: int, position: int, entry: Seed, rng: random.Random, last_day: date
) -> Vendor:
    anonymous = entry.nameless
    return Vendor(
        id=vendor_id,
        name=entry.name,
        type=entry.type,
        modified=_stamp(rng, last_day),
        active=entry.active,
        email=None if anonymous else _email(vendor_id, position, entry),
        external_id=None if anonymous or position % 3 else f"V-{vendor_id:05d}",
        currency_id=entry.currency_id,
        payment_term=rng.choice((None, *PAYMENT_TERMS)),
        street=f"{rng.randint(1, 999)} Mill Lane",
        city=entry.city,
        postal_code=f"{rng.randint(10000, 98999)}",
        country=entry.country,
    )


def _email(vendor_id: int, position: int, entry: Seed) -> str | None:
    if entry.type == EMPLOYEE:
        return f"person{vendor_id}@{DOMAIN}"
    return f"orders@vendor-{vendor_id}.example" if position % 5 else None
