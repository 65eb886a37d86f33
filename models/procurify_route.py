"""Which company the documents of a location belong to."""

from contextlib import contextmanager

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain

from .audit_rows import about
from .resource_kinds import DOCUMENTS

# Where these change, another connection may be the one that books.
_RESPONSIBLE = frozenset({"active", "company_id", "base_url"})


class ProcurifyRoute(models.Model):
    """A rule: what is bought for a location of Procurify is booked in a company.

    The connections to one tenant, one for each company with a chart of its own,
    share their rules, whichever of them they were entered on.
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
        help="A location of Procurify. Empty: every other location.",
    )
    company_id = fields.Many2one("res.company", required=True, ondelete="cascade")

    _default_uniq = models.UniqueIndex(
        "(connection_id) WHERE location_id IS NULL",
        "There is one rule for every other location.",
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
                    # Its name may be nobody's business here.
                    self.env._("A rule is for a location of its own connection.")
                )
            route._check_agreement()

    def _check_agreement(self):
        """Refuse two companies for one location, on whichever connections.

        :raises ValidationError: naming them
        """
        self.ensure_one()
        for other in self.connection_id._tenant_routes() - self.sudo():
            if other._place() == self.sudo()._place() and (
                other.company_id != self.company_id
                or other.connection_id == self.connection_id
            ):
                raise ValidationError(
                    self.env._(
                        "%(location)s has another rule: %(company)s, on the connection "
                        "%(connection)s.",
                        location=self.sudo().location_id.display_name
                        or self.env._("Every other location"),
                        company=other.company_id.name,
                        connection=other.connection_id.name,
                    )
                )

    def _place(self):
        """Return Procurify's id of the location; False: every other one."""
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
            # Nor is it moved to where its writer may not write.
            self.check_access("write")
            return written

    def unlink(self):
        with self._changing(self.connection_id.ids):
            return super().unlink()

    @contextmanager
    def _changing(self, connection_ids):
        """Let the rules of some connections change, say so in the audit, and decide
        again about what is not in Odoo yet."""
        connections = self.env["procurify.connection"].browse(
            filter(None, connection_ids)
        )
        concerned = {each: each._check_consent() for each in connections}
        before = {each: each._routes_in_words() for each in connections}
        yield
        connections.invalidate_recordset(["route_ids"])
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
