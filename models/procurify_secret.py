"""Encryption at rest for Procurify's credentials, with a key outside the database."""

import logging
import os
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import config

_logger = logging.getLogger(__name__)

KEY_OPTION = "procurify_encryption_key"
KEY_VARIABLE = "PROCURIFY_ENCRYPTION_KEY"
KEY_FILE = "procurify_connector.key"


class UnreadableSecret(UserError):
    """The stored secret was encrypted with a key that this server does not have."""


class ProcurifySecret(models.AbstractModel):
    """Encrypts and decrypts short texts with Fernet (AES-128-CBC and HMAC-SHA256).

    The key is, in this order: the ``procurify_encryption_key`` option of
    odoo.conf, the ``PROCURIFY_ENCRYPTION_KEY`` environment variable, or a file
    with mode 0600 that is generated in Odoo's data directory. Each may hold
    several keys separated by commas: the first encrypts, all of them decrypt.
    A key is rotated by putting a new one first, pressing the connection's button
    that encrypts anew, and then taking the old one away.
    """

    _name = "procurify.secret"
    _description = "Procurify Secret"

    @api.model
    def _encrypt(self, text):
        """:returns: the cipher text of ``text`` as str, or False for no text"""
        return self._cipher().encrypt(text.encode()).decode() if text else False

    @api.model
    def _decrypt(self, cipher_text):
        """
        :returns: the text as str, or False for no cipher text
        :raises UnreadableSecret: the key is missing or another one
        """
        if not cipher_text:
            return False
        try:
            return self._cipher().decrypt(cipher_text.encode()).decode()
        except InvalidToken:
            raise self._unreadable() from None

    @api.model
    def _rotate(self, cipher_text):
        """
        :returns: what ``cipher_text`` says, encrypted with the first key; or False
        :raises UnreadableSecret: none of the keys is its own
        """
        if not cipher_text:
            return False
        try:
            return self._cipher().rotate(cipher_text.encode()).decode()
        except InvalidToken:
            raise self._unreadable() from None

    @api.model
    def _unreadable(self):
        return UnreadableSecret(
            self.env._(
                "The stored Procurify secret cannot be read with this server's "
                "encryption key. Enter the client secret again."
            )
        )

    @api.model
    def _cipher(self):
        keys = config.get(KEY_OPTION) or os.environ.get(KEY_VARIABLE) or _key_of_file()
        try:
            return MultiFernet(
                [Fernet(key.strip()) for key in keys.split(",") if key.strip()]
            )
        except ValueError:
            raise UnreadableSecret(
                self.env._(
                    "The Procurify encryption key of this server is not a Fernet key "
                    "(32 bytes in URL-safe base64). Correct %(option)s in odoo.conf "
                    "or %(variable)s in the environment.",
                    option=KEY_OPTION,
                    variable=KEY_VARIABLE,
                )
            ) from None


def _key_of_file():
    """Return the key of this data directory; the first caller makes it."""
    path = Path(config["data_dir"]) / KEY_FILE
    if not path.exists():
        _generate_key_file(path)
    return path.read_text().strip()


def _generate_key_file(path):
    """Write a key to ``path`` with mode 0600; whoever comes first wins.

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
