"""Pulling: what people did in the remote Odoo with what was sent."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from odoo import SUPERUSER_ID, api, fields, models
from odoo.fields import Domain

from ...fetching.remote_odoo import open_remote
from ...importers.refusals import tried
from ...procurify_odoo import OtherVersion, RemoteError
from ...procurify_odoo.bills import differences, read_bills
from ...procurify_odoo.mirror import OVERLAP
from ...procurify_odoo.orders import read_orders
from ...procurify_odoo.sending import creation_times, external_ids
from ...tools.cipher import UnreadableSecret
from ...tools.own_values import write_each
from ...tools.private import writing_shadows
from .procurify_dispatch import MOVES, ORDERS

_READERS = {MOVES: read_bills, ORDERS: read_orders}
POLLED = 5000  # documents of one call
LONGEST_S = 60  # a person waits for it


@dataclass
class _Changes:
    """What the remote says of documents of one model that were sent.

    :param rows: of all of them
    :param newest: stamp of the newest change
    :param changed: rows whose documents may have changed
    :param gone: rows whose documents are not there
    :param hidden: rows whose documents the API user may not see
    :param back: rows of those that changed last before we knew it
    :param facts: {id: Facts} of what may have changed
    """

    rows: Any
    newest: str
    changed: Any = None
    gone: Any = None
    hidden: Any = None
    back: Any = None
    facts: dict[int, Any] = field(default_factory=dict)

    def __post_init__(self):
        self.changed = self.gone = self.hidden = self.back = self.rows.browse()


@dataclass(frozen=True)
class Sight:
    """What was seen of a remote Odoo.

    :param as_of: when all of it was read, UTC; None: it could not be
    :param problem: what a person must know, or ""
    """

    target: Any
    as_of: datetime | None
    problem: str = ""


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
        bills, orders = self._read_changes(remote)
        if problem := self._find_restored(remote, (bills, orders)):
            return problem
        self._take_orders_over(remote, orders)
        self._note_changes(remote, bills)
        newest = max(bills.newest, orders.newest)
        if newest != (self.pulled_until or ""):
            self.pulled_until = newest
        self._note_hidden(bills.hidden)
        self._note_gone(bills.gone)
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

    def _read_changes(self, remote):
        """Return what the remote says of the documents of each model that were sent.

        What can be asked at the same time is.
        """
        found = [
            _Changes(self._rows_sent(m), self.pulled_until or "") for m in _READERS
        ]
        parts = [
            (each, each.rows[start : start + POLLED])
            for each in found
            for start in range(0, len(each.rows), POLLED)
        ]
        expected = self.version
        _checked, *news = remote.side_by_side(
            lambda: remote.check_version(expected),
            *(self._ask_for_changes(remote, part) for _each, part in parts),
        )
        doubtful = [
            part.filtered(
                lambda row, there=there, facts=facts: (
                    row.remote_id not in there
                    or (row.remote_id in facts and not _created(row))
                )
            )
            for (_each, part), (there, facts) in zip(parts, news, strict=True)
        ]
        answers = remote.side_by_side(
            *(self._ask_who(remote, rows) for rows in doubtful)
        )
        for (each, part), (there, facts), asked, who in zip(
            parts, news, doubtful, answers, strict=True
        ):
            each.facts |= facts
            each.newest = max([each.newest, *(f.newest for f in facts.values())])
            # An id may stand for another document, e.g. where a backup was restored.
            lost = asked - _still_meant(asked, *who)
            lost |= (part - asked).filtered(
                lambda row, facts=facts: not _is_it(row, facts.get(row.remote_id))
            )
            hidden = (asked - lost).filtered(
                lambda row, there=there: row.remote_id not in there
            )
            each.gone |= lost
            each.hidden |= hidden
            rest = part - lost - hidden
            each.changed |= rest.filtered(
                lambda row, facts=facts: row.remote_id in facts
            )
            each.back |= self._went_back(rest, facts)
        return found

    def _ask_for_changes(self, remote, rows):
        """Return a function that reads which documents of one model are there, and
        {id: Facts} of what changed."""
        model, ids = rows[0].res_model, rows.mapped("remote_id")
        since, context = _before(self.pulled_until), self._there()
        return lambda: remote.side_by_side(
            lambda: remote.visible(model, ids),
            lambda: _READERS[model](remote, ids, context, since),
        )

    def _went_back(self, rows, facts):
        """Return the rows whose documents changed last before we knew it.

        :param facts: {id: Facts} of what changed lately
        """
        since = _before(self.pulled_until)
        return rows.filtered(
            lambda row: (
                row.remote_written_at
                and row.remote_written_at >= since
                and (
                    row.remote_id not in facts
                    or facts[row.remote_id].written_at < row.remote_written_at
                )
            )
        )

    def _still_there(self, remote, rows):
        """Return the rows whose ids there still stand for what was sent.

        :param rows: of one model
        """
        return _still_meant(rows, *self._ask_who(remote, rows)())

    def _ask_who(self, remote, rows):
        """Return a function that reads for what the ids of rows stand there: {id:
        external id} of what was sent, {id: when it was created} of what people entered
        there and a person adopted.

        :param rows: of one model
        """
        model, entered = rows[:1].res_model, rows.filtered("created_there")
        sent_ids = (rows - entered).mapped("remote_id")
        ids, context = entered.mapped("remote_id"), self._there()
        return lambda: remote.side_by_side(
            lambda: external_ids(remote, model, sent_ids),
            lambda: creation_times(remote, model, ids, context),
        )

    def _read_sent(self, remote, parcels, read, is_first=False, besides=dict):
        """Read what is there of documents that were sent.

        What is hidden from the API user is refused, not taken for deleted.

        :param parcels: with an id there
        :param read: reads documents of their model by ids
        :param is_first: whether it is not known yet that these ids still stand for
            what was sent
        :param besides: reads something else at the same time
        :returns: what it read
        """
        ids = [parcel.row.remote_id for parcel in parcels]
        context = self._there()
        facts, found = remote.side_by_side(lambda: read(remote, ids, context), besides)
        for parcel in parcels:
            parcel.there = facts.get(parcel.row.remote_id)
        asked = [
            parcel
            for parcel in parcels
            if not parcel.there or (is_first and not _created(parcel.row))
        ]
        known = self._still_there(remote, self._rows(p.row for p in asked))
        for parcel in parcels:
            is_it = _is_it(parcel.row, parcel.there) if is_first else True
            if (parcel.row not in known) if parcel in asked else not is_it:
                parcel.there, parcel.is_gone, parcel.refused = None, True, ""
            elif not parcel.there:
                parcel.refused = self._explain_not_there(parcel.move)
        return found

    def _note_changes(self, remote, changes):
        """Write what the remote has now of bills that may have changed.

        :param changes: see ``_read_changes``
        """
        news = {}
        for row in changes.changed.filtered("sent_image"):
            if not (there := changes.facts.get(row.remote_id)):
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

    # === FOR A CERTIFICATE === #

    def _look_now(self):
        """Pull what people did there, in this transaction, and return the Sight.

        What is known here stays as it is where the remote cannot be asked.
        """
        self.ensure_one()
        target = self.with_user(SUPERUSER_ID)
        if target.state != "ready":
            return target._not_seen(target.error_message or target.missing)
        if not target._alone_from_now():
            return target._not_seen(
                self.env._("Something is being sent to it right now. Try again later.")
            )
        try:
            with (
                self.env.cr.savepoint(),
                open_remote(target, run_s=LONGEST_S) as remote,
            ):
                target._assume_version(remote)
                problem = target._pull_changes(remote)
        except OtherVersion as error:
            text = self.env._("It was upgraded to %s. Test it again.")
            return target._not_seen(text % error.version)
        except (RemoteError, UnreadableSecret) as error:
            return target._not_seen(target._explain(error))
        return Sight(self, fields.Datetime.now(), problem or "")

    def _not_seen(self, why):
        """Return the Sight of a remote that cannot be asked."""
        if self.failing_since:
            text = self.env._(
                "The remote Odoo %(name)s has not answered since %(since)s UTC; what "
                "people did there since is not known here: %(why)s",
                name=self.name,
                since=fields.Datetime.to_string(self.failing_since),
                why=why,
            )
        else:
            text = self.env._(
                "The remote Odoo %(name)s could not be asked; what people did there "
                "lately may not be known here: %(why)s",
                name=self.name,
                why=why,
            )
        return Sight(self, None, text)


def _still_meant(rows, names, created):
    """Return the rows whose ids there still stand for what was sent, or adopted.

    :param names: and ``created``, see ``_ask_who``
    """
    return rows.filtered(
        lambda row: (
            created.get(row.remote_id) in (row.created_there, "")
            if row.created_there
            else names.get(row.remote_id) == row.external_id
        )
    )


def _created(row):
    """Return when the document of a row was created there, or a false value."""
    return row.created_there or row.remote_created_at


def _is_it(row, there):
    """Return whether what is there is not another document with the id of this one."""
    created = _created(row)
    return not (there and created) or there.values["create_date"] == created


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
