"""Note since when documents are on hold, as far as that is known."""

from odoo.tools import SQL


def migrate(cr, version):
    cr.execute(
        SQL(
            """
            UPDATE procurify_record
               SET held_at = coalesce(seen_at, write_date)
             WHERE state = 'quarantined' AND held_at IS NULL
            """
        )
    )
