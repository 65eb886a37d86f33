"""How a connection reaches its tenant: the client, and the token that workers share.

Plain functions, outside of the registry: they handle the secret and the token, which no
expression that Odoo evaluates may reach. See ``tools/cipher.py``.
"""

import json
import os
from contextlib import suppress
from datetime import datetime

from psycopg2 import OperationalError

from odoo.exceptions import ConcurrencyError
from odoo.tools import SQL, config

from ..procurify import Client, Token, TokenRefused
from ..tools.cipher import UnreadableSecret, decrypt, encrypt, use_of
from ..tools.concurrency import mute_sql_errors

TOKEN_LOCK = 0x50726F63  # of this addon among PostgreSQL's advisory locks
# A tenant may be a program of this machine: of odoo.conf, where Odoo warns of options
# that it does not know, or else of the environment. For developers only.
LOOPBACK_OPTION = "procurify_allow_loopback"
LOOPBACK_VARIABLE = "PROCURIFY_ALLOW_LOOPBACK"
SECRET, TOKEN = "client_secret_encrypted", "token_encrypted"


def open_client(connection, **options):
    """Return a client for a tenant, with the stored token if it still lives.

    :param options: further options of the client
    :raises UnreadableSecret: no secret, or encrypted with another key
    :raises AddressError: the address is not one that may be asked
    """
    connection.ensure_one()
    connection = connection.sudo()
    secret = decrypt(connection.env, connection[SECRET], use_of(connection, SECRET))
    if not (connection.client_id and secret):
        raise UnreadableSecret(
            connection.env._(
                "Enter the client ID and the client secret from Procurify."
            )
        )
    return Client(
        connection.base_url,
        connection.client_id,
        secret,
        load_token=lambda: stored_token(connection),
        keep_token=lambda token: _store_token(connection, token),
        token_url=connection.token_url or None,
        page_size=connection.page_size,
        detail_workers=connection.detail_requests,
        is_cautious=bool(connection.retry_at),
        **reach_options(connection),
        **(options | connection._client_options()),
    )


def reach_options(connection):
    """Return which addresses a client of ``connection`` may ask besides public ones."""
    allowed = config.get(LOOPBACK_OPTION) or os.environ.get(LOOPBACK_VARIABLE)
    return {
        "allow_private": connection.allow_private_address,
        "allow_loopback": str(allowed).lower() in ("1", "true"),
    }


def check_secret(connection):
    """
    :raises UnreadableSecret: the stored secret cannot be read
    :raises OSError: the key file cannot
    """
    connection = connection.sudo()
    decrypt(connection.env, connection[SECRET], use_of(connection, SECRET))


def reading(connection, client, steps):
    """Yield what ``steps()`` yields, with a token that lasts.

    A token that Procurify refuses is replaced once, and the step begun again.

    :param client: one that does not renew its token itself
    :param steps: begins where the last commit left off
    """
    renew_token(connection, client)
    try:
        yield from steps()
    except TokenRefused:
        connection.env.cr.rollback()
        renew_token(connection, client, is_refused=True)
        yield from steps()


def renew_token(connection, client, is_refused=False):
    """Let ``client`` have a token; of all workers, one at a time asks for it.

    :param is_refused: Procurify does not take the client's token any more
    :raises ConcurrencyError: another worker is about it: try again
    :raises OperationalError: another worker did meanwhile: try again
    """
    if not (client.is_token_due or is_refused):
        return
    connection.ensure_one()
    # Not the connection's row: its writers would wait for Procurify.
    [(is_mine,)] = connection.env.execute_query(
        SQL("SELECT pg_try_advisory_xact_lock(%s, %s)", TOKEN_LOCK, connection.id)
    )
    if not is_mine:
        raise ConcurrencyError("Another worker asks for this token")
    # Refused if another worker stored a token since this transaction began, which
    # would not be seen here. It lets others write to the row meanwhile.
    with mute_sql_errors(OperationalError):
        connection.env.execute_query(
            SQL(
                "SELECT id FROM procurify_connection WHERE id = %s FOR KEY SHARE",
                connection.id,
            )
        )
    is_another = client.reload_token()
    if client.is_token_due or (is_refused and not is_another):
        client.authenticate()
    connection.env["ir.cron"]._commit_progress()


def stored_token(connection):
    """Return the token that workers share, or None."""
    connection = connection.sudo()
    with suppress(UnreadableSecret):  # as if there were none
        text = decrypt(connection.env, connection[TOKEN], use_of(connection, TOKEN))
        if text:
            values = json.loads(text)
            for name in ("expires_at", "renew_at"):
                values[name] = datetime.fromisoformat(values[name])
            return Token(**values)
    return None


def _store_token(connection, token):
    """Keep ``token``, so that other workers share it."""
    text = json.dumps(
        {
            "access_token": token.access_token,
            "scope": token.scope,
            "expires_at": token.expires_at.isoformat(),
            "renew_at": token.renew_at.isoformat(),
        }
    )
    connection.write(
        {
            TOKEN: encrypt(connection.env, text, use_of(connection, TOKEN)),
            "token_expires_at": token.expires_at.replace(tzinfo=None, microsecond=0),
            "identity": " · ".join(filter(None, (token.tenant, token.email))),
        }
    )
