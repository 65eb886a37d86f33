"""The path of one plain bill through our files, from the first request to the draft.

It counts what a reader of the code has to follow: how many of our files a bill enters,
and how often the next function that runs is in another file.
"""

import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import requests

from odoo.addons.procurify_connector.fetching.tenant import open_client

ROOT = Path(__file__).resolve().parent.parent
#: Rooms of the addon, as far as a bill can pass them.
ROOMS = (
    *("controllers", "fetching", "importers", "models", "procurify"),
    *("reconciliation", "tools", "wizard"),
)
SCENARIO = "plain"
#: So many are imported before: what they name for the first time is known then.
KNOWN_BEFORE = 10


class Track:
    """Notes each call of a function of ours, in every thread by itself."""

    def __init__(self):
        self.calls = {}
        self._files = {}

    @property
    def files(self):
        """The files that were entered."""
        return {file for calls in self.calls.values() for file in calls}

    @property
    def changes(self):
        """How often a call was in another file than the call before it."""
        return sum(
            one != other
            for calls in self.calls.values()
            for one, other in zip(calls, calls[1:], strict=False)
        )

    def __call__(self, frame, event, _argument):
        """Take an event of ``sys.setprofile``."""
        if event == "call" and (file := self._ours(frame.f_code.co_filename)):
            self.calls.setdefault(threading.get_ident(), []).append(file)

    def _ours(self, name):
        """Return the file below the root of the addon, or "": it is none of ours."""
        if name not in self._files:
            path = Path(name).resolve()
            inside = path.is_relative_to(ROOT)
            file = path.relative_to(ROOT) if inside else Path()
            is_ours = file.parts[:1] and file.parts[0] in ROOMS
            self._files[name] = str(file) if is_ours else ""
        return self._files[name]


@contextmanager
def tracked():
    """Note what is called in the block, and in the threads that it starts."""
    track = Track()
    threading.setprofile(track)
    sys.setprofile(track)
    try:
        yield track
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def measure(env):
    """Return how many files one bill enters, and how often the file changes.

    Its vendor, accounts and taxes are known: bills before it named them. What the jobs
    do besides (their runs, alarms, healing) is not the bill's path, and not counted.
    """
    connection = env["procurify.connection"].search([])
    stream = connection.stream_ids.filtered(lambda s: s.resource == "bill")
    for _bill in range(KNOWN_BEFORE):
        _add_bill(connection)
    _synchronise(env, stream)
    before = _imported(env)
    _add_bill(connection)
    with tracked() as track:
        _synchronise(env, stream)
    if _imported(env) != before + 1:
        raise RuntimeError("The bill is not in Odoo.")
    return {"path_files": len(track.files), "path_changes": track.changes}


def _add_bill(connection):
    answer = requests.post(
        f"{connection.base_url}/_simulator/edits",
        json={"edit": "add_bill", "scenario": SCENARIO},
        timeout=10,
    )
    answer.raise_for_status()


def _synchronise(env, stream):
    """Read the list of bills, and import what waits."""
    with open_client(stream.connection_id) as client:
        for _page in stream._fetch(client):
            env.cr.commit()
    env["procurify.record"].search([("state", "=", "pending")])._import()
    env.cr.commit()


def _imported(env):
    records = env["procurify.record"]
    return records.search_count([("resource", "=", "bill"), ("state", "=", "done")])
