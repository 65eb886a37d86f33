"""Records in the external API: read, explain, replay and decide what is on hold."""

from collections import Counter

from odoo import api, fields, models
from odoo.fields import Domain

from ...tools.api_method import MOST_ROWS, ApiError, api_method, found
from .quarantine import CHOICES

_HELD = ("quarantined", "waiting")
# Choice → the method of its button.
_ACTIONS = {
    "update": "action_reset_and_update",
    "credit": "action_credit_and_rebill",
    "keep": "action_keep_odoo",
    "reverse": "action_reverse",
    "import_again": "action_import_again",
    "adopt": "action_adopt",
    "book_too": "action_not_a_duplicate",
}
_CLOSED = ("done", "ignored")  # the next import has nothing to do


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    @api.model
    @api_method
    def read_holds(self, domain: list = (), limit: int = 100, offset: int = 0) -> list:
        """Return what is on hold, with every issue.

        Amounts are texts with two decimals, dates are ``YYYY-MM-DD``.

        :param domain: on ``procurify.record``; without it, everything on hold
        :param limit: records, at most 1000
        :param offset: records to skip, the newest first
        :returns: ``[{"record_id", "connection_id", "resource", "external_id", "name",
            "vendor", "date", "amount", "currency", "state", "document_state", "issues":
            [{"issue_id", "code", "key", "message", "advice"}]}]``; the codes of issues
            are stable. ``document_state`` is what people see: ``queued``, ``on_hold``,
            ``draft`` or ``posted`` (in Odoo), ``cancelled``, ``mapped``, ``excluded``
            or ``ignored``
        :raises ApiError: ``invalid_domain``
        :raises AccessError: ``access_denied``: the user is no reviewer
        """
        return found(self, self._held_domain(domain), limit, offset)._serialize()

    @api_method
    def explain(self) -> list:
        """Return these records, why they are on hold, and what would be imported.

        The import is tried and rolled back, so nothing is saved.

        :returns: as ``read_holds``, and for each ``"candidates"`` (possible matches in
            Odoo), ``"target"`` (``{"res_model", "res_id"}`` or ``False``), and
            ``"preview"`` (``{"outcome", "rule", "issues", "booked"}``, or ``False``
            if the next import has nothing to do)
        :raises AccessError: ``access_denied``: the records are of another company, or
            the user is no reviewer
        """
        self.check_access("read")
        results = self._serialize()
        open_records = self.filtered(lambda record: record.state not in _CLOSED)
        previews = {
            each["record_id"]: {
                name: each[name] for name in ("outcome", "rule", "issues", "booked")
            }
            for each in open_records._preview()
        }
        for record, result in zip(self, results, strict=True):
            target = {"res_model": record.res_model, "res_id": record.res_id}
            result["candidates"] = record.candidates or []
            result["target"] = record.res_id and target
            result["preview"] = previews.get(record.id)
        return results

    @api.model
    @api_method
    def replay(self, domain: list = (), idempotency_key: str = "") -> dict:
        """Replay the records on hold that match ``domain``, without Procurify.

        Up to 200 are imported at once, the rest by the import's scheduled action.

        :param domain: on ``procurify.record``; without it, everything on hold; at most
            1000 records in one call
        :param idempotency_key: the same key again acts once
        :returns: ``{"count", "states": {state: number of these records},
            "document_states": {what people see: number}}``
        :raises ApiError: ``invalid_domain``, ``key_reused``
        :raises AccessError: ``access_denied``: the user is no reviewer
        """
        self.check_access("write")

        def act():
            records = found(self, self._held_domain(domain), MOST_ROWS, order="id")
            records.action_replay()
            return records._counted()

        return self.env["procurify.idempotency"]._once(
            "procurify.record.replay", idempotency_key, {"domain": domain}, act
        )

    @api_method
    def decide(self, choice: str = "", idempotency_key: str = "") -> dict:
        """Decide about these documents on hold, as the buttons on their form do.

        ``adopt`` links the document that is already in Odoo, ``book_too`` imports this
        one in addition. ``update``, ``credit``, ``keep`` and ``reverse`` decide about a
        later version on hold. ``import_again`` replaces a document that was deleted in
        Odoo. If one record fails, none is changed.

        :param choice: one of these words
        :param idempotency_key: the same key again acts once
        :returns: ``{"count", "states": {state: number of these records},
            "document_states": {what people see: number}}``
        :raises ApiError: ``invalid_argument``, ``key_reused``; ``refused``: the choice
            is not possible for a document in its current state, or Odoo refuses it
        :raises AccessError: ``access_denied``: the user is no reviewer, or may not do
            it to the document in Odoo
        """
        self.check_access("write")
        if choice not in CHOICES:
            names = ", ".join(CHOICES)
            message = self.env._("The choice must be one of: %(names)s.", names=names)
            raise ApiError("invalid_argument", message)

        def act():
            getattr(self, _ACTIONS[choice])()
            return self._counted()

        return self.env["procurify.idempotency"]._once(
            "procurify.record.decide",
            idempotency_key,
            {"ids": self.ids, "choice": choice},
            act,
        )

    @api.model
    def _held_domain(self, domain):
        """Return the domain as a plain list, so that its errors concern the caller."""
        return [*Domain("state", "in", _HELD), *(domain or ())]

    def _counted(self):
        """Return how many records these are, and where they are now."""
        return {
            "count": len(self),
            "states": dict(Counter(self.mapped("state"))),
            "document_states": dict(Counter(self.mapped("document_state"))),
        }

    def _serialize(self):
        """Return these records as API calls do."""
        return [
            {
                "record_id": record.id,
                "connection_id": record.connection_id.id,
                "resource": record.resource,
                "external_id": record.external_id,
                "name": record.display_name,
                "vendor": record.remote_party,
                "date": fields.Date.to_string(record.remote_date),
                "amount": f"{record.remote_amount:.2f}",
                "currency": record.remote_currency,
                "state": record.state,
                "document_state": record.document_state,
                "issues": [issue._serialize() for issue in record.issue_ids],
            }
            for record in self
        ]
