"""Changes of a list's settings in the audit."""

from odoo import models

_STREAM_SETTINGS = ("active", "interval_minutes")
# The fetch moves them; that a person did is told.
_WATERMARKS = ("modified_watermark", "created_watermark")


class ProcurifyStream(models.Model):
    _inherit = "procurify.stream"

    def write(self, vals):
        names = [name for name in _STREAM_SETTINGS if name in vals]
        if not self.env.su:
            names += [name for name in _WATERMARKS if name in vals]
        before = {stream: {name: stream[name] for name in names} for stream in self}
        written = super().write(vals)
        changes = {
            stream: (was, {name: stream[name] for name in names})
            for stream, was in before.items()
            if any(was[name] != stream[name] for name in names)
        }
        self.env["procurify.audit"]._log_settings("policy_changed", changes)
        return written
