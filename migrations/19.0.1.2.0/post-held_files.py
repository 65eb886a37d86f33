"""Download the files of documents that are on hold already."""

from odoo import SUPERUSER_ID, api
from odoo.fields import Domain
from odoo.tools import split_every

from odoo.addons.procurify_connector.importers.draft import ImportBatch
from odoo.addons.procurify_connector.importers.resource_kinds import DOCUMENTS

AT_ONCE = 1000  # documents, whose payloads are read together


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    records = env["procurify.record"]
    held = records.search(
        Domain("state", "=", "quarantined") & Domain("resource", "in", DOCUMENTS),
        order="id",
    )
    for ids in split_every(AT_ONCE, held.ids):
        alike = records.browse(ids).grouped(lambda r: (r.connection_id, r.resource))
        for mine in alike.values():
            batch = ImportBatch(mine)
            mine._parse(batch)
            mine._collect_files(batch.drafts)
        env.flush_all()
        env.invalidate_all()
