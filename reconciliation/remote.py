"""A connection that books in a remote Odoo: what is there of the documents here."""

from decimal import Decimal

from odoo.fields import Domain

from ..tools.document_states import IN_ODOO, in_odoo
from .sides import DIMENSIONS, NONE

_ORDERS = "purchase.order"
_OPEN = ("to_send", "sending")
_LOCKED = "done"  # a locked order, up to Odoo 18


class RemoteSide:
    """Says what the remote Odoo had of each document when it was looked at last.

    A document here only stands for the one there. So the status and the total are those
    of the remote, and what is not there counts as nothing.
    """

    def __init__(self, env, sight):
        """:param sight: procurify.target's ``Sight`` of this moment"""
        self.env = env
        self.sight = sight
        self._rows = {}
        self._open = set()

    def load(self, records):
        """Read what was sent of these records, in one query."""
        by_record = Domain("record_id", "in", records.ids) & Domain(
            "res_model", "in", ("account.move", _ORDERS)
        )
        # A request for quotation may have several records.
        by_document = Domain("res_id", "in", records.mapped("res_id")) & Domain(
            "res_model", "=", _ORDERS
        )
        found = (
            self.env["procurify.dispatch"]
            .sudo()
            .search_fetch(
                Domain("target_id", "=", self.sight.target.id)
                & (by_record | by_document)
            )
        )
        self._rows = {(row.res_model, row.res_id): row for row in found}
        self._open = {
            row.record_id.id for row in found if row.is_due or row.state in _OPEN
        }

    def correct(self, line, document):
        """Let a line say what the remote has, instead of the document here."""
        if not document:
            return
        row = self._row(line)
        if not row or not row.remote_id:
            line.odoo, line.odoo_state = {}, ""
            if line.document_state in IN_ODOO:
                line.document_state = "queued"
            return
        state = row.remote_state or ""
        state = "purchase" if state == _LOCKED else state
        line.odoo_state = state
        if line.document_state in IN_ODOO:
            line.document_state = in_odoo(state)
        if state == "cancel":
            line.odoo = {}
        elif line.odoo and row.remote_total:
            self._correct_amounts(line, document, Decimal(row.remote_total))

    def _correct_amounts(self, line, document, there):
        """Add what the remote has more to the total; where it stands is not known."""
        more = there - Decimal(str(document.amount_total))
        currency = document.currency_id
        if currency.is_zero(float(more)):
            return
        if document._name == "account.move" and document.move_type == "in_refund":
            more = -more
        places = dict(line.odoo)
        vendor = next((key for _c, name, key in places if name == "vendor"), NONE)
        for dimension in DIMENSIONS:
            key = {"total": "", "vendor": vendor}.get(dimension, NONE)
            place = (currency.name, dimension, key)
            places[place] = places.get(place, Decimal(0)) + more
        line.odoo = places

    def judge(self, line):
        """Say of an imported document why it is not there, or not as it was sent."""
        if not line.res_id:
            return
        row = self._row(line)
        if not row or not row.remote_id:
            outcome = "pending"
            reason = self.env._("It is not in the remote Odoo yet.")
        elif line.record_id in self._open:
            outcome = "pending"
            reason = self.env._("Its last version is not in the remote Odoo yet.")
        elif line.outcome == "changed" and line.explained:
            return
        elif row.edited_text:
            outcome = "changed"
            reason = self.env._(
                "It was changed in the remote Odoo: %(what)s", what=row.edited_text
            )
        elif row.message:
            outcome, reason = "changed", row.message
        else:
            return
        line.outcome, line.explained, line.reason = outcome, False, reason

    def _row(self, line):
        return self._rows.get((line.res_model, line.res_id))
