"""Comments on documents in Procurify, as notes on the documents in Odoo."""

import hashlib

from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import format_datetime

from ...importers.documents import html_text
from ...importers.resource_kinds import DOCUMENTS
from ...procurify.approvals import steps
from ...tools.instants import naive
from ...tools.own_values import write_each


class ProcurifyRecord(models.Model):
    """Each comment is a note once, whichever versions of the document repeat it."""

    _inherit = "procurify.record"

    noted_comments = fields.Json(
        readonly=True,
        copy=False,
        prefetch=False,
        help="Digests of the comments that are notes in Odoo.",
    )

    @api.model
    def _note_comments(self, connection, drafts):
        """Write the comments of documents on their documents in Odoo, if wanted.

        :param drafts: what is in Odoo, of one resource
        """
        if connection.comment_policy != "note":
            return
        bodies, noted = {}, {}
        for draft in drafts:
            if draft.record.resource not in DOCUMENTS or draft.payload is None:
                continue
            known = draft.record.noted_comments or []
            news = {
                key: step
                for step in steps(draft.payload.raw)
                if step.comment and (key := _key(step)) not in known
            }
            if news:
                bodies[draft.target_id] = self._comments_note(news.values())
                noted[draft.record] = {"noted_comments": [*known, *news]}
        if bodies:
            env = connection._import_env(connection._companies())
            model = env[self._target_model(drafts[0].record.resource)]
            model.browse(bodies)._message_log_batch(bodies=bodies)
            write_each(noted)

    @api.model
    def _comments_note(self, comments):
        """Return the text of a note with these comments, which are no markup."""
        title = self.env._("Comments in Procurify")
        rows = (
            Markup("<p><b>%s</b> %s<br/>%s</p>")
            % (
                step.person,
                step.at and format_datetime(self.env, naive(step.at)) or "",
                Markup(html_text(step.comment)),  # escaped by html_text
            )
            for step in comments
        )
        return Markup("<p>%s</p>") % title + Markup("").join(rows)


def _key(step):
    """Return what identifies a comment in every version of a document."""
    text = "\n".join(
        (step.person, step.at.isoformat() if step.at else "", step.comment)
    )
    return hashlib.sha256(text.encode()).hexdigest()[:32]
