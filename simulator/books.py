"""What the company's Odoo holds: what a controller has set up before the first sync."""

from __future__ import annotations

from typing import Final

from .manufacturer import (
    ACCOUNT_CODES,
    BOOK_CURRENCIES,
    CURRENCIES,
    DEPARTMENTS,
    GOODS,
    LOCATIONS,
    TAXES,
)
from .vendors import TWIN_NAME

ACCOUNTS: Final = frozenset(a.code for a in ACCOUNT_CODES if a.book_type)
COST_CENTRES: Final = frozenset(d.id for d in DEPARTMENTS if d.in_books)
# Units are free text in Procurify; these are known to Odoo, by some name.
UNITS: Final = frozenset(unit for goods in GOODS.values() for _t, unit, _l, _h in goods)
TAX_IDS: Final = frozenset(t.id for t in TAXES if t.in_books)


def books() -> dict[str, object]:
    """Return the books as plain JSON values; amounts and rates are strings.

    A rate is the number of units of the currency for one unit of the base currency.
    A department's code is the `external_id` that Procurify shows for it.
    """
    return {
        "accounts": [
            {"code": a.code, "name": a.description, "account_type": a.book_type}
            for a in ACCOUNT_CODES
            if a.book_type
        ],
        "cost_centres": _cost_centres(),
        "taxes": [
            {"name": t.name, "amount": str(t.percentage), "price_include": t.inclusive}
            for t in TAXES
            if t.in_books
        ],
        "currencies": list(BOOK_CURRENCIES),
        "rates": {
            c.name: str(c.rate.normalize())
            for c in CURRENCIES
            if c.name in BOOK_CURRENCIES and not c.base
        },
        "units": sorted(UNITS),
        "partners": [{"name": TWIN_NAME, "ref": None, "email": None}],
    }


def _cost_centres() -> list[dict[str, object]]:
    plants = {location.id: location.name for location in LOCATIONS}
    found: list[dict[str, object]] = [
        {"code": place.external_id, "name": place.name, "plan": "location"}
        for place in LOCATIONS
    ]
    found += [
        {
            "code": department.external_id,
            "name": f"{plants[department.location_id]} / {department.name}",
            "plan": "department",
        }
        for department in DEPARTMENTS
        if department.in_books
    ]
    return found
