"""What the simulated company knows about itself: plain, immutable records.

Money and quantities are ``Decimal``. Nothing here knows JSON, HTTP or Odoo.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import date, datetime
    from uuid import UUID

Place = Literal["tenant", "storage", "redirect"]


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
    state: str = ""
    contact: str | None = None
    phone: str | None = None
    is_1099: bool | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a line's net amount, coded on one account of one department."""

    code: str
    department_id: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class CatalogItem:
    """Something that people may pick instead of typing a text; it may be incomplete."""

    id: int
    name: str
    price: Decimal
    currency_id: int
    code: str
    vendor_id: int
    sku: str = ""
    unit: str = ""
    description: str | None = None


@dataclass(frozen=True, slots=True)
class LineTax:
    """A tax typed on the line of an order, where taxes have no id."""

    name: str
    percentage: Decimal


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A line that was asked for; `order_id` names the purchase order it is on, if any.

    `total` replaces quantity × price where they do not say it: on blanket and
    recurring lines. `vendor_text` is what somebody typed, for the catch-all vendor.
    A line that nobody approved yet has no status. `past_orders` are those that it was
    on before, as a line can be ordered again.
    """

    id: int
    requisition: int
    requisition_line: int
    name: str
    unit: str
    quantity: Decimal
    price: Decimal
    shares: tuple[Share, ...]
    vendor_id: int
    currency_id: int
    requested: datetime
    modified: datetime
    order_id: int | None = None
    line_number: int | None = None
    approved: datetime | None = None
    purchased: datetime | None = None
    status: int | None = None
    type: int = 0
    sku: str = ""
    vendor_text: str = ""
    total: Decimal | None = None
    taxes: tuple[LineTax, ...] = ()
    shipping: Decimal | None = None
    received: Decimal = Decimal(0)
    failed: Decimal = Decimal(0)
    catalog_item: int | None = None
    comment: str | None = None
    version: int = 1
    past_orders: tuple[int, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    active: bool = True


@dataclass(frozen=True, slots=True)
class Modifier:
    """A tax or a discount of an order's header: an amount, or a percentage."""

    value: Decimal = Decimal(0)
    percentage: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """A purchase order in its present version; its lines are kept apart.

    `listed` and `readable` say whether the list shows it and whether its detail is
    found: a bill can be seen before its order. `extras_in_subtotal` says whether the
    subtotal holds the taxes and the shipping of the lines, which is not documented.
    `former_subtotal` stands for the lines that a cancelled order has lost.
    """

    id: int
    uuid: UUID
    number: str
    scenario: str
    vendor_id: int
    vendor_name: str
    buyer_id: int
    currency_id: int
    rate: Decimal
    date: datetime
    promise_date: datetime
    modified: datetime
    external_number: str | None = None
    state: int = 0
    tax: Modifier = Modifier()
    discount: Modifier = Modifier()
    freight: Decimal = Decimal(0)
    other: Decimal = Decimal(0)
    payment_term: PaymentTerm | None = None
    comment: str = ""
    version: int = 1
    closed: datetime | None = None
    expires: datetime | None = None
    card_issuer: int | None = None
    punchout: bool = False
    cost_details: bool = False
    extras_in_subtotal: bool = False
    former_subtotal: Decimal | None = None
    total_error: Decimal | None = None
    listed: bool = True
    readable: bool = True


@dataclass(frozen=True, slots=True)
class Requisition:
    """What somebody asked for, known by its number; its lines are kept apart."""

    num: int
    uuid: UUID
    scenario: str
    status: int
    user_id: int
    department_id: int
    currency_id: int
    date: datetime
    required: datetime
    modified: datetime
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a bill. `amount` replaces quantity × price when billed by cost.

    `order_line` is the id of the order's line that it bills. An extra of an order
    (freight, tax, discount) has only the `order`, none of its lines.
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
    order_line: int | None = None
    order: int | None = None
    currency_id: int | None = None
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
    """A file; its content follows from its name when none is given.

    `place` says where it lies: at the tenant, at the storage host with an address of
    its own, or there behind a redirect from the tenant. A file that is `missing` has
    an address and nothing behind it.
    """

    id: int
    uuid: UUID
    name: str
    content: bytes | None = None
    place: Place = "tenant"
    declared_length: int | None = None
    missing: bool = False


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
    payment_status: int | None = None
    paid_on: date | None = None


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


@dataclass(frozen=True)
class ExpectedOrder:
    """What a correct import of one order holds.

    `lines` gives quantity and net amount by line id; `extras` the amounts outside of
    the lines by kind: `tax`, `freight`, `other`, `discount` (negative), `line_tax`,
    `line_shipping`. `remarks` are worth knowing, but keep nothing from being imported.
    """

    importable: bool
    reasons: frozenset[str]
    remarks: frozenset[str]
    excluded: str | None
    currency: str
    total: Decimal
    vendor_id: int
    state: int
    lines: dict[int, tuple[Decimal, Decimal]]
    extras: dict[str, Decimal]
    coding: dict[int, dict[tuple[str, int, int], Decimal]]
    number: str
    date: str
    details: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class ExpectedBilledLine:
    """What the books say of an order's line.

    `whole` is what Procurify's order says, `ordered` what of it is still expected or
    has come; `slack` is what bills by cost may round of `billed`.
    """

    whole: Decimal
    ordered: Decimal
    billed: Decimal
    slack: Decimal


@dataclass(frozen=True)
class ExpectedBilling:
    """What is billed of an order: by line id, and how often each kind of extra."""

    lines: dict[int, ExpectedBilledLine]
    extras: dict[str, int]
    closed: bool


@dataclass(frozen=True)
class ExpectedRequest:
    """The lines of a requisition that wait for being bought: quantity and amount.

    `vendors` are those that are asked, each with the currency.
    """

    importable: bool
    reasons: frozenset[str]
    excluded: str | None
    lines: dict[int, tuple[Decimal, Decimal]]
    vendors: frozenset[tuple[int, str]]
