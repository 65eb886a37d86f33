"""Reading lists: from which moment on, what came for each object, and what it names."""

from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from ..procurify import (
    RESOURCES,
    Bill,
    ForbiddenError,
    InvalidPayload,
    MissingObject,
    Order,
    UnreadableObject,
    calendar_date,
    clean_text,
    normalise_uuid,
)
from .tenant import open_client

# Rows changed shortly before the watermark are read again: Procurify stamps a row
# before its transaction becomes visible. A filter by date counts days in an unknown
# time zone, so it needs a full day on each side.
OVERLAPS = {"datetime": timedelta(minutes=15), "date": timedelta(days=2)}
BEGINNING = datetime(2000, 1, 1)  # nothing in Procurify is older

FIRST_PAUSE = timedelta(minutes=10)
LONGEST_PAUSE = timedelta(days=1)
MOST_PATHS = 50  # of unreadable fields that are kept by name
NAMELESS = "row-"  # begins the id of a row that has none
# What is known again, or was never to be read.
READABLE = {
    "read_error": False,
    "read_failures": 0,
    "read_again_at": False,
    "read_from": False,
}

# Field of a list's row with the date and the name of the document.
_DATE_FIELDS = {"bill": "invoice_date", "purchase_order": "date"}
_NAME_FIELDS = {"bill": "invoice_number", "purchase_order": "number"}


# === FROM WHICH MOMENT ON === #


def window_of(resource, modified, created, latest=None):
    """Return the filters of a list as aware UTC instants; empty: read everything.

    :param modified: naive UTC watermark of changes, or False
    :param created: naive UTC watermark of creations, or False
    :param latest: naive UTC instant at or before which the window starts
    """
    if not (resource.modified_filter and modified):
        return {}
    start = _start(modified, latest)
    filters = {"since": aware(start - OVERLAPS[resource.modified_grain])}
    if is_read_by_creation(resource):
        start = _start(created or modified, latest)
        filters["created_since"] = aware(start - OVERLAPS["date"])
    return filters


def _start(watermark, latest):
    return max(min(watermark, latest or watermark), BEGINNING)


def aware(instant):
    """Return a naive UTC instant as an aware one."""
    return instant.replace(tzinfo=timezone.utc)


def is_read_by_creation(resource):
    """Return whether new objects come from a list of their own."""
    return any(variant.created_filter for variant in resource.variants)


# === WHAT CAME FOR EACH OBJECT === #


class Trouble(NamedTuple):
    """What is known of an object that cannot be read.

    :param reason: one sentence
    :param digest: of the list row that shows it
    :param row: what could be read of that row, if anything
    :param read_from: naive UTC start of the window of the list that shows it; None
        where it has a detail that can be asked for
    """

    reason: str
    digest: str = ""
    row: dict = {}
    read_from: object = None


def sort_answers(rows, details):
    """Pair the rows of a list with the details that were read for them.

    :returns: (row, detail) pairs, the rows without a detail, and
        {external id: Trouble} of the unreadable ones
    """
    found, missing, troubles = [], [], {}
    for row, detail in zip(rows, details, strict=True):
        if isinstance(detail, MissingObject):
            missing.append(row)
        elif isinstance(detail, UnreadableObject):
            trouble = Trouble(detail.reason, row.digest, row.data)
            troubles[row.external_id] = trouble
        else:
            found.append((row, detail))
    return found, missing, troubles


def nothing_opens(resource):
    """Return the error of a list whose objects all answer 404."""
    return ForbiddenError(
        "the list shows objects, but none of them can be opened (404)",
        url_path=resource.detail_path,
        http_status=404,
    )


# === WHICH ORDERS OBJECTS NAME === #


def parsed(payload_class, data):
    """Return the payload, or None if it is invalid: the import reports that."""
    try:
        return payload_class.from_json(data)
    except InvalidPayload:
        return None


def orders_of_bill(remote):
    """Return the ids of the orders that a bill refers to."""
    try:
        bill = remote.read_as(Bill)
    except InvalidPayload:
        return []
    return [str(order_id) for order_id, _number in bill.orders]


def lines_of_order(data):
    """Return {id: line} of the lines that belong to this order now."""
    order = parsed(Order, data)
    lines = order.lines if order else ()
    return {line.id: line for line in lines if line.order_id in (None, order.id)}


def has_item(lines, item):
    """Return whether the ``lines`` of an order contain this version of an item."""
    line = lines.get(item.id)
    if not line:
        return False
    return not item.modified or bool(line.modified and line.modified >= item.modified)


# === A WHOLE LIST, FOR A COMPARISON === #


def listed_objects(connection, resource):
    """Return what Procurify lists of ``resource``, by GET requests only.

    :returns: [(external id, UUID or "", name, date or None)]
    :raises ProcurifyError: Procurify cannot be read
    :raises UnreadableSecret: the credentials are missing or cannot be decrypted
    """
    with open_client(connection) as client:
        pages = list(client.pages(RESOURCES[resource]))
    return [_listed(resource, row) for page in pages for row in page.objects]


def _listed(resource, row):
    name = row.data.get(_NAME_FIELDS[resource])
    uuid = row.data.get("uuid")
    try:
        date = calendar_date(row.data.get(_DATE_FIELDS[resource]))
    except InvalidPayload:
        date = None
    return (
        row.external_id,
        normalise_uuid(clean_text(uuid)) if isinstance(uuid, str) else "",
        clean_text(str(name)) if name else row.external_id,
        date,
    )
