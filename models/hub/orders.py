"""Sending orders: as bills are, and what people change there is taken over here.

``_send_orders`` reads from top to bottom: what is there, what people changed, what it
shall be, what must be there first, then each step as far as nothing is against it.
"""

from collections import defaultdict
from contextlib import suppress

from odoo import api, fields, models
from odoo.fields import Domain

from ...importers.issues import ISSUES
from ...importers.parcel import Parcel
from ...importers.refusals import tried
from ...importers.remote_adoption import RemoteAdoption
from ...importers.remote_images import external_id
from ...importers.remote_orders import (
    OrderImages,
    local_values,
    new_line_names,
    product_image,
    remote_ids_in,
)
from ...procurify_odoo.orders import (
    MODEL,
    Changes,
    as_seen,
    changes_there,
    create_orders,
    differences,
    entered_there,
    is_same,
    line_names,
    load_own,
    numbers_of,
    read_orders,
    references,
    rewrite_order,
    write_and_read_orders,
)
from ...procurify_odoo.sending import (
    CHANGE_REFUSALS,
    CannotSay,
    call_apart,
)
from ...tools.own_values import write_each
from ...tools.private import writing_shadows
from .procurify_dispatch import MOVES, ORDER_LINES, ORDERS, PARTNERS, PRODUCTS

_APPROVED = ("purchase", "done")
_STATUS = {"state", "locked", "rate"}  # which need no other line


class ProcurifyTarget(models.Model):
    _inherit = "procurify.target"

    # === PRODUCTS === #

    def _send_products(self, remote, rows, _seen):
        """Create the products that only this Odoo has. One that was sent is not created
        again."""
        products = self.env[PRODUCTS].browse(rows.mapped("res_id")).exists()
        products = products.with_company(self.company_id)
        known = {product.id: product for product in products}
        ids = {
            records._name: self._remote_ids(records)
            for records in (products.uom_id, products.property_account_expense_id)
        }
        tables = [
            row.res_id in known
            and not row.sent_at
            and product_image(known[row.res_id], row.external_id, ids, remote.dialect)
            for row in rows
        ]
        self._send_created(remote, "product", rows, known, tables)

    def _expect_products(self, missing):
        """Create the rows of products that may be created there; those that were
        refused are tried again.

        :param missing: {product: connection}
        :returns: whether there are any
        """
        wanted = {
            product: connection
            for product, connection in missing.items()
            if self._may_create_there(product, connection)
        }
        dispatches = self.env["procurify.dispatch"]
        known = dispatches._of(PRODUCTS, [product.id for product in wanted], self)
        self._rows(known.values()).is_due = True
        records = self.env["procurify.record"].search(
            Domain("resource", "=", "catalog_item")
            & Domain("res_model", "=", PRODUCTS)
            & Domain("res_id", "in", [p.id for p in wanted if p.id not in known])
            & Domain("connection_id.target_id", "=", self.id),
            order="id desc",
        )
        items = {record.res_id: record for record in records}
        dispatches._create_once(
            [
                {
                    "target_id": self.id,
                    "connection_id": connection.id,
                    "record_id": items.get(product.id, records.browse()).id,
                    "res_model": PRODUCTS,
                    "res_id": product.id,
                    "external_id": external_id(
                        connection,
                        "catalog_item" if product.id in items else "product",
                        items[product.id].external_id
                        if product.id in items
                        else product.id,
                    ),
                    "is_due": True,
                }
                for product, connection in wanted.items()
                if product.id not in known
            ]
        )
        return bool(wanted)

    @api.model
    def _may_create_there(self, record, connection):
        """Return whether a record is a product that may be created in the remote."""
        rounding = self.env.ref("procurify_connector.product_rounding", False)
        return record._name == PRODUCTS and (
            record in (rounding, connection.product_id)
            or connection.product_policy == "create"
        )

    # === ORDERS === #

    def _send_orders(self, remote, rows, seen):
        """Create, rewrite, check, confirm, lock and cancel orders, each as far as
        nothing is against it.

        :param seen: {model: {id: what it is for the API user}}, for the whole run
        """
        parcels = self._order_parcels(rows)
        # Until their outcome is written, a run that ends leaves them to the next.
        rows.write({"is_due": False, "state": "to_send"})
        # The import compares these with Procurify's first.
        adopted = RemoteAdoption(self, remote).orders(parcels)
        parcels = [parcel for parcel in parcels if parcel not in adopted]
        self._look_at_orders(remote, parcels, is_first=True)
        missing = self._make_order_images(remote, parcels)
        if self._send_missing(remote, missing, seen):
            missing = self._make_order_images(remote, parcels)
        self._refuse_missing({p: records[0] for p, records in missing.items()})
        if taken := self._take_over(remote, parcels):
            self._make_order_images(remote, taken)
        rivals = self._refuse_hidden(
            remote, parcels, seen, lambda image, _d: references(image), entered_there
        )
        self._find_order_news(remote, parcels)
        self._refuse_known_orders([p for p in parcels if p.is_open], rivals)
        news = [parcel for parcel in parcels if parcel.is_open and parcel.is_news]
        if news:
            self._note_sending({parcel.row: parcel.image for parcel in news})
            self._write_orders(remote, news)
            # Those that are new are requests: what else they are is read later.
            self._read_sent(remote, [p for p in news if p.there], read_orders)
            self._change_order_states(remote, [p for p in news if p.is_open], news)
        self._check_orders(remote, [p for p in parcels if p.is_open and p.there])
        self._release([parcel for parcel in parcels if parcel.is_open])
        self._note_orders(parcels)
        self._note_orders_gone(self._rows(p.row for p in parcels if p.is_gone))
        self._hold(parcels)

    def _order_parcels(self, rows):
        """Return a parcel of each order; new lines get their rows."""
        orders = self.env[ORDERS].browse(rows.mapped("res_id")).exists()
        orders = orders.with_company(self.company_id)
        by_id = {order.id: order for order in orders}
        parcels = [Parcel(row, row.state, by_id.get(row.res_id)) for row in rows]
        self._name_lines([parcel for parcel in parcels if parcel.move])
        self._find_lines(parcels)
        return parcels

    def _name_lines(self, parcels):
        """Create the rows of lines that have none."""
        dispatches = self.env["procurify.dispatch"]
        lines = self.env[ORDER_LINES].union(*(p.move.order_line for p in parcels))
        known = dispatches._of(ORDER_LINES, lines.ids)
        new = lines.filtered(lambda line: line.id not in known)
        if not new:
            return
        items = self.env["procurify.record"].search(
            Domain("resource", "=", "order_item")
            & Domain("res_model", "=", ORDER_LINES)
            & Domain("res_id", "in", new.ids)
        )
        items = {item.res_id: item.external_id for item in items}
        starts = [f"{parcel.row.external_id}_" for parcel in parcels]
        taken = set(
            dispatches.search(
                Domain("target_id", "=", self.id)
                & Domain("res_model", "=", ORDER_LINES)
                & Domain.OR(Domain("external_id", "=like", f"{s}%") for s in starts)
            ).mapped("external_id")
        )
        dispatches._create_once(
            [
                {
                    "target_id": self.id,
                    "connection_id": parcel.row.connection_id.id,
                    "record_id": parcel.row.record_id.id,
                    "res_model": ORDER_LINES,
                    "res_id": line.id,
                    "external_id": name,
                    "state": "sent",
                }
                for parcel in parcels
                for line, name in new_line_names(
                    parcel.move.order_line & new,
                    parcel.row.external_id,
                    parcel.row.record_id,
                    items,
                    taken,
                ).items()
            ]
        )

    def _find_lines(self, parcels):
        """Note which rows the lines of each parcel have."""
        lines = self.env[ORDER_LINES].union(
            *(p.move.order_line for p in parcels if p.move)
        )
        rows = self.env["procurify.dispatch"]._of(ORDER_LINES, lines.ids)
        for parcel in parcels:
            mine = parcel.move.order_line.ids if parcel.move else ()
            parcel.lines = {i: rows[i] for i in mine if i in rows}

    def _look_at_orders(self, remote, parcels, is_first=False, read=read_orders):
        """Read what is there, and find the ids of new lines.

        :param is_first: and ``read``, see ``_read_sent``
        """
        sent = [p for p in parcels if p.move and p.row.remote_id]
        # An earlier look may have seen their lines.
        facts = self._with_unknown_lines(sent)
        found = self._read_sent(
            remote, sent, read, is_first, lambda: line_names(remote, facts)
        )
        there = [parcel for parcel in sent if parcel.there]
        self._note_line_ids(there, found)
        if facts := self._with_unknown_lines(there):
            self._note_line_ids(there, line_names(remote, facts))
        self._remove_moved(there)

    @api.model
    def _with_unknown_lines(self, parcels):
        """Return the facts of those that have lines whose remote ids are not known, or
        others by now."""
        return [
            parcel.there
            for parcel in parcels
            if parcel.there
            and any(
                str(row.remote_id) not in parcel.there.seen["lines"]
                for row in parcel.lines.values()
            )
        ]

    def _note_line_ids(self, parcels, found):
        """Write the remote ids of lines.

        :param found: {external id: remote id}
        """
        write_each(
            {
                row: {"remote_id": found[row.external_id]}
                for parcel in parcels
                for row in parcel.lines.values()
                if row.external_id in found and row.remote_id != found[row.external_id]
            }
        )

    def _remove_moved(self, parcels):
        """Remove from what is seen the lines that belong to other orders by now."""
        ids = [int(i) for parcel in parcels for i in parcel.there.seen["lines"]]
        rows = self.env["procurify.dispatch"].search(
            Domain("target_id", "=", self.id)
            & Domain("res_model", "=", ORDER_LINES)
            & Domain("remote_id", "in", ids)
        )
        lines = self.env[ORDER_LINES].browse(rows.mapped("res_id")).exists()
        orders = {line.id: line.order_id for line in lines}
        owners = {
            str(row.remote_id): orders[row.res_id]
            for row in rows
            if row.res_id in orders
        }
        for parcel in parcels:
            seen = parcel.there.seen["lines"]
            for id_ in list(seen):
                if owners.get(id_, parcel.move) != parcel.move:
                    del seen[id_]

    def _make_order_images(self, remote, parcels):
        """Give each parcel its image.

        :returns: {parcel: records that it names and the remote does not have}
        """
        mine = [parcel for parcel in parcels if parcel.move and not parcel.is_gone]
        orders = self.env[ORDERS].union(*(parcel.move for parcel in mine))
        orders = orders.with_company(self.company_id)
        images = OrderImages(self, orders, remote.dialect)
        missing = {}
        for parcel in mine:
            names = {id_: row.external_id for id_, row in parcel.lines.items()}
            image, lacking = images.image(parcel.move, parcel.row.external_id, names)
            parcel.image = None if lacking else image
            if lacking:
                missing[parcel] = lacking
        return missing

    def _send_missing(self, remote, missing, seen):
        """Send the vendors and products first that only this Odoo has.

        :returns: whether there are any
        """
        wanted = defaultdict(dict)
        for parcel, records in missing.items():
            for record in records:
                wanted[record._name].setdefault(record, parcel.row.connection_id)
        found = False
        for model, expect, send in (
            (PARTNERS, self._expect_vendors, self._send_vendors),
            (PRODUCTS, self._expect_products, self._send_products),
        ):
            if wanted[model] and expect(wanted[model]):
                found = True
                while rows := self._next_due(model):
                    send(remote, rows, seen)
        return found

    # === WHAT PEOPLE CHANGED THERE === #

    def _take_over(self, remote, parcels):
        """Write onto orders here what people changed there; note what is in conflict.

        :returns: the parcels whose order here changed
        """
        changes = {}
        for parcel in parcels:
            row, there = parcel.row, parcel.there
            if not there or parcel.image is None or not row.sent_image:
                continue
            found = changes_there(
                parcel.image,
                row.sent_image,
                there.seen,
                parcel.line_ids,
                remote.dialect,
                takes_all=row.takes_there,
            )
            if self._is_decided(parcel):
                # Lines that people added there are theirs all the same.
                found = Changes(added=found.added)
            parcel.conflict = self._in_words(found.conflicts)
            if found:
                changes[parcel] = found
        if not changes:
            return []
        local_ids = self._local_ids_in(changes.values())
        with writing_shadows():
            errors = tried(
                self.env,
                list(changes),
                lambda part: self._follow_orders(part, changes, local_ids),
            )
        for parcel, error in errors.items():
            parcel.conflict = parcel.conflict or self._explain_not_followed(error)
        taken = [parcel for parcel in changes if parcel not in errors]
        self._find_lines(taken)
        for parcel in taken:
            ended = {"state", "locked"} & changes[parcel].header.keys()
            parcel.ended = frozenset(ended)
        return taken

    @api.model
    def _is_decided(self, parcel):
        """Return whether a person decided to overwrite what is there now."""
        row = parcel.row
        return row.is_decided and row.decided_on in (False, parcel.there.written_at)

    def _explain_not_followed(self, error):
        if isinstance(error, KeyError):
            model, remote_id = error.args[0]
            return self.env._(
                "Somebody chose a record there that is not here: %(model)s %(id)s.",
                model=model,
                id=remote_id,
            )
        return str(error)

    def _local_ids_in(self, changes):
        """Return {model: {remote id: local id}} of what changes name."""
        parts = []
        for each in changes:
            parts.append((True, each.header))
            parts += [(False, v) for v in (*each.lines.values(), *each.added.values())]
        rows = self.env["procurify.mirror"].sudo()
        return {
            model: {
                row.remote_id: row.res_id
                for row in rows.search_fetch(
                    self._mapped(model) & Domain("remote_id", "in", list(ids)),
                    ["remote_id", "res_id"],
                )
            }
            for model, ids in remote_ids_in(parts).items()
        }

    def _follow_orders(self, parcels, changes, local_ids):
        """Write what people changed onto the orders of these parcels."""
        vals_list = []
        for parcel in parcels:
            mine = changes[parcel]
            values = local_values(mine.header, local_ids, is_header=True)
            values |= {
                k: mine.header[k] for k in ("state", "locked") if k in mine.header
            }
            if values.get("state") in _APPROVED:
                values["date_approve"] = parcel.there.values["date_approve"]
            own = {row.remote_id: row.res_id for row in parcel.lines.values()}
            lines = self.env[ORDER_LINES]
            new = parcel.move._procurify_follow(
                values,
                {
                    lines.browse(own[id_]): local_values(v, local_ids, is_header=False)
                    for id_, v in mine.lines.items()
                },
                [
                    local_values(line, local_ids, is_header=False)
                    | {"display_type": line["kind"]}
                    for line in mine.added.values()
                ],
                lines.browse(own[id_] for id_ in mine.removed),
            )
            vals_list += [
                {
                    "target_id": self.id,
                    "connection_id": parcel.row.connection_id.id,
                    "record_id": parcel.row.record_id.id,
                    "res_model": ORDER_LINES,
                    "res_id": line.id,
                    "external_id": f"{parcel.row.external_id}_there_{id_}",
                    "remote_id": id_,
                    "created_there": parcel.there.values["create_date"],
                    "state": "sent",
                }
                for line, id_ in zip(new, mine.added, strict=True)
            ]
        self.env["procurify.dispatch"]._create_once(vals_list)

    # === COMPARING === #

    def _find_order_news(self, remote, parcels):
        """Note which orders differ from what is there, and which of them must not be
        written."""
        for parcel in parcels:
            if not parcel.is_open:
                continue
            if not parcel.there:
                # What is cancelled before it was sent need not be there.
                parcel.is_news = parcel.image["state"] != "cancel"
                continue
            found = differences(
                parcel.image,
                parcel.there.seen,
                parcel.line_ids,
                remote.dialect,
                amounts=False,
            )
            parcel.is_news = bool(found)
            names = {each.name for each in found}
            is_wanted = parcel.image["state"] != "cancel"
            parcel.is_changed = is_wanted and bool(names - _STATUS)
            if parcel.is_news:
                self._look_for_obstacles(parcel)

    def _look_for_obstacles(self, parcel):
        """Refuse what would undo a decision there, or fall below what is billed."""
        seen = parcel.there.seen
        if "state" in parcel.ended and seen["state"] == "cancel":
            parcel.conflict = self.env._("It is cancelled in the remote Odoo.")
        elif "locked" in parcel.ended and seen["locked"]:
            parcel.conflict = self.env._("It is locked in the remote Odoo.")
        ids = parcel.line_ids
        for name, line in parcel.image["lines"].items():
            before = seen["lines"].get(str(ids.get(name)))
            if before is None or line["kind"] or parcel.image["state"] == "cancel":
                continue
            quantity, was = float(line["quantity"]), float(before["quantity"])
            booked = max(float(before["invoiced"]), float(before["received"]), 0.0)
            if quantity < was and quantity < booked:
                parcel.refused = self.env._(
                    "%(line)s: %(booked)g are billed or received in the remote Odoo, "
                    "more than %(quantity)g.",
                    line=line["name"].split("\n")[0],
                    booked=booked,
                    quantity=quantity,
                )

    def _refuse_known_orders(self, parcels, found):
        """Refuse new orders that somebody entered in the remote.

        :param found: what the remote has of their vendors and numbers
        """
        new = [
            p for p in parcels if not p.row.remote_id and p.image["state"] != "cancel"
        ]
        ours = self.env["procurify.dispatch"].search(
            Domain("target_id", "=", self.id)
            & Domain("res_model", "=", ORDERS)
            & Domain("remote_id", "in", [order["id"] for order in found])
        )
        known = set(ours.mapped("remote_id"))
        theirs = [order for order in found if order["id"] not in known]
        for parcel in new:
            said = {tuple(pair) for pair in parcel.row.record_id.ruled_out or ()}
            numbers = numbers_of(parcel.image)
            rivals = [
                order
                for order in theirs
                if order["partner_id"][0] == parcel.image["partner"]
                and not numbers.isdisjoint((order["origin"], order["partner_ref"]))
                and (f"remote {ORDERS}", order["id"]) not in said
            ]
            if rivals:
                parcel.rival = rivals[0]
                words = ISSUES["duplicate_order"][1]
                parcel.refused = str(words) % self._rivalry(parcel)

    # === WRITING === #

    def _write_orders(self, remote, parcels):
        """Create and rewrite orders, and note their ids."""
        new = [parcel for parcel in parcels if not parcel.row.remote_id]
        outcome = create_orders(remote, [p.image for p in new], self._there())
        write_each({new[n].row: {"remote_id": id_} for n, id_ in outcome.ids.items()})
        for number in outcome.ids:
            new[number].is_written = True
        for number, words in outcome.refused.items():
            new[number].refused = words
        reset = [
            parcel
            for parcel in parcels
            if parcel.there
            and parcel.there.seen["state"] == "cancel"
            and parcel.image["state"] != "cancel"
        ]
        self._press(remote, "button_draft", reset)
        for parcel in parcels:
            if not (parcel.there and parcel.is_open):
                continue
            parcel.is_written = True
            if not parcel.is_changed:
                continue
            try:
                rewrite_order(
                    remote,
                    parcel.row.remote_id,
                    parcel.image,
                    parcel.line_ids,
                    parcel.there,
                    self._there(),
                )
            except CannotSay as error:
                parcel.refused = str(error)
            except CHANGE_REFUSALS as error:
                parcel.refused = str(error)

    def _press(self, remote, method, parcels):
        """Press a button of orders, and note who is refused."""
        ids = [parcel.row.remote_id for parcel in parcels]
        words = call_apart(remote, MODEL, method, ids, self._there())
        for parcel in parcels:
            if parcel.row.remote_id in words:
                parcel.refused = words[parcel.row.remote_id]

    def _change_order_states(self, remote, parcels, news):
        """Unlock, confirm, cancel and lock; write what Odoo computes otherwise.

        :param news: all that was written: it is looked at again
        """
        here = {p: p.image["state"] for p in parcels}
        there = {p: p.there.seen["state"] if p.there else "draft" for p in parcels}
        is_locked = {p: bool(p.there and p.there.seen["locked"]) for p in parcels}
        unlock = [
            p
            for p in parcels
            if is_locked[p] and (here[p] == "cancel" or not p.image["locked"])
        ]
        self._press(remote, "button_unlock", unlock)
        cancel = [p for p in parcels if here[p] == "cancel" != there[p] and p.is_open]
        self._press(remote, "button_cancel", cancel)
        confirm = [
            p
            for p in parcels
            if here[p] == "purchase" and there[p] == "draft" and p.is_open
        ]
        self._confirm(remote, confirm, [p for p in parcels if not p.there])
        rates = {
            p.row.remote_id: {"currency_rate": p.image["rate"]}
            for p in parcels
            if p.is_open
            and p.there
            and not is_same(
                "rate", p.image["rate"], p.there.seen["rate"], remote.dialect
            )
        }
        days = {
            p.row.remote_id: {"date_approve": p.image["approved"]}
            for p in confirm
            if not p.unconfirmed and p.image["approved"]
        }
        lock = [
            p
            for p in parcels
            if p.image["locked"]
            and here[p] == "purchase"
            and p.is_open
            and not (p.unconfirmed or is_locked[p])
        ]
        if remote.dialect.reads_lines_within:
            locks = {p.row.remote_id: {"locked": True} for p in lock}
            self._write_own_and_look(remote, news, (rates, days, locks))
        else:
            if rates and rates.keys() <= days.keys():
                # One call for both: the others keep the rate that they have.
                for p in confirm:
                    if own := days.get(p.row.remote_id):
                        rate = p.image["rate"] or p.there.seen["rate"]
                        own["currency_rate"] = rate
                rates = {}
            for own in (rates, days):
                load_own(remote, own, self._there())
            self._press(remote, remote.dialect.lock_order, lock)
            self._look_at_orders(remote, news)
        for parcel in confirm:
            if (
                parcel.is_open
                and parcel.there.seen["locked"]
                and not parcel.move.locked
            ):
                self._lock_here(parcel)

    def _confirm(self, remote, parcels, new):
        """Confirm orders, and note who is refused: it is there all the same, as a
        request.

        :param new: those that were just created; their lines are read meanwhile
        """
        ids = [parcel.row.remote_id for parcel in parcels]
        new_ids, context = [parcel.row.remote_id for parcel in new], self._there()
        words, facts = remote.side_by_side(
            lambda: call_apart(remote, MODEL, "button_confirm", ids, context),
            lambda: read_orders(remote, new_ids, context),
        )
        for parcel in parcels:
            parcel.unconfirmed = words.get(parcel.row.remote_id, "")
        for parcel in new:
            parcel.there = facts.get(parcel.row.remote_id)

    def _write_own_and_look(self, remote, parcels, several):
        """Write values of each order's own in the call that looks at all of them.

        :param several: {remote id: {field: value}}, some of them
        """
        values = defaultdict(dict)
        for part in several:
            for id_, own in part.items():
                values[id_] |= own

        def write_and_read(remote, ids, context):
            # An order of which nothing is written keeps its time.
            rest = [id_ for id_ in ids if id_ not in values]
            written, others = remote.side_by_side(
                lambda: write_and_read_orders(remote, values, context),
                lambda: read_orders(remote, rest, context),
            )
            return written | others

        if values:
            # Values that are refused stop nothing: what differs then is said.
            with suppress(*CHANGE_REFUSALS):
                self._look_at_orders(remote, parcels, read=write_and_read)
                return
        self._look_at_orders(remote, parcels)

    def _lock_here(self, parcel):
        """Lock an order here that its confirmation locked there."""
        with writing_shadows():
            parcel.move.locked = True
        record = parcel.row.record_id
        record.applied_state = (record.applied_state or {}) | {"locked": True}
        parcel.image["locked"] = True

    def _check_orders(self, remote, parcels):
        """Compare what is there with what it shall be."""
        for parcel in parcels:
            parcel.is_to_check = True
            found = differences(
                parcel.image, parcel.there.seen, parcel.line_ids, remote.dialect
            )
            if parcel.unconfirmed:
                found = [each for each in found if each.name not in ("state", "locked")]
            elif parcel.there.seen["state"] == "to approve":
                parcel.unconfirmed = self.env._(
                    "%s waits for approval in the remote Odoo.",
                    parcel.there.values["name"],
                )
            parcel.wrong = self._in_words(found)

    # === WHAT CAME OF IT === #

    def _note_orders(self, parcels):
        """Write what came of it."""
        now, outcome = fields.Datetime.now(), {}
        for parcel in parcels:
            row = parcel.row
            mine = {"state": parcel.state, "message": parcel.message or False}
            if parcel.there:
                mine |= self._order_facts_of(parcel.there)
            if parcel.conflict:
                mine |= {"is_edited": True, "is_decided": False}
            elif parcel.there and not parcel.refused:
                mine |= {"sent_image": parcel.there.seen, "takes_there": False}
                mine |= {"is_decided": False, "is_edited": row.is_edited}
                if parcel.is_written:
                    mine |= {"sent_at": now, "is_edited": False}
            outcome[row] = mine
        write_each(outcome)
        self._retry_bills([p.move for p in parcels if p.is_written and p.is_open])

    @api.model
    def _order_facts_of(self, there):
        """Return what is kept of an order's facts."""
        values = there.values
        return {
            "remote_name": values["name"] or False,
            "remote_state": values["state"],
            "remote_total": str(values["amount_total"]),
            "remote_written_at": there.written_at,
            "remote_created_at": str(values["create_date"]),
        }

    def _retry_bills(self, orders):
        """Compare the bills again that wait for orders which were just written."""
        moves = self.env[ORDERS].union(*orders).order_line.invoice_lines.move_id
        rows = self.env["procurify.dispatch"]._of(MOVES, moves.ids).values()
        if waiting := self._rows(row for row in rows if row.state == "refused"):
            waiting.is_due = True

    def _note_orders_gone(self, rows):
        """Delete the orders here that were deleted there; their records are looked at
        again, as where somebody deletes an order here."""
        if not rows:
            return
        orders = self.env[ORDERS].browse(rows.mapped("res_id")).exists()
        with writing_shadows():
            errors = tried(self.env, list(orders), _delete_orders)
        self._note_not_followed(rows, errors)
        kept = {order.id for order in errors}
        rows = rows.filtered(lambda row: row.res_id not in kept)
        rows.write({"remote_state": "deleted", "is_due": False, "state": "sent"})
        records = rows.record_id.filtered(lambda record: record.state != "ignored")
        records.write({"applied_digest": False})
        records._requeue()

    # === PULL === #

    def _take_orders_over(self, remote, found):
        """Take over what people did with the orders that were sent.

        :param found: see ``_read_changes``
        """
        self._note_hidden(found.hidden)
        self._note_orders_gone(found.gone)
        mine = found.changed.filtered("sent_image")
        parcels = self._order_parcels(mine)
        self._look_at_orders(remote, parcels, read=lambda *_asked: found.facts)
        self._make_order_images(remote, parcels)
        taken = self._take_over(remote, parcels)
        outcome = {}
        for parcel in parcels:
            if not parcel.there:
                continue
            row, now = parcel.row, self._order_facts_of(parcel.there)
            if parcel.conflict:
                now |= {"is_edited": True, "message": parcel.conflict}
            elif parcel.image is not None:
                now |= {"sent_image": parcel.there.seen, "takes_there": False}
                now["is_edited"] = row.is_edited or parcel in taken
            if changed := {name: v for name, v in now.items() if row[name] != v}:
                outcome[row] = changed
        write_each(outcome)
        self._hold([parcel for parcel in parcels if parcel.conflict])
        self._look_at_approved(self._rows(outcome))

    def _look_at_approved(self, rows):
        """Import the orders again that were on hold until they were approved there."""
        approved = rows.filtered(lambda row: row.remote_state in _APPROVED).record_id
        approved = approved.filtered(
            lambda r: "confirmation_refused" in r.issue_ids.mapped("code")
        )
        if approved:
            approved._requeue()
            self.env.ref("procurify_connector.ir_cron_import")._trigger()

    def _find_interrupted_orders(self, remote, rows, new):
        """Note what was seen last of orders that were being sent when a run ended.

        :param rows: those that are there
        :param new: those of them that were not known to be there
        """
        parcels = self._order_parcels(rows)
        self._look_at_orders(remote, parcels)
        parcels = [p for p in parcels if p.there and p.row.image]
        outcome = {}
        for parcel in parcels:
            row, seen, ids = parcel.row, parcel.there.seen, parcel.line_ids
            if not differences(row.image, seen, ids, remote.dialect):
                outcome[row] = {"sent_image": seen}
            elif row in new:
                # It is created as a request. What a person changed since is taken
                # over, not overwritten.
                request = {"state": "draft", "locked": False}
                outcome[row] = {"sent_image": as_seen(row.image, ids) | request}
            elif (row.sent_image or seen)["state"] == "cancel" != seen["state"]:
                # It was reset, and not confirmed yet.
                outcome[row] = {"sent_image": row.sent_image | {"state": "draft"}}
        write_each(outcome)
        days = {
            p.row.remote_id: {"date_approve": p.row.image["approved"]}
            for p in parcels
            if p.there.seen["state"] == "purchase" == p.row.image["state"]
            and p.row.image["approved"] not in ("", p.there.values["date_approve"])
        }
        # A day that the remote refuses stops nothing: it is confirmed all the same.
        with suppress(*CHANGE_REFUSALS):
            load_own(remote, days, self._there())


def _delete_orders(orders):
    orders = orders[0].union(*orders)
    orders.locked = False
    orders.filtered(lambda order: order.state != "cancel").button_cancel()
    orders.unlink()
