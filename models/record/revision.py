"""What a person decides about a held bill, with one click."""

from contextlib import suppress

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ...importers.batch import BatchRefused, Choice, ImportBatch
from ...importers.bills.importer import BillImport
from ...importers.matching.vendor_twins import same_vendor
from ...importers.orders.adoption import ADOPTED
from ...importers.orders.importer import OrderImport
from .procurify_record import ITEM_READERS

# Choice → the issues that it answers.
CHOICES = {
    "update": (
        "changed_after_booking",
        "cancelled_in_odoo",
        "order_locked",
        "moved_company",
        "booked_otherwise",
    ),
    "credit": ("changed_after_booking",),
    "keep": (
        "changed_after_booking",
        "cancelled_in_odoo",
        "withdrawn",
        "deleted_in_procurify",
        "order_cancelled",
        "order_locked",
        "order_undercut",
        "moved_company",
        "booked_otherwise",
    ),
    "reverse": ("withdrawn", "deleted_in_procurify"),
    "import_again": ("target_deleted",),
    "adopt": ("duplicate_bill", "duplicate_order"),
    "book_too": ("duplicate_bill", "duplicate_order"),
}
# Procurify does not want these paid any more.
GIVEN_UP = ("withdrawn", "deleted_in_procurify")
# In Odoo, and yet not as it is to be: it is tried again although nothing is new.
UNFINISHED = (
    "posting_refused",
    "confirmation_refused",
    "booked_otherwise",
    "closed_period",
    "date_not_explained",
)
_ON_POSTED = ("credit", "reverse")


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    in_closed_period = fields.Boolean(
        readonly=True, help="A draft whose accounting date lies in a closed period."
    )
    difference = fields.Json(
        readonly=True,
        groups=ITEM_READERS,
        help="Rows of what Odoo has otherwise than Procurify says.",
    )
    difference_table = fields.Html(
        "Differences",
        compute="_compute_difference_table",
        compute_sudo=False,
        sanitize=False,
        help="Shown to whoever may read the document in Odoo.",
    )
    offered_state = fields.Json(
        readonly=True,
        groups=ITEM_READERS,
        help="What the held version would write.",
    )
    kept_version = fields.Char(
        readonly=True, help="The version that a person chose not to book."
    )
    conflict_id = fields.Many2oneReference(
        "Already in Odoo", model_field="res_model", readonly=True
    )
    not_a_duplicate = fields.Boolean(
        readonly=True, help="A person said that it is not the document in Odoo."
    )
    can_update = fields.Boolean(compute="_compute_choices")
    can_credit = fields.Boolean(compute="_compute_choices")
    can_keep = fields.Boolean(compute="_compute_choices")
    can_reverse = fields.Boolean(compute="_compute_choices")
    can_import_again = fields.Boolean(compute="_compute_choices")
    can_adopt = fields.Boolean(compute="_compute_choices")
    can_book_too = fields.Boolean(compute="_compute_choices")

    # === COMPUTE METHODS === #

    @api.depends("difference")
    @api.depends_context("lang", "uid", "allowed_company_ids")
    def _compute_difference_table(self):
        differing = self.sudo().filtered("difference").with_env(self.env)
        shown = differing._shown_in_odoo()
        for record in self:
            record.difference_table = (
                record._difference_table() if record in shown else False
            )

    def _difference_table(self):
        self.ensure_one()
        row = Markup("<tr><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>")
        rows = (
            row
            % (
                each["field"][:1].upper() + each["field"][1:],
                each["applied"],
                each["odoo"],
                each["procurify"],
            )
            for each in self.sudo().difference
        )
        return Markup(
            '<table class="table table-sm"><thead><tr><th>%s</th><th>%s</th>'
            "<th>%s</th><th>%s</th></tr></thead><tbody>%s</tbody></table>"
        ) % (
            self.env._("Field"),
            self.env._("Booked before"),
            self.env._("Odoo now"),
            self.env._("Procurify now"),
            Markup().join(rows),
        )

    @api.depends("state", "issue_ids", "res_id", "conflict_id")
    def _compute_choices(self):
        held = self.filtered(lambda r: r.role == "document" and r.issue_ids)
        bills = held.filtered(lambda r: r.resource == "bill")
        moves = self.env["account.move"].sudo().browse(bills.mapped("res_id"))
        states = {move.id: move.state for move in moves.exists()}
        for record in self:
            for choice in CHOICES:
                record[f"can_{choice}"] = (
                    record in held
                    and record._answers(choice)
                    and record._fits(
                        choice, record in bills and states.get(record.res_id)
                    )
                )

    def _fits(self, choice, state):
        """Tell whether ``choice`` makes sense with the Odoo bill in ``state``."""
        self.ensure_one()
        if choice == "adopt":
            # A draft of its own would be left behind. A requisition may be several
            # requests in Odoo.
            return bool(
                self.conflict_id and not self.res_id and self.resource != "requisition"
            )
        if choice == "keep":
            return "withdrawn" not in self.issue_ids.mapped("code") or (
                state == "posted"
            )
        return state == "posted" or choice not in _ON_POSTED

    def _answers(self, choice):
        """Tell whether ``choice`` answers why this record is held."""
        self.ensure_one()
        codes = set(self.issue_ids.mapped("code"))
        return self.state == "quarantined" and bool(codes & set(CHOICES[choice]))

    # === STATE METHODS === #

    def _applied(self):
        """Return what was written last, and what was asked for; empty if unknown."""
        self.ensure_one()
        applied = self.sudo().applied_state or {}
        return applied if "asked" in applied else {}

    def _version(self):
        """Return what tells the present version from others, its end included."""
        self.ensure_one()
        return f"{self.digest}/{'deleted' if self.remote_deleted else 'present'}"

    def _is_seen(self):
        """Tell whether nothing is new since the last import, or a person's word."""
        self.ensure_one()
        if self.kept_version == self._version():
            return True
        return (
            self.applied_digest == self.digest
            and not self.remote_deleted
            and not self._applied().get("cancelled")
            and not self._is_unfinished()
        )

    def _is_unfinished(self):
        """Tell whether the last import left its document unposted or unconfirmed."""
        self.ensure_one()
        codes = self.issue_ids.mapped("code")
        return bool(self.res_id) and not set(codes).isdisjoint(UNFINISHED)

    def _is_otherwise(self):
        """Tell whether the last import found that Odoo has something else."""
        self.ensure_one()
        return "booked_otherwise" in self.issue_ids.mapped("code")

    def _was_given_up(self):
        """Tell whether Procurify did not want the bill paid at the last import."""
        self.ensure_one()
        codes = self.issue_ids.mapped("code")
        return bool(self.excluded_rule) or not set(codes).isdisjoint(GIVEN_UP)

    def _target_exists(self):
        self.ensure_one()
        return bool(
            self.res_id and self.env[self.res_model].sudo().browse(self.res_id).exists()
        )

    # === ACTION METHODS === #

    def action_reset_and_update(self):
        """Bring the bill to Procurify's version; a posted one is posted again.

        With Odoo's own rights and locks: what was paid, hashed or is in a closed
        period is refused.
        """
        for record in self._chosen("update"):
            move = record._own_target()
            with self.env.cr.savepoint():
                choice = move._procurify_reset()
                record._import_chosen(choice)

    def action_credit_and_rebill(self):
        """Credit the posted bill, and book Procurify's version as a new one."""
        for record in self._chosen("credit"):
            old = record._own_target()
            former = old, record._applied()
            choice = Choice(self.env.user, post=True, next_open=True, former=former)
            with self.env.cr.savepoint():
                credit = old._procurify_credit()
                record._unlink_target()
                record._import_chosen(choice)
                old._procurify_tell_rebilled(record._own_target(), credit)

    def action_keep_odoo(self):
        """Leave Odoo as it is until Procurify changes the bill again."""
        for record in self._chosen("keep"):
            move = record._own_target()
            move.check_access("read")
            applied = dict(record.sudo().applied_state or {}, kept=True)
            if offered := record.sudo().offered_state:
                applied = move._procurify_kept(applied, offered)
            record._settle(
                kept_version=record._version(),
                applied_state=applied,
                applied_digest=record.digest,
            )
            move._message_log(
                body=self.env._(
                    "Kept as it is, although Procurify says otherwise: %(reason)s",
                    reason=record.hold_reason,
                )
            )

    def action_reverse(self):
        """Credit the posted bill that Procurify does not want any more."""
        for record in self._chosen("reverse"):
            record._own_target()._procurify_credit()
            record.sudo()._import()

    def action_import_again(self):
        """Import a bill anew whose Odoo bill was deleted."""
        records = self._chosen("import_again")
        for record in records:
            record._unlink_target()
        records.sudo()._import()

    def action_adopt(self):
        """Let the document that is in Odoo already be this one, also for what follows.

        Nothing is written there but what is missing: where the two differ, the document
        is held with the differences.
        """
        for record in self._chosen("adopt"):
            move = record._adoptable()
            record.sudo().write(
                {
                    "res_id": move.id,
                    "origin": "manual",
                    "applied_state": {ADOPTED: True},
                    "applied_digest": False,
                    "conflict_id": False,
                }
            )
            move._message_log(
                body=self.env._("Adopted as Procurify's %s.", record.display_name)
            )
            record.sudo()._import()

    def action_not_a_duplicate(self):
        """Book the document although Odoo has one that seems to be the same."""
        records = self._chosen("book_too").sudo()
        records.not_a_duplicate = True
        records._import()

    # === HELPERS === #

    def _chosen(self, choice):
        """Return these records, if ``choice`` answers why each of them is held.

        :raises UserError: naming one that is held for another reason, or not at all
        """
        self.check_access("write")
        for record in self:
            if not record[f"can_{choice}"]:
                raise UserError(
                    self.env._(
                        "This does not fit %(name)s as it is now.",
                        name=record.display_name,
                    )
                )
        self.env["procurify.audit"]._log_chosen(choice, self.sudo())
        return self

    def _own_target(self):
        """Return the Odoo bill with the rights of whoever clicked, and no others."""
        self.ensure_one()
        return (
            self.env[self.res_model]
            .sudo(False)
            .with_company(self.company_id)
            .browse(self.res_id)
        )

    def _unlink_target(self):
        """Forget the Odoo bill, and what was written there."""
        self.sudo().write(
            {
                "res_id": False,
                "applied_state": False,
                "applied_digest": False,
                "kept_version": False,
            }
        )

    def _settle(self, **values):
        """Mark the record as done without writing to Odoo."""
        record = self.sudo()
        issues = record.issue_ids
        record.write(
            {
                "state": "done",
                "issue_ids": [Command.clear()],
                "difference": False,
                "offered_state": False,
            }
            | values
        )
        issues._close_unused()

    def _import_chosen(self, choice):
        """Write this record at once as its person decided.

        :raises UserError: with the reasons that still hold it; nothing stays then
        """
        self.ensure_one()
        record = self.sudo()
        batch = ImportBatch(record, choice)
        record._parse(batch)
        batch.locate()
        env = batch.connection._import_env(record.company_id)
        importer = env[record.res_model]
        # One that is refused is held with the reasons.
        with suppress(BatchRefused):
            importer._procurify_import(batch)
        draft = batch.draft(record)
        if draft.reasons or not draft.target_id:
            raise UserError(record._obstacles(draft.reasons))
        self.env.flush_all()
        record._apply(batch)

    def _obstacles(self, holds):
        """Return in words what keeps this record from being written."""
        issues = self.env["procurify.issue"]
        reasons = [issues._message(hold.code, hold.params) for hold in holds]
        if not reasons:
            reasons = [self.env._("what it names is not imported yet")]
        return self.env._(
            "%(name)s cannot be written: %(reasons)s",
            name=self.display_name,
            reasons="\n".join(reasons),
        )

    def _adoptable(self):
        """Return the document in Odoo that holds this one, with the user's rights.

        :raises UserError: it is another one's by now
        """
        self.ensure_one()
        move = self.env[self.res_model].sudo(False).browse(self.conflict_id).exists()
        if move:
            move.check_access("read")
        taken = self.sudo().search_count(
            [
                ("res_model", "=", self.res_model),
                ("res_id", "=", self.conflict_id),
                ("resource", "=", self.resource),
                ("id", "!=", self.id),
            ],
            limit=1,
        )
        if (
            not move
            or taken
            or move.company_id != self.company_id
            or not self._is_of_this_vendor(move)
        ):
            raise UserError(
                self.env._(
                    "The document in Odoo cannot be %(name)s: it is gone, of another "
                    "vendor or company, or another document of Procurify.",
                    name=self.display_name,
                )
            )
        return move

    def _is_of_this_vendor(self, move):
        """Tell whether a document in Odoo is of this one's vendor, or order lines.

        What bills the same order lines may be of another contact: of a card's issuer.
        """
        rules = {(issue.params or {}).get("rule") for issue in self.issue_ids}
        return "order_lines" in rules or same_vendor(
            move.sudo().partner_id, self._vendor_partner()
        )

    def _vendor_partner(self):
        """Return the contact that the document's vendor is mapped to."""
        self.ensure_one()
        record = self.sudo()
        batch = ImportBatch(record)
        record._parse(batch)
        document = batch.draft(record).payload
        imports = {"bill": BillImport, "purchase_order": OrderImport}
        importer = imports[self.resource](record.env, batch)
        key = importer.vendor_key(document) if document else ""
        vendor = record.search(
            [
                ("connection_id", "=", self.connection_id.id),
                ("resource", "=", "vendor"),
                ("external_id", "=", key),
            ]
        )
        return self.env["res.partner"].browse(vendor.res_id).sudo()
