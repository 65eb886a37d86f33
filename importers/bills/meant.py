"""What was meant of a bill against what stays in Odoo, in sets and not line by line."""

from collections import defaultdict
from decimal import Decimal
from typing import NamedTuple

from ..meant import MeantWords
from .revision import plain_shares

# What the importer decides about a bill's header.
_HEADER = (
    "move_type",
    "partner_id",
    "journal_id",
    "currency_id",
    "invoice_date",
    "invoice_date_due",
    "date",
    "fiscal_position_id",
    "invoice_payment_term_id",
    "invoice_cash_rounding_id",
)
# What net amounts are added up by.
_SUMS = ("account_id", "tax_ids", "analytic", "product_id", "purchase_line_id")
# Odoo makes these items of settings that Procurify knows nothing of.
_UNMEANT = (
    "discount",
    "epd",
    "non_deductible_product",
    "non_deductible_product_total",
    "non_deductible_tax",
    "rounding",
)


class Difference(NamedTuple):
    """``meant`` and ``found`` are values of the field ``name``, or amounts that are
    added up by it under ``key``."""

    name: str
    key: object
    meant: object
    found: object


class MeantBills:
    """Compares the bills of one batch with what their importer meant.

    What it looks at was just written, or is read for the whole batch at once.
    """

    def __init__(self, env, bills):
        """:param bills: the BillImport that prepared them"""
        self.env = env
        self.bills = bills
        self.plans = bills.plans

    def rows(self, differing):
        """Return what differs in words.

        :param differing: {draft: [Difference]}
        :returns: {draft: [{"field", "applied", "odoo", "procurify"}]}, all texts
        """
        words = MeantWords(self.env, [d for each in differing.values() for d in each])
        return {
            draft: [words.row(difference) for difference in each]
            for draft, each in differing.items()
        }

    def differing(self, booked):
        """Return what Odoo has otherwise than it was meant, of all bills at once.

        :param booked: {draft: version of its target as it is in Odoo}
        :returns: {draft: [Difference]} of those that differ
        """
        versions = [*booked.values(), *(draft.offer for draft in booked)]
        self.plans.load([line["analytic"] for v in versions for line in v["lines"]])
        found = {
            draft: self._differences(draft, version)
            for draft, version in booked.items()
        }
        return {draft: mine for draft, mine in found.items() if mine}

    def _differences(self, draft, booked):
        return [
            *self._header(draft, booked),
            *self._net(self._meant_lines(draft), booked["lines"], draft.offer),
            *self._items(draft),
        ]

    @staticmethod
    def _header(draft, booked):
        values, move, found = draft.values, draft.target, []
        for name in _HEADER:
            meant = values.get(name) or False
            now = booked[name] if name in booked else move[name].id
            # Odoo gives a bill without a date the day on which it is posted.
            is_open = not meant and name.startswith("invoice_date")
            if name in values and meant != now and not is_open:
                found.append(Difference(name, None, meant, now))
        name = "invoice_currency_rate"
        if name in draft.offer and draft.offer[name] != booked[name]:
            found.append(Difference(name, None, draft.offer[name], booked[name]))
        digits = move.currency_id.decimal_places
        total = round(float(draft.total), digits)
        if round(booked["amount_total"], digits) != total:
            found.append(
                Difference("amount_total", None, total, booked["amount_total"])
            )
        return found

    # === NET AMOUNTS === #

    @staticmethod
    def _meant_lines(draft):
        """Return the lines that were offered, with what was filled in on each."""
        return [
            line | {"analytic": plain_shares(values.get("analytic_distribution"))}
            for line, (_command, _id, values) in zip(
                draft.offer["lines"], draft.values["invoice_line_ids"], strict=True
            )
        ]

    def _net(self, meant, booked, offer):
        """Compare net amounts by what they are for, in the plans that are offered."""
        mine = self.plans.plans(*(line["analytic"] for line in offer["lines"]))
        meant, now = (self._sums(lines, mine) for lines in (meant, booked))
        if meant == now:
            return []
        found = []
        for place, name in enumerate(_SUMS):
            ours, theirs = _added_up(meant, place), _added_up(now, place)
            found += [
                Difference(name, key, ours[key], theirs[key])
                for key in dict.fromkeys((*ours, *theirs))
                if ours[key] != theirs[key]
            ]
        # Each sum is right, and yet something stands beside something else.
        return found or [Difference("lines", None, "", "")]

    def _sums(self, lines, mine):
        """Return {what an amount is for, in the order of ``_SUMS``: amount}.

        :param mine: the analytic plans that Procurify fills; others do not count
        """
        sums = defaultdict(Decimal)
        for line in lines:
            own = self.plans.own(line["analytic"], mine) or {}
            key = (
                line["account_id"],
                tuple(line["tax_ids"]),
                tuple(sorted(own.items())),
                line["product_id"],
                line["purchase_line_id"],
            )
            sums[key] += Decimal(str(line["net"]))
        return {key: amount for key, amount in sums.items() if amount}

    # === OTHER ITEMS === #

    def _items(self, draft):
        """Look at the items that Odoo makes itself: taxes, and what is owed."""
        values, move, found = draft.values, draft.target, []
        partner = self.bills.header.partners[values["partner_id"]]
        partner = partner.commercial_partner_id
        accounts, taxes = self._accounts(values), self._taxes(values)
        charged = defaultdict(Decimal)
        for item in move.line_ids:
            amount = Decimal(str(item.amount_currency))
            if item.display_type in _UNMEANT and amount:
                key = (item.display_type, item.account_id.id)
                found.append(Difference("item", key, Decimal(0), amount))
            if item.account_id and item.partner_id != partner:
                now = item.partner_id.id
                found.append(Difference("partner_id", None, partner.id, now))
            if item.display_type == "tax":
                charged[item.tax_line_id.id] += amount
                found += self._tax_account(item, accounts)
        payable = partner.with_company(move.company_id).property_account_payable_id
        payable = move.fiscal_position_id.map_account(payable)
        owed = move.line_ids.filtered(lambda i: i.display_type == "payment_term")
        for account in owed.account_id - payable if payable else ():
            found.append(Difference("payable", None, payable.id, account.id))
        sign = -1 if values["move_type"] == "in_refund" else 1
        found += [
            Difference("tax_amount", key, taxes[key], sign * charged[key])
            for key in dict.fromkeys((*taxes, *charged))
            if taxes.get(key, Decimal(0)) is not None
            and taxes.get(key, Decimal(0)) != sign * charged[key]
        ]
        return list(dict.fromkeys(found))

    @staticmethod
    def _accounts(values):
        """Return the accounts on which the lines are meant to be."""
        return {command[2]["account_id"] for command in values["invoice_line_ids"]}

    @staticmethod
    def _tax_account(item, accounts):
        """Compare the account of a tax item with what its tax says."""
        meant = item.tax_repartition_line_id._get_aml_target_tax_account()
        is_right = item.account_id == meant if meant else item.account_id.id in accounts
        if is_right:
            return []
        return [Difference("tax_account", None, meant.id, item.account_id.id)]

    def _taxes(self, values):
        """Return {id of a tax: what its items must come to, None where Odoo decides}.

        Only what Procurify says of a tax is compared: an amount of its own.
        """
        amounts = {}
        for _command, _id, line in values["invoice_line_ids"]:
            ids = [i for command in line["tax_ids"] for i in command[2]]
            manual = (line.get("extra_tax_data") or {}).get("manual_tax_amounts", {})
            taxes = self.env["account.tax"].browse(ids).flatten_taxes_hierarchy()
            for tax in taxes:
                own = manual.get(str(tax.id))
                if not own or not _is_charged_once(tax):
                    amounts[tax.id] = None
                elif amounts.get(tax.id, Decimal(0)) is not None:
                    amount = Decimal(str(own["tax_amount_currency"]))
                    amounts[tax.id] = amounts.get(tax.id, Decimal(0)) + amount
        return amounts


def _is_charged_once(tax):
    """Whether all that a tax comes to is charged, and nothing taken back."""
    parts = tax.invoice_repartition_line_ids.filtered(
        lambda part: part.repartition_type == "tax"
    )
    return parts.mapped("factor_percent") == [100.0]


def _added_up(sums, place):
    """Return {what stands at ``place`` of the keys: amount}."""
    found = defaultdict(Decimal)
    for key, amount in sums.items():
        found[key[place]] += amount
    return found
