"""Traits: every way in which a tenant may differ from what is assumed of all.

A trait is no fault: the tenant is well, and sends what no document forbids. Each is the
other answer to a question of :mod:`procurify.findings`. Some are edits or switches of
their own, as :meth:`.Dataset.receive` and ``all_hides_closed`` are.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from .faults import Reply

BILLS: Final = re.compile(r"/api/v3/ap/bills/")
BILL: Final = re.compile(r"/api/v2/ap/bills/[^/]+/")
BILL_BY_UUID: Final = re.compile(r"/api/v2/ap/bills/[0-9a-f-]{32,36}/")
VENDORS: Final = re.compile(r"/api/v3/vendors/")
ACCOUNT_CODES: Final = re.compile(r"/api/v3/account-codes/")
_EIGHT: Final = Decimal("0.00000001")


@dataclass(frozen=True)
class Trait:
    """One way to differ.

    :param question: of which it gives the other answer
    :param answer: that answer
    :param path: of the answers that it changes
    :param change: takes the ``data`` of an answer, and changes it in place
    """

    question: str
    answer: str
    path: re.Pattern[str]
    change: Callable[[Any], None]


def _each(change: Callable[[dict[str, Any]], None]) -> Callable[[Any], None]:
    def on(rows: Any) -> None:
        for row in rows:
            change(row)

    return on


def _each_item(change: Callable[[dict[str, Any]], None]) -> Callable[[Any], None]:
    return lambda bill: _each(change)(bill["items"])


def _converts_net(bill: dict[str, Any]) -> None:
    gross = Decimal(str(bill["total_cost_with_tax"]))
    net = Decimal(str(bill["total_cost"]))
    if gross:
        converted = Decimal(str(bill["converted_total_cost"])) * net / gross
        bill["converted_total_cost"] = float(round(converted, 2))


def _inverts_rates(bill: dict[str, Any]) -> None:
    currency = bill["currency"]
    if rate := Decimal(currency["rate"]):
        currency["rate"] = f"{1 / rate:.6f}"


def _has_times(bill: dict[str, Any]) -> None:
    for name in ("invoice_date", "due_date", "gl_post_date"):
        if bill.get(name):
            bill[name] = f"{bill[name][:10]}T22:30:00Z"


def _lists_the_day_before(row: dict[str, Any]) -> None:
    if row.get("invoice_date"):
        row["invoice_date"] = "2020-01-01T00:00:00-08:00"


def _ships_apart(bill: dict[str, Any]) -> None:
    shipping = Decimal(str(bill["shipping_amount"] or 0))
    total = Decimal(str(bill["total_cost_with_tax"])) - shipping
    bill["total_cost_with_tax"] = float(total)


def _allocates_gross(item: dict[str, Any]) -> None:
    net, gross = (
        Decimal(str(item[name])) for name in ("total_cost", "total_cost_with_tax")
    )
    for share in item["cost_allocations"] if net else ():
        amount = Decimal(share["amount"]) * gross / net
        share["amount"] = str(amount.quantize(_EIGHT))


def _negates_quantities(bill: dict[str, Any]) -> None:
    for item in bill["items"]:
        if bill["total_cost_with_tax"] < 0 and item["unit_cost"] < 0:
            item["unit_cost"] = -item["unit_cost"]
            item["quantity"] = str(-Decimal(item["quantity"]))


def _discounts_upwards(item: dict[str, Any]) -> None:
    if not item.get("orderitem") and item["total_cost"] < 0:
        for name in ("total_cost", "unit_cost", "total_cost_with_tax"):
            item[name] = abs(item[name])


def _keeps_its_id(bill: dict[str, Any]) -> None:
    for later, choice in enumerate(bill["version_choices"]):
        choice["pk"] = bill["id"] + later


def _embeds_parents(row: dict[str, Any]) -> None:
    if row["parent"] is not None:
        row["parent"] = {"id": row["parent"], "code": "0"}


def _hides_inactive(rows: list[dict[str, Any]]) -> None:
    rows[:] = [row for row in rows if row["active"]]


def _shows_inactive(rows: list[dict[str, Any]]) -> None:
    for row in rows[:1]:
        row["active"] = False


def _sends(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda data: data.update({name: value})


TRAITS: Final = {
    "converts_net": Trait("bill_rate", "net", BILL, _converts_net),
    "inverts_rates": Trait("rate_direction", "base_per_unit", BILL, _inverts_rates),
    "has_times": Trait("date_time_of_day", "time_of_day", BILL, _has_times),
    "other_days_in_lists": Trait(
        "list_and_detail_dates", "differs", BILLS, _each(_lists_the_day_before)
    ),
    "ships_apart": Trait("shipping_in_total", "without_shipping", BILL, _ships_apart),
    "allocates_gross": Trait(
        "allocations", "gross", BILL, _each_item(_allocates_gross)
    ),
    "negative_quantities": Trait(
        "credit_sign", "negative_quantity", BILL, _negates_quantities
    ),
    "positive_discounts": Trait(
        "order_discount_on_bill", "positive_line", BILL, _each_item(_discounts_upwards)
    ),
    "keeps_ids": Trait("fixed_bill", "same_id", BILL, _keeps_its_id),
    "embeds_parents": Trait(
        "parent_codes", "object", ACCOUNT_CODES, _each(_embeds_parents)
    ),
    "hides_inactive_codes": Trait(
        "inactive_codes", "active", ACCOUNT_CODES, _hides_inactive
    ),
    "shows_inactive_vendors": Trait(
        "inactive_vendors", "listed", VENDORS, _shows_inactive
    ),
    "other_states": Trait(
        "undocumented_values", "undocumented", BILL, _sends("status", 42)
    ),
    "other_words": Trait(
        "item_words", "other", BILL, _each_item(_sends("type", "order_line"))
    ),
    "no_custom_fields": Trait(
        "custom_fields", "none", BILL, _each_item(_sends("custom_fields", []))
    ),
    "numbered_slips": Trait(
        "packing_slips", "numbers", BILL, _each_item(_sends("packing_slips", [7, 8]))
    ),
}
NUMBERS_ONLY: Final = "numbers_only"
"""Bills are not found by their UUID."""
MAY_WRITE: Final = "may_write"
"""Answers say that these credentials may write."""
ALL_TRAITS: Final = frozenset((*TRAITS, NUMBERS_ONLY, MAY_WRITE))


def shown(reply: Reply, path: str, traits: set[str]) -> Reply:
    """Return the reply as a tenant with these ``traits`` sends it."""
    if NUMBERS_ONLY in traits and BILL_BY_UUID.fullmatch(path):
        return replace(reply, status=404, body=b'{"detail": "Not found."}')
    if MAY_WRITE in traits:
        headers = {**reply.headers, "Allow": "GET, POST, HEAD, OPTIONS"}
        reply = replace(reply, headers=headers)
    mine = [
        t for n in sorted(traits) if (t := TRAITS.get(n)) and t.path.fullmatch(path)
    ]
    if not mine or reply.status != 200:
        return reply
    document = json.loads(reply.body)
    for trait in mine:
        trait.change(document["data"])
    return replace(reply, body=json.dumps(document).encode())
