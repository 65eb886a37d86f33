"""How long bills take from their approval in Procurify to the books."""

from odoo import fields, models
from odoo.tools import SQL


class ProcurifyCycle(models.Model):
    """A row is a bill from Procurify that is in Odoo.

    A time is empty, and no part of an average, where one of its ends is not known, or
    where the bill was approved again after it came to Odoo.
    """

    _name = "procurify.cycle"
    _inherit = "procurify.analysis"
    _description = "Cycle Time"
    _auto = False
    _order = "approved_at desc, id desc"
    _rec_name = "move_id"

    connection_id = fields.Many2one("procurify.connection", readonly=True)
    approved_at = fields.Datetime("Approved in Procurify", readonly=True)
    drafted_at = fields.Datetime("Draft in Odoo", readonly=True)
    posted_at = fields.Datetime("Posted", readonly=True)
    days_to_draft = fields.Float(
        "Days to Draft",
        digits=(16, 1),
        readonly=True,
        aggregator="avg",
        help="From the approval in Procurify to the draft in Odoo.",
    )
    days_to_post = fields.Float(
        "Days to Post",
        digits=(16, 1),
        readonly=True,
        aggregator="avg",
        help="From the draft in Odoo to its posting.",
    )
    days_in_all = fields.Float(
        "Days in All",
        digits=(16, 1),
        readonly=True,
        aggregator="avg",
        help="From the approval in Procurify to the posting in Odoo.",
    )

    _depends = {
        "account.move": [
            *("move_type", "partner_id", "state", "company_id"),
            "procurify_posted_at",
        ],
        "procurify.record": [
            *("res_model", "res_id", "remote_requester", "remote_approved_at"),
            *("origin", "connection_id"),
        ],
    }

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT record.id,
                   record.connection_id,
                   record.res_id AS move_id,
                   move.move_type,
                   move.state,
                   move.company_id,
                   move.commercial_partner_id AS partner_id,
                   record.remote_requester AS requester,
                   record.remote_approved_at AS approved_at,
                   step.drafted_at,
                   move.procurify_posted_at AS posted_at,
                   %(to_draft)s AS days_to_draft,
                   %(to_post)s AS days_to_post,
                   %(in_all)s AS days_in_all
              FROM procurify_record record
              JOIN account_move move ON move.id = record.res_id
        CROSS JOIN LATERAL (
                       -- A bill that was found was entered by somebody else.
                       -- A posting is known to the second.
                       SELECT CASE WHEN record.origin = 'created'
                              THEN date_trunc('second', move.create_date)
                              END AS drafted_at
                   ) step
             WHERE record.resource = 'bill' AND record.res_model = 'account.move'
            """,
            to_draft=_days("record.remote_approved_at", "step.drafted_at"),
            to_post=_days("step.drafted_at", "move.procurify_posted_at"),
            in_all=_days("record.remote_approved_at", "move.procurify_posted_at"),
        )


def _days(start, end):
    """Return SQL of the days between two moments, NULL if the second is earlier."""
    start, end = (SQL.identifier(*each.split(".")) for each in (start, end))
    return SQL(
        "CASE WHEN %(end)s >= %(start)s"
        " THEN date_part('epoch', %(end)s - %(start)s) / 86400 END",
        start=start,
        end=end,
    )
