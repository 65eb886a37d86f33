"""The companies that a connection books for."""

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from ...importers.resource_kinds import DOCUMENTS

# Where these change, another connection may be the one that books.
_RESPONSIBLE = frozenset({"active", "company_id", "base_url"})


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    route_ids = fields.One2many(
        "procurify.route",
        "connection_id",
        string="Companies of Locations",
        copy=False,
        help="Without any, everything belongs to the connection's company.",
    )
    proven_tenant = fields.Char(
        groups=fields.NO_ACCESS,
        copy=False,
        help="The tenant that has accepted the credentials. Whoever merely names its "
        "address has no say in who owns its documents.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        connections = super().create(vals_list)
        connections._route_again(if_routed=True)
        return connections

    def write(self, vals):
        if not _RESPONSIBLE & vals.keys():
            return super().write(vals)
        before = self._tenant_connections()
        written = super().write(vals)
        if vals.keys() & {"company_id", "base_url"}:
            for connection in self.filtered(lambda c: c.sudo().route_ids):
                connection._check_consent()
        (before | self)._route_again(if_routed=True)
        return written

    def unlink(self):
        others = self._tenant_connections() - self
        unlinked = super().unlink()
        others._route_again(if_routed=True)
        return unlinked

    def _companies(self):
        """Return the company and, where it books in branches, those that the
        integration user may enter: what master data can be mapped to."""
        self.ensure_one()
        own = self.company_id
        in_branches = Domain("connection_id", "=", self.id) & Domain(
            "route_company_id", "child_of", own.id
        )
        if not self._tenant_routes() and not self.env["procurify.record"].search(
            in_branches, limit=1
        ):
            return own
        branches = own.search([("id", "child_of", own.id)]) - own
        if self.user_id != self.env.ref("base.user_root"):
            branches &= self.user_id.company_ids
        return own | branches

    def _companies_concerned(self):
        """Return the companies that this connection's rules name, or take from.

        A connection that its tenant did not accept yet cannot be taken from.
        """
        self.ensure_one()
        connection = self.sudo()
        others = connection.search([("active", "=", True)]).filtered(
            lambda each: each._is_proven() and each._tenant() == connection._tenant()
        )
        return (connection | others).company_id | connection.route_ids.company_id

    def _check_consent(self):
        """Let rules change only by somebody who manages every company concerned.

        :returns: those companies
        :raises AccessError: naming none of them
        """
        concerned = self._companies_concerned()
        if not self.env.su and concerned - self.env.user.sudo().company_ids:
            raise AccessError(
                self.env._(
                    "Rules for the locations of this tenant also decide about another "
                    "company's documents: only an administrator of the connector who "
                    "belongs to all these companies may change them."
                )
            )
        return concerned

    def _routes_in_words(self):
        """Return these rules as the audit shows them."""
        self.ensure_one()
        others = self.env._("Every other location")
        rules = (
            f"{route.location_id.display_name or others}: {route.company_id.name}"
            for route in self.sudo().route_ids
        )
        return {"route_ids": "; ".join(rules)}

    def _is_proven(self):
        """Tell whether the tenant has ever accepted this connection's credentials."""
        self.ensure_one()
        return self.sudo().proven_tenant == self._tenant()

    def _prove_tenant(self):
        """Note that the tenant has just shown something for the credentials."""
        self.ensure_one()
        if not self._is_proven():
            self.sudo().proven_tenant = self._tenant()
            self._route_again(if_routed=True)

    def _tenant_connections(self):
        """Return the active connections, of any company, to the tenants of these.

        A connection whose tenant did not accept it yet counts for itself alone.
        """
        active = self.sudo().search([("active", "=", True)], order="id")
        tenants = {each._tenant() for each in self.sudo() if each._is_proven()}
        return active.filtered(
            lambda each: (
                each in self or (each._is_proven() and each._tenant() in tenants)
            )
        )

    def _tenant_routes(self):
        """Return the rules that hold for the tenants of these; the eldest first."""
        return (
            self.env["procurify.route"]
            .sudo()
            .search(
                [("connection_id", "in", self._tenant_connections().ids)], order="id"
            )
        )

    def _route_again(self, if_routed=False):
        """Decide again about what is in Odoo nowhere yet, for the whole tenant.

        :param if_routed: only where the tenant has rules
        """
        if not if_routed or self._tenant_routes():
            self._tenant_connections()._decide_again(DOCUMENTS)
