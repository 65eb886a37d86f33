"""The Procurify tab of Odoo's own documents, and the filter of their lists."""

from markupsafe import Markup

from odoo import api, fields, models
from odoo.fields import Domain

AUDIT_ROWS = 20  # that the tab shows; the record has all


class ProcurifyDocumentTab(models.AbstractModel):
    """What a record of Odoo with ``procurify_record_ids`` shows of Procurify."""

    _name = "procurify.document.tab"
    _description = "Procurify Tab"

    is_from_procurify = fields.Boolean(
        "From Procurify",
        compute="_compute_is_from_procurify",
        search="_search_is_from_procurify",
        groups="procurify_connector.group_user",
        help="Linked to Procurify and kept up to date.",
    )
    procurify_facts = fields.Html(
        "Details from Procurify",
        compute="_compute_procurify_facts",
        groups="procurify_connector.group_user",
        sanitize=False,
    )
    procurify_document = fields.Json(
        "Approvals",
        compute="_compute_procurify_document",
        groups="procurify_connector.group_user",
        help="Who approved it in Procurify, when, up to which amount, and comments.",
    )
    procurify_audit_ids = fields.Many2many(
        "procurify.audit",
        string="History",
        compute="_compute_procurify_audit_ids",
        groups="procurify_connector.group_user",
    )

    # === COMPUTE METHODS === #

    @api.depends("procurify_record_ids")
    def _compute_is_from_procurify(self):
        for target in self:
            target.is_from_procurify = bool(target.procurify_record_ids)

    @api.model
    def _search_is_from_procurify(self, operator, value):
        if operator != "in":
            return NotImplemented
        linked = Domain("id", "in", self._procurify_linked_ids())
        wanted = {bool(each) for each in value}
        if len(wanted) == 2:
            return Domain.TRUE
        return linked if True in wanted else ~linked

    @api.model
    def _procurify_linked_ids(self):
        """Return a query of the ids that are linked to what this user may see."""
        records = self.env["procurify.record"]._search(
            Domain("res_model", "=", self._name) & Domain("res_id", "!=", False)
        )
        return records.subselect("res_id")

    def _compute_procurify_facts(self):
        for target in self:
            records = target.procurify_record_ids
            target.procurify_facts = Markup("").join(records.mapped("facts_table"))

    def _compute_procurify_document(self):
        for target in self:
            target.procurify_document = target.procurify_record_ids[:1].document

    def _compute_procurify_audit_ids(self):
        for target in self:
            rows = target.procurify_record_ids.audit_ids
            target.procurify_audit_ids = rows.sorted("id", reverse=True)[:AUDIT_ROWS]

    # === ACTION METHODS === #

    def action_open_procurify_record(self):
        """Open what this record is in Procurify."""
        self.ensure_one()
        return self.procurify_record_ids._action_open(self.env._("In Procurify"))

    def action_open_in_procurify(self):
        """Open Procurify's own page of this; where there are several, their list."""
        self.ensure_one()
        records = self.procurify_record_ids.filtered("web_url")
        if len(records) == 1:
            return records.action_open_in_procurify()
        return self.action_open_procurify_record()
