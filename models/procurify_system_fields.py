"""What the connector remembers of its own work is nobody else's to write."""

from odoo import api, models
from odoo.exceptions import AccessError


class ProcurifySystemFields(models.AbstractModel):
    """For models with fields that only the system writes: crons, and buttons by sudo.

    A model declares either which fields are the system's, or, where nearly all are,
    which ones people write. People's own ``create`` and ``write`` are refused, also by
    an import file or through another record; a default of one's own, or of a context,
    is not used.
    """

    _name = "procurify.system.fields"
    _description = "Procurify System Fields"

    _system_fields = frozenset()
    _people_fields = None  # where it is a set: all others are the system's

    # === CRUD METHODS === #

    @api.model
    def default_get(self, fields):
        system = self._system_names(fields)
        values = super().default_get([name for name in fields if name not in system])
        return values | {
            name: self._fields[name].default(self)
            for name in system
            if name in self._fields and self._fields[name].default
        }

    @api.model_create_multi
    def create(self, vals_list):
        self._check_system_fields({name for vals in vals_list for name in vals})
        return super().create(vals_list)

    def write(self, vals):
        self._check_system_fields(vals)
        return super().write(vals)

    # === BUSINESS METHODS === #

    @api.model
    def _system_names(self, names):
        """Return those of ``names`` that only the system writes."""
        if self._people_fields is None:
            return self._system_fields.intersection(names)
        return set(names) - self._people_fields

    @api.model
    def _check_system_fields(self, names):
        """Refuse to write the system's fields as somebody else.

        :raises AccessError: naming them
        """
        if not self.env.su and (refused := self._system_names(names)):
            raise AccessError(
                self.env._(
                    "Only the connector writes these fields: %(fields)s.",
                    fields=", ".join(sorted(refused)),
                )
            )
