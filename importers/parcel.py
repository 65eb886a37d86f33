"""Documents on their way to a remote Odoo, and what is known of them."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, eq=False)
class Parcel:
    """A bill or order on its way to the remote Odoo.

    * ``row``: its ``procurify.dispatch``
    * ``was``: the state of the row before
    * ``move``: the document here; None if it was deleted
    * ``image``: what it shall be there; None if that is not known
    * ``there``: Facts of what the remote has; None: nothing
    * ``is_news``: it shall be something else than was sent last, or than is there
    * ``is_written``: this run created or rewrote it
    * ``is_to_check``: nobody knows yet whether the remote made of it what was sent
    * ``refused``, ``wrong``, ``conflict``: in words, why the remote does not have it,
      what it has otherwise, and what somebody changed there
    * ``rival``: what somebody entered there, and may be the same document
    * ``is_gone``: it was deleted there
    * ``lines``: of an order, {id of a line here: its ``procurify.dispatch``}
    * ``is_changed``: more than its status differs
    * ``ended``: what somebody changed there of ``state`` and ``locked``
    * ``unconfirmed``: in words, why it is not confirmed there
    """

    row: Any
    was: str
    move: Any = None
    image: dict | None = None
    there: Any = None
    is_news: bool = False
    is_written: bool = False
    is_to_check: bool = False
    refused: str = ""
    wrong: str = ""
    conflict: str = ""
    rival: Any = None
    is_gone: bool = False
    lines: dict = field(default_factory=dict)
    is_changed: bool = False
    ended: frozenset = frozenset()
    unconfirmed: str = ""

    @property
    def line_ids(self):
        """{external id: remote id} of the lines of an order that are there."""
        rows = self.lines.values()
        return {row.external_id: row.remote_id for row in rows if row.remote_id}

    @property
    def is_open(self):
        """Whether nothing is against going on with it."""
        against = self.refused or self.conflict or self.is_gone
        return self.image is not None and not against

    @property
    def is_back(self):
        """Whether it was cancelled with its document, which is back by now."""
        states = self.there.values["state"], self.row.remote_state
        return set(states) == {"cancel"} and self.move.state == "draft"

    @property
    def is_to_post(self):
        """Whether it is to be posted, and all checks have passed."""
        row = self.row
        is_sound = not (self.wrong or row.record_id.issue_ids)
        return row.is_to_post and is_sound and (self.is_news or not row.is_edited)

    @property
    def state(self):
        """What its row says of it now."""
        if self.refused or not self.move:
            return "refused"
        if self.wrong or (self.was == "differs" and not self.is_to_check):
            return "differs"
        return "sent"

    @property
    def message(self):
        """What its row says of it in words."""
        return self.refused or self.wrong or self.conflict or self.unconfirmed
