"""What staged objects show about how their tenant uses the API."""

from odoo import api, models

from ...procurify import RESOURCES, InvalidPayload, read_json
from ...procurify.findings import (
    observed,
    observed_change,
    observed_in_list,
    observed_parent,
)
from ...tools.own_values import write_each


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    @api.model
    def _shown_by(self, payload, data, is_listed):
        """Return {question: answer} of an object, or False: it shows nothing.

        :param data: what the payload was read from
        :param is_listed: whether a list shows the object
        """
        found = observed(payload)
        if "parent" in data:
            found |= observed_parent(data)
        if is_listed:
            found |= observed_in_list(payload)
        return found or False

    def _merged_findings(self, values):
        """Return what all versions of this object have shown; a new one counts more.

        :param values: to stage of the new version
        """
        self.ensure_one()
        found = (self.findings or {}) | (values.get("findings") or {})
        if self.resource == "purchase_order":
            try:
                former, new = (
                    RESOURCES[self.resource].payload.from_json(read_json(text))
                    for text in (self.payload, values["payload"])
                )
            except InvalidPayload:
                return found or False
            found |= observed_change(former, new)
        return found or False

    def _note_finding(self, question, answer):
        """Note that these objects give ``answer`` to ``question``."""
        write_each(
            {
                record: {"findings": (record.findings or {}) | {question: answer}}
                for record in self
            }
        )
