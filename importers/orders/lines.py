"""Values of one purchase order line, kept as JSON and written where it is needed."""

from odoo.fields import Command

# The sources of lines that are only cents: between Procurify's own figures, and between
# Odoo's and Procurify's.
SETTLEMENT = "settlement"
_CENTS = ("rounding", SETTLEMENT)


def plain_line(name, product, unit, quantity, price, planned):
    """Return the JSON values of a line without taxes, analytic accounts and receipt.

    :param quantity: float in ``unit``
    :param price: float per piece, in the order's currency
    :param planned: a day, as ``at_noon`` gives it
    """
    return {
        "name": name,
        "product_id": product.id,
        "product_uom_id": unit.id,
        "product_qty": quantity,
        "price_unit": price,
        "discount": 0.0,
        "date_planned": planned,
        "tax_ids": [],
        "analytic_distribution": False,
        "qty_received": None,
    }


def quantity_and_price(pricing, quantity, price, amount):
    """Return (quantity, price) as floats: the pieces, else one piece at ``amount``.

    :param pricing: LinePricing of the company
    :param quantity: Decimal, or None where it does not make the amount
    """
    if (
        quantity is None
        or price is None
        or not pricing.keeps(quantity, pricing.unit_digits)
        or not pricing.keeps_order_price(price)
    ):
        return 1.0, float(amount)
    return float(quantity), float(price)


def on_requests(connection, lines):
    """Return those of ``lines`` that are on requests which a requisition made.

    A draft that no purchase order of Procurify is linked to is one.
    """
    drafts = lines.filtered(lambda line: line.state in ("draft", "sent"))
    orders = connection.env["procurify.record"].search_fetch(
        [
            ("connection_id", "=", connection.id),
            ("resource", "=", "purchase_order"),
            ("res_id", "in", drafts.order_id.ids),
        ],
        ["res_id"],
    )
    taken = set(orders.mapped("res_id"))
    return drafts.filtered(lambda line: line.order_id.id not in taken)


def counts(unit, product, generic):
    """Return whether an order line of ``product`` can be counted in ``unit``.

    The generic product has no stock; another's is counted in what converts to its
    own unit.
    """
    if not unit:
        return False
    return product == generic or unit._has_common_reference(product.uom_id)


def created_line(values, source=""):
    """Return a line's values as ``create`` takes them.

    The price is a person's in Odoo's eyes: no pricelist revises it.

    :param source: what the line is in Procurify
    """
    written = {name: value for name, value in values.items() if value is not None}
    return written | {
        "tax_ids": [Command.set(values["tax_ids"])],
        "technical_price_unit": -1.0,
        "procurify_kind": carried_kind(source),
    }


def carried_kind(source):
    """Return what bills carry of a line without billing it, by its source."""
    if source.startswith("extra tax"):
        return "tax"
    return "rounding" if source in _CENTS else False


def written_line(line, changes):
    """Return ``changes`` of a line as ``write`` takes them.

    Without its price beside it, a new quantity would make Odoo look for another price.
    """
    written = dict(changes)
    if "tax_ids" in written:
        written["tax_ids"] = [Command.set(written["tax_ids"])]
    if "product_qty" in written or "product_uom_id" in written:
        for name in ("price_unit", "name", "date_planned", "discount"):
            written.setdefault(name, line[name])
    if "product_id" in written:
        written.setdefault("analytic_distribution", line.analytic_distribution)
        written.setdefault("product_uom_id", line.product_uom_id.id)
        written.setdefault("tax_ids", [Command.set(line.tax_ids.ids)])
    return written
