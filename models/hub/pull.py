"""Pulling: what people did in the remote Odoo with what was sent."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from odoo import api, fields, models
from odoo.fields import Domain

from ...importers.refusals import tried
from ...procurify_odoo.bills import (
    LINE_MODEL,
    MODEL,
    differences,
    read_bills,
)
from ...procurify_odoo.mirror import OVERLAP
from ...procurify_odoo.sending import external_ids
from ...tools.own_values import write_each
from ...tools.shadows import writing_shadows
from .mirror import is_loss
from .procurify_dispatch import MOVES

_PLACES = ((MODEL, "id"), (LINE_MODEL, "move_id"))
POLLED = 5000  # bills of one call


@dataclass
class _Changes:
    """What the remote says of documents that were sent.

    :param changed, gone, hidden: rows
    :param newest: stamp of the newest change
    :param problem: what a person must know first
    """

    changed: Any
    newest: str
    problem: str = ""
    gone: Any = None
    hidden: Any = None

    def __post_init__(self):
        self.gone = self.hidden = self.changed


class ProcurifyTarget(models.Model):
    _inherit = "procurify.target"

    pulled_until = fields.Char(
        readonly=True, copy=False, help="When the newest change that is known was made."
    )

    # === CRON METHODS === #

    @api.model
    def _cron_pull(self, target_id=0):
        """Read what people did with the documents that were sent.

        :param target_id: see ``_served``
        """
        self._work_with_each("_pull_changes", target_id)

    # === PULL === #

    def _pull_changes(self, remote):
        """Write onto what was sent, and onto the documents here, what changed there.

        An unchanged remote costs no write.

        :returns: what a person must know, or None
        :raises RemoteError: the remote cannot be read
        """
        rows = self._rows_sent(MOVES)
        newest, gone, hidden = self.pulled_until or "", rows.browse(), rows.browse()
        back, parts = rows.browse(), []
        for start in range(0, len(rows), POLLED):
            part = rows[start : start + POLLED]
            there, changed, stamp = self._changed_there(remote, part, _PLACES)
            newest = max(newest, stamp)
            lost, unseen = self._lost(remote, MODEL, part, there, changed)
            gone, hidden = gone | lost, hidden | unseen
            parts.append((part - lost - unseen, changed))
            back |= self._went_back(parts[-1][0], changed)
        if problem := self._find_restored(remote, rows, gone, hidden, back):
            return problem
        problem, stamp = self._pull_orders(remote)
        if problem:
            return problem
        newest = max(newest, stamp)
        for part, changed in parts:
            self._note_changes(remote, part, changed)
        if newest != (self.pulled_until or ""):
            self.pulled_until = newest
        self._note_hidden(hidden)
        self._note_gone(gone)
        return None

    def _rows_sent(self, model):
        """Return the rows of documents that are in the remote."""
        return self.env["procurify.dispatch"].search(
            Domain("target_id", "=", self.id)
            & Domain("res_model", "=", model)
            & Domain("state", "!=", "sending")
            & Domain("remote_id", "!=", 0)
            & Domain("remote_state", "!=", "deleted"),
            order="id",
        )

    def _read_changes(self, remote, rows, model, places):
        """Ask which documents changed, are gone, or are hidden.

        :param places: (model, field with the document's id) of what changes
        """
        found = _Changes(rows.browse(), self.pulled_until or "")
        for start in range(0, len(rows), POLLED):
            part = rows[start : start + POLLED]
            there, changed, stamp = self._changed_there(remote, part, places)
            found.newest = max(found.newest, stamp)
            lost, unseen = self._lost(remote, model, part, there, changed)
            found.gone |= lost
            found.hidden |= unseen
            found.changed |= (part - lost - unseen).filtered(
                lambda row, changed=changed: row.remote_id in changed
            )
        missing = len(found.gone) + len(found.hidden)
        if is_loss(missing, len(rows)):
            found.problem = self.env._(
                "%(count)s documents that were sent are not in the remote Odoo, or the "
                "API user may not see them any more. Nothing was changed here, and "
                "nothing is sent.",
                count=missing,
            )
        return found

    def _changed_there(self, remote, rows, places):
        """Return the ids that exist, {id of what changed: when the bill itself did},
        and the newest change.

        Lines are asked for too: in old versions, their changes do not move that of the
        bill.
        """
        ids = rows.mapped("remote_id")
        there = remote.visible(places[0][0], ids)
        since = [("write_date", ">=", _before(self.pulled_until))]
        changed, newest = {}, ""
        for model, name in places:
            found = remote.call(
                model,
                "search_read",
                domain=[(name, "in", ids), *since],
                fields=[name, "write_date"],
                context={"active_test": False, **self._there()},
            )
            for row in found:
                if name == "id":
                    changed[row["id"]] = row["write_date"]
                else:
                    changed.setdefault(row[name][0], "")
                newest = max(newest, row["write_date"])
        return there, changed, newest

    def _went_back(self, rows, changed):
        """Return the rows whose bills changed last before we knew it.

        :param changed: {id of what changed lately: when the bill itself did}
        """
        since = _before(self.pulled_until)
        return rows.filtered(
            lambda row: (
                row.remote_written_at
                and row.remote_written_at >= since
                and changed.get(row.remote_id, "") < row.remote_written_at
            )
        )

    def _lost(self, remote, model, rows, there, changed):
        """Return the rows whose bills are not there, and those that nobody may see.

        An id may stand for another bill, e.g. where a backup was restored.

        :param there: ids that the API user sees
        :param changed: ids of what may have changed
        """
        asked = rows.filtered(
            lambda row: row.remote_id not in there or row.remote_id in changed
        )
        names = external_ids(remote, model, asked.mapped("remote_id"))
        mine = asked.filtered(lambda row: names.get(row.remote_id) == row.external_id)
        return asked - mine, mine.filtered(lambda row: row.remote_id not in there)

    def _note_changes(self, remote, rows, changed):
        """Write what the remote has now of what may have changed.

        :param changed: remote ids
        """
        mine = rows.filtered(lambda row: row.remote_id in changed and row.sent_image)
        facts = read_bills(remote, mine.mapped("remote_id"), self._there())
        news = {}
        for row in mine:
            if not (there := facts.get(row.remote_id)):
                continue
            differing = differences(row.sent_image, there, remote.dialect)
            now = self._facts_of(there) | {
                "is_edited": bool(differing),
                "edited_text": self._in_words(differing) or False,
            }
            found = {name: v for name, v in now.items() if row[name] != v}
            if found:
                news[row] = found
        moved = [row for row, found in news.items() if "remote_state" in found]
        reset = [
            row
            for row in moved
            if row.remote_state in ("posted", "cancel")
            and news[row]["remote_state"] == "draft"
            and not row.is_due
        ]
        write_each(news)
        self._follow_states(self._rows(moved), self._rows(reset))

    def _note_hidden(self, rows):
        """Write which documents are there, but not for the API user.

        :param rows: of one model
        """
        if not rows:
            return
        found = self.env[rows[0].res_model].browse(rows.mapped("res_id")).exists()
        words = {record.id: self._explain_not_there(record) for record in found}
        write_each(
            {
                row: {"message": words[row.res_id]}
                for row in rows
                if row.res_id in words and row.message != words[row.res_id]
            }
        )

    def _note_gone(self, rows):
        """Delete the documents here that were deleted there.

        Their records are looked at again, as where somebody deletes a bill here. What
        Odoo refuses to delete, e.g. in a closed period, is tried again each time.
        """
        if not rows:
            return
        moves = self.env[MOVES].browse(rows.mapped("res_id")).exists()
        with writing_shadows():
            errors = tried(self.env, list(moves), _delete)
        self._note_not_followed(rows, errors)
        kept = {move.id for move in errors}
        rows = rows.filtered(lambda row: row.res_id not in kept)
        rows.write({"remote_state": "deleted", "is_due": False, "state": "sent"})
        records = rows.record_id.filtered(lambda record: record.state != "ignored")
        records.write({"applied_digest": False})
        records._requeue()

    # === DOCUMENTS HERE === #

    def _follow_states(self, rows, reset=()):
        """Post and cancel here what is posted and cancelled there.

        :param rows: whose state there may be another one
        :param reset: those of them that people reset to draft there
        """
        moves = self.env[MOVES].browse(rows.mapped("res_id")).exists()
        states = {row.res_id: row.remote_state for row in rows}
        # A draft there may wait until it is posted: only what people reset is reset.
        back = {row.res_id for row in reset}
        for state, before, act in (
            ("posted", ("draft",), lambda part: _union(part)._post(soft=False)),
            ("cancel", ("draft", "posted"), lambda part: _union(part).button_cancel()),
            ("draft", ("posted", "cancel"), lambda part: _union(part).button_draft()),
        ):
            wanted = moves.filtered(
                lambda move, state=state, before=before: (
                    states[move.id] == state
                    and move.state in before
                    and (state != "draft" or move.id in back)
                )
            )
            with writing_shadows():
                errors = tried(self.env, list(wanted), act)
            self._note_not_followed(rows, errors)

    def _note_not_followed(self, rows, errors):
        """Write why a document here has not the state that it has there."""
        by_id = {row.res_id: row for row in rows}
        write_each({by_id[move.id]: {"message": str(e)} for move, e in errors.items()})


def _delete(moves):
    moves = _union(moves)
    moves.filtered(lambda move: move.state != "draft").button_draft()
    moves.with_context(force_delete=True).unlink()


def _union(moves):
    return moves[0].union(*moves)


def _before(moment):
    """Return a time somewhat before: others see a row later than it is stamped."""
    if not moment:
        return "1970-01-01 00:00:00"
    earlier = datetime.fromisoformat(moment) - OVERLAP
    return earlier.strftime("%Y-%m-%d %H:%M:%S")
