"""JSON objects of Procurify → frozen, typed, validated Python objects."""

from .embedded import Attachment
from .bill import PAYABLE_STATUSES, Bill, BillCost, BillStatus, BillType
from .bill import BillItem
from .master_data import CatalogItem, Unit
from .embedded import Allocation
from .master_data import (
    AccountCode,
    Branch,
    Currency,
    Department,
    Location,
    PaymentTerm,
    Vendor,
    VendorType,
    currency_code,
)
from .order import Adjustment, Order, OrderState
from .order import OrderItem
from .order import LineTax, OrderItemStatus, OrderItemType, OrderLine
from .requisition import Requisition, RequisitionStatus
from .values import (
    calendar_date,
    clean_text,
    instant,
    normalise_uuid,
    read_noting,
    shown_text,
    to_decimal,
)

__all__ = [
    "PAYABLE_STATUSES",
    "AccountCode",
    "Adjustment",
    "Allocation",
    "Attachment",
    "Bill",
    "BillCost",
    "BillItem",
    "BillStatus",
    "BillType",
    "Branch",
    "CatalogItem",
    "Currency",
    "Department",
    "LineTax",
    "Location",
    "Order",
    "OrderItem",
    "OrderItemStatus",
    "OrderItemType",
    "OrderLine",
    "OrderState",
    "PaymentTerm",
    "Requisition",
    "RequisitionStatus",
    "Unit",
    "Vendor",
    "VendorType",
    "calendar_date",
    "clean_text",
    "currency_code",
    "instant",
    "normalise_uuid",
    "read_noting",
    "shown_text",
    "to_decimal",
]
