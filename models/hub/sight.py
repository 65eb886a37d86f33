"""A look at the remote Odoo for a certificate: it speaks of this very moment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from odoo import SUPERUSER_ID, fields, models
from odoo.tools import SQL

from ...fetching.remote_odoo import open_remote
from ...procurify_odoo import RemoteError
from ...tools.cipher import UnreadableSecret
from .converge import _LOCK

LONGEST_S = 60  # a person waits for it


@dataclass(frozen=True)
class Sight:
    """What was seen of a remote Odoo.

    :param as_of: when all of it was read, UTC; None: it could not be
    :param problem: what a person must know, or ""
    """

    target: Any
    as_of: datetime | None
    problem: str = ""


class ProcurifyTarget(models.Model):
    _inherit = "procurify.target"

    # === BUSINESS METHODS === #

    def _look_now(self):
        """Pull what people did there, in this transaction, and return the Sight.

        What is known here stays as it is where the remote cannot be asked.
        """
        self.ensure_one()
        target = self.with_user(SUPERUSER_ID)
        if target.state != "ready":
            return target._not_seen(target.error_message or target.missing)
        key = SQL("%s, %s", _LOCK, target.id)
        [[is_alone]] = self.env.execute_query(
            SQL("SELECT pg_try_advisory_xact_lock(%s)", key)
        )
        if not is_alone:
            return target._not_seen(
                self.env._("Something is being sent to it right now. Try again later.")
            )
        try:
            with (
                self.env.cr.savepoint(),
                open_remote(target, run_s=LONGEST_S) as remote,
            ):
                if str(remote.version) != target.version:
                    text = self.env._("It was upgraded to %s. Test it again.")
                    return target._not_seen(text % remote.version)
                problem = target._pull_changes(remote)
        except (RemoteError, UnreadableSecret) as error:
            return target._not_seen(target._explain(error))
        return Sight(self, fields.Datetime.now(), problem or "")

    def _not_seen(self, why):
        """Return the Sight of a remote that cannot be asked."""
        if self.failing_since:
            text = self.env._(
                "The remote Odoo %(name)s has not answered since %(since)s UTC; what "
                "people did there since is not known here: %(why)s",
                name=self.name,
                since=fields.Datetime.to_string(self.failing_since),
                why=why,
            )
        else:
            text = self.env._(
                "The remote Odoo %(name)s could not be asked; what people did there "
                "lately may not be known here: %(why)s",
                name=self.name,
                why=why,
            )
        return Sight(self, None, text)
