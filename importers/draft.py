"""Objects of Procurify on their way through an import, alone and in batches."""

from copy import copy
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

from .issues import Hold
from .orders.adoption import ADOPTED
from .resource_kinds import DOCUMENTS


@dataclass(slots=True, eq=False)
class Draft:
    """What is known of one object during its import, and what becomes of it.

    An importer decides about each open draft exactly once: ``link``, ``hold`` (any
    number of times), ``exclude`` or ``is_waiting``. What it linked, and Odoo would not
    post or confirm, it holds with ``hold_written`` besides.

    * ``record``: its ``procurify.record``
    * ``payload``: the object itself; None if it cannot be read
    * ``locations``: (line's text, Location) pairs of a document; None if not routed
    * ``mentioned``: {(resource, external id): (JSON data, payload)} that it names; None
      if not resolved
    * ``awaited``: ids of staged order items that it waits for; None if that is unknown

    Outcome:

    * ``target_id``, ``origin``, ``evidence``: the Odoo record that it is, and why
    * ``written``: JSON of what this import wrote; None if nothing
    * ``holds``: Hold of each reason not to write it
    * ``obstacles``: Hold of each reason why it is in Odoo, and not done
    * ``exclusion``: the rule that keeps it out of Odoo
    * ``is_waiting``: it names something that is staged and not imported yet
    * ``notes``: values to write on the record, whatever becomes of it
    """

    record: Any
    payload: Any = None
    locations: list | None = None
    mentioned: dict | None = None
    awaited: tuple | None = None
    target_id: int = 0
    origin: str = ""
    evidence: list = ()
    written: dict | None = None
    holds: list = field(default_factory=list)
    obstacles: list = field(default_factory=list)
    exclusion: str = ""
    is_waiting: bool = False
    notes: dict = field(default_factory=dict)

    @property
    def is_open(self):
        """Whether the object is readable, and nothing was decided about it yet."""
        return self.payload is not None and not (
            self.target_id or self.holds or self.exclusion or self.is_waiting
        )

    @property
    def is_writable(self):
        """Whether nothing speaks against writing the object."""
        return not (self.holds or self.is_waiting)

    @property
    def reasons(self):
        """The Holds of the object, whether it is in Odoo or not."""
        return [*self.holds, *self.obstacles]

    @property
    def key(self):
        """What an issue that is only about this object is called."""
        return f"{self.record.resource}/{self.record.external_id}"

    def link(self, target_id, origin="matched", written=None, evidence=()):
        """Note which Odoo record the object is.

        :param origin: ``matched`` (found), ``created`` (by this import) or
            ``remembered`` (linked before)
        :param written: JSON of what this import wrote, by which later edits are known
        :param evidence: codes of ``matching`` that speak for it, if it was found
        """
        self.target_id = target_id
        self.origin = origin
        if evidence:
            self.evidence = list(evidence)
        if written is not None:
            self.written = written

    def hold(self, code, key="", reference_id=0, **params):
        """Add one issue of the object; there may be several."""
        self.holds.append(Hold(code, key or self.key, params, reference_id))

    def hold_once(self, hold):
        """Note ``hold``, unless it is noted already."""
        if hold not in self.holds:
            self.holds.append(hold)

    def hold_written(self, hold):
        """Note why the object, which is in Odoo, cannot be done yet."""
        self.obstacles.append(hold)

    def exclude(self, rule):
        """Note which ``rule`` keeps the object out of Odoo."""
        self.exclusion = rule

    def note(self, **values):
        """Note what else is to be written on the record."""
        self.notes.update(values)


@dataclass(slots=True, eq=False)
class DocumentDraft(Draft):
    """A document, which names master data and is booked in one company.

    * ``misrouted``: Holds of a new document that no company books
    * ``moved``: Hold of a booked one whose lines are another company's by now
    * ``figures``: what its amounts come to, by ``procurify.arithmetic``
    * ``custom``: {source of a line's figures: CustomValue that are booked}
    * ``vendor_id``: id of its vendor's contact, or False
    * ``values``: what its header writes; None if it cannot be written
    * ``found``: the document in Odoo that it is already, or None
    * ``target``: the document in Odoo that this import writes or takes up again
    * ``is_settled``: it is in the books, and only compared: nothing of it is written
      unless a person says so
    """

    misrouted: list = field(default_factory=list)
    moved: Hold | None = None
    figures: Any = None
    custom: dict = field(default_factory=dict)
    vendor_id: Any = False
    values: dict | None = None
    found: Any = None
    target: Any = None
    is_settled: bool = False

    def hold_misrouted(self):
        """Hold what belongs to no company, to several, or to one that cannot be
        written here."""
        for hold in self.misrouted:
            self.hold_once(hold)

    def hold_moved(self):
        """Hold a booked document whose lines are another company's by now, if so.

        :returns: whether it is on hold
        """
        if self.moved:
            self.holds.append(self.moved)
        return bool(self.moved)


@dataclass(slots=True, eq=False)
class BillDraft(DocumentDraft):
    """A vendor bill or refund.

    * ``sources``: for each line of ``values``, what it is in Procurify
    * ``taxes``: {source: Decimal, the taxes of its line}
    * ``offer``: the version that ``values`` makes, to compare
    * ``revision``: BillRevision against what is in Odoo
    * ``other_plans``: {source: what its line has in plans that are not Procurify's},
      see ``BillRevision.analytic``
    * ``is_resumed``: it is only to be finished, as it is in Odoo
    * ``is_untouched``: it is resumed, and no person edited it
    * ``closed``: (day, Odoo's locks) of a bill of a closed period
    * ``is_left_closed``: the policy leaves it in its closed period
    * ``uncertain_day``: Hold that says why its day may be another one
    * ``is_to_post_there``: it is posted once a remote Odoo has it
    * ``is_edited_there``: somebody changed, posted or paid it in the remote Odoo
    * ``is_disputed``: it is in Odoo, and a person decides whether it is updated
    """

    sources: list = ()
    taxes: dict = field(default_factory=dict)
    offer: dict | None = None
    revision: Any = None
    other_plans: dict = field(default_factory=dict)
    is_resumed: bool = False
    is_untouched: bool = False
    closed: tuple | None = None
    is_left_closed: bool = False
    uncertain_day: Hold | None = None
    is_to_post_there: bool = False
    is_edited_there: bool = False
    is_disputed: bool = False

    @property
    def sign(self):
        """A negative total is a refund: all its lines are turned around."""
        return -1 if self.figures.total < 0 else 1

    @property
    def total(self):
        """The total with taxes, without sign, as Decimal."""
        return abs(self.figures.total)

    @property
    def was_nothing(self):
        """Whether the last import left a draft because its total was 0."""
        written = self.record._applied().get("booked") or {}
        return written.get("amount_total") == 0


@dataclass(slots=True, eq=False)
class OrderDraft(DocumentDraft):
    """A purchase order. A source is ``line 9001``, ``extra freight`` or ``rounding``.

    * ``items``: {source: line of the payload}
    * ``lines``: {source: values of the line in Odoo}
    * ``made``: {source: purchase.order.line} of what was written
    * ``meant``: (values of the header, {purchase.order.line: values}) of what was just
      written
    * ``is_shortened``: less of it is expected than was ordered
    * ``is_restored``: it was cancelled, and is back
    * ``is_unlocked``: it was locked until now
    """

    items: dict = field(default_factory=dict)
    lines: dict = field(default_factory=dict)
    made: dict = field(default_factory=dict)
    meant: tuple = ({}, {})
    is_shortened: bool = False
    is_restored: bool = False
    is_unlocked: bool = False

    def mean(self):
        """Note that all of the order, as it is in ``made``, was meant to be so."""
        written = {
            line: self.lines[source]
            for source, line in self.made.items()
            if source in self.lines
        }
        self.meant = (self.values, written)

    @property
    def is_unfinished(self):
        """Whether an order that is a request in Odoo is to be confirmed.

        One that was just adopted is, as if it were imported now. One that a person set
        back is meant to be a request.
        """
        is_adopted = bool((self.record.applied_state or {}).get(ADOPTED))
        return is_adopted or self.is_restored or self.record._is_unfinished()


@dataclass(slots=True, eq=False)
class RequisitionDraft(DocumentDraft):
    """A requisition.

    * ``items``: {staged order item: its payload}
    * ``wanted``: what is approved and not bought, as {(vendor id, currency id): {order
      item: values of a line}}; None if it cannot be requested
    * ``headers``, ``lines``: {request: values} and {line of a request: values} of what
      was just written
    """

    items: dict = field(default_factory=dict)
    wanted: dict | None = None
    headers: dict = field(default_factory=dict)
    lines: dict = field(default_factory=dict)


DRAFTS = {
    "bill": BillDraft,
    "purchase_order": OrderDraft,
    "requisition": RequisitionDraft,
}
"""{resource: class of its drafts}; master data is a plain Draft."""


IMPORT_BATCH_SIZE = 100  # records: Odoo's cost per bill is flat from 50 on


class BatchRefused(Exception):
    """Odoo's result for some drafts of a batch is not what it must be.

    Raised inside the savepoint of the batch, so that nothing of it stays; the
    refused ones are put on hold and the rest is tried again.
    """

    def __init__(self, drafts):
        """:param drafts: the refused ones, which have their ``holds``"""
        super().__init__(f"{len(drafts)} records refused")
        self.drafts = drafts


class BookedOtherwise(Exception):
    """What Odoo made of some drafts is not what was meant, and shall not stay."""

    def __init__(self, rows):
        """:param rows: {draft: rows of what differs, all texts}"""
        super().__init__(f"{len(rows)} records differ")
        self.rows = rows


class Choice(NamedTuple):
    """What a person decided about records on hold, and which user writes it.

    ``post`` posts the document again; ``next_open`` books it on the first open day
    where its own period is closed, whatever the policy says. ``former`` is the bill in
    whose place a new one is booked, and what was written there.
    """

    user: object
    post: bool = False
    next_open: bool = False
    former: object = None


class ImportBatch:
    """Drafts of one connection and resource, and what a person decided about them."""

    def __init__(self, records, choice=None):
        """:param records: ``procurify.record`` rows of one connection and resource
        :param choice: Choice of the person who decided about them
        """
        self.records = records
        self.choice = choice
        self.connection = records.connection_id
        self.resource = records[0].resource
        kind = DRAFTS.get(self.resource, Draft)
        self._by_record = {record: kind(record) for record in records}
        self.drafts = list(self._by_record.values())
        # {order: its record, or None}: what was written besides the drafts' documents.
        self.touched = {}

    @property
    def open(self):
        """The readable drafts that nothing was decided about yet."""
        return [draft for draft in self.drafts if draft.is_open]

    @property
    def linked(self):
        """The drafts that are in Odoo, held or not."""
        return [draft for draft in self.drafts if draft.target_id]

    def draft(self, record):
        """Return the draft of ``record``."""
        return self._by_record[record]

    def open_payloads(self):
        """Return {record: payload} of the open drafts."""
        return {draft.record: draft.payload for draft in self.open}

    def touch(self, orders, record=None):
        """Note that ``orders`` were written for a document that is not theirs alone."""
        for order in orders:
            self.touched[order] = record or self.touched.get(order)

    def records_of(self, drafts):
        """Return the ``procurify.record`` rows of these drafts."""
        return self.records.browse([draft.record.id for draft in drafts])

    def locate(self):
        """Note the (line's text, Location) pairs of each document's lines."""
        for draft in self.drafts:
            if draft.payload is not None:
                draft.locations = list(draft.payload.line_locations())

    def by_company(self):
        """Yield (company, batch) for each company in which open documents are booked.

        Master data is of all of them at once. The drafts of a part are those of the
        whole.
        """
        if self.resource not in DOCUMENTS:
            yield self.connection._companies(), self
            return
        parts = {}
        for draft in self.open:
            parts.setdefault(draft.record.company_id, []).append(draft)
        for company, drafts in parts.items():
            part = copy(self)
            part.drafts, part.records = drafts, self.records_of(drafts)
            yield company, part


class Resolution(Enum):
    """What became of a document's reference."""

    FOUND = "found"
    HELD = "held"
    WAITING = "waiting"  # staged, not imported yet


class Reference:
    """What a document's reference resolves to: a target, or issues.

    ``known_id``: what it is mapped to, also where no document may use that any more.
    """

    __slots__ = ("holds", "known_id", "record", "state", "target_id")

    def __init__(self, record, serves):
        """:param serves: whether documents may use what ``record`` is mapped to"""
        self.record = record
        self.target_id, self.holds = False, []
        self.known_id = record.res_id
        if serves:
            self.state, self.target_id = Resolution.FOUND, record.res_id
        elif record.state in ("pending", "waiting"):
            self.state = Resolution.WAITING
        else:
            self.state, self.holds = Resolution.HELD, self._reasons(record)

    @staticmethod
    def _reasons(record):
        if record.state == "quarantined":
            return [
                Hold(issue.code, issue.key, issue.sudo().params, issue.reference_id.id)
                for issue in record.issue_ids
            ]
        # Excluded or ignored, and yet a document may need it.
        importer = record.env[record._target_model(record.resource)]
        code = importer._procurify_unknown_code(record.resource)
        return [importer._procurify_hold(record, code)] if code else []


def ruled_out(drafts):
    """Return {draft: (model, id) of each document that a person said it is not}."""
    records = {draft.record: draft for draft in drafts}
    if not records:
        return {}
    first = next(iter(records))
    said = first.union(*records)._ruled_out()
    return {records[record]: documents for record, documents in said.items()}


def is_said_of_all(draft, known):
    """Return whether a person said that it is none of any, before it was kept of which.

    :param known: what ``ruled_out`` returns
    """
    return draft.record.not_a_duplicate and draft not in known
