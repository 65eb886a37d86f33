"""How many documents of a connection are where: nothing is left out of the sum."""

from odoo import fields, models

from ...importers.resource_kinds import DOCUMENTS

_STATES = {
    "pending_count": ("pending", "waiting"),
    "done_count": ("done",),
    "held_count": ("quarantined",),
    "excluded_count": ("excluded",),
    "ignored_count": ("ignored",),
}


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    pending_count = fields.Integer("Pending", compute="_compute_counts")
    done_count = fields.Integer("Done", compute="_compute_counts")
    held_count = fields.Integer("Held", compute="_compute_counts")
    excluded_count = fields.Integer(
        "Excluded", compute="_compute_counts", help="Documents that a rule keeps out."
    )
    ignored_count = fields.Integer(
        "Ignored", compute="_compute_counts", help="Documents that a person keeps out."
    )

    def _compute_counts(self):
        groups = self.env["procurify.record"]._read_group(
            [("connection_id", "in", self.ids), ("resource", "in", DOCUMENTS)],
            ["connection_id", "state"],
            ["__count"],
        )
        counts = {(connection, state): count for connection, state, count in groups}
        for connection in self:
            for field, states in _STATES.items():
                connection[field] = sum(counts.get((connection, s), 0) for s in states)
