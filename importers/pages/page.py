"""A document as people know it, as JSON for a screen: all texts are formatted.

A reference is what a document names, and what that is in Odoo::

    {"text", "row": id of its procurify.record, "is_mapped",
     "is_hidden": whether it is mapped to what the user may not read,
     "odoo": its name there; "" where it is not mapped, hidden or named alike,
     "issue": id of the issue about it, or False}
"""

from ...procurify.approvals import steps
from ...procurify.findings import requesters
from ...procurify.payloads.embedded import custom_fields
from ..documents import OtherVendor, is_other
from .marks import HEADER, TOTAL
from .words import ACTIONS, STATUSES


class UnreadablePage:
    """What is left of a document that cannot be read: its issues."""

    def __init__(self, marks):
        self.marks = marks

    def to_json(self):
        """Return the page; see the module's text."""
        parts = ("header", "lines", "totals", "entry", "trail")
        return {name: [] for name in parts} | {
            "is_readable": False,
            "currency": "",
            "difference": "",
            "total_issue": False,
            "issues": self.marks.to_json(),
        }


class Page:
    """What the pages of all kinds of documents have."""

    def __init__(self, record, payload, mappings, marks, words):
        self.record = record
        self.payload = payload
        self.mappings = mappings
        self.marks = marks
        self.words = words
        self.env = record.env
        self.digits = 2
        self.figures = None

    # === WHAT A KIND OF DOCUMENT SAYS === #

    def vendor_texts(self):
        """Yield whom the lines name as their vendor, where that is free text."""
        return ()

    def add_up(self, cent):
        """Compute the figures.

        :raises InvalidPayload: an amount cannot be one
        """

    def names(self):
        """Yield (resource, external id) of what the payload does not embed."""
        return ()

    def header(self):
        """Yield (name, label, text or reference) of the header."""
        raise NotImplementedError

    def lines(self):
        """Yield the lines."""
        return ()

    def totals(self):
        """Yield the rows of :meth:`_total`."""
        return ()

    def entry(self):
        """Yield the items that would be booked."""
        return ()

    # === WHAT IS LOOKED UP === #

    def wanted(self):
        """Return {(resource, external id)} of all that the document names."""
        embedded = {(name, str(number)) for name, number, _d in self._references()}
        vendor = self.payload.vendor if hasattr(self.payload, "vendor") else None
        other = {("vendor", self._vendor_key(vendor))} if vendor else set()
        return embedded | other | set(self.names())

    def _references(self):
        return self.payload.references()

    def _vendor_key(self, vendor):
        if is_other(vendor):
            return OtherVendor(vendor, self.vendor_texts()).external_id
        return vendor.external_id

    def currency_key(self):
        """Return the external id of the document's currency, or None."""
        currency = self.payload.currency
        return currency.external_id if currency else None

    # === JSON === #

    def to_json(self):
        """Return the page; see the module's text."""
        return {
            "is_readable": True,
            "currency": self.payload.currency.code if self.payload.currency else "",
            "header": [
                (value if isinstance(value, dict) else {"text": value})
                | {"name": name, "label": label}
                | {"issue": self._header_issue(name, value)}
                for name, label, value in self.header()
                if value
            ],
            "lines": list(self.lines()),
            "totals": list(self.totals()),
            "difference": self._difference(),
            "total_issue": self.marks.with_code(TOTAL),
            "entry": list(self.entry()),
            "trail": [self._step(step) for step in steps(self.payload.raw)],
            "issues": self.marks.to_json(),
        }

    def _header_issue(self, name, value):
        own = self.marks.with_code(HEADER.get(name, ()))
        return own or (isinstance(value, dict) and value["issue"])

    def _difference(self):
        residue = self.figures.residue if self.figures else 0
        return self.money(residue) if residue else ""

    def money(self, amount):
        return self.words.money(amount, self.digits)

    def status(self):
        """Return Procurify's word for the document's status."""
        status = getattr(self.payload, "status", getattr(self.payload, "state", None))
        words = STATUSES[self.record.resource].get(status)
        # An undocumented value is shown as Procurify sent it.
        return self.env._(words) if words else str(status or "")  # pylint: disable=W8301

    def custom(self, source):
        """Yield (name, label, text) of the custom fields of a document or a line."""
        for number, field in enumerate(custom_fields(source)):
            value = field.value
            if isinstance(value, bool):
                value = self.env._("Yes") if value else self.env._("No")
            yield f"custom_{number}", field.label, value

    def custom_text(self, source):
        """Return the custom fields of a line as one text."""
        return "; ".join(
            f"{label}: {text}" for _name, label, text in self.custom(source)
        )

    def received_on(self, receipts):
        """Return days and quantities of receipts as one text."""
        return ", ".join(
            self.words.date(receipt.day)
            + (f" ({self.words.number(receipt.quantity)})" if receipt.quantity else "")
            for receipt in receipts
        )

    def requesters(self):
        """Return who requested the lines, as one text."""
        return ", ".join(requesters(self.payload.raw))

    def priced(self, amount):
        """Return an amount with its currency."""
        if amount is None:
            return ""
        code = self.payload.currency.code if self.payload.currency else ""
        return f"{code} {self.money(amount)}".strip()

    def reference(self, resource, external_id, text):
        """Return what the document names, and what it is in Odoo."""
        row, is_mapped, name = self.mappings.mapped(self.record, resource, external_id)
        issue = self.marks.about_row(row)
        return {
            "text": text,
            "row": row,
            "is_mapped": is_mapped,
            "is_hidden": is_mapped and not name,
            "odoo": name if name != text else "",
            "issue": issue,
        }

    def coding(self, accounts, departments):
        """Return the references of a line's account codes, departments and locations.

        :param departments: {department: text}, None among them where there is none
        """
        named = {d: text for d, text in departments.items() if d}
        branches = {d.branch.external_id: d.branch for d in named if d.branch}
        return {
            "accounts": [
                self.reference("account_code", code.external_id, code.label)
                for code in accounts
                if code
            ],
            "departments": [
                self._department(department, text) for department, text in named.items()
            ],
            "locations": [
                self.reference("location", branch.external_id, branch.name)
                for branch in branches.values()
            ],
        }

    def _department(self, department, text):
        found = self.reference("department", department.external_id, text)
        about = (
            self.marks.about_text(code, department.label)
            for code in ("plan_conflict", "access_denied")
        )
        return found | {"issue": found["issue"] or next(filter(None, about), False)}

    def tax(self, tax):
        """Return the references of a line's tax: none or one."""
        if not tax:
            return []
        text = tax.label.replace(" %", "\N{NO-BREAK SPACE}%")
        return [self.reference("tax", tax.external_id, text)]

    def vendor(self):
        """Return the vendor's reference, or its name."""
        vendor = self.payload.vendor
        if not vendor:
            return self.payload.vendor_name
        named = next(iter(OtherVendor(vendor, self.vendor_texts()).names.values()), "")
        text = (is_other(vendor) and named) or vendor.name
        return self.reference("vendor", self._vendor_key(vendor), text)

    def currency(self):
        """Return the currency's reference, or nothing."""
        currency = self.payload.currency
        if not currency:
            return ""
        return self.reference("currency", currency.external_id, currency.code)

    def _total(self, label, computed, stated, *, is_whole=False):
        return {
            "label": label,
            "computed": self.money(computed),
            "stated": self.money(stated),
            "is_whole": is_whole,
        }

    def _step(self, step):
        return {
            "date": self.words.moment(step.at),
            "what": self._what(step),
            "person": step.person,
            "limit": self.money(step.limit),
            "comment": step.comment,
        }

    def _what(self, step):
        if step.kind == "comment":
            return self.env._("Comment")
        if step.kind == "status":
            words = STATUSES["bill"].get(step.number)
        else:
            words = ACTIONS.get(step.number)
        return self.env._(words) if words else str(step.number)  # pylint: disable=W8301
