"""Why documents are held: one issue for all the documents that it blocks."""

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ...importers.issues import ISSUES, texts
from ...importers.resource_kinds import DOCUMENTS
from ...tools.concurrency import created_once

_REVIEWER_FIELDS = frozenset({"reference_res_id", "user_id"})


class ProcurifyIssue(models.Model):
    """One reason why records are held, shared by all of them.

    The importer opens it with the first record that it holds; it is resolved when
    nothing is held by it any more, and opens again with the next one.
    """

    _name = "procurify.issue"
    _inherit = "procurify.system.fields"
    _description = "Procurify Issue"
    _order = "state, code, key, id"
    _people_fields = _REVIEWER_FIELDS

    connection_id = fields.Many2one(
        "procurify.connection", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="connection_id.company_id", store=True, index=True
    )
    code = fields.Selection(
        selection=[(code, texts[0]) for code, texts in ISSUES.items()],
        string="Reason",
        required=True,
        readonly=True,
    )
    key = fields.Char(required=True, readonly=True)
    params = fields.Json(readonly=True)
    state = fields.Selection(
        [("open", "Open"), ("resolved", "Resolved")],
        default="open",
        required=True,
        readonly=True,
    )
    message = fields.Text("Explanation", compute="_compute_texts")
    advice = fields.Text("What to Do", compute="_compute_texts")
    reference_id = fields.Many2one(
        "procurify.record",
        string="Concerns",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The record whose mapping cures this issue.",
    )
    reference_res_model = fields.Char(related="reference_id.res_model")
    reference_res_id = fields.Many2oneReference(
        related="reference_id.res_id",
        model_field="reference_res_model",
        string="Mapped To",
        readonly=False,
    )
    record_ids = fields.Many2many(
        "procurify.record",
        relation="procurify_record_issue_rel",
        column1="issue_id",
        column2="record_id",
        string="Holds",
        readonly=True,
    )

    _issue_uniq = models.UniqueIndex(
        "(connection_id, code, key)", "An issue exists once per connection."
    )

    @api.depends("code", "params")
    @api.depends_context("lang")
    def _compute_texts(self):
        for issue in self:
            params = {"value": issue.key} | (issue.params or {})
            issue.message = self._message(issue.code, params)
            issue.advice = self.env._(texts(issue.code, params)[1])  # pylint: disable=W8301

    @api.model
    def _message(self, code, params):
        """Return in words what ``code`` says with ``params``."""
        blanks = {"value": "", "found": "", "expected": ""}
        text = self.env._(texts(code, params)[0])  # pylint: disable=W8301
        return text % (blanks | params)

    @api.depends("code", "key")
    def _compute_display_name(self):
        labels = dict(self._fields["code"]._description_selection(self.env))
        for issue in self:
            value = (issue.params or {}).get("value") or issue.key
            issue.display_name = f"{labels[issue.code]}: {value}"

    # === CRUD METHODS === #

    def write(self, vals):
        if not self.env.su and vals.keys() - _REVIEWER_FIELDS:
            raise AccessError(
                self.env._("Only the mapping and the responsible can be edited.")
            )
        return super().write(vals)

    # === ACTION METHODS === #

    def action_map(self):
        """Open a dialog that asks for the Odoo record, and replays with it."""
        self.ensure_one()
        view = self.env.ref("procurify_connector.procurify_issue_view_form_map")
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": self._name,
            "res_id": self.id,
            "views": [(view.id, "form")],
            "target": "new",
        }

    def action_open_records(self):
        """Open the documents that this issue blocks."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "procurify_connector.procurify_record_action"
        )
        domain = [("issue_ids", "in", self.ids), ("resource", "in", DOCUMENTS)]
        return action | {"domain": domain, "context": {}}

    # === BUSINESS METHODS === #

    @api.model
    def _open_issues(self, connection, holds):
        """Return {(code, key): issue} for ``holds``, opening what is not open.

        :param holds: the Hold tuples of a whole batch
        """
        wanted = {(hold.code, hold.key): hold for hold in holds}
        if not wanted:
            return {}
        known = {
            (issue.code, issue.key): issue
            for issue in self.search(
                [
                    ("connection_id", "=", connection.id),
                    ("key", "in", list({key for _code, key in wanted})),
                ]
            )
            if (issue.code, issue.key) in wanted
        }
        missing = [wanted[pair] for pair in wanted if pair not in known]
        with created_once():
            # The import says nothing in the chatter, which is for people.
            created = self.with_context(tracking_disable=True).create(
                [self._prepare_values(connection, hold) for hold in missing]
            )
        known |= {(issue.code, issue.key): issue for issue in created}
        self._refresh(known, wanted)
        return known

    @api.model
    def _prepare_values(self, connection, hold):
        return {
            "connection_id": connection.id,
            "code": hold.code,
            "key": hold.key,
            "params": hold.params,
            "reference_id": hold.reference_id or False,
        }

    @api.model
    def _refresh(self, known, wanted):
        """Open again what was resolved, and tell the newest words."""
        issues = self.browse(issue.id for issue in known.values())
        issues.filtered(lambda c: c.state == "resolved").state = "open"
        for pair, issue in known.items():
            hold = wanted[pair]
            if issue.params != hold.params:
                issue.params = hold.params
            if hold.reference_id and issue.reference_id.id != hold.reference_id:
                issue.reference_id = hold.reference_id

    def _close_unused(self):
        """Mark as resolved those of these issues that hold nothing any more."""
        if not self:
            return
        used = self.env["procurify.record"]._read_group(
            [("issue_ids", "in", self.ids)], ["issue_ids"]
        )
        unused = self - self.browse(issue.id for (issue,) in used)
        unused.filtered(lambda c: c.state == "open").state = "resolved"
