"""The states that people see of a document, by what became of it in Odoo.

*Posted* is what is in the ledger: a posted bill, or a confirmed order. *Draft* is
Odoo's own draft: a bill that is not posted, or a request for quotation.
"""

DOCUMENT_STATES = [
    ("queued", "Queued"),
    ("on_hold", "On hold"),
    ("draft", "Draft"),
    ("posted", "Posted"),
    ("cancelled", "Cancelled"),
    ("mapped", "Mapped"),
    ("excluded", "Excluded"),
    ("ignored", "Ignored"),
]
# States of the import that say it all → what people see.
BEFORE_ODOO = {
    "pending": "queued",
    "waiting": "queued",
    "quarantined": "on_hold",
    "excluded": "excluded",
    "ignored": "ignored",
}
# States of Odoo's bills and orders → what people see. Any other is a draft.
_IN_ODOO = {"posted": "posted", "purchase": "posted", "cancel": "cancelled"}
IN_ODOO = ("draft", "posted", "cancelled")


def in_odoo(state):
    """Return what people see of a document in Odoo that is in ``state``.

    :param state: of Odoo's bill or order; "" if it was deleted
    """
    return _IN_ODOO.get(state, "draft") if state else "cancelled"


def sql_cases():
    """Return (Odoo's states, what people see) of the states that are no draft."""
    return tuple(_IN_ODOO.items())
