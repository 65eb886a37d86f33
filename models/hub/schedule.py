"""When which remote Odoo is worked with, alone: a slow one does not delay the others.

The scheduled actions of the addon serve the first remote Odoo. Each further one has
scheduled actions of its own, so that Odoo runs them at the same time.
"""

from contextlib import contextmanager

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...fetching.remote_odoo import open_remote
from ...procurify_odoo import OtherVersion, RemoteError, TryAgain, UnknownOutcome
from ...tools.cipher import UnreadableSecret
from ...tools.concurrency import CONCURRENCY_ERRORS, mute_sql_errors
from ...tools.private import is_run_manually

_MODULE = "procurify_connector"
_JOBS = ("ir_cron_mirror", "ir_cron_converge", "ir_cron_pull")
_LOCK = 0x70726F  # of PostgreSQL's advisory locks, with the target's id


class TimeOver(TryAgain):
    """The job's time is over."""

    def __init__(self):
        super().__init__("The job's time is over")


class ProcurifyTarget(models.Model):
    _inherit = "procurify.target"

    # === SCHEDULES === #

    def _make_own_jobs(self):
        """Create the scheduled actions of these remote Odoos."""
        for name in _JOBS:
            main = self.env.ref(f"{_MODULE}.{name}", raise_if_not_found=False)
            if not (self and main):
                continue
            main = main.sudo()
            jobs = main.create(
                [
                    {
                        "name": f"{main.name} ({target.id})",
                        "model_id": main.model_id.id,
                        "state": "code",
                        "code": main.code.replace("()", f"({target.id})"),
                        "user_id": main.user_id.id,
                        "interval_number": main.interval_number,
                        "interval_type": main.interval_type,
                        "active": main.active,
                    }
                    for target in self
                ]
            )
            self.env["ir.model.data"].sudo().create(
                [
                    {
                        "module": _MODULE,
                        "model": "ir.cron",
                        "name": f"{name}_{target.id}",
                        "res_id": job.id,
                        "noupdate": True,
                    }
                    for target, job in zip(self, jobs, strict=True)
                ]
            )

    def _own_jobs(self, *names):
        """Return {target: its own scheduled actions}.

        :param names: only these; all by default
        """
        wanted = {
            f"{name}_{target.id}": target for target in self for name in names or _JOBS
        }
        rows = self.env["ir.model.data"].sudo()
        found = rows.search_fetch(
            Domain("module", "=", _MODULE)
            & Domain("model", "=", "ir.cron")
            & Domain("name", "in", list(wanted)),
            ["name", "res_id"],
        )
        jobs = self.env["ir.cron"].sudo().with_context(active_test=False)
        own = dict.fromkeys(self, jobs.browse())
        for row in found:
            own[wanted[row.name]] |= jobs.browse(row.res_id).exists()
        return own

    @api.model
    def _served(self, target_id):
        """Return the remote Odoos that are ready, as far as a scheduled action serves
        them; all of them where a person runs it.

        :param target_id: the action's own one; 0: those without actions of their own
        """
        is_ready = Domain("state", "=", "ready")
        if target_id:
            return self.sudo().search(is_ready & Domain("id", "=", target_id))
        targets = self.sudo().search(is_ready)
        if is_run_manually():
            return targets
        own = targets._own_jobs()
        return targets.filtered(lambda target: not own[target])

    def _send_soon(self):
        """Let what is to be sent to these remote Odoos be sent as soon as possible."""
        main = self.env.ref(f"{_MODULE}.ir_cron_converge").sudo()
        own = self._own_jobs("ir_cron_converge")
        for jobs in {own[target] or main for target in self}:
            jobs._trigger()

    # === ONE REMOTE AFTER THE OTHER === #

    @api.model
    def _work_with_each(self, method, target_id):
        """Call ``method`` of each remote Odoo that is ready and has live connections.

        One that fails does not stop the next.

        :param target_id: see ``_served``
        """
        commit = self.env["ir.cron"]._commit_progress
        targets = self._served(target_id)
        targets = targets.filtered(lambda target: target._live_connections())
        commit(remaining=len(targets))
        for target in targets:
            with mute_sql_errors(*CONCURRENCY_ERRORS), target._alone() as is_alone:
                if is_alone:
                    target._work_with(getattr(target, method))
            commit(1)

    def _live_connections(self):
        self.ensure_one()
        return self.connection_ids.filtered(lambda c: c.active and c.phase == "live")

    @contextmanager
    def _alone(self):
        """Yield whether no other job works with this remote Odoo.

        A lock of the session, because there are several transactions in between.
        """
        self.ensure_one()
        is_alone = self._lock("pg_try_advisory_lock")
        try:
            yield is_alone
        except Exception:
            self.env.cr.rollback()
            raise
        finally:
            if is_alone:
                self._lock("pg_advisory_unlock")

    def _alone_from_now(self):
        """Return whether no other job works with this remote Odoo.

        If so, none does until the end of this transaction.
        """
        self.ensure_one()
        return self._lock("pg_try_advisory_xact_lock")

    def _lock(self, function):
        """Call a function of PostgreSQL's advisory locks, and return its result."""
        call = SQL("SELECT %s(%s, %s)", SQL.identifier(function), _LOCK, self.id)
        [[result]] = self.env.execute_query(call)
        return result

    def _work_with(self, act):
        """Do ``act(remote)``, and write on the target what goes wrong.

        :param act: looks at the version first, and returns what a person must know, or
            None
        """
        self.ensure_one()
        options = self.env["procurify.connection"]._client_options()
        try:
            with open_remote(self, **options) as remote:
                self._assume_version(remote)
                problem = act(remote) or False
            self._note_answer(problem)
            # A conflict shows here at the latest, while nobody else works with it.
            self.env["ir.cron"]._commit_progress()
        except TimeOver:
            return
        except OtherVersion as error:
            self.env.cr.rollback()
            self._note_upgrade(error.version)
        except UnknownOutcome as error:
            # What was under way is looked for in the next run.
            self.env.cr.rollback()
            self._note_outage(self._explain_outage(error))
            self.bills_per_call = max(self.bills_per_call // 2, 1)
        except (RemoteError, UnreadableSecret) as error:
            self.env.cr.rollback()
            self._note_unread(error)
        except CONCURRENCY_ERRORS:
            # The import wrote the same rows: the next run does the rest.
            self.env.cr.rollback()

    def _assume_version(self, remote):
        """Let the version be asked for at the same time as other things."""
        if self.used_protocol != "xmlrpc":
            remote.assume(self.version)

    def _there(self):
        """Return the context of calls: the company in which the remote books."""
        return {"allowed_company_ids": [self.remote_company_id]}
