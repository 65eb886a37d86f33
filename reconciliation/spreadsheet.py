"""A certificate as a spreadsheet: its summary, every document, every sum."""

from io import BytesIO

import xlsxwriter
from xlsxwriter.utility import xl_range, xl_rowcol_to_cell

from odoo import fields

_SUMMARY = (
    "company_name",
    "connection_name",
    "date_from",
    "date_to",
    "date",
    "user_name",
    "remote_name",
    "remote_as_of",
    "state",
    "document_count",
    "booked_count",
    "posted_count",
    "drafts_count",
    "held_count",
    "pending_count",
    "excluded_count",
    "ignored_count",
    "changed_count",
    "missing_count",
    "extra_count",
    "unexplained_count",
    "finding_count",
    "findings",
    "audit_head",
    "digest",
)
_LINE = (
    "resource",
    "name",
    "external_id",
    "party",
    "document_date",
    "outcome",
    "is_explained",
    "reason",
    "currency",
    "procurify_amount",
    "odoo_amount",
    "difference",
    "res_name",
    "document_state",
)
_SUM = (
    "resource",
    "currency",
    "dimension",
    "name",
    "document_count",
    "procurify_amount",
    "odoo_amount",
    "difference",
    "held_amount",
    "excluded_amount",
    "ignored_amount",
    "changed_amount",
    "missing_amount",
    "extra_amount",
    "unexplained_amount",
)
# Text that begins so would be a formula in a spreadsheet; what Procurify sends is
# written as text whatever it begins with.
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}


_WIDTHS = {
    "resource": 18,
    "name": 24,
    "external_id": 12,
    "party": 30,
    "document_date": 12,
    "outcome": 18,
    "is_explained": 10,
    "reason": 50,
    "currency": 9,
    "res_name": 24,
    "document_state": 12,
    "dimension": 14,
    "document_count": 11,
}
_AMOUNT_WIDTH = 16
_DATED = "yyyy-mm-dd"
_MONEY = "#,##0.00"


def spreadsheet(certificate):
    """Return the bytes of an .xlsx file that says what ``certificate`` says.

    Dates are dates and amounts are numbers. The lists have a header that stays and a
    filter. Below the documents stand the sums of each kind and currency.
    """
    env, file = certificate.env, BytesIO()
    with xlsxwriter.Workbook(file, _OPTIONS) as book:
        _write_summary(book, certificate)
        documents = _List(book, env._("Documents"), certificate.line_ids, _LINE)
        documents.fill()
        documents.add_up("resource", "currency")
        # These are sums already, of the same documents by one thing and another.
        _List(book, env._("Sums"), certificate.sum_ids, _SUM).fill()
    return file.getvalue()


def _write_summary(book, certificate):
    env = certificate.env
    sheet = book.add_worksheet(env._("Certificate")[:31])
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 70)
    bold = book.add_format({"bold": True, "valign": "top"})
    text = book.add_format({"text_wrap": True, "align": "left", "valign": "top"})
    dated = book.add_format({"num_format": _DATED, "align": "left"})
    for row, name in enumerate(_SUMMARY):
        sheet.write(row, 0, certificate._fields[name]._description_string(env), bold)
        _write(sheet, row, 1, _shown(certificate, name), text, dated)


class _List:
    """A sheet of rows with a header and a filter."""

    def __init__(self, book, title, rows, names):
        self.sheet = book.add_worksheet(title[:31])
        self.rows, self.names = rows, names
        self.last = max(len(rows), 1)
        self.header = book.add_format(
            {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}
        )
        self.text = book.add_format({"valign": "top"})
        self.dated = book.add_format({"num_format": _DATED, "valign": "top"})
        self.money = book.add_format({"num_format": _MONEY, "valign": "top"})
        self.total = book.add_format({"num_format": _MONEY, "bold": True, "top": 1})

    def fill(self):
        """Write all rows."""
        for column, name in enumerate(self.names):
            self.sheet.set_column(column, column, _WIDTHS.get(name, _AMOUNT_WIDTH))
            label = self.rows._fields[name]._description_string(self.rows.env)
            self.sheet.write(0, column, label, self.header)
        for number, row in enumerate(self.rows, start=1):
            for column, name in enumerate(self.names):
                style = self.money if self._is_amount(name) else self.text
                value = _shown(row, name)
                _write(self.sheet, number, column, value, style, self.dated)
        self.sheet.freeze_panes(1, 0)
        self.sheet.autofilter(0, 0, self.last, len(self.names) - 1)

    def add_up(self, *kinds):
        """Write below the rows what they add up to, a row for each of their kinds.

        What has no currency has no amount either.

        :param kinds: names of the fields whose values part the kinds
        """
        rows = self.rows.filtered(lambda row: all(row[name] for name in kinds))
        groups = rows.grouped(lambda row: tuple(row[name] for name in kinds))
        for number, rows in enumerate(groups.values(), start=self.last + 1):
            conditions = ""
            for name in kinds:
                column = self.names.index(name)
                self.sheet.write(number, column, _shown(rows[0], name), self.total)
                own = xl_rowcol_to_cell(number, column)
                conditions += f",{self._cells(column)},{own}"
            for column, name in enumerate(self.names):
                if self._is_amount(name):
                    formula = f"=SUMIFS({self._cells(column)}{conditions})"
                    value = sum(rows.mapped(name))
                    self.sheet.write_formula(number, column, formula, self.total, value)

    def _cells(self, column):
        """Return the range of a column's rows."""
        return xl_range(1, column, self.last, column)

    def _is_amount(self, name):
        return self.rows._fields[name].type == "monetary"


def _write(sheet, row, column, value, style, dated):
    if hasattr(value, "isoformat"):
        sheet.write_datetime(row, column, value, dated)
    else:
        sheet.write(row, column, value, style)


def _shown(record, name):
    """Return what a cell says of a field."""
    value, field = record[name], record._fields[name]
    if field.type == "selection" and value:
        return dict(field._description_selection(record.env))[value]
    if field.type == "datetime" and value:
        return fields.Datetime.to_string(value) + " UTC"
    if field.type == "boolean":
        return record.env._("yes") if value else record.env._("no")
    return "" if value is False else value
