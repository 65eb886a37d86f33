"""Procurify's own lists of a period, read when somebody wants to be sure."""

from odoo import models
from odoo.exceptions import UserError

from ...fetching.tenant import open_client
from ...procurify import (
    RESOURCES,
    InvalidPayload,
    ProcurifyError,
    calendar_date,
    clean_text,
    normalise_uuid,
)
from ...tools.cipher import UnreadableSecret

# Field of a list's row that has the date of the document.
DATE_FIELDS = {"bill": "invoice_date", "purchase_order": "date"}
_NAME_FIELDS = {"bill": "invoice_number", "purchase_order": "number"}


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    def _listed(self, resource):
        """Read the whole list of ``resource``, without details: GET requests only.

        Nothing is staged: what is missing is the fetch's to read.

        :returns: [(external id, UUID or "", name, date or None)]
        :raises UserError: Procurify cannot be read, in words of what to do
        """
        self.ensure_one()
        connection = self.sudo()
        try:
            with open_client(connection) as client:
                pages = list(client.pages(RESOURCES[resource]))
        except (ProcurifyError, UnreadableSecret) as error:
            raise UserError(str(connection._explain(error))) from error
        return [_row(resource, row) for page in pages for row in page.objects]


def _row(resource, row):
    name = row.data.get(_NAME_FIELDS[resource])
    uuid = row.data.get("uuid")
    try:
        date = calendar_date(row.data.get(DATE_FIELDS[resource]))
    except InvalidPayload:
        date = None
    return (
        row.external_id,
        normalise_uuid(clean_text(uuid)) if isinstance(uuid, str) else "",
        clean_text(str(name)) if name else row.external_id,
        date,
    )
