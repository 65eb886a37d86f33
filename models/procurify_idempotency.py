"""Calls that act once, however often they are sent."""

import hashlib
import json
from datetime import timedelta

from odoo import api, fields, models

from ..tools.api_method import ApiError, without_none
from ..tools.concurrency import created_once

KEPT = timedelta(days=7)
MAX_KEY_CHARS = 128


class ProcurifyIdempotency(models.Model):
    """A row is a call that a person's script made under a key, and its answer.

    It is written in the transaction that acts: a call that fails leaves no row, and
    may be sent again. Two at the same time meet at the unique index; the later one is
    tried again by Odoo, and then finds the answer of the first.
    """

    _name = "procurify.idempotency"
    _description = "Procurify Idempotency Key"
    _order = "id desc"

    user_id = fields.Many2one(
        "res.users", required=True, readonly=True, ondelete="cascade", index=True
    )
    method = fields.Char(required=True, readonly=True)
    key = fields.Char(required=True, readonly=True)
    digest = fields.Char(
        required=True, readonly=True, help="SHA-256 of the call's arguments."
    )
    result = fields.Json("Answer", readonly=True)

    _key_uniq = models.UniqueIndex(
        "(user_id, method, key)", "A user can use an idempotency key for one call only."
    )

    @api.model
    def _once(self, method, key, arguments, act):
        """Return what ``act()`` returns; of the same call before, what it returned.

        :param key: text that the caller chose for this call; empty: act each time
        :param arguments: what else makes it the same call, as JSON takes it
        :raises ApiError: ``invalid_key``; ``key_reused`` for another call
        """
        if not key:
            return act()
        if not isinstance(key, str) or len(key) > MAX_KEY_CHARS:
            message = self.env._(
                "An idempotency key must be a text of at most %(count)s characters.",
                count=MAX_KEY_CHARS,
            )
            raise ApiError("invalid_key", message)
        # The same call in other companies is another call.
        digest = _digest(arguments | {"company_ids": sorted(self.env.companies.ids)})
        mine = {"user_id": self.env.uid, "method": method, "key": key}
        rows = self.sudo()
        if known := rows.search([(name, "=", mine[name]) for name in mine], limit=1):
            return known._answer(digest)
        with created_once():
            row = rows.create(mine | {"digest": digest})
        row.result = without_none(act())
        return row.result

    def _answer(self, digest):
        """Return the stored answer, if the call was the same."""
        self.ensure_one()
        if self.digest != digest:
            message = self.env._(
                "This idempotency key was already used for another call."
            )
            raise ApiError("key_reused", message, http_status=409)
        return self.result

    @api.autovacuum
    def _gc_keys(self):
        limit = 10_000
        old = self.search(
            [("create_date", "<", fields.Datetime.now() - KEPT)], limit=limit
        )
        old.unlink()
        return len(old), len(old) == limit


def _digest(arguments):
    text = json.dumps(arguments, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
