"""JSON objects of Procurify → frozen, typed, validated Python objects."""

from .bill import (
    PAYABLE_STATUSES,
    Allocation,
    Bill,
    BillCost,
    BillItem,
    BillStatus,
    BillType,
    normalise_uuid,
)
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
from .values import calendar_date, clean_text, instant, to_decimal

__all__ = [
    "PAYABLE_STATUSES",
    "AccountCode",
    "Allocation",
    "Bill",
    "BillCost",
    "BillItem",
    "BillStatus",
    "BillType",
    "Branch",
    "Currency",
    "Department",
    "Location",
    "PaymentTerm",
    "Vendor",
    "VendorType",
    "calendar_date",
    "clean_text",
    "currency_code",
    "instant",
    "normalise_uuid",
    "to_decimal",
]
