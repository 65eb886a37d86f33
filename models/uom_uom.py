"""Unit as lines name it → uom.uom, by name."""

from odoo import api, models
from odoo.fields import Domain

from ..importers.matching.candidates import SAME_MEANING, Likeness
from ..importers.matching.decision import ONLY_ONE
from ..importers.matching.names import NAME_FITS, SAME_NAME, normalise
from ..importers.matching.search import search_by
from ..importers.meaning.units import unit_meant

# What people type where they mean «one piece».
_PIECES = frozenset({"each", "ea", "unit", "units", "pc", "pcs", "piece", "pieces"})


class UomUom(models.Model):
    _name = "uom.uom"
    _inherit = ["uom.uom", "procurify.import.mixin"]

    _procurify_resources = ("unit",)
    _procurify_many_to_one = True
    _procurify_exact = frozenset((SAME_MEANING, SAME_NAME, NAME_FITS))

    @api.model
    def _procurify_match(self, batch):
        """Match by name; create, hold or leave to the product what is not found.

        A remote Odoo has units of its own, and the connector makes none there.
        """
        drafts, target = batch.open, batch.connection.sudo().target_id
        names = [draft.payload.name for draft in drafts]
        usable = Domain("active", "=", True)
        if target:
            usable &= target._known_there(self._name)
        found = search_by(self, "name", names, usable)
        pieces = self.env.ref("uom.product_uom_unit", raise_if_not_found=False)
        for draft in drafts:
            name = normalise(draft.payload.name)
            meant = name in _PIECES and pieces and pieces.filtered_domain(usable)
            units = found[name] or meant or self
            if len(units) == 1:
                draft.link(units.id, evidence=(SAME_NAME, ONLY_ONE))
        policy = batch.connection.unit_policy
        if policy == "create" and not target:
            self._procurify_create(batch)
        for draft in batch.open:
            if policy == "product" or (policy == "create" and target):
                draft.exclude("product_unit")
            else:
                self._procurify_hold_open(draft)

    # === SUGGESTING === #

    @api.model
    def _procurify_likeness(self, clues, domain):
        """Suggest the unit that people mean by the word, and else by the name."""
        found = super()._procurify_likeness(clues, domain)
        for record, clue in clues.items():
            name = unit_meant(clue.name)
            unit = name and self.env.ref(f"uom.{name}", raise_if_not_found=False)
            if unit and unit.filtered_domain(domain):
                meant = self.browse(unit.id)
                found[record][meant] = Likeness(1.0, (SAME_MEANING,))
        return found

    @api.model
    def _procurify_create(self, batch):
        drafts = batch.open
        units = self.create([{"name": draft.payload.name} for draft in drafts])
        for draft, unit in zip(drafts, units, strict=True):
            draft.link(unit.id, "created")

    @api.model
    def _procurify_create_values(self, batch):
        payloads = batch.open_payloads()
        return {record: {"name": payload.name} for record, payload in payloads.items()}

    @api.model
    def _procurify_users(self):
        return [
            ("product.template", "uom_id"),
            ("account.move.line", "product_uom_id"),
            ("purchase.order.line", "product_uom_id"),
        ]
