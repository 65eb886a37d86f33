"""Asking for which period a certificate is to be made."""

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models


class ProcurifyCertify(models.TransientModel):
    _name = "procurify.certify"
    _description = "Procurify Certify"

    connection_id = fields.Many2one(
        "procurify.connection", required=True, default=lambda self: self._default()
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        compute="_compute_company_id",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('id', 'child_of', connection_company_id)]",
        help="The connection's company, or one of its branches.",
    )
    connection_company_id = fields.Many2one(
        related="connection_id.company_id", string="Company of the Connection"
    )
    date_from = fields.Date(
        "From", required=True, default=lambda self: self._last_month()[0]
    )
    date_to = fields.Date(
        "To", required=True, default=lambda self: self._last_month()[1]
    )
    read_lists = fields.Boolean(
        "Read Procurify's Lists Now",
        default=True,
        help="Checks now that nothing is missing. This takes about a minute per 10,000 "
        "documents. Otherwise the last nightly check counts.",
    )

    @api.constrains("connection_id", "company_id")
    @api.onchange("connection_id", "company_id")
    def _check_access_to_connection(self):
        # The mere name of a connection or company says something about it.
        for wizard in self:
            wizard.connection_id._origin.sudo(False).check_access("read")
            wizard.company_id._origin.sudo(False).check_access("read")

    @api.model
    def _default(self):
        return self.env["procurify.connection"].search([], limit=1)

    @api.model
    def _last_month(self):
        first = fields.Date.context_today(self).replace(day=1)
        return first - relativedelta(months=1), first - relativedelta(days=1)

    @api.depends("connection_id")
    def _compute_company_id(self):
        for wizard in self:
            wizard.company_id = wizard.connection_id.company_id

    def action_certify(self):
        """Make the certificate, and open it."""
        self.ensure_one()
        certificate = self.env["procurify.certificate"]._certify(
            self.connection_id,
            self.date_from,
            self.date_to,
            self.company_id,
            self.read_lists,
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": certificate._name,
            "res_id": certificate.id,
            "views": [(False, "form")],
        }
