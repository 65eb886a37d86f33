"""How well a connection reaches Procurify, and what failed in words."""

from datetime import timedelta

from odoo import fields, models
from odoo.tools import config

from ...procurify import (
    AddressError,
    AuthenticationError,
    Blocked,
    ForbiddenError,
    PrivateAddressError,
    ProtocolError,
    TransientError,
)
from ...tools.manual_run import is_run_manually

TRANSIENT_RETRY_MINUTES = 5
LASTING_RETRY_MINUTES = 60  # what a person has to mend is not tried every minute
PAUSE_S = 60  # for a server that asks for a pause and does not say how long
LONGEST_PAUSE_S = 24 * 60 * 60
# Of the time after which Odoo kills a worker; the rest is for what was read last.
SHARE_OF_LIMIT = 0.6


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    def _client_options(self):
        """Return what a client is told beyond the connection's own fields."""
        return {"run_s": _run_seconds()}

    # === HEALTH METHODS === #

    def _note_success(self):
        healthy = self.filtered(
            lambda connection: (
                connection.state == "connected"
                and not connection.error_message
                and not connection.retry_at
            )
        )
        self.env["procurify.audit"]._log_recovery(self - healthy)
        (self - healthy).write(
            {
                "state": "connected",
                "error_message": False,
                "error_date": False,
                "retry_at": False,
            }
        )

    def _note_failure(self, error):
        """Write ``error`` on the connection: what happened, since when, what to do."""
        self.ensure_one()
        minutes = LASTING_RETRY_MINUTES
        if isinstance(error, TransientError):
            minutes = max(TRANSIENT_RETRY_MINUTES, _pause_seconds(error) / 60)
        self.write(
            {
                "state": "error",
                "error_message": self._explain(error),
                "error_date": self.error_date or fields.Datetime.now(),
                "retry_at": fields.Datetime.now() + timedelta(minutes=minutes),
            }
        )

    def _pause(self, error, cron):
        """Wait as long as Procurify asks for, which is no failure.

        :param error: Throttled
        :param cron: external id of the cron that goes on then
        """
        self.ensure_one()
        pause = _pause_seconds(error) or PAUSE_S
        self.retry_at = fields.Datetime.now() + timedelta(seconds=pause)
        self.env.ref(f"procurify_connector.{cron}")._trigger(self.retry_at)

    def _explain(self, error):
        """Return what ``error`` means for the person who can mend it."""
        self.ensure_one()
        explain = next(
            (
                explain
                for kind, explain in (
                    (AuthenticationError, self._explain_credentials),
                    (ForbiddenError, self._explain_rights),
                    (AddressError, self._explain_address),
                    (Blocked, self._explain_blocked),
                    (TransientError, self._explain_outage),
                    (ProtocolError, self._explain_protocol),
                )
                if isinstance(error, kind)
            ),
            str,  # a UserError speaks for itself
        )
        return explain(error)

    def _explain_credentials(self, error):
        return self.env._(
            "Procurify refused the client ID or the client secret. Copy both again "
            "from Procurify's API credentials, and see that the user who made them "
            "is still active. Nothing is lost: reading goes on where it stopped. "
            "(%(detail)s)",
            detail=error,
        )

    def _explain_rights(self, error):
        return self.env._(
            "Procurify accepts the credentials but does not show everything: their "
            "owner should be a Superuser in Procurify. (%(detail)s)",
            detail=error,
        )

    def _explain_address(self, error):
        if isinstance(error, PrivateAddressError):
            return self._explain_private(error)
        return self.env._(
            "No Procurify was found at %(address)s. Check the address: it reads "
            "https://<your tenant>.procurify.com. Nothing is lost. (%(detail)s)",
            address=self.base_url,
            detail=error,
        )

    def _explain_private(self, error):
        if not error.can_be_allowed:
            return self.env._(
                "%(host)s is this server itself, or an address that is reserved for "
                "the inside of a network: it is never asked. Check the address: it "
                "reads https://<your tenant>.procurify.com.",
                host=error.host,
            )
        return self.env._(
            "%(host)s resolves to an address of a private network, which is not asked. "
            "Check the address. If Procurify is really reached through your own "
            "network, a Procurify administrator may allow it under Technical, Allow "
            "Private Addresses.",
            host=error.host,
        )

    def _explain_blocked(self, error):
        return self.env._(
            "A firewall or proxy refuses what is asked at %(address)s, with a web page "
            "instead of Procurify's answer. Let whoever runs it allow this server's "
            "address. Nothing is lost: the next attempt goes on where this one "
            "stopped. (%(detail)s)",
            address=self.base_url,
            detail=error,
        )

    def _explain_outage(self, error):
        return self.env._(
            "Procurify does not answer at %(address)s. Nothing is lost: the next "
            "attempt goes on where this one stopped. If it lasts, check the address "
            "and Procurify's status page. (%(detail)s)",
            address=self.base_url,
            detail=error,
        )

    def _explain_protocol(self, error):
        return self.env._(
            "%(address)s answers, but not as Procurify's API does: check that the "
            "address is your tenant's own, and that no login page or proxy stands "
            "before it. Nothing is lost. (%(detail)s)",
            address=self.base_url,
            detail=error,
        )


def _run_seconds():
    """Return for how many seconds a client may be used, or None: without end."""
    if is_run_manually():
        return None
    limit = config["limit_time_real_cron"]
    if limit < 0:
        limit = config["limit_time_real"]
    return limit * SHARE_OF_LIMIT or None


def _pause_seconds(error):
    return min(error.retry_after_s or 0, LONGEST_PAUSE_S)
