"""One remote object: inbox, link to Odoo, mapping and quarantine in one row."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ...importers.resource_kinds import KINDS
from ...tools.json_text import indented

REPLAY_AT_ONCE = 200  # records that a button imports before the cron takes over

# Who reads journal items in Odoo, as a certificate asks; others read no quotes of them.
ITEM_READERS = "account.group_account_readonly,account.group_account_invoice"
REVIEWER_FIELDS = frozenset({"res_model", "res_id", "target_name"})


class ProcurifyRecord(models.Model):
    """A row is one object of Procurify, as it was last read, and what became of it.

    The fetch cron writes payload and ``pending``; the import cron turns that into
    ``done`` (``res_model`` and ``res_id`` say where), ``waiting`` (something that
    it names is not imported yet), ``quarantined`` (``issue_ids`` say why) or
    ``excluded`` (a rule). Only a person makes it ``ignored``.
    """

    _name = "procurify.record"
    _inherit = "procurify.system.fields"
    _description = "Procurify Record"
    _order = "id desc"
    _people_fields = REVIEWER_FIELDS

    connection_id = fields.Many2one(
        "procurify.connection", required=True, index=True, ondelete="cascade"
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
        readonly=True, help="What all versions of a bill have in common."
    )
    name = fields.Char(readonly=True, help="What people call it in Procurify.")
    code = fields.Char(readonly=True, help="Its code in Procurify, where it has one.")
    payload = fields.Text(
        readonly=True,
        prefetch=False,
        help="The JSON text that Procurify sent, digit for digit.",
    )
    payload_text = fields.Text("Readable Payload", compute="_compute_payload_text")
    digest = fields.Char(readonly=True, help="SHA-256 of the payload's content.")
    summary_digest = fields.Char(
        readonly=True, help="SHA-256 of the list row that announced this version."
    )
    remote_modified = fields.Datetime("Changed in Procurify", readonly=True)
    remote_party = fields.Char("Vendor", readonly=True)
    remote_date = fields.Date("Date", readonly=True)
    # How the document answers the questions of procurify.finding.
    date_finding = fields.Char(readonly=True)
    list_date_finding = fields.Char(readonly=True)
    rate_finding = fields.Char(readonly=True)
    remote_amount = fields.Float("Total", digits=(16, 2), readonly=True)
    remote_currency = fields.Char("Currency", readonly=True)
    remote_deleted = fields.Boolean("Deleted in Procurify", readonly=True)
    unread_count = fields.Integer(
        "Unreadable Fields",
        readonly=True,
        help="How many fields of the payload could not be read and are left empty.",
    )
    unread_paths = fields.Text(
        "Left Empty",
        readonly=True,
        help="Where in the payload they are. What money, identity and coding need is "
        "never left empty: a document without it is on hold.",
    )
    listed_at = fields.Datetime(
        readonly=True, help="Which comparison with Procurify's list last showed it."
    )
    read_error = fields.Char(
        "Cannot Be Read",
        readonly=True,
        help="Why Procurify's present version cannot be read.",
    )
    read_failures = fields.Integer(
        "Attempts", readonly=True, help="How often in a row it could not be read."
    )
    read_again_at = fields.Datetime("Next Attempt", readonly=True)
    read_from = fields.Datetime(
        readonly=True,
        help="Set where only the list shows it: from which changes on that is read to "
        "meet it again (UTC).",
    )
    state = fields.Selection(
        [
            ("pending", "Pending"),
            ("waiting", "Waiting"),
            ("quarantined", "Quarantined"),
            ("done", "Done"),
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
            ("not_a_vendor", "Not a vendor of goods"),
            ("not_tracked", "Locations are not booked"),
            ("product_unit", "Counted in the product's unit"),
            ("generic_product", "The generic product stands for it"),
            ("part_of_order", "Imported with its order"),
            ("not_purchased", "Not purchased"),
            ("cancelled", "Cancelled"),
            ("no_lines", "Without lines"),
            ("orders_not_imported", "Orders are not imported"),
            ("card_order", "Paid by credit card"),
            ("requisitions_not_imported", "Requisitions are not imported"),
            ("nothing_requested", "Nothing left to buy"),
            ("other_company", "Another company's"),
            ("before_start_date", "Before the start date"),
        ],
        readonly=True,
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
        help="Where the link to Odoo comes from.",
    )
    applied_digest = fields.Char(
        readonly=True, help="Digest of the payload that was last written to Odoo."
    )
    applied_state = fields.Json(
        readonly=True,
        groups=ITEM_READERS,
        help="What the import wrote, to see later edits by people.",
    )
    imported_at = fields.Datetime(readonly=True)
    issue_ids = fields.Many2many(
        "procurify.issue",
        relation="procurify_record_issue_rel",
        column1="record_id",
        column2="issue_id",
        string="Reasons",
        readonly=True,
    )
    awaits_ids = fields.Many2many(
        "procurify.record",
        relation="procurify_record_awaits_rel",
        column1="record_id",
        column2="awaited_id",
        readonly=True,
        help="Order items that this bill is for, and that are not in Odoo yet.",
    )
    hold_reason = fields.Text("Held Because", compute="_compute_hold_reason")

    _remote_uniq = models.UniqueIndex(
        "(connection_id, resource, external_id)",
        "An object of Procurify is staged once per connection.",
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
    _target_idx = models.Index("(res_model, res_id) WHERE res_id IS NOT NULL")

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
    @api.depends_context("lang")
    def _compute_hold_reason(self):
        for record in self:
            record.hold_reason = "\n".join(record.issue_ids.mapped("message"))

    @api.model
    def _selection_resource(self):
        return [(kind.name, self.env._(kind.label)) for kind in KINDS.values()]

    # === CRUD METHODS === #

    def write(self, vals):
        if self.env.su:
            return super().write(vals)
        if forbidden := vals.keys() - REVIEWER_FIELDS:
            raise AccessError(
                self.env._(
                    "Only the mapping of a record can be edited, not: %(fields)s.",
                    fields=", ".join(sorted(forbidden)),
                )
            )
        self.check_access("write")
        if "target_name" in vals:
            # It is looked up as this person, and written by what it is.
            super().write({"target_name": vals["target_name"]})
            vals = {key: vals[key] for key in vals if key != "target_name"}
            if not vals:
                return True
        self._check_no_document()
        self._check_mapping(vals)
        # The model is that of the kind, mapped or not.
        vals = {name: v for name, v in vals.items() if v or name != "res_model"}
        self.sudo()._take_back_ignoring()
        targets = self.sudo()._audit_targets()
        written = super(ProcurifyRecord, self.sudo()).write(vals | {"origin": "manual"})
        self.env["procurify.audit"]._log_mapped(targets)
        # The next import takes it up, and then what it releases; Replay does at once.
        self.sudo()._requeue()
        # Not at once, or the cron and the person's own Replay get in each other's way.
        soon = fields.Datetime.now() + timedelta(minutes=1)
        self.env.ref("procurify_connector.ir_cron_import").sudo()._trigger(soon)
        return written

    def _check_no_document(self):
        """Refuse to point a document at another one, which only its choices do.

        :raises UserError: naming the document
        """
        if documents := self.filtered(lambda record: record.role != "master"):
            raise UserError(
                self.env._(
                    "%(name)s is a document. Only master data is mapped by hand.",
                    name=documents[0].display_name,
                )
            )

    def _check_mapping(self, vals):
        """Refuse a mapping to what the resource cannot stand for.

        :raises UserError: in the words of the person who maps
        """
        wanted = {self._target_model(name) for name in set(self.mapped("resource"))}
        if vals.get("res_id") and len(wanted) > 1:
            raise UserError(self.env._("Map one kind of records at a time."))
        for resource in set(self.mapped("resource")):
            model = self._target_model(resource)
            if vals.get("res_model", model) not in (model, False):
                raise UserError(
                    self.env._(
                        "%(resource)s are mapped to %(model)s.",
                        resource=dict(self._selection_resource())[resource],
                        model=self.env[model]._description,
                    )
                )
            if vals.get("res_id"):
                target = self.env[model].browse(vals["res_id"]).exists()
                if not target:
                    raise UserError(
                        self.env._("The chosen record does not exist any more.")
                    )
                target.check_access("read")
                self._check_target_company(target)
                record = self.filtered(lambda r, name=resource: r.resource == name)[:1]
                if hold := target._procurify_usable(target, record):
                    issues = self.env["procurify.issue"]
                    raise UserError(issues._message(hold.code, hold.params))

    def _check_target_company(self, target):
        """Refuse a target of another company than those that these records are for.

        :raises UserError: naming the company
        """
        for connection in self.connection_id.sudo():
            domain = target._procurify_company_domain(connection._companies())
            if not target.with_context(active_test=False).search_count(
                domain & Domain("id", "=", target.id)
            ):
                raise UserError(
                    self.env._(
                        "%(name)s cannot be used in %(company)s.",
                        name=target.display_name,
                        company=connection.company_id.name,
                    )
                )

    # === ACTION METHODS === #

    def action_replay(self):
        """Import these records again from the stage, and what they blocked.

        A few hundred are imported at once, the rest by the import cron.
        """
        self.check_access("write")
        records = self.sudo()
        records.connection_id._check_books()
        self.env["procurify.audit"]._log_records("replayed", records)
        records._take_back_ignoring()
        records._read_soon()
        records._requeue()
        blocked = records._dependents()
        records[:REPLAY_AT_ONCE]._import()
        rest = REPLAY_AT_ONCE - len(records)
        released = blocked.filtered(lambda record: record.state == "pending")
        released[: max(rest, 0)]._import()
        if rest < len(released):
            self.env.ref("procurify_connector.ir_cron_import").sudo()._trigger()

    def action_open_target(self):
        """Open the Odoo record that this record became."""
        self.ensure_one()
        if not self.res_id:
            raise UserError(self.env._("This record is not in Odoo yet."))
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }
