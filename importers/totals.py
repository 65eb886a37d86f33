"""Where a document's total is checked: its lines against it, and Odoo's total too."""

from odoo.tools import float_compare

from .issues import Hold


def check_stated_total(draft, currency, *, bookable):
    """Hold a document whose lines do not add up to its total.

    :param bookable: a difference within a cent per line can be written
    """
    figures = draft.figures
    if figures.residue and not (figures.adds_up and bookable):
        name = currency.name or ""
        draft.hold(
            "total_mismatch",
            expected=f"{figures.total} {name}".strip(),
            found=f"{figures.computed} {name}".strip(),
        )


def bill_total_hold(draft):
    """Return the Hold of a written bill whose total in Odoo is not Procurify's.

    :returns: None if both are equal
    """
    move, total = draft.target, float(draft.total)
    currency = move.currency_id
    digits = currency.decimal_places
    # By its digits: where Odoo rounds to 0.05, 10.03 and 10.05 are equal to it.
    if not float_compare(move.amount_total, total, precision_digits=digits):
        return None
    params = {
        "expected": f"{total:.{digits}f} {currency.name}",
        "found": f"{move.amount_total:.{digits}f} {currency.name}",
    }
    return Hold("odoo_total_mismatch", draft.key, params)


def order_total_hold(draft, currency, computed):
    """Return the Hold of an order that is off by more than roundings.

    :param computed: what Odoo's lines come to
    :returns: None if a line of cents can make up for the difference
    """
    expected = float(draft.figures.total)
    rest = currency.round(expected - computed)
    tolerance = float(draft.figures.tolerance)
    if currency.compare_amounts(abs(rest), tolerance) <= 0:
        return None
    places = currency.decimal_places
    params = {
        "expected": f"{expected:.{places}f}",
        "found": f"{computed:.{places}f}",
    }
    return Hold("odoo_total_mismatch", draft.key, params)
