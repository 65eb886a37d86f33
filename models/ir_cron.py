"""Scheduled actions: which are on, «Run Manually», several jobs that import."""

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ..tools.private import run_manually

MOST_IMPORT_WORKERS = 64
_MODULE = "procurify_connector"
#: The scheduled actions that have nothing to do without a record of this model.
JOBS = {
    "procurify.connection": (
        "ir_cron_fetch",
        "ir_cron_import",
        "ir_cron_nightly_check",
        "ir_cron_attachments",
        "ir_cron_audit_seal",
        "ir_cron_audit_verify",
        "ir_cron_signals",
        "ir_cron_reminders",
        "ir_cron_alarm",
    ),
    "procurify.target": ("ir_cron_mirror", "ir_cron_converge", "ir_cron_pull"),
}


class IrCron(models.Model):
    """Odoo runs each job once at a time, so the import cron has helper jobs.

    Any cron worker, on any host, takes any of these jobs. Which documents a job
    imports is decided where it claims them, see ``procurify.record``.
    """

    _inherit = "ir.cron"

    def method_direct_trigger(self):
        # The job gets a fresh environment in a cursor of its own, so neither the
        # context nor an uncommitted write would reach it.
        with run_manually():
            return super().method_direct_trigger()

    # === ON AND OFF === #

    @api.model
    def _procurify_switch(self, records, is_on):
        """Switch the jobs on with the first record of a model, off after the last.

        Between the two they are as people left them. In a neutralised copy they stay
        off.

        :param records: of a model in ``JOBS``, just created or just deleted
        """
        others = records.browse().with_context(active_test=False).sudo()
        if others.search_count(Domain("id", "not in", records.ids), limit=1):
            return
        parameters = self.env["ir.config_parameter"].sudo()
        if is_on and parameters.get_param("database.is_neutralized"):
            return
        jobs = self.sudo().union(*self._procurify_jobs(records._name).values())
        jobs = jobs.filtered(lambda job: job.active != is_on)
        # One that runs just now is not waited for: it finds nothing to do.
        jobs = jobs.try_lock_for_update(allow_referencing=True)
        for job in jobs:
            job.write({"active": is_on, "nextcall": job._procurify_next_call()})

    @api.model
    def _procurify_jobs(self, model):
        """Return {name: job} of ``model``, on or off. One that was deleted is empty."""
        find = self.env["ir.model.data"].sudo()._xmlid_to_res_id
        ids = {name: find(f"{_MODULE}.{name}") for name in JOBS[model]}
        existing = self.sudo().browse(filter(None, ids.values())).exists()
        return {name: existing & self.browse(ids[name] or ()) for name in ids}

    def _procurify_next_call(self):
        """Return when the job is due next: at its hour, and not in the past."""
        self.ensure_one()
        step = relativedelta(**{self.interval_type: self.interval_number})
        due = self.nextcall
        if due < (now := fields.Datetime.now()):
            behind = (now - due) // (now + step - now)
            due += (behind + 1) * step
        return due

    # === IMPORT JOBS === #

    @api.model
    def _procurify_import_workers(self):
        """Return how many jobs import at the same time."""
        return 1 + len(self._procurify_helpers().filtered("active"))

    @api.model
    def _procurify_set_import_workers(self, count):
        """Let ``count`` jobs import at the same time, making those that are missing.

        :raises ValidationError: there are none, or far too many
        """
        if not 1 <= count <= MOST_IMPORT_WORKERS:
            raise ValidationError(
                self.env._(
                    "The number of import jobs must be 1 to %(most)s.",
                    most=MOST_IMPORT_WORKERS,
                )
            )
        helpers = self._procurify_helpers()
        for number in range(len(helpers) + 2, count + 1):
            helpers |= self._procurify_new_helper(number)
        helpers[: count - 1].active = True
        helpers[count - 1 :].active = False

    @api.model
    def _procurify_call_helpers(self, count):
        """Let up to ``count`` helpers of the import cron begin as soon as they can."""
        for job in self._procurify_helpers().filtered("active")[:count]:
            job._trigger()

    @api.model
    def _procurify_helpers(self):
        """Return the helpers, in the order in which they were made."""
        names = self.env["ir.model.data"].sudo()
        known = names.search(
            Domain("module", "=", _MODULE)
            & Domain("model", "=", self._name)
            & Domain("name", "=like", "ir_cron_import_help_%"),
            order="id",
        )
        jobs = self.with_context(active_test=False).sudo()
        return jobs.search([("id", "in", known.mapped("res_id"))], order="id")

    @api.model
    def _procurify_new_helper(self, number):
        """Return a further import job, which goes when the addon is uninstalled."""
        main = self.env.ref(f"{_MODULE}.ir_cron_import").sudo()
        job = self.sudo().create(
            {
                "name": f"{main.name} ({number})",
                "model_id": main.model_id.id,
                "state": "code",
                "code": "model._cron_help_import()",
                "user_id": main.user_id.id,
                "interval_number": 1,
                "interval_type": "days",
            }
        )
        self.env["ir.model.data"].sudo().create(
            {
                "module": _MODULE,
                "model": self._name,
                "name": f"ir_cron_import_help_{number}",
                "res_id": job.id,
                "noupdate": True,
            }
        )
        return job
