"""Bills as the signals look at them: in Odoo or on hold, read in a few queries."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from odoo.fields import Domain
from odoo.tools import SQL

MOVE_FIELDS = (
    "company_id",
    "commercial_partner_id",
    "currency_id",
    "amount_total",
    "invoice_date",
    "date",
    "move_type",
    "state",
    "payment_state",
)

PAID = ("paid", "in_payment")  # states of the payment of a bill
CLOSED = (*PAID, "reversed")


@dataclass(frozen=True)
class Vendor:
    """A vendor of Procurify that a bill names, and the contact that it is mapped to."""

    id: int
    name: str
    origin: str
    partner_id: int  # of the whole company, not of one of its addresses
    partner_name: str


@dataclass(frozen=True)
class SeenBill:
    """A bill to pay: what Odoo says of it, or what Procurify says while it is on hold.

    ``move_id`` is 0 before it is in Odoo, ``partner_id`` while its vendor is unknown,
    and ``record`` is empty for a bill that is not Procurify's.
    """

    record: Any
    company_id: int
    move_id: int
    partner_id: int
    vendor: Vendor | None
    currency: str
    amount: float
    day: date | bool

    @property
    def place(self):
        """A text that names it among all bills, and stays when it is imported."""
        return f"record/{self.record.id}" if self.record else f"move/{self.move_id}"

    @property
    def sum(self):
        """What the same amount in the same company has in common."""
        return self.company_id, self.currency, round(self.amount * 1000)

    def is_same(self, other):
        """Return whether ``other`` is this bill. Several records may be of one bill."""
        if self.move_id or other.move_id:
            return self.move_id == other.move_id
        return self.record == other.record

    def is_alike(self, other, days):
        """Return whether ``other`` has the same vendor and amount, at most ``days``
        days apart."""
        return (
            not self.is_same(other)
            and self.sum == other.sum
            and self._has_vendor_of(other)
            and bool(self.day and other.day)
            and abs((self.day - other.day).days) <= days
        )

    def _has_vendor_of(self, other):
        if self.partner_id and other.partner_id:
            return self.partner_id == other.partner_id
        return bool(self.vendor and self.vendor == other.vendor)


def seen_bills(records):
    """Return the SeenBill of each of ``records`` that is a bill to pay.

    Refunds are skipped, and what is cancelled, reversed or paid in Odoo already.

    :param records: ``procurify.record`` rows of bills, with the system's rights
    """
    env = records.env
    ids = [record.res_id for record in records if record.res_id]
    moves = env["account.move"].search_fetch(Domain("id", "in", ids), MOVE_FIELDS)
    by_id = {move.id: move for move in moves}
    vendors = vendors_of(env, records.ids)
    found = []
    for record in records:
        move, named = by_id.get(record.res_id), vendors[record.id]
        if move and is_to_pay(move):
            found.append(in_odoo(record, move, named))
        elif not move and record.remote_amount > 0:
            found.append(on_hold(record, named))
    return found


def is_to_pay(move):
    """Return whether ``move`` is a bill that is not paid yet."""
    return (
        move.move_type == "in_invoice"
        and move.state != "cancel"
        and move.payment_state not in CLOSED
    )


def records_of(moves):
    """Return {id of a bill: its record}, the first one, in one query."""
    if not moves:
        return {}
    rows = moves.env["procurify.record"].search_fetch(
        Domain("resource", "=", "bill")
        & Domain("res_model", "=", "account.move")
        & Domain("res_id", "in", moves.ids),
        ["res_id"],
        order="id desc",
    )
    return {row.res_id: row for row in rows}


def vendors_of(env, record_ids):
    """Return {id of a document's record: [Vendor]} in one query."""
    env["procurify.record"].flush_model(["name", "origin", "res_id", "res_model"])
    env["res.partner"].flush_model(["commercial_partner_id", "name"])
    found = defaultdict(list)
    for document_id, *facts in env.execute_query(
        SQL(
            """
            SELECT mention.document_id, vendor.id, coalesce(vendor.name, ''),
                   coalesce(vendor.origin, ''),
                   coalesce(partner.commercial_partner_id, 0),
                   coalesce(partner.name, '')
              FROM procurify_mention mention
              JOIN procurify_record vendor
                ON vendor.id = mention.mention_id AND vendor.resource = 'vendor'
         LEFT JOIN res_partner partner
                ON partner.id = vendor.res_id AND vendor.res_model = 'res.partner'
             WHERE mention.document_id = ANY(%s)
          ORDER BY vendor.id
            """,
            list(record_ids),
        )
    ):
        found[document_id].append(Vendor(*facts))
    return found


def in_odoo(record, move, named=()):
    """Return the SeenBill of a bill in Odoo.

    :param named: the Vendors that Procurify's bill names
    """
    partner = move.commercial_partner_id
    return SeenBill(
        record=record,
        company_id=move.company_id.id,
        move_id=move.id,
        partner_id=partner.id,
        vendor=next((v for v in named if v.partner_id == partner.id), None),
        currency=move.currency_id.name,
        amount=move.amount_total,
        day=move.invoice_date or move.date,
    )


def on_hold(record, named):
    """Return the SeenBill of a bill that is not in Odoo yet."""
    own = [vendor for vendor in named if vendor.name == record.remote_party]
    vendor = next(iter(own or named[:1]), None)
    return SeenBill(
        record=record,
        company_id=record.company_id.id,
        move_id=0,
        partner_id=vendor.partner_id if vendor else 0,
        vendor=vendor,
        currency=record.remote_currency or "",
        amount=record.remote_amount,
        day=record.remote_date,
    )
