"""Reports that are worked out for each query: a page, its groups and their number take
one."""

from typing import NamedTuple

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL, Query

from ..tools.private import Private

# The RowTotal of the page that is about to be read.
_total = Private("procurify_row_total", default=None)
# The GroupedPage that is about to be shown.
_page = Private("procurify_grouped_page")
_COLUMN = "procurify_column_"


class Column:
    """A column of a query that is read with its rows as if it were a field."""

    store = True
    type = "integer"
    column_type = ("int8", "int8")
    translate = False

    def __init__(self, name):
        self.name, self.values = name, ()

    def _insert_cache(self, _records, values):
        self.values = list(values)


class RowTotal(Column):
    """The number of all rows, read with a page of them."""

    def __init__(self, model, domain):
        super().__init__("procurify_row_total")
        self.model, self.domain = model, domain

    @property
    def value(self):
        """Return the number; None if there is no row, or none was read yet."""
        return next(iter(self.values), None)


class Group(NamedTuple):
    """A group of a GroupedPage.

    :param value: of the field that rows are grouped by
    :param sums: {aggregate: its value}
    :param ids: of its first rows
    """

    value: str
    sums: dict
    ids: list


class GroupedPage(NamedTuple):
    """The groups of a report and the first rows of each, from one query.

    :param field: by which the rows are grouped
    :param limit: rows of a group
    :param left: the groups whose rows are not shown yet
    """

    model: str
    field: str
    limit: int
    groups: list
    left: list

    def shows_next(self, domain):
        """Return whether a search asks for the rows of the next group."""
        wanted = self.left and (self.field, "=", self.left[0].value or False)
        return bool(wanted) and any(
            (each.field_expr, each.operator, each.value) == wanted
            for each in Domain(domain).iter_conditions()
        )


class ProcurifyReport(models.AbstractModel):
    """For reports that are no table: a page is read by as few queries as possible."""

    _name = "procurify.report"
    _inherit = "procurify.list"
    _description = "Procurify Report"

    # All is worked out for a page, and its rows are counted with it.
    _counts_with_page = True

    @api.model
    @api.private
    @api.readonly
    def search_fetch(self, domain, field_names=None, *args, **kwargs):
        """Return the rows of the next open group, where they were read with it."""
        page = _page.get()
        if page and page.model == self._name and page.shows_next(domain):
            return self.browse(page.left.pop(0).ids)
        return super().search_fetch(domain, field_names, *args, **kwargs)

    @api.model
    @api.readonly
    def web_search_read(self, domain, *args, **kwargs):
        """Read a page; what is worked out for it is not worked out again to count."""
        total = RowTotal(self._name, domain) if self._counts_with_page else None
        with _total.set(total):
            return super().web_search_read(domain, *args, **kwargs)

    def _fetch_query(self, query, fields):
        total = _total.get()
        if total and total.model == self._name and total.value is None:
            fields = [*fields, total]
        return super()._fetch_query(query, fields)

    def _field_to_sql(self, alias, field_expr, query=None):
        if field_expr == "procurify_row_total":
            return SQL("count(*) OVER ()")
        if field_expr.startswith(_COLUMN):
            return SQL.identifier(alias, field_expr)
        return super()._field_to_sql(alias, field_expr, query)

    @api.model
    @api.readonly
    def search_count(self, domain, limit=None):
        """Count the rows, unless the page that was read says their number."""
        total = _total.get()
        is_known = total and total.value is not None
        if not is_known or (total.model, total.domain) != (self._name, domain):
            return super().search_count(domain, limit)
        return min(total.value, limit) if limit else total.value

    def _order_field_to_sql(self, alias, field_name, direction, nulls, query):
        """Order by records of Procurify as these are ordered, the latest first, without
        a join of all of them."""
        field = self._fields.get(field_name)
        comodel = field and field.comodel_name
        if comodel != "procurify.record" or self.env[comodel]._order != "id desc":
            return super()._order_field_to_sql(
                alias, field_name, direction, nulls, query
            )
        return SQL(
            "%s %s %s",
            self._field_to_sql(alias, field_name, query),
            SQL("ASC") if direction.code == "DESC" else SQL("DESC"),
            nulls,
        )

    @api.model
    @api.readonly
    def web_read_group(self, domain, groupby, aggregates=(), *args, **kwargs):
        """Read the open groups and their rows together."""
        shown = tuple(kwargs.get("unfold_read_specification") or ())
        page = None
        if self._counts_with_page and kwargs.get("auto_unfold") and not args:
            page = self._grouped_page(domain, groupby, aggregates, shown, kwargs)
        with _page.set(page):
            return super().web_read_group(domain, groupby, aggregates, *args, **kwargs)

    @api.model
    def _grouped_page(self, domain, groupby, aggregates, shown, options):
        """Return the GroupedPage, or None where it is none of a few open groups.

        :param shown: names of fields
        :param options: of ``web_read_group``
        """
        field = self._fields.get(groupby[0])
        limit = options.get("unfold_read_default_limit", 80)
        specs = list(dict.fromkeys([*aggregates, "__count"]))
        is_plain = (
            len(groupby) == 1
            and field is not None
            and field.type in ("char", "selection")
            and limit
            and not any(options.get(n) for n in ("offset", "order", "opening_info"))
            and all(s == "__count" or s.endswith(":sum") for s in specs)
        )
        if not is_plain:
            return None
        records, sums = self._first_of_each(domain, field, specs, shown, limit)
        groups = []
        for number, record in enumerate(records):
            if not groups or groups[-1].value != record[field.name]:
                mine = {spec: values[number] for spec, values in sums.items()}
                groups.append(Group(record[field.name], mine, []))
            groups[-1].ids.append(record.id)
        if options.get("limit") and len(groups) >= options["limit"]:
            return None
        return GroupedPage(self._name, field.name, limit, groups, [*groups])

    @api.model
    def _first_of_each(self, domain, field, specs, shown, limit):
        """Return (the first rows of each group, {aggregate: its value for each row}).

        :param field: by which the rows are grouped
        :param specs: aggregates
        :param shown: names of fields to fetch
        """
        query = self._search(domain)
        group = self._field_to_sql(self._table, field.name, query)
        wanted = (self._fields[n] for n in {*shown, field.name, "company_id"})
        fetched = [f for f in wanted if f.store and f.column_type and f.name != "id"]
        sums = [Column(f"{_COLUMN}{number}") for number, _spec in enumerate(specs)]
        columns = {
            "id": SQL.identifier(self._table, "id"),
            **{f.name: self._field_to_sql(self._table, f.name, query) for f in fetched},
            **{
                column.name: SQL(
                    "%s OVER (PARTITION BY %s)",
                    self._read_group_select(spec, query),
                    group,
                )
                for column, spec in zip(sums, specs, strict=True)
            },
            "place": SQL(
                "row_number() OVER (PARTITION BY %s ORDER BY %s)",
                group,
                self._order_to_sql(self._order, query),
            ),
        }
        rows = query.subselect(
            *(SQL("%s AS %s", sql, SQL.identifier(n)) for n, sql in columns.items())
        )
        first = Query(self.env, self._table, rows)
        place = SQL.identifier(self._table, "place")
        first.add_where(SQL("%s <= %s", place, limit))
        first.order = SQL("%s, %s", SQL.identifier(self._table, field.name), place)
        records = self._fetch_query(first, [*fetched, *sums])
        return records, {
            spec: list(self._read_group_postprocess_aggregate(spec, column.values))
            for column, spec in zip(sums, specs, strict=True)
        }

    def _read_group(
        self, domain, groupby=(), aggregates=(), having=(), *args, **kwargs
    ):
        page = _page.get()
        if page and (page.model, (page.field,)) == (self._name, tuple(groupby)):
            return [(g.value, *(g.sums[s] for s in aggregates)) for g in page.groups]
        return super()._read_group(domain, groupby, aggregates, having, *args, **kwargs)
