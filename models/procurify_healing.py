"""What changes in Odoo releases the held records that it can cure."""

from datetime import datetime, timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..importers.resource_kinds import DOCUMENTS, KINDS
from ..tools.concurrency import created_once
from ..tools.private import is_run_manually

BATCH_SIZE = 100  # records of master data that are imported in one transaction
LONGEST_TRANSACTION = timedelta(hours=1)  # no job of Odoo's works longer
_MASTERS = tuple(kind.name for kind in KINDS.values() if kind.role == "master")
# What Odoo or another addon said no to: nobody knows what would change its mind.
REFUSALS = ("odoo_refused", "posting_refused", "confirmation_refused", "unexpected")
RETRIED_EVERY = timedelta(days=1)
_RIGHTS = (_MASTERS, ("access_denied", *REFUSALS))
_RULES = ("booked_otherwise", *REFUSALS)
_IS_DOCUMENT = Domain("resource", "in", DOCUMENTS)


class Cure(NamedTuple):
    """What a change of a model's records may release.

    :param resources: master data that is on hold, and looked up again
    :param codes: issues of documents, which are tried again
    """

    resources: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


# Model → what a change of it can cure.
CURES = {
    "res.partner": Cure(("vendor",)),
    "account.account": Cure(("account_code",), ("wrong_target",)),
    "account.analytic.account": Cure(
        ("department", "location", "custom_value"), ("plan_conflict",)
    ),
    "account.tax": Cure(("tax",), ("odoo_total_mismatch", "tax_mismatch")),
    "res.currency": Cure(("currency",), ("odoo_total_mismatch",)),
    "res.currency.rate": Cure((), ("missing_rate",)),
    "product.product": Cure(("catalog_item",), ("missing_product",)),
    "product.template": Cure(("catalog_item",), ("missing_product",)),
    "uom.uom": Cure(("unit",), ("unit_conflict",)),
    "account.payment.term": Cure(("payment_term",)),
    "account.journal": Cure((), ("odoo_moved_date", "wrong_target", *REFUSALS)),
    "res.company": Cure((), ("closed_period", "odoo_moved_date", *REFUSALS)),
    "account.lock_exception": Cure((), ("closed_period", "odoo_moved_date")),
    "account.analytic.plan": Cure(("department", "location", "custom_value"), REFUSALS),
    "account.analytic.applicability": Cure((), REFUSALS),
    # What changes documents by itself, or refuses them.
    "base.automation": Cure((), _RULES),
    "ir.actions.server": Cure((), _RULES),
    "ir.default": Cure((), _RULES),
    # What the integration user may see and do.
    "res.users": Cure(*_RIGHTS),
    "res.groups": Cure(*_RIGHTS),
    "ir.rule": Cure(*_RIGHTS),
    "ir.model.access": Cure(*_RIGHTS),
}
_COUNTED = ("base.automation", "ir.actions.server", "ir.default")
# The same for the document in Odoo on which a revision waits, or that is in its way:
# only that one matters.
DOCUMENT_CURES = {
    "account.move": (
        "before_start_date",
        "booked_otherwise",
        "cancelled_in_odoo",
        "changed_after_booking",
        "date_not_explained",
        "deleted_in_procurify",
        "duplicate_bill",
        "finding_not_confirmed",
        "posting_refused",
        "withdrawn",
    ),
    "purchase.order": (
        "before_start_date",
        "booked_otherwise",
        "cancelled_in_odoo",
        "changed_after_booking",
        "confirmation_refused",
        "duplicate_order",
        "order_cancelled",
        "order_locked",
        "order_undercut",
    ),
}
# What changes with a document, or is in its way, and leaves the document's own stamp
# alone: document → {model: where it leads to the document}. Odoo computes what is
# billed and received of an order's line, which is no change of the line.
PARTS = {
    "account.move": {"account.move.line": "move_id"},
    "purchase.order": {
        "purchase.order.line": "order_id",
        "account.move": "line_ids.purchase_line_id.order_id",
        "stock.move": "purchase_line_id.order_id",
    },
}


class ProcurifyHealing(models.Model):
    """A row says up to which moment Odoo's changes were looked at for a connection.

    Kept apart from the connection, which the fetch writes at the same time.
    """

    _name = "procurify.healing"
    _description = "Procurify Healing"

    connection_id = fields.Many2one(
        "procurify.connection", required=True, ondelete="cascade"
    )
    watermark = fields.Datetime(
        readonly=True,
        help="Changes in Odoo before this time have been processed (UTC).",
    )

    retried_at = fields.Datetime(
        default=fields.Datetime.now,
        readonly=True,
        help="When refused documents were last tried again without a change in Odoo.",
    )
    rule_counts = fields.Json(
        readonly=True, help="The number of rules per model, to notice a deleted rule."
    )
    resume_until = fields.Datetime(
        readonly=True, help="The next watermark, while master data is imported again."
    )
    resume_ids = fields.Json(
        readonly=True, help="Master data that still has to be imported."
    )

    _connection_uniq = models.UniqueIndex("(connection_id)")

    # === BUSINESS METHODS === #

    @api.model
    def _heal(self, connections):
        """Send to the import what changes in Odoo may have cured meanwhile."""
        rows = self.search([("connection_id", "in", connections.ids)])
        with created_once():
            rows |= self.create(
                [
                    {"connection_id": connection.id}
                    for connection in connections - rows.connection_id
                ]
            )
        for row in rows:
            seen_until = row.resume_until or self._settled_until()

            def go_on(left, row=row, seen_until=seen_until):
                row.write({"resume_until": seen_until, "resume_ids": left})
                time_left = self.env["ir.cron"]._commit_progress()
                return time_left or is_run_manually()

            if row._release(go_on):
                row.write(
                    {
                        "watermark": seen_until,
                        "resume_until": False,
                        "resume_ids": False,
                    }
                )

    def _release(self, go_on=lambda left: True):
        """Release what was cured: documents to the import, master data in batches.

        :param go_on: takes the ids of master data that is left after a batch, may
            commit, and returns whether there is time for more
        :returns: whether anything is on hold, and nothing is left
        """
        self.ensure_one()
        left = self.resume_ids
        if not left:
            cured = self._cured()
            if cured is None:
                return False
            masters = cured.filtered(lambda record: record.role == "master")
            (cured - masters)._requeue()
            left = masters.ids
        while left:
            self._import_held(self.env["procurify.record"].browse(left[:BATCH_SIZE]))
            left = left[BATCH_SIZE:]
            if left and not go_on(left):
                return False
        return True

    @api.model
    def _import_held(self, masters):
        """Import what is still held, as it is: what stays held is not even written."""
        held = masters.exists().filtered(lambda r: r.state == "quarantined")
        held.try_lock_for_update(allow_referencing=True)._import()

    def _cured(self):
        """Return what changes in Odoo may have cured; None if nothing is on hold."""
        self.ensure_one()
        records = self.env["procurify.record"]
        held = Domain("connection_id", "=", self.connection_id.id) & Domain(
            "state", "=", "quarantined"
        )
        resources = {name for (name,) in records._read_group(held, ["resource"])}
        if not resources:
            return None
        issues = records._read_group(held & _IS_DOCUMENT, ["issue_ids"])
        codes = {issue.code for (issue,) in issues}
        awaited = [
            model
            for model, cure in CURES.items()
            if model in self.env
            and not (
                resources.isdisjoint(cure.resources) and codes.isdisjoint(cure.codes)
            )
        ]
        lost = {model for model in awaited if self._has_lost(model)}
        cures = [CURES[model] for model in lost | self._changed_models(awaited)]
        cured = Domain.OR(
            Domain("resource", "in", list(cure.resources))
            | (_IS_DOCUMENT & Domain("issue_ids.code", "in", list(cure.codes)))
            for cure in cures
        )
        released = records.search(held & (cured | self._retried()))
        for model, answered in DOCUMENT_CURES.items():
            if not codes.isdisjoint(answered):
                released |= self._with_changed_target(held, model, answered)
        if "booked_elsewhere" in codes:
            released |= self._no_longer_elsewhere(held)
        return released

    def _changed_models(self, models):
        """Return of which ``models`` any record was changed since the last time.

        Of users, only the integration user counts. One query: two dozen, in each run of
        the import, would be most of what an idle one does.
        """
        if not models:
            return set()
        since = self.watermark or datetime.min
        user = self.connection_id.user_id
        self.env.flush_all()
        found = self.env.execute_query(
            SQL(" UNION ALL ").join(
                SQL(
                    "SELECT %s WHERE EXISTS (SELECT FROM %s WHERE write_date >= %s%s)",
                    model,
                    SQL.identifier(self.env[model]._table),
                    since,
                    SQL(" AND id = %s", user.id) if model == user._name else SQL(),
                )
                for model in models
            )
        )
        return {model for (model,) in found}

    def _changed(self, model, domain):
        """Return ids of records of ``model`` that were changed since the last time."""
        if self.watermark:
            domain &= Domain("write_date", ">=", self.watermark)
        records = self.env[model].sudo().with_context(active_test=False)
        return set(records.search(domain, order="id").ids)

    def _has_lost(self, model):
        """Return whether a rule is gone since the last time: that leaves no stamp."""
        if model not in _COUNTED:
            return False
        rules = self.env[model].sudo().with_context(active_test=False)
        count, known = rules.search_count([]), self.rule_counts or {}
        if known.get(model) != count:
            self.rule_counts = known | {model: count}
        return count < known.get(model, count)

    def _retried(self):
        """Return the domain of what is tried again once a day, whatever changed."""
        now = fields.Datetime.now()
        if self.retried_at and now < self.retried_at + RETRIED_EVERY:
            return Domain.FALSE
        self.retried_at = now
        return Domain("issue_ids.code", "in", list(REFUSALS))

    def _with_changed_target(self, held, model, codes):
        """Return held documents whose Odoo document, or rival, changed or is gone."""
        rows = self.env["procurify.record"].search_fetch(
            held
            & Domain("res_model", "=", model)
            & Domain("issue_ids.code", "in", list(codes))
            & (Domain("res_id", "!=", False) | Domain("conflict_id", "!=", False)),
            ["res_id", "conflict_id"],
        )
        ids = {*rows.mapped("res_id"), *rows.mapped("conflict_id")} - {0}
        # A deletion leaves no stamp.
        gone = ids - set(self.env[model].sudo().browse(ids).exists().ids)
        changed = gone | self._changed_documents(model, list(ids))
        return rows.filtered(lambda row: {row.res_id, row.conflict_id} & changed)

    def _no_longer_elsewhere(self, held):
        """Return held documents that no other company's books have any more."""
        rows = self.env["procurify.record"].search(
            held & Domain("issue_ids.code", "=", "booked_elsewhere")
        )
        free = rows.browse()
        for alike in rows.grouped("resource").values():
            elsewhere = alike._booked_elsewhere()
            free |= alike.filtered(lambda row, found=elsewhere: not found[row])
        return free

    def _changed_documents(self, model, ids):
        """Return the ids of the documents that changed, or of which any part did."""
        changed = self._changed(model, Domain("id", "in", ids))
        for name, path in PARTS[model].items():
            first = path.partition(".")[0]
            if name in self.env and first in self.env[name]._fields:
                parts = self._changed(name, Domain(path, "in", ids))
                documents = self.env[name].sudo().browse(parts).mapped(path)
                changed |= set(documents.ids)
        return changed

    @api.model
    def _settled_until(self):
        """Return the moment before which no change can appear any more.

        A row is stamped with the start of its transaction, and seen when that is
        committed: what the oldest open transaction writes is still to come. A session
        that has written nothing for so long, or forgot to end, writes nothing any more.
        """
        self.env.cr.execute(
            """
            SELECT LEAST(now(), MIN(xact_start)) AT TIME ZONE 'UTC'
              FROM pg_stat_activity
             WHERE datname = current_database()
               AND backend_type = 'client backend'
               AND pid != pg_backend_pid()
               AND (xact_start > now() - %(longest)s
                    OR (backend_xid IS NOT NULL
                        AND (state = 'active' OR state_change > now() - %(longest)s)))
            """,
            {"longest": LONGEST_TRANSACTION},
        )
        [moment] = self.env.cr.fetchone()
        return moment.replace(microsecond=0)
