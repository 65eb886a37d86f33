"""Expect no bill of the orders in Odoo that a card paid for."""

from odoo import api
from odoo.fields import Domain
from odoo.tools import split_every

AT_ONCE = 1000  # orders, whose payloads are read together


def migrate(cr, version):
    env = api.Environment(cr, api.SUPERUSER_ID, {})
    records = env["procurify.record"]
    rows = records.search(
        Domain("resource", "=", "purchase_order") & Domain("res_id", "!=", False),
        order="id",
    )
    for ids in split_every(AT_ONCE, rows.ids):
        paid = records.browse(ids).filtered(
            lambda record: getattr(record._read_payload()[0], "is_card", False)
        )
        orders = env["purchase.order"].browse(paid.mapped("res_id")).exists()
        orders.procurify_paid_by_card = True
        env.flush_all()
        env.invalidate_all()
