"""Modes: every way in which the other side may go wrong, each with a name.

A mode is switched on and off as a whole, also by ``POST /_simulator/modes``. What it
does is in :mod:`.misbehaviour`; the table here says what comes of it in Odoo.
``docs/faults.rst`` is this table for people.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from . import misbehaviour as m

if TYPE_CHECKING:
    from .server import Simulator


class Outcome(str, Enum):
    """What has to happen until the books are what they would have been."""

    PASSES = "ends automatically"
    NIGHT = "found by the nightly check"
    HELD = "on hold until corrected"
    STOPS = "stops the list with a message"


@dataclass(frozen=True)
class Mode:
    """One way to go wrong.

    :param fault: how the other side misbehaves
    :param seen: what the user of Odoo sees of it
    :param on: switches it on
    :param synchronised: needs a synchronisation before, for it concerns the next one
    :param edits: the data of the other side are other ones afterwards
    :param in_place: comes and goes without anybody touching the connection in Odoo
    """

    name: str
    outcome: Outcome
    fault: str
    seen: str
    on: m.Action
    synchronised: bool = False
    edits: bool = False
    in_place: bool = True


_NOTHING: Final = "Nothing."
_NO_ANSWER: Final = (
    "“Procurify does not answer”, since when and why, on the connection and the list; "
    "the next attempt is in five minutes."
)
_NOT_THE_API: Final = (
    "“Answers, but not like Procurify's API” on this list; the others are read."
)
_HELD: Final = "The bill is on hold: “Unreadable document”, with what is wrong with it."
_UNREADABLE: Final = (
    "The bill is on hold: “Unreadable in Procurify”, and requested again at growing "
    "intervals. The others are imported."
)
_WARNING: Final = "A warning on the list: “Procurify ignored the date filter”."

_PASSES: Final = (
    Mode(
        "token_expired",
        Outcome.PASSES,
        "401 once: the token is no longer valid",
        "Nothing: a new token is fetched.",
        m.expire_tokens,
    ),
    Mode(
        "hiccup",
        Outcome.PASSES,
        "503 once, then all is well",
        _NOTHING,
        m.status(503, times=1),
    ),
    Mode(
        "busy_for_seconds",
        Outcome.PASSES,
        "429 with a number of seconds",
        "Nothing: the request is sent again after that time.",
        m.status(429, times=2, retry_after=2),
    ),
    Mode(
        "busy_until_date",
        Outcome.PASSES,
        "429 with an HTTP date",
        "Nothing: the request is sent again at that time.",
        m.busy_until_date,
    ),
    Mode(
        "busy_for_an_hour",
        Outcome.PASSES,
        "429 with an hour to wait",
        "No message; nothing is asked before the hour is over.",
        m.status(429, retry_after=3600),
    ),
    Mode(
        "reset_once",
        Outcome.PASSES,
        "the connection is reset once, in the middle of a body",
        _NOTHING,
        m.fault(m.BILLS, "reset", times=1, sent=200),
    ),
    Mode(
        "slow_drip",
        Outcome.PASSES,
        "the answer drips in slowly, within the time that one may take",
        _NOTHING,
        m.fault(m.BILLS, "drip", seconds=0.2),
    ),
    Mode(
        "page_size_capped",
        Outcome.PASSES,
        "pages are smaller than asked for",
        _NOTHING,
        m.capped(1),
    ),
    Mode(
        "page_size_changes",
        Outcome.PASSES,
        "pages are larger from the third one on",
        "Nothing: the list is read once more.",
        m.cap_is_lifted,
    ),
    Mode(
        "page_vanishes_once",
        Outcome.PASSES,
        "404 once, on a page that was announced",
        "Nothing: the list is read once more.",
        m.status(404, times=1, query={"page": "2"}),
    ),
    Mode(
        "filter_ignored",
        Outcome.PASSES,
        "filters are ignored: each reading gets the whole list",
        f"{_WARNING[:-1]}, as long as it does.",
        m.switch("ignore_filters"),
        synchronised=True,
    ),
    Mode(
        "order_ignored",
        Outcome.PASSES,
        "the order is ignored: the newest do not come first",
        "Nothing: the list is read until nothing new is found.",
        m.switch("ignore_order"),
    ),
    Mode(
        "rows_edited",
        Outcome.PASSES,
        "a bill changes, and moves, while the list is read",
        _NOTHING,
        m.at_page(2, m.touch_oldest),
        edits=True,
    ),
    Mode(
        "rows_added",
        Outcome.PASSES,
        "bills appear while the list is read",
        _NOTHING,
        m.at_page(2, m.add_bill),
        edits=True,
    ),
    Mode(
        "rows_deleted",
        Outcome.NIGHT,
        "a bill is deleted while the list is read: the rows behind it slip forward",
        "The others are all there; the deleted one is excluded as “Deleted in "
        "Procurify” by the next morning.",
        m.at_page(2, m.delete_newest),
        edits=True,
    ),
    Mode(
        "late_row",
        Outcome.PASSES,
        "a bill appears late, with a stamp of five minutes ago",
        _NOTHING,
        m.add_late(minutes=5),
        synchronised=True,
        edits=True,
    ),
    Mode(
        "very_late_row",
        Outcome.NIGHT,
        "a bill appears late, with a stamp of three days ago",
        "“Found late: 1” on the list, and the bill in Odoo, by the next morning.",
        m.add_late(minutes=3 * 24 * 60),
        synchronised=True,
        edits=True,
    ),
    Mode(
        "same_stamp",
        Outcome.PASSES,
        "all bills have the same stamp, and one more appears with it",
        _NOTHING,
        m.alike,
        edits=True,
    ),
    Mode(
        "clock_ahead",
        Outcome.PASSES,
        "the server's clock is three hours ahead, then right again",
        _NOTHING,
        m.clock_ahead,
        synchronised=True,
        edits=True,
    ),
    Mode(
        "clock_behind",
        Outcome.NIGHT,
        "the server's clock is two hours behind",
        "“Found late: 1” on the list, and the change in Odoo, by the next morning.",
        m.clock_behind,
        synchronised=True,
        edits=True,
    ),
    Mode(
        "days_of_another_zone",
        Outcome.PASSES,
        "the days of a filter by date begin a day later than in UTC",
        _NOTHING,
        m.days_elsewhere,
        synchronised=True,
        edits=True,
    ),
    Mode(
        "hour_that_comes_twice",
        Outcome.PASSES,
        "documents change in the night when clocks go back, by the wall in the "
        "wrong order",
        _NOTHING,
        m.night_of_two_hours,
        synchronised=True,
        edits=True,
    ),
    Mode(
        "new_fields",
        Outcome.PASSES,
        "new fields appear without notice",
        _NOTHING,
        m.details(m.with_new_fields),
    ),
    Mode(
        "control_characters",
        Outcome.PASSES,
        "NUL and control characters in texts",
        "The texts without them; the payload keeps them as they were sent.",
        m.details(m.with_control_characters),
    ),
    Mode(
        "right_to_left",
        Outcome.PASSES,
        "right-to-left text, its marks, and emoji",
        "The texts as they are in Procurify.",
        m.details(m.with_other_scripts),
    ),
    Mode(
        "large_payload",
        Outcome.PASSES,
        "a bill of ten megabytes",
        "Nothing; that bill takes a second longer.",
        m.large,
    ),
    Mode(
        "large_ids",
        Outcome.PASSES,
        "ids above 2³¹",
        _NOTHING,
        m.large_ids,
        edits=True,
    ),
    Mode(
        "wild_stamps",
        Outcome.PASSES,
        "a bill was changed in the year 1, another one will be in the year 9999",
        _NOTHING,
        m.wild_stamps,
        synchronised=True,
    ),
)

_HOLDS: Final = (
    Mode(
        "unknown_values",
        Outcome.HELD,
        "a status, or a type, that is not documented",
        "The bill is on hold: “Undocumented value”.",
        m.details(m.with_unknown_values),
    ),
    Mode(
        "missing_fields",
        Outcome.HELD,
        "fields that have to be there are missing",
        _HELD,
        m.details(m.without_fields),
    ),
    Mode(
        "wrong_types",
        Outcome.HELD,
        "fields of the wrong type",
        _HELD,
        m.details(m.of_wrong_types),
    ),
    Mode(
        "negative",
        Outcome.HELD,
        "a quantity below zero, which the specification forbids",
        "The bill is on hold: its lines do not add up to its total.",
        m.details(m.below_zero),
    ),
    Mode(
        "detail_missing",
        Outcome.HELD,
        "404 for a bill that the list shows",
        _HELD,
        m.hide_a_bill,
    ),
    Mode(
        "detail_broken",
        Outcome.HELD,
        "500 always, for one bill that the list shows",
        _UNREADABLE,
        m.spoil_a_bill("status", status=500),
    ),
    Mode(
        "detail_nested",
        Outcome.HELD,
        "one bill is nested 100,000 levels deep",
        _UNREADABLE,
        m.spoil_a_bill("body", body=f'{{"data": {{"id": 1, "x": {m.DEEP}}}}}'),
    ),
    Mode(
        "detail_of_digits",
        Outcome.HELD,
        "a number of one bill has 6,000 digits",
        _UNREADABLE,
        m.spoil_a_bill("body", body=f'{{"data": {{"id": 1, "x": {m.LONG}}}}}'),
    ),
    Mode(
        "detail_empty",
        Outcome.HELD,
        "one bill is an object without anything in it",
        _UNREADABLE,
        m.spoil_a_bill("body", body='{"data": {}}'),
    ),
)

_STOPS: Final = (
    Mode(
        "token_refused",
        Outcome.STOPS,
        "401 always: each token is refused",
        "“Procurify refused the client ID or the client secret” on the connection.",
        m.status(401, path="/api/"),
    ),
    Mode(
        "secret_refused",
        Outcome.STOPS,
        "client id and secret are refused",
        "“Procurify refused the client ID or the client secret” on the connection.",
        m.refuse_secret,
    ),
    Mode(
        "forbidden",
        Outcome.STOPS,
        "403 for one list",
        "“Does not show everything” on this list; the others are read.",
        m.status(403),
    ),
    Mode(
        "firewall",
        Outcome.STOPS,
        "403 with a web page, from a firewall",
        "“A firewall or proxy blocked the request”, since when, on the connection and "
        "the list; the next attempt is in five minutes.",
        m.status(403, body="<!DOCTYPE html><title>Access denied</title>"),
    ),
    Mode(
        "page_missing",
        Outcome.STOPS,
        "404 always, on a page that was announced",
        _NOT_THE_API,
        m.status(404, query={"page": "2"}),
    ),
    Mode(
        "page_empty",
        Outcome.STOPS,
        "an empty page between others",
        _NOT_THE_API,
        m.page_two_is_empty,
    ),
    *(
        Mode(
            f"error_{number}", Outcome.STOPS, str(number), _NO_ANSWER, m.status(number)
        )
        for number in (500, 502, 503)
    ),
    Mode(
        "connection_refused",
        Outcome.STOPS,
        "nothing listens",
        _NO_ANSWER,
        m.refuse,
    ),
    Mode(
        "reset",
        Outcome.STOPS,
        "the connection is reset in the middle of the body",
        _NO_ANSWER,
        m.fault(m.BILLS, "reset", sent=200),
    ),
    Mode(
        "silence",
        Outcome.STOPS,
        "nothing comes within the time that an answer may take",
        _NO_ANSWER,
        m.fault(m.BILLS, "slow", seconds=1.0),
    ),
    Mode(
        "truncated",
        Outcome.STOPS,
        "the connection ends before the body does",
        _NO_ANSWER,
        m.fault(m.BILLS, "truncate"),
    ),
    Mode(
        "truncated_json",
        Outcome.STOPS,
        "JSON that stops in the middle",
        _NOT_THE_API,
        m.fault(m.BILLS, "truncated_json"),
    ),
    Mode(
        "login_page",
        Outcome.STOPS,
        "HTML with status 200",
        _NOT_THE_API,
        m.fault(m.BILLS, "html"),
    ),
    Mode(
        "wrong_content_type",
        Outcome.STOPS,
        "the right body under a wrong content type",
        _NOT_THE_API,
        m.fault(m.BILLS, "wrong_type"),
    ),
    Mode(
        "gzip_bomb",
        Outcome.STOPS,
        "a small answer that unpacks to a hundred megabytes",
        _NOT_THE_API,
        m.fault(m.BILLS, "gzip_bomb"),
    ),
    Mode(
        "redirect",
        Outcome.STOPS,
        "a redirect to another host",
        f"{_NOT_THE_API} Nothing was sent to that host.",
        m.redirect,
    ),
    Mode(
        "certificate",
        Outcome.STOPS,
        "a certificate from an unknown authority",
        "“Procurify was not found” on the connection.",
        m.show_certificate,
        in_place=False,
    ),
)

MODES: Final = {mode.name: mode for mode in (*_PASSES, *_HOLDS, *_STOPS)}


class Modes:
    """Switches the modes of one simulator. Only one is on at a time."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self.present: Mode | None = None

    def on(self, name: str) -> Mode:
        """Misbehave; what misbehaved until now does no more.

        :raises KeyError: no mode has this name
        """
        self.off()
        self.present = MODES[name]
        self._simulator.faults.mode = name
        self.present.on(self._simulator)
        return self.present

    def off(self) -> None:
        """Behave again, and correct the documents that were shown wrong."""
        m.behave(self._simulator)
        self._simulator.faults.mode = ""
        self.present = None
