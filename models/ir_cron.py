"""Scheduled actions: «Run Manually» reads every stream; several jobs may import."""

from odoo import api, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ..tools.manual_run import run_manually

MOST_IMPORT_WORKERS = 64
_MODULE = "procurify_connector"


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
