"""What the modes do to a simulator. :func:`behave` undoes all of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Final

from .store import utc_now

if TYPE_CHECKING:
    from .model import Bill
    from .server import Request, Simulator

    Action = Callable[[Simulator], None]
    Change = Callable[[dict[str, Any]], None]
else:
    Action = Change = Callable

BILLS: Final = "/api/v3/ap/bills/"
DETAILS: Final = "/api/v2/ap/bills/"
PAGE_SIZE_CAP: Final = 100
REFUSED_S: Final = 5.0
"""A switch from another process could not be undone."""
DEEP: Final = "[" * 100_000 + "]" * 100_000
LONG: Final = "9" * 6_000
LARGE_CHARACTERS: Final = 10_000_000
ABOVE_31_BITS: Final = 2**33


def behave(simulator: Simulator) -> None:
    """Do what is documented again, and correct what was shown wrong."""
    simulator.faults.clear()
    simulator.before_request = None
    simulator.lister.page_size_cap = PAGE_SIZE_CAP
    simulator.lister.shift_days = 0
    simulator.ignore_filters = simulator.ignore_order = False
    simulator.reject_secret = False
    simulator.listen()
    simulator.hide_certificate()
    simulator.dataset.set_clock()
    spoiled, simulator.spoiled = simulator.spoiled, set()
    for bill_id in spoiled & {bill.id for bill in simulator.dataset.bills()}:
        simulator.dataset.touch(bill_id)


# --- the wire ---------------------------------------------------------------------


def fault(path: str, kind: str, *, times: int | None = None, **options: Any) -> Action:
    """Add a fault, forever unless said otherwise."""

    def on(simulator: Simulator) -> None:
        simulator.faults.add(path, kind, times=times, **options)

    return on


def status(number: int, path: str = BILLS, **options: Any) -> Action:
    return fault(path, "status", status=number, **options)


def busy_until_date(simulator: Simulator) -> None:
    moment = format_datetime(utc_now() + timedelta(seconds=20), usegmt=True)
    simulator.faults.add(BILLS, status=429, retry_after=moment, times=2)


def expire_tokens(simulator: Simulator) -> None:
    simulator.expire_tokens()


def refuse_secret(simulator: Simulator) -> None:
    simulator.expire_tokens()
    simulator.reject_secret = True


def redirect(simulator: Simulator) -> None:
    simulator.faults.add(
        BILLS, "redirect", location=f"{simulator.storage_url}/", times=None
    )


def refuse(simulator: Simulator) -> None:
    simulator.refuse(REFUSED_S)


def show_certificate(simulator: Simulator) -> None:
    simulator.show_certificate()


# --- lists ------------------------------------------------------------------------


def switch(name: str) -> Action:
    return lambda simulator: setattr(simulator, name, True)


def capped(rows: int) -> Action:
    return lambda simulator: setattr(simulator.lister, "page_size_cap", rows)


def at_page(number: int, act: Action) -> Action:
    """Act once, when this page of the bills is asked for."""

    def on(simulator: Simulator) -> None:
        def before(request: Request) -> None:
            if request.path == BILLS and request.query.get("page") == str(number):
                simulator.before_request = None
                act(simulator)

        simulator.before_request = before

    return on


def cap_is_lifted(simulator: Simulator) -> None:
    capped(1)(simulator)
    at_page(3, capped(PAGE_SIZE_CAP))(simulator)


def page_two_is_empty(simulator: Simulator) -> None:
    simulator.faults.add(
        BILLS,
        "rewrite",
        query={"page": "2"},
        change=lambda document: document["data"].clear(),
        times=None,
    )


def days_elsewhere(simulator: Simulator) -> None:
    simulator.lister.shift_days = 1
    simulator.dataset.touch_order(_orders(simulator)[0])


# --- edits ------------------------------------------------------------------------


def add_bill(simulator: Simulator) -> None:
    simulator.dataset.add_bill("plain")


def touch_oldest(simulator: Simulator) -> None:
    bills = simulator.dataset.bills()
    simulator.dataset.touch(min(bills, key=_stamp).id)


def delete_newest(simulator: Simulator) -> None:
    simulator.dataset.delete_bill(_newest(simulator).id)


def add_late(*, minutes: int) -> Action:
    def on(simulator: Simulator) -> None:
        stamp = _newest(simulator).modified - timedelta(minutes=minutes)
        simulator.dataset.add_bill("plain", modified=stamp)

    return on


def alike(simulator: Simulator) -> None:
    stamp = _newest(simulator).modified
    simulator.dataset.stamp_alike(stamp)

    def appear(simulator: Simulator) -> None:
        simulator.dataset.add_bill("plain", modified=stamp)

    at_page(2, appear)(simulator)


def clock_ahead(simulator: Simulator) -> None:
    simulator.dataset.set_clock(lambda: utc_now() + timedelta(hours=3))
    _rename(simulator, "AHEAD")


def clock_behind(simulator: Simulator) -> None:
    moment = _newest(simulator).modified - timedelta(hours=2)
    simulator.dataset.set_clock(lambda: moment)
    _rename(simulator, "BEHIND")


def night_of_two_hours(simulator: Simulator) -> None:
    """Change one bill at 1:45 in summer time, then another at 1:15 in winter time."""
    bills = simulator.dataset.bills()
    orders = _orders(simulator)
    for index, moment in enumerate(
        (
            datetime(2026, 11, 1, 8, 45, tzinfo=timezone.utc),
            datetime(2026, 11, 1, 9, 15, tzinfo=timezone.utc),
        )
    ):
        simulator.dataset.set_clock(lambda moment=moment: moment)  # type: ignore[misc]
        simulator.dataset.revise_bill(bills[index].id, invoice_number=f"NIGHT-{index}")
        simulator.dataset.touch_order(orders[index])


def large_ids(simulator: Simulator) -> None:
    simulator.dataset.number_from(ABOVE_31_BITS)
    simulator.dataset.add_bill("plain")
    simulator.dataset.add_bill("several_lines")
    details(_with_large_lines)(simulator)


def _rename(simulator: Simulator, prefix: str) -> None:
    """Give the bill that was changed longest ago a number that no other bill bears.

    Of two bills of a vendor with one number the first to come would be booked, so that
    books would rightly differ with the order of events.
    """
    bill = min(simulator.dataset.bills(), key=_stamp)
    number = f"{prefix}-{bill.id}"
    simulator.dataset.revise_bill(bill.id, invoice_number=number)


def _stamp(bill: Bill) -> datetime:
    return bill.modified


def _newest(simulator: Simulator) -> Bill:
    return max(simulator.dataset.bills(), key=_stamp)


def _orders(simulator: Simulator) -> list[int]:
    return [order.id for order in simulator.dataset.orders()]


# --- documents --------------------------------------------------------------------


def details(change: Change, **options: Any) -> Action:
    """Show all bills spoiled, as long as it lasts."""

    def on(simulator: Simulator) -> None:
        def spoil(document: dict[str, Any]) -> None:
            simulator.spoiled.add(document["data"]["id"])
            change(document["data"])

        simulator.faults.add(
            DETAILS, "rewrite", change=spoil, **{"times": None, **options}
        )

    return on


def hide_a_bill(simulator: Simulator) -> None:
    bill = _newest(simulator)
    simulator.spoiled.add(bill.id)
    for name in (bill.uuid.hex, bill.id):
        simulator.faults.add(f"{DETAILS}{name}/", status=404, times=None)


def spoil_a_bill(kind: str, **options: Any) -> Action:
    """Return what keeps the newest bill's detail from being read."""

    def on(simulator: Simulator) -> None:
        bill = _newest(simulator)
        simulator.spoiled.add(bill.id)
        for name in (bill.uuid.hex, bill.id):
            simulator.faults.add(f"{DETAILS}{name}/", kind, times=None, **options)

    return on


def large(simulator: Simulator) -> None:
    details(_with_large_note, times=1)(simulator)


def wild_stamps(simulator: Simulator) -> None:
    """Show two bills with stamps of other times, in the list and in the detail."""
    bills = simulator.dataset.bills()
    stamps = {
        bills[0].id: "0001-01-01T00:00:00Z",
        bills[1].id: "9999-12-31T23:59:59Z",
    }
    simulator.spoiled |= stamps.keys()
    for bill_id in stamps:
        simulator.dataset.touch(bill_id)

    def spoil(document: dict[str, Any]) -> None:
        data = document["data"]
        for row in data if isinstance(data, list) else [data]:
            if row["id"] in stamps:
                row["last_modified_datetime"] = stamps[row["id"]]

    for path in (BILLS, DETAILS):
        simulator.faults.add(path, "rewrite", change=spoil, times=None)


def with_new_fields(bill: dict[str, Any]) -> None:
    bill["carbon_footprint"] = {"kg": 12.5, "scopes": [1, 2, 3]}
    for item in bill["items"]:
        item["carbon_footprint"] = None


def with_control_characters(bill: dict[str, Any]) -> None:
    bill["invoice_number"] = f"\0{bill['invoice_number']}\x1b\x07"
    for item in bill["items"]:
        item["uuid"] = f"\0{item.get('uuid') or ''}\ud83d"


def with_other_scripts(bill: dict[str, Any]) -> None:
    bill["invoice_number"] = f"\u202e{bill['invoice_number']} חשבונית 🧾"
    bill["note"] = "\u200fشكرا 🙏"


def with_unknown_values(bill: dict[str, Any]) -> None:
    bill["status" if bill["id"] % 2 else "type"] = 42


def without_fields(bill: dict[str, Any]) -> None:
    for name in ("items", "status", "currency"):
        del bill[name]


def of_wrong_types(bill: dict[str, Any]) -> None:
    bill["items"] = "none"


def below_zero(bill: dict[str, Any]) -> None:
    item = bill["items"][0]
    item["quantity"] = f"-{item['quantity']}"


def _with_large_note(bill: dict[str, Any]) -> None:
    bill["note"] = "Lorem <b>& ipsum ".ljust(100, "x") * (LARGE_CHARACTERS // 100)


def _with_large_lines(bill: dict[str, Any]) -> None:
    for line in (*bill["items"], *bill["costs"]):
        line["id"] += ABOVE_31_BITS
