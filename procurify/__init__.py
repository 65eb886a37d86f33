"""A read-only client for Procurify, in plain Python.

``Client`` fetches; the payload classes validate; the errors say what to do next.
"""

from .addresses import normalise_base_url
from .client import Client, MissingObject
from .envelopes import RemoteObject, content_digest
from .errors import (
    AddressError,
    AuthenticationError,
    ForbiddenError,
    InvalidPayload,
    ProcurifyError,
    ProtocolError,
    RecordError,
    StreamError,
    TransientError,
)
from .paging import Page
from .payloads import (
    PAYABLE_STATUSES,
    AccountCode,
    Allocation,
    Bill,
    BillCost,
    BillItem,
    BillStatus,
    BillType,
    Branch,
    Currency,
    Department,
    Location,
    PaymentTerm,
    Vendor,
    VendorType,
    calendar_date,
    clean_text,
    currency_code,
    instant,
    normalise_uuid,
    to_decimal,
)
from .resources import RESOURCES, Payload, Resource
from .tokens import Token

__all__ = [
    "PAYABLE_STATUSES",
    "RESOURCES",
    "AccountCode",
    "AddressError",
    "Allocation",
    "AuthenticationError",
    "Bill",
    "BillCost",
    "BillItem",
    "BillStatus",
    "BillType",
    "Branch",
    "Client",
    "Currency",
    "Department",
    "ForbiddenError",
    "InvalidPayload",
    "Location",
    "MissingObject",
    "Page",
    "Payload",
    "PaymentTerm",
    "ProcurifyError",
    "ProtocolError",
    "RecordError",
    "RemoteObject",
    "Resource",
    "StreamError",
    "Token",
    "TransientError",
    "Vendor",
    "VendorType",
    "calendar_date",
    "clean_text",
    "content_digest",
    "currency_code",
    "instant",
    "normalise_base_url",
    "normalise_uuid",
    "to_decimal",
]
