"""What an import of records would do, told without doing it."""

from odoo import models

from .import_preview import booked
from .rehearsal import rehearsed


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    def _preview(self):
        """Import these records for real, tell what came of it, and take it back.

        What documents name is imported with them, as an import does.

        :returns: one dict per record, in the order of ``self``, which JSON takes::

            {"record_id", "resource", "external_id", "name",
             "outcome": the state that the import would leave it in,
             "rule": why it would be excluded, or False,
             "causes": [{"code", "key", "message", "advice"}],
             "booked": see ``import_preview.booked``, or None}
        """
        with rehearsed(self.env):
            return self._rehearse()

    def _rehearse(self):
        """Do as :meth:`_preview`, inside a rehearsal that has begun."""
        records = self.sudo()
        records._import()
        self.env.flush_all()
        documents = booked(records)
        rules = dict(self._fields["excluded_rule"]._description_selection(self.env))
        return [
            {
                "record_id": record.id,
                "resource": record.resource,
                "external_id": record.external_id,
                "name": record.display_name,
                "outcome": record.state,
                "rule": rules.get(record.excluded_rule, False),
                "causes": [
                    {
                        "code": cause.code,
                        "key": cause.key,
                        "message": cause.message,
                        "advice": cause.advice,
                    }
                    for cause in record.cause_ids
                ],
                "booked": documents.get(record),
            }
            for record in records
        ]
