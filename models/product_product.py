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
    _inherit = ["product.product", "procurify.import.mixin"]

    _procurify_resources = ("catalog_item",)
    _procurify_code_field = "default_code"
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
        verdicts = self._procurify_decide(batch.open, batch.payloads)
        words = self.env["procurify.record"]._reason_words()
        for record, verdict in verdicts.items():
            if verdict.is_link:
                batch.link(record, verdict.target.id, evidence=verdict.witnesses)
            elif verdict.is_question and policy != "generic":
                found = (
                    f"{finding.target.display_name}: {finding.told(words)}"
                    for finding in verdict.findings
                )
                self._procurify_hold_open(
                    batch, record, "ambiguous_product", found="; ".join(found)
                )
        if policy == "create":
            self._procurify_create(batch)
        for record in batch.open:
            if policy == "generic":
                batch.exclude(record, "generic_product")
            else:
                self._procurify_hold_open(batch, record)

    @api.model
    def _procurify_weigh(self, evidence, clues, siblings):
        """What Procurify tells apart by a code, or as another item, is no twin."""
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
        alike = defaultdict(batch.records.browse)
        for record in batch.open:
            sku = normalise(batch.payloads[record].sku)
            alike[sku or f"\0{record.external_id}"] |= record
        firsts = batch.records.browse().union(*(each[0] for each in alike.values()))
        values = self._procurify_new_products(batch, firsts)
        products = self.create([values[records[0]] for records in alike.values()])
        for records, product in zip(alike.values(), products, strict=True):
            for record in records:
                values = self._procurify_prepare_values(batch.payloads[record])
                batch.link(record, product.id, "created", written=values)

    @api.model
    def _procurify_new_products(self, batch, records):
        """Return {record: values of the product that it becomes}."""
        references = self._procurify_item_references(batch, records)
        return {
            record: self._procurify_prepare_values(batch.payloads[record])
            | self._procurify_created_values(batch, record, references)
            for record in records
        }

    @api.model
    def _procurify_item_references(self, batch, records):
        """Resolve the units and account codes that the items name."""
        mentioned = {}
        for record in records:
            item = batch.payloads[record]
            if item.unit:
                unit = Unit(item.unit)
                mentioned["unit", unit.external_id] = (unit.to_json(), unit)
            if code := item.account_code:
                mentioned["account_code", code.external_id] = (asdict(code), code)
        return batch.records._resolve(batch.connection, mentioned)

    @api.model
    def _procurify_created_values(self, batch, record, references):
        """Return what a product is given once: a person decides about it afterwards."""
        item = batch.payloads[record]
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
        return self._procurify_new_products(batch, batch.records)
