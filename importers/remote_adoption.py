"""Documents that people entered in a remote Odoo, and that a person adopts from here.

The documents here are tied to those there. A bill that differs is on hold as one that
somebody edited there. An order here first says what the one there says: the import then
asks about what differs, as where somebody made the order in this Odoo.
"""

from ..procurify_odoo.bills import differences, read_bills
from ..procurify_odoo.orders import changes_there, read_orders
from ..procurify_odoo.sending import id_of
from ..tools.own_values import write_each
from ..tools.private import writing_shadows
from .orders.adoption import ADOPTED, Line, tie
from .refusals import tried
from .remote_orders import OrderImages

_MOVES, _ORDERS, _PRODUCTS = "account.move", "purchase.order", "product.product"


class RemoteAdoption:
    """Ties documents that were never sent to those that people entered there."""

    def __init__(self, target, remote):
        """:param target: ``procurify.target``
        :param remote: its client
        """
        self.target = target
        self.remote = remote
        self.env = target.env
        self._tied = {}

    # === BILLS === #

    def bills(self, parcels):
        """Tie bills to those that a person chose; note what these have otherwise."""
        tied = {}
        for parcel, there in self._chosen(parcels, read_bills).items():
            if self._is_another(parcel, there.values, parcel.image["partner"]):
                continue
            found = differences(parcel.image, there, self.remote.dialect)
            parcel.conflict = self.target._in_words(found)
            # What differs is news until a person decides.
            known = parcel.image | {"external_id": ""} if found else parcel.image
            tied[parcel.row] = self._values(there) | {
                "sent_image": known,
                "is_edited": bool(found),
            }
        write_each(tied)

    # === ORDERS === #

    def orders(self, parcels):
        """Tie orders to those that a person chose, and let them say what these say.

        Their records are imported again.

        :returns: the parcels that are tied
        """
        chosen = self._chosen([p for p in parcels if p.move], read_orders)
        if not chosen:
            return []
        images = self._images(chosen)
        mine = []
        for parcel, there in chosen.items():
            partner = images[parcel]["partner"]
            if self._is_another(parcel, there.values, partner):
                continue
            parcel.there = there
            self._tied[parcel] = self._tie(parcel, images[parcel]["lines"])
            mine.append(parcel)
        with writing_shadows():
            errors = tried(self.env, mine, self._follow)
        # What was done with those that failed is taken back.
        self.target._find_lines(list(errors))
        for parcel, error in errors.items():
            parcel.there = None
            parcel.refused = self.target._explain_not_followed(error)
        tied = [parcel for parcel in mine if parcel not in errors]
        self._import_again(tied)
        return tied

    def _images(self, parcels):
        """Return {parcel: image}; what the remote does not have is 0 in it."""
        orders = self.env[_ORDERS].union(*(parcel.move for parcel in parcels))
        orders = orders.with_company(self.target.company_id)
        images = OrderImages(self.target, orders, self.remote.dialect)
        return {
            parcel: images.image(
                parcel.move,
                parcel.row.external_id,
                {id_: row.external_id for id_, row in parcel.lines.items()},
            )[0]
            for parcel in parcels
        }

    def _tie(self, parcel, lines):
        """Return {external id of a line here: id of the line there} of those that fit.

        :param lines: those of the image
        """
        product = parcel.row.connection_id.product_id
        ids = self.target._remote_ids(self.env[_PRODUCTS].browse(product.ids))
        theirs = parcel.there.seen["lines"].items()
        return tie(
            {name: _line(line) for name, line in lines.items() if not line["kind"]},
            {int(id_): _line(line) for id_, line in theirs if not line["kind"]},
            ids.get(product.id, 0),
            parcel.move.currency_id,
        )

    def _follow(self, parcels):
        """Let the orders here say what those there say."""
        tied = {}
        for parcel in parcels:
            ids = self._tied[parcel]
            rows = parcel.lines.values()
            created = parcel.there.values["create_date"]
            tied |= {
                row: {"remote_id": ids[row.external_id], "created_there": created}
                for row in rows
                if row.external_id in ids
            }
            self._drop(parcel, [row for row in rows if row.external_id not in ids])
        write_each(tied)
        self.target._find_lines(parcels)
        images = self._images(parcels)
        changes = {
            parcel: changes_there(
                images[parcel],
                parcel.there.seen,
                parcel.there.seen,
                parcel.line_ids,
                self.remote.dialect,
                takes_all=True,
            )
            for parcel in parcels
        }
        local_ids = self.target._local_ids_in(changes.values())
        self.target._follow_orders(parcels, changes, local_ids)
        for parcel in parcels:
            approved = parcel.there.values["date_approve"]
            if approved and parcel.move.date_approve:
                parcel.move.date_approve = approved
        write_each(
            {
                parcel.row: self._values(parcel.there)
                | {"sent_image": parcel.there.seen, "state": "sent", "message": False}
                for parcel in parcels
            }
        )

    def _drop(self, parcel, rows):
        """Delete lines here that the order there does not have; the import may add
        them again."""
        if not rows:
            return
        order = parcel.move
        if order.state not in ("draft", "sent"):
            order.locked = False
            order.button_cancel()
            order.button_draft()
        dispatches = self.env["procurify.dispatch"].union(*rows)
        order.order_line.browse(dispatches.mapped("res_id")).unlink()
        dispatches.unlink()

    def _import_again(self, parcels):
        """Let the import compare these orders with Procurify's, as adopted ones."""
        if not parcels:
            return
        records = self.env["procurify.record"].union(
            *(p.row.record_id for p in parcels)
        )
        records.write(
            {
                "origin": "manual",
                "applied_state": {ADOPTED: True},
                "applied_digest": False,
            }
        )
        records._requeue()
        self.env.ref("procurify_connector.ir_cron_import")._trigger()
        self.target._retry_bills([parcel.move for parcel in parcels])

    # === WHICH ONE === #

    def _chosen(self, parcels, read):
        """Return {parcel: Facts of what a person chose}. What is not there any more, or
        is another document's already, is refused; the choice counts once.

        :param read: reads documents of the remote by ids
        """
        asked = {
            p: p.row.adopts_id
            for p in parcels
            if p.row.adopts_id and not p.row.remote_id
        }
        if not asked:
            return {}
        write_each({parcel.row: {"adopts_id": 0} for parcel in asked})
        facts = read(self.remote, asked.values(), self.target._there())
        taken = self._taken(next(iter(asked)).row.res_model, list(facts))
        found = {}
        for parcel, id_ in asked.items():
            if id_ not in facts or id_ in taken:
                self._refuse(parcel)
                continue
            found[parcel] = facts[id_]
            taken.add(id_)
        return found

    def _taken(self, model, ids):
        """Return those of the ids there for which other documents here stand."""
        rows = self.env["procurify.dispatch"].search(
            [
                ("target_id", "=", self.target.id),
                ("res_model", "=", model),
                ("remote_id", "in", ids),
            ]
        )
        return set(rows.mapped("remote_id"))

    def _is_another(self, parcel, values, partner):
        """Return whether a document there cannot be this one any more: it is of
        another kind or vendor, or cancelled. If so, it is refused."""
        kind = values.get("move_type", False)
        is_another = (
            id_of(values["partner_id"]) != partner
            or values["state"] == "cancel"
            or (kind and kind != parcel.image["type"])
        )
        if is_another:
            self._refuse(parcel)
        return is_another

    def _refuse(self, parcel):
        parcel.refused = self.env._(
            "What was to be adopted is not there any more, is another document's, or "
            "was changed to another vendor or kind."
        )

    def _values(self, there):
        """Return what a row says of what it is tied to."""
        facts = (
            self.target._facts_of(there)
            if "move_type" in there.values
            else self.target._order_facts_of(there)
        )
        return facts | {
            "remote_id": there.id,
            "created_there": there.values["create_date"],
        }


def _line(line):
    """Return by what a line of an image is recognised."""
    quantity, price = float(line["quantity"]), float(line["price"])
    return Line(line["product"], quantity, price, line["name"])
