"""Schedules of several remote Odoos: a slow one does not delay the others.

The scheduled actions of the addon serve the first remote Odoo. Each further one has
scheduled actions of its own, so that Odoo runs them at the same time.
"""

from odoo import api, models
from odoo.fields import Domain

from ...tools.private import is_run_manually

_MODULE = "procurify_connector"
_JOBS = ("ir_cron_mirror", "ir_cron_converge", "ir_cron_pull")


class ProcurifyTarget(models.Model):
    _inherit = "procurify.target"

    # === BUSINESS METHODS === #

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
