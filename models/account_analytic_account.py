"""Department, location and custom value → account.analytic.account, each in a plan."""

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

    _procurify_resources = ("location", "department", "custom_value")
    _procurify_code_field = "code"
    _procurify_exact = frozenset((SAME_NAME, NAME_FITS))
    _procurify_rule = Rule(frozenset((SAME_CODE,)), shared=True)
    _procurify_asks_again = True

    @api.model
    def _procurify_match(self, batch):
        """Match by name and a second witness, in the plan that is chosen; create or
        hold the rest as the policy says."""
        connection, resource = batch.connection, batch.resource
        if resource != "department":
            # What has no plan is not booked, but what a person maps is.
            for draft in batch.open:
                if not self._procurify_plan(connection, resource, draft.payload):
                    draft.exclude("not_tracked")
        for draft, verdict in self._procurify_decide_open(batch):
            plan = self._procurify_plan(connection, resource, draft.payload)
            if verdict.is_link and verdict.target.root_plan_id == plan.root_id:
                draft.link(verdict.target.id, evidence=verdict.witnesses)
            elif verdict.is_link or verdict.is_question:
                self._procurify_hold_open(draft)
        self._procurify_create(
            batch,
            [
                draft
                for draft in batch.open
                if self._procurify_policy(connection, resource, draft.payload)
                == "create"
                and self._procurify_plan(connection, resource, draft.payload)
            ],
        )
        for draft in batch.open:
            self._procurify_hold_open(draft)

    @api.model
    def _procurify_plan(self, connection, resource, payload=None):
        """Return the plan on which ``resource`` is booked.

        :param payload: of one value of a custom field; without it, all their plans
        """
        if resource != "custom_value":
            return connection[f"{resource}_plan_id"]
        return self._procurify_custom_fields(connection, payload).plan_id

    @api.model
    def _procurify_value_roots(self, records):
        """Return {record: root of the plan of its custom field, or no plan} of those
        ``records`` that are values of one."""
        if not records:
            return {}
        values = next(iter(records)).union(*records)
        values = values.filtered(lambda record: record.resource == "custom_value")
        roots = {
            (field.connection_id.id, field.field_number): field.plan_id.root_id
            for field in values.connection_id.sudo().custom_field_ids
        }
        none = self.env["account.analytic.plan"]
        return {
            record: roots.get((record.connection_id.id, payload.field), none)
            for record, payload in values._payloads().items()
        }

    @api.model
    def _procurify_usable(self, target, record):
        """Refuse also, for a custom field's value, an account of another plan."""
        if hold := super()._procurify_usable(target, record):
            return hold
        if record.resource != "custom_value":
            return False
        root = self._procurify_value_roots(record).get(record)
        if not root or target.root_plan_id == root:
            return False
        return self._procurify_hold(record, "wrong_target", found=target.display_name)

    @api.model
    def _procurify_unusable(self, records):
        """Refuse also what was found or created in the plan that is chosen, and is in
        another one now. A person may map departments and locations to any plan."""
        unusable = super()._procurify_unusable(records)
        found = records.filtered(lambda r: r.origin != "manual" and r not in unusable)
        targets = {t.id: t for t in self.sudo().browse(found.mapped("res_id"))}
        for record in found:
            plan = self._procurify_chosen_plan(record).root_id
            target = targets[record.res_id]
            if plan and target.root_plan_id != plan:
                name = self.env._(
                    "%(account)s (plan %(plan)s)",
                    account=target.display_name,
                    plan=target.root_plan_id.name,
                )
                unusable[record] = self._procurify_hold(
                    record, "wrong_target", found=name
                )
        return unusable

    @api.model
    def _procurify_chosen_plan(self, record):
        """Return the plan that is chosen for a department or location, or no plan."""
        if record.resource == "custom_value":
            return self.env["account.analytic.plan"]
        return self._procurify_plan(record.connection_id.sudo(), record.resource)

    @api.model
    def _procurify_policy(self, connection, resource, payload):
        if resource != "custom_value":
            return connection[f"{resource}_policy"]
        return self._procurify_custom_fields(connection, payload).policy

    @api.model
    def _procurify_custom_fields(self, connection, payload):
        found = connection.sudo().custom_field_ids
        if payload is None:
            return found
        return found.filtered(lambda field: field.field_number == payload.field)

    @api.model
    def _procurify_matchable(self, connection, resource):
        """Only the plan that is chosen: another one counts something else.

        A plant that is a branch may have its centres to itself.
        """
        plan = self._procurify_plan(connection, resource)
        if not plan:
            return Domain.FALSE
        # Who may see accounts need not see plans.
        plans = plan.sudo().search([("id", "child_of", plan.ids)])
        companies = self._procurify_company_domain(self.env.companies)
        return companies & Domain("plan_id", "in", plans.ids)

    @api.model
    def _procurify_staged_names(self, record):
        """The label of a department is «location / department»: its last part alone
        is no name when several locations have a department of it.

        Two custom fields have the same values: only the whole label is a name."""
        label = record.name or ""
        if record.resource == "custom_value":
            return {label}
        return {label, label.rpartition(" / ")[2]}

    @api.model
    def _procurify_staged_match(self, pattern):
        return Domain.TRUE

    @api.model
    def _procurify_weigh(self, evidence, clues, siblings):
        """Who bears the whole label is meant before who bears its last part.

        For a custom field's value, only accounts of the field's plan are meant."""
        findings = super()._procurify_weigh(evidence, clues, siblings)
        for record, root in self._procurify_value_roots(findings).items():
            mine = findings[record]
            findings[record] = [f for f in mine if f.target.root_plan_id == root]
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
    def _procurify_create(self, batch, drafts):
        accounts = self.create(self._procurify_new_accounts(batch, drafts))
        for draft, account in zip(drafts, accounts, strict=True):
            draft.link(account.id, "created")

    @api.model
    def _procurify_new_accounts(self, batch, drafts):
        """Return the values of the accounts that ``drafts`` become."""
        connection, resource = batch.connection, batch.resource
        return [
            {
                # The plan says already what a custom value is one of.
                "name": draft.payload.name
                if resource == "custom_value"
                else draft.payload.label,
                "code": draft.payload.code or False,
                "plan_id": self._procurify_plan(connection, resource, draft.payload).id,
                "company_id": connection.company_id.id,
            }
            for draft in drafts
        ]

    # === SUGGESTING === #

    @api.model
    def _procurify_likeness(self, clues, domain):
        """Suggest nothing of another plan, once one is chosen. All centres of it are
        looked at: the last part of a label counts most."""
        record = next(iter(clues), None)
        if record and self._procurify_plan(record.connection_id, record.resource):
            domain &= self._procurify_matchable(record.connection_id, record.resource)
        centres = self.search(domain, limit=MOST_CENTRES)
        roots = self._procurify_value_roots(clues)
        return {
            record: {
                centre: max(
                    department_likeness(clue.name, centre.name or ""),
                    code_similarity(clue.code, centre.code or ""),
                )
                for centre in centres
                if not roots.get(record) or centre.root_plan_id == roots[record]
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
        if not all(
            self._procurify_plan(batch.connection, batch.resource, draft.payload)
            for draft in batch.drafts
        ):
            raise UserError(
                self.env._(
                    "An analytic account needs a plan. First choose the plan for "
                    "departments or locations on the connection."
                )
            )
        values = self._procurify_new_accounts(batch, batch.open)
        return dict(zip(batch.records, values, strict=True))

    @api.model
    def _procurify_users(self):
        return [
            ("account.analytic.line", "auto_account_id"),
            ("account.move.line", "analytic_distribution"),
            ("purchase.order.line", "analytic_distribution"),
        ]
