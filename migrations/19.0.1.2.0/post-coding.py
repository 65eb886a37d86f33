"""Note how the documents that are staged already are coded, and what was received."""

from odoo import api
from odoo.fields import Domain
from odoo.tools import split_every

from odoo.addons.procurify_connector.importers.coding import (
    bill_coding,
    order_coding,
    order_receipts,
    receipt_history,
)
from odoo.addons.procurify_connector.tools.own_values import write_each

AT_ONCE = 1000  # documents, whose payloads are read together


def migrate(cr, version):
    env = api.Environment(cr, api.SUPERUSER_ID, {})
    records = env["procurify.record"]
    documents = records.search(
        Domain("resource", "in", ("bill", "purchase_order")), order="id"
    )
    for ids in split_every(AT_ONCE, documents.ids):
        write_each(
            {
                record: values
                for record in records.browse(ids)
                if (values := _of(record))
            }
        )
        env.flush_all()
        env.invalidate_all()


def _of(record):
    document, _data = record._read_payload()
    if not document:
        return {}
    if record.resource == "bill":
        dated = record.connection_id._dated(document)
        return {
            "remote_due_date": dated.due_date or False,
            "remote_coding": bill_coding(document),
        }
    return {
        "remote_coding": order_coding(document),
        "remote_receipts": receipt_history(False, order_receipts(document)),
    }
