"""How a remote Odoo is reached: its client, with the stored API key.

Plain functions, outside of the registry: they handle the key, which no expression that
Odoo evaluates may reach. See ``tools/cipher.py``.
"""

from ..procurify_odoo import RemoteOdoo, WrongAddress
from ..procurify_odoo.client import origin_of
from ..tools.cipher import ForeignCipher, UnreadableSecret, decrypt, use_of
from .tenant import reach_options

KEY = "api_key_encrypted"


def open_remote(target, **options):
    """Return a client of a remote Odoo.

    :param options: further options of the client
    :raises UnreadableSecret: no key, or encrypted with another key of this server
    :raises WrongAddress: the address cannot be one of an Odoo
    """
    target.ensure_one()
    target = target.sudo()
    return RemoteOdoo(
        target.url,
        target.database,
        target.login,
        _key(target),
        protocol=target.protocol,
        **reach_options(target),
        **options,
    )


def origin(address):
    """Return ``address`` as it is requested, or unchanged if it cannot be one."""
    try:
        return origin_of(address)
    except WrongAddress:
        return address


def _key(target):
    try:
        key = decrypt(target.env, target[KEY], use_of(target, KEY))
    except ForeignCipher:
        raise UnreadableSecret(
            target.env._(
                "The stored API key cannot be read with this server's encryption key. "
                "Enter it again."
            )
        ) from None
    if not key:
        raise UnreadableSecret(
            target.env._("Enter the API key of the user in the remote Odoo.")
        )
    return key
