"""Drafts of one batch: what they refer to, their amounts, and their issues."""

import json
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from functools import cached_property

from markupsafe import Markup, escape

from odoo.fields import Date, Domain
from odoo.tools.translate import LazyTranslate

from ..procurify import InvalidPayload, Vendor, VendorType
from ..procurify.payloads.embedded import CustomValue, custom_fields
from ..procurify.payloads.values import short_key
from .draft import Resolution
from .issues import UNKNOWN_CODES, Hold
from .lines.analytic_plans import AnalyticPlans
from .lines.pricing import LinePricing, NamedTaxes, taxed
from .matching.names import normalise
from .resource_kinds import PAYLOADS

_lt = LazyTranslate(__name__)

_DEFAULT_CENT = Decimal("0.01")
# Of external ids that stand for a vendor who is only a text.
NAMED_PREFIX = "other:"
# What the arithmetic puts before a name of Procurify's own, or instead of one.
_WORDS = {
    "shipping": ("Shipping", _lt("Shipping")),
    "freight": ("Freight", _lt("Freight")),
    "other": ("Other costs", _lt("Other costs")),
    "tax": ("Tax", _lt("Tax")),
    "discount": ("Discount", _lt("Discount")),
    "cost": ("Cost", _lt("Cost")),
}


class ReferenceImport:
    """Resolves what the drafts of a batch refer to; holds or waits for the rest.

    ``drafts`` are those that are worked on. ``references`` is what ``_resolve`` says of
    everything mentioned, and ``analytic`` the analytic accounts among it by id, as far
    as the integration user may read them in this company.
    """

    def __init__(self, env, batch):
        """:param env: of the integration user, in the connection's company"""
        self.env = env
        self.batch = batch
        self.connection = batch.connection
        self.company = env.company
        self.drafts = batch.open
        self._read = {}
        self.references = {}
        self.analytic = {}
        target = batch.connection.target_id
        self.pricing = LinePricing(
            env, target._order_price_digits() if target else None
        )
        self.plans = AnalyticPlans(env, batch.connection)
        self.custom = CustomPlans(batch.connection)

    # === WHAT IS MENTIONED === #

    def _resolve(self, mentioned):
        """Look up ``mentioned``, {(resource, external id): (data, payload)}."""
        records = self.connection.env["procurify.record"]
        self.references = records._resolve(self.connection, mentioned)
        found = self.targets("account.analytic.account")
        readable = self.env["account.analytic.account"].browse(found)
        readable = set(readable._filtered_access("read").ids)
        self.analytic = {id_: found[id_] for id_ in found if id_ in readable}

    @staticmethod
    @contextmanager
    def _holding_unreadable(draft):
        """Hold ``draft`` where its figures or what it embeds cannot be read."""
        try:
            yield
        except InvalidPayload as error:
            draft.hold("invalid_payload", value=str(error))

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
        """Return {id: record of ``model``} of what was found, or was once."""
        mine = [r for r in self.references.values() if r.record.res_model == model]
        ids = {r.target_id for r in mine if r.target_id}
        once = {r.known_id for r in mine if r.known_id} - ids
        records = self.env[model].browse(ids)
        if once:
            records |= self.env[model].browse(once).exists()
        return {record.id: record for record in records}

    def _target(self, draft, resource, external_id):
        """Return the id that a reference means; else hold or wait, and return False."""
        reference = self.references[resource, external_id]
        if reference.state is Resolution.FOUND:
            return reference.target_id
        if draft.is_settled and reference.known_id:
            # What was archived since is no question about what is in the books.
            return reference.known_id
        if reference.state is Resolution.WAITING:
            draft.is_waiting = True
        for hold in reference.holds:
            draft.hold_once(hold)
        return False

    def _optional_target(self, resource, external_id):
        """Return the id that a reference means, or False; it never holds."""
        reference = self.references.get((resource, external_id))
        return reference.target_id if reference else False

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

    def _check_odoo_rate(self, draft, currency, day):
        """Hold a document for which Odoo has no rate of its day or before.

        Odoo would take a later one, or 1.

        :param day: None for today
        """
        own = self.company.currency_id
        if not currency or currency == own:
            return
        day, first = day or Date.context_today(draft.record), self._first_rates
        # The company's own currency has rates only where another one is the reference.
        if first.get(currency.id, date.max) > day or first.get(own.id, day) > day:
            hold = Hold("missing_rate", currency.name, {"value": currency.name})
            draft.hold_once(hold)

    # === ANALYTIC ACCOUNTS === #

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

    def _analytic_key(self, draft, share, values=()):
        """Return Odoo's key of the department and location of ``share``, or "".

        :param values: CustomValue of the line, which are part of the key
        """
        department = share.department
        label = ", ".join(
            each.label for each in (department, *values) if each is not None
        )
        ids = [self._custom_account(draft, value) for value in values]
        if department:
            ids.append(self._dimension(draft, "department", department))
            if department.branch:
                ids.append(self._dimension(draft, "location", department.branch))
        if any(i and i not in self.analytic for i in ids):
            # Odoo does not look whose the accounts of a distribution are.
            text = self.env._(
                "the analytic account of %(department)s does not belong to "
                "%(company)s.",
                department=label,
                company=self.company.name,
            )
            draft.hold("access_denied", label, value=text)
            return ""
        accounts = [self.analytic[i] for i in ids if i]
        plans = {account.root_plan_id for account in accounts}
        if len(plans) < len(accounts):
            draft.hold("plan_conflict", value=label)
        return ",".join(str(account.id) for account in accounts)

    def _custom_account(self, draft, value):
        """Return the analytic account of a custom field's value, or False."""
        reference = self.references["custom_value", value.external_id]
        if reference.state is not Resolution.FOUND and self.custom.is_optional(value):
            return False
        return self._target(draft, "custom_value", value.external_id)

    def _dimension(self, draft, resource, payload):
        """Return the analytic account of a department or location, or False.

        What is not mapped holds the document, unless the policy lets it be booked
        without; a location counts only where a plan or a person asks for it.
        """
        reference = self.references[resource, payload.external_id]
        tracked = resource == "department" or self.connection.location_plan_id
        required = tracked and self.connection[f"{resource}_policy"] != "optional"
        if reference.state is not Resolution.FOUND and not required:
            return False
        return self._target(draft, resource, payload.external_id)


class DocumentImport(ReferenceImport):
    """Checks the documents of a batch completely and prepares their values.

    Nothing is written here but what documents mention (see ``_resolve``). Every
    draft is either held with all its reasons, or has its ``values``.
    """

    def run(self):
        """Resolve and check the drafts: fill their values, or hold them."""
        self._add_up_all()
        self._resolve_all()
        NamedTaxes(self).part()
        self._prepare_targets()
        for draft in self.drafts:
            draft.hold_misrouted()
            self._check(draft)

    # === WHAT A KIND OF DOCUMENT SAYS === #

    def _add_up(self, document, cent):
        """Compute what ``document`` writes.

        :param cent: the smallest coin of its currency
        :raises InvalidPayload: an amount cannot be one
        """
        raise NotImplementedError

    def _line_sources(self, document):
        """Yield (source of a line's figures, JSON where its custom fields stand)."""
        raise NotImplementedError

    def _custom_values(self, draft):
        """Return {source of a line's figures: its CustomValue that are booked}."""
        if not self.custom.fields:
            return {}
        return {
            source: self.custom.values(*places)
            for source, *places in self._line_sources(draft.payload)
        }

    def _mentioned_custom(self, draft):
        """Return the custom values of a document, as ``_resolve`` takes them."""
        mentioned = {}
        for values in self._custom_values(draft).values():
            for value in values:
                mentioned |= self._synthetic("custom_value", value)
        return mentioned

    def _mentioned_by(self, draft):
        """Return what only this kind of document mentions, as ``_resolve`` takes it."""
        raise NotImplementedError

    def _vendor_texts(self, document):
        """Yield whom the lines name as their vendor, where that is free text."""
        raise NotImplementedError

    def _prepare_targets(self):
        """Read, for the whole batch, what was found of the references."""

    def _check(self, draft):
        """Hold ``draft`` with every reason, or fill its values."""
        raise NotImplementedError

    # === REFERENCES === #

    def _add_up_all(self):
        """Compute what each document writes, by the coin of its currency."""
        cents = self._cents()
        for draft in self.drafts:
            currency = draft.payload.currency
            number = currency and currency.external_id
            with self._holding_unreadable(draft):
                draft.figures = self._add_up(
                    draft.payload, cents.get(number, _DEFAULT_CENT)
                )
        self.drafts = [draft for draft in self.drafts if draft.figures is not None]

    def _cents(self):
        """Return {currency's id in Procurify: smallest coin}.

        Its name there is free text: the currency that it is mapped to decides, else
        the one that is called so.
        """
        named = {draft.payload.currency for draft in self.drafts} - {None}
        codes = {currency.external_id: currency.code for currency in named}
        rows = self.connection.env["procurify.record"].search_fetch(
            Domain("connection_id", "=", self.connection.id)
            & Domain("resource", "=", "currency")
            & Domain("external_id", "in", list(codes))
            & Domain("res_id", "!=", False),
            ["external_id", "res_id"],
        )
        mapped = {row.external_id: row.res_id for row in rows}
        currencies = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search(
                Domain("id", "in", list(mapped.values()))
                | Domain("name", "in", list(codes.values()))
            )
        )
        cents = {c.id: Decimal(1).scaleb(-c.decimal_places) for c in currencies}
        by_name = {c.name: cents[c.id] for c in currencies}
        return {
            number: cents.get(mapped.get(number), by_name.get(code, _DEFAULT_CENT))
            for number, code in codes.items()
        }

    def _resolve_all(self):
        """Resolve what all the documents refer to, together."""
        mentioned = {}
        for draft in self.drafts:
            with self._holding_unreadable(draft):
                named = self._embedded(draft.payload)
                named |= self._mentioned_by(draft)
                if is_other(draft.payload.vendor):
                    named |= self._other(draft.payload).mentioned()
                draft.mentioned = named
                mentioned |= named
        self.drafts = [draft for draft in self.drafts if not draft.holds]
        self._resolve(mentioned)
        self.taxes = self.targets("account.tax")
        self.currencies = {c.id: c for c in self.env["res.currency"].search([])}
        self.currencies |= self.targets("res.currency")

    def resolve_more(self, mentioned):
        """Look up also these taxes, as ``_resolve`` takes them."""
        records = self.connection.env["procurify.record"]
        self.references |= records._resolve(self.connection, mentioned)
        self.taxes = self.targets("account.tax")

    # === CHECKS === #

    def vendor_key(self, document):
        """Return what the vendor of ``document`` is staged under; empty: of nobody."""
        if is_other(document.vendor):
            return self._other(document).external_id
        return document.vendor.external_id if document.vendor else ""

    def _other(self, document):
        return OtherVendor(document.vendor, self._vendor_texts(document))

    def _check_vendor(self, draft):
        vendor = draft.payload.vendor
        if is_other(vendor):
            self._check_other_vendor(draft, self._other(draft.payload))
        elif vendor:
            draft.vendor_id = self._target(draft, "vendor", vendor.external_id)
        else:
            name = draft.payload.vendor_name or self.env._("(none)")
            draft.hold(UNKNOWN_CODES["vendor"], value=name)

    def _check_other_vendor(self, draft, other):
        """Hold a document of the catch-all until its lines' one vendor is mapped."""
        if len(other.names) > 1:
            draft.hold(
                "several_vendors",
                value=other.vendor.name,
                found=", ".join(other.names.values()),
            )
        else:
            draft.vendor_id = self._target(draft, "vendor", other.external_id)

    @staticmethod
    def _check_currencies(draft, names):
        """Hold a document whose lines are in other currencies than itself."""
        currency = draft.payload.currency
        code = currency.code if currency else ""
        if others := set(names) - {code, ""}:
            draft.hold("several_currencies", value=code, found=", ".join(others))

    def _currency(self, draft):
        """Return the document's res.currency, or an empty one after holding it."""
        none = self.env["res.currency"]
        named = draft.payload.currency
        if not named:
            draft.hold("unknown_currency", value="?")
            return none
        target_id = self._target(draft, "currency", named.external_id)
        currency = self.currencies.get(target_id, none)
        is_new = not draft.is_settled
        if currency and is_new and not self._rate(draft, currency):
            self._check_rate(draft, currency)
        return currency

    def _check_rate(self, draft, currency):
        """Hold a document that Odoo's rate of the day is not to convert, or cannot."""
        is_held = self.connection.unexplained_rate_policy == "hold"
        if is_held and self._is_doubtful(draft, currency):
            draft.hold("rate_not_explained", currency.name, value=currency.name)
        else:
            self._check_odoo_rate(draft, currency, self._rate_day(draft.payload))

    def _check_taxes(self, draft, currency):
        """Hold a document with a tax that Odoo charges otherwise than Procurify.

        Both come to the same, but for roundings, where the tax is mapped to the right
        one. A line that is split over accounts is looked at as a whole.
        """
        if not currency or draft.is_settled:
            return
        for (_source, tax), amounts in taxed(draft.figures).items():
            made = self.made_instead(tax, amounts, currency)
            if made is not None:
                self.hold_tax(draft, tax, (*amounts[:2], made))

    def made_instead(self, tax, amounts, currency):
        """Return what Odoo charges instead of what Procurify says, or None.

        :param amounts: (net, tax, quantity)
        """
        target = self.taxes.get(self.references["tax", tax.external_id].target_id)
        if not target:
            return None
        net, amount, quantity = amounts
        rate = None if tax.is_estimated else tax.percentage
        return self.pricing.taxes.contradiction(
            target, net, amount, currency, float(quantity or 1), rate
        )

    def hold_tax(self, draft, tax, amounts):
        """Hold ``draft``: its ``tax`` is (net, tax, what Odoo makes of it)."""
        reference = self.references["tax", tax.external_id]
        target = self.taxes[reference.target_id]
        net, amount, made = amounts
        key = f"tax/{tax.external_id}"
        if not any(hold[:2] == ("tax_mismatch", key) for hold in draft.holds):
            draft.hold(
                "tax_mismatch",
                key,
                reference.record.id,
                value=tax.label,
                found=target.display_name,
                net=f"{net:f}",
                expected=f"{amount:f}",
                made=f"{made:f}",
            )

    def _fiscal_position(self, tax_ids):
        """Return the id of the fiscal position for a document with these taxes.

        Procurify's taxes are final: that of the vendor maps nothing any more. One with
        a registration abroad goes with the taxes of that country, and with no others.
        """
        taxes = [self.taxes[tax_id] for tax_id in set(tax_ids)]
        countries = {tax.country_id for tax in taxes}
        if len(countries) != 1 or countries == {self.company.account_fiscal_country_id}:
            return False
        return self._registrations.get(countries.pop(), False)

    @cached_property
    def _registrations(self):
        """Return {country: id of the fiscal position with a registration there}."""
        positions = self.env["account.fiscal.position"].search(
            Domain(
                self.env["account.fiscal.position"]._check_company_domain(self.company)
            )
            & Domain("foreign_vat", "!=", False),
            order="sequence desc, id desc",
        )
        return {position.country_id: position.id for position in positions}

    # === EXCHANGE RATES === #

    @cached_property
    def base_currency(self):
        """The id of what Procurify converts to, or False if it does not say."""
        records = self.connection.env["procurify.record"].search(
            [
                ("connection_id", "=", self.connection.id),
                ("resource", "=", "currency"),
                ("state", "=", "done"),
                ("payload", "!=", False),
            ]
        )
        return next(
            (r.res_id for r in records if json.loads(r.payload).get("base") is True),
            False,
        )

    def _implied_rate(self, document):
        """Return the ImpliedRate of a document: units of its currency for one of the
        base currency, as far as its figures explain it."""
        raise NotImplementedError

    def _rate_day(self, document):
        """Return the day whose rate Odoo converts a document by; None: today."""
        raise NotImplementedError

    def _rate(self, draft, currency):
        """Return units of the document's currency for one of the company's, or None.

        That says nothing where Procurify's base currency is not the company's.
        """
        if not self._may_state_rate(currency):
            return None
        implied = self._implied_rate(draft.payload)
        if implied.is_doubtful:
            return self._known_rate(draft, implied.rates)
        if implied.rate == 1:
            # What a currency has whose rate nobody entered. Where two currencies are
            # worth the same, Odoo has that rate.
            return self._known_rate(draft, [implied.rate])
        return float(implied.rate) if implied.rate else None

    def _may_state_rate(self, currency):
        return (
            self.connection.rate_source == "procurify"
            and currency != self.company.currency_id
            and self.base_currency == self.company.currency_id.id
        )

    def _is_doubtful(self, draft, currency):
        """Whether Procurify states a converted total that nothing explains."""
        return (
            self._may_state_rate(currency)
            and self._implied_rate(draft.payload).is_doubtful
        )

    def _known_rate(self, draft, rates):
        """Return the rate at which this document is in Odoo already, if it still says
        that: an administrator types another rate into Procurify at any time."""
        written = self._written_rate(draft.record)
        return next((float(r) for r in rates if written and _is_same(r, written)), None)

    def _written_rate(self, record):
        """Return the rate that an earlier import took from Procurify, or None."""
        raise NotImplementedError


def _is_same(rate, written):
    return f"{float(rate):.6g}" == f"{written:.6g}"


def check_ids(name, entries):
    """Check that each entry of a list has an id of its own: one would replace another.

    :raises InvalidPayload: naming the second of two
    """
    seen = set()
    for number, entry in enumerate(entries):
        if entry.id in seen:
            reason = f"{entry.id} is also the id of another entry"
            raise InvalidPayload(f"{name}[{number}].id", reason)
        seen.add(entry.id)


# === WORDS AND PLACES OF LINES === #


def line_words(env, line):
    """Return a line's text in the language of ``env``.

    :param line: of a bill or an order, with ``kind`` and ``label``
    """
    plain, translated = _WORDS.get(line.kind, ("", ""))
    # A cost may have a name of its own, which may begin with this word.
    is_ours = line.kind != "cost" or line.label == plain
    if not (plain and is_ours and line.label.startswith(plain)):
        return line.label
    return env._(translated) + line.label.removeprefix(plain)  # pylint: disable=W8301


def html_text(text):
    """Return plain text of a person as HTML that says the same, or False."""
    return str(Markup("<br>").join(map(escape, text.splitlines()))) or False


def bill_places(bill):
    """Yield (source of a line's figures, JSON where its custom fields stand …)."""
    for item, data in zip(bill.items, bill.raw["items"], strict=True):
        ordered = data.get("orderitem")
        places = [data, ordered] if isinstance(ordered, dict) else [data]
        yield f"item {item.id}", *places


def order_places(order):
    """Yield the same of an order: what its header says counts for each line."""
    raw = order.raw["order_items"] or ()
    for line, data in zip(order.lines, raw, strict=True):
        yield f"line {line.id}", data, order.raw


class CustomPlans:
    """Knows the custom fields of one connection that have a plan."""

    def __init__(self, connection):
        self.connection = connection

    @cached_property
    def fields(self):
        """{number of a custom field: its procurify.custom.field} of those with one."""
        rows = self.connection.sudo().custom_field_ids
        return {row.field_number: row for row in rows.filtered("plan_id")}

    def values(self, *sources):
        """Return the CustomValue of each field with a plan.

        :param sources: JSON of the line, then of what it belongs to: the first that
            has a value for a field counts
        """
        found = {}
        for source in sources if self.fields else ():
            for field in custom_fields(source or {}):
                if field.id in self.fields and field.id not in found:
                    name = field.value
                    if isinstance(name, bool):
                        name = str(name).lower()
                    value = {"field": field.id, "field_label": field.label}
                    found[field.id] = CustomValue.from_json(value | {"name": name})
        return list(found.values())

    @cached_property
    def plan_ids(self):
        """{number of a custom field: id of its root plan}."""
        return {
            number: field.plan_id.root_id.id for number, field in self.fields.items()
        }

    def is_optional(self, value):
        """Return whether a line is booked without this value where it is not mapped."""
        return self.fields[value.field].policy == "optional"


# === THE CATCH-ALL VENDOR === #


class OtherVendor:
    """Whom the lines of one document name where its vendor is the catch-all «OTHER».

    Each name is a vendor of its own, which a person maps once: the same text on
    another document, in whatever case, is that vendor.
    """

    def __init__(self, vendor, texts):
        """:param texts: what the lines say; the catch-all's own name says nothing"""
        self.vendor = vendor
        own = normalise(vendor.name)
        named = {normalise(text): text for text in reversed(list(texts))}
        self.names = {key: text for key, text in named.items() if key not in ("", own)}

    @property
    def external_id(self):
        """What the vendor is staged under; without a name the catch-all itself."""
        key = next(iter(self.names), None)
        return f"{NAMED_PREFIX}{short_key(key)}" if key else self.vendor.external_id

    def mentioned(self):
        """Return what is staged for the name, as ``_resolve`` takes it."""
        if len(self.names) != 1:
            return {}
        [text] = self.names.values()
        data = {
            "id": self.vendor.id,
            "name": text,
            "type": VendorType.OTHER.value,
            "active": True,
        }
        payload = Vendor.from_json(data)
        return {("vendor", self.external_id): (data, payload)}


def is_other(vendor):
    """Return whether ``vendor`` is the catch-all; None is nobody."""
    return vendor is not None and vendor.type == VendorType.OTHER
