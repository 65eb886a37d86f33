"""Department and location → account.analytic.account, each in its own plan."""

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..importers.matching.candidates import Clues, code_similarity
from ..importers.matching.decision import SAME_CODE, Rule
from ..importers.matching.names import NAME_FITS, SAME_NAME, compare
from ..importers.meaning.departments import department_likeness

MOST_CENTRES = 2000  # that one look for similar ones compares


class AccountAnalyticAccount(models.Model):
    _name = "account.analytic.account"
    _inherit = [
        "account.analytic.account",
        "procurify.import.mixin",
        "procurify.mirrored",
    ]

    _procurify_resources = ("location", "department")
    _procurify_code_field = "code"
    _procurify_exact = frozenset((SAME_NAME, NAME_FITS))
    _procurify_rule = Rule(frozenset((SAME_CODE,)), shared=True)

    @api.model
    def _procurify_match(self, batch):
        """Match by name and a second witness, in the plan that is chosen; create or
        hold the rest as the policy says."""
        connection = batch.connection
        plan = connection[f"{batch.resource}_plan_id"]
        policy = connection[f"{batch.resource}_policy"]
        if batch.resource == "location" and not plan:
            # Locations are not booked, but one that a person maps is.
            for draft in batch.open:
                draft.exclude("not_tracked")
        for draft, verdict in self._procurify_decide_open(batch):
            if verdict.is_link:
                draft.link(verdict.target.id, evidence=verdict.witnesses)
            elif verdict.is_question:
                self._procurify_hold_open(draft)
        if policy == "create" and plan:
            self._procurify_create(batch, plan)
        for draft in batch.open:
            self._procurify_hold_open(draft)

    @api.model
    def _procurify_matchable(self, connection, resource):
        """Only the plan that is chosen: another one counts something else.

        A plant that is a branch may have its centres to itself.
        """
        plan = connection[f"{resource}_plan_id"]
        if not plan:
            return Domain.FALSE
        # Who may see accounts need not see plans.
        plans = plan.sudo().search([("id", "child_of", plan.ids)])
        companies = self._procurify_company_domain(self.env.companies)
        return companies & Domain("plan_id", "in", plans.ids)

    @api.model
    def _procurify_staged_names(self, record):
        """The label of a department is «location / department»: its last part alone
        is no name when several locations have a department of it."""
        label = record.name or ""
        return {label, label.rpartition(" / ")[2]}

    @api.model
    def _procurify_staged_match(self, pattern):
        return Domain.TRUE

    @api.model
    def _procurify_weigh(self, evidence, clues, siblings):
        """Who bears the whole label is meant before who bears its last part."""
        findings = super()._procurify_weigh(evidence, clues, siblings)
        for record, mine in findings.items():
            label = clues[record].name
            whole = [
                f
                for f in mine
                if compare(f.target.name, label) in (SAME_NAME, NAME_FITS)
            ]
            if whole:
                findings[record] = [f for f in mine if f in whole or not f.fits]
        return findings

    @api.model
    def _procurify_create(self, batch, plan):
        drafts = batch.open
        accounts = self.create(self._procurify_new_accounts(batch, plan))
        for draft, account in zip(drafts, accounts, strict=True):
            draft.link(account.id, "created")

    @api.model
    def _procurify_new_accounts(self, batch, plan):
        """Return the values of the accounts that the open drafts become."""
        return [
            {
                "name": draft.payload.label,
                "code": draft.payload.code or False,
                "plan_id": plan.id,
                "company_id": batch.connection.company_id.id,
            }
            for draft in batch.open
        ]

    # === SUGGESTING === #

    @api.model
    def _procurify_likeness(self, clues, domain):
        """Suggest nothing of another plan, once one is chosen. All centres of it are
        looked at: the last part of a label counts most."""
        record = next(iter(clues), None)
        if record and record.connection_id[f"{record.resource}_plan_id"]:
            domain &= self._procurify_matchable(record.connection_id, record.resource)
        centres = self.search(domain, limit=MOST_CENTRES)
        return {
            record: {
                centre: max(
                    department_likeness(clue.name, centre.name or ""),
                    code_similarity(clue.code, centre.code or ""),
                )
                for centre in centres
            }
            for record, clue in clues.items()
        }

    @api.model
    def _procurify_clues(self, payload):
        names = [name for name in (payload.label, payload.name) if name]
        marks = {(SAME_CODE, "code"): [payload.code], (SAME_NAME, "name"): names}
        return Clues(marks, payload.label, payload.code)

    @api.model
    def _procurify_create_values(self, batch):
        plan = batch.connection[f"{batch.resource}_plan_id"]
        if not plan:
            raise UserError(
                self.env._(
                    "An analytic account needs a plan. First choose the plan for "
                    "departments or locations on the connection."
                )
            )
        values = self._procurify_new_accounts(batch, plan)
        return dict(zip(batch.records, values, strict=True))

    @api.model
    def _procurify_users(self):
        return [
            ("account.analytic.line", "auto_account_id"),
            ("account.move.line", "analytic_distribution"),
            ("purchase.order.line", "analytic_distribution"),
        ]
