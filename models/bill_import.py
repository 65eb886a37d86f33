"""Bills of one batch: what they refer to, what holds them, what they write."""

import json
from contextlib import contextmanager
from decimal import Decimal
from functools import partial

from odoo.fields import Command

from ..procurify import InvalidPayload
from ..procurify.arithmetic import reckon, split
from .bill_lines import LinePricing
from .procurify_import_mixin import UNKNOWN_CODES
from .procurify_record_import import PAYLOADS, Resolution

_DEFAULT_CENT = Decimal("0.01")


class BillImport:
    """Checks the bills of a batch completely and prepares their values.

    Nothing is written here but what bills mention (see ``_resolve``). Every bill is
    either held with all its reasons, or has values in ``values``.
    """

    def __init__(self, env, batch):
        """:param env: of the integration user, in the connection's company"""
        self.env = env
        self.batch = batch
        self.connection = batch.connection
        self.company = env.company
        self.bills = {record: batch.payloads[record] for record in batch.open}
        self.values = {}
        self.totals = {}
        self.vendors = {}
        self.pricing = LinePricing(env)

    def run(self):
        """Fill ``values`` and ``totals``, and hold what cannot be booked."""
        self._reckon_all()
        self._resolve_all()
        for record, bill in self.bills.items():
            currency = self._currency(record, bill)
            self._check_header(record, bill)
            self._check_total(record, currency)
            lines = [
                values
                for line in self.reckonings[record].lines
                for values in self._line_values(record, line, currency)
            ]
            lines += self._rounding_line(record, currency)
            if record not in self.batch.holds and record not in self.batch.waiting:
                self._prepare(record, bill, currency, lines)

    # === REFERENCES === #

    def _reckon_all(self):
        """Compute what each bill books, by the smallest coin of its currency."""
        names = {bill.currency.code for bill in self.bills.values() if bill.currency}
        found = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "in", list(names))])
        )
        cents = {c.name: Decimal(1).scaleb(-c.decimal_places) for c in found}
        self.reckonings = {}
        for record, bill in self.bills.items():
            cent = cents.get(bill.currency and bill.currency.code, _DEFAULT_CENT)
            with self._holding_unreadable(record):
                self.reckonings[record] = reckon(bill, cent)
        self.bills = {record: self.bills[record] for record in self.reckonings}

    def _resolve_all(self):
        """Resolve what all the bills refer to, together."""
        mentioned = {}
        for record, bill in self.bills.items():
            with self._holding_unreadable(record):
                mentioned |= self._mentioned(record, bill)
        unreadable = self.batch.holds
        self.bills = {r: bill for r, bill in self.bills.items() if r not in unreadable}
        records = self.connection.env["procurify.record"]
        self.references = records._resolve(self.connection, mentioned)
        ids = {name: set() for name in ("account.tax", "account.analytic.account")}
        for reference in self.references.values():
            if reference.target_id and reference.record.res_model in ids:
                ids[reference.record.res_model].add(reference.target_id)
        self.taxes = self._by_id("account.tax", ids)
        self.analytic = self._by_id("account.analytic.account", ids)
        self.currencies = {c.id: c for c in self.env["res.currency"].search([])}
        self.rated = self._rated_currencies()
        self.base_currency = self._base_currency()

    @contextmanager
    def _holding_unreadable(self, record):
        """Hold ``record`` where its figures or what it embeds cannot be read."""
        try:
            yield
        except InvalidPayload as error:
            self.batch.hold(record, "invalid_payload", value=str(error))

    def _mentioned(self, record, bill):
        """Return what one bill refers to, as ``_resolve`` takes it.

        :raises InvalidPayload: an embedded object cannot be read
        """
        mentioned = {}
        for resource, external_id, data in bill.references():
            payload = PAYLOADS[resource].from_json(data)
            text = json.dumps(data, default=str, ensure_ascii=False)
            mentioned[resource, external_id] = (text, payload)
        for line in self.reckonings[record].lines:
            if line.tax:
                text = json.dumps(line.tax.to_json(), ensure_ascii=False)
                mentioned["tax", line.tax.external_id] = (text, line.tax)
        return mentioned

    def _by_id(self, model, ids):
        records = self.env[model].browse(ids[model])
        return {record.id: record for record in records}

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

    def _hold(self, record, hold):
        if hold not in self.batch.holds.get(record, ()):
            self.batch.hold(
                record, hold.code, hold.key, hold.reference_id, **hold.params
            )

    # === CHECKS === #

    def _check_header(self, record, bill):
        if bill.vendor:
            vendor = bill.vendor.external_id
            self.vendors[record] = self._target(record, "vendor", vendor)
        else:
            name = bill.vendor_name or self.env._("(none)")
            self.batch.hold(
                record, UNKNOWN_CODES["vendor"], f"bill/{bill.external_id}", value=name
            )
        code = bill.currency.code if bill.currency else ""
        others = {item.currency_name for item in bill.items} - {code, ""}
        if others:
            self.batch.hold(
                record, "several_currencies", value=code, found=", ".join(others)
            )

    def _currency(self, record, bill):
        """Return the bill's res.currency, or an empty one after holding the bill."""
        none = self.env["res.currency"]
        if not bill.currency:
            self.batch.hold(
                record, "unknown_currency", f"bill/{bill.external_id}", value="?"
            )
            return none
        target_id = self._target(record, "currency", bill.currency.external_id)
        currency = self.currencies.get(target_id, none)
        if (
            currency
            and currency != self.company.currency_id
            and not self._implied_rate(record, currency)
            and currency.id not in self.rated
        ):
            self.batch.hold(record, "missing_rate", currency.name, value=currency.name)
        return currency

    def _check_total(self, record, currency):
        reckoning = self.reckonings[record]
        bookable = reckoning.adds_up and self.connection.rounding_account_id
        if reckoning.residue and not bookable:
            name = currency.name or ""
            self.batch.hold(
                record,
                "total_mismatch",
                expected=f"{reckoning.total} {name}".strip(),
                found=f"{reckoning.computed} {name}".strip(),
            )

    # === EXCHANGE RATES === #

    def _rated_currencies(self):
        """Return the ids of the currencies for which Odoo knows a rate."""
        groups = (
            self.env["res.currency.rate"]
            .sudo()
            ._read_group(
                [("company_id", "in", [False, self.company.root_id.id])],
                ["currency_id"],
            )
        )
        return {currency.id for (currency,) in groups}

    def _base_currency(self):
        """Return the id of what Procurify converts to, or False if it does not tell."""
        records = self.connection.env["procurify.record"].search(
            [
                ("connection_id", "=", self.connection.id),
                ("resource", "=", "currency"),
                ("state", "=", "done"),
            ]
        )
        return next(
            (r.res_id for r in records if json.loads(r.payload).get("base") is True),
            False,
        )

    def _implied_rate(self, record, currency):
        """Return units of the bill's currency for one of the company's, or None.

        A bill carries no rate, but its total in both currencies. That says nothing
        where Procurify's base currency is another one than the company's.
        """
        bill = self.bills[record]
        total, converted = bill.total_cost_with_tax, bill.converted_total_cost
        if (
            self.connection.rate_source != "procurify"
            or not (total and converted)
            or self.base_currency != self.company.currency_id.id
            or currency == self.company.currency_id
        ):
            return None
        rate = total / converted
        return float(rate) if rate > 0 else None

    # === LINES === #

    def _line_values(self, record, line, currency):
        """Return the values of the Odoo lines for one net line.

        One line per account code. Several departments are its analytic distribution
        where Odoo's percentages give their cents back, else a line each.
        """
        account_id = self._account(record, line)
        tax_id = line.tax and self._target(record, "tax", line.tax.external_id)
        keys = [self._analytic_key(record, share) for share in line.shares]
        if not currency or not account_id or record in self.batch.holds:
            return []
        values = {"name": line.label, "account_id": account_id}
        amounts = [share.amount for share in line.shares]
        price = partial(
            self.pricing.price, self._sign(record), currency, self.taxes.get(tax_id)
        )
        distribution = self.pricing.distribution(line.amount, amounts, keys)
        if distribution is not None:
            return [
                values
                | price(line.amount, line.tax_amount, line.quantity, line.unit_price)
                | {"analytic_distribution": distribution}
            ]
        cent = Decimal(1).scaleb(-currency.decimal_places)
        taxes = split(line.tax_amount, amounts, cent)
        return [
            values
            | price(amount, tax_amount)
            | {"analytic_distribution": {key: 100} if key else False}
            for amount, tax_amount, key in zip(amounts, taxes, keys, strict=True)
        ]

    def _account(self, record, line):
        code = line.account_code
        if code:
            return self._target(record, "account_code", code.external_id)
        default = self.connection.unallocated_account_id
        if not default:
            self.batch.hold(record, "missing_allocation", value=line.label)
        return default.id

    def _analytic_key(self, record, share):
        """Return Odoo's key of the department and location of ``share``, or ""."""
        department = share.department
        if not department:
            return ""
        ids = [self._dimension(record, "department", department)]
        branch = department.branch
        if branch:
            ids.append(self._dimension(record, "location", branch))
        accounts = [self.analytic[i] for i in ids if i]
        plans = {account.root_plan_id for account in accounts}
        if len(plans) < len(accounts):
            self.batch.hold(record, "plan_conflict", value=department.label)
        return ",".join(str(account.id) for account in accounts)

    def _dimension(self, record, resource, payload):
        """Return the analytic account of a department or location, or False.

        What is not mapped holds the bill, unless the policy lets it be booked
        without; a location counts only where a plan or a person asks for it.
        """
        reference = self.references[resource, payload.external_id]
        tracked = resource == "department" or self.connection.location_plan_id
        required = tracked and self.connection[f"{resource}_policy"] != "optional"
        if reference.state is not Resolution.FOUND and not required:
            return False
        return self._target(record, resource, payload.external_id)

    def _rounding_line(self, record, currency):
        """Return the line that takes the cents of Procurify's own total, if any."""
        reckoning = self.reckonings[record]
        account = self.connection.rounding_account_id
        if not (reckoning.residue and reckoning.adds_up and account):
            return []
        return [
            {
                "name": self.env._(
                    "Rounding: Procurify's total is %(total)s %(currency)s, its lines "
                    "make %(lines)s",
                    total=reckoning.total,
                    currency=currency.name or "",
                    lines=reckoning.computed,
                ),
                "account_id": account.id,
                "quantity": 1.0,
                "price_unit": float(self._sign(record) * reckoning.residue),
                "tax_ids": [],
            }
        ]

    # === HEADER === #

    def _sign(self, record):
        """A negative total is a refund: all its lines are turned around."""
        return -1 if self.reckonings[record].total < 0 else 1

    def _prepare(self, record, bill, currency, lines):
        """Note the values of a bill that nothing holds."""
        total = self.reckonings[record].total
        orders = ", ".join(number for _id, number in bill.orders if number)
        date = bill.gl_post_date or bill.invoice_date
        values = {
            "move_type": "in_refund" if total < 0 else "in_invoice",
            "partner_id": self.vendors[record],
            "currency_id": currency.id,
            "ref": bill.invoice_number or False,
            "invoice_date": bill.invoice_date and bill.invoice_date.isoformat(),
            "date": date and date.isoformat(),
            "invoice_origin": orders or False,
            "invoice_line_ids": [Command.create(line) for line in lines],
        }
        if not date:
            del values["date"]
        if bill.due_date:
            values |= {
                "invoice_payment_term_id": False,
                "invoice_date_due": bill.due_date.isoformat(),
            }
        if rate := self._implied_rate(record, currency):
            values["invoice_currency_rate"] = rate
        if self.connection.journal_id:
            values["journal_id"] = self.connection.journal_id.id
        self.values[record] = values
        self.totals[record] = abs(total)
