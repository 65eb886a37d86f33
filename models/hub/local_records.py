"""The records of the hub's company that stand for those of a remote Odoo."""

from odoo import fields, models
from odoo.fields import Domain


class ProcurifyMirror(models.Model):
    _inherit = "procurify.mirror"

    res_model = fields.Char("Model Here", readonly=True)
    res_id = fields.Many2oneReference("ID Here", model_field="res_model", readonly=True)

    _local_idx = models.Index("(res_model, res_id) WHERE res_id IS NOT NULL")


class ProcurifyTarget(models.Model):
    _inherit = "procurify.target"

    # === BUSINESS METHODS === #

    def _remote_ids(self, records):
        """Return the ids that local records have in this remote Odoo.

        One query, whatever their number. What has no record there, or whose record
        there is gone, is missing in the result.

        :param records: records of one model
        :returns: {local id: remote id}
        """
        self.ensure_one()
        rows = self.env["procurify.mirror"].sudo()
        found = rows.search_fetch(
            self._mapped(records._name) & Domain("res_id", "in", records.ids),
            ["res_id", "remote_id"],
            order="id",
        )
        return {row.res_id: row.remote_id for row in found}

    def _local_record(self, model_name, remote_id):
        """Return the local record of a record of this remote Odoo, or an empty one."""
        self.ensure_one()
        rows = self.env["procurify.mirror"].sudo()
        found = rows.search_fetch(
            self._mapped(model_name) & Domain("remote_id", "=", remote_id),
            ["res_id"],
            limit=1,
        )
        return self.env[model_name].browse(found.res_id or ())

    def _mapped(self, model_name):
        """Return the domain of the rows of this remote that have a local record."""
        return (
            Domain("target_id", "=", self.id)
            & Domain("res_model", "=", model_name)
            & Domain("res_id", "!=", False)
            & Domain("is_gone", "=", False)
        )
