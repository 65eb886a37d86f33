"""The issues for which a document may be held: stable codes, and their words."""

from typing import NamedTuple

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

# Of a reference that is not in Odoo.
UNKNOWN_CODES = {
    "currency": "unknown_currency",
    "account_code": "unknown_account",
    "location": "unknown_location",
    "department": "unknown_department",
    "vendor": "unknown_vendor",
    "tax": "unknown_tax",
    "unit": "unknown_unit",
    "payment_term": "unknown_payment_term",
    "catalog_item": "unknown_product",
}


class Hold(NamedTuple):
    """One reason to hold a record, before it is written as an issue.

    ``key`` says what the issue is about, so that all the records that it blocks
    share it; ``params`` are plain texts for the message; ``reference_id`` is the
    ``procurify.record`` whose mapping would cure it, if there is one.
    """

    code: str
    key: str
    params: dict
    reference_id: int = 0


# Only a setting cures these: one document that is done says nothing about the others.
BY_SETTING = frozenset({"date_not_explained"})

# code → (label, what happened, what to do). The label is a selection's and is
# translated by the ORM; the placeholders are the parameters that the importer
# gives with the code.
ISSUES = {
    "unknown_vendor": (
        "Unknown vendor",
        _lt("Vendor “%(value)s” is not mapped to a contact in Odoo."),
        _lt("Choose the contact, or create it and replay."),
    ),
    "ambiguous_vendor": (
        "Ambiguous vendor",
        _lt("Vendor “%(value)s” may be in Odoo already: %(found)s."),
        _lt("Choose the right contact, or create it if it is another one."),
    ),
    "several_vendors": (
        "Several vendors",
        _lt("The lines of a document of “%(value)s” name several vendors: %(found)s."),
        _lt("Split the document by vendor in Procurify."),
    ),
    "unknown_account": (
        "Unknown account",
        _lt("Account code “%(value)s” is not an account of the chart."),
        _lt("Choose the account, or create it and replay."),
    ),
    "archived_account": (
        "Archived account",
        _lt("Account code “%(value)s” is mapped to %(found)s, which is archived."),
        _lt("Unarchive the account, or choose another one."),
    ),
    "unknown_department": (
        "Unknown department",
        _lt("Department “%(value)s” is not mapped to an analytic account."),
        _lt("Choose the analytic account, or create it and replay."),
    ),
    "unknown_location": (
        "Unknown location",
        _lt("Location “%(value)s” is not mapped to an analytic account."),
        _lt("Choose the analytic account, or create it and replay."),
    ),
    "plan_conflict": (
        "One plan twice",
        _lt("%(value)s are mapped to analytic accounts of the same plan."),
        _lt("Map departments and locations to accounts of different plans."),
    ),
    "unknown_currency": (
        "Unknown currency",
        _lt("Currency “%(value)s” does not exist in Odoo."),
        _lt("Choose the currency that it stands for, or create it and replay."),
    ),
    "inactive_currency": (
        "Inactive currency",
        _lt("Currency %(value)s is not active in Odoo."),
        _lt("Activate the currency and replay."),
    ),
    "missing_rate": (
        "Missing exchange rate",
        _lt(
            "There is no exchange rate for %(value)s on or before the document's date, "
            "and the document states none."
        ),
        _lt("Enter a rate for that day or an earlier one, and replay."),
    ),
    "date_not_explained": (
        "Day not certain",
        _lt(
            "Procurify writes dates with a time of day, or another day than in its "
            "list: %(value)s. The day may be another one, for example in %(found)s. "
            "The bill stays a draft."
        ),
        _lt(
            "Choose on the connection whether the day as written counts, or the day in "
            "a time zone. The bill moves to that day and is posted."
        ),
    ),
    "rate_not_explained": (
        "Exchange rate not explained",
        _lt(
            "Procurify states a converted total for %(value)s that fits none of the "
            "document's totals at Procurify's rate."
        ),
        _lt(
            "Let the connection use Odoo's rate of the day for such documents, or "
            "correct the rate in Procurify."
        ),
    ),
    "unknown_tax": (
        "Unknown tax",
        _lt("Tax “%(value)s” is not mapped to a purchase tax in Odoo."),
        _lt("Choose the tax, or create it and replay."),
    ),
    "unknown_unit": (
        "Unknown unit",
        _lt("Unit “%(value)s” is not mapped to a unit of measure in Odoo."),
        _lt("Choose the unit, or create it and replay."),
    ),
    "unit_conflict": (
        "Unit does not convert",
        _lt("Unit “%(value)s” does not convert to the unit of %(found)s."),
        _lt("Map the item to another product, or relate the units in Odoo."),
    ),
    "unknown_payment_term": (
        "Unknown payment term",
        _lt("Payment term “%(value)s” is not mapped to one in Odoo."),
        _lt("Choose the payment term; no document waits for it."),
    ),
    "unknown_product": (
        "Unknown item",
        _lt("Catalogue item “%(value)s” is not mapped to a product in Odoo."),
        _lt("Choose the product, or create it and replay."),
    ),
    "ambiguous_product": (
        "Ambiguous item",
        _lt("Catalogue item “%(value)s” may be in Odoo already: %(found)s."),
        _lt("Choose the right product, or create it if it is another one."),
    ),
    "missing_product": (
        "No generic product",
        _lt("Lines that are only text need the connection's generic product."),
        _lt("Choose an active generic product on the connection."),
    ),
    "order_cancelled": (
        "Cancelled after booking",
        _lt("Procurify cancelled %(value)s, and %(found)s is received or billed."),
        _lt("Return or credit what was booked, cancel the order, and replay."),
    ),
    "order_undercut": (
        "Less than booked",
        _lt(
            "Procurify lowered “%(value)s” to %(expected)s, and %(found)s is received "
            "or billed."
        ),
        _lt("Correct the receipt or the bill and replay, or ignore the change."),
    ),
    "order_locked": (
        "Locked in Odoo",
        _lt("Procurify changed %(value)s, and somebody locked %(found)s in Odoo."),
        _lt("Unlock the order and replay, or ignore the change."),
    ),
    "cancelled_in_odoo": (
        "Cancelled in Odoo",
        _lt("Procurify changed %(value)s, and %(found)s is cancelled in Odoo."),
        _lt("Set it back to draft and replay, or open the document to choose."),
    ),
    "missing_allocation": (
        "Line without account",
        _lt("%(value)s carries no account code in Procurify."),
        _lt(
            "Code the line in Procurify, or set the account of uncoded lines on the "
            "connection."
        ),
    ),
    "total_mismatch": (
        "Total does not add up",
        _lt("Procurify's total is %(expected)s, its lines make %(found)s."),
        _lt(
            "Correct the bill in Procurify. Differences of some cents are booked once "
            "the connection has a rounding account."
        ),
    ),
    "odoo_total_mismatch": (
        "Odoo computes another total",
        _lt("Procurify's total is %(expected)s, Odoo computes %(found)s."),
        _lt("Check the rates and the rounding of the taxes that are mapped."),
    ),
    "tax_mismatch": (
        "Tax comes to something else",
        _lt(
            "Tax “%(value)s” is %(expected)s of %(net)s in Procurify; %(found)s, to "
            "which it is mapped, makes %(made)s of it."
        ),
        _lt("Choose the tax of Odoo that makes what Procurify says."),
    ),
    "several_currencies": (
        "Several currencies",
        _lt("Lines in %(found)s on a bill in %(value)s."),
        _lt("Split the bill by currency in Procurify."),
    ),
    "duplicate_bill": (
        "Already in Odoo",
        _lt("%(found)s has the same vendor and number as %(value)s."),
        _lt(
            "Adopt the one in Odoo, book this one too if it is another bill, or ignore "
            "it."
        ),
    ),
    "duplicate_order": (
        "Order already in Odoo",
        _lt("%(found)s, made by hand, has the same vendor and number as %(value)s."),
        _lt(
            "Adopt the one in Odoo, import this one too if it is another order, or "
            "ignore it."
        ),
    ),
    "changed_after_booking": (
        "Changed after booking",
        _lt(
            "Procurify changed this document, but %(found)s is posted or was edited "
            "in Odoo. Differences: %(value)s."
        ),
        _lt(
            "Open the document to choose: update what Odoo has, credit and book it "
            "anew, or keep it."
        ),
    ),
    "withdrawn": (
        "No longer approved",
        _lt("%(value)s is no longer approved in Procurify, but %(found)s is in Odoo."),
        _lt("Wait for the new approval, or cancel or reverse the bill in Odoo."),
    ),
    "deleted_in_procurify": (
        "Deleted in Procurify",
        _lt("%(value)s was deleted in Procurify, but %(found)s is posted."),
        _lt("Reverse the bill, or keep it: open the document to choose."),
    ),
    "closed_period": (
        "Closed period",
        _lt("The accounting date %(value)s is in a closed period: %(found)s."),
        _lt(
            "Open the period, or choose another policy for closed periods on the "
            "connection."
        ),
    ),
    "odoo_moved_date": (
        "Odoo books another day",
        _lt("%(value)s belongs on %(expected)s, Odoo books it on %(found)s."),
        _lt("Check the lock dates and the journal, and replay."),
    ),
    "target_deleted": (
        "Deleted in Odoo",
        _lt("%(value)s was mapped to a record that does not exist any more."),
        _lt("Choose another one, or import the document again."),
    ),
    "wrong_target": (
        "Mapping cannot be used",
        _lt("%(value)s is mapped to %(found)s, which cannot be used here."),
        _lt("Choose another record."),
    ),
    "several_companies": (
        "Several companies",
        _lt("The lines of %(value)s belong to several companies: %(found)s."),
        _lt(
            "Split the document by company in Procurify, or change the companies of "
            "the locations on the connection."
        ),
    ),
    "unrouted_location": (
        "Location without company",
        _lt("%(value)s is for a location that belongs to no company: %(found)s."),
        _lt("Give the location, or every other location, a company on the connection."),
    ),
    "no_connection": (
        "Company without connection",
        _lt("Documents of %(found)s belong to that company, for which nobody books."),
        _lt(
            "Set up a connection of that company to the same tenant, or change the "
            "companies of the locations."
        ),
    ),
    "booked_elsewhere": (
        "In another company's books",
        _lt("%(value)s belongs here by now, but %(found)s has it in its books."),
        _lt("Cancel it there and replay, or ignore it here."),
    ),
    "moved_company": (
        "Another company's by now",
        _lt(
            "Procurify moved %(value)s to a location of another company: %(expected)s. "
            "It is in the books of %(found)s."
        ),
        _lt(
            "Open the document to choose: keep what Odoo has, or update it in the "
            "company that has it."
        ),
    ),
    "access_denied": (
        "Not allowed",
        _lt("The integration user may not do this: %(value)s"),
        _lt("Give the integration user the right, and replay."),
    ),
    "odoo_refused": (
        "Refused by Odoo",
        _lt("Odoo refused the document: %(value)s"),
        _lt("Mend what the message says, and replay."),
    ),
    "posting_refused": (
        "Not posted",
        _lt("Odoo refused to post the bill, which stays a draft: %(value)s"),
        _lt(
            "Mend what the message says. It is tried again when the bill changes, and "
            "once a day."
        ),
    ),
    "confirmation_refused": (
        "Not confirmed",
        _lt("Odoo did not confirm the order, which stays a request: %(value)s"),
        _lt(
            "Mend what the message says, or approve the order. It is tried again when "
            "the order changes, and once a day."
        ),
    ),
    "booked_otherwise": (
        "Booked otherwise",
        _lt("What is in Odoo differs from what was meant: %(value)s."),
        _lt(
            "Check the automation rules and other addons that change such documents. "
            "Open the document to choose: bring it to what was meant, or keep it."
        ),
    ),
    "invalid_payload": (
        "Unreadable document",
        _lt("Procurify's document cannot be read: %(value)s"),
        _lt("Replay after the document was corrected in Procurify."),
    ),
    "unreadable": (
        "Unreadable in Procurify",
        _lt("%(value)s cannot be read from Procurify: %(found)s."),
        _lt(
            "It is tried again by itself, after longer and longer pauses and each "
            "night. If it stays, open it in Procurify, and tell Procurify's support."
        ),
    ),
    "undocumented_value": (
        "Undocumented value",
        _lt("The document has %(value)s, which Procurify does not document."),
        _lt("Ask for an update of the connector, then replay; or ignore the document."),
    ),
    "unexpected": (
        "Unexpected error",
        _lt("The connector failed on this document: %(value)s"),
        _lt("Tell the administrator; the server's log has the details."),
    ),
}

_ADOPT = _lt(
    "Adopt the one in Odoo, book this one too if it is another bill, or ignore it."
)
# (code, rule) → (what happened, what to do), where several rules lead to one code. The
# rule is one of the parameters.
_BY_RULE = {
    ("duplicate_bill", "order_lines"): (
        _lt("%(found)s, which is not from Procurify, bills order lines of %(value)s."),
        _ADOPT,
    ),
    ("duplicate_bill", "amount"): (
        _lt(
            "%(found)s, which is not from Procurify, has the same vendor, amount and "
            "date as %(value)s."
        ),
        _ADOPT,
    ),
    ("duplicate_order", "order_amount"): (
        _lt(
            "%(found)s, made by hand, has the same vendor, amount and date as "
            "%(value)s."
        ),
        ISSUES["duplicate_order"][2],
    ),
    ("duplicate_bill", "other_year"): (
        _lt("%(found)s has the same vendor and number as %(value)s, in another year."),
        _lt(
            "Book this one too if the vendor starts its numbers anew each year. If "
            "not, adopt the one in Odoo, or ignore this one."
        ),
    ),
}


def texts(code, params):
    """Return (what happened, what to do) of an issue, as texts to translate."""
    by_rule = _BY_RULE.get((code, (params or {}).get("rule")))
    return by_rule or ISSUES[code][1:]
