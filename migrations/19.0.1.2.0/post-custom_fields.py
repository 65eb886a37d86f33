"""Note the custom fields of the documents that are staged already."""

from odoo import api
from odoo.fields import Domain
from odoo.tools import split_every

AT_ONCE = 1000  # documents, whose payloads are read together


def migrate(cr, version):
    env = api.Environment(cr, api.SUPERUSER_ID, {})
    records = env["procurify.record"]
    documents = records.search(
        Domain("resource", "in", ("bill", "purchase_order")), order="id"
    )
    for ids in split_every(AT_ONCE, documents.ids):
        for (connection, resource), mine in (
            records.browse(ids)
            .grouped(lambda record: (record.connection_id, record.resource))
            .items()
        ):
            env["procurify.custom.field"]._note(
                connection, resource, [record._read_payload()[1] for record in mine]
            )
        env.flush_all()
        env.invalidate_all()
