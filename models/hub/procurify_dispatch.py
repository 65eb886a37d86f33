"""What is to be in a remote Odoo, what was sent, and what became of it there."""

from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...importers.remote_images import external_id
from ...tools.concurrency import created_once
from ...tools.own_values import write_each
from ...tools.readers import ITEM_READERS

MOVES, PARTNERS, FILES = "account.move", "res.partner", "ir.attachment"
ORDERS, ORDER_LINES = "purchase.order", "purchase.order.line"
PRODUCTS = "product.product"
CREDIT = "credit"
PAID = ("paid", "in_payment", "partial", "reversed")


class ProcurifyDispatch(models.Model):
    """A row is one vendor, product, order or its line, bill, refund or file of a remote
    Odoo.

    The import notes that a document here is to be compared (``is_due``). The job that
    sends writes the image and ``sending``, commits, and sends. So after any crash it is
    known what may be there, and it is looked for before anything is sent again.
    """

    _name = "procurify.dispatch"
    _inherit = ["procurify.system.fields", "procurify.list"]
    _description = "Procurify Document in a Remote Odoo"
    _order = "id desc"
    _rec_name = "external_id"
    _people_fields = frozenset()

    target_id = fields.Many2one(
        "procurify.target",
        string="Remote Odoo",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="target_id.company_id", store=True, index=True)
    connection_id = fields.Many2one(
        "procurify.connection",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    record_id = fields.Many2one(
        "procurify.record",
        string="In Procurify",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    res_model = fields.Char("Model Here", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        "Document Here", model_field="res_model", required=True, readonly=True
    )
    kind = fields.Selection(
        [
            (PARTNERS, "Vendor"),
            (PRODUCTS, "Product"),
            (ORDERS, "Order"),
            (ORDER_LINES, "Order line"),
            (MOVES, "Bill"),
            (FILES, "File"),
        ],
        compute="_compute_kind",
    )
    external_id = fields.Char("External ID", required=True, readonly=True)
    is_due = fields.Boolean(
        "To Compare",
        readonly=True,
        help="The document here may have changed since it was sent.",
    )
    is_to_post = fields.Boolean(
        "To Post", readonly=True, help="It is posted there once all checks have passed."
    )
    is_decided = fields.Boolean(
        readonly=True,
        help="A person decided to overwrite what the remote Odoo has.",
    )
    takes_there = fields.Boolean(
        readonly=True,
        copy=False,
        help="A person decided to keep what the remote Odoo has.",
    )
    # ``remote_written_at`` of what this person knew.
    decided_on = fields.Char("Changed There On", readonly=True, copy=False)
    state = fields.Selection(
        [
            ("to_send", "To send"),
            ("sending", "Sending"),
            ("sent", "Sent"),
            ("differs", "Differs"),
            ("refused", "Refused"),
        ],
        string="Status",
        default="to_send",
        required=True,
        readonly=True,
        help="Sending: the answer is not known yet. It is looked for before anything "
        "is sent again. Differs: the remote Odoo made something else of it.",
    )
    message = fields.Text(readonly=True, groups=ITEM_READERS)
    # JSON; what is being sent, and what was sent last.
    image = fields.Json(readonly=True, copy=False, groups=ITEM_READERS)
    sent_image = fields.Json(readonly=True, copy=False, groups=ITEM_READERS)
    sent_at = fields.Datetime("Sent On", readonly=True, copy=False)

    # What the remote has of it.
    remote_id = fields.Integer("ID There", readonly=True, copy=False)
    created_there = fields.Char(
        readonly=True,
        copy=False,
        help="When it was created, if people entered it there: it has no external ID.",
    )
    # When it was created, as the remote says: by this it is known that its id still
    # stands for the same document.
    remote_created_at = fields.Char(readonly=True, copy=False)
    adopts_id = fields.Integer(
        "To Adopt",
        readonly=True,
        copy=False,
        help="The ID of the document there that a person chose to be this one.",
    )
    remote_name = fields.Char("Number There", readonly=True, copy=False)
    remote_state = fields.Selection(
        [
            ("draft", "Draft"),
            ("sent", "RFQ sent"),
            ("to approve", "To approve"),
            ("purchase", "Confirmed"),
            ("done", "Locked"),
            ("posted", "Posted"),
            ("cancel", "Cancelled"),
            ("deleted", "Deleted"),
        ],
        string="Status There",
        readonly=True,
        copy=False,
    )
    remote_payment = fields.Char("Payment There", readonly=True, copy=False)
    # As a text, to the cent.
    remote_total = fields.Char("Total There", readonly=True, copy=False)
    edited_text = fields.Text(
        "Edited",
        readonly=True,
        copy=False,
        groups=ITEM_READERS,
        help="What the remote Odoo has otherwise than was sent.",
    )
    remote_written_at = fields.Char(readonly=True, copy=False)
    lost = fields.Selection(
        [("gone", "Not there"), ("older", "Older there")],
        string="After a Restore",
        readonly=True,
        copy=False,
        help="A backup of the remote Odoo was restored: it is not there any more, or "
        "older than before.",
    )
    is_edited = fields.Boolean(
        "Edited There",
        readonly=True,
        copy=False,
        help="Somebody changed it in the remote Odoo.",
    )

    _document_uniq = models.UniqueIndex(
        "(target_id, res_model, res_id)", "A document is sent to a remote Odoo once."
    )
    _external_uniq = models.UniqueIndex(
        "(target_id, external_id)", "An external ID stands for one document."
    )
    _due_idx = models.Index(
        "(target_id, id) WHERE is_due OR state IN ('sending', 'to_send')"
    )
    _lost_idx = models.Index("(target_id) WHERE lost IS NOT NULL")
    _remote_idx = models.Index("(target_id, res_model, remote_id)")

    # === COMPUTE METHODS === #

    @api.depends("res_model")
    def _compute_kind(self):
        for dispatch in self:
            dispatch.kind = dispatch.res_model

    # === EXPECTING === #

    @api.model
    def _expect(self, batch):
        """Note that the documents of an import are to be compared with the remote's.

        :param batch: ImportBatch whose outcome is written, of a connection with one
        """
        if batch.resource in ("purchase_order", "requisition"):
            self._expect_orders(batch)
        elif batch.resource == "bill":
            self._expect_bills(batch)
        elif batch.resource == "vendor":
            self._expect_vendor_changes(batch)

    @api.model
    def _expect_vendor_changes(self, batch):
        """Note that vendors that were sent may have changed."""
        ids = [draft.record.res_id for draft in batch.drafts if draft.record.res_id]
        rows = self._of(PARTNERS, ids, batch.connection.target_id).values()
        if sent := self.browse(row.id for row in rows if row.sent_at):
            sent.is_due = True
            batch.connection.target_id._send_soon()

    @api.model
    def _expect_bills(self, batch):
        drafts = {d.record.res_id: d for d in batch.drafts if d.record.res_id}
        if not drafts:
            return
        known = self._of(MOVES, list(drafts))
        write_each(
            {
                dispatch: dispatch._wanted(drafts[res_id], batch)
                for res_id, dispatch in known.items()
            }
        )
        self._try_files_again(batch.records_of(drafts.values()))
        new = [draft for res_id, draft in drafts.items() if res_id not in known]
        self._create_for_bills(batch, new)
        batch.connection.target_id._send_soon()

    @api.model
    def _expect_orders(self, batch):
        """Do the same for orders, and for requests that gave them their lines."""
        records = {
            draft.record.res_id: draft.record
            for draft in batch.drafts
            if draft.record.res_id and draft.record.res_model == ORDERS
        }
        records |= {
            order.id: record or records.get(order.id)
            for order, record in batch.touched.items()
        }
        if not records:
            return
        known = self._of(ORDERS, list(records))
        write_each(
            {
                dispatch: dispatch._wanted_now(batch)
                for res_id, dispatch in known.items()
            }
        )
        self._try_files_again(batch.records)
        self._create_for_orders(
            batch, {i: r for i, r in records.items() if r and i not in known}
        )
        batch.connection.target_id._send_soon()

    @api.model
    def _create_for_orders(self, batch, records):
        """Create the rows of orders that were never sent.

        :param records: {id of an order: its record}; a requisition has several orders
        """
        before = self._count_before(ORDERS, [record.id for record in records.values()])
        vals_list = []
        for res_id, record in records.items():
            before[record] += 1
            vals_list.append(
                {
                    "target_id": batch.connection.target_id.id,
                    "connection_id": batch.connection.id,
                    "record_id": record.id,
                    "res_model": ORDERS,
                    "res_id": res_id,
                    "external_id": external_id(
                        batch.connection,
                        batch.resource,
                        record.external_id,
                        before[record],
                    ),
                    "is_due": True,
                }
            )
        self._create_once(vals_list)

    @api.model
    def _count_before(self, model, record_ids):
        """Return {record: number of its rows of a model}."""
        groups = self._read_group(
            Domain("record_id", "in", record_ids)
            & Domain("res_model", "=", model)
            & Domain("external_id", "not like", f"%\\_{CREDIT}"),
            ["record_id"],
            ["__count"],
        )
        return defaultdict(int, groups)

    @api.model
    def _keep_there(self, record):
        """Let the orders of a record take over what the remote has, and its bill leave
        it as it is."""
        is_its_bill = Domain("res_model", "=", MOVES) & Domain(
            "res_id", "=", record.res_id
        )
        rows = self.sudo().search(
            Domain("record_id", "=", record.id)
            & (Domain("res_model", "=", ORDERS) | is_its_bill)
        )
        if rows:
            rows.write({"takes_there": True, "is_due": True})
            rows.target_id._send_soon()

    @api.model
    def _adopt(self, record, remote_id):
        """Let a document that people entered in the remote be that of a record."""
        rows = self.sudo().search(
            Domain("record_id", "=", record.id)
            & Domain("res_model", "=", record.res_model)
            & Domain("res_id", "=", record.res_id)
            & Domain("remote_id", "=", 0)
        )
        if rows:
            rows.write({"adopts_id": remote_id, "is_due": True})
            rows.target_id._send_soon()

    def _wanted_now(self, batch):
        """Return what an import writes on this row of an order, see ``_wanted``."""
        wanted = {
            "is_due": True,
            "is_decided": self.is_decided or bool(batch.choice),
        }
        if batch.choice:
            wanted |= {"decided_on": self.remote_written_at, "takes_there": False}
        return wanted

    def _wanted(self, draft, batch):
        """Return what an import writes on this row, also where it is so already.

        A job that compares the document right now has read an older version of it.
        Both write the row, so one of them is refused and begins again.
        """
        wanted = {
            "is_due": True,
            "is_to_post": self.is_to_post or draft.is_to_post_there,
            "is_decided": self.is_decided or bool(batch.choice),
        }
        if batch.choice:
            wanted |= {"decided_on": self.remote_written_at, "takes_there": False}
        return wanted

    @api.model
    def _try_files_again(self, records):
        """Let refused files of imported documents be sent again."""
        refused = self.search(
            Domain("record_id", "in", records.ids)
            & Domain("res_model", "=", FILES)
            & Domain("state", "=", "refused")
        )
        if refused:
            refused.is_due = True

    @api.model
    def _create_once(self, vals_list):
        """Create rows that another worker may be creating right now.

        :raises ConcurrencyError: another worker was faster
        """
        with created_once():
            return self.create(vals_list)

    @api.model
    def _create_for_bills(self, batch, drafts):
        """Create the rows of bills that were never sent.

        A bill that is booked again, in place of one that was sent, has an external id
        of its own.
        """
        records = batch.records_of(drafts)
        before = self._count_before(MOVES, records.ids)
        self._create_once(
            [
                {
                    "target_id": batch.connection.target_id.id,
                    "connection_id": batch.connection.id,
                    "record_id": draft.record.id,
                    "res_model": MOVES,
                    "res_id": draft.record.res_id,
                    "external_id": external_id(
                        batch.connection,
                        batch.resource,
                        draft.record.external_id,
                        before[draft.record] + 1,
                    ),
                    "is_due": True,
                    "is_to_post": draft.is_to_post_there,
                }
                for draft in drafts
            ]
        )

    @api.model
    def _expect_credit(self, bill, credit):
        """Note that the credit note of a sent bill is to be sent and posted too."""
        original = self.sudo()._of(MOVES, bill.ids).get(bill.id)
        if not original or self.sudo()._of(MOVES, credit.ids):
            return
        self.sudo()._create_once(
            [
                {
                    "target_id": original.target_id.id,
                    "connection_id": original.connection_id.id,
                    "record_id": original.record_id.id,
                    "res_model": MOVES,
                    "res_id": credit.id,
                    "external_id": f"{original.external_id}_{CREDIT}",
                    "is_due": True,
                    "is_to_post": True,
                }
            ]
        )
        original.target_id._send_soon()

    @api.model
    def _of(self, model, res_ids, target=None):
        """Return {id of a document: its row}.

        :param target: of contacts and products, which companies with remotes of their
            own may share: the remote Odoo
        """
        domain = Domain("res_model", "=", model) & Domain("res_id", "in", res_ids)
        if target:
            domain &= Domain("target_id", "=", target.id)
        rows = self.sudo().search(domain)
        return {row.res_id: row for row in rows}

    def _is_edited_there(self):
        """Return whether an update would overwrite what somebody decided there."""
        self.ensure_one()
        return (
            self.is_edited
            or self.remote_state in ("posted", "cancel")
            or self.remote_payment in PAID
        )

    # === ACTION METHODS === #

    def action_open_here(self):
        """Open the document in this Odoo.

        :raises UserError: it is deleted
        """
        self.ensure_one()
        self.check_access("read")
        document = self.env[self.res_model].browse(self.res_id).exists()
        if not document:
            raise UserError(self.env._("It was deleted in this Odoo."))
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }
