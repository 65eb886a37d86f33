"""A changed mapping: whom it concerned, and the drafts that still have the former."""

from odoo import api, fields, models
from odoo.tools import SQL

from .procurify_record import REPLAY_AT_ONCE


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    mention_ids = fields.Many2many(
        "procurify.record",
        relation="procurify_mention",
        column1="document_id",
        column2="mention_id",
        string="Names",
        readonly=True,
        help="The master data that this document names.",
    )
    document_ids = fields.Many2many(
        "procurify.record",
        relation="procurify_mention",
        column1="mention_id",
        column2="document_id",
        string="Documents",
        readonly=True,
        help="The documents that name this.",
    )
    document_count = fields.Integer("Named By", compute="_compute_document_count")
    outdated_count = fields.Integer(
        "Drafts to Mend",
        compute="_compute_outdated_counts",
        help="Drafts in Odoo that were made with another mapping.",
    )
    booked_count = fields.Integer(
        "Booked Otherwise",
        compute="_compute_outdated_counts",
        help="Posted bills and confirmed orders that were made with another mapping. "
        "They keep it.",
    )

    # === COMPUTE METHODS === #

    def _compute_document_count(self):
        groups = self.env["procurify.mention"]._read_group(
            [("mention_id", "in", self.ids)], ["mention_id"], ["__count"]
        )
        counts = {record.id: count for record, count in groups}
        for record in self:
            record.document_count = counts.get(record.id, 0)

    @api.depends("res_id")
    def _compute_outdated_counts(self):
        counts = {}
        if self.ids:
            counts = {
                (master_id, is_draft): count
                for master_id, is_draft, count in self.env.execute_query(
                    SQL(
                        "SELECT master.id, %s, COUNT(*) %s GROUP BY 1, 2",
                        _IS_DRAFT,
                        self._outdated(),
                    )
                )
            }
        for record in self:
            record.outdated_count = counts.get((record.id, True), 0)
            record.booked_count = counts.get((record.id, False), 0)

    def _outdated(self):
        """Return, as SQL, the documents in Odoo that have a former mapping of these.

        What a person chose to keep in Odoo as it is does not count, nor does what is
        cancelled there.
        """
        documents = self._search([("state", "=", "done"), ("role", "=", "document")])
        self.env.flush_all()
        return SQL(
            """
              FROM procurify_mention mention
              JOIN procurify_record master ON master.id = mention.mention_id
              JOIN procurify_record document ON document.id = mention.document_id
              LEFT JOIN account_move move
                ON document.res_model = 'account.move' AND move.id = document.res_id
              LEFT JOIN purchase_order "order"
                ON document.res_model = 'purchase.order'
               AND "order".id = document.res_id
             WHERE master.id IN %(masters)s
               AND mention.res_id IS DISTINCT FROM master.res_id
               AND document.kept_version IS DISTINCT FROM document.digest || '/present'
               AND document.id IN %(documents)s
               AND COALESCE(move.state, "order".state) != 'cancel'
               -- Orders name account codes too, and book nothing on them.
               AND (master.resource != 'account_code' OR document.resource = 'bill')
            """,
            masters=tuple(self.ids),
            documents=documents.subselect(),
        )

    # === ACTION METHODS === #

    def action_open_documents(self):
        """Open the documents that name this."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "procurify_connector.procurify_record_action"
        )
        return action | {"domain": [("mention_ids", "in", self.ids)], "context": {}}

    def action_reapply(self):
        """Bring the drafts that have a former mapping of these to the present one.

        They are imported as if Procurify had changed them: what a person edited in
        Odoo is held, not overwritten. A few hundred at once, the rest by the cron.
        """
        self.check_access("write")
        rows = self and self.env.execute_query(
            SQL(
                "SELECT DISTINCT document.id %s AND %s ORDER BY 1",
                self._outdated(),
                _IS_DRAFT,
            )
        )
        drafts = self.browse(document_id for (document_id,) in rows).sudo()
        self.env["procurify.audit"]._log_chosen("reapply", drafts)
        # Or the import takes them for what it has seen.
        drafts.applied_digest = False
        drafts[:REPLAY_AT_ONCE]._import()
        if rest := drafts[REPLAY_AT_ONCE:]:
            rest._requeue()
            self.env.ref("procurify_connector.ir_cron_import").sudo()._trigger()
        return self._tell_reapplied(drafts)

    def _tell_reapplied(self, drafts):
        """Return the notification that says what became of ``drafts``."""
        held = drafts.filtered(lambda record: record.state == "quarantined")
        later = drafts.filtered(lambda record: record.state in ("pending", "waiting"))
        message = self.env._(
            "Re-applied to %(done)s drafts. Held for a person: %(held)s. Still to "
            "come: %(later)s.",
            done=len(drafts - held - later),
            held=len(held),
            later=len(later),
        )
        return self.connection_id[:1]._notification(
            "warning" if held else "success", message
        )

    # === IMPORT METHODS === #

    @api.model
    def _mention(self, connection, drafts):
        """Keep what the documents of ``drafts`` name, held or not."""
        mentioned = {
            draft.record: draft.mentioned
            for draft in drafts
            if draft.mentioned is not None
        }
        self.env["procurify.mention"].sudo()._replace(connection, mentioned)

    @api.model
    def _mention_refused(self, connection, drafts):
        """Keep what these name, although all that their batch wrote was taken back."""
        named = {}
        for draft in drafts:
            named |= draft.mentioned or {}
        self._stage_mentioned(connection, named)
        self._mention(connection, drafts)


_IS_DRAFT = SQL("""COALESCE(move.state, "order".state) IN ('draft', 'sent')""")
