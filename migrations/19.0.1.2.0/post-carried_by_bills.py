"""Tell the lines of orders that are the tax of the whole order, or cents of rounding.

New orders say so from the start; what was imported before is told by the source that is
noted for each line.
"""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Mark the lines, and let Odoo compute anew what is billed of them."""
    cr.execute(
        """
        UPDATE purchase_order_line line
           SET procurify_kind = CASE WHEN source.key LIKE 'extra tax%'
                                     THEN 'tax' ELSE 'rounding' END
          FROM procurify_record record,
               jsonb_each(record.applied_state -> 'lines') source
         WHERE record.resource = 'purchase_order'
           AND jsonb_typeof(record.applied_state -> 'lines') = 'object'
           AND (source.key LIKE 'extra tax%'
                OR source.key IN ('rounding', 'settlement'))
           AND line.id = (source.value ->> 'id')::int
     RETURNING line.id
        """
    )
    env = api.Environment(cr, SUPERUSER_ID, {})
    lines = env["purchase.order.line"].browse(row[0] for row in cr.fetchall())
    for name in ("qty_invoiced", "qty_to_invoice"):
        env.add_to_compute(lines._fields[name], lines)
    env.flush_all()
