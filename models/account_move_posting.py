"""Bills are posted where every check passes; what Odoo refuses stays a draft.

So does what a person still has to answer a question about.
"""

from odoo import api, models
from odoo.tools import float_compare

from ..importers.batch import BatchRefused, BookedOtherwise
from ..importers.bills.items import BillItems
from ..importers.bills.revision import booked_version
from ..importers.issues import Hold
from ..importers.refusals import is_refused, refusal, tried


class AccountMove(models.Model):
    _inherit = "account.move"

    @api.model
    def _procurify_publish(self, batch, bills):
        """Post what the policy or a person wants posted, and tell what is unusual.

        A bill of nothing, or of a period that is closed, stays a draft for a person.
        """
        wanted = [
            record
            for record in batch.moves
            if self._procurify_is_meant_posted(batch, bills, record)
        ]
        for record in wanted:
            if record in bills.uncertain_days:
                batch.hold_written(record, bills.uncertain_days[record])
        held = {*batch.reasons, *bills.in_closed_period}
        wanted = [record for record in wanted if record not in held]
        if batch.choice:
            # Its person hears at once what Odoo says.
            self._procurify_post(batch, bills, wanted)
        else:
            errors = tried(
                self.env,
                wanted,
                lambda part: self._procurify_post(batch, bills, part),
            )
            for record, error in errors.items():
                self._procurify_hold_unposted(batch, record, error)
        self._procurify_tell_dates(batch, bills)

    @api.model
    def _procurify_is_meant_posted(self, batch, bills, record):
        """Tell whether a bill that was just written is posted if nothing is against
        it."""
        if batch.choice:
            is_wanted = batch.choice.post
        else:
            is_new = batch.origins[record] == "created" or record._is_unfinished()
            is_wanted = batch.connection.bill_policy == "posted" and is_new
        return (
            is_wanted and batch.moves[record].state == "draft" and bills.totals[record]
        )

    @api.model
    def _procurify_post(self, batch, bills, records):
        """Post the bills of ``records`` as a person does, and look at the result."""
        if not records:
            return
        moves = self.browse(batch.moves[record].id for record in records)
        moves = moves.with_env(self._procurify_writer(batch).env)
        moves._procurify_validating()._post(soft=False)
        self._procurify_verify(batch, bills, records)
        if rows := self._procurify_otherwise(batch, bills, records):
            raise BookedOtherwise(rows)

    @api.model
    def _procurify_hold_unposted(self, batch, record, error):
        """Hold a draft that Odoo did not post, or would have posted otherwise.

        What is said of several bills is one issue.
        """
        if isinstance(error, BookedOtherwise):
            self._procurify_hold_otherwise(batch, error.rows)
        else:
            _code, text = refusal(self.env, error)
            hold = Hold("posting_refused", f"bill/{text}", {"value": text})
            batch.hold_written(record, hold)

    # === CHECKING === #

    @api.model
    def _procurify_verify(self, batch, bills, records):
        """Compare what Odoo made with what was meant, before it may stay.

        A draft that a person may have edited meanwhile is not taken back.

        :raises BatchRefused: with the bills whose total or date differs
        """
        # Rules and computations of other addons run at the latest now.
        self.env.flush_all()
        refused = {}
        for record in records:
            move = batch.moves[record]
            if record in bills.resumed:
                continue
            if holds := self._procurify_deviations(record, move, bills):
                refused[record] = holds
            batch.written[record] = {
                "asked": bills.offers[record],
                "booked": booked_version(move),
            }
        if refused:
            raise BatchRefused(refused)

    @api.model
    def _procurify_deviations(self, record, move, bills):
        """Return the Holds for what Odoo made otherwise than it was meant."""
        key, holds = f"bill/{record.external_id}", []
        total, currency = float(bills.totals[record]), move.currency_id
        digits = currency.decimal_places
        # By its digits: where Odoo rounds to 0.05, 10.03 and 10.05 are equal to it.
        if float_compare(move.amount_total, total, precision_digits=digits):
            params = {
                "expected": f"{total:.{digits}f} {currency.name}",
                "found": f"{move.amount_total:.{digits}f} {currency.name}",
            }
            holds.append(Hold("odoo_total_mismatch", key, params))
        meant = bills.values[record].get("date")
        booked = move.date.isoformat()
        if meant and meant != booked:
            params = {"value": record.name, "expected": meant, "found": booked}
            holds.append(Hold("odoo_moved_date", key, params))
        return holds

    # === WHAT WAS MEANT === #

    @api.model
    def _procurify_otherwise(self, batch, bills, records):
        """Return {record: rows of what Odoo has otherwise than it was meant}."""
        items = BillItems(self.env, bills)
        moves = {record: batch.moves[record] for record in records}
        booked = {
            record: booked_version(move)
            if record in bills.resumed
            else batch.written[record]["booked"]
            for record, move in moves.items()
        }
        return items.rows(items.differing(moves, booked))

    @api.model
    def _procurify_mend(self, batch, bills):
        """Write again what was changed behind the import's back, if it stays by now.

        What would be changed again is left as it is: writing it would be news, and a
        reason to try again.
        """
        wanted = [record for record in batch.moves if record in bills.untouched]
        rows = self._procurify_otherwise(batch, bills, wanted)

        def write(part):
            self._procurify_update(batch, bills, {r: batch.moves[r] for r in part})
            bills.resumed.difference_update(part)
            self._procurify_verify(batch, bills, part)
            if rows := self._procurify_otherwise(batch, bills, part):
                raise BookedOtherwise(rows)

        errors = tried(self.env, list(rows), write)
        if is_refused(errors):
            bills.resumed.update(errors)
            for record in errors:
                batch.written.pop(record, None)
