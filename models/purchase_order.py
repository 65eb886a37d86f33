"""Order → purchase.order: confirmed or for review, and kept as Procurify has it."""

from itertools import islice

from odoo import api, fields, models
from odoo.fields import Domain

from ..importers.draft import BatchRefused, BookedOtherwise, is_said_of_all, ruled_out
from ..importers.issues import Hold
from ..importers.matching.names import normalise
from ..importers.orders.duplicates import (
    NAME_SQL,
    NUMBERS_SQL,
    OrderDuplicates,
    OrderFacts,
    facts_of,
    news,
)
from ..importers.orders.importer import OrderImport
from ..importers.orders.lines import SETTLEMENT, created_line
from ..importers.orders.meant import differing
from ..importers.orders.revision import HEADER_FIELDS, LINE_FIELDS, plain
from ..importers.refusals import refusal, tried
from ..importers.start_date import exclude_earlier
from ..procurify import OrderState
from ..procurify.findings import undocumented
from ..tools.own_values import write_each
from ..tools.private import Private, writes_shadows

# What is confirmed now comes from Procurify.
_importing = Private("procurify_importing_orders", default=False)
_COLUMNS = {name: name for name in ("name", "partner_ref", "origin")}


class PurchaseOrder(models.Model):
    _name = "purchase.order"
    _inherit = ["purchase.order", "procurify.import.mixin", "procurify.shadow"]

    _procurify_resources = ("purchase_order", "requisition")

    _procurify_name_idx = models.Index(f"({NAME_SQL % _COLUMNS})")
    _procurify_numbers_idx = models.Index(f"USING gin ({NUMBERS_SQL % _COLUMNS})")

    procurify_paid_by_card = fields.Boolean(
        "Paid by Card in Procurify",
        readonly=True,
        copy=False,
        help="Paid at purchase. No vendor bill is expected.",
    )

    # === COMPUTE METHODS === #

    @api.depends("procurify_paid_by_card")
    def _get_invoiced(self):
        result = super()._get_invoiced()
        for order in self.filtered("procurify_paid_by_card"):
            if order.invoice_status == "to invoice":
                order.invoice_status = "no"
        return result

    @api.model
    def _procurify_import(self, batch):
        """Write the orders that pass every check; hold the others with every reason."""
        with _importing.set(True):
            # Prices are Procurify's: no pricelist recomputes them.
            self.with_context(skip_uom_conversion=True)._procurify_import_batch(batch)

    @api.model
    def _procurify_import_batch(self, batch):
        if batch.resource == "requisition":
            self._procurify_import_requisitions(batch)
            return
        # Which of them are orders, and in Odoo already?
        self._procurify_find_linked(batch)
        self._procurify_exclude(batch)
        self._procurify_end(batch)
        # Resolve what they name, check them, and prepare their values.
        imported = OrderImport(self.env, batch)
        imported.run()
        # Compare them with what is in Odoo, and write.
        ready = [draft for draft in imported.drafts if draft.values is not None]
        known = [draft for draft in ready if draft.found]
        unknown = [draft for draft in imported.drafts if not draft.found]
        self._procurify_hold_duplicates(
            imported, unknown, () if batch.choice else known
        )
        for draft in known:
            self._procurify_revise(batch, imported, draft)
        new = [draft for draft in ready if not (draft.found or draft.holds)]
        for draft in new:
            imported.shorten(draft)
        self._procurify_create(imported, new)
        # Verify what Odoo made of it, and confirm it.
        written = [draft for draft in imported.drafts if draft.target]
        self._procurify_link_items(imported, written)
        self._procurify_note_cards(written)
        self._procurify_balance_all(imported, written)
        self._procurify_hold_otherwise(differing(imported, written))
        self._procurify_confirm_wanted(batch, imported, written)
        for draft in written:
            draft.target._procurify_lock(batch, draft)
            draft.written = draft.target._procurify_applied(imported, draft)

    # === CRUD METHODS === #

    def write(self, vals):
        self._procurify_check_shadow(vals)
        return super().write(vals)

    # === WHICH ORDERS === #

    @api.model
    def _procurify_open_ids(self, res_ids):
        """Return the requests, and the orders that are not billed to the end."""
        settled = Domain("state", "=", "cancel") | Domain(
            "invoice_status", "=", "invoiced"
        )
        return set(self.search(Domain("id", "in", res_ids) & ~settled).ids)

    @api.model
    def _procurify_exclude(self, batch):
        """Exclude what is no commitment, by name of the rule."""
        for draft in batch.open:
            order = draft.payload
            if draft.found:
                continue
            if not batch.connection._imports_orders():
                draft.exclude("orders_not_imported")
            elif order.is_card and batch.connection.card_order_policy == "exclude":
                draft.exclude("card_order")
            elif self._procurify_has_ended(draft):
                draft.exclude("cancelled")
            elif not any(line.active for line in order.lines):
                draft.exclude("no_lines")
        exclude_earlier(batch)
        self._procurify_hold_undocumented(batch)

    @api.model
    def _procurify_hold_undocumented(self, batch):
        """Hold orders in a state that may mean anything, also those in Odoo."""
        for draft in batch.open:
            value = undocumented(draft.payload)
            if value and not self._procurify_has_ended(draft):
                draft.hold("undocumented_value", value=value)

    @api.model
    def _procurify_has_ended(self, draft):
        return (
            draft.payload.state == OrderState.CANCELLED
            or not draft.payload.active
            or draft.record.remote_deleted
        )

    @api.model
    def _procurify_end(self, batch):
        """Cancel what Procurify cancelled or deleted, unless it is in the books."""
        for draft in batch.open:
            if not draft.found or not self._procurify_has_ended(draft):
                continue
            record, order = draft.record, draft.found
            state = record.applied_state or {}
            if record.kept_version == record._version():
                draft.link(order.id, "remembered", written=state)
                continue
            if order.state != "cancel" and order._procurify_is_booked():
                draft.hold("order_cancelled", value=record.name, found=order.name)
                continue
            if order.state != "cancel":
                order._procurify_unlock(state)
                order.button_cancel()
                order.message_post(body=self.env._("Procurify cancelled this order."))
            ended = state | {"cancelled": True, "locked": False}
            draft.link(order.id, "remembered", written=ended)

    def _procurify_is_booked(self):
        """Return whether something was received or billed on this order."""
        self.ensure_one()
        billed = self.invoice_ids.filtered(lambda move: move.state != "cancel")
        return bool(billed) or any(line.qty_received for line in self.order_line)

    # === CREATING === #

    @api.model
    def _procurify_create(self, imported, drafts):
        """Create the orders of ``drafts``; what was requested moves into them."""
        company = {"company_id": self.env.company.id}
        orders = self.create(
            self._procurify_named([draft.values | company for draft in drafts])
        )
        fresh = {}
        for draft, order in zip(drafts, orders, strict=True):
            draft.target = order
            requested = imported.requested(draft)
            fresh[order] = {
                source: values
                for source, values in draft.lines.items()
                if source not in requested
            }
        made = self._procurify_create_lines(imported, fresh)
        for draft in drafts:
            order = draft.target
            draft.made = made[order] | order._procurify_take_requested(imported, draft)
            draft.mean()
            if rate := imported.currency_rate(draft):
                order.currency_rate = rate
            draft.link(order.id, "created")

    @api.model
    def _procurify_named(self, vals_list):
        """Return the values of new orders with the numbers that Odoo would give them.

        Odoo looks for the sequence once per order.
        """
        sequence = self.env["ir.sequence"].search(
            Domain("code", "=", "purchase.order")
            & Domain("company_id", "in", [self.env.company.id, False]),
            order="company_id",
            limit=1,
        )
        if not sequence:
            return vals_list
        return [
            values | {"name": sequence.next_by_id(self._procurify_day(values))}
            for values in vals_list
        ]

    @api.model
    def _procurify_day(self, values):
        """Return the moment of an order in the user's time zone, as Odoo numbers it."""
        moment = fields.Datetime.to_datetime(values["date_order"])
        return fields.Datetime.context_timestamp(self, moment)

    @api.model
    def _procurify_create_lines(self, imported, wanted):
        """Create the lines of several orders in one call.

        Odoo creates orders one by one: with them, their lines would be created so, too.

        :param wanted: {order: {source: values}}
        :returns: {order: {source: line}}
        """
        lines = iter(
            self.env["purchase.order.line"].create(
                [
                    created_line(imported.filled(values, order.partner_id), source)
                    | {"order_id": order.id}
                    for order, sources in wanted.items()
                    for source, values in sources.items()
                ]
            )
        )
        return {
            order: dict(zip(sources, islice(lines, len(sources)), strict=True))
            for order, sources in wanted.items()
        }

    def _add_supplier_to_product(self):
        # The generic product has no vendor, and prices are Procurify's business.
        if _importing.get() or writes_shadows():
            return None
        return super()._add_supplier_to_product()

    # === FINISHING === #

    @api.model
    def _procurify_balance_all(self, imported, drafts):
        """Make the totals Procurify's.

        :raises BatchRefused: with the orders whose total is another one
        """
        refused = []
        for draft in drafts:
            if hold := draft.target._procurify_balance(imported, draft):
                draft.hold_once(hold)
                refused.append(draft)
        if refused:
            raise BatchRefused(refused)

    @api.model
    def _procurify_note_cards(self, drafts):
        """Expect no bill of what a card paid for."""
        for is_card in (True, False):
            changed = self.browse(
                draft.target.id
                for draft in drafts
                if draft.payload.is_card == is_card
                and draft.target.procurify_paid_by_card != is_card
            )
            if changed:
                changed.procurify_paid_by_card = is_card
                changed._procurify_report_card(is_card)

    def _procurify_report_card(self, is_card):
        if is_card:
            body = self.env._("Paid by card in Procurify. No vendor bill is expected.")
        else:
            body = self.env._(
                "No longer paid by card in Procurify. A vendor bill is expected."
            )
        self._message_log_batch(bodies=dict.fromkeys(self.ids, body))

    @api.model
    def _procurify_link_items(self, imported, drafts):
        """Say on each order item which line it is now; bills find it there."""
        linked = {}
        left = self.env["purchase.order.line"].browse()
        for draft in drafts:
            for source, line in draft.made.items():
                item = imported.item(source).sudo()
                if not item or (item.state, item.res_id) == ("done", line.id):
                    continue
                if item.res_id != line.id and item.res_id in imported.owners:
                    left |= line.browse(item.res_id)
                linked[item] = {
                    # What the list said since is still to be looked at.
                    "state": "pending" if item.state == "pending" else "done",
                    "res_model": line._name,
                    "res_id": line.id,
                    "excluded_rule": False,
                    "applied_digest": item.digest,
                    "remote_modified": imported.stamp(draft, source)
                    or item.remote_modified,
                }
        for order, lines in left.grouped("order_id").items():
            imported.batch.touch(order)
            order._procurify_drop_lines(lines)
        write_each(linked)
        items = self.env["procurify.record"].sudo().browse(i.id for i in linked)
        items._link_waiting()

    def _procurify_applied(self, imported, draft):
        """Return for a later import what this one wrote, and who edited since."""
        self.ensure_one()
        before = (draft.record.applied_state or {}).get("lines", {})
        ids = {source: entry["id"] for source, entry in before.items()}
        ids |= {s: line.id for s, line in draft.made.items()}
        mine = {line.id: line for line in self.order_line}
        lines = {}
        for source, line_id in ids.items():
            wanted = draft.lines.get(source, {})
            is_kept = bool(wanted) or source == SETTLEMENT
            if line_id in mine:
                now = plain(mine[line_id], LINE_FIELDS) if is_kept else {}
                lines[source] = {"id": line_id, "wanted": wanted, "odoo": now}
            elif wanted:
                lines[source] = before[source] | {"wanted": wanted}
        header = {
            "wanted": draft.values,
            "odoo": plain(self, HEADER_FIELDS),
        }
        return {
            "header": header,
            "rate": imported.currency_rate(draft),
            "lines": lines,
            "locked": self.locked,
            "cancelled": False,
        }

    # === CONFIRMING === #

    @api.model
    def _procurify_confirm_wanted(self, batch, imported, drafts):
        """Confirm what the policy wants confirmed; hold what Odoo does not.

        :param drafts: what was just written
        """
        if batch.connection.order_policy != "purchase":
            return
        writer = self.with_user(batch.choice.user) if batch.choice else self
        wanted = [
            draft
            for draft in drafts
            if draft.target.state in ("draft", "sent")
            and not draft.obstacles
            and (draft.origin == "created" or draft.is_unfinished)
        ]

        def confirm(part):
            writer.browse(draft.target.id for draft in part)._procurify_confirm()
            if rows := differing(imported, part):
                raise BookedOtherwise(rows)

        errors = tried(self.env, wanted, confirm)
        for draft, error in errors.items():
            if isinstance(error, BookedOtherwise):
                self._procurify_hold_otherwise(error.rows)
            else:
                _code, text = refusal(self.env, error)
                self._procurify_hold_unconfirmed(draft, text, text)
        for draft in drafts:
            order = draft.target
            if draft not in errors and order.state == "to approve":
                text = self.env._("%s waits for approval in Odoo.", order.name)
                self._procurify_hold_unconfirmed(draft, text, order.name)

    @api.model
    def _procurify_hold_unconfirmed(self, draft, text, key):
        """Hold an order that stays a request; what is said of several is one issue."""
        hold = Hold("confirmation_refused", f"order/{key}", {"value": text})
        draft.hold_written(hold)

    def _procurify_confirm(self):
        """Confirm these orders, as of the day they were issued."""
        self._procurify_validating().button_confirm()
        confirmed = self.filtered(lambda order: order.state == "purchase")
        for day, orders in confirmed.grouped("date_order").items():
            orders.date_approve = day

    # === DUPLICATES === #

    @api.model
    def _procurify_hold_duplicates(self, imported, drafts, changed=()):
        """Hold orders that somebody made in Odoo already.

        :param imported: OrderImport whose drafts were checked
        :param drafts: those of them that are not in Odoo yet
        :param changed: those that may become a duplicate by their change
        """
        said = ruled_out((*drafts, *changed))
        facts = {
            draft: facts_of(imported, draft)
            for draft in (*drafts, *changed)
            if draft.vendor_id and not is_said_of_all(draft, said)
        }
        rules = {
            draft: news(draft, facts[draft]) for draft in changed if draft in facts
        }
        facts = {draft: facts[draft] for draft in facts if rules.get(draft, True)}
        connection = imported.connection
        rivals = OrderDuplicates(self, facts, said, rules, connection).rivals()
        for draft, rival in rivals.items():
            self._procurify_hold_duplicate(draft, rival)

    @api.model
    def _procurify_hold_duplicate(self, draft, rival):
        draft.hold(
            "duplicate_order",
            value=draft.record.name,
            found=rival.order.display_name,
            rule=rival.rule,
            rival=[rival.order._name, rival.order.id],
        )
        draft.note(conflict_id=rival.order.id)

    @api.model
    def _procurify_hold_known_requests(self, drafts):
        """Hold requisitions for which somebody made a request or order in Odoo.

        It bears the requisition's number, at one of the vendors that it names.
        """
        said = ruled_out(drafts)
        asked = {d: {vendor_id for vendor_id, _c in d.wanted or ()} for d in drafts}
        ids = set().union(*asked.values())
        vendors = {p.id: p for p in self.env["res.partner"].browse(filter(None, ids))}
        facts = {
            (draft, vendor_id): OrderFacts(
                vendor=vendors[vendor_id],
                numbers=frozenset(
                    {draft.record.external_id, normalise(draft.payload.label)}
                ),
                day=False,
                amount=0.0,
                currency=self.env["res.currency"],
            )
            for draft, ids in asked.items()
            for vendor_id in ids & vendors.keys()
            if not (draft.record.res_id or is_said_of_all(draft, said))
        }
        mine = {key: said.get(key[0], ()) for key in facts}
        rivals = OrderDuplicates(self, facts, mine).rivals()
        for (draft, _vendor_id), rival in rivals.items():
            if not draft.holds:
                self._procurify_hold_duplicate(draft, rival)
