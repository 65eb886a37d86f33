"""How a connection reaches Procurify: client, token, and what failed in words."""

import json
from datetime import datetime, timedelta

from odoo import fields, models
from odoo.tools import SQL, config

from ..procurify import (
    AddressError,
    AuthenticationError,
    Client,
    ForbiddenError,
    PrivateAddressError,
    ProtocolError,
    Token,
    TokenRefused,
    TransientError,
)
from .ir_cron import is_run_manually
from .procurify_secret import UnreadableSecret

TRANSIENT_RETRY_MINUTES = 5
LASTING_RETRY_MINUTES = 60  # what a person has to mend is not tried every minute
PAUSE_S = 60  # for a server that asks for a pause and does not say how long
# Of odoo.conf: a tenant may be a program of this machine. For developers only.
LOOPBACK_OPTION = "procurify_allow_loopback"
LONGEST_PAUSE_S = 24 * 60 * 60
# Of the time after which Odoo kills a worker; the rest is for what was read last.
SHARE_OF_LIMIT = 0.6


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    # === CLIENT METHODS === #

    def _client(self, **options):
        """Return a client for this tenant, with the stored token if it still lives.

        :param options: what the client is told besides
        :raises UnreadableSecret: no secret, or encrypted with another key
        :raises AddressError: the address is not one that may be asked
        """
        self.ensure_one()
        connection = self.sudo()
        secret = self.env["procurify.secret"]._decrypt(
            connection.client_secret_encrypted
        )
        if not (connection.client_id and secret):
            raise UnreadableSecret(
                self.env._("Enter the client ID and the client secret from Procurify.")
            )
        return Client(
            connection.base_url,
            connection.client_id,
            secret,
            token=connection._stored_token(),
            token_url=connection.token_url or None,
            allow_private=connection.allow_private_address,
            allow_loopback=_is_loopback_allowed(),
            page_size=connection.page_size,
            detail_workers=connection.detail_requests,
            run_s=_run_seconds(),
            **self._client_options(),
            **options,
        )

    def _client_options(self):
        """Return what the client is told beyond the connection's own fields."""
        return {}

    def _stored_token(self):
        text = self.env["procurify.secret"]._decrypt(self.token_encrypted)
        if not text:
            return None
        values = json.loads(text)
        for name in ("expires_at", "renew_at"):
            values[name] = datetime.fromisoformat(values[name])
        return Token(**values)

    def _remember_token(self, client):
        """Keep the token that ``client`` holds, so that other workers share it."""
        self.ensure_one()
        token = client.token
        if not token or token == self._stored_token():
            return
        text = json.dumps(
            {
                "access_token": token.access_token,
                "scope": token.scope,
                "expires_at": token.expires_at.isoformat(),
                "renew_at": token.renew_at.isoformat(),
            }
        )
        self.write(
            {
                "token_encrypted": self.env["procurify.secret"]._encrypt(text),
                "token_expires_at": token.expires_at.replace(
                    tzinfo=None, microsecond=0
                ),
                "identity": " · ".join(filter(None, (token.tenant, token.email))),
            }
        )

    def _reading(self, client, steps):
        """Yield what ``steps()`` yields, with a token that lasts.

        A token that Procurify refuses is replaced once, and the step begun anew.

        :param client: one that does not renew its token itself
        :param steps: begins where the last commit left off
        """
        self._renew_token(client)
        try:
            yield from steps()
        except TokenRefused:
            self.env.cr.rollback()
            self._renew_token(client, refused=client.token)
            yield from steps()

    def _renew_token(self, client, refused=None):
        """Let ``client`` have a token; of all workers, one at a time asks for it.

        :param refused: the token that Procurify does not take any more
        :raises OperationalError: another worker did meanwhile: try again
        """
        if not client.is_token_due and client.token != refused:
            return
        self.ensure_one()
        # Whoever waits here for another one gets a conflict, not an old token.
        self.env.execute_query(
            SQL(
                "SELECT id FROM procurify_connection WHERE id = %s FOR NO KEY UPDATE",
                self.id,
            )
        )
        client.token = self._stored_token()
        if client.is_token_due or client.token == refused:
            client.authenticate()
            self._remember_token(client)
        self.env["ir.cron"]._commit_progress()

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


def _is_loopback_allowed():
    return str(config.get(LOOPBACK_OPTION) or "").lower() in ("1", "true")
