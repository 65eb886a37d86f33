"""The drafts of one connection and resource that are imported together."""

from copy import copy
from typing import NamedTuple

from .draft import DRAFTS, Draft
from .resource_kinds import DOCUMENTS

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

    def records_of(self, drafts):
        """Return the ``procurify.record`` rows of these drafts."""
        return self.records.browse(draft.record.id for draft in drafts)

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
