"""Drop the indexes that wider ones replace: Odoo keeps what it does not know."""


def migrate(cr, version):
    cr.execute("DROP INDEX IF EXISTS procurify_record__company_id_index")
    cr.execute("DROP INDEX IF EXISTS procurify_mention_document_idx")
