"""To whom a connection's secret may be sent, and with which key it is stored."""

from odoo import api, models
from odoo.tools import SQL

from ...fetching.tenant import SECRET, TOKEN
from ...procurify import AddressError, normalise_base_url
from ...tools.cipher import rotate

_ADDRESSES = frozenset({"base_url", "token_url"})


class ProcurifyConnection(models.Model):
    """Whoever sets an address cannot read the secret, nor have it sent elsewhere.

    So the stored secret goes when the host changes that it, or the token that it
    gives, is sent to.
    """

    _inherit = "procurify.connection"

    # === CRUD METHODS === #

    def write(self, vals):
        if not _ADDRESSES & vals.keys():
            return super().write(vals)
        before = {connection: connection._receivers() for connection in self}
        written = super().write(vals)
        if not vals.get("client_secret"):
            moved = self.filtered(lambda c: c._receivers() != before[c]).sudo()
            moved.filtered("client_secret_encrypted").client_secret_encrypted = False
        return written

    @api.onchange("base_url", "token_url")
    def _onchange_addresses(self):
        stored = self._origin
        if stored.has_client_secret and stored._receivers() != self._receivers():
            return {
                "warning": {
                    "title": self.env._("Another host"),
                    "message": self.env._(
                        "The stored client secret is for the former host, and is "
                        "forgotten when this is saved: enter the secret again."
                    ),
                }
            }
        return None

    def _receivers(self):
        """Return the origins that get the token, and the secret."""
        self.ensure_one()
        token_url = self.sudo().token_url
        return _receiver(self.base_url), _receiver(token_url or self.base_url)

    # === ACTION METHODS === #

    def action_rotate_key(self):
        """Encrypt what is stored of these connections with the server's first key.

        Afterwards the other keys of the server are needed no more.

        :returns: a notification that says of how many connections
        :raises UnreadableSecret: naming the key; nothing is changed then
        """
        self.check_access("write")
        rotated = self.sudo().filtered(lambda c: c[SECRET] or c[TOKEN])
        rotated.flush_recordset([SECRET, TOKEN])
        for connection in rotated:
            connection._store_rotated(
                *(rotate(self.env, connection[name]) for name in (SECRET, TOKEN))
            )
        self.env["procurify.audit"]._log_records("key_rotated", rotated)
        return self._notification(
            "success",
            self.env._(
                "Encrypted with the server's first key: the credentials of %(count)s "
                "connections.",
                count=len(rotated),
            ),
        )

    def _store_rotated(self, secret, token):
        """Store the same credentials, encrypted anew; nothing else is to notice."""
        self.ensure_one()
        self.env.execute_query(
            SQL(
                """
                UPDATE procurify_connection
                   SET client_secret_encrypted = %s, token_encrypted = %s
                 WHERE id = %s
             RETURNING id
                """,
                secret or None,
                token or None,
                self.id,
            )
        )
        self.invalidate_recordset([SECRET, TOKEN], flush=False)


def _receiver(address):
    """Return scheme, host and port of ``address``."""
    try:
        return normalise_base_url(address or "")
    except AddressError:
        return address or ""
