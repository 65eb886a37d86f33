"""Issues in the external API: list, propose, resolve."""

from collections import Counter

from odoo import api, fields, models
from odoo.fields import Domain

from ...tools.api_method import api_method, found


class ProcurifyIssue(models.Model):
    _inherit = "procurify.issue"

    @api.model
    @api_method
    def read_issues(self, domain: list = (), limit: int = 100, offset: int = 0) -> list:
        """Return the open issues, each with the number of documents affected.

        :param domain: on ``procurify.issue``; without it, all open issues
        :param limit: issues, at most 1000
        :param offset: issues to skip
        :returns: ``[{"issue_id", "code", "key", "message", "advice", "connection_id",
            "record_id": the record to map, "documents": number of documents affected,
            "amounts": text, "oldest": date, "age_days"}]``; the codes are stable
        :raises ApiError: ``invalid_domain``
        :raises AccessError: ``access_denied``: the user is no reviewer
        """
        open_ones = [*Domain("state", "=", "open"), *(domain or ())]
        return [
            issue._serialize()
            | {
                "connection_id": issue.connection_id.id,
                "record_id": issue.reference_id.id,
                "documents": issue.record_count,
                "amounts": issue.blocked_amount,
                "oldest": fields.Date.to_string(issue.oldest_date),
                "age_days": issue.age_days,
            }
            for issue in found(self, open_ones, limit, offset)
        ]

    @api_method
    def propose(self) -> list:
        """Return suggestions to resolve these issues, the best first.

        Only records that this user may read in Odoo are suggested.

        :returns: ``[{"issue_id", "candidates": [{"res_model", "res_id", "name", …}],
            "can_create": whether ``resolve`` may create what is missing}]``
        :raises AccessError: ``access_denied``
        """
        self.check_access("read")
        return [
            {
                "issue_id": issue.id,
                "candidates": issue.candidates or [],
                "can_create": issue.can_create,
            }
            for issue in self
        ]

    @api_method
    def resolve(
        self, res_id: int = False, create: bool = False, idempotency_key: str = ""
    ) -> dict:
        """Map what these issues are about, and import the documents affected.

        :param res_id: the matching Odoo record; without it, what the importer finds
        :param create: create the missing record in Odoo, with this user's rights
        :param idempotency_key: the same key again acts once
        :returns: ``{"issues": [{"issue_id", "state": "open" | "resolved"}],
            "documents": {state: number of the documents affected}}``
        :raises ApiError: ``key_reused``
        :raises UserError: ``refused``: nothing can be mapped, or not to this record
        :raises AccessError: ``access_denied``
        """
        self.check_access("write")

        def act():
            documents = self._blocked_documents()
            if create:
                self.action_create_missing()
            else:
                self.action_resolve(res_id or None)
            return {
                "issues": [
                    {"issue_id": issue.id, "state": issue.state} for issue in self
                ],
                "documents": dict(Counter(documents.mapped("state"))),
            }

        arguments = {"ids": self.ids, "res_id": res_id, "create": create}
        return self.env["procurify.idempotency"]._once(
            "procurify.issue.resolve", idempotency_key, arguments, act
        )

    def _serialize(self):
        """Return this issue as API calls do."""
        self.ensure_one()
        return {
            "issue_id": self.id,
            "code": self.code,
            "key": self.key,
            "message": self.message,
            "advice": self.advice,
        }
