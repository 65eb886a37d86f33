"""The signals of payment safety: stable codes, and their words."""

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

# Codes are stored: a code keeps its meaning. The labels are a selection's, and are
# translated by the ORM.
SIGNALS = [
    ("bank_changed", "Bank data changed"),
    ("first_bill", "First bill of the vendor"),
    ("above_order", "Above the order"),
    ("same_amount", "Same vendor and amount"),
    ("name_changed", "Vendor name changed"),
]
# The kind of a fact → its sentence. The placeholders are the fact's parameters.
SENTENCES = {
    "bank_added": _lt("Bank account %(account)s was added on %(date)s."),
    "bank_changed": _lt("Bank account %(account)s was changed on %(date)s."),
    "ways_changed": _lt(
        "The vendor's payment methods in Procurify changed on %(date)s."
    ),
    "last_paid": _lt("The last bill of this vendor was paid on %(date)s."),
    "never_paid": _lt("No bill of this vendor was paid yet."),
    "first_bill": _lt("There is no earlier bill of this vendor in Odoo."),
    "above_order": _lt(
        "Order %(order)s comes to %(ordered)s without tax. With this bill, %(billed)s "
        "is billed: %(excess)s more."
    ),
    "same_amount": _lt("%(other)s of %(date)s has the same vendor and amount."),
    "renamed": _lt(
        "Procurify changed the vendor's name on %(date)s from “%(before)s” to "
        "“%(after)s”."
    ),
    "other_name": _lt("The vendor is “%(before)s” in Procurify and “%(after)s” here."),
}
