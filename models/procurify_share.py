"""What of a bill each department and location bears: the lines behind month-end
figures."""

from odoo import api, fields, models
from odoo.tools import SQL, Query

from ..importers.resource_kinds import KINDS
from ..tools.document_states import DOCUMENT_STATES
from ..tools.readers import reads_items
from ..tools.row_ids import row_id

# Of a whole document, in place of what its shares have.
_WHOLE = {
    "department_id": SQL("NULL::integer"),
    "location_id": SQL("NULL::integer"),
    "document_count": SQL("1"),
}
AGES = [
    ("30", "0–30 days"),
    ("60", "31–60 days"),
    ("90", "61–90 days"),
    ("more", "Over 90 days"),
    ("undated", "Without a date"),
]
DUE = [
    ("overdue", "Overdue"),
    ("week", "Due in 7 days"),
    ("later", "Due later"),
    ("unknown", "Without a due date"),
]


class ProcurifyShare(models.Model):
    """A row is the share of one document that one department at one location bears.

    The whole of a bill, taxes included, is split as Procurify codes its lines. The rows
    of a bill add up to it, in its own currency and in the company's. With
    ``procurify_whole`` in the context, a row is a whole bill.
    """

    _name = "procurify.share"
    _inherit = "procurify.list"
    _description = "Share of a Document"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "record_id"

    record_id = fields.Many2one("procurify.record", readonly=True)
    connection_id = fields.Many2one("procurify.connection", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    company_currency_id = fields.Many2one("res.currency", readonly=True)
    resource = fields.Selection("_selection_resource", string="Kind", readonly=True)
    document_state = fields.Selection(DOCUMENT_STATES, "Status", readonly=True)
    name = fields.Char("Document", readonly=True)
    party = fields.Char("Vendor", readonly=True)
    date = fields.Date(readonly=True)
    due_date = fields.Date(readonly=True)
    import_state = fields.Char(readonly=True, help="The status of the import.")
    odoo_state = fields.Char(readonly=True, help="The status of the bill in Odoo.")
    age_days = fields.Integer(
        "Age (days)", readonly=True, aggregator="max", help="Since the document's date."
    )
    document_count = fields.Integer(
        "Documents", readonly=True, help="1 on the first share of a document, else 0."
    )
    age = fields.Selection(AGES, readonly=True)
    due = fields.Selection(DUE, readonly=True)
    department_id = fields.Many2one("procurify.record", readonly=True)
    location_id = fields.Many2one("procurify.record", readonly=True)
    currency = fields.Char(readonly=True)
    original_amount = fields.Float(
        digits=(16, 2),
        readonly=True,
        help="In the currency of the document.",
    )
    amount = fields.Monetary(
        readonly=True,
        currency_field="company_currency_id",
        help="In the currency of the company.",
    )

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """Say whose amounts they are, to who may not read those in Odoo."""
        found = super().fields_get(allfields, attributes)
        if "string" in found.get("amount", ()) and not reads_items(self.env):
            found["amount"]["string"] = self.env._("Amount by Procurify")
        return found

    def _selection_resource(self):
        return [(kind.name, self.env._(kind.label)) for kind in KINDS.values()]

    @property
    def _table_query(self):
        query = Query(self.env, "document", SQL.identifier("procurify_record"))
        is_whole = self.env.context.get("procurify_whole")
        columns = self._columns_of_documents(query)
        columns |= _WHOLE if is_whole else self._columns_of_shares(query, columns)
        query.add_where(SQL("document.resource = 'bill'"))
        return query.select(
            *(
                SQL("%s AS %s", column, SQL.identifier(name))
                for name, column in columns.items()
            )
        )

    def _columns_of_documents(self, query):
        """Return {field: SQL} of what all shares of a document have in common."""
        records = self.env["procurify.record"]
        bill = records._join_document("document", query, "account.move")
        own = {
            **{name: name for name in ("connection_id", "company_id", "resource")},
            "name": "name",
            "party": "remote_party",
            "date": "remote_date",
            "due_date": "remote_due_date",
            "currency": "remote_currency",
            "original_amount": "remote_amount",
        }
        computed = {"document_state": "document_state", "amount": "company_amount"}
        bills = ("account.move",)  # no other document is a bill
        today = fields.Date.context_today(self)
        return {
            "id": SQL("document.id::bigint"),
            "record_id": SQL("document.id"),
            **{name: records._column("document", own[name]) for name in own},
            **{
                name: records._document_sql(computed[name], "document", query, bills)
                for name in computed
            },
            "company_currency_id": records._field_to_sql(
                "document", "company_currency_id", query
            ),
            "import_state": records._column("document", "state"),
            "odoo_state": SQL.identifier(
                bill, "state", to_flush=self.env["account.move"]._fields["state"]
            ),
            "age_days": SQL("%s::date - document.remote_date", today),
            "age": SQL(
                """CASE WHEN document.remote_date IS NULL THEN 'undated'
                        WHEN %(today)s::date - document.remote_date <= 30 THEN '30'
                        WHEN %(today)s::date - document.remote_date <= 60 THEN '60'
                        WHEN %(today)s::date - document.remote_date <= 90 THEN '90'
                        ELSE 'more' END""",
                today=today,
            ),
            "due": SQL(
                """CASE WHEN document.remote_due_date IS NULL THEN 'unknown'
                        WHEN document.remote_due_date < %(today)s THEN 'overdue'
                        WHEN document.remote_due_date <= %(today)s::date + 7 THEN 'week'
                        ELSE 'later' END""",
                today=today,
            ),
        }

    def _columns_of_shares(self, query, whole):
        """Return {field: SQL} of what one department at one location bears.

        :param whole: the columns of the whole document
        """
        records = self.env["procurify.record"]
        parts = SQL(
            """LATERAL (
                SELECT part.value ->> 0 AS department,
                       part.value ->> 1 AS location,
                       (part.value -> 2)::numeric AS ratio,
                       part.place
                  FROM jsonb_array_elements(%s) WITH ORDINALITY part(value, place)
            )""",
            SQL.identifier(
                "document",
                "remote_places",
                to_flush=records._fields["remote_coding"],
            ),
        )
        query.add_join("LEFT JOIN", "share", parts, SQL("TRUE"))
        for dimension in ("department", "location"):
            condition = SQL(
                "%(there)s.connection_id = document.connection_id"
                " AND %(there)s.resource = %(name)s"
                " AND %(there)s.external_id = share.%(there)s",
                there=SQL.identifier(dimension),
                name=dimension,
            )
            table = SQL.identifier("procurify_record")
            query.add_join("LEFT JOIN", dimension, table, condition)
        is_first = SQL("coalesce(share.place, 1) = 1")
        ratio = SQL("coalesce(share.ratio, 1)")
        return {
            "id": row_id(SQL("document.id"), SQL("coalesce(share.place, 0)")),
            "department_id": SQL("department.id"),
            "location_id": SQL("location.id"),
            "document_count": SQL("(%s)::int", is_first),
            "original_amount": SQL("%s * %s", whole["original_amount"], ratio),
            "amount": SQL("(%s) * %s", whole["amount"], ratio),
        }

    # === ACTION METHODS === #

    def action_open_document(self):
        """Open the document in Odoo, or its record if it is not there."""
        self.ensure_one()
        self.check_access("read")
        record = self.record_id
        if self.document_state in ("draft", "posted"):
            return record.action_open_target()
        return record._action_open(record.display_name)
