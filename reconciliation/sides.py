"""The two sides of a reconciliation: what Procurify says, and what Odoo holds.

Both speak of the same places: ``(currency, dimension, key)`` → Decimal, signed as
Procurify signs (a refund is negative). Every dimension adds up to ``total``.
"""

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property, partial
from typing import NamedTuple

from odoo.fields import Domain
from odoo.tools import SQL

from ..importers.documents import (
    CustomPlans,
    OtherVendor,
    bill_places,
    is_other,
    order_places,
)
from ..importers.lines.pricing import (
    LineTaxes,
    known_taxes,
    taxed,
    unfit_taxes,
    with_taxes,
)
from ..procurify import RESOURCES, InvalidPayload, read_json
from ..procurify.arithmetic import bill_figures, with_own_rates
from ..procurify.order_arithmetic import live_lines, order_figures
from .line import PLAN

DIMENSIONS = ("total", "vendor", "account", "tax", "department", "location")
TAX = "tax"  # the key of what no account and no analytic account of a line carries
NONE = ""  # the key of what has no analytic account
_DEFAULT_CENT = Decimal("0.01")
_MAPPED = (
    *("currency", "account_code", "department", "location", "vendor", "tax"),
    "custom_value",
)


class ProcurifySide:
    """Adds up the payloads of one connection with the arithmetic of the import.

    What is mapped is named by the id of its Odoo record, the rest by its text.
    """

    def __init__(self, connection):
        """:param connection: with the rights of the user who asks"""
        self.connection = connection.sudo()
        self.env = connection.env
        self.mapped = self._mapped()
        currencies = self.env["res.currency"].with_context(active_test=False).search([])
        self.currencies = {currency.id: currency for currency in currencies}
        self.by_name = {currency.name: currency for currency in currencies}
        self.custom = CustomPlans(connection)
        self.plan_dimensions = {
            plan_id: f"{PLAN} {plan_id}" for plan_id in self.custom.plan_ids.values()
        }
        self._booked_values = {}

    def _mapped(self):
        """Return {(resource, external id): id of the Odoo record}."""
        rows = self.connection.env["procurify.record"].search_fetch(
            Domain("connection_id", "=", self.connection.id)
            & Domain("resource", "in", _MAPPED)
            & Domain("state", "=", "done")
            & Domain("res_id", "!=", False),
            ["resource", "external_id", "res_id"],
        )
        partners = self.connection.env["res.partner"].browse(
            row.res_id for row in rows if row.resource == "vendor"
        )
        heads = {p.id: p.commercial_partner_id.id for p in partners.exists()}
        return {
            (row.resource, row.external_id): (
                heads.get(row.res_id, row.res_id)
                if row.resource == "vendor"
                else row.res_id
            )
            for row in rows
        }

    def prepare(self, records):
        """Read for a batch which values of custom fields each document was booked with.

        What was imported before a field had a plan is not expected on that plan.
        """
        self._booked_values = defaultdict(set)
        if not self.custom.fields:
            return
        mentions = self.connection.env["procurify.mention"].search_fetch(
            Domain("document_id", "in", records.ids)
            & Domain("mention_id.resource", "=", "custom_value"),
            ["document_id", "mention_id"],
        )
        for mention in mentions:
            booked = self._booked_values[mention.document_id.id]
            booked.add(mention.mention_id.external_id)

    def payload(self, record, text):
        """Return the payload of ``record``, or None where it cannot be read."""
        try:
            return RESOURCES[record.resource].payload.from_json(read_json(text))
        except InvalidPayload:
            return None

    def amounts(self, record, document):
        """Return ({place: amount}, tolerance) of a bill's or an order's payload.

        :returns: what a part of the total may differ by, besides; see ``Line``
        :raises InvalidPayload: an amount cannot be one
        """
        currency = self._currency(document)
        cent = _DEFAULT_CENT
        if currency:
            cent = Decimal(1).scaleb(-currency.decimal_places)
        tolerance = Decimal(0)
        if record.resource == "bill":
            figures = self._with_own_taxes(bill_figures(document, cent), currency)
            found = self._bill_places(figures)
            values = self._custom_values(record, bill_places(document))
        else:
            figures = order_figures(document, cent)
            found, tolerance = self._order_places(figures), self._tolerance(figures)
            values = self._custom_values(record, order_places(document))
        found |= self._plan_places(figures, values, found["department", TAX])
        found[("total", "")] = figures.total
        found[("vendor", self._vendor(record, document))] = figures.total
        name = currency.name if currency else self._currency_name(document)
        places = {(name, *place): amount for place, amount in found.items() if amount}
        return places, tolerance

    def _currency(self, document):
        """Return the document's res.currency, or None."""
        if not document.currency:
            return None
        key = ("currency", document.currency.external_id)
        currency = self.currencies.get(self.mapped.get(key))
        return currency or self.by_name.get(document.currency.code)

    @staticmethod
    def _currency_name(document):
        """Return how Procurify calls a currency that Odoo does not know."""
        return document.currency and document.currency.code or "?"

    def _vendor(self, record, document):
        vendor = document.vendor
        if not vendor:
            return document.vendor_name or NONE
        external_id = vendor.external_id
        if is_other(vendor):
            texts = self._vendor_texts(record, document)
            external_id = OtherVendor(vendor, texts).external_id
        return self.mapped.get(("vendor", external_id), vendor.name)

    @staticmethod
    def _vendor_texts(record, document):
        if record.resource == "bill":
            items = [i.order_item for i in document.items if i.order_item]
            return [item.vendor_text for item in items]
        return [line.vendor_text for line in live_lines(document)]

    # === TAXES THAT A NAME ALONE DOES NOT SHOW === #

    def _with_own_taxes(self, figures, currency):
        """Return figures with the taxes that the import put in the place of those whose
        names stand for several rates, see ``NamedTaxes``."""
        if not currency or not any(
            li.tax and li.tax.is_estimated for li in figures.lines
        ):
            return figures
        made_instead = partial(self._made_instead, currency=currency)
        unfit = unfit_taxes(taxed(figures), currency, made_instead)
        said = {tax: (tax, rates) for tax, (rates, _wrong) in unfit.items()}
        if not said:
            return figures
        return with_taxes(figures, with_own_rates(said, self._known_taxes))

    def _made_instead(self, tax, amounts, currency):
        """Return what the mapped tax charges instead of what Procurify says, or None.

        :param amounts: (net, tax, quantity)
        """
        target = self._taxes.get(self.mapped.get(("tax", tax.external_id)))
        if not target:
            return None
        net, amount, quantity = amounts
        return self._line_taxes.contradiction(
            target, net, amount, currency, float(quantity or 1), None
        )

    @cached_property
    def _taxes(self):
        """{id: account.tax} of what is mapped."""
        ids = [res_id for (name, _id), res_id in self.mapped.items() if name == "tax"]
        taxes = self.env["account.tax"].with_context(active_test=False)
        return {tax.id: tax for tax in taxes.search(Domain("id", "in", ids))}

    @cached_property
    def _line_taxes(self):
        return LineTaxes(self.env.company)

    @cached_property
    def _known_taxes(self):
        return known_taxes(self.connection)

    # === PLACES === #

    def _bill_places(self, figures):
        """Return {(dimension, key): amount} of a bill."""
        places = defaultdict(Decimal)
        for line in figures.lines:
            places["account", self._account(line.account_code)] += line.amount
            # What is taxed, with its tax: also a rate of zero has a place.
            places["tax", self._tax(line.tax)] += line.amount + line.tax_amount
            for share in line.shares:
                for dimension, key in self._cost_centres(share.department):
                    places[dimension, key] += share.amount
        net = sum((line.amount for line in figures.lines), Decimal(0))
        taxes = figures.computed - net
        if figures.residue:
            account = self.connection.rounding_account_id
            places["account", account.id or NONE] += figures.residue
        for dimension in ("account", "department", "location"):
            places[dimension, TAX] += taxes
        for dimension in ("tax", "department", "location"):
            places[dimension, NONE] += figures.residue
        return dict(places)

    def _order_places(self, figures):
        """Return {(dimension, key): amount} of an order: by tax, what is taxed.

        Taxes of lines and cents of rounding are one place: Odoo rounds otherwise.
        """
        places = defaultdict(Decimal)
        for line in figures.lines:
            places["tax", self._tax(line.tax)] += line.amount
            for share in line.shares:
                for dimension, key in self._cost_centres(share.department):
                    places[dimension, key] += share.amount
        net = sum((line.amount for line in figures.lines), Decimal(0))
        extras = sum((extra.amount for extra in figures.extras), Decimal(0))
        for dimension in ("tax", "department", "location"):
            places[dimension, NONE] += extras
            places[dimension, TAX] += figures.total - net - extras
        return dict(places)

    def _custom_values(self, record, places):
        """Return {source of a line's figures: its CustomValue that are booked}."""
        if not self.custom.fields:
            return {}
        booked = self._booked_values[record.id]
        return {
            source: [
                value
                for value in self.custom.values(*sources)
                if value.external_id in booked
            ]
            for source, *sources in places
        }

    def _plan_places(self, figures, values, taxes):
        """Return {(dimension, key): amount} of the plans of custom fields."""
        places = defaultdict(Decimal)
        for dimension in self.plan_dimensions.values():
            places[dimension, NONE] += figures.total - taxes
            places[dimension, TAX] += taxes
        for line in figures.lines:
            for value in values.get(line.source, ()):
                account = self.mapped.get(("custom_value", value.external_id))
                dimension = self.plan_dimensions[self.custom.plan_ids[value.field]]
                places[dimension, account or NONE] += line.amount
                places[dimension, NONE] -= line.amount
        return dict(places)

    def _tolerance(self, figures):
        """Return by how much the parts of an order may differ: a cent a line, and what
        percentages of so few digits cannot say of a line that is split."""
        split = [line for line in figures.lines if len(line.shares) > 1]
        lost = sum((abs(li.amount) * len(li.shares) for li in split), Decimal(0))
        return figures.tolerance + lost * self._share_quantum / 200

    @cached_property
    def _share_quantum(self):
        digits = self.env["decimal.precision"].precision_get("Percentage Analytic")
        return Decimal(1).scaleb(-digits)

    def _tax(self, tax):
        if not tax:
            return NONE
        return self.mapped.get(("tax", tax.external_id), tax.label)

    def _account(self, code):
        if not code:
            return self.connection.unallocated_account_id.id or NONE
        return self.mapped.get(("account_code", code.external_id), code.label)

    def _cost_centres(self, department):
        """Yield (dimension, key) of a line's share."""
        branch = department.branch if department else None
        for dimension, payload in (("department", department), ("location", branch)):
            known = payload and self.mapped.get((dimension, payload.external_id))
            yield dimension, known or NONE


class _Item(NamedTuple):
    """One journal item; a tax's own one stands under the tax that was chosen."""

    is_tax: bool
    account_id: int | None
    amount: Decimal
    distribution: dict | None
    tax_id: int | None


class OdooSide:
    """Reads documents with the rights of the user who asks: two queries per batch."""

    def __init__(self, procurify):
        """:param procurify: the other side, which knows what is mapped to what"""
        self.procurify = procurify
        self.env = procurify.env
        self.dimensions = self._dimensions()
        self.analytic = (
            *("department", "location"),
            *procurify.plan_dimensions.values(),
        )

    def _dimensions(self):
        """Return {analytic account: dimension}: by what it is mapped to, else by its
        plan, where the accounts that are mapped lie in it or custom fields have it."""
        mapped = {
            res_id: resource
            for (resource, _id), res_id in self.procurify.mapped.items()
            if resource in ("department", "location")
        }
        accounts = self.env["account.analytic.account"].with_context(active_test=False)
        found = accounts.search([])
        plans = self.procurify.plan_dimensions | {
            a.root_plan_id.id: mapped[a.id] for a in found if a.id in mapped
        }
        return {
            a.id: mapped.get(a.id) or plans[a.root_plan_id.id]
            for a in found
            if a.id in mapped or a.root_plan_id.id in plans
        }

    # === BILLS === #

    def bills(self, ids):
        """Return {id: (move, {place: amount})}, less what was credited of each.

        A cancelled bill is nothing; one that is gone is not in the result.
        """
        moves = self.env["account.move"].search_fetch(
            Domain("id", "in", ids) | Domain("reversed_entry_id", "in", ids),
            [
                "name",
                "state",
                "currency_id",
                "commercial_partner_id",
                "invoice_date",
                "date",
                "journal_id",
                "amount_total_in_currency_signed",
                "reversed_entry_id",
            ],
        )
        lines = self._lines(moves)
        wanted = set(ids)
        documents = {move.id: move for move in moves if move.id in wanted}
        places = {i: defaultdict(Decimal) for i in documents}
        for move in moves:
            is_own = move.id in documents
            original = move.id if is_own else move.reversed_entry_id.id
            counts = move.state == "posted" or (is_own and move.state == "draft")
            if original in places and counts:
                currency = move.currency_id.name
                for place, amount in self._bill_places(move, lines[move.id]).items():
                    places[original][(currency, *place)] += amount
        return {i: (move, _booked(places[i])) for i, move in documents.items()}

    def _lines(self, moves):
        """Return {move id: [_Item]} of the journal items that say what is booked."""
        items = self.env["account.move.line"]
        domain = Domain("move_id", "in", moves.ids) & Domain(
            "display_type", "in", ("product", "tax")
        )
        items.flush_model()
        query = items._search(domain)
        rows = self.env.execute_query(
            query.select(
                SQL.identifier("account_move_line", "move_id"),
                SQL("account_move_line.display_type = 'tax'"),
                SQL.identifier("account_move_line", "account_id"),
                SQL("account_move_line.amount_currency::text"),
                SQL.identifier("account_move_line", "analytic_distribution"),
                SQL(
                    """
                    COALESCE(
                        account_move_line.group_tax_id,
                        account_move_line.tax_line_id,
                        (SELECT MIN(account_tax_id)
                           FROM account_move_line_account_tax_rel AS rel
                          WHERE rel.account_move_line_id = account_move_line.id)
                    )
                    """
                ),
            )
        )
        lines = defaultdict(list)
        for move_id, is_tax, account_id, amount, distribution, tax_id in rows:
            lines[move_id].append(
                _Item(is_tax, account_id, Decimal(amount), distribution, tax_id)
            )
        return lines

    def _bill_places(self, move, items):
        cent = Decimal(1).scaleb(-move.currency_id.decimal_places)
        total = -_exact(move.amount_total_in_currency_signed, cent)
        places = defaultdict(Decimal)
        places["total", ""] = total
        places["vendor", move.commercial_partner_id.id or NONE] = total
        for item in items:
            places["tax", item.tax_id or NONE] += item.amount
        lines = [item for item in items if not item.is_tax]
        for item in lines:
            places["account", item.account_id or NONE] += item.amount
            for dimension in self.analytic:
                shares = self._shares(dimension, item.amount, item.distribution, cent)
                for key, share in shares.items():
                    places[dimension, key] += share
        taxes = total - sum((item.amount for item in lines), Decimal(0))
        for dimension in ("account", *self.analytic):
            places[dimension, TAX] += taxes
        # What is neither a line nor a tax, such as a discount, has no tax.
        places["tax", NONE] += total - sum((i.amount for i in items), Decimal(0))
        return places

    def _shares(self, dimension, amount, distribution, cent):
        """Return {analytic account or NONE: amount} of one item in a dimension."""
        shares, rest = defaultdict(Decimal), amount
        for key, percent in (distribution or {}).items():
            numbers = [int(number) for number in key.split(",") if number.isdigit()]
            mine = [n for n in numbers if self.dimensions.get(n) == dimension]
            if mine:
                share = _exact(amount * Decimal(str(percent)) / 100, cent)
                shares[mine[0]] += share
                rest -= share
        shares[NONE] += rest
        return shares

    # === ORDERS === #

    def orders(self, ids):
        """Return {id: (order, {place: amount})}; a cancelled order is nothing."""
        orders = self.env["purchase.order"].search_fetch(
            Domain("id", "in", ids),
            ["name", "state", "currency_id", "partner_id", "amount_total"],
        )
        lines = self.env["purchase.order.line"].search_fetch(
            Domain("order_id", "in", orders.ids) & Domain("display_type", "=", False),
            [
                "order_id",
                "price_subtotal",
                "tax_ids",
                "analytic_distribution",
                "procurify_kind",
            ],
        )
        by_order = lines.grouped("order_id")
        found = {}
        for order in orders:
            places = {}
            if order.state != "cancel":
                places = self._order_places(order, by_order.get(order, ()))
            currency = order.currency_id.name
            placed = {(currency, *place): amount for place, amount in places.items()}
            found[order.id] = (order, _booked(placed))
        return found

    def _order_places(self, order, lines):
        """Return {(dimension, key): amount} of an order; cents of rounding stand beside
        its taxes."""
        cent = Decimal(1).scaleb(-order.currency_id.decimal_places)
        total = rest = _exact(order.amount_total, cent)
        places = defaultdict(Decimal)
        places["total", ""] = total
        places["vendor", order.partner_id.commercial_partner_id.id] = total
        for line in lines:
            if line.procurify_kind == "rounding":
                continue
            amount = _exact(line.price_subtotal, cent)
            rest -= amount
            places["tax", min(line.tax_ids.ids, default=NONE)] += amount
            for dimension in self.analytic:
                distribution = line.analytic_distribution
                shares = self._shares(dimension, amount, distribution, cent)
                for key, share in shares.items():
                    places[dimension, key] += share
        for dimension in ("tax", *self.analytic):
            places[dimension, TAX] += rest
        return places


def _booked(places):
    """Return the places that hold something."""
    return {place: amount for place, amount in places.items() if amount}


def _exact(amount, cent):
    """Return an amount that Odoo rounded, in whole coins."""
    return Decimal(str(amount)).quantize(cent, ROUND_HALF_UP)
