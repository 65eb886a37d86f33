"""The page of a vendor bill or refund."""

from collections import defaultdict
from decimal import Decimal

from ...procurify.arithmetic import bill_figures
from ...procurify.extra_facts import drafting
from ...procurify.receipts import receipts
from ..documents import line_words
from .page import Page

_ZERO = Decimal(0)


class BillPage(Page):
    """Shows the lines as they would be booked: one for each account code."""

    def vendor_texts(self):
        items = self.payload.items
        return [item.order_item.vendor_text for item in items if item.order_item]

    def add_up(self, cent):
        self.figures = bill_figures(self.payload, cent)

    def names(self):
        for line in self.figures.lines:
            if line.tax:
                yield "tax", line.tax.external_id
        for number, _text in self.payload.orders:
            yield "purchase_order", str(number)

    # === HEADER === #

    def header(self):
        bill, words, record = self.payload, self.words, self.record
        yield "vendor", self.env._("Vendor"), self.vendor()
        yield "number", self.env._("Invoice number"), bill.invoice_number
        yield "date", self.env._("Invoice date"), words.date(bill.invoice_date)
        yield "due_date", self.env._("Due date"), words.date(bill.due_date)
        yield "gl_date", self.env._("Accounting date"), words.date(bill.gl_post_date)
        yield "currency", self.env._("Currency"), self.currency()
        yield "total", self.env._("Total"), self.priced(self.figures.total)
        yield "terms", self.env._("Payment terms"), bill.payment_terms
        yield "status", self.env._("Status in Procurify"), self.status()
        payment = bill.payment and record._payment_facts(bill.payment)
        yield "payment", self.env._("Payment in Procurify"), payment
        yield "requester", self.env._("Requested by"), self.requesters()
        yield "drafted", self.env._("Drafted by"), self._drafted_by()
        yield "note", self.env._("Note"), bill.note

    def _drafted_by(self):
        found = drafting(self.payload.raw)
        if found.is_automatic:
            return self.env._("Procurify, from a file")
        return found.person

    # === LINES === #

    def lines(self):
        raw = self.payload.raw["items"]
        items = {
            f"item {item.id}": (item, data)
            for item, data in zip(self.payload.items, raw, strict=True)
        }
        for line in self.figures.lines:
            # Quantity and order belong to the first line of an item.
            yield self._line(line, *items.pop(line.source, (None, {})))

    def _line(self, line, item, data):
        departments = {share.department: share for share in line.shares}
        texts = {
            department: self._share_text(department, share, len(line.shares))
            for department, share in departments.items()
            if department
        }
        coding = self.coding([line.account_code], texts)
        return {
            "label": self._label(line, item),
            "amount": self.money(line.amount),
            "tax_amount": self.money(line.tax_amount) if line.tax_amount else "",
            "taxes": self.tax(line.tax),
            "issue": self._line_issue(line, item),
            "received_on": self.received_on(receipts(data)),
            "custom": self.custom_text(data),
            **coding,
            **self._item(item),
        }

    def _label(self, line, item):
        text = item.description or item.sku if item else ""
        return text or line_words(self.env, line)

    def _share_text(self, department, share, count):
        if count == 1:
            return department.name
        return f"{department.name}: {self.money(share.amount)}"

    def _item(self, item):
        if not item:
            return {"quantity": "", "price": "", "orders": []}
        by_cost = item.bill_by_cost
        quantity = "" if by_cost else self.words.number(item.quantity)
        price = "" if by_cost else self.words.number(item.unit_cost, self.digits)
        return {
            "quantity": f"{quantity} {item.unit}".strip() if quantity else "",
            "price": price,
            "orders": self._orders(item),
        }

    def _orders(self, item):
        if item.order_id is None:
            return []
        number = item.order_number or str(item.order_id)
        line = item.order_item and item.order_item.line_number
        text = f"{number} · {line}" if line else number
        return [self.reference("purchase_order", str(item.order_id), text)]

    def _line_issue(self, line, item):
        """Return the issue about the line as a whole."""
        code = self.payload.currency.code if self.payload.currency else ""
        if item and item.currency_name not in ("", code):
            return self.marks.with_code({"several_currencies"})
        if line.account_code:
            return False
        return self.marks.about_text("missing_allocation", line.label)

    # === TOTALS === #

    def totals(self):
        bill, figures = self.payload, self.figures
        shipping = self._sum("amount", lambda line: line.kind == "shipping")
        goods = self._sum("amount", lambda line: line.kind != "shipping")
        tax = self._sum("tax_amount", lambda _line: True)
        yield self._total(self.env._("Untaxed amount"), goods, bill.total_cost)
        if shipping:
            label = self.env._("Shipping")
            yield self._total(label, shipping, bill.shipping_amount)
        if tax or bill.tax_amount:
            yield self._total(self.env._("Tax"), tax, bill.tax_amount)
        stated = None if bill.total_cost_with_tax is None else figures.total
        yield self._total(self.env._("Total"), figures.computed, stated, is_whole=True)
        paper = drafting(bill.raw).paper_total
        if paper is not None:
            yield self._total(self.env._("Total on the paper"), None, paper)

    def _sum(self, name, counts):
        lines = filter(counts, self.figures.lines)
        return sum((getattr(line, name) for line in lines), _ZERO)

    # === WHAT WOULD BE BOOKED === #

    def entry(self):
        """Yield the sums per account and tax, then what is owed to the vendor."""
        nets, taxes = defaultdict(lambda: _ZERO), defaultdict(lambda: _ZERO)
        for line in self.figures.lines:
            nets[line.account_code] += line.amount
            if line.tax_amount:
                taxes[line.tax] += line.tax_amount
        whole = sum(nets.values(), _ZERO) + sum(taxes.values(), _ZERO)
        for code, amount in nets.items():
            yield self._entry_row(self._account(code), amount)
        for tax, amount in taxes.items():
            name = tax and self.tax(tax)[0]
            yield self._entry_row(name or self._plain(self.env._("Tax")), amount)
        if self.figures.residue and self.figures.adds_up:
            rounding = self._plain(self.env._("Rounding"))
            yield self._entry_row(rounding, self.figures.residue)
            whole += self.figures.residue
        owed = self._plain(self.env._("Accounts payable"))
        yield self._entry_row(owed, -whole)

    def _account(self, code):
        if code:
            return self.reference("account_code", code.external_id, code.label)
        default = self.record.connection_id.sudo().unallocated_account_id
        if default:
            return self._plain(self.env._("Account for lines without allocation"))
        return self._plain(self.env._("Without an account"), is_mapped=False)

    @staticmethod
    def _plain(text, is_mapped=True):
        return {"text": text, "odoo": "", "is_mapped": is_mapped, "issue": False}

    def _entry_row(self, account, amount):
        return {
            "account": account,
            "debit": self.money(amount) if amount > 0 else "",
            "credit": self.money(-amount) if amount <= 0 else "",
        }
