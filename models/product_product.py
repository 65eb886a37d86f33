"""Catalogue item → product.product, by its SKU and a second witness; else created, or
the generic one."""

from collections import defaultdict
from dataclasses import asdict

from odoo import api, models
from odoo.fields import Domain

from ..importers.matching.candidates import Clues
from ..importers.matching.decision import (
    LINKED_BEFORE,
    OTHER_CODE,
    SAME_BARCODE,
    SAME_CODE,
    SAME_NAME,
    UNUSABLE,
    Rule,
)
from ..importers.matching.names import normalise
from ..procurify import Unit


class ProductProduct(models.Model):
    _name = "product.product"
    _inherit = ["product.product", "procurify.import.mixin", "procurify.mirrored"]

    _procurify_resources = ("catalog_item",)
    _procurify_code_field = "default_code"
    _procurify_asks_again = True
    _procurify_rule = Rule(
        frozenset((SAME_CODE, SAME_BARCODE, LINKED_BEFORE)), two_keys=True, shared=True
    )

    @api.model
    def _procurify_import(self, batch):
        self._procurify_remember(batch)
        self._procurify_match(batch)
        self._procurify_follow(batch, self._procurify_prepare_values)

    @api.model
    def _procurify_usable(self, target, record):
        if target.active and target.purchase_ok:
            return False
        return self._procurify_hold(record, "wrong_target", found=target.display_name)

    @api.model
    def _procurify_match(self, batch):
        """Match by two witnesses; an item of several vendors is one product.

        Who books on the generic product needs no product, and so is asked nothing.
        """
        policy = batch.connection.product_policy
        words = self.env["procurify.record"]._reason_words()
        for draft, verdict in self._procurify_decide_open(batch):
            if verdict.is_link:
                draft.link(verdict.target.id, evidence=verdict.witnesses)
            elif verdict.is_question and policy != "generic":
                found = (
                    f"{finding.target.display_name}: {finding.told(words)}"
                    for finding in verdict.findings
                )
                self._procurify_hold_open(
                    draft, "ambiguous_product", found="; ".join(found)
                )
        if policy == "create":
            self._procurify_create(batch)
        for draft in batch.open:
            if policy == "generic":
                draft.exclude("generic_product")
            else:
                self._procurify_hold_open(draft)

    @api.model
    def _procurify_weigh(self, evidence, clues, siblings):
        """What Procurify distinguishes by a code, or as another item, is no twin."""
        keys = self._procurify_rule.keys
        findings = super()._procurify_weigh(evidence, clues, siblings)
        return {
            record: [
                finding
                for finding in mine
                if finding.witnesses & keys
                or not (
                    siblings.linked(record, finding.target)
                    or (finding.is_near_only and OTHER_CODE in finding.obstacles)
                )
            ]
            for record, mine in findings.items()
        }

    def _procurify_obstacles(self, record, clue):
        obstacles = super()._procurify_obstacles(record, clue)
        if not self.purchase_ok:
            obstacles.add(UNUSABLE)
        # Variants, and sizes, share a name: with codes of their own they are others.
        own = {normalise(self.default_code), normalise(self.barcode)} - {""}
        if own and clue.code and normalise(clue.code) not in own:
            obstacles.add(OTHER_CODE)
        return obstacles

    @api.model
    def _procurify_create(self, batch):
        """Create a product per SKU, or per item that has none."""
        alike = defaultdict(list)
        for draft in batch.open:
            sku = normalise(draft.payload.sku)
            alike[sku or f"\0{draft.record.external_id}"].append(draft)
        firsts = [drafts[0] for drafts in alike.values()]
        values = self._procurify_new_products(batch, firsts)
        products = self.create(list(values.values()))
        for drafts, product in zip(alike.values(), products, strict=True):
            for draft in drafts:
                values = self._procurify_prepare_values(draft.payload)
                draft.link(product.id, "created", written=values)

    @api.model
    def _procurify_new_products(self, batch, drafts):
        """Return {record: values of the product that it becomes}."""
        references = self._procurify_item_references(batch, drafts)
        return {
            draft.record: self._procurify_prepare_values(draft.payload)
            | self._procurify_created_values(batch, draft.payload, references)
            for draft in drafts
        }

    @api.model
    def _procurify_item_references(self, batch, drafts):
        """Resolve the units and account codes that the items name."""
        mentioned = {}
        for draft in drafts:
            item = draft.payload
            if item.unit:
                unit = Unit(item.unit)
                mentioned["unit", unit.external_id] = (unit.to_json(), unit)
            if code := item.account_code:
                mentioned["account_code", code.external_id] = (asdict(code), code)
        return batch.records._resolve(batch.connection, mentioned)

    @api.model
    def _procurify_created_values(self, batch, item, references):
        """Return what a product is given once: a person decides about it afterwards."""
        unit = item.unit and references["unit", Unit(item.unit).external_id]
        code = item.account_code
        account = code and references["account_code", code.external_id]
        values = {
            "type": batch.connection.product_type,
            "purchase_ok": True,
            "sale_ok": False,
            # Procurify has matched the receipt before it approves the bill.
            "purchase_method": "purchase",
            "taxes_id": False,
            "supplier_taxes_id": False,
        }
        if unit and unit.target_id:
            values["uom_id"] = unit.target_id
        if account and account.target_id:
            values["property_account_expense_id"] = account.target_id
        return values

    @api.model
    def _procurify_prepare_values(self, item):
        """Return what a catalogue item says about a product, as JSON values."""
        return {
            "name": item.name,
            "default_code": item.sku or False,
            "description_purchase": item.description or False,
        }

    # === SUGGESTING === #

    @api.model
    def _procurify_clues(self, payload):
        marks = {
            (SAME_CODE, "default_code"): [payload.sku],
            (SAME_BARCODE, "barcode"): [payload.sku],
            (SAME_NAME, "name"): [payload.name],
        }
        return Clues(marks, payload.name, payload.sku)

    @api.model
    def _procurify_suggestible(self):
        return Domain("purchase_ok", "=", True)

    @api.model
    def _procurify_create_values(self, batch):
        return self._procurify_new_products(batch, batch.open)
