"""Creating in Odoo what master data has no match: at once, or after a preview."""

from odoo import models
from odoo.exceptions import UserError


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    def action_create_missing(self):
        """Create these records in Odoo, map them, and replay.

        The user's own rights in Odoo apply.

        :returns: a notification of the result
        :raises AccessError: the user may not create them
        """
        self.check_access("write")
        counted = self._blocked_documents()
        self._create_missing()
        self._replay_mapped()
        return counted._notify_outcome()

    def action_preview_missing(self):
        """Show what these records would become in Odoo, to create them in one step.

        :raises UserError: there is nothing to create
        """
        self.check_access("write")
        return self.env["procurify.creation"]._preview(self)

    def _create_missing(self, edits=None):
        """Create these master records in Odoo as the user, and map them.

        Those that were mapped meanwhile, as by a second click, are skipped.

        :param edits: {record: values that a person has changed}
        :returns: {record: Odoo record}
        """
        created = {}
        missing = self.filtered(lambda record: record._needs_target())
        for connection_resource in missing.grouped(
            lambda r: (r.connection_id, r.resource)
        ).values():
            company = connection_resource.company_id
            resource = connection_resource[0].resource
            model = self._person_env(company)[self._target_model(resource)]
            batch = model._procurify_batch(connection_resource.sudo())
            targets = model._procurify_create_missing(batch, edits or {})
            for record, target in targets.items():
                record.sudo(False).write({"res_id": target.id})
                created[record.sudo(False)] = target
        return created

    def _values_to_create(self):
        """Return ({record: values of its Odoo record}, {record: why it has none})."""
        values, problems = {}, {}
        for records in self.grouped(lambda r: (r.connection_id, r.resource)).values():
            model = self._person_env(records.company_id)[
                self._target_model(records[0].resource)
            ]
            try:
                values |= records._values_of(model)
            except UserError:
                # One of them says nothing: the others are asked by themselves.
                for record in records:
                    try:
                        values |= record._values_of(model)
                    except UserError as error:
                        problems[record] = str(error)
        return values, problems

    def _values_of(self, model):
        """Return {record: values of its new Odoo record}.

        :raises UserError: something that only a person knows is missing
        """
        batch = model._procurify_batch(self.sudo())
        found = model._procurify_create_values(batch)
        return {record.sudo(False): values for record, values in found.items()}
