"""The audit in Odoo's external API: query and verification."""

from odoo import api, fields, models

from ...tools.api_method import api_method, found


class ProcurifyAudit(models.Model):
    _inherit = "procurify.audit"

    @api.model
    @api_method
    def read_events(
        self, domain: list = (), limit: int = 100, before_id: int = False
    ) -> list:
        """Return the entries of the audit, the newest first.

        :param domain: on ``procurify.audit``
        :param limit: events, at most 1000
        :param before_id: only events before this one, to read the next page
        :returns: ``[{"event_id", "date": UTC, "event", "connection_id", "user",
            "resource", "external_id", "subject", "reason", "before", "after"}]``;
            who may not read journal items gets no quotes of documents in the last two
        :raises ApiError: ``invalid_domain``
        :raises AccessError: ``access_denied``: the user is no reviewer
        """
        older = [("id", "<", int(before_id))] if before_id else []
        return [
            {
                "event_id": row.id,
                "date": fields.Datetime.to_string(row.date),
                "event": row.event,
                "connection_id": row.connection_ref,
                "user": row.user_name,
                "resource": row.resource,
                "external_id": row.external_id,
                "subject": row.subject,
                "reason": row.reason,
                "before": before,
                "after": after,
            }
            for row in found(self, [*older, *(domain or ())], limit)
            for before, after in [row._before_and_after()]
        ]

    @api.model
    @api_method
    def verify(
        self,
        connection_id: int = False,
        known_head: str = "",
        idempotency_key: str = "",
    ) -> list:
        """Verify the audit of the connections that this user may see, at once.

        The result is recorded in the audit. A million rows take some seconds.

        :param connection_id: only this connection
        :param known_head: a chain head that you kept, of an earlier answer or a
            certificate: everything that was sealed until then must be unchanged
        :param idempotency_key: the same key again acts once
        :returns: ``[{"connection_id", "whole", "rows", "seals", "head": the chain head,
            which is the digest of the newest seal, "findings": sentences, "removed":
            sentences on what retention removed after ``known_head``}]``
        :raises AccessError: ``access_denied``: the user is no reviewer
        """
        self.check_access("read")
        connections = self.env["procurify.connection"]._seen_by_api(connection_id)

        def act():
            verdicts = {
                each: self._verify_and_log(each.id, known_head) for each in connections
            }
            return [
                {
                    "connection_id": connection.id,
                    "whole": not verdict.findings,
                    "rows": verdict.row_count,
                    "seals": verdict.seal_count,
                    "head": verdict.head,
                    "findings": verdict.findings,
                    "removed": verdict.removed,
                }
                for connection, verdict in verdicts.items()
            ]

        return self.env["procurify.idempotency"]._once(
            "procurify.audit.verify",
            idempotency_key,
            {"ids": connections.ids, "known_head": known_head},
            act,
        )
