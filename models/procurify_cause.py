"""Why documents are held: one cause for all the documents that it blocks."""

from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.translate import LazyTranslate

from .resource_kinds import DOCUMENTS

_lt = LazyTranslate(__name__)

# code → (label, what happened, what to do). The label is a selection's and is
# translated by the ORM; the placeholders are the parameters that the importer
# gives with the code.
CAUSES = {
    "unknown_vendor": (
        "Unknown vendor",
        _lt("Vendor “%(value)s” is not mapped to a contact in Odoo."),
        _lt("Choose the contact, or create it and replay."),
    ),
    "ambiguous_vendor": (
        "Ambiguous vendor",
        _lt("Vendor “%(value)s” could be more than one contact or vendor: %(found)s."),
        _lt("Choose the right contact."),
    ),
    "several_vendors": (
        "Several vendors",
        _lt("The lines of a document of “%(value)s” name several vendors: %(found)s."),
        _lt("Split the document by vendor in Procurify."),
    ),
    "unknown_account": (
        "Unknown account",
        _lt("Account code “%(value)s” is not an account of the chart."),
        _lt("Choose the account, or create it and replay."),
    ),
    "archived_account": (
        "Archived account",
        _lt("Account code “%(value)s” is mapped to %(found)s, which is archived."),
        _lt("Unarchive the account, or choose another one."),
    ),
    "unknown_department": (
        "Unknown department",
        _lt("Department “%(value)s” is not mapped to an analytic account."),
        _lt("Choose the analytic account, or create it and replay."),
    ),
    "unknown_location": (
        "Unknown location",
        _lt("Location “%(value)s” is not mapped to an analytic account."),
        _lt("Choose the analytic account, or create it and replay."),
    ),
    "plan_conflict": (
        "One plan twice",
        _lt("%(value)s are mapped to analytic accounts of the same plan."),
        _lt("Map departments and locations to accounts of different plans."),
    ),
    "unknown_currency": (
        "Unknown currency",
        _lt("Currency “%(value)s” does not exist in Odoo."),
        _lt("Choose the currency that it stands for, or create it and replay."),
    ),
    "inactive_currency": (
        "Inactive currency",
        _lt("Currency %(value)s is not active in Odoo."),
        _lt("Activate the currency and replay."),
    ),
    "missing_rate": (
        "Missing exchange rate",
        _lt("There is no exchange rate for %(value)s, and the bill tells none."),
        _lt("Enter a rate for the currency and replay."),
    ),
    "unknown_tax": (
        "Unknown tax",
        _lt("Tax “%(value)s” is not mapped to a purchase tax in Odoo."),
        _lt("Choose the tax, or create it and replay."),
    ),
    "unknown_unit": (
        "Unknown unit",
        _lt("Unit “%(value)s” is not mapped to a unit of measure in Odoo."),
        _lt("Choose the unit, or create it and replay."),
    ),
    "unit_conflict": (
        "Unit does not convert",
        _lt("Unit “%(value)s” does not convert to the unit of %(found)s."),
        _lt("Map the item to another product, or relate the units in Odoo."),
    ),
    "unknown_payment_term": (
        "Unknown payment term",
        _lt("Payment term “%(value)s” is not mapped to one in Odoo."),
        _lt("Choose the payment term; no document waits for it."),
    ),
    "unknown_product": (
        "Unknown item",
        _lt("Catalogue item “%(value)s” is not mapped to a product in Odoo."),
        _lt("Choose the product, or create it and replay."),
    ),
    "ambiguous_product": (
        "Ambiguous item",
        _lt("Catalogue item “%(value)s” could be more than one product: %(found)s."),
        _lt("Choose the right product."),
    ),
    "missing_product": (
        "No generic product",
        _lt("Lines that are only text need the connection's generic product."),
        _lt("Choose an active generic product on the connection."),
    ),
    "order_cancelled": (
        "Cancelled after booking",
        _lt("Procurify cancelled %(value)s, and %(found)s is received or billed."),
        _lt("Return or credit what was booked, cancel the order, and replay."),
    ),
    "order_undercut": (
        "Less than booked",
        _lt(
            "Procurify lowered “%(value)s” to %(expected)s, and %(found)s is received "
            "or billed."
        ),
        _lt("Correct the receipt or the bill and replay, or ignore the change."),
    ),
    "order_locked": (
        "Locked in Odoo",
        _lt("Procurify changed %(value)s, and somebody locked %(found)s in Odoo."),
        _lt("Unlock the order and replay, or ignore the change."),
    ),
    "cancelled_in_odoo": (
        "Cancelled in Odoo",
        _lt("Procurify changed %(value)s, and %(found)s is cancelled in Odoo."),
        _lt("Set it back to draft and replay, or open the document to choose."),
    ),
    "missing_allocation": (
        "Line without account",
        _lt("%(value)s carries no account code in Procurify."),
        _lt(
            "Code the line in Procurify, or set the account of uncoded lines on the "
            "connection."
        ),
    ),
    "total_mismatch": (
        "Total does not add up",
        _lt("Procurify's total is %(expected)s, its lines make %(found)s."),
        _lt(
            "Correct the bill in Procurify. Differences of some cents are booked once "
            "the connection has a rounding account."
        ),
    ),
    "odoo_total_mismatch": (
        "Odoo computes another total",
        _lt("Procurify's total is %(expected)s, Odoo computes %(found)s."),
        _lt("Check the rates and the rounding of the taxes that are mapped."),
    ),
    "several_currencies": (
        "Several currencies",
        _lt("Lines in %(found)s on a bill in %(value)s."),
        _lt("Split the bill by currency in Procurify."),
    ),
    "duplicate_bill": (
        "Already in Odoo",
        _lt("%(found)s has the same vendor and number as %(value)s."),
        _lt(
            "Adopt the one in Odoo, book this one too if it is another bill, or ignore "
            "it."
        ),
    ),
    "changed_after_booking": (
        "Changed after booking",
        _lt(
            "Procurify changed this document, but %(found)s is posted or was edited "
            "in Odoo. Differences: %(value)s."
        ),
        _lt(
            "Open the document to choose: update what Odoo has, credit and book it "
            "anew, or keep it."
        ),
    ),
    "withdrawn": (
        "No longer approved",
        _lt("%(value)s is no longer approved in Procurify, but %(found)s is in Odoo."),
        _lt("Wait for the new approval, or cancel or reverse the bill in Odoo."),
    ),
    "deleted_in_procurify": (
        "Deleted in Procurify",
        _lt("%(value)s was deleted in Procurify, but %(found)s is posted."),
        _lt("Reverse the bill, or keep it: open the document to choose."),
    ),
    "closed_period": (
        "Closed period",
        _lt("The accounting date %(value)s is in a closed period: %(found)s."),
        _lt(
            "Open the period, or choose another policy for closed periods on the "
            "connection."
        ),
    ),
    "odoo_moved_date": (
        "Odoo books another day",
        _lt("%(value)s belongs on %(expected)s, Odoo books it on %(found)s."),
        _lt("Check the lock dates and the journal, and replay."),
    ),
    "target_deleted": (
        "Deleted in Odoo",
        _lt("%(value)s was mapped to a record that does not exist any more."),
        _lt("Choose another one, or import the document again."),
    ),
    "wrong_target": (
        "Mapping cannot be used",
        _lt("%(value)s is mapped to %(found)s, which cannot be used here."),
        _lt("Choose another record."),
    ),
    "access_denied": (
        "Not allowed",
        _lt("The integration user may not do this: %(value)s"),
        _lt("Give the integration user the right, and replay."),
    ),
    "odoo_refused": (
        "Refused by Odoo",
        _lt("Odoo refused the document: %(value)s"),
        _lt("Mend what the message says, and replay."),
    ),
    "invalid_payload": (
        "Unreadable document",
        _lt("Procurify's document cannot be read: %(value)s"),
        _lt("Replay after the document was corrected in Procurify."),
    ),
    "unexpected": (
        "Unexpected error",
        _lt("The connector failed on this document: %(value)s"),
        _lt("Tell the administrator; the server's log has the details."),
    ),
}


class Hold(NamedTuple):
    """One reason to hold a record, before it is written as a cause.

    ``key`` says what the cause is about, so that all the records that it blocks
    share it; ``params`` are plain texts for the message; ``reference_id`` is the
    ``procurify.record`` whose mapping would cure it, if there is one.
    """

    code: str
    key: str
    params: dict
    reference_id: int = 0


class ProcurifyCause(models.Model):
    """One reason why records are held, shared by all of them.

    The importer opens it with the first record that it holds; it is resolved when
    nothing is held by it any more, and opens again with the next one.
    """

    _name = "procurify.cause"
    _description = "Procurify Cause"
    _order = "state, code, key, id"

    connection_id = fields.Many2one(
        "procurify.connection", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="connection_id.company_id", store=True, index=True
    )
    code = fields.Selection(
        selection=[(code, texts[0]) for code, texts in CAUSES.items()],
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
        help="The record whose mapping cures this cause.",
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
        relation="procurify_record_cause_rel",
        column1="cause_id",
        column2="record_id",
        string="Holds",
        readonly=True,
    )
    record_count = fields.Integer("Blocks", compute="_compute_record_count")

    _cause_uniq = models.UniqueIndex(
        "(connection_id, code, key)", "A cause exists once per connection."
    )

    @api.depends("code", "params")
    @api.depends_context("lang")
    def _compute_texts(self):
        for cause in self:
            params = {"value": cause.key} | (cause.params or {})
            cause.message = self._message(cause.code, params)
            cause.advice = self.env._(CAUSES[cause.code][2])  # pylint: disable=W8301

    @api.model
    def _message(self, code, params):
        """Return in words what ``code`` says with ``params``."""
        blanks = {"value": "", "found": "", "expected": ""}
        text = self.env._(CAUSES[code][1])  # pylint: disable=W8301
        return text % (blanks | params)

    @api.depends("code", "key")
    def _compute_display_name(self):
        labels = dict(self._fields["code"]._description_selection(self.env))
        for cause in self:
            value = (cause.params or {}).get("value") or cause.key
            cause.display_name = f"{labels[cause.code]}: {value}"

    def _compute_record_count(self):
        groups = self.env["procurify.record"]._read_group(
            [("cause_ids", "in", self.ids), ("resource", "in", DOCUMENTS)],
            ["cause_ids"],
            ["__count"],
        )
        counts = {cause.id: count for cause, count in groups}
        for cause in self:
            cause.record_count = counts.get(cause.id, 0)

    # === CRUD METHODS === #

    def write(self, vals):
        if not self.env.su and vals.keys() - {"reference_res_id"}:
            raise AccessError(self.env._("Only the mapping of a reason can be edited."))
        return super().write(vals)

    # === ACTION METHODS === #

    def action_resolve(self, res_id=None):
        """Map what these causes are about, and replay everything that they block.

        :param res_id: the Odoo record to map to; without it, the mapping that
            stands on the cause, or what the importer finds by itself, is used
        """
        self.check_access("write")
        if res_id:
            if not self.reference_id:
                raise UserError(
                    self.env._("Nothing can be mapped for this cause: see its advice.")
                )
            self.reference_id.write({"res_id": res_id})
        return (self.reference_id | self.record_ids).action_replay()

    def action_map(self):
        """Open a dialog that asks for the Odoo record, and replays with it."""
        self.ensure_one()
        view = self.env.ref("procurify_connector.procurify_cause_view_form_map")
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": self._name,
            "res_id": self.id,
            "views": [(view.id, "form")],
            "target": "new",
        }

    def action_open_records(self):
        """Open the documents that this cause blocks."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "procurify_connector.procurify_record_action"
        )
        domain = [("cause_ids", "in", self.ids), ("resource", "in", DOCUMENTS)]
        return action | {"domain": domain, "context": {}}

    # === BUSINESS METHODS === #

    @api.model
    def _open_causes(self, connection, holds):
        """Return {(code, key): cause} for ``holds``, opening what is not open.

        :param holds: the Hold tuples of a whole batch
        """
        wanted = {(hold.code, hold.key): hold for hold in holds}
        if not wanted:
            return {}
        known = {
            (cause.code, cause.key): cause
            for cause in self.search(
                [
                    ("connection_id", "=", connection.id),
                    ("key", "in", list({key for _code, key in wanted})),
                ]
            )
            if (cause.code, cause.key) in wanted
        }
        missing = [wanted[pair] for pair in wanted if pair not in known]
        created = self.create([self._prepare_values(connection, h) for h in missing])
        known |= {(cause.code, cause.key): cause for cause in created}
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
        causes = self.browse(cause.id for cause in known.values())
        causes.filtered(lambda c: c.state == "resolved").state = "open"
        for pair, cause in known.items():
            hold = wanted[pair]
            if cause.params != hold.params:
                cause.params = hold.params
            if hold.reference_id and cause.reference_id.id != hold.reference_id:
                cause.reference_id = hold.reference_id

    def _close_unused(self):
        """Mark as resolved those of these causes that hold nothing any more."""
        if not self:
            return
        used = self.env["procurify.record"]._read_group(
            [("cause_ids", "in", self.ids)], ["cause_ids"]
        )
        unused = self - self.browse(cause.id for (cause,) in used)
        unused.filtered(lambda c: c.state == "open").state = "resolved"
