"""Short texts encrypted at rest, with a key outside the database.

Fernet: AES-128-CBC and HMAC-SHA256. The key is, in this order: the
``procurify_encryption_key`` option of odoo.conf, the ``PROCURIFY_ENCRYPTION_KEY``
environment variable, or a file with mode 0600 that is generated in Odoo's data
directory. Each may hold several keys separated by commas: the first encrypts, all of
them decrypt. A key is rotated by putting a new one first, pressing the connection's
button that encrypts again, and then taking the old one away.

Each cipher text is bound to its use, that is to a field of a record: copied to another
one it cannot be read. These are plain functions, outside of the registry: no expression
that Odoo evaluates reaches them.
"""

import logging
import os
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from odoo.exceptions import UserError
from odoo.tools import config

_logger = logging.getLogger(__name__)

KEY_OPTION = "procurify_encryption_key"
KEY_VARIABLE = "PROCURIFY_ENCRYPTION_KEY"
KEY_FILE = "procurify_connector.key"
_OTHERS = 0o077  # what a key file may not let others do
_SEPARATOR = "\0"


class UnreadableSecret(UserError):
    """There is no secret, or none that this server can read."""


class ForeignCipher(UnreadableSecret):
    """The stored secret was encrypted with another key, or for another use."""


def use_of(record, field):
    """Return what a cipher text in ``field`` of ``record`` is bound to."""
    record.ensure_one()
    return f"{record._name},{record.id},{field}"


def encrypt(env, text, use):
    """Return the cipher text of ``text`` as str, or False for no text."""
    if not text:
        return False
    bound = f"{use}{_SEPARATOR}{text}"
    return _cipher(env).encrypt(bound.encode()).decode()


def decrypt(env, cipher_text, use):
    """
    :returns: the text as str, or False for no cipher text
    :raises UnreadableSecret: the key is missing or another one, or this is the cipher
        text of another use
    """
    if not cipher_text:
        return False
    try:
        bound = _cipher(env).decrypt(cipher_text.encode()).decode()
    except InvalidToken:
        raise _unreadable(env) from None
    found, _separator, text = bound.partition(_SEPARATOR)
    if found != use:
        raise _unreadable(env)
    return text


def rotate(env, cipher_text):
    """
    :returns: what ``cipher_text`` says, encrypted with the first key; or False
    :raises UnreadableSecret: none of the keys is its own
    """
    if not cipher_text:
        return False
    try:
        return _cipher(env).rotate(cipher_text.encode()).decode()
    except InvalidToken:
        raise _unreadable(env) from None


def bind(env, cipher_text, use):
    """Return a cipher text of an older version, which had no use, bound to ``use``.

    :raises UnreadableSecret: none of the keys is its own
    """
    try:
        text = _cipher(env).decrypt(cipher_text.encode()).decode()
    except InvalidToken:
        raise _unreadable(env) from None
    return encrypt(env, text.rpartition(_SEPARATOR)[2], use)


def _unreadable(env):
    return ForeignCipher(
        env._(
            "The stored Procurify secret cannot be read with this server's "
            "encryption key. Enter the client secret again."
        )
    )


def _cipher(env):
    keys = config.get(KEY_OPTION) or os.environ.get(KEY_VARIABLE) or _key_of_file(env)
    try:
        return MultiFernet(
            [Fernet(key.strip()) for key in keys.split(",") if key.strip()]
        )
    except ValueError:
        raise UnreadableSecret(
            env._(
                "The Procurify encryption key of this server is not a Fernet key "
                "(32 bytes in URL-safe base64). Correct %(option)s in odoo.conf "
                "or %(variable)s in the environment.",
                option=KEY_OPTION,
                variable=KEY_VARIABLE,
            )
        ) from None


def _key_of_file(env):
    """Return the key of this data directory; the first caller makes it.

    :raises UnreadableSecret: others may read or change the file
    """
    path = Path(config["data_dir"]) / KEY_FILE
    if not path.exists():
        _generate_key_file(path)
    if path.stat().st_mode & _OTHERS:
        raise UnreadableSecret(
            env._(
                "Other users of this server can read Procurify's encryption key. Run: "
                "chmod 600 %(path)s. If someone may have read it, replace the key.",
                path=path,
            )
        )
    return path.read_text().strip()


def _generate_key_file(path):
    """Write a key to ``path`` with mode 0600; the first one wins.

    The link makes the file appear complete or not at all, so that two workers
    that start together end up with one key.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp creates with mode 0600.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{KEY_FILE}.")
    with os.fdopen(handle, "wb") as temporary:
        temporary.write(Fernet.generate_key())
    try:
        os.link(name, path)
        _logger.info("Generated the Procurify encryption key %s", path)
    except FileExistsError:
        _logger.debug("Another worker generated %s", path)
    finally:
        os.unlink(name)
