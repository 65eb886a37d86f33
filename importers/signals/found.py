"""Which signals each bill has: one place decides, for a whole batch at once."""

from collections import defaultdict
from datetime import timedelta
from typing import NamedTuple

from odoo.fields import Date, Datetime, Domain

from ...tools.instants import clamped
from ..matching.names import compare
from .bills import MOVE_FIELDS, in_odoo, on_hold, records_of, seen_bills, vendors_of
from .orders import BilledOrders
from .vendors import VendorChanges, bank_key, digest


class Found(NamedTuple):
    """A signal of a bill.

    ``keys`` name what was found: a person who has checked them once is not asked again.
    ``facts`` are JSON: [{"kind": a key of ``SENTENCES``, …its parameters}].
    """

    keys: frozenset
    facts: list

    @property
    def key(self):
        """Its keys as one text."""
        return " ".join(sorted(self.keys))


class BillSignals:
    """The signals of a batch of bills, by a number of queries that does not grow.

    The records are ``procurify.record`` rows of bills, with the system's rights.
    """

    def __init__(self, records, now):
        self.env = records.env
        self.bills = seen_bills(records)
        self.changes = VendorChanges(self.env, self.bills, now)
        self.orders = BilledOrders(self.env, self.bills)
        self._first = self._first_bills()
        self._others = self._other_bills()

    def found(self):
        """Return {SeenBill: {code: Found}} of the bills to pay among the records."""
        rules = {
            "bank_changed": self._bank_changed,
            "first_bill": self._first_bill,
            "above_order": self._above_order,
            "same_amount": self._same_amount,
            "name_changed": self._name_changed,
        }
        return {
            bill: {code: found for code, rule in rules.items() if (found := rule(bill))}
            for bill in self.bills
        }

    # === VENDORS === #

    def _bank_changed(self, bill):
        facts, keys = [], []
        # The newest first: the sentence names the first ones only.
        for bank, instant, is_new in self.changes.banks(bill):
            number = bank.sanitized_acc_number or ""
            keys.append(bank_key(bank))
            facts.append(
                {
                    "kind": "bank_added" if is_new else "bank_changed",
                    "account": f"…{number[-4:]}",
                    "at": _text(instant),
                }
            )
        if changed := self.changes.ways_changed(bill):
            keys.append(f"{bill.vendor.id}/{changed[0]}")
            facts.insert(0, {"kind": "ways_changed", "at": _text(changed[1])})
        if not facts:
            return None
        return Found(frozenset(keys), [*facts, self._last_paid(bill)])

    def _last_paid(self, bill):
        if paid := self.changes.last_paid(bill):
            return {"kind": "last_paid", "day": Date.to_string(paid)}
        return {"kind": "never_paid"}

    def _name_changed(self, bill):
        vendor = bill.vendor
        if not vendor:
            return None
        if renamed := self.changes.renamed(bill):
            before, after, instant = renamed
            kind, at = "renamed", {"at": _text(instant)}
        elif (
            vendor.partner_name
            and vendor.origin != "manual"
            and not compare(vendor.name, vendor.partner_name, legal=True)
        ):
            before, after = vendor.name, vendor.partner_name
            kind, at = "other_name", {}
        else:
            return None
        keys = frozenset([digest([vendor.id, before, after])])
        return Found(keys, [{"kind": kind, "before": before, "after": after} | at])

    # === OTHER BILLS === #

    def _first_bill(self, bill):
        first = self._first.get((bill.company_id, bill.partner_id))
        if first not in (None, bill.move_id):
            return None
        return Found(frozenset([bill.place]), [{"kind": "first_bill"}])

    def _first_bills(self):
        """Return {(company id, contact's id): id of the first bill in Odoo}."""
        groups = self.env["account.move"]._read_group(
            self._bills_in_odoo(), ["company_id", "commercial_partner_id"], ["id:min"]
        )
        return {(company.id, partner.id): first for company, partner, first in groups}

    def _bills_in_odoo(self):
        """Return the Domain of the bills of these vendors, from anywhere."""
        companies = {bill.company_id for bill in self.bills}
        partners = {bill.partner_id for bill in self.bills} - {0}
        return (
            Domain("company_id", "in", list(companies))
            & Domain("commercial_partner_id", "in", list(partners))
            & Domain("move_type", "=", "in_invoice")
            & Domain("state", "!=", "cancel")
        )

    def _same_amount(self, bill):
        days = clamped(bill.record.connection_id.same_amount_days)
        others = self._others[bill.sum] if bill.amount else ()
        alike = [other for other in others if bill.is_alike(other, days)]
        if not alike:
            return None
        # One key for a pair: who checked one bill has checked the other one, too.
        keys = frozenset(digest(sorted([bill.place, other.place])) for other in alike)
        facts = [
            {
                "kind": "same_amount",
                "move_id": other.move_id,
                "record_id": False if other.move_id else other.record.id,
                "day": Date.to_string(other.day),
            }
            for other in alike
        ]
        return Found(keys, facts)

    def _other_bills(self):
        """Return {what an amount has in common: [SeenBill]} of bills from anywhere."""
        days = [bill.day for bill in self.bills if bill.day]
        found = defaultdict(list)
        if days:
            span = timedelta(
                days=max(
                    clamped(bill.record.connection_id.same_amount_days)
                    for bill in self.bills
                )
            )
            period = (min(days) - span, max(days) + span)
            for other in [*self._others_in_odoo(*period), *self._others_held(*period)]:
                found[other.sum].append(other)
        return found

    def _others_in_odoo(self, first, last):
        moves = self.env["account.move"].search_fetch(
            self._bills_in_odoo()
            & Domain("amount_total", "in", self._amounts())
            & Domain("payment_state", "!=", "reversed")
            & Domain("invoice_date", ">=", first)
            & Domain("invoice_date", "<=", last),
            MOVE_FIELDS,
        )
        records, nothing = records_of(moves), self.env["procurify.record"]
        return [in_odoo(records.get(move.id, nothing), move) for move in moves]

    def _others_held(self, first, last):
        records = self.env["procurify.record"].search(
            Domain("resource", "=", "bill")
            & Domain("state", "=", "quarantined")
            & Domain("res_id", "=", False)
            & Domain("company_id", "in", list({b.company_id for b in self.bills}))
            & Domain("remote_amount", "in", self._amounts())
            & Domain("remote_date", ">=", first)
            & Domain("remote_date", "<=", last)
        )
        vendors = vendors_of(self.env, records.ids)
        return [on_hold(record, vendors[record.id]) for record in records]

    def _amounts(self):
        return list({bill.amount for bill in self.bills if bill.amount})

    # === ORDERS === #

    def _above_order(self, bill):
        excesses = self.orders.excesses(bill)
        if not excesses:
            return None
        facts = [
            {
                "kind": "above_order",
                "order_id": excess.order_id,
                "currency": excess.currency,
                "ordered": excess.ordered,
                "billed": excess.billed,
            }
            for excess in excesses
        ]
        keys = frozenset(
            digest(
                [bill.place, each.order_id, f"{each.ordered:.2f}", f"{each.billed:.2f}"]
            )
            for each in excesses
        )
        return Found(keys, facts)


def _text(instant):
    return Datetime.to_string(instant)
