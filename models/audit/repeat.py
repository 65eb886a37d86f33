"""What a person repeats without end is one row of the audit, with a count."""

import json
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

# Events that a person can repeat at will, and that change nothing by themselves.
REPEATABLE = frozenset(
    {
        "sync_requested",
        "connection_tested",
        "replayed",
        "verified",
        "certificate_verified",
    }
)
PERIOD = timedelta(hours=1)
_ABOUT = ("event", "user_ref", "connection_ref", "res_model", "res_id")


class ProcurifyAuditRepeat(models.Model):
    """A row counts what a person did again within an hour, with nothing in between.

    It becomes a row of the audit once the hour is over, so that nothing is left out.
    """

    _name = "procurify.audit.repeat"
    _description = "Procurify Audit Repeat"
    _log_access = False

    key = fields.Char(required=True)
    values = fields.Json(required=True)
    count = fields.Integer(required=True)
    first_date = fields.Datetime(required=True, index=True)
    last_date = fields.Datetime(required=True)

    _key_uniq = models.UniqueIndex("(key)")

    @api.model
    def _without_repeats(self, rows):
        """Count those of ``rows`` that repeat the newest row about the same thing.

        :param rows: dicts of the columns of ``procurify.audit``
        :returns: the others
        """
        if not any(row["event"] in REPEATABLE for row in rows):
            return rows
        newest = self._newest(rows)
        repeated = [row for row in rows if _key(row) in newest]
        self._count(repeated)
        return [row for row in rows if _key(row) not in newest]

    @api.model
    def _newest(self, rows):
        """Return the keys of the newest recent rows about the same things."""
        self.env["procurify.audit"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                SELECT DISTINCT ON (res_model, res_id)
                       event, user_ref, connection_ref, res_model, res_id
                  FROM procurify_audit
                 WHERE date > %s AND (res_model, res_id) IN %s
              ORDER BY res_model, res_id, id DESC
                """,
                fields.Datetime.now() - PERIOD,
                tuple({(row["res_model"], row["res_id"]) for row in rows}),
            )
        )
        keys = (json.dumps(found) for found in self.env.cr.fetchall())
        return {key for key in keys if json.loads(key)[0] in REPEATABLE}

    @api.model
    def _count(self, rows):
        now = fields.Datetime.now()
        if rows:
            self.env.cr.execute_values(
                """
                INSERT INTO procurify_audit_repeat
                            (key, values, count, first_date, last_date)
                     VALUES %s
                ON CONFLICT (key) DO UPDATE
                        SET count = procurify_audit_repeat.count + 1,
                            last_date = EXCLUDED.last_date
                """,
                [(_key(row), json.dumps(row), 1, now, now) for row in rows],
            )
            self.invalidate_model()

    @api.model
    def _log_finished(self):
        """Write what was counted, and is over for an hour, to the audit."""
        finished = self.sudo().search(
            [("first_date", "<", fields.Datetime.now() - PERIOD)]
        )
        self.env["procurify.audit"]._log(
            [
                each.values
                | {
                    "after": {
                        "repeated": each.count,
                        "first": fields.Datetime.to_string(each.first_date),
                        "last": fields.Datetime.to_string(each.last_date),
                    }
                }
                for each in finished
            ],
            may_repeat=True,
        )
        finished.unlink()


def _key(row):
    return json.dumps([row.get(name) or None for name in _ABOUT])
