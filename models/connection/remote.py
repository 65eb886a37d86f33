"""Where a connection books: in this Odoo, or in a remote one.

So far a remote Odoo can be tested, and its master data is read: no document is sent
there yet. So that its documents do not end up here instead, such a connection cannot be
switched on and imports nothing.
"""

from odoo import api, fields, models
from odoo.exceptions import UserError


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

    _check_target_is_not_live = models.Constraint(
        "CHECK(target_id IS NULL OR phase != 'live')",
        "Documents cannot be sent to a remote Odoo yet. Pause the connection before "
        "you choose one.",
    )

    # === COMPUTE METHODS === #

    @api.depends("target_id")
    def _compute_target_note(self):
        note = self.env._(
            "So far, the remote Odoo can be tested, and its master data is read. "
            "Procurify is read during set-up, and mappings and dry runs refer to this "
            "Odoo. Nothing is imported, neither here nor there, and the connection "
            "cannot be switched on."
        )
        for connection in self:
            connection.target_note = note if connection.target_id else False

    # === BUSINESS METHODS === #

    def _check_books_here(self):
        """Check that these connections create their documents in this Odoo.

        :raises UserError: names the connection and its remote Odoo
        """
        if remote := self.sudo().filtered("target_id")[:1]:
            raise UserError(
                self.env._(
                    "%(name)s books in the remote Odoo %(target)s. Documents cannot be "
                    "sent there yet, so nothing is imported. To import into this Odoo, "
                    "remove the remote Odoo from the connection.",
                    name=remote.name,
                    target=remote.target_id.name,
                )
            )

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
