"""What the records of one batch refer to, and what is missing of it."""

from contextlib import contextmanager
from datetime import date
from functools import cached_property

from odoo.fields import Date

from ..procurify import InvalidPayload
from .issues import Hold
from .lines.analytic_plans import AnalyticPlans
from .lines.pricing import LinePricing
from .resolution import Resolution
from .resource_kinds import PAYLOADS


class ReferenceImport:
    """Resolves what the payloads of a batch refer to; holds or waits for the rest.

    ``references`` is what ``_resolve`` says of everything mentioned, and ``analytic``
    the analytic accounts among it by id, as far as the integration user may read them
    in this company.
    """

    def __init__(self, env, batch):
        """:param env: of the integration user, in the connection's company"""
        self.env = env
        self.batch = batch
        self.connection = batch.connection
        self.company = env.company
        self.documents = {record: batch.payloads[record] for record in batch.open}
        self._read = {}
        self.references = {}
        self.analytic = {}
        self.pricing = LinePricing(env)
        self.plans = AnalyticPlans(env, batch.connection)

    # === WHAT IS MENTIONED === #

    def _resolve(self, mentioned):
        """Look up ``mentioned``, {(resource, external id): (data, payload)}."""
        records = self.connection.env["procurify.record"]
        self.references = records._resolve(self.connection, mentioned)
        found = self.targets("account.analytic.account")
        readable = self.env["account.analytic.account"].browse(found)
        readable = set(readable._filtered_access("read").ids)
        self.analytic = {id_: found[id_] for id_ in found if id_ in readable}

    @contextmanager
    def _holding_unreadable(self, record):
        """Hold ``record`` where its figures or what it embeds cannot be read."""
        try:
            yield
        except InvalidPayload as error:
            self.batch.hold(record, "invalid_payload", value=str(error))

    def _embedded(self, document):
        """Return the objects that ``document`` embeds, as ``_resolve`` takes them.

        What another document of the batch embeds in the same way is not read again.

        :raises InvalidPayload: an embedded object cannot be read
        """
        embedded = {}
        for resource, external_id, data in document.references():
            key = resource, external_id
            known = self._read.get(key)
            if not known or known[0] != data:
                known = data, PAYLOADS[resource].from_json(data)
                self._read[key] = known
            embedded[key] = known
        return embedded

    @staticmethod
    def _synthetic(resource, payload):
        """Return one object that has no list of its own, as ``_resolve`` takes it."""
        return {(resource, payload.external_id): (payload.to_json(), payload)}

    # === WHAT IS FOUND === #

    def targets(self, model):
        """Return {id: record of ``model``} of what was found."""
        ids = {
            reference.target_id
            for reference in self.references.values()
            if reference.target_id and reference.record.res_model == model
        }
        return {record.id: record for record in self.env[model].browse(ids)}

    def _target(self, record, resource, external_id):
        """Return the id that a reference means; else hold or wait, and return False."""
        reference = self.references[resource, external_id]
        if reference.state is Resolution.FOUND:
            return reference.target_id
        if reference.state is Resolution.WAITING:
            self.batch.wait(record)
        for hold in reference.holds:
            self._hold(record, hold)
        return False

    def _optional_target(self, resource, external_id):
        """Return the id that a reference means, or False; it never holds."""
        reference = self.references.get((resource, external_id))
        return reference.target_id if reference else False

    def _hold(self, record, hold):
        if hold not in self.batch.holds.get(record, ()):
            self.batch.hold(
                record, hold.code, hold.key, hold.reference_id, **hold.params
            )

    def _is_open(self, record):
        """Tell whether nothing speaks against writing ``record``."""
        return record not in self.batch.holds and record not in self.batch.waiting

    def _check_company(self, record):
        """Hold what belongs to no company, to several, or to one that cannot be
        written here."""
        for hold in self.batch.misrouted.get(record, ()):
            self._hold(record, hold)

    # === EXCHANGE RATES === #

    @cached_property
    def _first_rates(self):
        """{currency's id: first day of its rates in this company}."""
        groups = (
            self.env["res.currency.rate"]
            .sudo()
            ._read_group(
                [("company_id", "in", [False, self.company.root_id.id])],
                ["currency_id"],
                ["name:min"],
            )
        )
        return {currency.id: day for currency, day in groups}

    def _check_odoo_rate(self, record, currency, day):
        """Hold a document for which Odoo has no rate of its day or before.

        Odoo would take a later one, or 1.

        :param day: None for today
        """
        own = self.company.currency_id
        if not currency or currency == own:
            return
        day, first = day or Date.context_today(record), self._first_rates
        # The company's own currency has rates only where another one is the reference.
        if first.get(currency.id, date.max) > day or first.get(own.id, day) > day:
            hold = Hold("missing_rate", currency.name, {"value": currency.name})
            self._hold(record, hold)

    # === COST CENTRES === #

    def filled(self, values, partner, line=None):
        """Return the values of an order's line with what other plans have on it.

        :param partner: the order's vendor
        :param line: purchase.order.line that is written; what it has there stays
        """
        own = values["analytic_distribution"]
        if line:
            before = line.analytic_distribution
            rest, facts = self.plans.rest(before, self.plans.plans(own)), None
        else:
            rest, facts = None, None
            if self.plans.has_models():
                product = self.env["product.product"].browse(values["product_id"])
                facts = self.plans.model_facts(partner, product)
        completed = self.plans.completed(own, rest, facts)
        return values | {"analytic_distribution": completed}

    def _analytic_key(self, record, share):
        """Return Odoo's key of the department and location of ``share``, or ""."""
        department = share.department
        if not department:
            return ""
        ids = [self._dimension(record, "department", department)]
        branch = department.branch
        if branch:
            ids.append(self._dimension(record, "location", branch))
        if any(i and i not in self.analytic for i in ids):
            # Odoo does not look whose the accounts of a distribution are.
            text = self.env._(
                "the analytic account of %(department)s is not one of %(company)s.",
                department=department.label,
                company=self.company.name,
            )
            self.batch.hold(record, "access_denied", department.label, value=text)
            return ""
        accounts = [self.analytic[i] for i in ids if i]
        plans = {account.root_plan_id for account in accounts}
        if len(plans) < len(accounts):
            self.batch.hold(record, "plan_conflict", value=department.label)
        return ",".join(str(account.id) for account in accounts)

    def _dimension(self, record, resource, payload):
        """Return the analytic account of a department or location, or False.

        What is not mapped holds the document, unless the policy lets it be booked
        without; a location counts only where a plan or a person asks for it.
        """
        reference = self.references[resource, payload.external_id]
        tracked = resource == "department" or self.connection.location_plan_id
        required = tracked and self.connection[f"{resource}_policy"] != "optional"
        if reference.state is not Resolution.FOUND and not required:
            return False
        return self._target(record, resource, payload.external_id)
