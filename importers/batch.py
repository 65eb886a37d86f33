"""Records of one connection and resource on their way through an import."""

from copy import copy
from typing import NamedTuple

from .issues import Hold
from .resource_kinds import DOCUMENTS

IMPORT_BATCH_SIZE = 100  # records: Odoo's cost per bill is flat from 50 on


class BatchRefused(Exception):
    """Odoo's result for some records of a batch is not what it must be.

    Raised inside the savepoint of the batch, so that nothing of it stays; the
    guilty are held and the rest is tried again.
    """

    def __init__(self, holds):
        """:param holds: {record: [Hold]} of the guilty records"""
        super().__init__(f"{len(holds)} records refused")
        self.holds = holds


class BookedOtherwise(Exception):
    """What Odoo made of some records is not what was meant, and shall not stay."""

    def __init__(self, rows):
        """:param rows: {record: rows of what differs, all texts}"""
        super().__init__(f"{len(rows)} records differ")
        self.rows = rows


class Choice(NamedTuple):
    """What a person decided about held records, and as whom it is written.

    ``post`` posts the document again; ``next_open`` books it on the first open day
    where its own period is closed, whatever the policy says. ``former`` is the bill in
    whose place a new one is booked, and what was written there.
    """

    user: object
    post: bool = False
    next_open: bool = False
    former: object = None


class ImportBatch:
    """What an importer is given, and where it notes what became of each record.

    An importer calls exactly one of ``link``, ``hold`` (any number of times),
    ``exclude`` and ``wait`` for each of ``records``. What it linked, and Odoo would
    not post or confirm, it holds with ``hold_written`` besides.
    """

    def __init__(self, records, choice=None):
        """:param records: ``procurify.record`` rows of one connection and resource
        :param choice: Choice of the person who decided about them
        """
        self.records = records
        self.choice = choice
        self.connection = records.connection_id
        self.resource = records[0].resource
        self.payloads = {}
        self.targets = {}
        self.origins = {}
        self.evidence = {}
        self.written = {}
        self.awaited = {}
        self.mentioned = {}
        self.misrouted = {}
        self.moved = {}
        self.locations = {}
        self.moves = {}
        self.notes = {}
        self.holds = {}
        self.obstacles = {}
        self.exclusions = {}
        self.waiting = set()

    @property
    def open(self):
        """The readable records that nothing was decided about yet."""
        return self.records.filtered(
            lambda record: (
                record in self.payloads
                and record not in self.targets
                and record not in self.holds
                and record not in self.exclusions
                and record not in self.waiting
            )
        )

    @property
    def reasons(self):
        """{record: all the Holds of it}, whether it is in Odoo or not."""
        return {
            record: [*self.holds.get(record, ()), *self.obstacles.get(record, ())]
            for record in dict.fromkeys((*self.holds, *self.obstacles))
        }

    def locate(self):
        """Note the (line's text, Location) pairs of each document's lines."""
        for record, payload in self.payloads.items():
            self.locations[record] = list(payload.line_locations())

    def by_company(self):
        """Yield (company, batch) for each company in which open documents are booked.

        Master data is of all of them at once. What is noted in a part is noted in the
        whole, but the moves that it wrote.
        """
        if self.resource not in DOCUMENTS:
            yield self.connection._companies(), self
            return
        for company, records in self.open.grouped("company_id").items():
            part = copy(self)
            part.records, part.moves = records, {}
            yield company, part

    def link(self, record, target_id, origin="matched", written=None, evidence=()):
        """Note that ``record`` is the Odoo record ``target_id``.

        :param origin: ``matched`` (found), ``created`` (by this import) or
            ``remembered`` (linked before)
        :param written: JSON of what this import wrote, to tell later edits apart
        :param evidence: what spoke for it, if it was found: codes of ``matching``
        """
        self.targets[record] = target_id
        self.origins[record] = origin
        if evidence:
            self.evidence[record] = list(evidence)
        if written is not None:
            self.written[record] = written

    def hold(self, record, code, key=None, reference_id=0, **params):
        """Note one reason to hold ``record``; there may be several."""
        self.holds.setdefault(record, []).append(
            Hold(
                code,
                key or f"{record.resource}/{record.external_id}",
                params,
                reference_id,
            )
        )

    def hold_written(self, record, hold):
        """Note why ``record``, which is in Odoo, cannot be done yet.

        :param hold: Hold
        """
        self.obstacles.setdefault(record, []).append(hold)

    def mention(self, record, mentioned):
        """Note which master data ``record`` names.

        :param mentioned: {(resource, external id): (JSON data, payload)}
        """
        self.mentioned[record] = mentioned

    def hold_moved(self, record):
        """Hold a booked record whose lines are another company's by now, if so.

        :returns: whether it is held
        """
        hold = self.moved.get(record)
        if hold and not self.choice:
            self.hold(record, hold.code, hold.key, **hold.params)
            return True
        return False

    def note(self, record, **values):
        """Note what else is to be written on ``record``, whatever becomes of it."""
        self.notes.setdefault(record, {}).update(values)

    def exclude(self, record, rule):
        """Note that ``rule`` keeps ``record`` out of Odoo."""
        self.exclusions[record] = rule

    def wait(self, record):
        """Note that ``record`` names something that is staged but not imported yet."""
        self.waiting.add(record)
