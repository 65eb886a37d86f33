"""Department and location → account.analytic.account, each in its own plan."""

from collections import defaultdict

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .candidates import Clues
from .procurify_import_mixin import normalise, search_by


class AccountAnalyticAccount(models.Model):
    _name = "account.analytic.account"
    _inherit = ["account.analytic.account", "procurify.import.mixin"]

    _procurify_resources = ("location", "department")
    _procurify_code_field = "code"

    @api.model
    def _procurify_match(self, batch):
        """Match by code, else by name, when exactly one account and one of
        Procurify's objects bear it; create or hold the rest as the policy says."""
        connection = batch.connection
        plan = connection[f"{batch.resource}_plan_id"]
        policy = connection[f"{batch.resource}_policy"]
        if batch.resource == "location" and not plan:
            # Locations are not booked, but one that a person maps is.
            for record in batch.open:
                batch.exclude(record, "not_tracked")
        found = self._procurify_candidates(batch, plan)
        unmatched = self._procurify_link_found(batch, found)
        if policy == "create" and plan:
            self._procurify_create(batch, unmatched, plan)
        for record in batch.open:
            self._procurify_hold_open(batch, record)

    @api.model
    def _procurify_candidates(self, batch, plan):
        """Return {normalised code or name: accounts} in ``plan`` and company.

        A plant that is a branch may have its centres to itself.
        """
        domain = self._procurify_company_domain(self.env.companies)
        if plan:
            domain &= Domain("plan_id", "child_of", plan.ids)
        names = {n for r in batch.open for n in _names(batch.payloads[r])}
        by_code = search_by(self, "code", names, domain)
        by_name = search_by(self, "name", names, domain)
        return {
            key: by_code.get(key) or by_name.get(key) for key in {*by_code, *by_name}
        }

    @api.model
    def _procurify_link_found(self, batch, found):
        """Link what one name means on both sides; return the records without match."""
        claims = defaultdict(batch.records.browse)
        for record in self._procurify_siblings(batch):
            for name in record["names"]:
                claims[name] |= record["record"]
        unmatched = batch.records.browse()
        for record in batch.open:
            for name in _names(batch.payloads[record]):
                accounts = found.get(normalise(name), self)
                if len(accounts) == 1 and claims[normalise(name)] == record:
                    batch.link(record, accounts.id)
                    break
            else:
                unmatched |= record
        return unmatched

    @api.model
    def _procurify_siblings(self, batch):
        """List every staged object of this resource with the names it answers to.

        The label of a department is «location / department»: its last part alone
        is no name when several locations have a department of it.
        """
        records = batch.records.search(
            [
                ("connection_id", "=", batch.connection.id),
                ("resource", "=", batch.resource),
            ]
        )
        siblings = []
        for record in records:
            label = record.name or ""
            texts = {label, label.rpartition(" / ")[2], record.code or ""}
            names = {normalise(text) for text in texts if text}
            siblings.append({"record": record, "names": names})
        return siblings

    @api.model
    def _procurify_create(self, batch, records, plan):
        values = self._procurify_new_accounts(batch, records, plan)
        accounts = self.create(values)
        for record, account in zip(records, accounts, strict=True):
            batch.link(record, account.id, "created")

    @api.model
    def _procurify_new_accounts(self, batch, records, plan):
        return [
            {
                "name": batch.payloads[record].label,
                "code": batch.payloads[record].code or False,
                "plan_id": plan.id,
                "company_id": batch.connection.company_id.id,
            }
            for record in records
        ]

    # === SUGGESTING === #

    @api.model
    def _procurify_clues(self, payload):
        names = _names(payload)
        marks = {("same_code", "code"): names, ("same_name", "name"): names}
        return Clues(marks, payload.label, payload.code)

    @api.model
    def _procurify_create_values(self, batch):
        plan = batch.connection[f"{batch.resource}_plan_id"]
        if not plan:
            raise UserError(
                self.env._(
                    "An analytic account belongs to a plan: choose the plan of "
                    "departments or locations on the connection first."
                )
            )
        values = self._procurify_new_accounts(batch, batch.records, plan)
        return dict(zip(batch.records, values, strict=True))


def _names(payload):
    """The names by which ``payload`` may be found, the most telling first."""
    names = (payload.code, payload.label, payload.name)
    return [name for name in dict.fromkeys(names) if name]
