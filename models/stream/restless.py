"""Fields that change while Procurify says that nothing was changed."""

from odoo import api, fields, models

from ...procurify import InvalidPayload, moved_paths, read_json, shown_text

MOST_PATHS = 200  # of one list
_LONGEST_PATH = 200


class ProcurifyStream(models.Model):
    """What has the stamp of before and says something else moves by itself: a live
    figure, or an address that is signed anew. Each costs a version at every look."""

    _inherit = "procurify.stream"

    restless_paths = fields.Json(
        readonly=True, copy=False, help="{path: what showed it first}"
    )
    restless_text = fields.Text(
        "Moves Without a Change",
        compute="_compute_restless_text",
        help="Fields that differed though Procurify's time of change was the same. They"
        " should not count as a change: tell the connector's maintainers.",
    )

    @api.depends("restless_paths")
    def _compute_restless_text(self):
        for stream in self:
            paths = stream.restless_paths or {}
            stream.restless_text = "\n".join(
                f"{path} ({example})" for path, example in sorted(paths.items())
            )

    @api.model
    def _note_restless(self, connection, resource, changed):
        """Name each field once that differs under the same stamp.

        :param changed: {record as it was: values that replace what it says}
        """
        alike = {
            record: values
            for record, values in changed.items()
            if record.remote_modified
            and record.remote_modified == values["remote_modified"]
            and record.digest != values["digest"]
        }
        stream = connection.sudo().stream_ids.filtered(
            lambda each: each.resource == resource
        )
        if not alike or not stream:
            return
        known = dict(stream.restless_paths or {})
        found = {
            shown_text(path)[:_LONGEST_PATH]: record.external_id
            for record, values in alike.items()
            for path in _moved(record.payload, values["payload"])
        }
        news = {path: example for path, example in found.items() if path not in known}
        if news and len(known) < MOST_PATHS:
            stream.restless_paths = known | news


def _moved(before, after):
    try:
        return moved_paths(read_json(before), read_json(after))
    except (InvalidPayload, RecursionError):
        return []
