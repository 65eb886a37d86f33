"""Switch on the scheduled actions that are new, where there is a connection."""

from odoo import api

_NEW = ("ir_cron_signals", "ir_cron_reminders")


def migrate(cr, version):
    env = api.Environment(cr, api.SUPERUSER_ID, {})
    connections = env["procurify.connection"].with_context(active_test=False)
    parameters = env["ir.config_parameter"]
    if parameters.get_param("database.is_neutralized"):
        return
    if connections.search_count([], limit=1):
        for name in _NEW:
            env.ref(f"procurify_connector.{name}").active = True
