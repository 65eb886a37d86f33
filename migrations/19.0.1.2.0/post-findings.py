"""Look at what was staged before for what it shows about its tenant."""

from odoo import SUPERUSER_ID, api

from odoo.addons.procurify_connector.importers.resource_kinds import PAYLOADS
from odoo.addons.procurify_connector.procurify import InvalidPayload, read_json
from odoo.addons.procurify_connector.tools.own_values import write_each

_KINDS = ("bill", "purchase_order")
_AT_ONCE = 1000


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    records = env["procurify.record"].search([("resource", "in", _KINDS)], order="id")
    for start in range(0, len(records), _AT_ONCE):
        shown = {}
        for record in records[start : start + _AT_ONCE]:
            try:
                data = read_json(record.payload)
                payload = PAYLOADS[record.resource].from_json(data)
            except InvalidPayload:
                continue
            found = record._shown_by(payload, data, is_listed=False)
            shown[record] = {"findings": found}
        records._keep_findings(list(shown.values()))
        write_each(shown)
        env.flush_all()
        env.invalidate_all()
