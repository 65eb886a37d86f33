"""A dry run of a connection that books in a remote Odoo: what would be sent.

Nothing is asked of the remote: its master data is known here. What it refuses for rules
of its own shows only when it is sent.
"""

from ..procurify_odoo import Version, dialect_of
from ..procurify_odoo.bills import item_values, sent_items
from ..procurify_odoo.sending import CannotSay
from .remote_images import BillImages, NotThere, sources_of
from .remote_orders import OrderImages

_MOVES, _ORDERS = "account.move", "purchase.order"
_PARTNERS, _ORDER_LINES = "res.partner", "purchase.order.line"


class RemoteTrial:
    """Says of documents that a dry run imports what would be sent of them."""

    def __init__(self, target):
        """:param target: a remote Odoo that was tested"""
        self.target = target
        self.env = target.env
        self.dialect = dialect_of(Version.of(target.version))

    def would_send(self, records):
        """Return what would be sent of documents that were just imported.

        :returns: {record: (whether the remote could take it, what is missing there,
            and what would be created there, in words)}
        """
        done = records.filtered(lambda record: record.state == "done" and record.res_id)
        bills = self._bills(done.filtered(lambda record: record.res_model == _MOVES))
        orders = self._orders(done.filtered(lambda record: record.res_model == _ORDERS))
        return bills | orders

    def _bills(self, records):
        moves = self.env[_MOVES].browse(records.mapped("res_id"))
        by_id = {move.id: move for move in moves}
        images = _CollectingImages(
            self.target,
            {by_id[r.res_id]: sources_of(by_id[r.res_id], r) for r in records},
        )
        found = {}
        for record in records:
            images.missing = {}
            image = images.image(by_id[record.res_id], "", self.dialect)
            problem = ""
            if not images.missing:
                problem = _unsayable(image, self.dialect)
            found[record] = self._in_words(record, images.missing, problem)
        return found

    def _orders(self, records):
        orders = self.env[_ORDERS].browse(records.mapped("res_id"))
        orders = orders.with_company(self.target.company_id)
        images = OrderImages(self.target, orders, self.dialect)
        found = {}
        for record, order in zip(records, orders, strict=True):
            names = {line.id: str(line.id) for line in order.order_line}
            _image, missing = images.image(order, "", names)
            found[record] = self._in_words(record, missing, "")
        return found

    def _in_words(self, record, missing, problem):
        """Return whether the remote could take a document, and the rest in words."""
        creatable = {
            each
            for each in missing
            if each._name == _PARTNERS
            or self.target._may_create_there(each, record.connection_id)
        }
        texts = [
            self.target._explain_not_there(each)
            for each in missing
            if each not in creatable and each._name != _ORDER_LINES
        ]
        texts += [problem] if problem else []
        is_sent = not texts
        texts += [
            self.env._(
                "%(name)s (%(kind)s) would be created there.",
                name=each.display_name,
                kind=each._description,
            )
            for each in missing
            if each in creatable
        ]
        return is_sent, "\n".join(texts)


class _CollectingImages(BillImages):
    """Notes all that is missing, instead of stopping at the first."""

    missing = None

    def _id(self, record):
        try:
            return super()._id(record)
        except NotThere:
            self.missing.setdefault(record)
            return 0


def _unsayable(image, dialect):
    """Return why a version has no field for something of a bill, or ""."""
    try:
        for item in sent_items(image, dialect):
            item_values(item, image, dialect)
    except CannotSay as error:
        return str(error)
    return ""
