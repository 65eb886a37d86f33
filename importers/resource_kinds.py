"""The kinds of objects that are staged: one line each, in the order of import."""

from collections.abc import Callable
from typing import Any, NamedTuple

from odoo.tools.translate import LazyGettext, LazyTranslate

from ..procurify import RESOURCES, PaymentTerm, Unit
from ..procurify.arithmetic import Tax
from ..procurify.findings import requesters
from ..procurify.payloads.dates import writing
from ..procurify.payloads.embedded import CustomValue
from ..procurify.rates import implied_bill_rate, implied_order_rate
from ..tools.instants import naive
from .coding import bill_coding, order_coding

_lt = LazyTranslate(__name__)


# === WHAT PEOPLE SEE OF A DOCUMENT BEFORE IT IS IMPORTED, AND WHAT IDENTIFIES IT === #


def _no_facts(_payload):
    return {}


def _rate_finding(document, implied_rate):
    """Return which total a foreign document's converted one is of; base money: none."""
    if not document.currency or document.currency.base:
        return False
    return implied_rate(document).answer


def _bill_days(bill):
    return {
        "remote_date": bill.invoice_date,
        "remote_due_date": bill.due_date,
        "date_finding": writing(bill) or False,
        "rate_finding": _rate_finding(bill, implied_bill_rate),
    }


def _bill_facts(bill):
    approved_at = bill.approved_at
    return _bill_days(bill) | {
        "remote_uuid": bill.uuid or False,
        "remote_group": str(bill.group) if bill.group else False,
        "remote_party": bill.vendor.name if bill.vendor else bill.vendor_name,
        "remote_requester": ", ".join(requesters(bill.raw)) or False,
        "remote_approved_at": approved_at and naive(approved_at),
        "remote_amount": float(bill.total_cost_with_tax or 0),
        "remote_currency": bill.currency and bill.currency.code,
        "remote_deleted": not bill.active,
    }


def _order_days(order):
    return {
        "remote_date": order.date,
        "date_finding": writing(order) or False,
        "rate_finding": _rate_finding(order, implied_order_rate),
    }


def _order_facts(order):
    return _order_days(order) | {
        "remote_uuid": order.uuid or False,
        "remote_party": order.vendor.name if order.vendor else order.vendor_name,
        "remote_amount": float(order.total or 0),
        "remote_currency": order.currency and order.currency.code,
        "remote_deleted": not order.active,
    }


def _requisition_days(requisition):
    return {"remote_date": requisition.date}


def _requisition_facts(requisition):
    return _requisition_days(requisition) | {
        "remote_uuid": requisition.uuid or False,
        "remote_amount": float(requisition.total or 0),
        "remote_currency": requisition.currency and requisition.currency.code,
    }


def _order_item_facts(item):
    return {"remote_group": str(item.requisition) if item.requisition else False}


class Kind(NamedTuple):
    """What the connector knows about all objects of one resource.

    :param role: ``master`` data is mapped, a ``document`` is booked, a ``detail`` is
        only read
    :param facts: takes a payload, returns values of its record
    :param days: the same of those values that change with how its tenant's dates are
        read
    :param coding: takes a payload, returns how its lines are coded
    :param identities: fields under which a document is known besides its id, where
        that may change; the best first
    """

    name: str
    label: LazyGettext
    role: str = "master"
    facts: Callable[[Any], dict[str, Any]] = _no_facts
    days: Callable[[Any], dict[str, Any]] = _no_facts
    coding: Callable[[Any], Any] | None = None
    identities: tuple[str, ...] = ()


# Master data before what names it.
KINDS = {
    kind.name: kind
    for kind in (
        Kind("currency", _lt("Currencies")),
        Kind("account_code", _lt("Account codes")),
        Kind("location", _lt("Locations")),
        Kind("department", _lt("Departments")),
        Kind("custom_value", _lt("Custom field values")),
        Kind("vendor", _lt("Vendors")),
        Kind("tax", _lt("Taxes")),
        Kind("unit", _lt("Units")),
        Kind("payment_term", _lt("Payment terms")),
        Kind("catalog_item", _lt("Catalogue items")),
        Kind("order_item", _lt("Order items"), "detail", _order_item_facts),
        Kind(
            "requisition",
            _lt("Requisitions"),
            "document",
            _requisition_facts,
            _requisition_days,
        ),
        Kind(
            "purchase_order",
            _lt("Purchase orders"),
            "document",
            _order_facts,
            _order_days,
            order_coding,
        ),
        Kind(
            "bill",
            _lt("Bills"),
            "document",
            _bill_facts,
            _bill_days,
            bill_coding,
            ("remote_uuid", "remote_group"),
        ),
    )
}
DOCUMENTS = tuple(kind.name for kind in KINDS.values() if kind.role == "document")

# These have no list of their own in Procurify: they are staged when a document first
# mentions them.
PAYLOADS = {
    **{name: resource.payload for name, resource in RESOURCES.items()},
    "tax": Tax,
    "unit": Unit,
    "payment_term": PaymentTerm,
    "custom_value": CustomValue,
}
IMPORT_ORDER = list(KINDS)
