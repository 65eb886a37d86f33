"""What the simulated company knows about itself: plain, immutable records.

Money and quantities are ``Decimal``. Nothing here knows JSON, HTTP or Odoo.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal
    from uuid import UUID


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency that an administrator entered, with a typed-in rate."""

    id: int
    name: str
    description: str
    rate: Decimal
    base: bool = False
    active: bool = True


@dataclass(frozen=True, slots=True)
class Location:
    """A plant."""

    id: int
    name: str
    external_id: str
    time_zone: str
    currency_id: int
    street: str
    city: str
    postal_code: str
    country: str
    headquarter: bool = False
    active: bool = True


@dataclass(frozen=True, slots=True)
class Department:
    """A department of one plant; its name is unique within the plant only."""

    id: int
    name: str
    location_id: int
    external_id: str | None
    in_books: bool = True
    active: bool = True


@dataclass(frozen=True, slots=True)
class AccountCode:
    """A general-ledger code; `book_type` is None when Odoo does not have it."""

    id: int
    code: str
    description: str
    account_type: int
    book_type: str | None
    parent: int | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class Tax:
    """A tax as bills name it; Procurify has no list of them."""

    id: int
    name: str
    percentage: Decimal
    inclusive: bool = False
    in_books: bool = True


@dataclass(frozen=True, slots=True)
class PaymentTerm:
    """A payment term that vendors refer to."""

    id: int
    name: str
    days: int


@dataclass(frozen=True, slots=True)
class Person:
    """A user of Procurify."""

    id: int
    first_name: str
    last_name: str
    department_id: int


@dataclass(frozen=True, slots=True)
class Vendor:
    """A vendor of any type, the catch-all, employees and card issuers included."""

    id: int
    name: str
    type: int
    modified: datetime
    active: bool = True
    email: str | None = None
    external_id: str | None = None
    currency_id: int | None = None
    payment_term: PaymentTerm | None = None
    street: str = ""
    city: str = ""
    postal_code: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a line's net amount, coded on one account of one department."""

    code: str
    department_id: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class OrderLine:
    """The line of a purchase order that a bill line comes from."""

    id: int
    order_id: int
    order_number: str
    order_uuid: UUID
    requisition: int
    line_number: int
    quantity: Decimal
    price: Decimal
    code: str
    department_id: int


@dataclass(frozen=True, slots=True)
class OrderRef:
    """A purchase order named by a line that is not one of its lines."""

    id: int
    number: str
    uuid: UUID


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a bill. `amount` replaces quantity × price when billed by cost.

    `gross_allocations` renders the split with the tax inside the amounts: what the
    real amounts sum to is not documented, so a reader has to use them as weights.
    """

    id: int
    description: str
    unit: str
    quantity: Decimal
    unit_cost: Decimal
    shares: tuple[Share, ...]
    tax: Tax | None = None
    shipping: Decimal | None = None
    amount: Decimal | None = None
    order_line: OrderLine | None = None
    order: OrderRef | None = None
    allocated: bool = True
    gross_allocations: bool = False


@dataclass(frozen=True, slots=True)
class Cost:
    """An extra of the header (freight, brokerage), never taxed, never split."""

    id: int
    name: str
    share: Share


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a bill; its content follows from its name."""

    id: int
    uuid: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Bill:
    """A bill in its present version."""

    id: int
    uuid: UUID
    group: int
    scenario: str
    type: int
    status: int
    vendor_id: int
    currency_id: int
    rate: Decimal
    invoice_number: str
    invoice_date: datetime
    due_date: datetime
    submitted: datetime | None
    modified: datetime
    user_id: int
    items: tuple[Item, ...]
    costs: tuple[Cost, ...] = ()
    version: int = 1
    versions: tuple[int, ...] = ()
    gl_post_date: datetime | None = None
    note: str = ""
    total_error: Decimal | None = None
    attachments: tuple[Attachment, ...] = ()
    active: bool = True


@dataclass(frozen=True)
class Expected:
    """What a correct import of one bill puts into the books, or why it does not."""

    importable: bool
    reasons: frozenset[str]
    excluded: str | None
    currency: str
    net_lines: dict[tuple[str, int, int], Decimal]
    tax: Decimal
    total: Decimal
    vendor_id: int
    invoice_number: str
    invoice_date: str
    details: dict[str, tuple[str, ...]] = field(default_factory=dict)
