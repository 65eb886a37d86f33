"""Where a connection books: in this Odoo, or in a remote one.

With a remote Odoo, the import makes its documents here as before, and a job brings the
remote to what they say, see ``models/hub/``.
"""

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ...importers.resource_kinds import DOCUMENTS


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    target_id = fields.Many2one(
        "procurify.target",
        string="Remote Odoo",
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
        help="Empty: documents are created in this Odoo.",
    )
    target_state = fields.Selection(related="target_id.state", string="Status There")
    target_summary = fields.Text(related="target_id.summary", string="Result There")
    target_missing = fields.Text(related="target_id.missing", string="Missing There")
    target_error = fields.Text(related="target_id.error_message", string="Error There")
    target_key_warning = fields.Text(related="target_id.key_warning")
    target_note = fields.Text("What Works So Far", compute="_compute_target_note")

    # === CONSTRAINTS === #

    @api.constrains("target_id")
    def _check_target(self):
        """Refuse another place to book in once something is booked.

        :raises ValidationError: naming the connection
        """
        for connection in self:
            if connection.target_id and connection.phase == "live":
                raise ValidationError(
                    self.env._(
                        "Pause %(name)s before you choose a remote Odoo.",
                        name=connection.name,
                    )
                )
            if connection._is_booked_elsewhere():
                raise ValidationError(
                    self.env._(
                        "Documents of %(name)s are already booked. To book in another "
                        "Odoo from now on, set up another connection with a start "
                        "date.",
                        name=connection.name,
                    )
                )

    def _is_booked_elsewhere(self):
        """Return whether documents are booked in another Odoo than the chosen one."""
        self.ensure_one()
        booked = self.env["procurify.record"].sudo()
        mine = Domain("connection_id", "=", self.id)
        sent = self.env["procurify.dispatch"].sudo()
        if sent.search_count(
            mine & Domain("target_id", "!=", self.target_id.id), limit=1
        ):
            return True
        return (
            bool(self.target_id)
            and not sent.search_count(mine, limit=1)
            and bool(
                booked.search_count(
                    mine
                    & Domain("resource", "in", DOCUMENTS)
                    & Domain("res_id", "!=", False),
                    limit=1,
                )
            )
        )

    # === COMPUTE METHODS === #

    @api.depends("target_id")
    def _compute_target_note(self):
        note = self.env._(
            "Vendors, products, orders, bills, refunds and their files are sent to the "
            "remote Odoo. Mappings and dry runs refer to this Odoo."
        )
        for connection in self:
            connection.target_note = note if connection.target_id else False

    # === BUSINESS METHODS === #

    def _check_remote_is_ready(self):
        """Check that these connections can book where they are meant to.

        :raises UserError: names the connection and its remote Odoo
        """
        unready = self.sudo().filtered(
            lambda c: c.target_id and c.target_id.state != "ready"
        )
        if unready:
            raise UserError(
                self.env._(
                    "%(name)s books in the remote Odoo %(target)s, which is not ready. "
                    "Test it first.",
                    name=unready[0].name,
                    target=unready[0].target_id.name,
                )
            )

    def _imports_orders(self):
        """Return whether purchase orders are imported."""
        self.ensure_one()
        return self.order_policy != "none"

    def _imports_requisitions(self):
        """Return whether requisitions are imported."""
        self.ensure_one()
        return self.requisition_policy != "none"

    # === ACTION METHODS === #

    def action_test_target(self):
        """Test the remote Odoo in which this connection books.

        :returns: a notification with the result
        :raises UserError: the connection books in this Odoo
        """
        self.ensure_one()
        self.check_access("write")
        if not self.target_id:
            raise UserError(self.env._("%(name)s books in this Odoo.", name=self.name))
        return self.target_id.action_probe()
