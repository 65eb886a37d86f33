"""Models whose rows nobody changes or deletes."""

from odoo import api, models
from odoo.exceptions import AccessError

from ...tools.audit_triggers import protect


class ProcurifyAppendOnly(models.AbstractModel):
    """Refuses in words what the triggers of the table refuse as well.

    Whoever asks: an administrator, ``sudo()``, another addon.
    """

    _name = "procurify.append.only"
    _description = "Procurify Append-Only"

    def init(self):
        if not self._abstract:
            protect(self)

    # pylint: disable=method-required-super,no-raise-unlink

    @api.model_create_multi
    def create(self, vals_list):
        raise AccessError(self.env._("It is written by what happens, not by anybody."))

    def write(self, vals):
        raise AccessError(self.env._("It can be read and added to, never changed."))

    def unlink(self):
        raise AccessError(self.env._("It can be read and added to, never deleted."))


def append(model, vals_list):
    """Add rows to an append-only model.

    A plain function: no method that an evaluated expression can reach does it.
    """
    return super(ProcurifyAppendOnly, model).create(vals_list)
