"""Reading the master data of a remote Odoo: what changed, and at night what is gone."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from ...fetching.remote_odoo import open_remote
from ...procurify_odoo import RemoteError, TryAgain
from ...procurify_odoo.mirror import (
    OVERLAP,
    all_visible_ids,
    changed_rows,
    changes_of,
    kinds_of,
    later,
)
from ...tools.cipher import UnreadableSecret
from ...tools.concurrency import CONCURRENCY_ERRORS, mute_sql_errors

COMPARED_EVERY = timedelta(days=1)
_MANY = 10


def is_loss(missing, count):
    """Return whether so many of ``count`` records are missing that nobody deleted them
    all at once: the remote was restored, or the user may not see them any more."""
    return missing >= _MANY and missing * 2 > count


class ProcurifyTarget(models.Model):
    _inherit = "procurify.target"

    mirror_ids = fields.One2many("procurify.mirror", "target_id", readonly=True)
    mirror_count = fields.Integer("Master Data", compute="_compute_mirror_count")
    # {"of": [address, database, company], "newest": {kind: stamp of the newest row},
    # "read_at": {kind: when that was read, by the clock here}}
    mirror_state = fields.Json(readonly=True, copy=False)
    mirrored_at = fields.Datetime("Last Change Read", readonly=True, copy=False)
    compared_at = fields.Datetime("All IDs Compared On", readonly=True, copy=False)
    has_vanished = fields.Boolean(
        "Most Records Missing",
        readonly=True,
        copy=False,
        help="It was stopped, because most records of a kind were missing at once. "
        "After the next test, what is missing is archived here.",
    )

    # === COMPUTE METHODS === #

    @api.depends("mirror_ids")
    def _compute_mirror_count(self):
        groups = self.env["procurify.mirror"]._read_group(
            Domain("target_id", "in", self.ids) & Domain("is_gone", "=", False),
            ["target_id"],
            ["__count"],
        )
        counts = dict(groups)
        for target in self:
            target.mirror_count = counts.get(target, 0)

    # === CRON METHODS === #

    @api.model
    def _cron_mirror(self, target_id=0):
        """Read what changed in each remote Odoo that is ready.

        :param target_id: see ``_served``
        """
        commit = self.env["ir.cron"]._commit_progress
        targets = self._served(target_id)
        commit(remaining=len(targets))
        for target in targets:
            with mute_sql_errors(*CONCURRENCY_ERRORS), target._alone() as is_alone:
                if is_alone:
                    target._try_to_mirror()
            commit(1)

    def _try_to_mirror(self):
        """Read what changed, and write on the target what goes wrong."""
        self.ensure_one()
        try:
            self._mirror()
            self.env["ir.cron"]._commit_progress()
        except (RemoteError, UnreadableSecret) as error:
            self.env.cr.rollback()
            self._note_unread(error)
        except CONCURRENCY_ERRORS:
            # Another job wrote the same rows: the next run does the rest.
            self.env.cr.rollback()

    # === BUSINESS METHODS === #

    def _mirror(self):
        """Read what changed since the last time, and once a day what is gone; bring
        the local records up to date.

        An unchanged remote costs no write here, and never one there. While the remote
        is waited for, nothing is written that is not committed.

        :raises RemoteError: the remote cannot be read
        :raises UnreadableSecret: the key cannot be
        """
        self.ensure_one()
        commit = self.env["ir.cron"]._commit_progress
        options = self.env["procurify.connection"]._client_options()
        expected, company = self.version, self.remote_company_id
        is_comparison_due = self._is_comparison_due()
        with open_remote(self, **options) as remote:
            state = self._mirror_state()
            begun = fields.Datetime.now()
            commit()
            if str(remote.version) != expected:
                self._note_upgrade(remote.version)
                return
            kinds = kinds_of(remote.dialect).values()
            newest = state["newest"]
            for kind, pages in changes_of(remote, kinds, company, newest):
                self._read(kind, pages, state, begun, commit)
            if is_comparison_due:
                self._compare(remote, kinds, company, commit)
        self._apply_mirror(commit)
        # The jobs of live connections clear what they found themselves.
        if self.state == "ready" and not self._live_connections():
            self._note_answer()

    def _read(self, kind, pages, state, begun, commit):
        """Store what changed of one kind, page by page.

        :param state: of the mirror; the stamp of the newest row is noted there once all
            is read, because pages do not come in the order of their changes
        :param begun: before anything was read
        """
        since = state["newest"].get(kind.name, "")
        came, changed, latest = False, False, since
        for page in pages:
            came = True
            changed |= self.env["procurify.mirror"]._keep(self, page)
            latest = max(latest, *(row.written_at for row in page))
            commit()
        if came and not changed and latest == since:
            latest = _known_until(state, kind.name, begun)
        if changed or latest != since:
            # The newest row is not younger.
            stamp = fields.Datetime.to_string(fields.Datetime.now())
            state["newest"] = state["newest"] | {kind.name: latest}
            state["read_at"] = state["read_at"] | {kind.name: stamp}
            values = {"mirror_state": dict(state)}
            self.write(values | ({"mirrored_at": begun} if changed else {}))
            commit()

    def _compare(self, remote, kinds, company, commit):
        """Mark what is gone, and read what is visible again."""
        rows, there = self.env["procurify.mirror"], []
        all_visible = all_visible_ids(remote, kinds, company)
        for kind, visible in zip(kinds, all_visible, strict=True):
            there.append((kind, visible))
            present = rows._present_ids(self, kind.name)
            missing = len(present - visible)
            if is_loss(missing, len(present)) and not self.has_vanished:
                self._note_vanished(kind.name, missing, len(present))
                commit()
                return
        changed = False
        for kind, visible in there:
            changed |= rows._mark_gone(self, kind.name, visible)
            if back := visible - rows._present_ids(self, kind.name):
                for page in changed_rows(remote, kind, company, ids=back):
                    changed |= rows._keep(self, page)
            commit()
        if self.has_vanished:
            self.has_vanished = False
        now = fields.Datetime.now()
        self.write({"compared_at": now} | ({"mirrored_at": now} if changed else {}))
        commit()

    def _note_vanished(self, kind, missing, count):
        """Stop, because most records of a kind are missing at once."""
        field = self.env["procurify.mirror"]._fields["kind"]
        labels = dict(field._description_selection(self.env))
        self.write(
            {
                "state": "stopped",
                "has_vanished": True,
                "error_message": self.env._(
                    "%(missing)s of %(count)s records (%(kind)s) are not in the remote "
                    "Odoo any more, or the API user may not see them. Nothing was "
                    "changed here. If that is right, test it again: they are archived "
                    "here then.",
                    missing=missing,
                    count=count,
                    kind=labels[kind],
                ),
            }
        )

    def _mirror_state(self):
        """Return the state to go on from. That of another database begins again."""
        self.ensure_one()
        of = [self.url, self.database, self.remote_company_id]
        state = self.mirror_state or {}
        if state.get("of") == of:
            return dict(state)
        if state:
            self.mirror_ids._forget()
        return {"of": of, "newest": {}, "read_at": {}}

    def _is_comparison_due(self):
        return (
            not self.compared_at
            or self.compared_at < fields.Datetime.now() - COMPARED_EVERY
        )

    def _note_unread(self, error):
        """Write why the remote could not be read.

        What passes is tried again; for the rest, a person tests again.
        """
        self.ensure_one()
        message = self._explain(error)
        if not isinstance(error, TryAgain):
            self._note_failure(error)
        else:
            self._note_outage(message)

    def _note_outage(self, message):
        """Write that the remote does not answer, and since when."""
        if self.error_message != message or not self.failing_since:
            since = self.failing_since or fields.Datetime.now()
            self.write({"error_message": message, "failing_since": since})

    def _note_answer(self, problem=False):
        """Write that the remote answers, and what a person must know."""
        if (self.error_message or False) != problem or self.failing_since:
            self.write({"error_message": problem, "failing_since": False})

    def _note_upgrade(self, version):
        """Write that the remote has another version than the test found."""
        self.ensure_one()
        self.write(
            {
                "state": "stopped",
                "error_message": self.env._(
                    "The remote Odoo has been upgraded to %(version)s. Test it again.",
                    version=version,
                ),
            }
        )

    # === ACTION METHODS === #

    def action_open_mirror(self):
        """Return the action that shows what was read of this remote Odoo."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "procurify_connector.procurify_mirror_action"
        )
        return action | {"domain": [("target_id", "=", self.id)]}


def _known_until(state, kind, now):
    """Return until when all that was written in the remote is known, by its clock.

    As much time has passed there as here. Without this, the rows of one large change
    would come again at each run, because each read begins somewhat before the newest.
    """
    newest = state["newest"][kind]
    passed = now - fields.Datetime.to_datetime(state["read_at"][kind])
    return later(newest, passed) if passed >= OVERLAP else newest
