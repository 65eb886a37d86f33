"""Purchase orders of one batch: references, issues, values to write."""

from functools import cached_property

from ...procurify.arithmetic import quantity_text
from ...procurify.order_arithmetic import live_lines, order_figures
from ...procurify.rates import implied_order_rate
from ...tools.instants import at_noon, naive
from ..documents import (
    DocumentImport,
    check_ids,
    html_text,
    line_words,
    order_places,
)
from ..totals import check_stated_total
from .lines import (
    counts,
    created_line,
    on_requests,
    plain_line,
    quantity_and_price,
)

_ROUNDING = "procurify_connector.product_rounding"


class OrderImport(DocumentImport):
    """Prepares the values of purchase orders, see OrderDraft."""

    def __init__(self, env, batch):
        super().__init__(env, batch)
        self._received_by_hand = {}
        self.generic = self.connection.product_id.with_env(env)
        self.has_generic = bool(self.generic.exists() and self.generic.active)

    def _add_up(self, document, cent):
        check_ids("order_items", live_lines(document))
        return order_figures(document, cent)

    def _implied_rate(self, document):
        return implied_order_rate(document)

    def _written_rate(self, record):
        applied = record.applied_state or {}
        if "rate" in applied or not record.res_id:
            return applied.get("rate")
        return self.env["purchase.order"].browse(record.res_id).currency_rate

    def _rate_day(self, document):
        return document.date

    # === REFERENCES === #

    def _mentioned_by(self, draft):
        mentioned, document = {}, draft.payload
        for line in draft.figures.lines:
            if line.tax:
                mentioned |= self._synthetic("tax", line.tax)
            if line.unit:
                mentioned |= self._synthetic("unit", line.unit)
        for data, line in zip(
            document.raw["order_items"] or (), document.lines, strict=True
        ):
            mentioned["order_item", line.external_id] = (data, line)
        return mentioned | self._mentioned_custom(draft)

    def _line_sources(self, document):
        return order_places(document)

    def _vendor_texts(self, document):
        return [line.vendor_text for line in live_lines(document)]

    def _prepare_targets(self):
        self.products = self.targets("product.product")
        self.units = self.targets("uom.uom")
        self.partners = self.targets("res.partner")
        self.buyers = self._find_buyers()
        self._sort_out_lines()

    def _sort_out_lines(self):
        """Part the lines of orders from those of requests that a requisition made."""
        found = list(self.targets("purchase.order.line"))
        lines = self.env["purchase.order.line"].browse(found)
        live = lines.filtered(lambda line: line.state != "cancel")
        requested = on_requests(self.connection, live)
        self._requested = {line.id: line for line in requested}
        self.owners = {line.id: line.order_id.id for line in live - requested}

    def _find_buyers(self):
        """Return {e-mail address: user} of the orders' buyers who work in Odoo."""
        emails = {draft.payload.buyer_email.lower() for draft in self.drafts}
        users = self.env["res.users"].search(
            [
                ("login", "in", list(filter(None, emails))),
                ("company_ids", "in", self.company.ids),
            ]
        )
        return {user.login.lower(): user for user in users}

    # === CHECKS === #

    def _check(self, draft):
        currency = self._currency(draft)
        self._check_vendor(draft)
        self._check_currencies(
            draft, [line.currency_name for line in draft.payload.lines]
        )
        check_stated_total(draft, currency, bookable=True)
        self._check_taxes(draft, currency)
        self._check_generic(draft)
        draft.custom = self._custom_values(draft)
        items = {f"line {line.id}": line for line in draft.payload.lines}
        lines = {
            line.source: self._line_values(draft, line, items[line.source], currency)
            for line in draft.figures.lines
            if not self._bought_elsewhere(draft.record, items[line.source])
        }
        lines |= self._extra_lines(draft)
        if draft.is_writable:
            draft.values = self._header_values(draft, currency) | {
                "fiscal_position_id": self._fiscal_position(
                    tax_id for line in lines.values() for tax_id in line["tax_ids"]
                )
            }
            draft.items, draft.lines = items, lines

    def _check_generic(self, draft):
        if not self.has_generic:
            draft.hold("missing_product", "generic")

    # === LINES === #

    def item(self, source):
        """Return the staged order item of a source, or an empty record."""
        number = source.removeprefix("line ")
        reference = self.references.get(("order_item", number))
        return reference.record if reference else self.batch.records.browse()

    def _bought_elsewhere(self, record, line):
        """Whether the line stands on another order by now.

        Procurify gives a line that went back to the procurement list to the next
        order under the same id, and this order's payload may be the older one.
        """
        item = self.item(f"line {line.id}")
        mine = record.res_id and record.res_id == self.owners.get(item.res_id)
        if mine or item.res_id not in self.owners or not item.remote_modified:
            return False
        stamp = _stamp(line)
        return not stamp or stamp < item.remote_modified

    @staticmethod
    def stamp(draft, source):
        """Return when the line was last changed in Procurify, as Odoo keeps it."""
        line = draft.items.get(source)
        return line and _stamp(line)

    def requested(self, draft):
        """Return {source: line of a request for quotation} of an order's lines."""
        found = {}
        for source in draft.lines:
            line = self._requested.get(self.item(source).res_id)
            if line:
                found[source] = line
        return found

    def linked(self, draft):
        """Return {source: id} of the items that are lines of the order already."""
        found = {}
        for source in draft.lines:
            line_id = self.item(source).res_id
            if self.owners.get(line_id) == draft.found.id:
                found[source] = line_id
        return found

    def requested_values(self, draft, source, line):
        """Return what makes ``line``, which was requested, the order's own."""
        values = draft.lines[source]
        return created_line(self.filled(values, line.partner_id, line))

    def _line_values(self, draft, line, item, currency):
        """Return what one line of the order writes, as JSON values.

        :param line: its figures
        :param item: the line of the payload
        """
        product = self._product(draft, item)
        unit, label = self._unit(draft, line, product)
        tax_id = line.tax and self._target(draft, "tax", line.tax.external_id)
        tax = self.taxes.get(tax_id)
        quantity, price = self._quantity_and_price(line, tax, currency)
        if not line.by_amount and quantity != float(line.quantity):
            text = quantity_text(line.quantity, item.unit, line.unit_price)
            label = f"{label} ({text})"
        return plain_line(
            name=label,
            product=product,
            unit=unit,
            quantity=quantity,
            price=price,
            planned=self._planned(draft.payload),
        ) | {
            "tax_ids": [tax_id] if tax_id else [],
            "analytic_distribution": self._distribution(draft, line),
            "qty_received": self._received(line, item, quantity, product),
        }

    def _product(self, draft, line):
        """Return the product of the line's catalogue item, or the generic one."""
        item = line.catalog_item
        if not item:
            return self.generic
        reference = self.references["catalog_item", item.external_id]
        if reference.target_id:
            return self.products[reference.target_id]
        if reference.record.excluded_rule != "generic_product":
            self._target(draft, "catalog_item", item.external_id)
        return self.generic

    def _unit(self, draft, line, product):
        """Return (uom.uom, the line's text): the text has a unit that has no place.

        A quantity counts the product's stock only in a unit that converts to the
        product's own.
        """
        own = product.uom_id
        if not line.unit:
            return own, line.label
        reference = self.references["unit", line.unit.external_id]
        unit = self.units.get(reference.target_id)
        if counts(unit, product, self.generic):
            return unit, line.label
        if self.connection.unit_policy == "hold" and unit:
            draft.hold(
                "unit_conflict", value=line.unit.name, found=product.display_name
            )
        elif self.connection.unit_policy == "hold":
            self._target(draft, "unit", line.unit.external_id)
        return own, f"{line.label} ({line.unit.name})"

    def _quantity_and_price(self, line, tax, currency):
        """Return what makes exactly the line's amount in Odoo."""
        quantity, price = None if line.by_amount else line.quantity, line.unit_price
        amount = self.pricing.price_with_included(
            tax, line.amount, line.tax_amount, currency
        )
        if amount != line.amount:
            price = amount / quantity if quantity else price
        return quantity_and_price(self.pricing, quantity, price, amount)

    def _distribution(self, draft, line):
        """Return the analytic distribution: an order may be some cents off in it."""
        amounts = [share.amount for share in line.shares]
        custom = draft.custom.get(line.source, ())
        keys = [self._analytic_key(draft, share, custom) for share in line.shares]
        return self.pricing.nearest_distribution(line.amount, amounts, keys)

    def _received(self, line, item, quantity, product):
        """Return the received quantity, or None where it is Odoo's business."""
        if self.connection.receipt_policy != "set":
            return None
        if not self._is_received_by_hand(product):
            return None
        if not line.by_amount and quantity == float(line.quantity):
            return float(item.received)
        return float(item.received / item.quantity) if item.quantity else 0.0

    def _is_received_by_hand(self, product):
        """Whether Odoo lets a person enter what was received: where its Inventory
        receives goods, a quantity written on the line would pretend a receipt."""
        if product not in self._received_by_hand:
            line = self.env["purchase.order.line"].new({"product_id": product.id})
            self._received_by_hand[product] = line.qty_received_method == "manual"
        return self._received_by_hand[product]

    def _extra_lines(self, draft):
        """Return the lines of tax, freight, other and discount of the header.

        Procurify bills them as items of their own, which find these lines again.
        """
        figures, extras = draft.figures, {}
        for number, extra in enumerate(figures.extras):
            key = f"extra {extra.kind}"
            key = f"{key} {number}" if key in extras else key
            extras[key] = (line_words(self.env, extra), extra.amount)
        if figures.residue and figures.adds_up:
            text = self.env._(
                "Rounding: Procurify's total is %(total)s, its lines add up to "
                "%(lines)s",
                total=figures.total,
                lines=figures.computed,
            )
            extras["rounding"] = (text, figures.residue)
        return {
            source: self.extra_line(draft, label, amount, billed=source != "rounding")
            for source, (label, amount) in extras.items()
        }

    @cached_property
    def _rounding_product(self):
        return self.env.ref(_ROUNDING, raise_if_not_found=False) or self.generic

    def extra_line(self, draft, label, amount, *, billed):
        """Return the values of a line that is only an amount.

        :param billed: a bill will come for it; cents of rounding have none
        """
        product = self.generic if billed else self._rounding_product
        return plain_line(
            name=label,
            product=product,
            unit=product.uom_id,
            quantity=1.0,
            price=float(amount),
            planned=self._planned(draft.payload),
        )

    @staticmethod
    def shorten(draft, order=None):
        """Expect of a closed order no more than was received or billed.

        :param order: the order as it is in Odoo, if it is there
        """
        if not draft.payload.is_closed:
            return
        known = (draft.record.applied_state or {}).get("lines", {})
        mine = {line.id: line for line in order.order_line} if order else {}
        for source, values in draft.lines.items():
            item = draft.items.get(source)
            if not item or not item.quantity or item.received >= item.quantity:
                continue
            line = mine.get(known.get(source, {}).get("id"))
            booked = line._procurify_booked_quantity() if line else 0.0
            # A line that is one amount shrinks in proportion.
            share = float(item.received / item.quantity)
            rest = max(values["product_qty"] * share, booked)
            values["product_qty"] = min(values["product_qty"], rest)
            draft.is_shortened = True

    # === HEADER === #

    def _header_values(self, draft, currency):
        """Return what the order's header writes, as JSON values."""
        order = draft.payload
        buyer = self.buyers.get(order.buyer_email.lower())
        term = order.payment_term and self._optional_target(
            "payment_term", order.payment_term.external_id
        )
        return {
            "partner_id": draft.vendor_id,
            "currency_id": currency.id,
            "origin": " / ".join(
                dict.fromkeys(filter(None, (order.label, order.external_number)))
            ),
            "date_order": at_noon(order.date),
            "payment_term_id": term or False,
            # Procurify's taxes are final: no fiscal position replaces them.
            "fiscal_position_id": False,
            "note": html_text(order.comment),
            "user_id": buyer.id if buyer else False,
        }

    def _planned(self, order):
        """Return the promised day."""
        return at_noon(order.promise_date or order.date)

    def currency_rate(self, draft):
        """Return the rate frozen at purchase, or None for Odoo's own."""
        return self._rate(draft, self.currencies[draft.values["currency_id"]])


def _stamp(line):
    return line.modified and naive(line.modified)
