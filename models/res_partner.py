"""Vendor → res.partner, found by reference, e-mail or name, else created."""

import re

from odoo import api, models
from odoo.fields import Domain

from ..procurify import VendorType
from .candidates import Clues
from .other_vendor import NAMED_PATTERN, is_other
from .procurify_import_mixin import normalise, search_by

# Neither sells goods: an employee who is reimbursed, a card's issuer. Their bills
# are of other types.
_NOT_VENDORS = (VendorType.EMPLOYEE, VendorType.CARD_PROVIDER)
# How Procurify's help says to retire a vendor, which is never deleted.
_RETIRED = re.compile(r"\b(do\s+not\s+use|decommission(ed)?)\b", re.IGNORECASE)
_TOLD = "retired_name"
_CREATED = {"company_type": "company", "supplier_rank": 1}


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "procurify.import.mixin"]

    _procurify_resources = ("vendor",)
    _procurify_code_field = "ref"

    @api.model
    def _procurify_import(self, batch):
        self._procurify_remember(batch)
        self._procurify_match(batch)
        self._procurify_update(batch)

    @api.model
    def _procurify_match(self, batch):
        for record in batch.open:
            if batch.payloads[record].type in _NOT_VENDORS:
                batch.exclude(record, "not_a_vendor")
        self._procurify_link_candidates(batch)
        if batch.connection.vendor_policy == "create":
            self._procurify_create(batch)
        for record in batch.open:
            self._procurify_hold_open(batch, record)

    # === MATCHING === #

    @api.model
    def _procurify_link_candidates(self, batch):
        """Link by reference, e-mail or name where one partner and one vendor fit.

        More than one on either side is a question for a person. The catch-all
        vendor «OTHER» fits nobody: it stands for whom the line's text names.
        """
        taken = self._procurify_taken(batch)
        namesakes = self._procurify_namesakes(batch)
        for record, candidates in self._procurify_candidates(batch).items():
            rivals = namesakes[normalise(batch.payloads[record].name)] - record
            if len(candidates) == 1 and not rivals and candidates.id not in taken:
                batch.link(record, candidates.id)
            elif candidates or rivals:
                found = [
                    *(self._procurify_tell(partner) for partner in candidates),
                    *(
                        self.env._(
                            "Procurify vendor %(id)s (%(name)s)",
                            id=rival.external_id,
                            name=rival.name,
                        )
                        for rival in rivals
                    ),
                ]
                self._procurify_hold_open(
                    batch, record, "ambiguous_vendor", found=", ".join(found)
                )

    @api.model
    def _procurify_tell(self, partner):
        """Return what tells ``partner`` from another one of the same name."""
        marks = [partner.ref, partner.email, partner.city]
        mark = next(filter(None, marks), self.env._("contact %s", partner.id))
        return f"{partner.display_name} ({mark})"

    @api.model
    def _procurify_candidates(self, batch):
        """Return {record: partners that it may be}, by the strongest mark that hits."""
        domain = Domain("parent_id", "=", False) & self._procurify_company_domain(
            batch.connection.company_id
        )
        vendors = {
            record: batch.payloads[record]
            for record in batch.open
            if not is_other(batch.payloads[record])
        }
        emails = [email for vendor in vendors.values() for email in vendor.emails]
        by_ref = search_by(self, "ref", [v.code for v in vendors.values()], domain)
        by_email = search_by(self, "email", emails, domain)
        by_name = search_by(self, "name", [v.name for v in vendors.values()], domain)
        return {
            record: by_ref[normalise(vendor.code)]
            or self.union(*(by_email[normalise(email)] for email in vendor.emails))
            or by_name[normalise(vendor.name)]
            for record, vendor in vendors.items()
        }

    @api.model
    def _procurify_namesakes(self, batch):
        """Return {normalised name: staged vendors that bear it}."""
        return search_by(
            batch.records,
            "name",
            [batch.payloads[record].name for record in batch.open],
            Domain("connection_id", "=", batch.connection.id)
            & Domain("resource", "=", "vendor")
            & Domain("external_id", "not =like", NAMED_PATTERN)
            & Domain("state", "!=", "excluded"),
        )

    @api.model
    def _procurify_taken(self, batch):
        """Return the ids of partners that another vendor of the tenant stands for."""
        rows = batch.records.search_fetch(
            [
                ("connection_id", "=", batch.connection.id),
                ("resource", "=", "vendor"),
                ("external_id", "not =like", NAMED_PATTERN),
                ("res_id", "!=", False),
                ("id", "not in", batch.records.ids),
            ],
            ["res_id"],
        )
        return set(rows.mapped("res_id"))

    # === SUGGESTING === #

    @api.model
    def _procurify_clues(self, payload):
        if is_other(payload):
            return Clues({("same_name", "name"): [payload.name]}, payload.name)
        marks = {
            ("same_code", "ref"): [payload.code],
            ("same_email", "email"): payload.emails,
            ("same_name", "name"): [payload.name],
        }
        return Clues(marks, payload.name)

    def _procurify_candidate_name(self):
        return self._procurify_tell(self)

    @api.model
    def _procurify_suggestible(self):
        return Domain("parent_id", "=", False)

    # === WRITING === #

    @api.model
    def _procurify_create(self, batch):
        records = batch.open.filtered(
            lambda record: not is_other(batch.payloads[record])
        )
        told = self._procurify_told_values(batch, records)
        partners = self.create([values | _CREATED for values in told.values()])
        for partner, (record, values) in zip(partners, told.items(), strict=True):
            batch.link(record, partner.id, "created", written=values)

    @api.model
    def _procurify_create_values(self, batch):
        told = self._procurify_told_values(batch, batch.records)
        return {record: values | _CREATED for record, values in told.items()}

    @api.model
    def _procurify_told_values(self, batch, records):
        """Return {record: what its vendor says about a partner}."""
        countries = self._procurify_countries(batch, records)
        return {
            record: self._procurify_prepare_values(batch.payloads[record], countries)
            for record in records
        }

    @api.model
    def _procurify_update(self, batch):
        """Carry changes to partners that the connector made.

        Procurify's way to retire a vendor is a name such as «… - DO NOT USE»: that
        is told, and not copied.
        """
        countries = self._procurify_countries(batch, batch.records)

        def prepare(vendor):
            values = self._procurify_prepare_values(vendor, countries)
            if _RETIRED.search(vendor.name):
                del values["name"]
            return values

        self._procurify_follow(batch, prepare)
        self._procurify_tell_retired(batch)

    @api.model
    def _procurify_tell_retired(self, batch):
        """Say on the partners of vendors that their name retires, once for each."""
        bodies = {}
        for record, partner_id in batch.targets.items():
            name = batch.payloads[record].name
            state = batch.written.get(record, record.applied_state) or {}
            known = (state.get(_TOLD), state.get("name"))
            if name in known or not _RETIRED.search(name):
                continue
            batch.link(
                record,
                partner_id,
                batch.origins[record],
                written=state | {_TOLD: name},
            )
            bodies[partner_id] = self.env._("Procurify calls this vendor “%s”.", name)
        self.browse(bodies)._message_log_batch(bodies=bodies)

    @api.model
    def _procurify_prepare_values(self, vendor, countries):
        """Return what a vendor says about a partner, as JSON values."""
        return {
            "name": vendor.name,
            "ref": vendor.code or False,
            "email": ", ".join(vendor.emails) or False,
            "phone": vendor.phone_one or vendor.phone_two or False,
            "website": vendor.url or False,
            "street": vendor.address_line_one or False,
            "street2": vendor.address_line_two or False,
            "zip": vendor.postal_code or False,
            "city": vendor.city or False,
            "country_id": countries.get(normalise(vendor.country), False),
        }

    @api.model
    def _procurify_countries(self, batch, records):
        """Return {normalised name or code: id}; Procurify's country is free text."""
        texts = [batch.payloads[r].country for r in records if r in batch.payloads]
        model = self.env["res.country"]
        by_name = search_by(model, "name", texts)
        by_code = search_by(model, "code", [t for t in texts if len(t) == 2])
        return {key: found[:1].id for key, found in {**by_name, **by_code}.items()}
