"""The company in which a document is booked, and its batch there."""

from odoo import api, fields, models
from odoo.fields import Domain

from ...importers.batch import ImportBatch
from ...importers.issues import Hold
from ...importers.resource_kinds import DOCUMENTS
from ...importers.routing import CompanyRouting
from ...tools.own_values import write_each


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    company_id = fields.Many2one(
        "res.company", compute="_compute_company_id", store=True, index=True
    )
    route_company_id = fields.Many2one(
        "res.company",
        readonly=True,
        index="btree_not_null",
        help="The branch in which this document is booked, or the company to which it "
        "belongs, by the rules of its locations. Empty: the connection's company.",
    )
    routed_locations = fields.Json(
        readonly=True, help="The locations of its lines as it was last booked."
    )

    # === COMPUTE METHODS === #

    @api.depends("connection_id.company_id", "route_company_id")
    def _compute_company_id(self):
        for record in self:
            record.company_id = (
                record.route_company_id or record.connection_id.company_id
            )

    # === IMPORT METHODS === #

    def _route(self, batch):
        """Note in which company each document of ``batch`` is booked, or why in none.

        What is in Odoo stays where it is, whatever the rules say by now.
        """
        if batch.resource not in DOCUMENTS:
            return
        batch.locate()
        routing = CompanyRouting(batch.connection)
        new = [draft for draft in batch.open if not draft.record.res_id]
        companies = {draft.record: batch.connection.company_id for draft in new}
        if routing:
            elsewhere = batch.records_of(new)._booked_elsewhere()
            for draft in batch.open:
                record = draft.record
                if record in companies:
                    companies[record] = record._new_company(
                        batch.connection, draft, routing, elsewhere.get(record)
                    )
                else:
                    draft.moved = record._moved(routing, draft.locations)
        for company in set(companies.values()):
            records = self.filtered(lambda r, c=company: companies.get(r) == c)
            branch = company if company != batch.connection.company_id else False
            records.filtered(
                lambda r, b=branch: r.route_company_id.id != (b and b.id)
            ).route_company_id = branch

    def _new_company(self, connection, draft, routing, elsewhere):
        """Return the company of a document that is not in Odoo yet.

        ``draft`` is held or left out where it is not booked here.

        :param elsewhere: the company that has it by another connection, if any
        """
        self.ensure_one()
        here = connection.company_id
        company = routing.company(draft.locations)
        booker = routing.responsible(company)
        if booker not in (connection, booker.browse()) or (
            elsewhere and company in (elsewhere, company.browse())
        ):
            draft.exclude("other_company")
            # Nobody here is to read it.
            return company or elsewhere
        holds = routing.holds(self, draft.locations)
        if elsewhere:
            params = {"value": self.name, "found": elsewhere.name}
            holds.append(Hold("booked_elsewhere", draft.key, params))
        draft.misrouted = holds
        return here if holds else company

    def _moved(self, routing, locations):
        """Return the Hold of a booked document whose lines moved to another company.

        A rule that changed since moves nothing: what counts is that Procurify names
        other locations than when it was booked.
        """
        self.ensure_one()
        before = self.routed_locations
        if not isinstance(before, list) or before == _numbers(locations):
            return None
        names = routing.names(locations)
        if names == [self.company_id.name]:
            return None
        key = f"{self.resource}/{self.external_id}"
        params = {
            "value": self.name,
            "expected": ", ".join(names),
            "found": self.company_id.name,
        }
        return Hold("moved_company", key, params)

    def _settle(self, **values):
        # A person decided where it stays: Procurify's present locations are known.
        batch = ImportBatch(self.sudo())
        self.sudo()._parse(batch)
        batch.locate()
        self._note_locations(batch.drafts)
        return super()._settle(**values)

    def _booked_elsewhere(self):
        """Return {record: company} of those that a connection of another company to
        the same tenant has in Odoo; the company is the one in whose books it is."""
        rows = self._rows_elsewhere() if self else []
        by_id = {row.external_id: row._booked_in() for row in rows}
        by_uuid = {r.remote_uuid: r._booked_in() for r in rows if r.remote_uuid}
        return {
            record: by_uuid.get(record.remote_uuid) or by_id.get(record.external_id)
            for record in self
        }

    def _booked_in(self):
        return self.company_id

    def _rows_elsewhere(self):
        """Return the records and links of connections of other companies for the same
        objects, as far as their target is still there and not cancelled."""
        connection = self.connection_id
        others = (
            connection.sudo()
            .with_context(active_test=False)
            .search([("company_id", "!=", connection.company_id.id)])
            .filtered(lambda other: other._tenant() == connection._tenant())
        )
        uuids = [uuid for uuid in self.mapped("remote_uuid") if uuid]
        same = Domain("resource", "=", self[:1].resource) & (
            Domain("external_id", "in", self.mapped("external_id"))
            | Domain("remote_uuid", "in", uuids)
        )
        records = self.sudo().search(
            same
            & Domain("connection_id", "in", others.ids)
            & Domain("res_id", "!=", False)
        )
        links = (
            self.env["procurify.link"]
            .sudo()
            .search(
                same
                & Domain("company_id", "!=", connection.company_id.id)
                & Domain("tenant", "=", connection._tenant())
            )
        )
        rows = [*records, *links]
        if not rows:
            return rows
        targets = self.env[rows[0].res_model].sudo()
        ids = [row.res_id for row in rows]
        booked = targets.search([("id", "in", ids), ("state", "!=", "cancel")])
        return [row for row in rows if row.res_id in booked.ids]

    @api.model
    def _note_locations(self, drafts):
        """Keep for which locations the documents of ``drafts`` are booked now."""
        located = {
            draft.record: _numbers(draft.locations)
            for draft in drafts
            if draft.locations is not None
        }
        write_each(
            {
                record: {"routed_locations": numbers}
                for record, numbers in located.items()
                if record.routed_locations != numbers
            }
        )


def _numbers(locations):
    """Return Procurify's ids of the locations of some lines, in a fixed order."""
    return sorted({location.external_id for _text, location in locations})
