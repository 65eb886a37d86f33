"""Which part of a document an issue is about."""

# Part of the header → issues that are about it.
HEADER = {
    "vendor": {"unknown_vendor", "ambiguous_vendor", "several_vendors"},
    "number": {"duplicate_bill", "duplicate_order"},
    "date": {
        *("date_not_explained", "closed_period", "odoo_moved_date"),
        "before_start_date",
    },
    "currency": {
        *("unknown_currency", "inactive_currency", "several_currencies"),
        *("missing_rate", "rate_not_explained"),
    },
}
TOTAL = {"total_mismatch", "odoo_total_mismatch"}
_BY_TEXT = {"missing_allocation", "plan_conflict", "access_denied"}


class Marks:
    """The issues of one document, found by what they are about."""

    def __init__(self, issues):
        """:param issues: those that the user may read"""
        self.issues = issues
        self._by_row = {i.reference_id.id: i.id for i in issues if i.reference_id}
        self._by_text = {
            (issue.code, (issue.sudo().params or {}).get("value")): issue.id
            for issue in issues
            if issue.code in _BY_TEXT
        }

    def about_row(self, row_id):
        """Return the id of the issue about a row of master data, or False."""
        return self._by_row.get(row_id, False) if row_id else False

    def with_code(self, codes):
        """Return the id of an issue with one of ``codes``, or False."""
        return next((i.id for i in self.issues if i.code in codes), False)

    def about_text(self, code, text):
        """Return the id of the issue with ``code`` that names ``text``, or False."""
        return self._by_text.get((code, text), False)

    def to_json(self):
        """Return what a screen shows of each issue."""
        return [
            {
                "id": issue.id,
                "message": issue.message,
                "advice": issue.advice,
                "document_count": issue.record_count,
                "can_map": issue.state == "open" and bool(issue.reference_id),
            }
            for issue in self.issues
        ]
