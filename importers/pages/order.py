"""The pages of purchase orders and of requisitions."""

from ...procurify import Unit
from ...procurify.extra_facts import delivery
from ...procurify.order_arithmetic import order_figures
from ..documents import line_words
from ..receipts import line_receipts
from .page import Page


class OrderPage(Page):
    """Shows the lines that count, with what was received of them."""

    def vendor_texts(self):
        return [line.vendor_text for line in self.payload.lines]

    def add_up(self, cent):
        self.figures = order_figures(self.payload, cent)

    def names(self):
        order = self.payload
        for line in self.figures.lines:
            if line.tax:
                yield "tax", line.tax.external_id
            if line.unit:
                yield "unit", line.unit.external_id
        if order.payment_term:
            yield "payment_term", order.payment_term.external_id

    def header(self):
        order, words = self.payload, self.words
        yield "vendor", self.env._("Vendor"), self.vendor()
        yield "number", self.env._("Order number"), order.label
        yield "reference", self.env._("Reference"), order.external_number
        yield "date", self.env._("Order date"), words.date(order.date)
        promised = words.date(order.promise_date)
        yield "promised", self.env._("Promised for"), promised
        yield "currency", self.env._("Currency"), self.currency()
        yield "total", self.env._("Total"), self.priced(self.figures.total)
        yield "terms", self.env._("Payment terms"), self._term()
        yield "buyer", self.env._("Buyer"), order.buyer_name
        yield "requester", self.env._("Requested by"), self.requesters()
        yield "status", self.env._("Status in Procurify"), self.status()
        yield from self._delivery()
        yield from self.custom(order.raw)
        yield "note", self.env._("Note"), order.comment

    def _delivery(self):
        found = delivery(self.payload.raw)
        yield "ship_to", self.env._("Ship to"), found.ship_to
        yield "bill_to", self.env._("Bill to"), found.bill_to
        yield "shipping_term", self.env._("Shipping term"), found.shipping_term
        yield "shipping_method", self.env._("Shipping method"), found.shipping_method
        expires_on = self.words.date(found.expires_on)
        yield "expires_on", self.env._("Expires on"), expires_on
        yield "contract", self.env._("Contract"), found.contract

    def _term(self):
        term = self.payload.payment_term
        if not term:
            return ""
        return self.reference("payment_term", term.external_id, term.label)

    def lines(self):
        raw = self.payload.raw["order_items"] or ()
        sent = {
            line.id: (line, data)
            for line, data in zip(self.payload.lines, raw, strict=True)
        }
        for line in self.figures.lines:
            yield self._line(line, *sent[line.source_id])

    def _line(self, line, sent, data):
        several = len(line.shares) > 1
        departments = {
            share.department: f"{share.department.name}: {self.money(share.amount)}"
            if several
            else share.department.name
            for share in line.shares
            if share.department
        }
        accounts = dict.fromkeys(share.account_code for share in line.shares)
        quantity = self.words.number(sent.quantity)
        return {
            "label": sent.name or sent.sku or line.label,
            "quantity": f"{quantity} {sent.unit}".strip() if quantity else "",
            "price": self.words.number(sent.price, self.digits),
            "received": self.words.number(sent.received),
            "received_on": self.received_on(
                line_receipts(data, self.record.remote_receipts)
            ),
            "custom": self.custom_text(data),
            "amount": self.money(line.amount),
            "tax_amount": self.money(line.tax_amount) if line.tax_amount else "",
            "taxes": self.tax(line.tax),
            "orders": [],
            "issue": self._line_issue(line, sent),
            **self.coding(accounts, departments),
        }

    def _line_issue(self, line, sent):
        code = self.payload.currency.code if self.payload.currency else ""
        if sent.currency_name not in ("", code):
            return self.marks.with_code({"several_currencies"})
        if not line.unit:
            return False
        unit = Unit(sent.unit).external_id
        return self.reference("unit", unit, sent.unit)["issue"]

    def totals(self):
        order, figures = self.payload, self.figures
        net = sum(line.amount for line in figures.lines)
        tax = sum(line.tax_amount for line in figures.lines)
        yield self._total(self.env._("Untaxed amount"), net, order.subtotal)
        if tax:
            yield self._total(self.env._("Tax of the lines"), tax, None)
        for extra in figures.extras:
            yield self._total(line_words(self.env, extra), extra.amount, None)
        stated = None if order.total is None else figures.total
        yield self._total(self.env._("Total"), figures.computed, stated, is_whole=True)


class RequisitionPage(Page):
    """Shows the header: the lines of a requisition are objects of their own."""

    def header(self):
        requested, words = self.payload, self.words
        yield "requester", self.env._("Requested by"), requested.requester_name
        yield "number", self.env._("Number"), requested.label
        yield "date", self.env._("Date"), words.date(requested.date)
        required = words.date(requested.date_required)
        yield "required", self.env._("Required by"), required
        yield "department", self.env._("Department"), self._department_of()
        yield "currency", self.env._("Currency"), self.currency()
        yield "total", self.env._("Total"), self.priced(requested.total)
        yield "status", self.env._("Status in Procurify"), self.status()
        yield "note", self.env._("Description"), requested.description

    def _department_of(self):
        department = self.payload.department
        if not department:
            return ""
        return self.reference("department", department.external_id, department.label)
