"""What a dry run found to be missing, as plain data."""

from odoo import models
from odoo.tools import float_repr


class ProcurifyDryRunIssue(models.Model):
    _inherit = "procurify.dry.run.issue"

    def _as_held(self):
        self.ensure_one()
        return {
            "code": self.code,
            "key": self.key,
            "message": self.message,
            "advice": self.advice,
            "documents": self.document_count,
            "records": self.record_count,
            "amounts": {
                code: float_repr(amount, 2)
                for code, amount in (self.amounts or {}).items()
            },
        }

    def _as_missing(self):
        self.ensure_one()
        return {
            "resource": self.mapped_resource,
            "external_id": self.mapped_id,
            "name": self.mapped_name,
            "documents": self.document_count,
            "suggestion": self.suggestion or False,
        }
