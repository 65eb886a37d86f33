"""The JSON of bills: the short row of the list and the long detail."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from . import arithmetic, documents, full_depth, tenant_time
from .arithmetic import ZERO
from .documents import Json, fixed, number
from .manufacturer import APPROVER
from .order_documents import OrderRenderer

if TYPE_CHECKING:
    from datetime import datetime

    from .dataset import Dataset
    from .model import Bill, Cost, Item, Share, Vendor

DRAFT, CONFIRMED, APPROVED, DENIED, PAID, WITHDRAWN = range(6)
NOT_LOCKED = {DRAFT, CONFIRMED, DENIED, WITHDRAWN}
PAYMENT_PAID = 5  # a payment's state: bills have states of their own
TINY = Decimal("0.00000001")


def _when(instant: datetime | None) -> str | None:
    return None if instant is None else tenant_time.text(instant)


def total(bill: Bill) -> float:
    return number(arithmetic.bill_totals(bill).total)


def history(bill: Bill) -> list[tuple[int, datetime]]:
    """Return the statuses that the bill went through."""
    if bill.submitted is None:
        return []
    steps = [(CONFIRMED, bill.submitted)]
    if bill.status not in NOT_LOCKED:
        steps.append((APPROVED, bill.modified))
    if bill.status not in {DRAFT, CONFIRMED, APPROVED}:
        steps.append((bill.status, bill.modified))
    return steps


@dataclass(frozen=True, slots=True)
class BillRenderer:
    """Renders bills with the data set's present vendors and accounts."""

    dataset: Dataset

    def row(self, bill: Bill) -> Json:
        vendor = self._vendor(bill)
        money = documents.currency(self.dataset.currency(bill.currency_id))
        return {
            "id": bill.id,
            "uuid": str(bill.uuid),
            "version": bill.version,
            "group": bill.group,
            "status": bill.status,
            "type": bill.type,
            "locked": bill.status not in NOT_LOCKED,
            "currency": {name: money[name] for name in ("id", "name", "rate")},
            "vendor": {"id": vendor.id, "name": vendor.name},
            "invoice_number": bill.invoice_number,
            "invoice_date": _when(bill.invoice_date),
            "due_date": _when(bill.due_date),
            "gl_post_date": _when(bill.gl_post_date),
            "submitted_date": _when(bill.submitted),
            "last_modified_datetime": _when(bill.modified),
            "total_cost_with_tax": total(bill),
            "items": [item.id for item in bill.items],
            "user": documents.user_row(documents.person(bill.user_id)),
            "approver": None,
            "next_approver_choices": None,
            "past_due": False,
            "payment_uuid": None,
            "invoice_uuid": "",
        }

    def detail(self, bill: Bill) -> Json:
        vendor = self._vendor(bill)
        return {
            **self._header(bill, vendor),
            **self._money(bill),
            "items": [self._item(bill, vendor, item) for item in bill.items],
            "costs": [self._cost(bill, cost) for cost in bill.costs],
            "invoice_attachments": [
                documents.attachment(a, self.dataset.storage_url)
                for a in bill.attachments
            ],
            "bill_statuses": self._statuses(bill),
            "added_purchase_orders": self._orders(bill),
            "version_choices": [
                {"version": version, "pk": pk}
                for version, pk in enumerate(bill.versions, start=1)
            ],
            "comments": self._comments(bill),
            **self._card(bill, vendor),
        }

    # --- the header ---------------------------------------------------------------

    def _vendor(self, bill: Bill) -> Vendor:
        vendor = self.dataset.vendor(bill.vendor_id)
        if vendor is None:
            message = f"Bill {bill.id} names vendor {bill.vendor_id}: there is none."
            raise LookupError(message)
        return vendor

    def _header(self, bill: Bill, vendor: Vendor) -> Json:
        return {
            "id": bill.id,
            "uuid": str(bill.uuid),
            "version": bill.version,
            "group": bill.group,
            "status": bill.status,
            "type": bill.type,
            "active": bill.active,
            "locked": bill.status not in NOT_LOCKED,
            "user": documents.user_summary(documents.person(bill.user_id)),
            "vendor": documents.vendor_embedded(vendor),
            # Frozen text on the bill, cut where the specification cuts it.
            "vendor_name": vendor.name[:100],
            "vendor_address_one": vendor.street,
            "vendor_postal_code": vendor.postal_code[:10],
            "vendor_city": vendor.city,
            "vendor_country": vendor.country,
            "currency": documents.currency(self.dataset.currency(bill.currency_id)),
            "approval_chain": None,
            "approver": self._approver(bill),
            "invoice_number": bill.invoice_number,
            "invoice_date": _when(bill.invoice_date),
            "due_date": _when(bill.due_date),
            "gl_post_date": _when(bill.gl_post_date),
            "submitted_date": _when(bill.submitted),
            "last_modified_datetime": _when(bill.modified),
            "payment_terms": vendor.payment_term.name if vendor.payment_term else "",
            "note": bill.note,
            "bill_payment": self._payment(bill),
            "payment_method": None,
            "next_approver_choices": None,
            "invoice_uuid": "",
            **full_depth.bill(),
        }

    def _comments(self, bill: Bill) -> list[Json]:
        if not full_depth.has(bill.id, 4):
            return []
        author = documents.user_summary(documents.person(bill.user_id))
        return [full_depth.comment(bill.id, author)]

    def _payment(self, bill: Bill) -> Json | None:
        """Return the payment that somebody made for the bill, or None."""
        if bill.payment_status is None:
            return None
        amount = fixed(abs(arithmetic.bill_totals(bill).total), 2)
        return {
            "id": bill.id,
            "payment": {
                "id": bill.id,
                "user": bill.user_id,
                "approver": None,
                "status": bill.payment_status,
                "currency": bill.currency_id,
                "amount": amount,
                "payment_method": None,
                "payment_date": _when(
                    None if bill.paid_on is None else tenant_time.at(bill.paid_on)
                ),
                "memo": "",
                "reference_number": "",
                "is_processed": bill.payment_status == PAYMENT_PAID,
            },
            "payment_method": {
                "id": 1,
                "vendor": bill.vendor_id,
                "name": "Bank transfer",
                "type": 0,
                "data": "",
                "currency": documents.currency(self.dataset.currency(bill.currency_id)),
            },
            "amount": amount,
            "transaction": None,
        }

    def _money(self, bill: Bill) -> Json:
        totals = arithmetic.bill_totals(bill)
        return {
            "subtotal_cost": number(totals.subtotal),
            "total_cost": number(totals.subtotal + totals.costs),
            "tax_amount": number(totals.tax),
            "exclusive_tax_amount": number(totals.exclusive_tax),
            "inclusive_tax_amount": number(totals.inclusive_tax),
            "shipping_amount": number(totals.shipping),
            "total_cost_with_tax": number(totals.total),
            "converted_total_cost": number(arithmetic.in_base_currency(bill)),
        }

    def _approver(self, bill: Bill) -> Json | None:
        if bill.status == DRAFT:
            return None
        return {
            "id": 4,
            "user": documents.user(APPROVER),
            "amount_limit": "50000.00",
            "item_variance_amount_limit": None,
            "item_variance_percentage_limit": "10.00",
            "approval_level": 1,
        }

    def _statuses(self, bill: Bill) -> list[Json]:
        submitter = documents.person(bill.user_id)
        return [
            {
                "id": bill.id * 10 + position,
                "user": documents.user_summary(
                    submitter if status == CONFIRMED else APPROVER
                ),
                "date": _when(instant),
                "status": status,
                "bill": bill.id,
            }
            for position, (status, instant) in enumerate(history(bill))
        ]

    def _orders(self, bill: Bill) -> list[Json]:
        """Return the orders that the bill's lines come from."""
        renderer = OrderRenderer(self.dataset)
        lines = (self.dataset.order_line(i.order_line) for i in bill.items)
        numbers = dict.fromkeys(line.order_id for line in lines if line is not None)
        orders = (self.dataset.order(number) for number in numbers)
        return [
            {
                "id": order.id,
                "number": order.number,
                "currency": self.dataset.currency(order.currency_id).name,
                "total_amount": fixed(renderer.total(order), 2),
            }
            for order in orders
            if order is not None
        ]

    def _card(self, bill: Bill, vendor: Vendor) -> Json:
        if bill.type != 2:
            return {}
        return {"creditcard": 31, "creditcard_name": f"{vendor.name} 4242"}

    # --- lines --------------------------------------------------------------------

    def _item(self, bill: Bill, vendor: Vendor, item: Item) -> Json:
        amounts = arithmetic.item_amounts(item)
        tax = item.tax
        found: Json = {
            "id": item.id,
            "bill": bill.id,
            "description": item.description,
            "sku": "",
            "unit": item.unit,
            "quantity": fixed(item.quantity, 8),
            "unit_cost": number(item.unit_cost),
            "total_cost": number(amounts.net),
            "tax": tax.id if tax else None,
            "tax_name": tax.name if tax else "",
            "tax_percentage": fixed(tax.percentage, 8) if tax else None,
            "tax_amount": number(amounts.tax),
            "tax_is_inclusive": bool(tax and tax.inclusive),
            "total_cost_with_tax": number(amounts.gross),
            "shipping_amount": None
            if item.shipping is None
            else fixed(item.shipping, 8),
            "bill_by_cost": item.amount is not None,
            "vendor": documents.vendor_embedded(vendor),
            "currency": documents.currency(
                self.dataset.currency(item.currency_id or bill.currency_id)
            ),
            "cost_allocations": self._allocations(bill, item),
            "expense": self._expense(bill, item),
            "creditcard_item": None,
            "packing_slips": full_depth.packing_slips(item.id),
            "archived": False,
            "custom_fields": full_depth.custom_fields(item.id),
            **full_depth.item(_when(bill.submitted), full_depth.has(item.id, 6)),
        }
        line = self.dataset.order_line(item.order_line)
        order_id = item.order if line is None else line.order_id
        order = self.dataset.order(order_id)
        if line is not None:
            found["sku"] = line.sku
            found["orderitem"] = OrderRenderer(self.dataset).line_of_bill(line, order)
        if order is not None:
            found["po"] = {
                "id": order.id,
                "number": order.number,
                "uuid": str(order.uuid),
            }
        return found

    def _allocations(self, bill: Bill, item: Item) -> list[Json]:
        if not item.allocated:
            return []
        stated = [share.amount for share in item.shares]
        if item.gross_allocations:
            stated = _with_tax_inside(stated, arithmetic.item_amounts(item).gross)
        return [
            self._allocation(bill, item.id * 10 + position, item.id, share, amount)
            for position, (share, amount) in enumerate(
                zip(item.shares, stated, strict=True)
            )
        ]

    def _allocation(
        self,
        bill: Bill,
        allocation_id: int,
        object_id: int,
        share: Share,
        amount: Decimal,
    ) -> Json:
        return {
            "id": allocation_id,
            "budget": self._budget(bill, share.code, share.department_id),
            "object_id": object_id,
            "amount": fixed(amount, 8),
            "currency": documents.currency(self.dataset.currency(bill.currency_id)),
            "created_on": _when(bill.submitted or bill.modified),
        }

    def _cost(self, bill: Bill, cost: Cost) -> Json:
        share = cost.share
        return {
            "id": cost.id,
            "name": cost.name,
            "amount": fixed(share.amount, 8),
            "bill": bill.id,
            "cost": 2,
            "currency": bill.currency_id,
            "cost_allocation": self._allocation(
                bill, 40_000_000 + cost.id, cost.id, share, share.amount
            ),
        }

    def _budget(self, bill: Bill, code: str, department_id: int) -> Json:
        renderer = documents.Renderer(self.dataset)
        return renderer.budget(code, department_id, bill.invoice_date.date())

    def _expense(self, bill: Bill, item: Item) -> Json | None:
        """Return what a line of an employee's expense bill says about the spending."""
        if bill.type != 1:
            return None
        share = item.shares[0]
        budget = self._budget(bill, share.code, share.department_id)
        del budget["start_datetime"], budget["end_datetime"]
        budget |= {"budget_used_approved": "0.00", "budget_used_purchased": "0.00"}
        money = documents.currency(self.dataset.currency(bill.currency_id))
        tax = item.tax
        return {
            "id": item.id,
            "account": budget,
            "localCurrency": {n: money[n] for n in ("id", "name", "rate", "base")},
            "expense_type_fields": {},
            "expenseReport": {"id": bill.group, "uuid": str(bill.uuid)},
            "merchant": "Canal Street Canteen",
            "transDate": _when(bill.invoice_date),
            "currency_rate_final": fixed(bill.rate, 6),
            "tax_percentage": fixed(tax.percentage, 8) if tax else "0.00000000",
            "amount": fixed(arithmetic.item_amounts(item).gross, 2),
        }


def _with_tax_inside(amounts: list[Decimal], gross: Decimal) -> list[Decimal]:
    """Scale amounts so that they add up to the gross amount, to eight digits."""
    net = sum(amounts, ZERO)
    scaled = [(amount * gross / net).quantize(TINY) for amount in amounts]
    scaled[-1] += gross - sum(scaled, ZERO)
    return scaled
