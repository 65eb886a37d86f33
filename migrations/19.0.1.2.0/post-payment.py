"""Note of the bills that are staged already what Procurify says of their payment."""

from odoo import api
from odoo.fields import Domain
from odoo.tools import split_every

from odoo.addons.procurify_connector.tools.own_values import write_each

AT_ONCE = 1000  # bills, whose payloads are read together


def migrate(cr, version):
    env = api.Environment(cr, api.SUPERUSER_ID, {})
    records = env["procurify.record"]
    bills = records.search(
        Domain("resource", "=", "bill") & Domain("res_id", "!=", False), order="id"
    )
    for ids in split_every(AT_ONCE, bills.ids):
        told = {}
        for record in records.browse(ids):
            bill, _data = record._read_payload()
            if bill and (bill.is_paid or bill.is_being_paid):
                told[record] = record._payment_notes(bill)
        write_each(told)
        env.flush_all()
        env.invalidate_all()
