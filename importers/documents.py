"""Documents of one batch: what they come to, and what holds them."""

import json
from decimal import Decimal
from functools import cached_property

from markupsafe import Markup, escape

from odoo.fields import Domain

from .issues import UNKNOWN_CODES
from .lines.named_taxes import NamedTaxes
from .matching.other_vendor import OtherVendor, is_other
from .references import ReferenceImport

_DEFAULT_CENT = Decimal("0.01")


class DocumentImport(ReferenceImport):
    """Checks the documents of a batch completely and prepares their values.

    Nothing is written here but what documents mention (see ``_resolve``). Every
    document is either held with all its reasons, or has values in ``values``.
    """

    def __init__(self, env, batch):
        super().__init__(env, batch)
        self.reckonings = {}
        self.values = {}
        self.totals = {}
        self.vendors = {}
        self._held_taxes = set()

    def run(self):
        """Fill ``values`` and ``totals``, and hold what cannot be booked."""
        self._reckon_all()
        self._resolve_all()
        NamedTaxes(self).part()
        self._prepare_targets()
        for record, document in self.documents.items():
            self._check_company(record)
            self._check(record, document)

    # === WHAT A KIND OF DOCUMENT SAYS === #

    def _reckon(self, document, cent):
        """Compute what ``document`` writes.

        :param cent: the smallest coin of its currency
        :raises InvalidPayload: an amount cannot be one
        """
        raise NotImplementedError

    def _mentioned_by(self, record, document):
        """Return what only this kind of document mentions, as ``_resolve`` takes it."""
        raise NotImplementedError

    def _vendor_texts(self, document):
        """Yield whom the lines name as their vendor, where that is free text."""
        raise NotImplementedError

    def _prepare_targets(self):
        """Read, for the whole batch, what was found of the references."""

    def _check(self, record, document):
        """Hold ``record`` with every reason, or note its values."""
        raise NotImplementedError

    # === REFERENCES === #

    def _reckon_all(self):
        """Compute what each document writes, by the coin of its currency."""
        cents = self._cents()
        for record, document in self.documents.items():
            number = document.currency and document.currency.external_id
            with self._holding_unreadable(record):
                self.reckonings[record] = self._reckon(
                    document, cents.get(number, _DEFAULT_CENT)
                )
        self.documents = {r: self.documents[r] for r in self.reckonings}

    def _cents(self):
        """Return {currency's id in Procurify: smallest coin}.

        Its name there is free text: the currency that it is mapped to tells, else
        the one that is called so.
        """
        mentioned = {d.currency for d in self.documents.values() if d.currency}
        rows = self.connection.env["procurify.record"].search_fetch(
            Domain("connection_id", "=", self.connection.id)
            & Domain("resource", "=", "currency")
            & Domain("external_id", "in", [c.external_id for c in mentioned])
            & Domain("res_id", "!=", False),
            ["external_id", "res_id"],
        )
        mapped = {row.external_id: row.res_id for row in rows}
        currencies = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search(
                Domain("id", "in", list(mapped.values()))
                | Domain("name", "in", [c.code for c in mentioned])
            )
        )
        cents = {c.id: Decimal(1).scaleb(-c.decimal_places) for c in currencies}
        by_name = {c.name: cents[c.id] for c in currencies}
        return {
            c.external_id: cents.get(
                mapped.get(c.external_id), by_name.get(c.code, _DEFAULT_CENT)
            )
            for c in mentioned
        }

    def _resolve_all(self):
        """Resolve what all the documents refer to, together."""
        mentioned = {}
        for record, document in self.documents.items():
            with self._holding_unreadable(record):
                named = self._embedded(document)
                named |= self._mentioned_by(record, document)
                if is_other(document.vendor):
                    named |= self._other(document).mentioned()
                self.batch.mention(record, named)
                mentioned |= named
        unreadable = self.batch.holds
        self.documents = {
            record: document
            for record, document in self.documents.items()
            if record not in unreadable
        }
        self._resolve(mentioned)
        self.taxes = self.targets("account.tax")
        self.currencies = {c.id: c for c in self.env["res.currency"].search([])}
        self.base_currency = self._base_currency()

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

    def _check_vendor(self, record, document):
        if is_other(document.vendor):
            self._check_other_vendor(record, self._other(document))
        elif document.vendor:
            vendor = document.vendor.external_id
            self.vendors[record] = self._target(record, "vendor", vendor)
        else:
            name = document.vendor_name or self.env._("(none)")
            key = f"{record.resource}/{record.external_id}"
            self.batch.hold(record, UNKNOWN_CODES["vendor"], key, value=name)

    def _check_other_vendor(self, record, other):
        """Hold a document of the catch-all until its lines' one vendor is mapped."""
        if len(other.names) > 1:
            self.batch.hold(
                record,
                "several_vendors",
                f"{record.resource}/{record.external_id}",
                value=other.vendor.name,
                found=", ".join(other.names.values()),
            )
        else:
            self.vendors[record] = self._target(record, "vendor", other.external_id)

    def _check_currencies(self, record, document, names):
        """Hold a document whose lines are in other currencies than itself."""
        code = document.currency.code if document.currency else ""
        if others := set(names) - {code, ""}:
            self.batch.hold(
                record, "several_currencies", value=code, found=", ".join(others)
            )

    def _currency(self, record, document):
        """Return the document's res.currency, or an empty one after holding it."""
        none = self.env["res.currency"]
        if not document.currency:
            key = f"{record.resource}/{record.external_id}"
            self.batch.hold(record, "unknown_currency", key, value="?")
            return none
        target_id = self._target(record, "currency", document.currency.external_id)
        currency = self.currencies.get(target_id, none)
        if currency and not self._rate(record, currency):
            self._check_rate(record, document, currency)
        return currency

    def _check_rate(self, record, document, currency):
        """Hold a document that Odoo's rate of the day is not to convert, or cannot."""
        is_held = self.connection.unexplained_rate_policy == "hold"
        if is_held and self._is_doubtful(record, currency):
            self.batch.hold(
                record, "rate_not_explained", currency.name, value=currency.name
            )
        else:
            self._check_odoo_rate(record, currency, self._rate_day(document))

    def _check_total(self, record, currency, *, bookable):
        """Hold a document whose lines do not make its total.

        :param bookable: a difference within a cent per line can be written
        """
        reckoning = self.reckonings[record]
        if reckoning.residue and not (reckoning.adds_up and bookable):
            name = currency.name or ""
            self.batch.hold(
                record,
                "total_mismatch",
                expected=f"{reckoning.total} {name}".strip(),
                found=f"{reckoning.computed} {name}".strip(),
            )

    def _check_taxes(self, record, currency):
        """Hold a document with a tax that Odoo charges otherwise than Procurify.

        Both come to the same, but for roundings, where the tax is mapped to the right
        one. A line that is split over accounts is looked at as a whole.
        """
        if not currency:
            return
        for (_source, tax), amounts in self.taxed(record).items():
            made = self.made_instead(tax, amounts, currency)
            if made is not None:
                self.hold_tax(record, tax, (*amounts[:2], made))

    def taxed(self, record):
        """Return {(source, tax): (net, tax, quantity)} of a document's taxed lines."""
        sums = {}
        for line in self.reckonings[record].lines:
            if line.tax:
                key = line.source, line.tax
                net, amount, quantity = sums.get(key, (0, 0, line.quantity))
                sums[key] = net + line.amount, amount + line.tax_amount, quantity
        return sums

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

    def hold_tax(self, record, tax, amounts):
        """Hold ``record``: its ``tax`` is (net, tax, what Odoo makes of it)."""
        reference = self.references["tax", tax.external_id]
        target = self.taxes[reference.target_id]
        net, amount, made = amounts
        key = f"tax/{tax.external_id}"
        if (record, key) not in self._held_taxes:
            self._held_taxes.add((record, key))
            self.batch.hold(
                record,
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

    def _base_currency(self):
        """Return the id of what Procurify converts to, or False if it does not tell."""
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

    def _rate(self, record, currency):
        """Return units of the document's currency for one of the company's, or None.

        That says nothing where Procurify's base currency is not the company's.
        """
        if not self._may_state_rate(currency):
            return None
        implied = self._implied_rate(self.documents[record])
        if implied.is_doubtful:
            return self._known_rate(record, implied.rates)
        return float(implied.rate) if implied.rate else None

    def _may_state_rate(self, currency):
        return (
            self.connection.rate_source == "procurify"
            and self.base_currency == self.company.currency_id.id
            and currency != self.company.currency_id
        )

    def _is_doubtful(self, record, currency):
        """Tell whether Procurify states a converted total that nothing explains."""
        return (
            self._may_state_rate(currency)
            and self._implied_rate(self.documents[record]).is_doubtful
        )

    def _known_rate(self, record, rates):
        """Return the rate at which this document is in Odoo already, if it still says
        that: an administrator types another rate into Procurify at any time."""
        written = self._written_rate(record)
        return next((float(r) for r in rates if written and _is_same(r, written)), None)

    def _written_rate(self, record):
        """Return the rate that an earlier import took from Procurify, or None."""
        raise NotImplementedError


def _is_same(rate, written):
    return f"{float(rate):.6g}" == f"{written:.6g}"


def html_text(text):
    """Return plain text of a person as HTML that says the same, or False."""
    return str(Markup("<br>").join(map(escape, text.splitlines()))) or False
