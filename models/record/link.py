"""Procurify's own page of an object, one click away."""

from urllib.parse import quote

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...procurify import AddressError, normalise_base_url
from ..connection.procurify_connection import URL_TEMPLATES


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    web_url = fields.Char("Page in Procurify", compute="_compute_web_url")

    @api.depends(
        "resource",
        "external_id",
        "remote_uuid",
        "code",
        "connection_id.base_url",
        *(f"connection_id.{name}" for name in URL_TEMPLATES.values()),
    )
    def _compute_web_url(self):
        for record in self:
            record.web_url = record._page_address()

    def _page_address(self):
        """Return the address of this object's page, or False where none is known."""
        self.ensure_one()
        name = URL_TEMPLATES.get(self.resource)
        template = name and self.connection_id[name]
        values = {
            # What is only a text on documents has no page of its own.
            "id": self.external_id.isdecimal() and self.external_id,
            "uuid": self.remote_uuid,
            "number": self.code or self.name,
        }
        if not template or any(
            f"{{{key}}}" in template and not value for key, value in values.items()
        ):
            return False
        try:
            base_url = normalise_base_url(self.connection_id.base_url or "")
        except AddressError:
            return False
        quoted = {key: quote(value or "", safe="") for key, value in values.items()}
        return template.format(base_url=base_url, **quoted)

    def _action_open(self, name):
        """Return the action that opens these records: the form where it is one."""
        action = {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": self._name,
            "domain": [("id", "in", self.ids)],
            "views": [(False, "list"), (False, "form")],
        }
        if len(self) == 1:
            action |= {"res_id": self.id, "views": [(False, "form")]}
        return action

    def action_open_in_procurify(self):
        """Open Procurify's own page of this object."""
        self.ensure_one()
        if not self.web_url:
            raise UserError(
                self.env._(
                    "The connection does not say where Procurify shows this: see its "
                    "Technical page."
                )
            )
        return {"type": "ir.actions.act_url", "url": self.web_url, "target": "new"}
