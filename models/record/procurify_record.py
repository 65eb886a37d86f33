"""One object of Procurify: its payload, its link to Odoo, and its state."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL

from ...fetching.json_text import indented
from ...importers.resource_kinds import DOCUMENTS, KINDS, PAYLOADS
from ...procurify import InvalidPayload, read_json
from ...tools import findings_table, place_column
from ...tools.document_states import BEFORE_ODOO, DOCUMENT_STATES, IN_ODOO, sql_cases
from ...tools.findings_table import SHOWN, SHOWS
from ...tools.rates import rate_in_sql
from ...tools.readers import ITEM_READERS, reads_items
from ..audit.procurify_audit import plain

_IN_SQL = ("document_state", "company_amount")
_OPERATORS = {
    "in": SQL("IN"),
    "<": SQL("<"),
    ">": SQL(">"),
    "<=": SQL("<="),
    ">=": SQL(">="),
}
# Odoo's model of a document → its total in the company's currency, and its sign.
_TOTALS = {
    "account.move": ("amount_total_signed", -1),
    "purchase.order": ("amount_total_cc", 1),
}

REVIEWER_FIELDS = frozenset({"res_model", "res_id", "target_name", "responsible_id"})
_MAPPING = ("res_model", "res_id")
# What the audit keeps of an object; the digest of its payload covers the rest.
_FACTS = (
    "name",
    "code",
    "remote_party",
    "remote_date",
    "remote_amount",
    "remote_currency",
    "remote_deleted",
    "remote_modified",
)


class ProcurifyRecord(models.Model):
    """A row is one object of Procurify as it was last read, and its import state.

    The fetch cron writes the payload and sets ``pending``. The import cron turns that
    into ``done`` (``res_model`` and ``res_id`` name the Odoo record), ``waiting``
    (something that it names is not imported yet), ``quarantined`` (``issue_ids`` say
    why) or ``excluded`` (by a rule). Only a person makes it ``ignored``.

    All columns are defined here; the other files add methods, and what they compute.
    """

    _name = "procurify.record"
    _inherit = ["procurify.system.fields", "procurify.list"]
    _description = "Procurify Record"
    _order = "id desc"
    _people_fields = REVIEWER_FIELDS

    connection_id = fields.Many2one(
        "procurify.connection", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company", compute="_compute_company_id", store=True
    )
    route_company_id = fields.Many2one(
        "res.company",
        readonly=True,
        index="btree_not_null",
        help="The branch or company of this document, according to the rules of its "
        "locations. Empty: the connection's company.",
    )
    routed_locations = fields.Json(
        readonly=True, help="The locations of its lines at the last import."
    )
    resource = fields.Selection(
        selection="_selection_resource", string="Kind", required=True, readonly=True
    )
    role = fields.Selection(
        [
            ("master", "Master data"),
            ("document", "Document"),
            ("detail", "Detail of a document"),
        ],
        compute="_compute_role",
        search="_search_role",
    )
    external_id = fields.Char("Procurify ID", required=True, readonly=True)
    remote_uuid = fields.Char("Procurify UUID", readonly=True)
    remote_group = fields.Char(
        readonly=True, help="The ID that all versions of a bill share."
    )
    name = fields.Char(readonly=True, help="Its name in Procurify.")
    code = fields.Char(readonly=True, help="Its code in Procurify, if it has one.")
    payload = fields.Text(
        readonly=True,
        prefetch=False,
        help="The JSON text as Procurify sent it.",
    )
    payload_text = fields.Text("Readable Payload", compute="_compute_payload_text")
    digest = fields.Char(readonly=True, help="SHA-256 of the payload's content.")
    summary_digest = fields.Char(
        readonly=True, help="SHA-256 of the list row of this version."
    )
    seen_at = fields.Datetime(
        "This Version Since", readonly=True, help="When this version was first read."
    )
    version_ids = fields.One2many(
        "procurify.version", "record_id", string="Earlier Versions", readonly=True
    )
    remote_modified = fields.Datetime("Changed in Procurify", readonly=True)
    remote_party = fields.Char("Vendor", readonly=True)
    remote_date = fields.Date("Date", readonly=True)
    remote_due_date = fields.Date("Due Date", readonly=True)
    remote_requester = fields.Char("Requester", readonly=True)
    remote_approved_at = fields.Datetime("Approved in Procurify", readonly=True)
    # What the document shows for procurify.finding.
    date_finding = fields.Char(readonly=True)
    list_date_finding = fields.Char(readonly=True)
    rate_finding = fields.Char(readonly=True)
    findings_id = fields.Integer(readonly=True)  # all others, see tools.findings_table
    remote_amount = fields.Float("Total", digits=(16, 2), readonly=True)
    remote_currency = fields.Char("Currency", readonly=True)
    # How SQL splits the amount: see importers.coding.
    remote_coding = fields.Json(
        readonly=True, prefetch=False, help="The lines with their accounts and places."
    )
    remote_receipts = fields.Json(
        readonly=True,
        prefetch=False,
        help="What had come of each line of an order, day by day.",
    )
    remote_deleted = fields.Boolean("Deleted in Procurify", readonly=True)
    listed_at = fields.Datetime(
        readonly=True, help="The last nightly check that found it in Procurify's list."
    )

    # What Procurify says about the payment of a bill.
    remote_paid = fields.Boolean(
        "Paid in Procurify",
        readonly=True,
        help="The bill is paid in Procurify, or its payment has started there.",
    )
    remote_payment = fields.Selection(
        [("in_progress", "Being paid"), ("paid", "Paid")],
        "Payment in Procurify",
        readonly=True,
    )
    payment_allowed_by = fields.Char(
        readonly=True,
        help="The person who allowed payment in Odoo, although Procurify also pays the "
        "bill. The question comes again if the payment in Procurify changes.",
    )
    payment_allowed_at = fields.Datetime(readonly=True)

    # What could not be read.
    unread_count = fields.Integer(
        "Unreadable Fields",
        readonly=True,
        help="The number of fields that could not be read and are left empty.",
    )
    unread_paths = fields.Text(
        "Left Empty",
        readonly=True,
        help="Their places in the payload. Amounts, IDs and account codes are never "
        "left empty. A document without them is put on hold.",
    )
    read_error = fields.Char(
        "Cannot Be Read",
        readonly=True,
        help="Why Procurify's current version cannot be read.",
    )
    read_failures = fields.Integer(
        "Attempts", readonly=True, help="The number of failed attempts in a row."
    )
    read_again_at = fields.Datetime("Next Attempt", readonly=True)
    read_from = fields.Datetime(
        readonly=True,
        help="Set if only the list shows it. Changes after this time are read again in "
        "order to find it (UTC).",
    )

    # The import.
    state = fields.Selection(
        [
            ("pending", "Queued"),
            ("waiting", "Queued (waiting)"),
            ("quarantined", "On hold"),
            ("done", "Imported"),
            ("excluded", "Excluded"),
            ("ignored", "Ignored"),
        ],
        string="Status",
        default="pending",
        required=True,
        readonly=True,
    )
    excluded_rule = fields.Selection(
        [
            ("not_approved", "Not approved"),
            ("deleted", "Deleted in Procurify"),
            ("expense_bill", "Employee expense"),
            ("card_bill", "Credit card"),
            ("not_a_vendor", "Not a vendor"),
            ("not_tracked", "Without an analytic plan"),
            ("product_unit", "The product's unit is used"),
            ("generic_product", "The generic product is used"),
            ("part_of_order", "Imported with its order"),
            ("not_purchased", "Not purchased"),
            ("cancelled", "Cancelled"),
            ("no_lines", "Without lines"),
            ("orders_not_imported", "Orders are not imported"),
            ("card_order", "Paid by credit card"),
            ("requisitions_not_imported", "Requisitions are not imported"),
            ("nothing_requested", "Nothing left to buy"),
            ("other_company", "Belongs to another company"),
            ("before_start_date", "Before the start date"),
        ],
        readonly=True,
    )
    ignored_reason = fields.Text(
        "Ignored Because", readonly=True, help="Why a person ignored it."
    )
    res_model = fields.Char("Odoo Model", index=True)
    res_id = fields.Many2oneReference("Odoo Record", model_field="res_model")
    origin = fields.Selection(
        [
            ("matched", "Found"),
            ("created", "Created by the connector"),
            ("manual", "Chosen by a person"),
        ],
        readonly=True,
        help="How the record was linked to Odoo.",
    )
    applied_digest = fields.Char(
        readonly=True, help="Digest of the payload that was last imported."
    )
    applied_state = fields.Json(
        readonly=True,
        groups=ITEM_READERS,
        help="What the import wrote, to detect later edits by people.",
    )
    imported_at = fields.Datetime(readonly=True)
    mention_ids = fields.Many2many(
        "procurify.record",
        relation="procurify_mention",
        column1="document_id",
        column2="mention_id",
        string="Uses",
        readonly=True,
        help="The master data that this document uses.",
    )
    document_ids = fields.Many2many(
        "procurify.record",
        relation="procurify_mention",
        column1="mention_id",
        column2="document_id",
        string="Documents",
        readonly=True,
        help="The documents that use this.",
    )
    awaits_ids = fields.Many2many(
        "procurify.record",
        relation="procurify_record_awaits_rel",
        column1="record_id",
        column2="awaited_id",
        readonly=True,
        help="Order items of this bill that are not in Odoo yet.",
    )

    # Why it is on hold.
    issue_ids = fields.Many2many(
        "procurify.issue",
        relation="procurify_record_issue_rel",
        column1="record_id",
        column2="issue_id",
        string="Issues",
        readonly=True,
    )
    hold_reason = fields.Text("Issue Messages", compute="_compute_hold_reason")
    held_at = fields.Datetime(
        "On Hold Since",
        readonly=True,
        help="When it was put on hold for the first time.",
    )
    responsible_id = fields.Many2one(
        "res.users",
        index="btree_not_null",
        ondelete="set null",
        domain=lambda self: [
            (
                "all_group_ids",
                "in",
                self.env.ref("procurify_connector.group_user").ids,
            )
        ],
        help="Of a department or location: the person who is reminded of its bills.",
    )
    in_closed_period = fields.Boolean(
        readonly=True, help="A draft with an accounting date in a closed period."
    )
    difference = fields.Json(
        readonly=True,
        groups=ITEM_READERS,
        help="The differences between Odoo and Procurify, as rows.",
    )
    offered_state = fields.Json(
        readonly=True,
        groups=ITEM_READERS,
        help="What the version on hold would write.",
    )
    kept_version = fields.Char(
        readonly=True, help="The version that a person chose not to import."
    )
    conflict_id = fields.Many2oneReference(
        "Already in Odoo", model_field="res_model", readonly=True
    )
    not_a_duplicate = fields.Boolean(
        readonly=True, help="A person confirmed that this is not the document in Odoo."
    )
    ruled_out = fields.Json(
        readonly=True,
        copy=False,
        help="[model, ID] of each document that a person said it is not. Empty where "
        "that was said of all, before it was kept.",
    )
    audit_ids = fields.One2many(
        "procurify.audit",
        "res_id",
        domain=[("res_model", "=", "procurify.record")],
        readonly=True,
    )
    # SQL, so that screens, digests, the API and metrics can search, group and add
    # them up, and all show the same.
    document_state = fields.Selection(
        DOCUMENT_STATES,
        string="Document Status",
        compute="_compute_in_sql",
        search="_search_document_state",
        help="Posted: a posted bill or a confirmed order in Odoo. Draft: a draft bill "
        "or a request for quotation in Odoo. Cancelled: cancelled or deleted in Odoo.",
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    company_amount = fields.Monetary(
        "Amount in Company Currency",
        compute="_compute_in_sql",
        search="_search_company_amount",
        currency_field="company_currency_id",
        aggregator="sum",
        help="The amount of the document in Odoo. Before it is in Odoo: Procurify's "
        "total at Odoo's exchange rate of the document's date.",
    )
    noted_comments = fields.Json(
        readonly=True,
        copy=False,
        prefetch=False,
        help="Digests of the comments that are notes in Odoo.",
    )

    _remote_uniq = models.UniqueIndex(
        "(connection_id, resource, external_id)",
        "A connection keeps each Procurify object once.",
    )
    _uuid_idx = models.Index(
        "(connection_id, resource, remote_uuid) WHERE remote_uuid IS NOT NULL"
    )
    _group_idx = models.Index(
        "(connection_id, resource, remote_group) WHERE remote_group IS NOT NULL"
    )
    _todo_idx = models.Index("(resource, id) WHERE state IN ('pending', 'waiting')")
    _unreadable_idx = models.Index(
        "(connection_id, resource) WHERE read_error IS NOT NULL"
    )
    _held_idx = models.Index("(resource, id) WHERE state = 'quarantined'")
    # Kinds are staged one after the other: sums over bills skip the pages of others. It
    # takes half a byte for each record.
    _kind_idx = models.Index("USING brin (resource) WITH (pages_per_range = 16)")
    # Opens the list of what is to be mapped; it has few rows.
    _unmapped_idx = models.Index("(resource, id) WHERE res_id = 0 OR res_id IS NULL")
    _target_idx = models.Index("(res_model, res_id) WHERE res_id IS NOT NULL")
    # The lists of a company: mapping counts the master data among all documents, and
    # what is counted by state is counted without the documents themselves.
    _company_idx = models.Index(
        "(company_id, resource) INCLUDE (connection_id, state, res_model, res_id)"
    )
    _uncertain_idx = models.Index(
        "(connection_id) "
        "WHERE date_finding = 'time_of_day' OR list_date_finding = 'differs'"
    )
    # What procurify.finding counts, without reading the records. Most entries are
    # alike, and an index keeps those once.
    _shown_idx = models.Index(f"(connection_id, {', '.join(SHOWN)}) WHERE {SHOWS}")
    _examples_idx = models.Index(f"(findings_id, id) WHERE {SHOWS}")
    _month_idx = models.Index(
        "(connection_id, resource, remote_date) WHERE remote_date IS NOT NULL"
    )

    def init(self):
        place_column.create(self.env.cr)
        findings_table.create(self.env.cr)

    # === COMPUTE METHODS === #

    @api.depends("name", "external_id")
    def _compute_display_name(self):
        for record in self:
            record.display_name = record.name or record.external_id

    @api.depends("resource")
    def _compute_role(self):
        for record in self:
            record.role = KINDS[record.resource].role

    @api.model
    def _search_role(self, operator, value):
        if operator != "in":
            return NotImplemented
        names = [kind.name for kind in KINDS.values() if kind.role in value]
        return Domain("resource", "in", names)

    @api.depends("payload")
    def _compute_payload_text(self):
        for record in self:
            record.payload_text = indented(record.payload or "null")

    @api.depends("issue_ids")
    @api.depends_context("lang", "uid")
    def _compute_hold_reason(self):
        for record in self:
            record.hold_reason = "\n".join(record.issue_ids.mapped("message"))

    @api.model
    def _selection_resource(self):
        return [(kind.name, self.env._(kind.label)) for kind in KINDS.values()]

    @api.depends("connection_id.company_id", "route_company_id")
    def _compute_company_id(self):
        for record in self:
            record.company_id = (
                record.route_company_id or record.connection_id.company_id
            )

    # === CRUD METHODS === #

    def write(self, vals):
        """Write; a person only maps, by ``res_id`` or by ``target_name``, and says who
        is responsible for departments and locations.

        :raises AccessError: a person writes another field
        :raises UserError: that mapping is not possible
        """
        if self.env.su:
            return super().write(vals)
        if forbidden := vals.keys() - REVIEWER_FIELDS:
            raise AccessError(
                self.env._(
                    "You can only edit the mapping of a record, not: %(fields)s.",
                    fields=", ".join(sorted(forbidden)),
                )
            )
        self.check_access("write")
        if "responsible_id" in vals:
            self._write_responsible(vals["responsible_id"])
        if "target_name" in vals:
            # Its inverse finds the target with the user's rights, and writes res_id.
            super().write({"target_name": vals["target_name"]})
        vals = {name: vals[name] for name in vals if name in _MAPPING}
        if not vals:
            return True
        self._check_no_document()
        self._check_mapping(vals)
        # The model depends on the kind, so it stays even without a mapping.
        vals = {name: v for name, v in vals.items() if v or name != "res_model"}
        self.sudo()._take_back_ignoring()
        targets = self.sudo()._audit_targets()
        written = super(ProcurifyRecord, self.sudo()).write(vals | {"origin": "manual"})
        self.env["procurify.audit"]._log_mapped(targets)
        # The next import takes these records; Replay takes the blocked ones at once.
        self.sudo()._requeue()
        # Not at once: the cron would conflict with a Replay that follows.
        soon = fields.Datetime.now() + timedelta(minutes=1)
        self.env.ref("procurify_connector.ir_cron_import").sudo()._trigger(soon)
        return written

    def _load_records_write(self, values):
        """Ignore unchanged values of an import file, which a person may not write."""
        changed = {
            field: value
            for field, value in values.items()
            if field in REVIEWER_FIELDS
            or self._fields[field].convert_to_write(self[field], self) != value
        }
        return super()._load_records_write(changed)

    # === WHAT IT HAS READ, AND WHAT THE AUDIT KEEPS OF IT === #

    def _payloads(self):
        """Return {record: payload} of the readable ones of these records."""
        payloads = {}
        for record in self:
            try:
                data = read_json(record.payload)
                payloads[record] = PAYLOADS[record.resource].from_json(data)
            except InvalidPayload:
                continue
        return payloads

    def _audit_state(self):
        """Return what the audit compares of this record before and after an import."""
        self.ensure_one()
        return {
            "imported_at": self.imported_at,
            "res_id": self.res_id or False,
            "applied_digest": self.applied_digest,
            "applied_state": self.applied_state or {},
            "excluded_rule": self.excluded_rule,
            "held": bool(self.issue_ids),
        }

    def _audit_facts(self):
        """Return what the audit shows of this object, as JSON values."""
        self.ensure_one()
        return {name: plain(self[name]) for name in _FACTS}

    def _audit_reasons(self):
        """Return the texts of this record's issues."""
        self.ensure_one()
        return sorted(self.issue_ids.mapped("message"))

    def _audit_reason(self):
        """Return the reasons as one text, without quotes of Odoo's documents."""
        self.ensure_one()
        return "\n".join(sorted(i._message_for_all() for i in self.issue_ids))

    def _audit_targets(self):
        """Return {record: its Odoo record as JSON values, or None}."""
        targets = dict.fromkeys(self)
        mapped = self.filtered("res_id")
        for model in set(mapped.mapped("res_model")):
            mine = mapped.filtered(lambda r, m=model: r.res_model == m)
            found = self.env[model].sudo().browse(mine.mapped("res_id")).exists()
            names = {target.id: target.display_name for target in found}
            for record in mine:
                targets[record] = {
                    "res_model": model,
                    "res_id": record.res_id,
                    "res_name": names.get(record.res_id),
                }
        return targets

    # === STATE AND AMOUNT OF A DOCUMENT === #

    @api.depends(
        *("state", "resource", "res_model", "res_id", "company_id"),
        *("remote_amount", "remote_currency", "remote_date"),
    )
    @api.depends_context("uid")
    def _compute_in_sql(self):
        found = {}
        if stored := self._origin:
            query = stored._as_query(ordered=False)
            names = ("id", *_IN_SQL)
            columns = [self._field_to_sql(self._table, name, query) for name in names]
            rows = self.env.execute_query(query.select(*columns))
            found = {row[0]: row[1:] for row in rows}
        for record in self:
            state, amount = found.get(record._origin.id, (False, 0.0))
            record.document_state = state
            record.company_amount = amount

    @api.model
    def _search_document_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        states = [state for state, seen in BEFORE_ODOO.items() if seen in value]
        found = Domain("state", "in", states)
        done, documents = (
            Domain("state", "=", "done"),
            Domain("resource", "in", DOCUMENTS),
        )
        if "mapped" in value:
            found |= done & ~documents
        if in_odoo := tuple(state for state in IN_ODOO if state in value):
            found |= done & documents & self._in_sql("document_state", in_odoo)
        return found

    @api.model
    def _search_company_amount(self, operator, value):
        if operator not in _OPERATORS:
            return NotImplemented
        return self._in_sql("company_amount", value, operator)

    @api.model
    def _in_sql(self, name, value, operator="in"):
        """Return the Domain of the records whose field ``name`` compares so."""
        if operator == "in":
            value = tuple(value)

        def to_sql(model, alias, query):
            left = model._field_to_sql(alias, name, query)
            return SQL("%s %s %s", left, _OPERATORS[operator], value)

        return Domain.custom(to_sql=to_sql)

    def _field_to_sql(self, alias, field_expr, query=None):
        if field_expr not in _IN_SQL or query is None:
            return super()._field_to_sql(alias, field_expr, query)
        return self._document_sql(field_expr, alias, query, _TOTALS)

    def _document_sql(self, name, alias, query, models):
        """Return the SQL of a field of records, whose documents are of ``models``."""
        targets = {model: self._join_document(alias, query, model) for model in models}
        if name == "document_state":
            return self._state_in_sql(alias, targets)
        return self._amount_in_sql(alias, query, targets)

    def _join_document(self, alias, query, model):
        """Join Odoo's documents of ``model``, and return their alias."""
        target = query.make_alias(alias, model.replace(".", "_"))
        condition = SQL(
            "%s = %s AND %s = %s",
            self._column(alias, "res_model"),
            model,
            self._column(alias, "res_id"),
            SQL.identifier(target, "id"),
        )
        query.add_join("LEFT JOIN", target, self.env[model]._table, condition)
        return target

    def _state_in_sql(self, alias, targets):
        """Return the SQL of what people see of a record."""
        state, resource = (self._column(alias, name) for name in ("state", "resource"))
        in_odoo = SQL(
            "coalesce(%s)",
            SQL(", ").join(
                SQL.identifier(target, "state", to_flush=self._flushed(model, "state"))
                for model, target in targets.items()
            ),
        )
        return SQL(
            "CASE WHEN %(state)s <> 'done' THEN CASE %(state)s %(before)s END "
            "WHEN %(resource)s NOT IN %(documents)s THEN 'mapped' "
            "WHEN %(odoo)s IS NULL THEN 'cancelled' "
            "ELSE CASE %(odoo)s %(cases)s ELSE 'draft' END END",
            state=state,
            before=_cases(BEFORE_ODOO.items()),
            resource=resource,
            documents=tuple(DOCUMENTS),
            odoo=in_odoo,
            cases=_cases(sql_cases()),
        )

    def _amount_in_sql(self, alias, query, targets):
        """Return the SQL of a record's amount in the company's currency.

        Who may not read an amount in Odoo gets Procurify's.
        """
        amounts = [
            SQL(
                "WHEN %s THEN %s",
                SQL(
                    "%s = 'done' AND %s IS NOT NULL",
                    self._column(alias, "state"),
                    SQL.identifier(targets[model], "id"),
                ),
                self._total_in_sql(model, targets[model]),
            )
            for model in targets
            if self._reads_amounts(model)
        ]
        converted = self._converted_in_sql(alias, query)
        if not amounts:
            return converted
        return SQL("CASE %s ELSE %s END", SQL(" ").join(amounts), converted)

    def _reads_amounts(self, model):
        if model == "account.move":
            return reads_items(self.env)
        return self.env[model].has_access("read")

    def _total_in_sql(self, model, target):
        name, sign = _TOTALS[model]
        column = SQL.identifier(target, name, to_flush=self._flushed(model, name))
        return SQL("%s * %s", sign, column)

    def _converted_in_sql(self, alias, query):
        """Return the SQL of Procurify's total, at Odoo's rate of the document's day.

        As Odoo converts; a currency without a rate comes to nothing.
        """
        company, own, foreign = (
            query.make_alias(alias, name)
            for name in ("amount_company", "company_money", "document_money")
        )
        for joined, table, column, value in (
            (company, "res_company", "id", self._column(alias, "company_id")),
            (own, "res_currency", "id", SQL.identifier(company, "currency_id")),
            (foreign, "res_currency", "name", self._column(alias, "remote_currency")),
        ):
            condition = SQL("%s = %s", SQL.identifier(joined, column), value)
            query.add_join("LEFT JOIN", joined, table, condition)

        def rate(currency):
            return rate_in_sql(
                self.env,
                SQL.identifier(currency, "id"),
                SQL.identifier(company, "parent_path"),
                self._column(alias, "remote_date"),
            )

        return SQL(
            "CASE WHEN %(own)s = %(foreign)s THEN %(amount)s ELSE round(("
            "%(amount)s * coalesce(%(own_rate)s, 1) / %(foreign_rate)s)::numeric,"
            " %(places)s) END",
            own=SQL.identifier(own, "id"),
            foreign=SQL.identifier(foreign, "id"),
            amount=self._column(alias, "remote_amount"),
            own_rate=rate(own),
            foreign_rate=rate(foreign),
            places=SQL.identifier(own, "decimal_places"),
        )

    def _column(self, alias, name):
        return SQL.identifier(alias, name, to_flush=self._fields[name])

    def _flushed(self, model, name):
        return self.env[model]._fields[name]


def _cases(pairs):
    """Return the SQL of the branches of a simple CASE."""
    return SQL(" ").join(SQL("WHEN %s THEN %s", each, seen) for each, seen in pairs)
