"""Bills that are in Odoo already, from anywhere: which rule finds them."""

from collections import defaultdict
from functools import cached_property
from typing import NamedTuple

from odoo.fields import Date, Domain

from ..draft import is_said_of_all, ruled_out
from ..lines.pricing import net_of
from ..matching.names import normalise
from ..matching.search import is_number
from ..matching.vendor_twins import same_vendor
from ..routing import family

KINDS = ("in_invoice", "in_refund", "in_receipt")
# Where people enter the vendor's number of a bill.
_NUMBERS = ("ref", "payment_reference", "name")


class Facts(NamedTuple):
    """By what a bill is recognised.

    :param vendor: res.partner, or an empty one
    :param day: date of the invoice, or False
    :param amount: float with taxes, without sign
    :param order_lines: ids of the order lines that it bills
    """

    vendor: object
    kind: str
    number: str
    day: object
    amount: float
    currency: object
    order_lines: frozenset


class Rival(NamedTuple):
    """A bill that may be the same one, and the rule that says so.

    :param move: the bill in Odoo, or an empty one
    :param twin: draft of the bill of the same batch, or None
    """

    rule: str
    move: object
    twin: object = None


class BillDuplicates:
    """Looks for the bills of one batch in Odoo: one query for each rule.

    A bill is there by its number at the same vendor; by its order lines, where another
    bill that is not Procurify's bills them; by its vendor, amount and day, where the
    other one is not Procurify's. A number that comes back in another year is the
    weakest of the rules.
    """

    def __init__(self, moves, bills):
        """:param moves: account.move as the integration user sees it
        :param bills: BillImport whose drafts were checked
        """
        self.moves = moves
        self.bills = bills
        self.env = moves.env
        self.vendors = self._read_together(
            "res.partner", {draft.vendor_id for draft in bills.drafts}
        )
        self.currencies = bills.targets("res.currency")

    def _read_together(self, model, ids):
        """Return {id: record}, which are read from the database together."""
        return {
            record.id: record for record in self.env[model].browse(filter(None, ids))
        }

    def rivals(self, drafts):
        """Return {draft: Rival} of what is in Odoo, or twice in this batch.

        :param drafts: those that are not in Odoo yet, then those that may become a
            duplicate by their change, or by what a person does with it
        """
        self._sought = drafts
        facts = {draft: self._facts(draft) for draft in drafts}
        news = {draft: self._news(draft, fact) for draft, fact in facts.items()}
        by_number = self._by_number({d: f for d, f in facts.items() if f.number})
        others = self._not_procurifys(
            {d: f for d, f in facts.items() if "order_lines" in news[d]},
            {d: f for d, f in facts.items() if "amount" in news[d]},
        )
        credited = self._credited([d for d in facts if news[d] & _OF_CREDITS])
        found, first = {}, defaultdict(list)
        for draft, fact in facts.items():
            rules = by_number.get(draft, {}) if "number" in news[draft] else {}
            rules = rules | others.get(draft, {})
            twins = (self._earlier(draft, fact, first), credited.get(draft))
            rival = _strongest(rules, twins)
            if rival:
                found[draft] = rival
            elif not draft.holds and fact.number:
                first[fact.kind, fact.number].append((draft, fact))
        return {d: r for d, r in found.items() if not self._is_said_of_all(d)}

    def _is_said_of_all(self, draft):
        return is_said_of_all(draft, self.ruled_out)

    @cached_property
    def ruled_out(self):
        """{draft: (model, id) of what a person said it is not}; rarely asked for."""
        return ruled_out(self._sought)

    def _is_ruled_out(self, draft, other):
        """Return whether a person said that ``draft`` is not this document."""
        return (other._name, other.id) in self.ruled_out.get(draft, ())

    # === FACTS === #

    def _facts(self, draft):
        document = draft.payload
        code = document.currency and document.currency.external_id
        currency = self.currencies.get(
            self.bills._optional_target("currency", code), self.env["res.currency"]
        )
        return Facts(
            vendor=self.vendors.get(draft.vendor_id, self.env["res.partner"]),
            kind="in_refund" if draft.sign < 0 else "in_invoice",
            number=normalise(document.invoice_number),
            day=document.invoice_date or False,
            amount=float(draft.total),
            currency=currency,
            order_lines=frozenset(self.bills.links.order_line_ids(document)),
        )

    @staticmethod
    def _news(draft, fact):
        """Return the rules about which ``draft`` says something new: all of them,
        or for a bill that stays in Odoo those whose facts change.

        One that is posted may be credited and booked again, one that is cancelled be
        used again. One that is on hold as a duplicate is until a person says no.
        """
        rules = {"number", "order_lines", "amount"}
        if not draft.found or draft.found.state != "draft":
            return rules
        if "duplicate_bill" in draft.record.issue_ids.mapped("code"):
            return rules
        before = _facts_of(draft.found)
        vendor = fact.vendor.commercial_partner_id != before.vendor
        kind = vendor or fact.kind != before.kind
        sums = fact.amount, fact.day, fact.currency
        news = {
            "number": kind or fact.number != before.number,
            "order_lines": fact.kind != before.kind
            or fact.order_lines - before.order_lines,
            "amount": kind or sums != (before.amount, before.day, before.currency),
        }
        return {rule for rule, is_new in news.items() if is_new}

    # === RULES === #

    def _by_number(self, facts):
        """Return {draft: {rule: bill}} by the vendor's own number, in one query.

        Letter case, white space and what has no width do not part two numbers. Some
        people enter it as the payment reference, or as the number of the journal entry.
        What was cancelled or credited completely is no longer there.
        """
        texts = {draft.payload.invoice_number for draft in facts}
        moves = self._valid(is_number(_NUMBERS, texts)) if facts else self.moves
        by_number = defaultdict(list)
        for move in moves:
            for number in {normalise(move[field]) for field in _NUMBERS}:
                by_number[_kind(move), number].append(move)
        found = {}
        for draft, fact in facts.items():
            rules = {}
            for move in by_number[fact.kind, fact.number]:
                if (
                    move != draft.found
                    and same_vendor(fact.vendor, move.partner_id)
                    and not self._is_ruled_out(draft, move)
                ):
                    rules.setdefault(_number_rule(fact, _facts_of(move)), move)
            found[draft] = rules
        return found

    def _not_procurifys(self, by_lines, by_amount):
        """Return {draft: {rule: bill}} of the bills that Procurify does not know.

        :param by_lines: {draft: Facts} of what is looked for by its order lines
        :param by_amount: {draft: Facts} of what is looked for by vendor, amount, day
        """
        on_lines = self._on_lines(by_lines)
        on_day = self._on_day(by_amount)
        ours = self._procurifys(on_day.union(*on_lines.values()))
        others = on_day & ours
        others -= self._procurifys(others, self.bills.connection)
        found = defaultdict(dict)
        for draft, fact in by_lines.items():
            moves = self.moves.union(*(on_lines[i] for i in fact.order_lines))
            if move := self._first(draft, fact, moves - ours):
                found[draft]["order_lines"] = move
        for draft, fact in by_amount.items():
            moves = (on_day - ours).filtered(lambda m, f=fact: _costs_the_same(f, m))
            if move := self._first(draft, fact, moves):
                found[draft]["amount"] = move
            moves = others.filtered(lambda m, f=fact: _may_be_of_two(f, m))
            if move := self._first(draft, fact, moves):
                found[draft]["other_tenant"] = move
        return found

    def _credited(self, drafts):
        """Return {draft: Rival} of the refunds that, with another refund, take back
        more of an order's line than was billed of it.

        A refund alone may be for a bill that Odoo never had.
        """
        amounts = {draft: _taken_back(draft) for draft in drafts}
        lines = self.env["purchase.order.line"].browse(
            {line_id for mine in amounts.values() for line_id in mine}
        )
        billed = self._billed(lines) if lines else {}
        earlier, found = defaultdict(list), {}
        for draft, mine in amounts.items():
            rest = {}
            for line in lines.browse(mine):
                if line.currency_id.id != draft.values["currency_id"]:
                    continue
                rest[line] = [
                    (move, amount)
                    for move, amount in billed[line]
                    if not draft.found or move != draft.found
                ]
                left = sum(amount for _move, amount in rest[line]) - mine[line.id]
                others = self._refunds(draft, rest[line], earlier[line])
                if others and line.currency_id.compare_amounts(left, 0) < 0:
                    found[draft] = others[-1]
            if not (draft in found or draft.holds):
                for line, others in rest.items():
                    billed[line] = [*others, (None, -mine[line.id])]
                    earlier[line].append(draft)
        return found

    def _refunds(self, draft, billed, earlier):
        """Return a Rival for each refund of an order's line, the latest last.

        :param billed: [(bill, net amount)] of the line
        :param earlier: drafts of refunds of it in this batch
        """
        moves = [m for m, _amount in billed if m and m.move_type == "in_refund"]
        rivals = [
            *(Rival("credited", move) for move in moves),
            *(Rival("credited", self.moves.browse(), twin) for twin in earlier),
        ]
        last = 0
        for place, rival in enumerate(rivals, 1):
            if self._is_ruled_out(draft, rival.move or rival.twin.record):
                # A person saw it, and what was there before it.
                last = place
        return rivals[last:]

    def _billed(self, lines):
        """Return {line of an order: [(bill, net amount)]}, what is billed of it.

        What is in another currency than the order's counts as nothing.
        """
        amounts = {line: [] for line in lines}
        items = self.env["account.move.line"].search(
            Domain("purchase_line_id", "in", lines.ids)
            & Domain("parent_state", "!=", "cancel")
            & Domain("move_id.move_type", "in", KINDS),
            order="id",
        )
        for item in items:
            move, line = item.move_id, item.purchase_line_id
            sign = -1 if move.move_type == "in_refund" else 1
            is_same = item.currency_id == line.currency_id
            amounts[line].append((move, sign * is_same * item.price_subtotal))
        return amounts

    def _first(self, draft, fact, moves):
        return moves.filtered(
            lambda move: (
                _kind(move) == fact.kind
                and move != draft.found
                and not self._is_ruled_out(draft, move)
            )
        )[:1]

    def _on_lines(self, facts):
        """Return {order line's id: bills that bill it, or a deposit on its order}."""
        ids = {i for fact in facts.values() for i in fact.order_lines}
        found = defaultdict(self.moves.browse)
        if not ids:
            return found
        ordered = self.env["purchase.order.line"].browse(ids).grouped("order_id")
        orders = self.env["purchase.order"].union(*ordered)
        # Looked up first: with both in one condition, PostgreSQL reads every item.
        deposits = orders.order_line._search(
            Domain("is_downpayment", "=", True) & Domain("order_id", "in", orders.ids)
        )
        lines = self.env["account.move.line"].search(
            Domain("purchase_line_id", "in", [*ids, *deposits])
            & Domain("parent_state", "!=", "cancel")
            & Domain("move_id.move_type", "in", KINDS)
            & Domain("quantity", "!=", 0),
            order="id",
        )
        for line in lines:
            if line.move_id._procurify_is_credited():
                continue
            billed = line.purchase_line_id
            for one in ordered[billed.order_id] if billed.is_downpayment else billed:
                found[one.id] |= line.move_id
        return found

    def _on_day(self, facts):
        """Return the bills of these amounts and days, of any vendor."""
        sums = [fact for fact in facts.values() if fact.day and fact.amount]
        if not sums:
            return self.moves
        return self._valid(
            Domain("company_id", "=", self.env.company.id)
            & Domain("invoice_date", "in", list({fact.day for fact in sums}))
            & Domain("amount_total", "in", list({fact.amount for fact in sums}))
        )

    def _valid(self, domain):
        """Return the bills that count, the oldest first.

        Those of the company, and what people entered in another branch. One invoice may
        be a bill of Procurify in each of two branches.
        """
        companies = family(self.env)
        moves = self.moves.with_context(allowed_company_ids=companies.ids).search(
            Domain("move_type", "in", KINDS)
            & Domain("state", "!=", "cancel")
            & Domain("company_id", "in", companies.ids)
            & domain,
            order="id",
        )
        others = moves.filtered(lambda move: move.company_id != self.env.company)
        moves -= self._procurifys(others)
        return moves.filtered(lambda move: not move._procurify_is_credited())

    def _procurifys(self, moves, connection=None):
        """Return those of ``moves`` that a bill of Procurify became, of any connection.

        One whose connection is gone counts as well.

        :param connection: of whose tenant; of any, where not given
        """
        domain = Domain("res_model", "=", moves._name) & Domain(
            "res_id", "in", moves.ids
        )
        if not moves:
            return moves
        rows, links = (
            self.env[model].sudo().search_fetch(domain, ["res_id"])
            for model in ("procurify.record", "procurify.link")
        )
        if connection:
            tenant = connection._tenant()
            rows = rows.filtered(lambda row: row.connection_id._tenant() == tenant)
            links = links.filtered(lambda link: link.tenant == tenant)
        return moves.browse({*rows.mapped("res_id"), *links.mapped("res_id")})

    def _earlier(self, draft, fact, first):
        """Return the Rival in the same batch, or None.

        :param first: {(kind, number): [(draft, Facts)]} of what goes before
        """
        for twin, other in first[fact.kind, fact.number] if fact.number else ():
            if same_vendor(fact.vendor, other.vendor) and not self._is_ruled_out(
                draft, twin.record
            ):
                return Rival(_number_rule(fact, other), fact.vendor.browse(), twin)
        return None


# The strongest first: what may be another bill after all is said last.
_RULES = ("number", "order_lines", "amount", "other_tenant", "credited", "other_year")
# What a refund says newly where it may take back more than before.
_OF_CREDITS = {"order_lines", "amount"}


def _strongest(rules, others):
    """Return the Rival whose rule says most, or None.

    :param rules: {rule: bill in Odoo}
    :param others: Rivals that were found otherwise, or None
    """
    rivals = [Rival(rule, move) for rule, move in rules.items()]
    rivals += filter(None, others)
    return min(rivals, key=lambda rival: _RULES.index(rival.rule), default=None)


def _number_rule(one, other):
    """Return by which rule two bills of one number may be the same.

    A vendor may start its numbers again each year.
    """
    same_year = not (one.day and other.day) or one.day.year == other.day.year
    return "number" if same_year else "other_year"


def _kind(move):
    """Return which of Procurify's kinds ``move`` may be: a receipt is a bill, too."""
    return "in_refund" if move.move_type == "in_refund" else "in_invoice"


def _facts_of(move):
    """Return the Facts of a bill in Odoo."""
    return Facts(
        vendor=move.commercial_partner_id,
        kind=_kind(move),
        number=normalise(move.ref),
        day=Date.to_date(move.invoice_date),
        amount=move.amount_total,
        currency=move.currency_id,
        order_lines=frozenset(move.invoice_line_ids.purchase_line_id.ids),
    )


def _taken_back(draft):
    """Return {id of an order's line: net amount that a refund takes back of it}."""
    amounts = defaultdict(float)
    if draft.sign < 0 and draft.values is not None:
        currency = draft.record.env["res.currency"].browse(draft.values["currency_id"])
        for _command, _id, line in draft.values["invoice_line_ids"]:
            if line.get("purchase_line_id") and not line.get("display_type"):
                amounts[line["purchase_line_id"]] += net_of(line, currency)
    return amounts


def _may_be_of_two(fact, move):
    """Return whether two tenants may have one bill: none of its numbers parts them."""
    return _costs_the_same(fact, move) and not (fact.number and normalise(move.ref))


def _costs_the_same(fact, move):
    return (
        fact.day == move.invoice_date
        and fact.currency == move.currency_id
        and not fact.currency.compare_amounts(fact.amount, move.amount_total)
        and same_vendor(fact.vendor, move.partner_id)
    )
