"""The payload history: each different version of a remote object once."""

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..fetching.json_text import indented
from ..procurify import RESOURCES, differences, read_json, read_stored

_SHOWN = 100  # rows of a difference
_AT_A_TIME = 10_000  # rows that are deleted in one transaction


class ProcurifyVersion(models.Model):
    """An earlier version of an object.

    The record itself has the present version, which is copied here when the next one
    is staged. A version that returns keeps its row.
    """

    _name = "procurify.version"
    _description = "Procurify Version"
    _order = "sequence desc, id desc"

    record_id = fields.Many2one(
        "procurify.record", required=True, readonly=True, ondelete="cascade"
    )
    connection_id = fields.Many2one(related="record_id.connection_id")
    company_id = fields.Many2one(related="record_id.company_id")
    payload = fields.Text(readonly=True, required=True, prefetch=False)
    payload_text = fields.Text("Readable Payload", compute="_compute_payload_text")
    digest = fields.Char(readonly=True, required=True)
    remote_modified = fields.Datetime("Changed in Procurify", readonly=True)
    sequence = fields.Integer(
        readonly=True,
        required=True,
        default=0,
        help="The number of the version, in the order in which versions were replaced.",
    )
    first_seen = fields.Datetime("Seen From", readonly=True, required=True)
    last_seen = fields.Datetime("Until", readonly=True, required=True)
    difference_table = fields.Html(
        "Differences from Now", compute="_compute_difference_table", sanitize=False
    )
    change_summary = fields.Text(
        "What Changed Then",
        compute="_compute_change_summary",
        help="The changes in the version that followed.",
    )

    _digest_uniq = models.UniqueIndex("(record_id, digest)")

    # === COMPUTE METHODS === #

    @api.depends("first_seen", "record_id")
    def _compute_display_name(self):
        for version in self:
            moment = fields.Datetime.context_timestamp(version, version.first_seen)
            version.display_name = self.env._(
                "%(document)s as of %(moment)s",
                document=version.record_id.display_name,
                moment=moment.strftime("%Y-%m-%d %H:%M"),
            )

    @api.depends("payload")
    def _compute_payload_text(self):
        for version in self:
            version.payload_text = indented(version.payload)

    @api.depends("payload", "record_id.payload")
    def _compute_difference_table(self):
        for version in self:
            version.difference_table = version._compare(version.record_id)

    @api.depends("record_id.version_ids", "payload")
    def _compute_change_summary(self):
        for version in self:
            rows = _difference(version.payload, version._next().payload)
            version.change_summary = "\n".join(map(self._sentence, rows[:_SHOWN]))

    def _next(self):
        """Return the version that followed this one, or the record as it is now."""
        self.ensure_one()

        def order(version):
            return version.sequence, version.id

        later = self.record_id.version_ids.filtered(lambda v: order(v) > order(self))
        return later.sorted(order)[:1] or self.record_id

    @api.model
    def _sentence(self, row):
        place = f"{row.place}: " if row.place else ""
        before, after = row.before or "—", row.after or "—"
        return f"{place}{row.field} {before} → {after}"

    def _compare(self, other):
        """Return a table of the differences from ``other``, a version or a record."""
        self.ensure_one()
        rows = _difference(self.payload, other.payload)
        if not rows:
            return Markup("<p>%s</p>") % self.env._("Both versions are the same.")
        cells = Markup("<tr><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>")
        return Markup(
            '<table class="table table-sm"><thead><tr><th>%s</th><th>%s</th>'
            "<th>%s</th><th>%s</th></tr></thead><tbody>%s</tbody></table>"
        ) % (
            self.env._("Part"),
            self.env._("Field"),
            self.env._("This version"),
            self.env._("The other version"),
            Markup().join(cells % tuple(row) for row in rows[:_SHOWN]),
        )

    # === ACTION METHODS === #

    def action_compare(self):
        """Open a dialog that compares this version with any other."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Compare"),
            "res_model": "procurify.comparison",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_version_id": self.id},
        }

    def action_replay(self):
        """Import this version again, as if it were the present one.

        It stays until Procurify lists the object again.

        :returns: a notification that says what came of it
        :raises UserError: the object is ignored, this version is unreadable, or it
            would be staged as another record
        """
        self.ensure_one()
        record = self.record_id
        record.check_access("write")
        stored = read_stored(self.payload, RESOURCES[record.resource])
        if stored is None or record.state == "ignored":
            raise UserError(
                self.env._(
                    "This version cannot be imported. See the status of its record."
                )
            )
        if not record._is_object(stored):
            raise UserError(
                self.env._(
                    "This version cannot be imported, because %(name)s has another ID "
                    "in Procurify now.",
                    name=record.display_name,
                )
            )
        self.env["procurify.audit"]._log_version(self)
        record._stage(record.connection_id, record.resource, [(stored, stored)])
        return record.action_replay()

    # === BUSINESS METHODS === #

    @api.model
    def _keep(self, records):
        """Store the versions of ``records`` before new ones replace them."""
        if not records:
            return
        records.flush_recordset()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO procurify_version
                       (record_id, sequence, payload, digest, remote_modified,
                        first_seen, last_seen, create_uid, write_uid, create_date,
                        write_date)
                SELECT id,
                       1 + COALESCE((SELECT MAX(sequence) FROM procurify_version
                                      WHERE record_id = procurify_record.id), 0),
                       payload, digest, remote_modified,
                       COALESCE(seen_at, create_date), %(now)s,
                       %(user)s, %(user)s, %(now)s, %(now)s
                  FROM procurify_record
                 WHERE id IN %(ids)s AND payload IS NOT NULL AND digest IS NOT NULL
                    ON CONFLICT (record_id, digest) DO UPDATE
                       SET last_seen = EXCLUDED.last_seen,
                           sequence = EXCLUDED.sequence
                """,
                now=fields.Datetime.now(),
                user=self.env.uid,
                ids=records._ids,
            )
        )
        self.invalidate_model()

    # === AUTOVACUUM === #

    @api.autovacuum
    def _gc_versions(self):
        """Delete versions that are older than their connection keeps them.

        The version that was booked last stays: the next one is compared with it.
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT version.id
                  FROM procurify_version version
                  JOIN procurify_record record ON record.id = version.record_id
                  JOIN procurify_connection connection
                    ON connection.id = record.connection_id
                 WHERE version.last_seen
                       < %(now)s - connection.version_days * INTERVAL '1 day'
                   AND version.digest IS DISTINCT FROM record.applied_digest
                 ORDER BY version.id
                 LIMIT %(most)s
                """,
                now=fields.Datetime.now(),
                most=_AT_A_TIME,
            )
        )
        old = self.browse(id_ for (id_,) in self.env.cr.fetchall())
        old.unlink()
        return len(old), len(old) == _AT_A_TIME


def _difference(before, after):
    return differences(*(read_json(text) for text in (before, after)))
