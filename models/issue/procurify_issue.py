"""Why documents are on hold: one issue for all documents that it blocks."""

from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, formatLang

from ...importers.issues import ISSUES, QUOTING, texts
from ...importers.resource_kinds import DOCUMENTS, KINDS
from ...tools.amounts import currencies_by_code, format_amounts
from ...tools.concurrency import created_once
from ...tools.rates import rate_in_sql
from ...tools.readers import ITEM_READERS, reads_items

_REVIEWER_FIELDS = frozenset({"reference_res_id", "user_id"})
_TODO = "mail.mail_activity_data_todo"
# code → which of its parameters are amounts, as texts such as "10630.69 EUR".
_AMOUNTS = {
    "total_mismatch": ("expected", "found"),
    "odoo_total_mismatch": ("expected", "found"),
    "tax_mismatch": ("expected", "net", "made"),
}


class ProcurifyIssue(models.Model):
    """One reason why records are on hold, shared by all of them.

    The import opens it with the first record that it puts on hold, and resolves it
    when no record has it any more. The next such record opens it again.

    What an issue blocks is counted when somebody looks: a stored count would make
    every import that puts a document on hold write this row.
    """

    _name = "procurify.issue"
    _inherit = [
        *("procurify.system.fields", "procurify.list"),
        *("mail.thread", "mail.activity.mixin"),
    ]
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
        string="Issue",
        required=True,
        readonly=True,
    )
    key = fields.Char(required=True, readonly=True)
    params = fields.Json(readonly=True, groups=ITEM_READERS)
    state = fields.Selection(
        [("open", "Open"), ("resolved", "Resolved")],
        default="open",
        required=True,
        readonly=True,
    )
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        index="btree_not_null",
        domain=lambda self: [
            (
                "all_group_ids",
                "in",
                self.env.ref("procurify_connector.group_user").ids,
            )
        ],
        help="The person who works on this issue. This person gets a to-do.",
    )
    message = fields.Text("Explanation", compute="_compute_texts")
    advice = fields.Text("What to Do", compute="_compute_texts")
    reference_id = fields.Many2one(
        "procurify.record",
        string="About",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The Procurify record to map in order to resolve this issue.",
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
        string="Documents",
        readonly=True,
    )
    document_ids = fields.Many2many(
        "procurify.record",
        string="Documents on Hold",
        compute="_compute_document_ids",
    )
    record_count = fields.Integer("Documents affected", compute="_compute_impact")
    blocked_amount = fields.Text(
        "Amount",
        compute="_compute_impact",
        help="The total of the documents affected, per currency.",
    )
    oldest_date = fields.Date(
        "Oldest",
        compute="_compute_impact",
        help="The date of the oldest document affected.",
    )
    age_days = fields.Integer(
        "Age (Days)",
        compute="_compute_impact",
        help="Days since the date of the oldest document affected.",
    )

    _issue_uniq = models.UniqueIndex(
        "(connection_id, code, key)", "An issue exists once per connection."
    )

    # === COMPUTE METHODS === #

    @api.depends("code", "params")
    @api.depends_context("lang", "uid")
    def _compute_texts(self):
        reads_quotes = reads_items(self.env)
        for issue in self:
            params = {"value": issue.key} | (issue.sudo().params or {})
            issue.message = (
                self._message(issue.code, params)
                if reads_quotes
                else issue._message_for_all()
            )
            issue.advice = self.env._(texts(issue.code, params)[1])  # pylint: disable=W8301

    def _message_for_all(self):
        """Return the explanation without what it quotes of Odoo's documents."""
        self.ensure_one()
        params = {"value": self.key} | (self.sudo().params or {})
        if self.code in QUOTING:
            params["value"] = self.env._("for those who may read journal items")
        return self._message(self.code, params)

    @api.model
    def _message(self, code, params):
        """Return the text of an issue with this ``code`` and ``params``."""
        blanks = {"value": "", "found": "", "expected": ""}
        text = self.env._(texts(code, params)[0])  # pylint: disable=W8301
        return text % (blanks | params | self._amounts(code, params))

    @api.model
    def _amounts(self, code, params):
        """Return the amounts among ``params``, formatted in the user's language.

        :returns: {parameter: "EUR 10,630.69"}, with the ``difference`` of ``expected``
            and ``found`` if both are amounts
        """
        amounts = {
            name: (Decimal(number), currency)
            for name in _AMOUNTS.get(code, ())
            if name in params
            for number, _space, currency in [params[name].partition(" ")]
        }
        formatted = {
            name: f"{currency} {self._formatted(amount)}".strip()
            for name, (amount, currency) in amounts.items()
        }
        if amounts.keys() >= {"expected", "found"}:
            difference = abs(amounts["expected"][0] - amounts["found"][0])
            formatted["difference"] = self._formatted(difference)
        return formatted

    @api.model
    def _formatted(self, amount):
        """Return a Decimal with all its digits, in the user's language."""
        digits = max(-amount.as_tuple().exponent, 0)
        return formatLang(self.env, float(amount), digits=digits)

    @api.depends("code", "key")
    def _compute_display_name(self):
        labels = dict(self._fields["code"]._description_selection(self.env))
        names = self._names_of_objects()
        for issue in self:
            params = issue.sudo().params or {}
            quotes = issue.code in QUOTING
            value = (not quotes and params.get("value")) or names.get(issue, issue.key)
            issue.display_name = f"{labels[issue.code]}: {value}"

    @api.depends("record_ids")
    def _compute_document_ids(self):
        documents = self.record_ids.filtered(lambda record: record.role == "document")
        for issue in self:
            issue.document_ids = issue.record_ids & documents

    @api.depends("record_ids")
    @api.depends_context("lang", "uid", "allowed_company_ids")
    def _compute_impact(self):
        groups = self.env["procurify.record"]._read_group(
            [("issue_ids", "in", self.ids), ("resource", "in", DOCUMENTS)],
            ["issue_ids", "remote_currency"],
            ["__count", "remote_amount:sum", "remote_date:min"],
        )
        rows = {issue: [] for issue in self}
        for issue, *row in groups:
            if issue in rows:
                rows[issue].append(row)
        codes = {row[0] for mine in rows.values() for row in mine if row[0]}
        currencies = currencies_by_code(self.env, codes)
        today = fields.Date.context_today(self)
        for issue, mine in rows.items():
            oldest = min((row[3] for row in mine if row[3]), default=False)
            issue.record_count = sum(row[1] for row in mine)
            issue.blocked_amount = format_amounts(self.env, mine, currencies)
            issue.oldest_date = oldest
            issue.age_days = max((today - oldest).days, 0) if oldest else 0

    # === CONSTRAINT METHODS === #

    @api.constrains("user_id")
    def _check_user(self):
        """Refuse a responsible who may not read the issue.

        That person would otherwise read it in the to-do.

        :raises ValidationError: naming the person
        """
        for user, issues in self.filtered("user_id").grouped("user_id").items():
            theirs = issues.with_user(user).with_context(
                allowed_company_ids=user.sudo().company_ids.ids
            )
            if not (user.active and theirs.has_access("read")):
                raise ValidationError(
                    self.env._(
                        "%(user)s has no access to this issue. Choose a Procurify "
                        "reviewer of the company.",
                        user=user.sudo().name,
                    )
                )

    # === CRUD METHODS === #

    def write(self, vals):
        """Write, and update the responsible's to-do.

        :raises AccessError: a person writes what only the connector may write
        """
        if not self.env.su and vals.keys() - _REVIEWER_FIELDS:
            raise AccessError(
                self.env._("You can only edit the mapping and the responsible person.")
            )
        if not vals.keys() & {"user_id", "state"}:
            return super().write(vals)
        before = {issue: (issue.user_id, issue.state) for issue in self}
        written = super().write(vals)
        self.filtered(lambda c: before[c] != (c.user_id, c.state))._update_todos()
        return written

    # === ACTION METHODS === #

    def action_map(self):
        """Open a dialog that asks for the Odoo record, and replays with it."""
        self.ensure_one()
        self.check_access("read")
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

    # === SEARCH === #

    def _order_field_to_sql(self, alias, field_name, direction, nulls, query):
        """Order by the amount of the documents affected, in the company's currency."""
        if field_name != "blocked_amount":
            return super()._order_field_to_sql(
                alias, field_name, direction, nulls, query
            )
        self.env["procurify.record"].flush_model(
            ["issue_ids", "remote_amount", "remote_currency", "resource"]
        )
        day = SQL("now()::date")
        path = SQL.identifier("company", "parent_path")
        own = SQL.identifier("company", "currency_id")
        amount = SQL(
            """(
            SELECT sum(part.amount * CASE WHEN %(own)s = money.id THEN 1
                       ELSE coalesce(%(own_rate)s, 1) / %(rate)s END)
              FROM (SELECT record.remote_currency, sum(abs(record.remote_amount))
                           AS amount
                      FROM procurify_record_issue_rel blocked
                      JOIN procurify_record record ON record.id = blocked.record_id
                     WHERE blocked.issue_id = %(issue)s
                       AND record.resource IN %(documents)s
                  GROUP BY record.remote_currency) part
              JOIN res_company company ON company.id = %(company)s
              JOIN res_currency money ON money.name = part.remote_currency)""",
            own=own,
            own_rate=rate_in_sql(self.env, own, path, day),
            rate=rate_in_sql(self.env, SQL.identifier("money", "id"), path, day),
            issue=SQL.identifier(alias, "id"),
            documents=tuple(DOCUMENTS),
            company=self._field_to_sql(alias, "company_id", query),
        )
        return SQL("coalesce(%s, 0) %s %s", amount, direction, nulls)

    # === BUSINESS METHODS === #

    def _names_of_objects(self):
        """Return {issue: name}, for an issue about one object that the user may read.

        The key of such an issue is the resource and the id: purchase_order/70032.
        """
        keys = {issue: tuple(issue.key.split("/", 1)) for issue in self if issue.key}
        keys = {
            issue: key for issue, key in keys.items() if key[0] in KINDS and key[1:]
        }
        if not keys:
            return {}
        records = self.env["procurify.record"].search_fetch(
            Domain("connection_id", "in", self.connection_id.ids)
            & Domain("resource", "in", {resource for resource, _id in keys.values()})
            & Domain(
                "external_id", "in", {number for _resource, number in keys.values()}
            ),
            ["connection_id", "resource", "external_id", "name"],
        )
        names = {
            (record.connection_id, record.resource, record.external_id): record.name
            for record in records
        }
        found = {
            issue: names.get((issue.connection_id, *keys[issue])) for issue in keys
        }
        return {issue: name for issue, name in found.items() if name}

    @api.model
    def _open_issues(self, connection, holds):
        """Return {(code, key): issue} for ``holds``, opening what is not open.

        :param holds: the Holds of a whole batch
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
            # The import writes nothing in the chatter, which is for people.
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
        """Open resolved issues again, and update their texts and references."""
        issues = self.browse(issue.id for issue in known.values())
        issues.filtered(lambda c: c.state == "resolved").state = "open"
        for pair, issue in known.items():
            hold = wanted[pair]
            if issue.params != hold.params:
                issue.params = hold.params
            if hold.reference_id and issue.reference_id.id != hold.reference_id:
                issue.reference_id = hold.reference_id

    def _close_unused(self):
        """Resolve those of these issues that no record has any more."""
        if not self:
            return
        used = self.env["procurify.record"]._read_group(
            [("issue_ids", "in", self.ids)], ["issue_ids"]
        )
        unused = self - self.browse(issue.id for (issue,) in used)
        unused.filtered(lambda c: c.state == "open").state = "resolved"

    def _update_todos(self):
        """Schedule one to-do per open issue for its responsible; remove all others."""
        routed = self.filtered(lambda c: c.user_id or c.activity_ids)
        routed.activity_unlink([_TODO])
        for user, issues in routed.filtered("user_id").grouped("user_id").items():
            issues.filtered(lambda c: c.state == "open").activity_schedule(
                _TODO,
                summary=self.env._("Resolve this Procurify issue"),
                user_id=user.id,
            )
