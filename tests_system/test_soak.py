"""Faults come and go at random while people work: nothing is lost, nothing doubled."""

import os
import random
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

from devtools import databases
from devtools.console import Stop, say
from devtools.odoo import Odoo
from simulator import MODES, Outcome, Simulator

from .books import Books
from .site import Site

#: By hand: ten minutes. In CI as long as the machine can spare.
SECONDS = float(os.environ.get("PROCURIFY_SOAK_SECONDS", "10"))
SEED = int(os.environ.get("PROCURIFY_SOAK_SEED", "5"))
PRESS_EVERY_S = 1.5
BILLS = 20
#: What is found at night only has its own test; so has what needs a quiet past.
MODES_AT_WORK = [
    mode.name
    for mode in MODES.values()
    if mode.in_place
    and mode.outcome is not Outcome.NIGHT
    and mode.name != "hour_that_comes_twice"
]
_POINT_TO = """
    UPDATE procurify_connection SET base_url = %s, token_encrypted = NULL RETURNING id
"""
#: That reading stopped is what is wanted here. A person who presses the button in the
#: midst of it meets the cron, and Odoo presses once more.
_EXPECTED = re.compile(r"stopped at|bad query: .*procurify_(stream|connection)\b")


def test_faults_that_come_and_go_lose_nothing(
    site: Site, odoo: Odoo, company: str
) -> None:
    quiet_name = databases.database_name("system_soak_quiet")
    with (
        Simulator(bills=BILLS, seed=SEED, orders=4) as simulator,
        ThreadPoolExecutor(1) as pool,
    ):
        copy = pool.submit(databases.duplicate, odoo, company, quiet_name)
        site.rows(_POINT_TO, simulator.base_url)
        soak = Soak(simulator, site)
        soak.run(SECONDS)
        say(soak.summary())
        found = soak.come_to_rest()
        with closing(Site(odoo, copy.result())) as quiet:
            quiet.rows(_POINT_TO, simulator.base_url)
            quiet.synchronise(quiet.start())
            expected = quiet.books()

        shown = {("bill", str(bill.id)) for bill in simulator.dataset.bills()}
    staged = {key for key in found.records if key[0] == "bill"}
    assert staged == shown, "lost, or never there"
    assert expected.defects == {}
    differences = _without_the_past(found).differences(_without_the_past(expected))
    assert "\n".join(differences) == ""
    complaints = databases.complaints(site.log.read_text())
    assert [each for each in complaints if not _EXPECTED.search(each)] == []


def _without_the_past(books: Books) -> Books:
    """Exclude what the simulator makes for a new bill with stamps of the past.

    The lists of what is new never show it; the bill's order is asked for by its id.
    """
    made = ("order_item", "requisition")
    records = {k: v for k, v in books.records.items() if k[0] not in made}
    return replace(books, records=records)


class Soak:
    """An Odoo that synchronises again and again with a Procurify that misbehaves."""

    def __init__(self, simulator: Simulator, site: Site) -> None:
        self._simulator = simulator
        self._site = site
        self._draw = random.Random(SEED)
        self._server = site.start()
        self._modes: Counter[str] = Counter()
        self._edits: Counter[str] = Counter()

    def run(self, seconds: float) -> None:
        """Misbehave, work and synchronise for so long."""
        self._server.press_sync_now()
        deadline = time.monotonic() + seconds
        pressed_at = time.monotonic()
        while time.monotonic() < deadline:
            if self._draw.random() < 0.75:
                name = self._draw.choice(MODES_AT_WORK)
                self._simulator.modes.on(name)
                self._modes[name] += 1
            else:
                self._simulator.modes.off()
            self._edit()
            if time.monotonic() - pressed_at > PRESS_EVERY_S:
                pressed_at = time.monotonic()
                self._press()
            self._ring_for(self._draw.uniform(0.1, 1.0))

    def come_to_rest(self) -> Books:
        """Return the books after a last synchronisation that nobody disturbs."""
        self._simulator.modes.off()
        self._site.synchronise(self._server)
        return self._site.books()

    def summary(self) -> str:
        """Say what happened, for those who watch."""
        requests = Counter(request.status for request in self._simulator.requests)
        return "\n".join(
            (
                f"\n{SECONDS:.0f} s, seed {SEED}",
                f"requests by status: {dict(sorted(requests.items()))}",
                f"edits: {dict(sorted(self._edits.items()))}",
                f"modes: {dict(sorted(self._modes.items()))}",
                f"struck: {dict(sorted(self._simulator.faults.struck.items()))}",
            )
        )

    def _press(self) -> None:
        """Press the button, which Odoo may refuse while the cron writes the list."""
        try:
            self._server.press_sync_now()
        except Stop as refusal:
            if "could not serialize" not in str(refusal):
                raise
            self._edits["refused to synchronise"] += 1

    def _ring_for(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        self._site.wait_for(lambda: time.monotonic() > until, "time stood still")

    def _edit(self) -> None:
        dataset, draw = self._simulator.dataset, self._draw
        bill = draw.choice(dataset.bills())
        order = draw.choice(dataset.orders())
        edits = {
            "add": lambda: dataset.add_bill(draw.choice(("plain", "several_lines"))),
            "touch": lambda: dataset.touch(bill.id),
            "revise": lambda: dataset.revise_bill(
                bill.id, invoice_number=f"SOAK-{sum(self._edits.values())}"
            ),
            "add a line": lambda: dataset.add_bill_line(bill.id),
            "touch an order": lambda: dataset.touch_order(order.id),
        }
        name = draw.choice(list(edits))
        edits[name]()
        self._edits[name] += 1
