"""The JSON of orders, order lines, requisitions and the catalogue.

The same line has other types in an order's detail and in the list of lines: there
quantities are strings and related records are numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from . import arithmetic, documents, full_depth, tenant_time
from .arithmetic import ZERO, cents
from .documents import Json, fixed, number
from .manufacturer import APPROVER, COMPANY
from .order_book import BLANKET, RECURRING

if TYPE_CHECKING:
    from datetime import date, datetime

    from .dataset import Dataset
    from .model import (
        CatalogItem,
        Modifier,
        Order,
        OrderLine,
        Requisition,
        Share,
        Vendor,
    )
    from .order_book import LineRow

SHIPPING_TERM = {"id": 4, "name": "FOB", "description": "", "active": True}
SHIPPING_METHOD = {"id": 5, "name": "Road", "description": "", "active": True}
NO_TERM = {"id": 0, "name": "", "description": None, "active": False}
NO_CONTRACT = {"id": 0, "uuid": ""}
# What the history of a requisition says last, by its status.
REQUESTED, FINAL_APPROVAL, DENIED, BOUGHT, ALL_RECEIVED = 0, 1, 2, 4, 7
STEPS = {
    0: (REQUESTED,),
    1: (REQUESTED, FINAL_APPROVAL),
    2: (REQUESTED, DENIED),
    3: (REQUESTED, FINAL_APPROVAL, BOUGHT),
    4: (REQUESTED, DENIED),
    5: (REQUESTED, FINAL_APPROVAL, BOUGHT, ALL_RECEIVED),
    6: (),
}


def _when(instant: datetime | None) -> str | None:
    return None if instant is None else tenant_time.text(tenant_time.local(instant))


def _or_none(value: Decimal | None, places: int) -> str | None:
    return None if value is None else fixed(value, places)


@dataclass(frozen=True, slots=True)
class OrderRenderer:
    """Renders what has to do with buying, with the data set's present vendors."""

    dataset: Dataset

    # --- orders -------------------------------------------------------------------

    def row(self, order: Order) -> Json:
        """Return a row of the list: without lines, its shipping method a text."""
        lines = self.dataset.order_lines(order.id)
        return {**self._header(order, lines), "shipping_method": "Road"}

    def detail(self, order: Order) -> Json:
        lines = self.dataset.order_lines(order.id)
        shown = [*lines, *self.dataset.former_lines(order.id)]
        return {
            **self._header(order, lines),
            "shipping_method": SHIPPING_METHOD,
            "order_items": [self.line_of_order(line, order) for line in shown],
            "creditcard_is_editable": False,
            "creditcard": self._card(order),
            "custom_fields": full_depth.custom_fields(order.id),
            "payment_term": documents.payment_term(order.payment_term) or NO_TERM,
            "shipping_term": SHIPPING_TERM,
            "cost_details": self._cost_details(order, lines),
        }

    def _header(self, order: Order, lines: list[OrderLine]) -> Json:
        vendor = self._vendor(order.vendor_id)
        totals = arithmetic.order_totals(order, lines)
        buyer = documents.person(order.buyer_id)
        place = full_depth.address(_address(buyer.department_id))
        return {
            "procurify_PO": order.id,
            "uuid": str(order.uuid),
            "number": order.number,
            "PO_Num": order.external_number,
            "version": order.version,
            "most_recent_version": order.version,
            "state": order.state,
            "fulfilment_status": self.dataset.fulfilment(order),
            "active": True,
            "date": _when(order.date),
            "promise_date": _when(order.promise_date),
            "recorded_date": _when(order.date),
            "closed_date": _when(order.closed),
            "expiry_date": _when(order.expires),
            "last_modified": _when(order.modified),
            "purchaser": documents.user_summary(buyer),
            "pref_vendor": documents.vendor_embedded(vendor),
            # Frozen text on the order, as it was when it was made.
            "vendor_name": order.vendor_name,
            "vendor_addressLineOne": vendor.street,
            "vendor_postalCode": vendor.postal_code,
            "vendor_city": vendor.city,
            "vendor_country": vendor.country,
            **_party("buyer", place, f"{buyer.first_name} {buyer.last_name}"),
            **_party("receiver", place, "Goods in"),
            "payment_terms": order.payment_term.name if order.payment_term else "",
            "shipping_terms": "FOB",
            "subtotal": fixed(totals.subtotal, 2),
            "tax": _modifier(order.tax),
            "discount": _modifier(order.discount),
            "freight": fixed(order.freight, 6),
            "other": fixed(order.other, 6),
            "total": fixed(totals.total, 2),
            "comment": order.comment,
            "purchased_currency": self._currency(order.currency_id),
            "purchased_currency_rate": fixed(order.rate, 6),
            "item_count": len(lines),
            "has_blanket_order_items": any(line.type == BLANKET for line in lines),
            "punchout_system": 3 if order.punchout else None,
            "punchout_supplier_name": vendor.name if order.punchout else None,
            "contract": NO_CONTRACT,
            **full_depth.order(),
        }

    def total(self, order: Order) -> Decimal:
        lines = self.dataset.order_lines(order.id)
        return arithmetic.order_totals(order, lines).total

    def _cost_details(self, order: Order, lines: list[OrderLine]) -> Json | None:
        if not order.cost_details:
            return None
        totals = arithmetic.order_totals(order, lines)
        return {
            "subtotal": fixed(totals.subtotal, 2),
            "total_cost": fixed(totals.total, 2),
            "total_cost_in_base_currency": fixed(cents(totals.total / order.rate), 2),
            "tax_amount": fixed(totals.tax + totals.line_tax, 2),
        }

    def _card(self, order: Order) -> Json | None:
        if order.card_issuer is None:
            return None
        issuer = self._vendor(order.card_issuer)
        return {
            "id": 31,
            "name": f"{issuer.name} 4242",
            "number": "4242",
            "vendor": {"id": issuer.id, "name": issuer.name, "active": issuer.active},
            "type": 0,
            "currency": documents.currency(self.dataset.currency(order.currency_id)),
            "assignees": [],
        }

    def _vendor(self, vendor_id: int) -> Vendor:
        vendor = self.dataset.vendor(vendor_id)
        if vendor is None:
            message = f"An order names vendor {vendor_id}: there is none."
            raise LookupError(message)
        return vendor

    # --- lines --------------------------------------------------------------------

    def line_of_order(self, line: OrderLine, order: Order | None) -> Json:
        """Return a line as an order's detail has it."""
        return {
            **self.line_of_bill(line, order),
            "attachments": [],
            "taxes": self._taxes(line),
            "flags": [],
            "approval_history": [],
            "receive_log_count": 0,
        }

    def line_of_bill(self, line: OrderLine, order: Order | None) -> Json:
        """Return a line as a bill's line embeds it: related records, numbers."""
        vendor = self._vendor(line.vendor_id)
        requester = self._requester(line)
        buyer = documents.person(order.buyer_id if order else requester)
        share = line.shares[0]
        item = self.dataset.catalog_item(line.catalog_item)
        found: Json = {
            **self._line(line),
            "quantity": number(line.quantity),
            "approved_quantity": number(line.quantity),
            "receivedPassQty": number(line.received),
            "receivedFailQty": number(line.failed),
            "account": self._account(share, line.requested.date()),
            "currency": self._currency(line.currency_id),
            "purchased_currency_rate": fixed(order.rate if order else Decimal(1), 6),
            "pref_vendor": documents.vendor_embedded(vendor),
            "vendor": line.vendor_text,
            "catalog_item": None if item is None else self.catalog_item(item),
            "purchaser": documents.user_summary(buyer),
            "recurrence": _recurrence(line),
            "item_attachments": [
                documents.attachment(a, self.dataset.storage_url)
                for a in line.attachments
            ],
            "custom_fields": full_depth.custom_fields(line.id),
            "requester": documents.user(documents.person(requester)),
            "taxes": self._taxes(line) or [],
            "spend_allocation": [
                self._allocation(line, position, share)
                for position, share in enumerate(line.shares)
            ],
            **full_depth.line(
                line.id, documents.user_summary(buyer), arithmetic.line_total(line)
            ),
        }
        if order is not None:
            found["purchase_order_number"] = order.number
            found["purchase_order_uuid"] = str(order.uuid)
        return found

    def line_row(self, row: LineRow) -> Json:
        """Return a row of the list of lines: texts and numbers instead of records."""
        line = row.line
        share = line.shares[0]
        day = line.requested.date()
        account = self.dataset.account(share.code, share.department_id, day)
        return {
            **self._line(line),
            "quantity": fixed(line.quantity, 5),
            "approved_quantity": fixed(line.quantity, 5) if line.approved else None,
            "receivedPassQty": fixed(line.received, 5),
            "receivedFailQty": fixed(line.failed, 5),
            "account": account.id,
            "currency": line.currency_id,
            "pref_vendor": line.vendor_id,
            "vendor": line.vendor_text or None,
            "catalog_item": line.catalog_item,
            "purchaser": row.order.buyer_id if row.order else None,
            "item_attachments": [a.id for a in line.attachments],
        }

    def _line(self, line: OrderLine) -> Json:
        """Return the fields that all forms of a line share."""
        on_orders = [*line.past_orders]
        if line.order_id is not None and line.order_id not in on_orders:
            on_orders.append(line.order_id)
        found: Json = {
            **full_depth.flat_line(),
            "id": line.id,
            "num": f"{line.requisition}-{line.requisition_line}",
            "orderNum": line.requisition,
            "PO": on_orders,
            "purchase_order": line.order_id,
            "po_version": line.version,
            "name": line.name,
            "sku": line.sku,
            "unit": line.unit,
            "price": fixed(line.price, 8),
            "tax_amount": _or_none(arithmetic.line_tax(line), 8)
            if line.taxes
            else None,
            "shipping_amount": _or_none(line.shipping, 8),
            "total_cost": fixed(arithmetic.line_total(line), 2),
            "approved_price": fixed(line.price, 8) if line.approved else None,
            "approved_datetime": _when(line.approved),
            "accountCode": line.shares[0].code,
            "status": line.status,
            "type": line.type,
            "active": line.active,
            "is_active": line.active,
            "external_id": "",
            "lineComment": line.comment,
            "created_at": _when(line.requested),
            "updated_at": _when(line.modified),
            "last_modified": _when(line.modified),
        }
        if line.line_number is not None:
            found["PO_line_num"] = line.line_number
        if line.type == BLANKET:
            found["blanket"] = {
                "price": fixed(line.price, 8),
                "quantity": number(line.quantity),
                "amount": number(arithmetic.line_total(line)),
            }
        return found

    def _taxes(self, line: OrderLine) -> list[Json] | None:
        if not line.taxes:
            return None
        return [
            {
                "id": line.id * 10 + position,
                "type": "percent",
                "value": fixed(tax.percentage, 8),
                "name": tax.name,
            }
            for position, tax in enumerate(line.taxes)
        ]

    def _account(self, share: Share, day: date) -> Json:
        renderer = documents.Renderer(self.dataset)
        return renderer.budget(share.code, share.department_id, day)

    def _allocation(self, line: OrderLine, position: int, share: Share) -> Json:
        account = self._account(share, line.requested.date())
        department = account["department"]
        code = self.dataset.account_code(share.code)
        parents = {each.id: each for each in self.dataset.account_codes()}
        branch = full_depth.branch_of_split(documents.location_of(share.department_id))
        return {
            "id": line.id * 10 + position,
            "amount": fixed(share.amount, 8),
            "account": {
                "id": account["id"],
                "account_code": full_depth.nested_code(
                    code, parents.get(code.parent or 0)
                ),
                "department": {**department, "branch": branch},
                "active": account["active"],
            },
        }

    def _currency(self, currency_id: int) -> Json:
        money = documents.currency(self.dataset.currency(currency_id))
        return {name: money[name] for name in ("id", "name", "rate", "base")}

    # --- requisitions and the catalogue -------------------------------------------

    def _requester(self, line: OrderLine) -> int:
        requisition = self.dataset.requisition(line.requisition)
        return APPROVER.id if requisition is None else requisition.user_id

    def requisition(self, record: Requisition) -> Json:
        lines = self.dataset.requisition_lines(record.num)
        whole = sum((arithmetic.line_total(line) for line in lines), ZERO)
        money = documents.currency(self.dataset.currency(record.currency_id))
        requester = documents.person(record.user_id)
        return {
            "num": record.num,
            "uuid": str(record.uuid),
            "description": record.description,
            "status": record.status,
            "branch": _branch(record.department_id),
            "user": documents.user_summary(requester),
            "department": documents.department_summary(record.department_id),
            "currency": self._currency(record.currency_id),
            "total_cost_in_base_currency": number(
                cents(whole / Decimal(money["rate"]))
            ),
            "totalPrice": fixed(whole, 2),
            "logs": self._logs(record),
            "item_count": len(lines),
            "lineCount": len(lines),
            "purchasedCount": sum(line.order_id is not None for line in lines),
            "date": _when(record.date),
            "dateRequired": _when(record.required),
            "dateModified": _when(record.modified),
            "next_approver": documents.user_summary(APPROVER),
            "has_blanket_order_items": any(line.type == BLANKET for line in lines),
            **full_depth.requisition(),
        }

    def _logs(self, record: Requisition) -> list[Json]:
        requester = documents.person(record.user_id)
        steps = [
            (APPROVER, record.modified, action)
            if action
            else (requester, record.date, action)
            for action in STEPS[record.status]
        ]
        return [
            full_depth.log(
                record.num * 10 + position,
                documents.user_summary(who),
                next_approver=documents.user_summary(APPROVER),
                nextApprover=documents.user_summary(APPROVER),
                dateTime=_when(instant),
                action=action,
                order=record.num,
            )
            for position, (who, instant, action) in enumerate(steps)
        ]

    def catalog_item(self, record: CatalogItem) -> Json:
        code = self.dataset.account_code(record.code)
        return {
            "id": record.id,
            "name": record.name,
            "description": record.description,
            "unitType": record.unit,
            "internalSKU": record.sku,
            "product_url": None,
            "price": fixed(record.price, 8),
            "currency": self._currency(record.currency_id),
            "account_code": documents.account_code(code),
            "pref_vendor": documents.vendor_embedded(self._vendor(record.vendor_id)),
            "rfo_lock": False,
            "departments": [],
            **full_depth.catalog_item(record.id),
        }


def _recurrence(line: OrderLine) -> Json | None:
    if line.type != RECURRING:
        return None
    periods = line.total / line.price if line.total and line.price else Decimal(1)
    return {
        "id": line.id,
        "start_date": line.requested.date().isoformat(),
        "frequency": 0,
        "duration": 0,
        "duration_quantity": int(periods),
        "recurring_price": fixed(line.price, 8),
        "periods_count": int(periods),
    }


def _modifier(modifier: Modifier) -> Json:
    kind = "percentage" if modifier.percentage else "amount"
    return {"value": number(modifier.value), "type": kind}


def _address(department_id: int) -> Json:
    place = documents.location_of(department_id)
    return {
        "id": place.id * 10,
        "name": place.name,
        "addressLineOne": place.street,
        "postalCode": place.postal_code,
        "city": place.city,
        "state_province": "",
        "country": place.country,
    }


def _party(role: str, place: Json, contact: str) -> dict[str, Any]:
    names = ("addressLineOne", "postalCode", "city", "country")
    return {
        f"{role}_name": COMPANY,
        f"{role}_contact": contact,
        **{f"{role}_{name}": place[name] for name in names},
        f"{role}_address": place,
    }


def _branch(department_id: int) -> Json:
    return full_depth.branch(documents.location_of(department_id))
