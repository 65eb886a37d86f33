"""The path of one plain bill through our files, from the first request to the draft.

It counts what a reader of the code has to follow: how many of our files a bill enters,
and how often the next function that runs is in another file.
"""

import sys
import threading
from collections import Counter
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
#: Pairs of files that a description of the path shows.
MOST_PAIRS = 40
#: So many are imported before: what they name for the first time is known then.
KNOWN_BEFORE = 10


class Track:
    """Notes each call of a function of ours, in every thread by itself."""

    def __init__(self):
        self.calls = {}
        self._files = {}

    @property
    def entries(self):
        """{file: how often it was entered, from another file or first of all}."""
        entered = Counter(calls[0] for calls in self.calls.values())
        for (_from, file), count in self.pairs.items():
            entered[file] += count
        return entered

    @property
    def pairs(self):
        """{(file, other file): how often a call in the other one came next}."""
        return Counter(
            (one, other)
            for calls in self.calls.values()
            for one, other in zip(calls, calls[1:], strict=False)
            if one != other
        )

    def described(self):
        """Return the files and the most frequent pairs of files as lines of text."""
        files = [f"{count:6} {file}" for file, count in self.entries.most_common()]
        pairs = [
            f"{count:6} {one} > {other}"
            for (one, other), count in self.pairs.most_common(MOST_PAIRS)
        ]
        lines = ["Files, with how often each is entered:", *files]
        return "\n".join([*lines, "", "Most frequent changes of file:", *pairs])

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


def measure(env, description=None):
    """Return how many files one bill enters, and how often the file changes.

    Its vendor, accounts and taxes are known: bills before it named them. What the jobs
    do besides (their runs, alarms, healing) is not the bill's path, and not counted.

    :param description: file to which the files and the most frequent changes between
        them are written
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
    if description:
        Path(description).write_text(track.described() + "\n")
    return {"path_files": len(track.entries), "path_changes": track.pairs.total()}


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
