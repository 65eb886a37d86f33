"""Account code → account.account, by its code in the company's chart, and its kind."""

from collections import Counter, defaultdict

from odoo import api, models
from odoo.fields import Domain

from ..importers.matching.candidates import (
    LEAST_SIMILARITY,
    SIMILAR,
    USED_BEFORE,
    Clues,
    Likeness,
)
from ..importers.matching.decision import (
    ARCHIVED,
    OTHER_KIND,
    SAME_CODE,
    SAME_NAME,
    Rule,
)
from ..importers.matching.names import NAME_FITS
from ..importers.meaning.accounts import FITTING, LIKELY, Account, Chart
from ..tools.local_kinds import account_code

# Odoo refuses these on the lines of a bill.
_NOT_ON_BILLS = ("asset_receivable", "liability_payable", "off_balance")
# Procurify's kind of an account → what Odoo's must begin with, and the plainest such.
_TYPES = {
    0: ("asset", "asset_current"),
    1: ("liability", "liability_current"),
    2: ("expense", "expense"),
    3: ("income", "income"),
    4: ("equity", "equity"),
    None: ("", "expense"),
}
_KINDS = {"": "other"} | {kind: kind for kind in FITTING}


class AccountAccount(models.Model):
    _name = "account.account"
    _inherit = ["account.account", "procurify.import.mixin", "procurify.mirrored"]

    _procurify_resources = ("account_code",)
    _procurify_code_field = "code"
    _procurify_rule = Rule(alone=frozenset((SAME_CODE,)), only_one=False, shared=True)
    _procurify_exact = frozenset((SAME_NAME, NAME_FITS))
    _procurify_likely = LIKELY
    _procurify_asks_again = True

    @api.model
    def _procurify_key(self, record):
        return record.code or record.external_id

    @api.model
    def _procurify_usable(self, target, record):
        if not target.active:
            return self._procurify_hold(
                record, "archived_account", found=target.display_name
            )
        if target.account_type in _NOT_ON_BILLS:
            return self._procurify_hold(
                record, "wrong_target", found=target.display_name
            )
        return False

    @api.model
    def _procurify_match(self, batch):
        """An inactive account code is mapped too: old documents still carry it."""
        for draft, verdict in self._procurify_decide_open(batch):
            if verdict.is_link:
                draft.link(verdict.target.id, evidence=verdict.witnesses)
            else:
                self._procurify_hold_found(draft, verdict)

    @api.model
    def _procurify_hold_found(self, draft, verdict):
        """Hold ``draft``, and say what keeps the account of its code from it."""
        alike = [f for f in verdict.findings if SAME_CODE in f.witnesses]
        for finding in alike:
            name = finding.target.display_name
            if ARCHIVED in finding.obstacles:
                self._procurify_hold_open(draft, "archived_account", found=name)
                return
            text = self.env._(
                "%(value)s (%(found)s is an account of another kind)",
                value=draft.record.name,
                found=name,
            )
            self._procurify_hold_open(draft, value=text)
            return
        self._procurify_hold_open(draft)

    @api.model
    def _procurify_matchable(self, connection, resource):
        return self._procurify_suggestible() & super()._procurify_matchable(
            connection, resource
        )

    @api.model
    def _procurify_weigh(self, evidence, clues, siblings):
        """The same number may be an income here and an expense there."""
        findings = super()._procurify_weigh(evidence, clues, siblings)
        return {
            record: [
                finding._replace(obstacles=finding.obstacles | {OTHER_KIND})
                if clues[record].kind
                and not finding.fits
                and _side(finding.target.account_type) != _side(clues[record].kind)
                else finding
                for finding in mine
            ]
            for record, mine in findings.items()
        }

    def _procurify_candidate_name(self):
        """Odoo hides the codes of accounts from most users; who maps needs them."""
        return " ".join(filter(None, (self.code, self.name)))

    # === SUGGESTING === #

    @api.model
    def _procurify_clues(self, payload):
        codes = [payload.code]
        if self.env["procurify.target"]._hub_companies():
            codes.append(account_code(payload.code or ""))
        marks = {
            (SAME_CODE, "code"): codes,
            (SAME_NAME, "name"): [payload.description],
        }
        kind, _plainest = _TYPES.get(payload.account_type, _TYPES[None])
        return Clues(marks, payload.description, payload.code, kind=kind)

    @api.model
    def _procurify_suggestible(self):
        return Domain("account_type", "not in", _NOT_ON_BILLS)

    @api.model
    def _procurify_likeness(self, clues, domain):
        """All accounts are looked at: by type, code, meaning, and use."""
        accounts = self.search(domain)
        names = accounts._procurify_names()
        chart = Chart(
            Account(account, account.code or "", names[account], account.account_type)
            for account in accounts
        )
        used = self._procurify_used(clues)
        return {
            record: {
                one.account.id: Likeness(
                    LEAST_SIMILARITY + (1 - LEAST_SIMILARITY) * one.score,
                    (SIMILAR, USED_BEFORE)
                    if one.account.id in used.get(record, {})
                    else (SIMILAR,),
                )
                for one in chart.suggest(
                    clue.code, clue.name, _KINDS[clue.kind], used.get(record)
                )
            }
            for record, clue in clues.items()
        }

    def _procurify_names(self):
        """Return {account: its names in the languages of the database}."""
        languages = [code for code, _name in self.env["res.lang"].get_installed()]
        names = {account: {} for account in self}
        for language in languages:
            for account in self.with_context(lang=language):
                names[account.with_context(lang=self.env.lang)][account.name] = None
        return {account: tuple(filter(None, mine)) for account, mine in names.items()}

    @api.model
    def _procurify_used(self, clues):
        """Return {record: {account: share}}: what posted bills of the vendors whose
        documents name an account code are booked on.

        Only as far as this user may read journal items.
        """
        lines = self.env["account.move.line"]
        record = next(iter(clues), None)
        if not record or not lines.has_access("read"):
            return {}
        vendors = record.union(*clues)._procurify_vendors()
        partners = {partner for mine in vendors.values() for partner in mine}
        counted = lines._read_group(
            Domain("partner_id", "in", list(partners))
            & Domain("company_id", "child_of", record.company_id.ids)
            & Domain("display_type", "=", "product")
            & Domain("parent_state", "=", "posted")
            & Domain("move_id.move_type", "in", ("in_invoice", "in_refund")),
            ["partner_id", "account_id"],
            ["__count"],
        )
        by_partner = defaultdict(dict)
        for partner, account, count in counted:
            by_partner[partner.id][account] = count
        return {
            record: _shares(by_partner[partner] for partner in mine)
            for record, mine in vendors.items()
        }

    @api.model
    def _procurify_proposable(self, clue, findings):
        """An account of another kind is proposed only where it would be linked; one
        whose name is only similar has its place among those that mean the same."""
        types = FITTING[_KINDS[clue.kind]]
        return [
            finding
            for finding in findings
            if (SAME_CODE in finding.witnesses and OTHER_KIND not in finding.obstacles)
            or (finding.target.account_type in types and not finding.is_near_only)
        ]

    @api.model
    def _procurify_create_values(self, batch):
        return {
            record: self._procurify_new_account(payload)
            for record, payload in batch.open_payloads().items()
        }

    @api.model
    def _procurify_users(self):
        return [
            ("account.move.line", "account_id"),
            ("product.template", "property_account_expense_id"),
            ("product.category", "property_account_expense_categ_id"),
        ]

    @api.model
    def _procurify_new_account(self, payload):
        """Return an account's values; its type is as Odoo guesses it by neighbours,
        unless Procurify calls it another kind, or no bill could be booked on it."""
        values = {"code": payload.code, "name": payload.description or payload.code}
        guess = self.new(values).account_type or ""
        kind, plainest = _TYPES.get(payload.account_type, _TYPES[None])
        fits = guess.startswith(kind) and guess not in _NOT_ON_BILLS
        return values | {"account_type": guess if fits else plainest}


def _shares(counts):
    """Return {account: share} of several {account: count}."""
    total = Counter()
    for each in counts:
        total.update(each)
    return {account: count / total.total() for account, count in total.items()}


def _side(account_type):
    """Return the kind of an account: what is bought is an expense or an asset."""
    kind = account_type.partition("_")[0]
    return "expense" if kind == "asset" else kind
