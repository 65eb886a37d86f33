"""Bills that wait for the lines of their orders: booked, and linked when those come."""

from odoo import models
from odoo.tools import SQL


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    def _await(self, awaited):
        """Note for which order items these bills wait; two statements for all of them.

        :param awaited: {record: ids of the items, in ascending order}; a record that is
            not named keeps what it waits for
        """
        news = [
            record
            for record in self
            if record in awaited
            and tuple(sorted(record.awaits_ids.ids)) != awaited[record]
        ]
        if not news:
            return
        field = self._fields["awaits_ids"]
        relation, column1, column2 = map(
            SQL.identifier, (field.relation, field.column1, field.column2)
        )
        pairs = [(record.id, item) for record in news for item in awaited[record]]
        self.env.cr.execute(
            SQL(
                "DELETE FROM %s WHERE %s IN %s",
                relation,
                column1,
                tuple(record.id for record in news),
            )
        )
        self.env.cr.execute(
            SQL(
                "INSERT INTO %s (%s, %s) SELECT * FROM unnest(%s::int[], %s::int[])",
                relation,
                column1,
                column2,
                [record_id for record_id, _item in pairs],
                [item for _record_id, item in pairs],
            )
        )
        self.invalidate_model(["awaits_ids"], flush=False)

    def _link_waiting(self):
        """Send bills to the import again that wait for the lines of these items."""
        if self:
            waiting = self.search([("awaits_ids", "in", self.ids)])
            waiting.write({"applied_digest": False})
            waiting.filtered(lambda r: r.state != "ignored")._requeue()
