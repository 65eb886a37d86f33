"""The pages of several documents, with one look-up for all of them."""

from decimal import Decimal

from ...procurify import InvalidPayload
from .bill import BillPage
from .mappings import Mappings
from .marks import Marks
from .order import OrderPage, RequisitionPage
from .page import UnreadablePage
from .words import Words

_PAGES = {
    "bill": BillPage,
    "purchase_order": OrderPage,
    "requisition": RequisitionPage,
}


def pages(records):
    """Return {record: its page as JSON} of documents.

    :param records: ``procurify.record`` rows, as the user that looks at them
    """
    mappings, words = Mappings(records), Words(records.env)
    marks = {record: Marks(record.issue_ids) for record in records}
    found = {}
    for record in records:
        payload = record._read_payload()[0]
        if payload:
            payload = record.connection_id.sudo()._dated(payload)
            kind = _PAGES[record.resource]
            found[record] = kind(record, payload, mappings, marks[record], words)
    _add_up(records.env, mappings, found)
    mappings.load({record: page.wanted() for record, page in found.items()})
    unreadable = {r: UnreadablePage(marks[r]) for r in records if r not in found}
    return {r: page.to_json() for r, page in (found | unreadable).items()}


def _add_up(env, mappings, found):
    """Compute the figures of each page; those with impossible ones are dropped."""
    keys = {
        record: {("currency", page.currency_key())}
        for record, page in found.items()
        if page.currency_key()
    }
    mappings.load(keys)
    rows = {r: mappings.row(r, *key) for r, [key] in keys.items()}
    codes = {page.payload.currency.code for r, page in found.items() if r in keys}
    ids = [row.res_id for row in rows.values() if row and row.res_id]
    currencies = env["res.currency"].with_context(active_test=False)
    known = currencies.search(["|", ("id", "in", ids), ("name", "in", list(codes))])
    places = {currency.id: currency.decimal_places for currency in known}
    by_code = {currency.name: currency.decimal_places for currency in known}
    for record, page in list(found.items()):
        row = rows.get(record)
        code = page.payload.currency.code if page.payload.currency else ""
        page.digits = places.get(row and row.res_id, by_code.get(code, 2))
        try:
            page.add_up(Decimal(1).scaleb(-page.digits))
        except InvalidPayload:
            del found[record]
