"""Procurify's own list of a resource, read for a comparison."""

from ..procurify import (
    RESOURCES,
    InvalidPayload,
    calendar_date,
    clean_text,
    normalise_uuid,
)
from .tenant import open_client

# Field of a list's row with the date of the document.
_DATE_FIELDS = {"bill": "invoice_date", "purchase_order": "date"}
_NAME_FIELDS = {"bill": "invoice_number", "purchase_order": "number"}


def listed_objects(connection, resource):
    """Return what Procurify lists of ``resource``, by GET requests only.

    :returns: [(external id, UUID or "", name, date or None)]
    :raises ProcurifyError: Procurify cannot be read
    :raises UnreadableSecret: the credentials are missing or cannot be decrypted
    """
    with open_client(connection) as client:
        pages = list(client.pages(RESOURCES[resource]))
    return [_row(resource, row) for page in pages for row in page.objects]


def _row(resource, row):
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
