"""Where a document is, and what it comes to: as people, lists and figures see it."""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...importers.resource_kinds import DOCUMENTS
from ...tools.document_states import (
    BEFORE_ODOO,
    DOCUMENT_STATES,
    IN_ODOO,
    sql_cases,
)
from ...tools.rates import rate_in_sql
from ...tools.readers import reads_items

_IN_SQL = ("document_state", "company_amount")
_OPERATORS = {
    "in": SQL("IN"),
    "<": SQL("<"),
    ">": SQL(">"),
    "<=": SQL("<="),
    ">=": SQL(">="),
}
# Odoo's model of a document → its total in the company's currency, and its sign.
_TOTALS = {
    "account.move": ("amount_total_signed", -1),
    "purchase.order": ("amount_total_cc", 1),
}


class ProcurifyRecord(models.Model):
    """``document_state`` and ``company_amount`` are SQL, so that screens, digests, the
    API and metrics can search, group and add them up, and all show the same."""

    _inherit = "procurify.record"

    document_state = fields.Selection(
        DOCUMENT_STATES,
        string="Document Status",
        compute="_compute_in_sql",
        search="_search_document_state",
        help="Posted: a posted bill or a confirmed order in Odoo. Draft: a draft bill "
        "or a request for quotation in Odoo. Cancelled: cancelled or deleted in Odoo.",
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    company_amount = fields.Monetary(
        "Amount in Company Currency",
        compute="_compute_in_sql",
        search="_search_company_amount",
        currency_field="company_currency_id",
        aggregator="sum",
        help="The amount of the document in Odoo. Before it is in Odoo: Procurify's "
        "total at Odoo's exchange rate of the document's date.",
    )

    # === COMPUTE METHODS === #

    @api.depends(
        *("state", "resource", "res_model", "res_id", "company_id"),
        *("remote_amount", "remote_currency", "remote_date"),
    )
    @api.depends_context("uid")
    def _compute_in_sql(self):
        found = {}
        if stored := self._origin:
            query = stored._as_query(ordered=False)
            names = ("id", *_IN_SQL)
            columns = [self._field_to_sql(self._table, name, query) for name in names]
            rows = self.env.execute_query(query.select(*columns))
            found = {row[0]: row[1:] for row in rows}
        for record in self:
            state, amount = found.get(record._origin.id, (False, 0.0))
            record.document_state = state
            record.company_amount = amount

    @api.model
    def _search_document_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        states = [state for state, seen in BEFORE_ODOO.items() if seen in value]
        found = Domain("state", "in", states)
        done, documents = (
            Domain("state", "=", "done"),
            Domain("resource", "in", DOCUMENTS),
        )
        if "mapped" in value:
            found |= done & ~documents
        if in_odoo := tuple(state for state in IN_ODOO if state in value):
            found |= done & documents & self._in_sql("document_state", in_odoo)
        return found

    @api.model
    def _search_company_amount(self, operator, value):
        if operator not in _OPERATORS:
            return NotImplemented
        return self._in_sql("company_amount", value, operator)

    @api.model
    def _in_sql(self, name, value, operator="in"):
        """Return the Domain of the records whose field ``name`` compares so."""
        if operator == "in":
            value = tuple(value)

        def to_sql(model, alias, query):
            left = model._field_to_sql(alias, name, query)
            return SQL("%s %s %s", left, _OPERATORS[operator], value)

        return Domain.custom(to_sql=to_sql)

    # === SQL === #

    def _field_to_sql(self, alias, field_expr, query=None):
        if field_expr not in _IN_SQL or query is None:
            return super()._field_to_sql(alias, field_expr, query)
        return self._document_sql(field_expr, alias, query, _TOTALS)

    def _document_sql(self, name, alias, query, models):
        """Return the SQL of a field of records, whose documents are of ``models``."""
        targets = {model: self._join_document(alias, query, model) for model in models}
        if name == "document_state":
            return self._state_in_sql(alias, targets)
        return self._amount_in_sql(alias, query, targets)

    def _join_document(self, alias, query, model):
        """Join Odoo's documents of ``model``, and return their alias."""
        target = query.make_alias(alias, model.replace(".", "_"))
        condition = SQL(
            "%s = %s AND %s = %s",
            self._column(alias, "res_model"),
            model,
            self._column(alias, "res_id"),
            SQL.identifier(target, "id"),
        )
        query.add_join("LEFT JOIN", target, self.env[model]._table, condition)
        return target

    def _state_in_sql(self, alias, targets):
        """Return the SQL of what people see of a record."""
        state, resource = (self._column(alias, name) for name in ("state", "resource"))
        in_odoo = SQL(
            "coalesce(%s)",
            SQL(", ").join(
                SQL.identifier(target, "state", to_flush=self._flushed(model, "state"))
                for model, target in targets.items()
            ),
        )
        return SQL(
            "CASE WHEN %(state)s <> 'done' THEN CASE %(state)s %(before)s END "
            "WHEN %(resource)s NOT IN %(documents)s THEN 'mapped' "
            "WHEN %(odoo)s IS NULL THEN 'cancelled' "
            "ELSE CASE %(odoo)s %(cases)s ELSE 'draft' END END",
            state=state,
            before=_cases(BEFORE_ODOO.items()),
            resource=resource,
            documents=tuple(DOCUMENTS),
            odoo=in_odoo,
            cases=_cases(sql_cases()),
        )

    def _amount_in_sql(self, alias, query, targets):
        """Return the SQL of a record's amount in the company's currency.

        Who may not read an amount in Odoo gets Procurify's.
        """
        amounts = [
            SQL(
                "WHEN %s THEN %s",
                SQL(
                    "%s = 'done' AND %s IS NOT NULL",
                    self._column(alias, "state"),
                    SQL.identifier(targets[model], "id"),
                ),
                self._total_in_sql(model, targets[model]),
            )
            for model in targets
            if self._reads_amounts(model)
        ]
        converted = self._converted_in_sql(alias, query)
        if not amounts:
            return converted
        return SQL("CASE %s ELSE %s END", SQL(" ").join(amounts), converted)

    def _reads_amounts(self, model):
        if model == "account.move":
            return reads_items(self.env)
        return self.env[model].has_access("read")

    def _total_in_sql(self, model, target):
        name, sign = _TOTALS[model]
        column = SQL.identifier(target, name, to_flush=self._flushed(model, name))
        return SQL("%s * %s", sign, column)

    def _converted_in_sql(self, alias, query):
        """Return the SQL of Procurify's total, at Odoo's rate of the document's day.

        As Odoo converts; a currency without a rate comes to nothing.
        """
        company, own, foreign = (
            query.make_alias(alias, name)
            for name in ("amount_company", "company_money", "document_money")
        )
        for joined, table, column, value in (
            (company, "res_company", "id", self._column(alias, "company_id")),
            (own, "res_currency", "id", SQL.identifier(company, "currency_id")),
            (foreign, "res_currency", "name", self._column(alias, "remote_currency")),
        ):
            condition = SQL("%s = %s", SQL.identifier(joined, column), value)
            query.add_join("LEFT JOIN", joined, table, condition)

        def rate(currency):
            return rate_in_sql(
                self.env,
                SQL.identifier(currency, "id"),
                SQL.identifier(company, "parent_path"),
                self._column(alias, "remote_date"),
            )

        return SQL(
            "CASE WHEN %(own)s = %(foreign)s THEN %(amount)s ELSE round(("
            "%(amount)s * coalesce(%(own_rate)s, 1) / %(foreign_rate)s)::numeric,"
            " %(places)s) END",
            own=SQL.identifier(own, "id"),
            foreign=SQL.identifier(foreign, "id"),
            amount=self._column(alias, "remote_amount"),
            own_rate=rate(own),
            foreign_rate=rate(foreign),
            places=SQL.identifier(own, "decimal_places"),
        )

    def _column(self, alias, name):
        return SQL.identifier(alias, name, to_flush=self._fields[name])

    def _flushed(self, model, name):
        return self.env[model]._fields[name]


def _cases(pairs):
    """Return the SQL of the branches of a simple CASE."""
    return SQL(" ").join(SQL("WHEN %s THEN %s", each, seen) for each, seen in pairs)
