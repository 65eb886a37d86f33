"""Two contacts that are one vendor: duplicates hide behind the second one."""

import re

from .names import compare


def same_vendor(one, other):
    """Return whether two contacts of Odoo are, or may be, one vendor.

    They are of one company, have one tax id, or names that fit or nearly do. Two tax
    ids are two vendors, whatever their names are.

    :returns: bool
    """
    one, other = one.commercial_partner_id, other.commercial_partner_id
    if not (one and other):
        return False
    if one == other:
        return True
    numbers = _tax_number(one), _tax_number(other)
    if all(numbers):
        return numbers[0] == numbers[1]
    return compare(one.name or "", other.name or "", legal=True) is not None


def _tax_number(partner):
    return re.sub(r"\W", "", partner.vat or "").upper()
