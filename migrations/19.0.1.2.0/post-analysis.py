"""Note who requested bills, and when they were approved and first posted."""

from odoo import api
from odoo.fields import Domain
from odoo.tools import split_every

from odoo.addons.procurify_connector.importers.resource_kinds import KINDS
from odoo.addons.procurify_connector.tools.own_values import write_each

AT_ONCE = 1000  # bills, whose payloads are read together
FACTS = ("remote_requester", "remote_approved_at")


def migrate(cr, version):
    env = api.Environment(cr, api.SUPERUSER_ID, {})
    records = env["procurify.record"]
    bills = records.search(Domain("resource", "=", "bill"), order="id")
    for ids in split_every(AT_ONCE, bills.ids):
        noted = {}
        for record in records.browse(ids):
            bill, _data = record._read_payload()
            if bill:
                facts = KINDS["bill"].facts(bill)
                noted[record] = {name: facts[name] for name in FACTS}
        write_each(noted)
        env.flush_all()
        env.invalidate_all()
    _note_posting(cr)


def _note_posting(cr):
    """Take the time of posting from the messages in which Odoo notes it."""
    cr.execute(
        """
        UPDATE account_move
           SET procurify_posted_at = noted.date
          FROM (
               SELECT message.res_id AS move_id, min(message.date) AS date
                 FROM mail_tracking_value tracked
                 JOIN mail_message message ON message.id = tracked.mail_message_id
                 JOIN ir_model_fields field ON field.id = tracked.field_id
                 JOIN ir_model_fields_selection posted ON posted.field_id = field.id
           CROSS JOIN LATERAL jsonb_each_text(posted.name) word
                WHERE message.model = 'account.move'
                  AND field.model = 'account.move'
                  AND field.name = 'state'
                  AND posted.value = 'posted'
                  AND tracked.new_value_char = word.value
             GROUP BY message.res_id
               ) noted
         WHERE account_move.id = noted.move_id
           AND account_move.move_type IN ('in_invoice', 'in_refund', 'in_receipt')
           AND account_move.procurify_posted_at IS NULL
        """
    )
