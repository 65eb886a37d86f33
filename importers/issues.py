"""The issues that may put a document on hold: stable codes, and their words."""

from typing import NamedTuple

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

# Of a reference that is not in Odoo.
UNKNOWN_CODES = {
    "currency": "unknown_currency",
    "account_code": "unknown_account",
    "location": "unknown_location",
    "department": "unknown_department",
    "custom_value": "unknown_custom_value",
    "vendor": "unknown_vendor",
    "tax": "unknown_tax",
    "unit": "unknown_unit",
    "payment_term": "unknown_payment_term",
    "catalog_item": "unknown_product",
}


class Hold(NamedTuple):
    """Why a record is on hold, before it is written as an issue.

    ``key`` says what the issue is about, so that all the records that it blocks
    share it; ``params`` are plain texts for the message; ``reference_id`` is the
    ``procurify.record`` whose mapping would cure it, if there is one.
    """

    code: str
    key: str
    params: dict
    reference_id: int = 0


# Only a setting cures these: one document that is done says nothing about the others.
BY_SETTING = frozenset({"date_not_explained", "finding_not_confirmed"})

# code → (label, what happened, what to do). The label is a selection's and is
# translated by the ORM; the placeholders are the parameters that the importer
# gives with the code.
ISSUES = {
    "unknown_vendor": (
        "Unknown vendor",
        _lt("No contact in Odoo matches vendor “%(value)s”."),
        _lt("Choose the contact, or create it in Odoo."),
    ),
    "ambiguous_vendor": (
        "Ambiguous vendor",
        _lt("Vendor “%(value)s” may already be in Odoo: %(found)s."),
        _lt("Choose the right contact, or create a new one if none of them is right."),
    ),
    "several_vendors": (
        "Several vendors",
        _lt(
            "The lines of one document of “%(value)s” have several vendors: %(found)s."
        ),
        _lt("Split the document by vendor in Procurify."),
    ),
    "unknown_account": (
        "Unknown account",
        _lt("No account in your chart matches code “%(value)s”."),
        _lt("Choose the account, or create it in Odoo."),
    ),
    "archived_account": (
        "Archived account",
        _lt("Account code “%(value)s” is mapped to %(found)s, which is archived."),
        _lt("Unarchive the account, or choose another one."),
    ),
    "unknown_department": (
        "Unknown department",
        _lt("No analytic account matches department “%(value)s”."),
        _lt("Choose the analytic account, or create it in Odoo."),
    ),
    "unknown_location": (
        "Unknown location",
        _lt("No analytic account matches location “%(value)s”."),
        _lt("Choose the analytic account, or create it in Odoo."),
    ),
    "unknown_custom_value": (
        "Unknown custom field value",
        _lt("No analytic account matches the custom field value “%(value)s”."),
        _lt("Choose the analytic account, or create it in Odoo."),
    ),
    "plan_conflict": (
        "Same plan used twice",
        _lt("%(value)s are mapped to analytic accounts of the same plan."),
        _lt("Map departments and locations to accounts of different plans."),
    ),
    "unknown_currency": (
        "Unknown currency",
        _lt("Currency “%(value)s” does not exist in Odoo."),
        _lt("Choose the matching currency, or create it in Odoo."),
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
            "and the document has none."
        ),
        _lt("Enter an exchange rate in Odoo for this date or an earlier one."),
    ),
    "date_not_explained": (
        "Uncertain date",
        _lt(
            "Procurify sent a date with a time of day, or another date than in its "
            "list: %(value)s. The right date may differ, for example in %(found)s. The "
            "bill stays a draft."
        ),
        _lt(
            "Choose on the connection whether to use the date as written or the date "
            "in a time zone. The bill then moves to this date and is posted."
        ),
    ),
    "finding_not_confirmed": (
        "Finding not confirmed",
        _lt(
            "This Procurify converts amounts differently than assumed: %(value)s The "
            "bill stays a draft."
        ),
        _lt(
            "Look at the examples under Findings. If the drafts are right, confirm the "
            "finding. The bills are then posted."
        ),
    ),
    "rate_not_explained": (
        "Exchange rate not explained",
        _lt(
            "Procurify's converted total for %(value)s matches none of the document's "
            "totals at Procurify's rate."
        ),
        _lt(
            "Correct the rate in Procurify, or set the connection to use Odoo's rate "
            "for such documents."
        ),
    ),
    "unknown_tax": (
        "Unknown tax",
        _lt("No purchase tax in Odoo matches tax “%(value)s”."),
        _lt("Choose the tax, or create it in Odoo."),
    ),
    "unknown_unit": (
        "Unknown unit",
        _lt("No unit of measure in Odoo matches unit “%(value)s”."),
        _lt("Choose the unit, or create it in Odoo."),
    ),
    "unit_conflict": (
        "Unit does not convert",
        _lt("Unit “%(value)s” does not convert to the unit of %(found)s."),
        _lt("Map the item to another product, or change the unit in Odoo."),
    ),
    "unknown_payment_term": (
        "Unknown payment term",
        _lt("No payment term in Odoo matches “%(value)s”."),
        _lt(
            "Choose the payment term, or create it in Odoo. Documents are imported "
            "without it."
        ),
    ),
    "unknown_product": (
        "Unknown item",
        _lt("No product in Odoo matches catalogue item “%(value)s”."),
        _lt("Choose the product, or create it in Odoo."),
    ),
    "ambiguous_product": (
        "Ambiguous item",
        _lt("Catalogue item “%(value)s” may already be in Odoo: %(found)s."),
        _lt("Choose the right product, or create a new one if none of them is right."),
    ),
    "missing_product": (
        "No generic product",
        _lt("Lines without a catalogue item need a generic product on the connection."),
        _lt("Choose an active generic product on the connection."),
    ),
    "order_cancelled": (
        "Cancelled after booking",
        _lt(
            "Procurify cancelled %(value)s, but %(found)s is already received or "
            "billed."
        ),
        _lt("Return or credit what was booked, cancel the order in Odoo, and replay."),
    ),
    "order_undercut": (
        "Less than booked",
        _lt(
            "Procurify reduced “%(value)s” to %(expected)s, but %(found)s is already "
            "received or billed."
        ),
        _lt("Correct the receipt or the bill and replay, or ignore the change."),
    ),
    "order_locked": (
        "Locked in Odoo",
        _lt("Procurify changed %(value)s, but %(found)s is locked in Odoo."),
        _lt("Unlock the order and replay, or ignore the change."),
    ),
    "cancelled_in_odoo": (
        "Cancelled in Odoo",
        _lt("Procurify changed %(value)s, but %(found)s is cancelled in Odoo."),
        _lt("Reset it to draft and replay, or open the document and choose."),
    ),
    "missing_allocation": (
        "Line without account",
        _lt("%(value)s has no account code in Procurify."),
        _lt(
            "Add the account code in Procurify, or choose an account for lines without "
            "a code on the connection."
        ),
    ),
    "total_mismatch": (
        "Total does not add up",
        _lt(
            "Procurify's total is %(expected)s, but its lines add up to %(found)s "
            "(difference %(difference)s)."
        ),
        _lt(
            "Correct the bill in Procurify. For differences of some cents, choose a "
            "rounding account on the connection."
        ),
    ),
    "odoo_total_mismatch": (
        "Odoo computes a different total",
        _lt(
            "Procurify's total is %(expected)s, but Odoo computes %(found)s "
            "(difference %(difference)s)."
        ),
        _lt("Check the rates and the rounding of the mapped taxes."),
    ),
    "tax_mismatch": (
        "Different tax amount",
        _lt(
            "Tax “%(value)s” on %(net)s is %(expected)s in Procurify, but the mapped "
            "tax %(found)s gives %(made)s."
        ),
        _lt("Choose the tax in Odoo that gives the same amount as Procurify."),
    ),
    "several_currencies": (
        "Several currencies",
        _lt("The bill is in %(value)s, but it has lines in %(found)s."),
        _lt("Split the bill by currency in Procurify."),
    ),
    "duplicate_bill": (
        "Already in Odoo",
        _lt("%(found)s has the same vendor and number as %(value)s."),
        _lt(
            "Adopt the bill in Odoo. If this is another bill, import it too, or ignore "
            "it."
        ),
    ),
    "duplicate_order": (
        "Order already in Odoo",
        _lt(
            "%(found)s was made manually and has the same vendor and number as "
            "%(value)s."
        ),
        _lt(
            "Adopt the order in Odoo. If this is another order, import it too, or "
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
            "Open the document and choose: update it in Odoo, credit and re-bill, or "
            "keep Odoo's version."
        ),
    ),
    "withdrawn": (
        "No longer approved",
        _lt("%(value)s is no longer approved in Procurify, but %(found)s is in Odoo."),
        _lt("Wait for a new approval, or cancel or reverse the bill in Odoo."),
    ),
    "deleted_in_procurify": (
        "Deleted in Procurify",
        _lt("%(value)s was deleted in Procurify, but %(found)s is posted."),
        _lt("Open the document and choose: reverse the bill or keep it."),
    ),
    "closed_period": (
        "Closed period",
        _lt("The accounting date %(value)s is in a closed period: %(found)s."),
        _lt(
            "Reopen the period, or choose another policy for closed periods on the "
            "connection."
        ),
    ),
    "before_start_date": (
        "Moved before the start date",
        _lt(
            "Procurify moved %(value)s to %(found)s, which is before the connection's "
            "start date, %(expected)s."
        ),
        _lt(
            "Open the document and choose: update it in Odoo, or keep Odoo's version. "
            "If the earlier books already have it, cancel it in Odoo."
        ),
    ),
    "odoo_moved_date": (
        "Odoo uses a different date",
        _lt(
            "%(value)s should be booked on %(expected)s, but Odoo books it on "
            "%(found)s."
        ),
        _lt("Check the lock dates and the journal, and replay."),
    ),
    "target_deleted": (
        "Deleted in Odoo",
        _lt("%(value)s was mapped to a record that no longer exists."),
        _lt("Choose another record, or import the document again."),
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
            "locations on the connection."
        ),
    ),
    "unrouted_location": (
        "Location without company",
        _lt("%(value)s is for a location without a company: %(found)s."),
        _lt(
            "Choose a company for this location, or for every other location, on the "
            "connection."
        ),
    ),
    "no_connection": (
        "Company without connection",
        _lt("Documents of %(found)s belong to a company that has no connection."),
        _lt(
            "Set up a connection for this company to the same tenant, or change the "
            "companies of locations."
        ),
    ),
    "booked_elsewhere": (
        "Booked in another company",
        _lt("%(value)s now belongs to this company, but it is booked in %(found)s."),
        _lt("Cancel it there and replay, or ignore it here."),
    ),
    "moved_company": (
        "Moved to another company",
        _lt(
            "Procurify moved %(value)s to a location of another company: %(expected)s. "
            "It is booked in %(found)s."
        ),
        _lt(
            "Open the document and choose: keep Odoo's version, or update it in the "
            "company where it is booked."
        ),
    ),
    "access_denied": (
        "Not allowed",
        _lt("The integration user does not have the right to do this: %(value)s"),
        _lt("Give the integration user the right and replay."),
    ),
    "odoo_refused": (
        "Refused by Odoo",
        _lt("Odoo refused the document: %(value)s"),
        _lt("Correct what the message says and replay."),
    ),
    "posting_refused": (
        "Not posted",
        _lt("Odoo refused to post the bill, which stays a draft: %(value)s"),
        _lt(
            "Correct what the message says. The connector tries again when the bill "
            "changes, and once a day."
        ),
    ),
    "remote_refused": (
        "Refused by the remote Odoo",
        _lt("The remote Odoo does not have the document: %(value)s"),
        _lt(
            "Correct in the remote Odoo what the message says, then replay. It is also "
            "sent again when the document changes in Procurify."
        ),
    ),
    "confirmation_refused": (
        "Not confirmed",
        _lt(
            "Odoo did not confirm the order, which stays a request for quotation: "
            "%(value)s"
        ),
        _lt(
            "Correct what the message says, or approve the order. The connector tries "
            "again when the order changes, and once a day."
        ),
    ),
    "booked_otherwise": (
        "Changed by Odoo",
        _lt("The document in Odoo differs from what the connector wrote: %(value)s."),
        _lt(
            "Check for automation rules or other addons that change such documents. "
            "Open the document and choose: update it in Odoo, or keep Odoo's version."
        ),
    ),
    "invalid_payload": (
        "Unreadable document",
        _lt("Procurify's document cannot be read: %(value)s"),
        _lt("Correct the document in Procurify, then replay."),
    ),
    "unreadable": (
        "Unreadable in Procurify",
        _lt("%(value)s cannot be read from Procurify: %(found)s."),
        _lt(
            "The connector tries again automatically, at growing intervals and each "
            "night. If this continues, open it in Procurify and contact Procurify's "
            "support."
        ),
    ),
    "undocumented_value": (
        "Undocumented value",
        _lt("The document has %(value)s, which Procurify does not document."),
        _lt("Update the connector and replay, or ignore the document."),
    ),
    "unexpected": (
        "Unexpected error",
        _lt("The connector failed on this document: %(value)s"),
        _lt("Contact your administrator. The server's log has the details."),
    ),
}

_ADOPT = _lt(
    "Adopt the bill in Odoo. If this is another bill, import it too, or ignore it."
)
_OTHERWISE_IGNORE = _lt(
    "If both are right, import this one too. Otherwise ignore it, and correct it in "
    "Procurify."
)
_NOT_THIS_KIND = _lt(
    "Cancel or reverse the bill in Odoo, or keep it. The connection can also import "
    "such bills."
)
# (code, rule) → (what happened, what to do), where several rules lead to one code. The
# rule is one of the parameters.
_BY_RULE = {
    ("withdrawn", "expense_bill"): (
        _lt("%(value)s is an expense in Procurify now, but %(found)s is in Odoo."),
        _NOT_THIS_KIND,
    ),
    ("withdrawn", "card_bill"): (
        _lt(
            "%(value)s is a credit card bill in Procurify now, but %(found)s is in "
            "Odoo."
        ),
        _NOT_THIS_KIND,
    ),
    ("duplicate_bill", "order_lines"): (
        _lt("%(found)s is not from Procurify and bills order lines of %(value)s."),
        _ADOPT,
    ),
    ("duplicate_bill", "amount"): (
        _lt(
            "%(found)s is not from Procurify and has the same vendor, amount and date "
            "as %(value)s."
        ),
        _ADOPT,
    ),
    ("duplicate_bill", "other_tenant"): (
        _lt(
            "%(found)s is of another Procurify tenant and has the same vendor, amount "
            "and date as %(value)s, and one of the two has no number."
        ),
        _OTHERWISE_IGNORE,
    ),
    ("duplicate_bill", "credited"): (
        _lt(
            "%(value)s and %(found)s together take back more of an order's line than "
            "was billed of it."
        ),
        _OTHERWISE_IGNORE,
    ),
    ("duplicate_order", "order_amount"): (
        _lt(
            "%(found)s was made manually and has the same vendor, amount and date as "
            "%(value)s."
        ),
        ISSUES["duplicate_order"][2],
    ),
    ("duplicate_order", "other_tenant"): (
        _lt(
            "%(found)s is of another Procurify tenant and has the same vendor, number "
            "and amount as %(value)s."
        ),
        _OTHERWISE_IGNORE,
    ),
    ("duplicate_bill", "other_year"): (
        _lt(
            "%(found)s has the same vendor and number as %(value)s, but in another "
            "year."
        ),
        _lt(
            "If the vendor restarts its numbers each year, import this bill too. "
            "Otherwise adopt the bill in Odoo, or ignore this one."
        ),
    ),
}

# Their value quotes what a document has in Odoo, which not every reviewer may read.
QUOTING = frozenset({"booked_otherwise", "changed_after_booking"})


def texts(code, params):
    """Return (what happened, what to do) of an issue, as texts to translate."""
    by_rule = _BY_RULE.get((code, (params or {}).get("rule")))
    return by_rule or ISSUES[code][1:]
