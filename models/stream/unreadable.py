"""Trying again to read what could not be read, after longer and longer pauses."""

from odoo import api, fields, models
from odoo.fields import Domain

from ...fetching.unreadable import NAMELESS, Trouble
from .scan import BEGINNING, PART_ROUNDS, is_missing, is_unreadable


class ProcurifyStream(models.Model):
    """What has a detail is asked for one by one. What only a list shows is met again
    when that is read from the same moment on: ``scan_from`` widens the window."""

    _inherit = "procurify.stream"

    def _unreadable(self, domain=Domain.TRUE):
        """Return what of this list cannot be read."""
        return self.env["procurify.record"].search(
            Domain("connection_id", "=", self.connection_id.id)
            & Domain("resource", "=", self.resource)
            & Domain("read_error", "!=", False)
            & domain,
            order="read_again_at, id",
        )

    # === ASKING FOR DETAILS === #

    def _due_unreadable(self):
        """Return what is to be read again: its pause is over, or it was looked for by
        a reading that did not come to its end."""
        is_over = Domain("read_again_at", "<=", fields.Datetime.now())
        is_sought = Domain("read_again_at", "=", False) & Domain(
            "read_from", "!=", False
        )
        return self._unreadable(is_over | is_sought)

    def _ask_again_for_unreadable(self, client, resource, due):
        """Ask for those of ``due`` that have a detail; tell whether there were any."""
        if not resource.detail_path:
            return False
        asked = due.filtered(lambda record: not record.read_from)
        records = asked[: PART_ROUNDS * client.detail_workers]
        if records:
            self._stage_answers(client, resource, records)
        return bool(records)

    def _stage_answers(self, client, resource, records):
        """Ask for ``records``, which could not be read, and stage what comes."""
        details = client.details(
            resource,
            [record._detail_ids(resource) for record in records],
            self._controls(resource),
        )
        found, troubles = [], {}
        for record, detail in zip(records, details, strict=True):
            if is_missing(detail) or is_unreadable(detail):
                reason = getattr(detail, "reason", "nothing is there (404)")
                troubles[record.external_id] = Trouble(reason)
            else:
                found.append((detail, detail))
        staged = self._stage_all(found, troubles)
        self._import_meanwhile(staged)

    # === MEETING IN LISTS === #

    @api.model
    def _opened_scan_values(self, due):
        """Return what opens a window, wide enough to meet what is due again."""
        sought = due.filtered("read_from")
        # Who is met gets a new time; who is not shows by having none.
        sought.read_again_at = False
        return {
            "scan_pass": 1,
            "scan_page": 1,
            "scan_from": min(sought.mapped("read_from"), default=False),
        }

    def _window_start(self, resource):
        """Return the naive UTC instant from which the list is read now."""
        window = self._window(resource)
        return window["since"].replace(tzinfo=None) if window else BEGINNING

    @api.model
    def _troubles_of(self, page, start):
        """Return {external id: Trouble} of the rows of ``page`` that make no sense.

        :param start: of the window that shows them, naive and UTC
        """
        return {
            row.external_id or f"{NAMELESS}{row.digest[:16]}": Trouble(
                row.reason, row.digest, read_from=start
            )
            for row in page.unreadable
        }

    def _note_unmet(self):
        """Note which rows were looked for and are not shown any more."""
        if not self.scan_from:
            return
        unmet = self._unreadable(
            Domain("read_from", "!=", False) & Domain("read_again_at", "=", False)
        )
        nameless = unmet.filtered(lambda r: r.external_id.startswith(NAMELESS))
        nameless._has_gone()
        troubles = {
            record.external_id: Trouble(record.read_error, read_from=record.read_from)
            for record in unmet - nameless
        }
        self._stage_all([], troubles)
