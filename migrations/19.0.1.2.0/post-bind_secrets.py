"""Each stored secret is bound to its connection and field from now on."""

import logging

from odoo import SUPERUSER_ID, api
from odoo.tools import SQL

from odoo.addons.procurify_connector.fetching.tenant import SECRET, TOKEN
from odoo.addons.procurify_connector.tools.cipher import (
    UnreadableSecret,
    bind,
    use_of,
)

_logger = logging.getLogger(__name__)


def migrate(cr, version):
    """Encrypt what is stored again, as far as this server has its key."""
    env = api.Environment(cr, SUPERUSER_ID, {"active_test": False})
    for connection in env["procurify.connection"].search([]):
        for field in (SECRET, TOKEN):
            if not connection[field]:
                continue
            try:
                bound = bind(env, connection[field], use_of(connection, field))
            except (UnreadableSecret, OSError):
                # The connection says so, and asks for it again.
                _logger.info("%s: %s cannot be read", connection.name, field)
                continue
            cr.execute(
                SQL(
                    "UPDATE procurify_connection SET %s = %s WHERE id = %s",
                    SQL.identifier(field),
                    bound,
                    connection.id,
                )
            )
    env.invalidate_all()
