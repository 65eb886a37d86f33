"""A certificate as a spreadsheet: its summary, every document, every sum."""

from io import BytesIO

import xlsxwriter

from odoo import fields

_SUMMARY = (
    "company_name",
    "connection_name",
    "date_from",
    "date_to",
    "date",
    "user_name",
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


def spreadsheet(certificate):
    """Return the bytes of an .xlsx file that says what ``certificate`` says."""
    env, file = certificate.env, BytesIO()
    with xlsxwriter.Workbook(file, _OPTIONS) as book:
        sheet = _Sheet(book, env._("Certificate"))
        for name in _SUMMARY:
            label = certificate._fields[name]._description_string(env)
            sheet.add([label, _shown(certificate, name)])
        for title, rows, names in (
            (env._("Documents"), certificate.line_ids, _LINE),
            (env._("Sums"), certificate.sum_ids, _SUM),
        ):
            sheet = _Sheet(book, title)
            labels = [rows._fields[n]._description_string(env) for n in names]
            sheet.add(labels, sheet.bold)
            for row in rows:
                sheet.add([_shown(row, name) for name in names])
    return file.getvalue()


class _Sheet:
    """A sheet that is written row by row."""

    def __init__(self, book, title):
        self.sheet = book.add_worksheet(title[:31])
        self.bold = book.add_format({"bold": True})
        self.dated = book.add_format({"num_format": "yyyy-mm-dd"})
        self.number = 0

    def add(self, values, style=None):
        for column, value in enumerate(values):
            if hasattr(value, "isoformat"):
                self.sheet.write_datetime(self.number, column, value, self.dated)
            else:
                self.sheet.write(self.number, column, value, style)
        self.number += 1


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
