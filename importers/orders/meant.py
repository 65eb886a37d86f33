"""What was meant of an order against what stays in Odoo."""

from odoo.tools import float_compare

from .revision import plain, same, shown

HEADER = (
    "partner_id",
    "currency_id",
    "date_order",
    "payment_term_id",
    "fiscal_position_id",
)
# Fields of a line, and the precision in which Odoo keeps a number.
LINE = {
    "product_id": None,
    "product_uom_id": None,
    "product_qty": "Product Unit",
    "price_unit": "Product Price",
    "discount": "Discount",
    "tax_ids": None,
    "analytic_distribution": None,
}


def differing(imported, drafts):
    """Return {draft: rows of what Odoo has otherwise than it was just written}.

    :param imported: OrderImport
    :param drafts: with ``meant``, and the ``target`` in Odoo
    """
    env = imported.env
    env.flush_all()
    digits = line_digits(env)
    ids = [draft.target.id for draft in drafts]
    present = env["purchase.order"].browse(ids).order_line
    found = {}
    for draft in drafts:
        if rows := _rows_of(imported, draft, present, digits):
            found[draft] = rows
    return found


def line_digits(env):
    """Return {field of a line: decimals that count, or None}."""
    precision = env["decimal.precision"].precision_get
    return {name: kind and precision(kind) for name, kind in LINE.items()}


def differing_requests(imported, drafts):
    """Return {draft: rows of what requests for quotation have otherwise than was just
    written}.

    :param imported: RequisitionImport
    :param drafts: with what was written in ``headers`` and ``lines``
    """
    env = imported.env
    env.flush_all()
    digits, found = line_digits(env), {}
    written = env["purchase.order.line"].union(*(li for d in drafts for li in d.lines))
    present = written.exists()
    for draft in drafts:
        own, rows = own_part(imported.plans, draft.lines.values()), []
        for request, header in draft.headers.items():
            rows += differences(request, header, dict.fromkeys(HEADER), own)
            rows += [
                only(env, plain(line, ("name", "product_qty")), "odoo")
                for line in request.order_line - written
            ]
        for line, values in draft.lines.items():
            if line in present:
                rows += differences(line, values, digits, own, line.name)
            else:
                rows.append(only(env, values, "procurify"))
        if rows:
            found[draft] = rows
    return found


def _rows_of(imported, draft, present, digits):
    """Return what one order has otherwise.

    :param present: the lines of all these orders that are there
    :param digits: {field of a line: decimals that count, or None}
    """
    header, lines = draft.meant
    own = own_part(imported.plans, draft.lines.values())
    rows = differences(draft.target, header, dict.fromkeys(HEADER), own)
    for line, values in lines.items():
        if line in present:
            rows += differences(line, values, digits, own, line.name)
        else:
            rows.append(only(imported.env, values, "procurify"))
    if draft.origin == "created":
        mine = draft.made.values()
        rows += [
            only(imported.env, plain(line, ("name", "product_qty")), "odoo")
            for line in draft.target.order_line
            if line not in mine
        ]
    return rows


def differences(document, meant, digits, own, label=""):
    """Return a row for each field that ``document`` has otherwise than meant.

    :param meant: JSON values; what is not in it, or None, is Odoo's or a person's
    :param digits: {field: decimals that count, or None}
    :param own: see :func:`own_part`
    """
    names = [n for n in digits if meant.get(n) is not None]
    now, rows = plain(document, names), []
    if "analytic_distribution" in now:
        name = "analytic_distribution"
        now[name] = own(now[name], meant[name])
    for name in names:
        if not _is_same(meant[name], now[name], digits[name]):
            title = document._fields[name]._description_string(document.env)
            text = (label or "").split("\n")[0]
            rows.append(
                {
                    "field": f"“{text}”, {title}" if text else title,
                    "applied": "",
                    "odoo": shown(document, name, now[name]),
                    "procurify": shown(document, name, meant[name]),
                }
            )
    return rows


def own_part(plans, lines):
    """Return what takes, of a distribution and what Procurify gives in its place, the
    part of the former that Procurify fills.

    :param plans: AnalyticPlans
    :param lines: JSON values of the lines of one document
    """
    plans.load([line.get("analytic_distribution") for line in lines])
    return lambda found, given: plans.own(found, plans.plans(given))


def _is_same(meant, now, digits):
    if digits is not None:
        return not float_compare(meant, now, precision_digits=digits)
    return same(meant, now)


def only(env, values, side):
    """Return the row of a line that only one side has.

    :param side: ``odoo`` or ``procurify``
    """
    name = (values.get("name") or "").split("\n")[0]
    row = {
        "field": env._("line “%s”", name),
        "applied": "",
        "odoo": "",
        "procurify": "",
    }
    return row | {side: f"{values.get('product_qty') or 0:g}"}
