"""What changed about vendors: bank accounts, payment methods and names."""

import json
from collections import defaultdict
from datetime import timedelta
from hashlib import sha256

from odoo.fields import Domain
from odoo.tools import SQL

from ...procurify import InvalidPayload, read_json
from ..matching.names import SAME_NAME, compare

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
        """Return the instant of the last payment of a bill of this vendor, or None."""
        return self._paid.get((bill.company_id, bill.partner_id))

    def is_recent(self, bill, instant):
        """Return whether a change at ``instant`` counts for ``bill``."""
        paid = self.last_paid(bill)
        days = bill.record.connection_id.vendor_change_days
        return bool(
            (paid and instant > paid)
            or (days and instant >= self.now - timedelta(days=days))
        )

    # === BANK ACCOUNTS === #

    def banks(self, bill):
        """Return [(bank account, instant, is new)] of those that changed."""
        found = []
        for bank in self._banks[bill.partner_id] if bill.partner_id else ():
            if bank.company_id.id not in (False, bill.company_id):
                continue
            is_new = bank.write_date - bank.create_date < _CHANGED_AFTER
            if self.is_recent(bill, bank.write_date):
                added = is_new or self.is_recent(bill, bank.create_date)
                instant = bank.create_date if added else bank.write_date
                found.append((bank, instant, added))
        return found

    def _bank_accounts(self):
        """Return {id of a contact: its bank accounts}, as old as they may be."""
        partners = list({bill.partner_id for bill in self.bills} - {0})
        names = ["acc_number", "sanitized_acc_number", "company_id", "partner_id"]
        banks = self.env["res.partner.bank"].search_fetch(
            Domain("partner_id.commercial_partner_id", "in", partners),
            [*names, "create_date", "write_date"],
            order="id",
        )
        found = defaultdict(list)
        for bank in banks:
            found[bank.partner_id.commercial_partner_id.id].append(bank)
        return found

    def _last_payments(self):
        """Return {(company id, contact's id): instant} of bills that are paid."""
        partners = list({bill.partner_id for bill in self.bills} - {0})
        self.env["account.move"].flush_model(["payment_state", "state"])
        self.env["account.partial.reconcile"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT move.company_id, move.commercial_partner_id,
                       coalesce(max(paid.create_date), max(move.write_date))
                  FROM account_move move
                  JOIN account_move_line item ON item.move_id = move.id
             LEFT JOIN account_partial_reconcile paid ON paid.credit_move_id = item.id
                 WHERE move.commercial_partner_id = ANY(%s)
                   AND move.move_type = 'in_invoice' AND move.state = 'posted'
                   AND move.payment_state IN ('paid', 'in_payment')
              GROUP BY move.company_id, move.commercial_partner_id
                """,
                partners,
            )
        )
        return {(company, partner): instant for company, partner, instant in rows}

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
            (bill.record.connection_id.vendor_change_days for bill in self.bills),
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
