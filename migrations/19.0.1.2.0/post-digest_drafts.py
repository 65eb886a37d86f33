"""Digests that count posted bills count drafts as well: both were one figure before."""

from odoo.tools import SQL


def migrate(cr, version):
    cr.execute(
        SQL(
            """UPDATE digest_digest SET kpi_procurify_draft = TRUE
                WHERE kpi_procurify_booked AND kpi_procurify_draft IS NULL"""
        )
    )
