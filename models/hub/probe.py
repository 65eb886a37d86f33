"""Testing a remote Odoo: the button, and its result in words."""

from datetime import timedelta

from odoo import fields, models

from ...fetching.remote_odoo import open_remote
from ...procurify_odoo import (
    KeyRefused,
    PrivateAddress,
    RemoteError,
    Throttled,
    TryAgain,
    UnsupportedVersion,
    WrongAddress,
    WrongDatabase,
    probe,
)
from ...tools.cipher import UnreadableSecret
from .converge import CHUNK

WARNED_DAYS = 14
SHORTEST_OUTAGE = timedelta(hours=1)  # shorter ones end by themselves
LONGEST_S = 90  # a person waits for the test, and Odoo ends requests after two minutes


class ProcurifyTarget(models.Model):
    _inherit = "procurify.target"

    key_warning = fields.Text(compute="_compute_key_warning")
    summary = fields.Text("Result", compute="_compute_summary")

    # === COMPUTE METHODS === #

    def _compute_key_warning(self):
        now = fields.Datetime.now()
        for target in self:
            target.key_warning = target._key_warning(now)

    def _key_warning(self, now):
        """Return that the API key expires soon, in words, or False."""
        expires = self.key_expires_at
        if not expires or expires > now + timedelta(days=WARNED_DAYS):
            return False
        day = fields.Date.to_string(expires)
        if expires <= now:
            return self.env._(
                "The API key of %(name)s expired on %(day)s. Create a new one in the "
                "remote Odoo and enter it here.",
                name=self.name,
                day=day,
            )
        return self.env._(
            "The API key of %(name)s expires on %(day)s. Create a new one in the "
            "remote Odoo and enter it here.",
            name=self.name,
            day=day,
        )

    def _stopped_alarm(self, now):
        """Return why documents do not get there, in words, or False."""
        if self.state == "stopped":
            return self.env._(
                "%(name)s is not ready, so nothing is sent: %(reason)s",
                name=self.name,
                reason=self.error_message or self.missing,
            )
        if self.failing_since and self.failing_since < now - SHORTEST_OUTAGE:
            return self.env._(
                "%(name)s has not answered since %(since)s (UTC). What is to be sent "
                "waits. %(reason)s",
                name=self.name,
                since=self.failing_since,
                reason=self.error_message,
            )
        return bool(self.lost_count) and self.error_message

    def _compute_summary(self):
        for target in self:
            target.summary = target._summary()

    def _summary(self):
        """Return the result of the last test in words, or False."""
        if not self.version:
            return False
        labels = dict(self._fields["used_protocol"]._description_selection(self.env))
        values = {
            "version": self.version,
            "protocol": labels[self.used_protocol],
            "user": self.remote_user,
            "company": self.remote_company,
            "currency": self.remote_currency,
        }
        if self.price_digits:
            return self.env._(
                "Odoo %(version)s by %(protocol)s, as %(user)s in %(company)s "
                "(%(currency)s). Prices have %(digits)s decimals.",
                digits=self.price_digits,
                **values,
            )
        return self.env._(
            "Odoo %(version)s by %(protocol)s, as %(user)s in %(company)s "
            "(%(currency)s). Prices have any number of decimals.",
            **values,
        )

    # === TEST === #

    def action_probe(self):
        """Ask the remote Odoo what it is and what its API user may do. It only reads.

        :returns: a notification. A failure is not raised: what to do is written on the
            target
        """
        self.ensure_one()
        self.check_access("write")
        target = self.sudo()
        try:
            with open_remote(target, run_s=LONGEST_S) as remote:
                target._note_findings(probe(remote))
        except (RemoteError, UnreadableSecret) as error:
            target._note_failure(error)
        target._log_probe()
        if target.state == "ready":
            return self._notification("success", target.summary)
        return self._notification("danger", target.error_message or target.missing)

    def _order_price_digits(self):
        """Return how many decimals prices have there, or None: any number."""
        self.ensure_one()
        digits = (self.price_digits or "").split(", ")
        return min((int(each) for each in digits if each), default=None)

    def _note_findings(self, found):
        """Write what the test found."""
        self.ensure_one()
        digits = {str(each) for each in found.price_digits.values() if each is not None}
        missing = [self._missing_in_words(each) for each in found.missing]
        missing += self._obstacles(found)
        expires = found.key_expires
        self.write(
            {
                "state": "stopped" if missing else "ready",
                "version": str(found.version),
                "used_protocol": found.protocol,
                "remote_user": found.user,
                "remote_company": found.company,
                "remote_company_id": found.company_id,
                "remote_currency": found.currency,
                "price_digits": ", ".join(sorted(digits)) or False,
                "missing": "\n".join(missing) or False,
                "error_message": False,
                "failing_since": False,
                "key_expires_at": expires and expires.replace(tzinfo=None),
                "key_count": found.keys,
                "probed_at": fields.Datetime.now(),
                "bills_per_call": CHUNK,
            }
        )

    def _note_failure(self, error):
        """Write why the remote could not be tested. What was known of it stays."""
        self.ensure_one()
        self.write(
            {
                "state": "stopped",
                "error_message": self._explain(error),
                "probed_at": fields.Datetime.now(),
            }
        )

    def _log_probe(self):
        """Log the test on each connection that books there."""
        self.env["procurify.audit"]._log_records(
            "connection_tested",
            self.connection_ids,
            reason=self.error_message or self.missing or False,
            after={"state": self.state, "target_id": self.name},
        )

    # === IN WORDS === #

    def _missing_in_words(self, missing):
        """Return one thing that is missing, and what to do about it.

        :param missing: a ``Missing`` of the probe
        """
        name = missing.name
        explain = {
            "app": self._explain_app,
            "group": self._explain_group,
            "field": self._explain_field,
            "email": self._explain_email,
        }.get(missing.kind)
        if explain:
            return explain(name, missing.technical_name)
        model = self.env["ir.model"]._get(name)
        values = {"records": model.name or name, "model": name}
        if missing.kind == "read":
            return self.env._(
                "The API user may not read %(records)s (%(model)s).", **values
            )
        if missing.kind == "create":
            return self.env._(
                "The API user may not create %(records)s (%(model)s).", **values
            )
        return self.env._(
            "The API user may not change %(records)s (%(model)s).", **values
        )

    def _explain_app(self, name, _technical_name):
        return self.env._(
            "The app %(name)s is not installed in the remote Odoo.", name=name
        )

    def _explain_group(self, name, technical_name):
        return self.env._(
            "The API user is not in the group %(name)s (%(group)s). Add it to the "
            "user's rights in the remote Odoo.",
            name=name,
            group=technical_name,
        )

    def _explain_field(self, name, _technical_name):
        return self.env._(
            "The remote Odoo has no field %(name)s, which its version should have.",
            name=name,
        )

    def _explain_email(self, name, _technical_name):
        return self.env._(
            "The API user %(name)s has no e-mail address. Without one, Odoo 14 refuses "
            "bills of orders. Enter one on the user in the remote Odoo.",
            name=name,
        )

    def _obstacles(self, found):
        """Return what else keeps this company from booking there."""
        own = self.company_id.currency_id.name
        known = (self.mirror_state or {}).get("of", [0])[-1]
        if known and known != found.company_id and self._has_sent():
            return [self._explain_fixed()]
        if found.currency == own:
            return []
        return [
            self.env._(
                "%(remote)s keeps its books in %(theirs)s, and %(company)s in "
                "%(ours)s. Use a company with the same currency.",
                remote=found.company,
                theirs=found.currency,
                company=self.company_id.name,
                ours=own,
            )
        ]

    def _explain(self, error):
        """Return what ``error`` means for the person who can correct it."""
        self.ensure_one()
        explain = next(
            (
                explain
                for kind, explain in (
                    (UnreadableSecret, str),  # its text is enough
                    (PrivateAddress, self._explain_private),
                    (WrongAddress, self._explain_address),
                    (WrongDatabase, self._explain_database),
                    (UnsupportedVersion, self._explain_version),
                    (KeyRefused, self._explain_key),
                    (Throttled, self._explain_throttled),
                    (TryAgain, self._explain_outage),
                )
                if isinstance(error, kind)
            ),
            self._explain_refusal,
        )
        # Where the client's own words only repeat ours, nothing is left in brackets.
        return explain(error).removesuffix(" ()")

    def _explain_private(self, error):
        if error.can_be_allowed:
            return self.env._(
                "%(host)s is an address in a private network, which the connector does "
                "not contact. Check the address. If you do reach the remote Odoo "
                "through your own network, allow private addresses here.",
                host=error.host,
            )
        return self.env._(
            "%(host)s is this server itself or a reserved address, which the connector "
            "never contacts. Check the address.",
            host=error.host,
        )

    def _explain_address(self, error):
        return self.env._(
            "There is no Odoo at %(address)s. Check the address, and that no login "
            "page or proxy is in between. (%(detail)s)",
            address=self.url,
            detail=error.detail,
        )

    def _explain_database(self, error):
        return self.env._(
            "The server has no database %(database)s. On Odoo Online it is the first "
            "part of the address. (%(detail)s)",
            database=self.database,
            detail=error.detail,
        )

    def _explain_version(self, error):
        return self.env._(
            "The remote Odoo is too old: the connector needs Odoo 14 or later. "
            "(%(detail)s)",
            detail=error.detail,
        )

    def _explain_key(self, error):
        return self.env._(
            "The remote Odoo refused the login or the API key. Keys expire: create a "
            "new one on the API user's profile, under Account Security, and enter it "
            "here. A password is not enough. (%(detail)s)",
            detail=error.detail,
        )

    def _explain_throttled(self, error):
        return self.env._(
            "The remote Odoo asks for fewer calls. Test again in some minutes. "
            "(%(detail)s)",
            detail=error.detail,
        )

    def _explain_outage(self, error):
        return self.env._(
            "The remote Odoo does not answer at %(address)s. Check the address, and "
            "whether it is running. (%(detail)s)",
            address=self.url,
            detail=error.detail,
        )

    def _explain_refusal(self, error):
        return self.env._(
            "The remote Odoo refused the test. Its own words: %(detail)s", detail=error
        )

    # === HELPERS === #

    def _notification(self, kind, message):
        return self.env["procurify.connection"]._notification(kind, message)
