"""Unit as lines name it → uom.uom, by name."""

from odoo import api, models
from odoo.fields import Domain

from ..importers.matching.decision import ONLY_ONE
from ..importers.matching.names import SAME_NAME, normalise
from ..importers.matching.search import search_by

# What people type where they mean «one piece».
_PIECES = frozenset({"each", "ea", "unit", "units", "pc", "pcs", "piece", "pieces"})


class UomUom(models.Model):
    _name = "uom.uom"
    _inherit = ["uom.uom", "procurify.import.mixin"]

    _procurify_resources = ("unit",)

    @api.model
    def _procurify_match(self, batch):
        """Match by name; create, hold or leave to the product what is not found."""
        names = [batch.payloads[record].name for record in batch.open]
        found = search_by(self, "name", names, Domain("active", "=", True))
        pieces = self.env.ref("uom.product_uom_unit", raise_if_not_found=False)
        for record in batch.open:
            name = normalise(batch.payloads[record].name)
            units = found[name] or (name in _PIECES and pieces) or self
            if len(units) == 1:
                batch.link(record, units.id, evidence=(SAME_NAME, ONLY_ONE))
        policy = batch.connection.unit_policy
        if policy == "create":
            self._procurify_create(batch)
        for record in batch.open:
            if policy == "product":
                batch.exclude(record, "product_unit")
            else:
                self._procurify_hold_open(batch, record)

    @api.model
    def _procurify_create(self, batch):
        records = batch.open
        units = self.create([{"name": batch.payloads[r].name} for r in records])
        for record, unit in zip(records, units, strict=True):
            batch.link(record, unit.id, "created")

    @api.model
    def _procurify_create_values(self, batch):
        return {r: {"name": payload.name} for r, payload in batch.payloads.items()}
