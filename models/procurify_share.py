"""What of a bill each department and location bears: the lines behind month-end
figures."""

from typing import NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, Query

from ..importers.resource_kinds import KINDS
from ..tools.document_states import BEFORE_ODOO, DOCUMENT_STATES
from ..tools.private import Private
from ..tools.readers import reads_items
from ..tools.row_ids import row_id

# Of a whole document, in place of what its shares have.
_WHOLE = {
    "department_id": SQL("NULL::integer"),
    "location_id": SQL("NULL::integer"),
    "document_count": SQL("1"),
}
_PLACES = frozenset({"department_id", "location_id"})
# What many documents have in common; the first two are read of any.
_ALWAYS = frozenset({"connection_id", "company_id"})
_COMMON = _ALWAYS | {
    *("company_currency_id", "resource", "document_state", "import_state"),
    "currency",
}
SUMS = ("amount:sum", "original_amount:sum", "document_count:sum")


class Summed(NamedTuple):
    """Sums of documents that are split, instead of each document.

    :param common: names of fields: what documents that are added up have in common;
        ``date`` is their month
    :param where: SQL of a condition on ``document``
    """

    common: tuple[str, ...]
    where: SQL = SQL("TRUE")


_summed = Private("procurify_summed")
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
    _inherit = "procurify.report"
    _description = "Share of a Document"
    _auto = False
    _counts_with_page = False
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
        columns = self._columns_of_documents(query)
        query.add_where(SQL("document.resource = 'bill'"))
        if summed := _summed.get():
            query, columns = self._summed(query, columns, summed)
        elif self.env.context.get("procurify_whole"):
            columns |= _WHOLE
        else:
            columns |= self._columns_of_shares(query, columns)
        return query.select(*_named(columns))

    def _summed(self, query, columns, summed):
        """Return the Query and the columns of a table of the sums of documents that
        are split alike.

        :param query: of documents, with their columns
        :param summed: a Summed
        """
        common = summed.common
        query.add_where(summed.where)
        month = SQL("date_trunc('month', %s)::date", columns["date"])
        columns = columns | {"date": month}
        whole = {name: columns[name] for name in (*common, "original_amount", "amount")}
        whole["remote_split"] = self._split()
        alike = SQL(", ").join(map(SQL.identifier, (*common, "remote_split")))
        documents = SQL(
            """(SELECT %(alike)s, sum(original_amount) AS original_amount,
                       sum(amount) AS amount, count(*) AS share_count
                  FROM %(whole)s document GROUP BY %(alike)s)""",
            alike=alike,
            whole=query.subselect(*_named(whole)),
        )
        split = Query(self.env, "document", documents)
        names = (*common, "original_amount", "amount", "share_count")
        columns = {name: SQL.identifier("document", name) for name in names}
        shares = self._columns_of_shares(split, columns)
        del shares["id"]
        # The sum of a bigint has decimals: "25.0 bills".
        shares["document_count"] = SQL(
            "(%s * share_count)::int", shares["document_count"]
        )
        columns |= shares
        return split, columns

    def _read_months(self, domain, where, sets):
        """Return the sums of documents by months and what else they have in common,
        as ``_read_grouping_sets`` does.

        :param domain: on connections
        :param where: SQL of a condition on ``document``, a record
        :param sets: of groups, with ``date:month``
        """
        names = {name.partition(":")[0] for each in sets for name in each}
        common = (_ALWAYS | names) - _PLACES
        with _summed.set(Summed(tuple(sorted(common)), where)):
            return self._read_grouping_sets(domain, sets, SUMS)

    def _read_group(
        self, domain, groupby=(), aggregates=(), having=(), *args, **kwargs
    ):
        """Split the sums of documents that are split alike, instead of each of them,
        where only departments and locations and few other things are asked for."""
        names = {*_fields_of(Domain(domain)), *groupby}
        if "document_state" in names:
            names.add("import_state")  # see _search
        is_summed = (
            names & _PLACES
            and names <= _PLACES | _COMMON
            and {*SUMS, "__count"}.issuperset(aggregates)
            and not having
            and not self.env.context.get("procurify_whole")
        )
        common = tuple(sorted(_ALWAYS | (names & _COMMON)))
        with _summed.set(Summed(common) if is_summed else None):
            return super()._read_group(
                domain, groupby, aggregates, having, *args, **kwargs
            )

    def _read_group_select(self, aggregate_spec, query):
        if aggregate_spec == "__count" and _summed.get():
            counts = SQL.identifier(self._table, "share_count")
            return SQL("sum(%s)::bigint", counts)
        return super()._read_group_select(aggregate_spec, query)

    @api.model
    def _search(self, domain, *args, **kwargs):
        """Search by the status of the import where this says it: there are indexes."""
        domain = Domain(domain).map_conditions(_by_import_state)
        return super()._search(domain, *args, **kwargs)

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

    def _split(self):
        coding = self.env["procurify.record"]._fields["remote_coding"]
        return SQL.identifier("document", "remote_split", to_flush=coding)

    def _columns_of_shares(self, query, whole):
        """Return {field: SQL} of what one department at one location bears.

        :param whole: the columns of the whole document
        """
        parts = SQL(
            """LATERAL (
                SELECT part.value ->> 0 AS department,
                       part.value ->> 1 AS location,
                       (part.value -> 2)::numeric AS ratio,
                       part.place
                  FROM jsonb_array_elements(%s::jsonb)
                       WITH ORDINALITY part(value, place)
            )""",
            self._split(),
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


def _named(columns):
    """Return SQL of columns under their names.

    :param columns: {name: SQL}
    """
    return [
        SQL("%s AS %s", column, SQL.identifier(name))
        for name, column in columns.items()
    ]


def _fields_of(domain):
    """Yield the fields that a Domain names; None where that is not known."""
    for part in domain:
        if isinstance(part, tuple):
            yield from [part[0]] if isinstance(part[0], str) else []
        elif not isinstance(part, str):
            yield None


def _by_import_state(condition):
    """Return the Domain of a condition. What is said of the status of documents is also
    said of the status of their import."""
    if (condition.field_expr, condition.operator) == ("document_state", "="):
        values = {condition.value}
    elif (condition.field_expr, condition.operator) == ("document_state", "in"):
        values = set(condition.value)
    else:
        return condition
    states = {state for state, seen in BEFORE_ODOO.items() if seen in values}
    if values <= set(BEFORE_ODOO.values()):
        return Domain("import_state", "in", sorted(states))
    return condition & Domain("import_state", "in", sorted({*states, "done"}))
