"""What changed about vendors: bank accounts, payment methods and names."""

import json
from collections import defaultdict
from datetime import datetime, time, timedelta
from hashlib import sha256

from odoo.fields import Domain
from odoo.tools import SQL

from ...procurify import InvalidPayload, read_json
from ...tools.instants import clamped
from ..matching.names import SAME_NAME, compare

#: What decides where money goes.
BANK_DATA = (
    "acc_number",
    "sanitized_acc_number",
    "clearing_number",
    "acc_holder_name",
    "bank_id",
    "partner_id",
)
_CHANGED_AFTER = timedelta(seconds=5)  # a form writes again what it just created


class VendorChanges:
    """What changed about the vendors of a batch of bills, read in a few queries.

    A change counts if it is younger than the vendor's last payment, or than some days.
    """

    def __init__(self, env, bills, now):
        self.env, self.bills, self.now = env, bills, now
        self._paid = self._last_payments()
        self._banks = self._bank_accounts()
        self._versions = self._earlier_versions()

    def last_paid(self, bill):
        """Return the day of the vendor's last payment, from its start, or None."""
        return self._paid.get((bill.company_id, bill.partner_id))

    def is_recent(self, bill, instant):
        """Return whether a change at ``instant`` counts for ``bill``."""
        paid = self.last_paid(bill)
        days = clamped(bill.record.connection_id.vendor_change_days)
        return bool(
            (paid and instant > paid)
            or (days and instant >= self.now - timedelta(days=days))
        )

    # === BANK ACCOUNTS === #

    def banks(self, bill):
        """Return [(bank account, instant, is new)] of those that changed, the newest
        first."""
        found = []
        for bank in self._banks[bill.partner_id] if bill.partner_id else ():
            if bank.company_id.id not in (False, bill.company_id):
                continue
            is_new = bank.write_date - bank.create_date < _CHANGED_AFTER
            if self.is_recent(bill, bank.write_date):
                added = is_new or self.is_recent(bill, bank.create_date)
                instant = bank.create_date if added else bank.write_date
                found.append((bank, instant, added))
        return sorted(found, key=lambda each: each[1], reverse=True)

    def _bank_accounts(self):
        """Return {id of a contact: its bank accounts}, as old as they may be."""
        partners = list({bill.partner_id for bill in self.bills} - {0})
        banks = self.env["res.partner.bank"].search_fetch(
            Domain("partner_id.commercial_partner_id", "in", partners),
            [*BANK_DATA, "company_id", "create_date", "write_date"],
            order="id",
        )
        found = defaultdict(list)
        for bank in banks:
            found[bank.partner_id.commercial_partner_id.id].append(bank)
        return found

    def _last_payments(self):
        """Return {(company id, contact's id): start of the day} of the payments of
        bills, also of a part of them. Refunds are no payments.

        Since Odoo 18, a payment has not always a journal entry.
        """
        partners = list({bill.partner_id for bill in self.bills} - {0})
        self.env["account.move"].flush_model(
            ["company_id", "commercial_partner_id", "move_type", "state"]
        )
        self.env["account.move.line"].flush_model(["move_id", "display_type", "date"])
        self.env["account.partial.reconcile"].flush_model()
        self.env["account.payment"].flush_model(["date", "state"])
        rows = self.env.execute_query(
            SQL(
                """
                WITH bill AS (
                    SELECT id, company_id, commercial_partner_id
                      FROM account_move
                     WHERE commercial_partner_id = ANY(%s)
                       AND move_type = 'in_invoice' AND state = 'posted'
                ), paid AS (
                    SELECT item.move_id AS bill_id, payment.date
                      FROM account_move_line item
                      JOIN account_partial_reconcile part
                        ON part.credit_move_id = item.id
                      JOIN account_move_line payment ON payment.id = part.debit_move_id
                      JOIN account_move entry
                        ON entry.id = payment.move_id AND entry.move_type = 'entry'
                     WHERE item.move_id IN (SELECT id FROM bill)
                       AND item.display_type = 'payment_term'
                 UNION ALL
                    SELECT link.invoice_id, payment.date
                      FROM account_move__account_payment link
                      JOIN account_payment payment ON payment.id = link.payment_id
                     WHERE link.invoice_id IN (SELECT id FROM bill)
                       AND payment.state IN ('in_process', 'paid')
                )
                SELECT bill.company_id, bill.commercial_partner_id, max(paid.date)
                  FROM bill
                  JOIN paid ON paid.bill_id = bill.id
              GROUP BY bill.company_id, bill.commercial_partner_id
                """,
                partners,
            )
        )
        today = self.now.date()  # a payment may have a later date
        return {
            (company, partner): datetime.combine(min(day, today), time.min)
            for company, partner, day in rows
        }

    # === VERSIONS IN PROCURIFY === #

    def renamed(self, bill):
        """Return (earlier name, name now, instant) if Procurify changed it, or None."""
        now = bill.vendor.name if bill.vendor else ""
        for instant, data in self._recent(bill):
            before = str(data.get("name") or "")
            if before and compare(before, now) != SAME_NAME:
                return before, now, instant
        return None

    def ways_changed(self, bill):
        """Return (digest, instant) if the vendor's payment methods in Procurify
        changed, or None."""
        versions = self._versions.get(bill.vendor.id, ()) if bill.vendor else ()
        now = versions and _ways(versions[0][1])
        for instant, data in self._recent(bill):
            before = _ways(data)
            if before is not None and now is not None and before != now:
                return digest(now), instant
        return None

    def _recent(self, bill):
        """Yield (instant of its end, data) of recent versions, the newest first."""
        versions = self._versions.get(bill.vendor.id, ()) if bill.vendor else ()
        for instant, data in versions[1:]:
            if self.is_recent(bill, instant):
                yield instant, data

    def _earlier_versions(self):
        """Return {vendor's id: [(None, data now), (instant of its end, data) …]}."""
        ids = list({bill.vendor.id for bill in self.bills if bill.vendor})
        days = max(
            (
                clamped(bill.record.connection_id.vendor_change_days)
                for bill in self.bills
            ),
            default=0,
        )
        earliest = min([*self._paid.values(), self.now - timedelta(days=days)])
        versions = self.env["procurify.version"].search_fetch(
            Domain("record_id", "in", ids) & Domain("last_seen", ">=", earliest),
            ["record_id", "payload", "last_seen"],
            order="last_seen desc, id desc",
        )
        records = self.env["procurify.record"].search_fetch(
            Domain("id", "in", versions.record_id.ids), ["payload"]
        )
        found = {record.id: [(None, _data(record.payload))] for record in records}
        for version in versions:
            found[version.record_id.id].append(
                (version.last_seen, _data(version.payload))
            )
        return found


def bank_key(bank):
    """Return a short text that stands for where money to ``bank`` goes."""
    bic = bank.bank_id.bic or ""
    texts = (bank.sanitized_acc_number, bank.clearing_number, bank.acc_holder_name)
    return digest([bank.id, *(text or "" for text in texts), bank.bank_id.id, bic])


def digest(value):
    """Return a short text that stands for ``value`` without showing it."""
    text = json.dumps(value, sort_keys=True, default=str)
    return sha256(text.encode()).hexdigest()[:16]


def _data(payload):
    try:
        data = read_json(payload or "{}")
    except InvalidPayload:
        return {}
    return data if isinstance(data, dict) else {}


def _ways(data):
    """Return what distinguishes a vendor's payment methods, or None if it is not sent.

    Rates of their currencies change daily and are omitted.
    """
    methods = data.get("payment_methods")
    if not isinstance(methods, list):
        return None
    return [
        {name: method.get(name) for name in ("id", "name", "type", "data")}
        for method in methods
        if isinstance(method, dict)
    ]
