"""The quarantine: records on hold, and what a person can do about them."""

from collections import defaultdict
from contextlib import suppress

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain

from ...importers.bills.importer import BillImport
from ...importers.draft import BatchRefused, Choice, ImportBatch
from ...importers.issues import BY_SETTING, Hold
from ...importers.matching.vendor_twins import same_vendor
from ...importers.orders.adoption import ADOPTED
from ...importers.orders.importer import OrderImport
from ...importers.resource_kinds import DOCUMENTS
from ...procurify.payloads.values import short_key
from ...tools.private import writing_shadows

REPLAY_AT_ONCE = 200  # records that a button imports; the cron imports the rest

# Choice → the issues that it can resolve.
CHOICES = {
    "update": (
        "changed_after_booking",
        "cancelled_in_odoo",
        "order_locked",
        "moved_company",
        "booked_otherwise",
        "before_start_date",
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
        "before_start_date",
    ),
    "reverse": ("withdrawn", "deleted_in_procurify"),
    "import_again": ("target_deleted",),
    "adopt": ("duplicate_bill", "duplicate_order"),
    "book_too": ("duplicate_bill", "duplicate_order"),
}

# Issues of bills that are not to be paid any more.
GIVEN_UP = ("withdrawn", "deleted_in_procurify")

# Issues of documents in Odoo that each import tries again, without a new version.
UNFINISHED = (
    "posting_refused",
    "confirmation_refused",
    "booked_otherwise",
    "closed_period",
    "date_not_explained",
    "finding_not_confirmed",
)

_ON_POSTED = ("credit", "reverse")
# Values of a record that needs no decision.
UNDISPUTED = {"difference": False, "offered_state": False, "conflict_id": False}


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    can_update = fields.Boolean(compute="_compute_choices")
    can_credit = fields.Boolean(compute="_compute_choices")
    can_keep = fields.Boolean(compute="_compute_choices")
    can_reverse = fields.Boolean(compute="_compute_choices")
    can_import_again = fields.Boolean(compute="_compute_choices")
    can_adopt = fields.Boolean(compute="_compute_choices")
    can_book_too = fields.Boolean(compute="_compute_choices")

    # === COMPUTE METHODS === #

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
        """Return whether ``choice`` is possible with the Odoo bill in ``state``."""
        self.ensure_one()
        if choice == "adopt":
            # A requisition may be several requests in Odoo.
            if self.resource == "requisition":
                return False
            # Not if it has a draft of its own, which would stay. What stands for a
            # document of a remote Odoo does not stay: it becomes that one.
            return bool(self._rival_there() or (self.conflict_id and not self.res_id))
        if choice == "keep":
            return "withdrawn" not in self.issue_ids.mapped("code") or (
                state == "posted"
            )
        return state == "posted" or choice not in _ON_POSTED

    def _answers(self, choice):
        """Return whether ``choice`` can resolve an issue of this record."""
        self.ensure_one()
        codes = set(self.issue_ids.mapped("code"))
        return self.state == "quarantined" and bool(codes & set(CHOICES[choice]))

    # === ON HOLD AND RELEASED === #

    def _quarantine(self, holds):
        """Put records on hold with all their issues.

        :param holds: {record: [Hold]} of records of one connection
        """
        if not holds:
            return
        holds = {
            record: [hold._replace(key=short_key(hold.key)) for hold in mine]
            for record, mine in holds.items()
        }
        records = self.browse(record.id for record in holds)
        before = records.issue_ids
        reasons = {record: record._audit_reasons() for record in records}
        issues = (
            self.env["procurify.issue"]
            .sudo()
            ._open_issues(
                records.connection_id,
                [hold for mine in holds.values() for hold in mine],
            )
        )
        alike, now = defaultdict(self.browse), fields.Datetime.now()
        for record, mine in holds.items():
            ids = frozenset(issues[hold.code, hold.key].id for hold in mine)
            alike[ids] |= record
        for ids, same in alike.items():
            news = same.filtered(lambda record, ids=ids: not record._is_held_for(ids))
            # What is tried again has been on hold since its first time.
            news.filtered(lambda record: not record.held_at).held_at = now
            news.write(
                {
                    "state": "quarantined",
                    "excluded_rule": False,
                    "issue_ids": [Command.set(list(ids))],
                }
                | UNDISPUTED
            )
        before._close_unused()
        self.env["procurify.audit"]._log_held(reasons)

    def _hold_besides(self, holds):
        """Put records on hold for what is found later, besides the issues they have.

        :param holds: {record: [Hold]} of records of one connection
        """
        self._quarantine(
            {
                record: [
                    *(
                        Hold(i.code, i.key, i.params or {}, i.reference_id.id)
                        for i in record.issue_ids
                    ),
                    *mine,
                ]
                for record, mine in holds.items()
            }
        )

    def _is_held_for(self, issue_ids):
        """Return whether this record is on hold for exactly these issues already."""
        self.ensure_one()
        return (
            self.state == "quarantined"
            and set(self.issue_ids._ids) == issue_ids
            and not any(self[name] for name in UNDISPUTED)
        )

    def _release(self, done, issues):
        """Release these records, because ``done`` is imported.

        A document with other issues only loses those that are resolved; the others are
        queued again.

        :param issues: the issues that ``done`` had until now
        """
        others = done.search(
            Domain("issue_ids", "in", issues.ids)
            & Domain("resource", "not in", DOCUMENTS)
            & Domain("id", "not in", done.ids)
        )
        gone = issues - others.issue_ids if done[0].role == "master" else issues[:0]

        def left(record):
            return record.issue_ids - gone

        held = self.filtered(
            lambda record: (
                record.role == "document"
                and left(record)
                and not left(record) & issues
                and not left(record).reference_id & done
            )
        )
        (self - held)._requeue()
        before = {record: record._audit_reasons() for record in held}
        # Records with the same issues are written together.
        for reasons, alike in held.grouped("issue_ids").items():
            alike.issue_ids = [Command.set((reasons - gone).ids)]
        self.env["procurify.audit"]._log_held(before)

    def _requeue(self):
        """Queue these records for the import."""
        self.write({"state": "pending"})

    def _dependents(self):
        """Return the records that an import of these may release: those with an issue
        about these, and those with the same issues as these."""
        issues = self.issue_ids.filtered(lambda issue: issue.code not in BY_SETTING)
        return self.search(
            (
                Domain("issue_ids.reference_id", "in", self.ids)
                | Domain("issue_ids", "in", issues.ids)
            )
            & Domain("state", "in", ("quarantined", "waiting"))
            & Domain("id", "not in", self.ids)
        )

    # === REPLAY AND IGNORE === #

    def action_replay(self):
        """Import these records again from the stage, and what they blocked.

        Some hundred are imported at once, the rest by the import cron.

        :returns: a notification that says what came of it
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
        return (records | blocked)._notify_replayed()

    def _notify_replayed(self):
        """Return a notification of what a replay of these made of documents; where
        none is among them, of the master data."""
        documents = self.filtered(lambda record: record.role == "document")
        if documents or not self:
            return documents._notify_outcome()
        return self._notify_outcome(self.env._("Mapped: %s."))

    def action_ignore(self, reason=None):
        """Keep these records out of Odoo until somebody replays them.

        :param reason: as the person gives it
        :returns: a notification with their number
        :raises UserError: one of them is in Odoo already
        """
        self.check_access("write")
        records = self.sudo()
        records._check_not_in_odoo()
        issues = records.issue_ids
        records.write({"ignored_reason": reason})
        self.env["procurify.audit"]._log_ignored(records)
        records.write(
            {
                "state": "ignored",
                "held_at": False,
                "excluded_rule": False,
                "issue_ids": [Command.clear()],
            }
        )
        issues._close_unused()
        return records._notify_outcome()

    def _check_not_in_odoo(self):
        """Refuse to ignore documents that are in Odoo.

        :raises UserError: naming the document
        """
        if done := self.filtered(
            lambda r: r.resource in DOCUMENTS and r._target_exists()
        ):
            raise UserError(
                self.env._(
                    "%(name)s is already in Odoo. Cancel it there instead.",
                    name=done[0].display_name,
                )
            )

    def _take_back_ignoring(self):
        """Delete the reason for which these were ignored."""
        self.filtered("ignored_reason").ignored_reason = False

    # === DECISIONS === #

    def action_reset_and_update(self):
        """Update the bill to Procurify's version; a posted bill is posted again.

        The user's rights and Odoo's locks apply: a bill that was paid or hashed, or is
        in a closed period, is refused.
        """
        for record in self._chosen("update"):
            move = record._own_target()
            with self.env.cr.savepoint():
                choice = move._procurify_reset()
                record._import_chosen(choice)
        return self._notify_outcome(self.env._("Updated in Odoo: %s."))

    def action_credit_and_rebill(self):
        """Credit the posted bill, and book Procurify's version as a new one."""
        for record in self._chosen("credit"):
            old = record._own_target()
            former = old, record._applied()
            choice = Choice(self.env.user, post=True, next_open=True, former=former)
            with self.env.cr.savepoint():
                credits = old._procurify_credit()
                record._unlink_target()
                record._import_chosen(choice)
                old._procurify_tell_rebilled(record._own_target(), credits)
        return self._notify_outcome(self.env._("Credited and billed again: %s."))

    def action_keep_odoo(self):
        """Leave the Odoo document as it is until Procurify changes it again."""
        for record in self._chosen("keep"):
            move = record._own_target()
            move.check_access("read")
            applied = dict(record.sudo().applied_state or {}, kept=True)
            if offered := record.sudo().offered_state:
                applied = move._procurify_kept(applied, offered)
            record._close_as_kept(
                kept_version=record._version(),
                applied_state=applied,
                applied_digest=record.digest,
            )
            self.env["procurify.dispatch"]._keep_there(record)
            move._message_log(
                body=self.env._(
                    "Kept as it is, although Procurify's version differs: %(reason)s",
                    reason=record.hold_reason,
                )
            )
        return self._notify_outcome(self.env._("Kept as in Odoo: %s."))

    def action_reverse(self):
        """Credit a posted bill that was withdrawn or deleted in Procurify."""
        for record in self._chosen("reverse"):
            record._own_target()._procurify_credit()
            record.sudo()._import()
        return self._notify_outcome(self.env._("Reversed: %s."))

    def action_import_again(self):
        """Import documents again whose Odoo document was deleted."""
        records = self._chosen("import_again")
        for record in records:
            record._unlink_target()
        records.sudo()._import()
        return self._notify_outcome(self.env._("Imported again: %s."))

    def action_adopt(self):
        """Link the document that is in Odoo already, for later versions too.

        Only missing values are written there. If the two differ, the record is put on
        hold with the differences.
        """
        for record in self._chosen("adopt"):
            if remote_id := record._rival_there():
                self.env["procurify.dispatch"]._adopt(record, remote_id)
                record.sudo()._import()
                continue
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
        return self._notify_outcome(self.env._("Adopted: %s."))

    def action_not_a_duplicate(self):
        """Import the documents although Odoo seems to have them already.

        It applies to their present issue: another document, found later, puts them
        on hold again.
        """
        records = self._chosen("book_too").sudo()
        for record in records:
            known = {tuple(key) for key in record.ruled_out or ()}
            seen = sorted(known | record._seen_rivals())
            record.write({"not_a_duplicate": True, "ruled_out": seen})
        records._import()
        return self._notify_outcome(self.env._("Imported as well: %s."))

    def _rival_there(self):
        """Return the id of the document in a remote Odoo for which this one is on hold
        as a duplicate, or 0."""
        self.ensure_one()
        issues = self.sudo().issue_ids.filtered(lambda i: i.code in CHOICES["adopt"])
        rivals = [(issue.params or {}).get("rival") or ("", 0) for issue in issues]
        ids = [id_ for model, id_ in rivals if model == f"remote {self.res_model}"]
        return ids[0] if ids else 0

    def _seen_rivals(self):
        """Return (model, id) of each document for which this one is on hold as a
        duplicate."""
        self.ensure_one()
        issues = self.issue_ids.filtered(lambda i: i.code in CHOICES["book_too"])
        rivals = [(issue.params or {}).get("rival") for issue in issues]
        seen = {tuple(rival) for rival in rivals if rival}
        return seen or {(self.res_model, self.conflict_id)}

    def _ruled_out(self):
        """Return {record: (model, id) of each document that a person said it is not}.

        A document of Procurify stands for what it became in Odoo as well.
        """
        said = {
            record: {(model, number) for model, number in record.sudo().ruled_out}
            for record in self
            if record.sudo().ruled_out
        }
        pairs = {pair for mine in said.values() for pair in mine}
        twins = self.sudo().browse(i for model, i in pairs if model == self._name)
        became = {
            (self._name, twin.id): (twin.res_model, twin.res_id)
            for twin in twins.exists()
            if twin.res_id
        }
        return {
            record: mine | {became[pair] for pair in mine if pair in became}
            for record, mine in said.items()
        }

    def _allow_payment(self):
        """Allow the payment of these bills in Odoo, in the name of the user."""
        self.env["procurify.audit"]._log_payment_allowed(self)
        self.sudo().write(
            {
                "payment_allowed_by": self.env.user.name,
                "payment_allowed_at": fields.Datetime.now(),
            }
        )

    def _chosen(self, choice):
        """Log ``choice``, and return these records.

        :raises UserError: naming a record to which the choice does not apply
        """
        self.check_access("write")
        for record in self:
            if not record[f"can_{choice}"]:
                raise UserError(
                    self.env._(
                        "This choice is not possible for %(name)s in its current "
                        "state.",
                        name=record.display_name,
                    )
                )
        self.env["procurify.audit"]._log_chosen(choice, self.sudo())
        return self

    def _own_target(self):
        """Return the Odoo document with the rights of the user, without sudo."""
        self.ensure_one()
        return (
            self.env[self.res_model]
            .sudo(False)
            .with_company(self.company_id)
            .browse(self.res_id)
        )

    def _unlink_target(self):
        """Remove the link to the Odoo document, and what was written there."""
        self.sudo().write(
            {
                "res_id": False,
                "applied_state": False,
                "applied_digest": False,
                "kept_version": False,
            }
        )

    def _close_as_kept(self, **values):
        """Mark the record as done without writing to Odoo.

        :param values: to write on the record besides
        """
        record = self.sudo()
        record._accept_locations()
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

    def _accept_locations(self):
        """Note Procurify's present locations: the document stays where it is."""
        batch = ImportBatch(self)
        self._parse(batch)
        batch.locate()
        self._note_locations(batch.drafts)

    def _import_chosen(self, choice):
        """Import this record at once as the user decided.

        :raises UserError: with the remaining issues; nothing is written then
        """
        self.ensure_one()
        record = self.sudo()
        batch = ImportBatch(record, choice)
        record._parse(batch)
        batch.locate()
        env = batch.connection._import_env(record.company_id)
        importer = env[record.res_model]
        # One that is refused stays on hold with the issues.
        with suppress(BatchRefused), writing_shadows():
            importer._procurify_import(batch)
        draft = batch.draft(record)
        if draft.reasons or not draft.target_id:
            raise UserError(record._obstacles(draft.reasons))
        self.env.flush_all()
        record._record_outcome(batch)

    def _obstacles(self, holds):
        """Return as text why this record cannot be written."""
        issues = self.env["procurify.issue"]
        reasons = [issues._message(hold.code, hold.params) for hold in holds]
        if not reasons:
            reasons = [self.env._("records that it refers to are not imported yet")]
        return self.env._(
            "%(name)s cannot be written: %(reasons)s",
            name=self.display_name,
            reasons="\n".join(reasons),
        )

    def _adoptable(self):
        """Return the conflicting document in Odoo, with the user's rights.

        :raises UserError: it cannot be this record's document
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
                    "%(name)s cannot be linked to this document in Odoo. The document "
                    "was deleted, belongs to another vendor or company, or is linked "
                    "to another Procurify document.",
                    name=self.display_name,
                )
            )
        if self.resource == "bill" and move.move_type == "in_receipt":
            raise UserError(
                self.env._(
                    "%(receipt)s is a purchase receipt, which a bill cannot become. "
                    "Delete or cancel it, or ignore %(bill)s.",
                    receipt=move.display_name,
                    bill=self.display_name,
                )
            )
        return move

    def _is_of_this_vendor(self, move):
        """Return whether a document in Odoo has the same vendor or order lines.

        With the same order lines, the contact may differ: the issuer of a card.
        """
        rules = {(i.params or {}).get("rule") for i in self.sudo().issue_ids}
        return "order_lines" in rules or same_vendor(
            move.sudo().partner_id, self._vendor_partner()
        )

    def _vendor_partner(self):
        """Return the contact to which the document's vendor is mapped."""
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

    # === STATE OF A REVISION === #

    def _applied(self):
        """Return what the last import wrote and requested; empty if unknown."""
        self.ensure_one()
        applied = self.sudo().applied_state or {}
        return applied if "asked" in applied else {}

    def _version(self):
        """Return what identifies the present version, and whether it is deleted."""
        self.ensure_one()
        return f"{self.digest}/{'deleted' if self.remote_deleted else 'present'}"

    def _is_seen(self):
        """Return whether nothing changed since the last import or decision."""
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
        """Return whether the last import could not finish its document."""
        self.ensure_one()
        codes = self.issue_ids.mapped("code")
        return bool(self.res_id) and not set(codes).isdisjoint(UNFINISHED)

    def _is_otherwise(self):
        """Return whether the last import found other values in Odoo."""
        self.ensure_one()
        return "booked_otherwise" in self.issue_ids.mapped("code")

    def _was_given_up(self):
        """Return whether the bill was not to be paid at the last import."""
        self.ensure_one()
        codes = self.issue_ids.mapped("code")
        return bool(self.excluded_rule) or not set(codes).isdisjoint(GIVEN_UP)

    def _target_exists(self):
        self.ensure_one()
        return bool(
            self.res_id and self.env[self.res_model].sudo().browse(self.res_id).exists()
        )
