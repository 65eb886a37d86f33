"""The lists that the simulator serves, with the filters and orders of each."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from . import documents
from .bill_documents import BillRenderer
from .filters import (
    between_days,
    between_instants,
    contains,
    equals_number,
    equals_text,
    excluding,
    is_true,
    one_of,
)
from .listing import Resource
from .manufacturer import ACCOUNT_CODES, DEPARTMENTS
from .order_resources import ORDER_RESOURCES
from .tenant_time import local
from .vendors import OTHER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .dataset import Account, Dataset
    from .documents import Json
    from .model import AccountCode, Bill, Currency, Location, Vendor

PARENTS = {account.parent for account in ACCOUNT_CODES if account.parent}
EXPENSE_BILL = 1
PAID = 4


def _vendors() -> Resource:
    def listed(dataset: Dataset) -> list[Vendor]:
        return [vendor for vendor in dataset.vendors() if vendor.active]

    def is_other(vendor: Vendor) -> bool:
        return vendor.type == OTHER

    return Resource(
        path="/api/v3/vendors/",
        rows=listed,
        render=lambda dataset, vendor: documents.vendor_row(vendor),
        filters={
            "name": equals_text(lambda v: v.name),
            "external_id": equals_text(lambda v: v.external_id),
            "search": contains(lambda v: v.name, lambda v: v.email),
            "type": equals_number(lambda v: v.type),
            "exclude_other": excluding(is_other),
        },
        orders={
            "id": lambda v: v.id,
            "name": lambda v: v.name.casefold(),
            "dateModified": lambda v: v.modified,
        },
    )


def _account_codes() -> Resource:
    def is_parent(account: AccountCode) -> bool:
        return account.id in PARENTS

    return Resource(
        path="/api/v3/account-codes/",
        rows=lambda dataset: dataset.account_codes(),
        render=lambda dataset, account: documents.account_code(account),
        filters={
            "active": is_true(lambda a: a.active),
            "code": equals_text(lambda a: a.code),
            "is_parent": is_true(is_parent),
            "search": contains(lambda a: a.code, lambda a: a.description),
        },
        orders={"id": lambda a: a.id, "code": lambda a: a.code},
        default_order="code",
        implied={"active": "true"},
    )


def _accounts() -> Resource:
    places = {d.id: d.location_id for d in DEPARTMENTS}

    def row(dataset: Dataset, account: Account) -> Json:
        return documents.Renderer(dataset).account(account)

    return Resource(
        path="/api/v3/accounts/",
        rows=lambda dataset: dataset.accounts(),
        render=row,
        filters={
            "id": equals_number(lambda a: a.id),
            "account_code": equals_number(lambda a: a.code_id),
            "active": is_true(lambda a: a.active and a.ends is None),
            "department": equals_number(lambda a: a.department_id),
            "departments": one_of(lambda a: a.department_id),
            "in_effect": is_true(lambda a: a.ends is None),
            "locations": one_of(lambda a: places[a.department_id]),
            "search": contains(lambda a: a.code),
        },
        orders={"id": lambda a: a.id},
    )


def _departments() -> Resource:
    return Resource(
        path="/api/v3/departments/",
        rows=lambda dataset: dataset.departments(),
        render=lambda dataset, department: documents.department(department),
        filters={
            "branch": equals_number(lambda d: d.location_id),
            "locations": one_of(lambda d: d.location_id),
            "search": contains(lambda d: d.name),
        },
        orders={"id": lambda d: d.id, "name": lambda d: d.name},
    )


def _locations() -> Resource:
    def name(place: Location) -> str:
        return place.name

    return Resource(
        path="/api/v2/locations/",
        rows=lambda dataset: dataset.locations(),
        render=lambda dataset, place: documents.location(place),
        filters={
            "active": is_true(lambda place: place.active),
            "headquarter": is_true(lambda place: place.headquarter),
            "search": contains(name),
        },
        orders={"id": lambda place: place.id, "name": name},
        doubled=True,
    )


def _currencies() -> Resource:
    def name(currency: Currency) -> str:
        return currency.name

    return Resource(
        path="/api/v2/currencies/",
        rows=lambda dataset: dataset.currencies(),
        render=lambda dataset, currency: documents.currency(currency),
        filters={
            "active": is_true(lambda currency: currency.active),
            "base": is_true(lambda currency: currency.base),
            "description": equals_text(lambda currency: currency.description),
            "name": equals_text(name),
            "search": contains(name, lambda currency: currency.description),
        },
        orders={"id": lambda currency: currency.id, "name": name},
    )


def _bill_metadata(dataset: Dataset, bills: Sequence[Bill]) -> Json:
    total = sum((dataset.base_total(bill) for bill in bills), Decimal(0))
    return {
        "summary": {
            "has_multiple_currency": len({bill.currency_id for bill in bills}) > 1,
            "total_cost": float(total),
        },
        "permissions": {"can_edit": True, "can_delete": True, "can_approve": True},
    }


def _bills() -> Resource:
    def row(dataset: Dataset, bill: Bill) -> Json:
        return BillRenderer(dataset).row(bill)

    def is_expense(bill: Bill) -> bool:
        return bill.type == EXPENSE_BILL

    return Resource(
        path="/api/v3/ap/bills/",
        rows=lambda dataset: dataset.bills(),
        render=row,
        filters={
            "currency": equals_number(lambda b: b.currency_id),
            "exclude_bill_group_ids": one_of(lambda b: b.group, exclude=True),
            "exclude_expense_bills": excluding(is_expense),
            "group": equals_number(lambda b: b.group),
            "has_payment": is_true(lambda b: b.status == PAID),
            "has_posting_date": is_true(lambda b: b.gl_post_date is not None),
            "include_bill_group_ids": one_of(lambda b: b.group),
            "is_exported": is_true(lambda b: False),
            "search": contains(lambda b: b.invoice_number, lambda b: b.note),
            "type": equals_number(lambda b: b.type),
            "user": equals_number(lambda b: b.user_id),
            "vendor": equals_number(lambda b: b.vendor_id),
            **between_days("due_date", lambda b: b.due_date),
            **between_days("gl_post_date", lambda b: b.gl_post_date),
            **between_days("invoice_date", lambda b: b.invoice_date),
            **between_days("modified_date", lambda b: local(b.modified)),
            **between_days("submitted_date", lambda b: b.submitted),
            **between_instants("last_modified_datetime", lambda b: b.modified),
        },
        orders={
            "id": lambda b: b.id,
            "invoice_number": lambda b: b.invoice_number,
            "invoice_date": lambda b: b.invoice_date,
            "due_date": lambda b: b.due_date,
            "last_modified_datetime": lambda b: b.modified,
            "status": lambda b: b.status,
        },
        default_order="-id",
        metadata=_bill_metadata,
    )


RESOURCES = {
    resource.path: resource
    for resource in (
        _vendors(),
        _account_codes(),
        _accounts(),
        _departments(),
        _locations(),
        _currencies(),
        _bills(),
        *ORDER_RESOURCES,
    )
}
