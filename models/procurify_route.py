"""Which company the documents of a location belong to."""

from contextlib import contextmanager

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .audit.procurify_audit import about


class ProcurifyRoute(models.Model):
    """A rule: documents of a location of Procurify are booked in a company.

    There may be several connections to one tenant: one for each company with a chart of
    its own. They share their rules.
    """

    _name = "procurify.route"
    _description = "Procurify Route"
    _order = "connection_id, location_id, id"

    connection_id = fields.Many2one(
        "procurify.connection", required=True, index=True, ondelete="cascade"
    )
    location_id = fields.Many2one(
        "procurify.record",
        index="btree_not_null",
        ondelete="cascade",
        domain="[('connection_id', '=', connection_id), ('resource', '=', 'location')]",
        help="A location in Procurify. Empty: every other location.",
    )
    company_id = fields.Many2one("res.company", required=True, ondelete="cascade")

    _default_uniq = models.UniqueIndex(
        "(connection_id) WHERE location_id IS NULL",
        "A connection can have only one rule for every other location.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("connection_id", "location_id", "company_id")
    def _check_location(self):
        for route in self:
            location = route.location_id.sudo()
            if location and (
                location.resource != "location"
                or location.connection_id != route.connection_id
            ):
                raise ValidationError(
                    # No name: the user may not be allowed to see the location.
                    self.env._("A rule must be for a location of its own connection.")
                )
            route._check_agreement()

    def _check_agreement(self):
        """Check that no rule of the tenant's connections names another company.

        :raises ValidationError: names the location, the company and the connection
        """
        self.ensure_one()
        for other in self.connection_id._tenant_routes() - self.sudo():
            if other._place() == self.sudo()._place() and (
                other.company_id != self.company_id
                or other.connection_id == self.connection_id
            ):
                raise ValidationError(
                    self.env._(
                        "%(location)s already has another rule: %(company)s, on the "
                        "connection %(connection)s.",
                        location=self.sudo().location_id.display_name
                        or self.env._("Every other location"),
                        company=other.company_id.name,
                        connection=other.connection_id.name,
                    )
                )

    def _place(self):
        """Return Procurify's id of the location, or False for every other location."""
        self.ensure_one()
        return self.location_id.external_id

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        default = self.env.context.get("default_connection_id")
        given = {vals.get("connection_id", default) for vals in vals_list}
        with self._changing(given):
            return super().create(vals_list)

    def write(self, vals):
        with self._changing({*self.connection_id.ids, vals.get("connection_id")}):
            written = super().write(vals)
            # Refuses a move to a connection that the writer cannot access.
            self.check_access("write")
            return written

    def unlink(self):
        with self._changing(self.connection_id.ids):
            return super().unlink()

    @contextmanager
    def _changing(self, connection_ids):
        """Check a change of rules before and after it, log it, and route again.

        :param connection_ids: connections whose rules change; None is ignored
        :raises AccessError: see ``_check_consent``
        """
        connections = self.env["procurify.connection"].browse(
            filter(None, connection_ids)
        )
        connections._check_may_lead()
        concerned = {each: each._check_consent() for each in connections}
        before = {each: each._routes_in_words() for each in connections}
        yield
        connections.invalidate_recordset(["route_ids"])
        connections._check_may_lead()
        for each in connections:
            concerned[each] |= each._check_consent()
        now = {each: each._routes_in_words() for each in connections}
        self.env["procurify.audit"]._log(
            [
                about(
                    each,
                    "policy_changed",
                    before=before[each],
                    after=now[each],
                    company_ref=company.id,
                    company_name=company.name,
                )
                for each in connections
                if before[each] != now[each]
                for company in concerned[each]
            ]
        )
        connections._route_again()
