"""Revisions of orders: what is written, and what a person is asked about."""

from markupsafe import Markup

from odoo import api, models

from ..importers.draft import BookedOtherwise, Choice
from ..importers.meant import in_words
from ..importers.orders.adoption import ADOPTED, adopted_state, settled_lines
from ..importers.orders.lines import SETTLEMENT, created_line, written_line
from ..importers.orders.meant import differing
from ..importers.orders.revision import LINE_FIELDS, OrderRevision, plain, same
from ..importers.refusals import is_refused, tried
from ..importers.start_date import hold_earlier
from ..importers.totals import order_total_hold
from ..tools.private import writing_shadows


class PurchaseOrder(models.Model):
    _inherit = "purchase.order"

    @api.model
    def _procurify_revise(self, batch, imported, draft):
        """Bring an order to what Procurify says now, or hold it with the conflicts."""
        record, order = draft.record, draft.found
        state = order._procurify_known_state(imported, draft)
        draft.made = {}
        cancelled_here = order.state == "cancel" and not state.get("cancelled")
        seen = record.kept_version == record._version() or (
            cancelled_here and record.applied_digest == record.digest
        )
        if seen and not batch.choice:
            draft.link(order.id, "remembered", written=state)
            return
        if cancelled_here and not batch.choice:
            draft.hold("cancelled_in_odoo", value=record.name, found=order.name)
            self._procurify_note_offer(draft)
            return
        if batch.choice:
            order = order.with_user(batch.choice.user)
        imported.shorten(draft, order)

        def compared(*, force):
            return OrderRevision(
                order,
                state,
                draft.values,
                draft.lines,
                imported.linked(draft),
                imported.plans,
                force=force,
            )

        revision = compared(force=bool(batch.choice))
        if record._is_otherwise() and not (batch.choice or revision.is_edited):
            order._procurify_restore_meant(imported, draft, compared(force=True))
            revision = compared(force=False)
        self._procurify_hold_revision(batch, draft, order, revision)
        if draft.holds:
            self._procurify_note_offer(draft)
            return
        order._procurify_apply(imported, draft, revision)
        draft.link(order.id, "remembered")
        draft.target = draft.found
        if record._is_otherwise():
            draft.mean()

    def _procurify_known_state(self, imported, draft):
        """Return the ``applied_state`` with which a revision of this order begins.

        Where a person adopted the order, its lines are tied to Procurify's first. That
        is written at once: whatever else holds the order, its bills find its lines.
        """
        self.ensure_one()
        state = draft.record.applied_state or {}
        if not state.get(ADOPTED) or "lines" in state:
            return state
        state = adopted_state(self, draft.values, draft.lines, imported.generic)
        draft.record.applied_state = state
        by_id = {line.id: line for line in self.order_line}
        draft.made = {
            source: by_id[entry["id"]]
            for source, entry in state["lines"].items()
            if source in draft.lines
        }
        self._procurify_link_items(imported, [draft])
        return state

    def _procurify_restore_meant(self, imported, draft, revision):
        """Write again what was changed behind the import's back, if it stays by now.

        What would be changed again is left as it is: writing it would be news, and a
        reason to try again.

        :param revision: OrderRevision to all that Procurify says
        """
        self.ensure_one()

        def write(_drafts):
            self._procurify_apply(imported, draft, revision)
            draft.target = self
            draft.mean()
            if rows := differing(imported, [draft]):
                raise BookedOtherwise(rows)

        if is_refused(tried(self.env, [draft], write)):
            draft.made = {}
        draft.target = None

    @api.model
    def _procurify_note_offer(self, draft):
        """Keep what the held version would write, for a person who turns it down."""
        draft.note(offered_state={"header": draft.values, "lines": draft.lines})

    def _procurify_reset(self):
        """Let this order be written, as Odoo lets the user.

        :returns: the Choice to update it with
        """
        self.ensure_one()
        self.check_access("write")
        if self.locked:
            with writing_shadows():
                self.button_unlock()
        return Choice(self.env.user)

    def _procurify_kept(self, applied, offered):
        """Return what is known as written, now that ``offered`` was turned down."""
        lines = settled_lines(applied.get("lines", {}))
        for source, wanted in offered["lines"].items():
            known = lines.get(source, {"id": 0, "odoo": {}})
            lines[source] = known | {"wanted": wanted}
        header = applied.get("header", {"odoo": {}}) | {"wanted": offered["header"]}
        header.pop(ADOPTED, None)
        return applied | {"lines": lines, "header": header}

    @api.model
    def _procurify_hold_revision(self, batch, draft, order, revision):
        """Hold what would overwrite a person's work or fall below what is booked."""
        if not batch.choice:
            draft.hold_moved()
        if revision.conflicts:
            draft.note(difference=revision.conflicts)
            draft.hold(
                "changed_after_booking",
                value=in_words(self.env, revision.conflicts),
                found=order.display_name,
            )
        for line, quantity in revision.undercut.items():
            draft.hold(
                "order_undercut",
                f"{draft.key}/{line.id}",
                value=line.name.split("\n")[0],
                expected=f"{quantity:g}",
                found=f"{line._procurify_booked_quantity():g}",
            )
        if batch.choice:
            return
        locked_by_person = order.locked and not order._procurify_may_unlock(
            revision.applied
        )
        if locked_by_person and revision.changes_anything:
            draft.hold("order_locked", value=draft.record.name, found=order.name)
        known = revision.applied.get("header", {}).get("wanted", {})
        before = known.get("date_order") or order.date_order
        hold_earlier(self.env, batch.connection, draft, before)

    def _procurify_apply(self, imported, draft, revision):
        """Write a revision, and say in the chatter what it changed."""
        self.ensure_one()
        changes = revision.told()  # while the lines that go are still there
        is_open = not draft.payload.is_closed
        is_written = revision.changes_anything or (
            is_open and not self._procurify_locks()
        )
        if is_written and self._procurify_unlock(revision.applied):
            draft.is_unlocked = True
        was_cancelled = self.state == "cancel"
        if was_cancelled:
            self.button_draft()
        self._procurify_write_header(revision, imported.plans)
        # Another day or currency made Odoo look up its own rate.
        rate = imported.currency_rate(draft)
        if rate and self.currency_rate != rate:
            self.currency_rate = rate
        for line in revision.lines:
            line.write(written_line(line, revision.written(line)))
        self._procurify_drop_lines(
            self.env["purchase.order.line"].union(*revision.removed.values())
        )
        added = self._procurify_add_lines(imported, draft, revision.added)
        draft.made = {
            source: self.env["purchase.order.line"].browse(line_id)
            for source, line_id in revision.linked.items()
        } | added
        written = {line: revision.added[source] for source, line in added.items()}
        draft.meant = (revision.header, revision.lines | written)
        self._procurify_report_changes(changes)
        if was_cancelled:
            draft.is_restored = True

    def _procurify_write_header(self, revision, plans):
        """Write the header. The lines keep what Odoo would compute of it again.

        Only where another vendor's distribution models fill plans that a line does not
        have yet, the line takes that over.
        """
        if not revision.header:
            return
        before = {line: plain(line, LINE_FIELDS) for line in self.order_line}
        self.write(revision.header)
        for line, known in before.items():
            now = plain(line, LINE_FIELDS)
            lost = {
                name: value
                for name, value in known.items()
                if name != "qty_received" and not same(value, now[name])
            }
            if "partner_id" in revision.header and not line.display_type:
                distribution = plans.added(
                    line, known["analytic_distribution"], revision.mine
                )
                if not same(distribution, now["analytic_distribution"]):
                    lost["analytic_distribution"] = distribution
                else:
                    lost.pop("analytic_distribution", None)
            if lost:
                line.write(written_line(line, lost))

    def _procurify_drop_lines(self, lines):
        """Take lines off the order, as far as Odoo lets go of them."""
        self.ensure_one()
        if not lines:
            return
        if self.state in ("draft", "sent"):
            lines.unlink()
            return
        for line in lines:
            booked = line._procurify_booked_quantity()
            if line.product_qty != booked:
                line.write(written_line(line, {"product_qty": booked}))

    def _procurify_add_lines(self, imported, draft, added):
        """Create lines, or take them over from a request for quotation."""
        self.ensure_one()
        made = self._procurify_take_requested(imported, draft, added)
        fresh = [source for source in added if source not in made]
        lines = self.env["purchase.order.line"].create(
            [
                created_line(imported.filled(added[source], self.partner_id), source)
                | {"order_id": self.id}
                for source in fresh
            ]
        )
        return made | dict(zip(fresh, lines, strict=True))

    def _procurify_report_changes(self, rows):
        """Post one message that says what Procurify's revision changed."""
        if rows:
            items = Markup().join(Markup("<li>%s</li>") % row for row in rows)
            title = self.env._("Changed in Procurify:")
            self.message_post(body=Markup("<p>%s</p><ul>%s</ul>") % (title, items))

    # === LOCKS === #

    def _procurify_locks(self):
        """Return whether Odoo locks this order by itself once it is confirmed."""
        self.ensure_one()
        return self.lock_confirmed_po == "lock"

    def _procurify_may_unlock(self, state):
        """Return whether the connector or a setting locked this order, and no person.

        :param state: ``applied_state`` of the order's record
        """
        return bool(state.get("locked")) or self._procurify_locks()

    def _procurify_unlock(self, state):
        """Unlock this order, unless a person locked it; return whether it was so."""
        if not self.locked or not self._procurify_may_unlock(state):
            return False
        self.button_unlock()
        return True

    def _procurify_lock(self, batch, draft):
        """Lock what is closed in Procurify, and what was unlocked to be revised."""
        self.ensure_one()
        is_unlocked = draft.is_unlocked or batch.choice
        is_wanted = draft.payload.is_closed or (is_unlocked and self._procurify_locks())
        if is_wanted and self.state == "purchase" and not self.locked:
            self.locked = True

    # === TOTALS === #

    def _procurify_balance(self, imported, draft):
        """Make the total Procurify's, or return the Hold that says why it cannot be.

        Odoo rounds taxes in its own way: the cents stand on a line that says so.
        What was removed in Procurify, and yet is booked here, does not count.
        """
        self.ensure_one()
        if draft.is_shortened:
            return None
        line = self._procurify_settlement(draft)
        stray = self._procurify_stray_lines(draft)
        computed = self.amount_total - sum((stray | line).mapped("price_total"))
        if hold := order_total_hold(draft, self.currency_id, computed):
            return hold
        rest = self.currency_id.round(float(draft.figures.total) - computed)
        if line or rest:
            self._procurify_write_settlement(imported, draft, line, rest)
        return None

    def _procurify_settlement(self, draft):
        known = (draft.record.applied_state or {}).get("lines", {}).get(SETTLEMENT)
        mine = self.order_line.filtered(lambda line: known and line.id == known["id"])
        return mine or self.order_line.browse()

    def _procurify_stray_lines(self, draft):
        """Lines that are on the order for their bills or receipts only."""
        known = (draft.record.applied_state or {}).get("lines", {})
        ids = {
            entry["id"]
            for source, entry in known.items()
            if source not in draft.lines and source != SETTLEMENT
        }
        ours = {entry["id"] for entry in known.values()}
        ours |= {line.id for line in draft.made.values()}
        return self.order_line.filtered(lambda ol: ol.id in ids or ol.id not in ours)

    def _procurify_write_settlement(self, imported, draft, line, rest):
        values = imported.extra_line(
            draft,
            self.env._("Rounding: Odoo's total is %s lower", f"{rest:g}"),
            rest,
            billed=False,
        ) | {"product_qty": 1.0 if rest else 0.0}
        if line:
            # Its text alone is the connector's, and differs with the language.
            if self.currency_id.compare_amounts(line.price_unit, rest):
                filled = imported.filled(values, self.partner_id, line)
                line.write(created_line(filled, SETTLEMENT))
        else:
            filled = imported.filled(values, self.partner_id)
            line = line.create(created_line(filled, SETTLEMENT) | {"order_id": self.id})
        draft.made[SETTLEMENT] = line
