"""Vendor → res.partner, found by its name and a second witness, else created."""

import re

from odoo import api, models
from odoo.fields import Domain

from ..importers.documents import NAMED_PREFIX, is_other
from ..importers.matching.candidates import Clues
from ..importers.matching.decision import (
    OWN,
    PART,
    SAME_CODE,
    SAME_EMAIL,
    TAKEN,
    Finding,
    Rule,
)
from ..importers.matching.names import NAME_FITS, SAME_NAME, compare, normalise
from ..importers.matching.search import search_by
from ..importers.matching.siblings import MOST_NAMED
from ..procurify import VendorType
from ..procurify.findings import undocumented

# Neither sells goods: an employee who is reimbursed, a card's issuer. Their bills
# are of other types.
_NOT_VENDORS = (VendorType.EMPLOYEE, VendorType.CARD_PROVIDER)
# How Procurify's help says to retire a vendor, which is never deleted.
_RETIRED = re.compile(r"\b(do\s+not\s+use|decommission(ed)?)\b", re.IGNORECASE)
_TOLD = "retired_name"
_KEYS = frozenset((SAME_CODE, SAME_EMAIL))
_NAMES = frozenset((SAME_NAME, NAME_FITS))
_LONGEST_CODE = 3  # of a country or a state
_CREATED = {"company_type": "company", "supplier_rank": 1}
# How a vendor got its contact → the users whose contact it cannot be. It is never that
# of a company of this database.
_NEVER_OWN = {"matched": Domain("share", "=", False), "created": Domain.FALSE}


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "procurify.import.mixin", "procurify.mirrored"]

    _procurify_resources = ("vendor",)
    _procurify_code_field = "ref"
    _procurify_legal_names = True
    _procurify_rule = Rule(_KEYS, lone_names=True)

    @api.model
    def _procurify_import(self, batch):
        self._procurify_stage_terms(batch)
        self._procurify_remember(batch)
        self._procurify_match(batch)
        self._procurify_update(batch)
        self._procurify_offer(batch)

    @api.model
    def _procurify_match(self, batch):
        for draft in batch.open:
            if draft.payload.type in _NOT_VENDORS:
                draft.exclude("not_a_vendor")
            elif value := undocumented(draft.payload):
                # It may be a request for a vendor, or nobody who sells goods.
                self._procurify_hold_open(draft, "undocumented_value", value=value)
        self._procurify_link_found(batch)
        if batch.connection.vendor_policy == "create":
            self._procurify_create(batch)
        for draft in batch.open:
            self._procurify_hold_open(draft)

    # === MATCHING === #

    @api.model
    def _procurify_link_found(self, batch):
        """Link what two witnesses say; hold what is a question for a person.

        The catch-all vendor «OTHER» is nobody: it stands for whom a line names.
        """
        for draft, verdict in self._procurify_decide_open(batch):
            if verdict.is_link:
                draft.link(verdict.target.id, evidence=verdict.witnesses)
            elif verdict.is_question:
                self._procurify_hold_open(
                    draft,
                    "ambiguous_vendor",
                    found=self._procurify_tell_found(verdict),
                )

    @api.model
    def _procurify_tell_found(self, verdict):
        """Return who a vendor may be, each with what speaks for it."""
        words = self.env["procurify.record"]._reason_words()
        findings, rivals = verdict.findings, verdict.rivals
        found = [
            f"{self._procurify_tell(finding.target)}: {finding.told(words)}"
            for finding in findings[:MOST_NAMED]
        ]
        found += [
            self.env._(
                "Procurify vendor %(id)s (%(name)s)",
                id=rival.external_id,
                name=rival.name,
            )
            for rival in rivals[:MOST_NAMED]
        ]
        if max(len(findings), len(rivals)) > MOST_NAMED:
            found.append(self.env._("and others"))
        return "; ".join(found)

    @api.model
    def _procurify_tell(self, partner):
        """Return what distinguishes ``partner`` from another one of the same name."""
        marks = [partner.ref, partner.email, partner.city]
        mark = next(filter(None, marks), self.env._("contact %s", partner.id))
        return f"{partner.display_name} ({mark})"

    @api.model
    def _procurify_decidable(self, payload):
        return not is_other(payload)

    @api.model
    def _procurify_staged_names(self, record):
        # What only a line names is mapped by a person, and claims nobody.
        is_named = record.external_id.startswith(NAMED_PREFIX)
        return set() if is_named else {record.name or ""}

    @api.model
    def _procurify_weigh(self, evidence, clues, siblings):
        self._procurify_credit_parents(evidence, clues)
        partners = self.union(*(p for mine in evidence.values() for p in mine))
        siblings.look_at(partners)
        own = self._procurify_own(partners)
        shared = {normalise(partner.email) for partner in own} - {""}
        findings = {}
        for record, mine in evidence.items():
            kept = {}
            for partner, witnesses in mine.items():
                if normalise(partner.email) in shared:
                    # The person who typed the vendor typed the own mailbox.
                    witnesses = witnesses - {SAME_EMAIL}
                fits = witnesses & _NAMES
                if not witnesses or (
                    not fits
                    and (
                        partner in own
                        or siblings.has_owner(record, partner, partner.name)
                    )
                ):
                    continue
                kept[partner] = witnesses
            findings[record] = [
                Finding(
                    partner,
                    frozenset(witnesses),
                    frozenset(
                        partner._procurify_obstacles(record, clues[record])
                        | ({OWN} if partner in own else set())
                        | ({TAKEN} if siblings.linked(record, partner) else set())
                    ),
                )
                for partner, witnesses in kept.items()
            ]
        return findings

    def _procurify_obstacles(self, record, clue):
        obstacles = super()._procurify_obstacles(record, clue)
        return obstacles | ({PART} if self.parent_id else set())

    @api.model
    def _procurify_credit_parents(self, evidence, clues):
        """Give the keys of addresses and persons to the contact that they belong to.

        One whose contact bears the name itself is no candidate of its own.
        """
        parts = self.union(
            *(p for mine in evidence.values() for p in mine if p.parent_id)
        )
        if not parts:
            return
        wholes = {p: p.sudo().commercial_partner_id.id for p in parts}
        known = self.search(Domain("id", "in", list(set(wholes.values()))))
        by_id = {partner.id: partner for partner in known}
        for record, mine in evidence.items():
            for part in [partner for partner in mine if partner in wholes]:
                whole = by_id.get(wholes[part])
                if not whole or whole == part:
                    continue
                keys = mine[part] & _KEYS
                if keys or whole in mine:
                    kind = compare(clues[record].name, whole.name or "", legal=True)
                    mine[whole] |= keys | ({kind} if kind else set())
                mine[part] -= _KEYS
                if not mine[part] & _NAMES or mine.get(whole, set()) & _NAMES:
                    del mine[part]

    @api.model
    def _procurify_unusable(self, records):
        """What an earlier version linked to an own contact is asked about again.

        A vendor may have got access to Odoo since; what a person chose stands. Who was
        created for a vendor may have been merged into the own company.
        """
        unusable = super()._procurify_unusable(records)
        for origin, users in _NEVER_OWN.items():
            found = records.filtered(
                lambda record, o=origin: record.origin == o and record not in unusable
            )
            own = self._procurify_own(self.browse(found.mapped("res_id")), users)
            for record in found.filtered(lambda r, ids=own.ids: r.res_id in ids):
                name = self.browse(record.res_id).display_name
                unusable[record] = self._procurify_hold(
                    record, "wrong_target", found=name
                )
        return unusable

    @api.model
    def _procurify_own(self, partners, users=Domain.TRUE):
        """Return those of ``partners`` that no vendor can be: of this database's
        companies, and of its users.

        :param users: domain of the users who count
        """
        if not partners:
            return partners
        wholes = {p: p.sudo().commercial_partner_id.id for p in partners}
        everybody = self.env["res.users"].sudo().with_context(active_test=False)
        users = everybody.search(
            users & Domain("partner_id", "in", partners.ids)
        ).partner_id
        companies = self.env["res.company"].sudo().with_context(active_test=False)
        own = companies.search([("partner_id", "in", list(wholes.values()))]).partner_id
        return partners.filtered(lambda p: p.id in users.ids or wholes[p] in own.ids)

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
        # Who has no name that can be read may be anybody: a person maps such a vendor.
        drafts = [
            draft
            for draft in batch.open
            if normalise(draft.payload.name) and not is_other(draft.payload)
        ]
        prepared = self._procurify_said_values(drafts)
        partners = self.create(list(self._procurify_new_values(prepared).values()))
        for partner, (draft, values) in zip(partners, prepared.items(), strict=True):
            draft.link(partner.id, "created", written=values)

    @api.model
    def _procurify_create_values(self, batch):
        found = self._procurify_new_values(self._procurify_said_values(batch.open))
        return {draft.record: values for draft, values in found.items()}

    @api.model
    def _procurify_new_values(self, prepared):
        """Return {draft: values of a new partner}, with what else its vendor says.

        :param prepared: see ``_procurify_said_values``
        """
        facts = self._procurify_facts_said(list(prepared))
        return {
            draft: values | self._procurify_written(facts[draft]) | _CREATED
            for draft, values in prepared.items()
        }

    @api.model
    def _procurify_said_values(self, drafts):
        """Return {draft: what its vendor says about a partner}."""
        places = self._procurify_places(drafts)
        mapped = self._procurify_mapped(drafts)
        return {
            draft: self._procurify_prepare_values(draft.payload, places)
            | {
                field: mapped.get((resource, number), False)
                for field, resource, number in self._procurify_named_by(draft.payload)
            }
            for draft in drafts
        }

    @staticmethod
    def _procurify_named_by(vendor):
        """Yield (field, resource, external id) of the master data of a vendor."""
        term, currency = vendor.payment_term, vendor.currency_id
        number = None if currency is None else str(currency)
        yield "property_purchase_currency_id", "currency", number
        number = term and term.external_id
        yield "property_supplier_payment_term_id", "payment_term", number

    @api.model
    def _procurify_update(self, batch):
        """Carry changes to partners that the connector made.

        Procurify's way to retire a vendor is a name such as «… - DO NOT USE»: that
        is reported, and not copied.
        """
        places = self._procurify_places(batch.drafts)

        def prepare(vendor):
            values = self._procurify_prepare_values(vendor, places)
            if _RETIRED.search(vendor.name):
                del values["name"]
            return values

        self._procurify_follow(batch, prepare)
        self._procurify_tell_retired(batch)

    @api.model
    def _procurify_tell_retired(self, batch):
        """Say on the partners of vendors that their name retires, once for each."""
        bodies = {}
        for draft in batch.linked:
            name = draft.payload.name
            state = draft.written
            if state is None:
                state = draft.record.applied_state or {}
            known = (state.get(_TOLD), state.get("name"))
            if name in known or not _RETIRED.search(name):
                continue
            draft.link(draft.target_id, draft.origin, written=state | {_TOLD: name})
            text = self.env._("The name of this vendor in Procurify is “%s”.", name)
            bodies[draft.target_id] = text
        self.browse(bodies)._message_log_batch(bodies=bodies)

    @api.model
    def _procurify_prepare_values(self, vendor, places):
        """Return what a vendor says about a partner, as JSON values.

        :param places: see ``_procurify_places``
        """
        countries, states = places
        country_id = countries.get(normalise(vendor.country), False)
        state_id = states.get((country_id, normalise(vendor.state_province)), False)
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
            "state_id": state_id,
            "country_id": country_id,
        }

    @api.model
    def _procurify_places(self, drafts):
        """Return the countries and states that vendors name in free text.

        :returns: ({normalised name or code: country's id}, {(country's id, normalised
            name or code): state's id})
        """
        vendors = [draft.payload for draft in drafts if draft.payload is not None]
        countries = self._procurify_named("country", {v.country for v in vendors})
        found = self._procurify_named(
            "country.state", {v.state_province for v in vendors if v.country}
        )
        states = {
            (state.country_id.id, key): state.id
            for key, named in found.items()
            for state in named
        }
        return {key: found[:1].id for key, found in countries.items()}, states

    @api.model
    def _procurify_named(self, model, texts):
        """Return {normalised text: records of res.``model`` with that name or code}."""
        model = self.env[f"res.{model}"]
        codes = [text for text in texts if len(text) <= _LONGEST_CODE]
        by_name, by_code = (
            search_by(model, field, values)
            for field, values in (("name", texts), ("code", codes))
        )
        return {**by_name, **by_code}

    @api.model
    def _procurify_mapped(self, drafts):
        """Return {(resource, Procurify's id): id of what it is mapped to}.

        The company's own currency is left to Odoo.
        """
        named = {
            (resource, number)
            for draft in drafts
            for _field, resource, number in self._procurify_named_by(draft.payload)
            if number
        }
        if not named:
            return {}
        connection = drafts[0].record.connection_id
        mapped = connection.env["procurify.record"].search_fetch(
            [
                ("connection_id", "=", connection.id),
                ("resource", "in", [resource for resource, _number in named]),
                ("external_id", "in", [number for _resource, number in named]),
                ("res_id", "!=", False),
            ],
            ["resource", "external_id", "res_id"],
        )
        own = ("currency", self.env.company.currency_id.id)
        return {
            (record.resource, record.external_id): record.res_id
            for record in mapped
            if (record.resource, record.res_id) != own
        }
