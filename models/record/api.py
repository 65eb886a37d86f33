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
        """Return what is held, with every reason.

        Amounts are texts with two decimals, dates are ``YYYY-MM-DD``.

        :param domain: on ``procurify.record``, of what is held: all of it without one
        :param limit: records, at most 1000
        :param offset: records to leave out, the newest first
        :returns: ``[{"record_id", "connection_id", "resource", "external_id", "name",
            "vendor", "date", "amount", "currency", "state", "issues": [{"issue_id",
            "code", "key", "message", "advice"}]}]``; the codes of issues are stable
        :raises ApiError: ``invalid_domain``
        :raises AccessError: ``access_denied``: the user is no reviewer
        """
        return found(self, self._held_domain(domain), limit, offset)._serialize()

    @api_method
    def explain(self) -> list:
        """Return what these records are, why they are held, and what would be booked.

        The import is done for real and taken back: nothing stays of it.

        :returns: as ``read_holds``, and in each ``"candidates"`` (what it may be in
            Odoo), ``"target"`` (``{"res_model", "res_id"}`` or ``False``), and
            ``"preview"`` (``{"outcome", "rule", "issues", "booked"}``, or ``False``
            where the next import has nothing to do)
        :raises AccessError: ``access_denied``: of another company, or no reviewer
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
        """Import again what is held and fits ``domain``, without Procurify.

        Some hundred are imported at once, the rest by the import's scheduled action.

        :param domain: on ``procurify.record``; all that is held without one; at most
            1000 records in one call
        :param idempotency_key: the same key again acts once
        :returns: ``{"count", "states": {state: how many of them are so now}}``
        :raises ApiError: ``invalid_domain``, ``key_reused``
        :raises AccessError: ``access_denied``: the user is no reviewer
        """
        self.check_access("write")

        def act():
            records = found(self, self._held_domain(domain), MOST_ROWS, order="id")
            records.action_replay()
            states = Counter(records.mapped("state"))
            return {"count": len(records), "states": dict(states)}

        return self.env["procurify.idempotency"]._once(
            "procurify.record.replay", idempotency_key, {"domain": domain}, act
        )

    @api_method
    def decide(self, choice: str = "", idempotency_key: str = "") -> dict:
        """Decide about these held documents, as the buttons on their form do.

        ``adopt`` links what Odoo has already, ``book_too`` imports the document besides
        it. ``update``, ``credit``, ``keep`` and ``reverse`` answer a later version that
        is held; ``import_again`` replaces what was deleted in Odoo. All or none.

        :param choice: one of these words
        :param idempotency_key: the same key again acts once
        :returns: ``{"count", "states": {state: how many of them are so now}}``
        :raises ApiError: ``invalid_argument``, ``key_reused``; ``refused``: the choice
            does not fit a document as it is now, or Odoo refuses it
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
            states = Counter(self.mapped("state"))
            return {"count": len(self), "states": dict(states)}

        return self.env["procurify.idempotency"]._once(
            "procurify.record.decide",
            idempotency_key,
            {"ids": self.ids, "choice": choice},
            act,
        )

    @api.model
    def _held_domain(self, domain):
        """Return the domain as a plain list, so that its errors are the caller's."""
        return [*Domain("state", "in", _HELD), *(domain or ())]

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
                "issues": [issue._serialize() for issue in record.issue_ids],
            }
            for record in self
        ]
