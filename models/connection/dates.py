"""How the dates of a tenant are read: as written, or in a time zone."""

from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from odoo.addons.base.models.res_partner import _tz_get

from ...procurify import InvalidPayload, read_json
from ...procurify.payloads.dates import in_zone

# Documents whose day may be another one than the day as written.
_UNCERTAIN = Domain("date_finding", "=", "time_of_day") | Domain(
    "list_date_finding", "=", "differs"
)


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    date_reading = fields.Selection(
        [
            ("written", "The day as written"),
            ("zone", "The day in a time zone"),
        ],
        string="Dates with a Time of Day",
        help="A date that comes with a time, such as 2026-03-31T22:00:00Z, is 31 March "
        "as it is written and 1 April in Zurich. Empty: bills with such dates are "
        "booked on the day as written and stay drafts. Once you choose, drafts move to "
        "that day, and are posted if new bills are. Dates without a time, or at "
        "midnight, are always the day as written.",
    )
    date_zone = fields.Selection(_tz_get, string="Time Zone of Dates")
    suggested_date_zone = fields.Char(
        "Suggested Time Zone", compute="_compute_suggested_date_zone"
    )
    uncertain_date_count = fields.Integer(
        "Documents with Uncertain Dates",
        compute="_compute_uncertain_date_count",
        help="Documents whose day may be another one, until somebody chooses how dates "
        "are read.",
    )

    @api.constrains("date_reading", "date_zone")
    def _check_date_zone(self):
        for connection in self:
            if connection.date_reading == "zone" and not connection.date_zone:
                raise ValidationError(
                    self.env._("Choose the time zone in which dates are read.")
                )

    @api.onchange("date_reading")
    def _onchange_date_reading(self):
        if self.date_reading == "zone" and not self.date_zone:
            self.date_zone = self.suggested_date_zone

    @api.depends("company_id")
    def _compute_suggested_date_zone(self):
        zones = dict(_tz_get(self))
        for connection in self:
            found = (
                *connection._zones_of_locations(),
                connection.company_id.partner_id.tz,
                self.env.user.tz,
            )
            connection.suggested_date_zone = next((z for z in found if z in zones), "")

    @api.depends("date_reading")
    def _compute_uncertain_date_count(self):
        undecided = self.filtered(lambda connection: not connection.date_reading)
        groups = (
            self.env["procurify.record"]
            .sudo()
            ._read_group(
                Domain("connection_id", "in", undecided.ids) & _UNCERTAIN,
                ["connection_id"],
                ["__count"],
            )
        )
        counts = {connection.id: count for connection, count in groups}
        for connection in self:
            connection.uncertain_date_count = counts.get(connection._origin.id, 0)

    def _zones_of_locations(self):
        """Return the zones of this tenant's locations, the head office's first."""
        self.ensure_one()
        records = self.env["procurify.record"].sudo()
        rows = records.search(
            Domain("connection_id", "=", self._origin.id)
            & Domain("resource", "=", "location"),
            order="id",
        )
        found = []
        for row in rows:
            try:
                data = read_json(row.payload or "{}")
            except InvalidPayload:
                continue
            is_head = data.get("headquarter") is True
            found.append((not is_head, data.get("locationTimezone") or ""))
        return [zone for _rank, zone in sorted(found, key=lambda pair: pair[0])]

    def _dated(self, payload):
        """Return a document with its days as this tenant's dates are to be read."""
        if self.date_reading != "zone":
            return payload
        return in_zone(payload, ZoneInfo(self.date_zone))

    def _read_dates_again(self):
        """Send the documents to the import whose days depend on how dates are read."""
        doubtful = (
            self.env["procurify.record"]
            .sudo()
            .search(
                Domain("connection_id", "in", self.ids)
                & Domain("state", "in", ("done", "excluded", "quarantined"))
                & (_UNCERTAIN | Domain("issue_ids.code", "=", "date_not_explained"))
            )
        )
        if doubtful:
            # What is booked of them is compared anew, too.
            doubtful.write({"applied_digest": False})
            doubtful._requeue()
            self.env.ref("procurify_connector.ir_cron_import").sudo()._trigger()
