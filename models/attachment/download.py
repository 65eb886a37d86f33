"""Downloading files in a cron of their own, so that no document waits for them."""

import logging
from datetime import timedelta
from pathlib import Path

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools.mimetypes import guess_mimetype

from ...fetching.files import HTML_TYPES, MAX_NAME_CHARS, inert_type, sha1
from ...fetching.tenant import open_client, renew_token
from ...procurify import (
    RESOURCES,
    AddressError,
    AuthenticationError,
    ForbiddenError,
    MissingObject,
    ProcurifyError,
    RecordError,
    RemoteObject,
    TooLarge,
    Traces,
    TransientError,
    needs_fresh_address,
    without_signatures,
)
from ...tools.cipher import UnreadableSecret
from ...tools.concurrency import CONCURRENCY_ERRORS, mute_sql_errors
from ...tools.private import is_run_manually

_logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 8
FIRST_RETRY = timedelta(minutes=5)
LAST_RETRY = timedelta(days=1)
MAX_FAILURES_IN_A_ROW = 3  # then the host is down, and the rest waits for the next run
DOWNLOADS_PER_SEARCH = 100
MEGABYTE = 1024 * 1024


class ProcurifyAttachment(models.Model):
    _inherit = "procurify.attachment"

    # === CRON METHODS === #

    @api.model
    def _cron_attachments(self):
        """Download the files that are due, one by one, as long as there is time.

        A failure is written on the file only: it must not delay bills.
        """
        domain = self._due_domain()
        commit = self.env["ir.cron"]._commit_progress
        commit(remaining=self.search_count(domain))
        for connection in self.search(domain).connection_id:
            files = domain & Domain("connection_id", "=", connection.id)
            with mute_sql_errors(*CONCURRENCY_ERRORS):
                is_done = self._download_all(connection, files)
            if not is_done:
                self.env.ref("procurify_connector.ir_cron_attachments")._trigger()
                break
        commit(remaining=0)

    @api.model
    def _due_domain(self):
        """Return the domain of the files to download now.

        «Run Manually» ignores their next attempt.
        """
        domain = (
            Domain("state", "=", "pending")
            & (
                Domain("record_id.state", "=", "quarantined")
                | Domain("record_id.state", "=", "done")
                & Domain("record_id.res_id", "!=", False)
            )
            & Domain("connection_id.active", "=", True)
            & Domain("connection_id.phase", "=", "live")
            & Domain("connection_id.attachment_policy", "=", "import")
        )
        if is_run_manually():
            return domain
        now = fields.Datetime.now()
        return domain & (
            Domain("next_attempt", "=", False) | Domain("next_attempt", "<=", now)
        )

    @api.model
    def _download_all(self, connection, domain):
        """Download the files of one connection; commit after each.

        :returns: False when the cron's time ran out before the end
        """
        run = self.env["procurify.run"]._begin(connection, "attachments")
        self.env["ir.cron"]._commit_progress()
        traces, state, error = Traces(), "continued", False
        try:
            if self._download_each(connection, domain, run, traces):
                state = "done"
        except (AuthenticationError, AddressError, UnreadableSecret) as reason:
            # The fetch writes it on the connection, or renews the token.
            _logger.info("Procurify %s: no files: %s", connection.name, reason)
            state, error = "failed", connection._explain(reason)
        except CONCURRENCY_ERRORS:
            # The import wrote the same row: the next run downloads that file.
            self.env.cr.rollback()
        run._note(traces, is_over=True)
        run._end(state, error)
        return state != "continued"

    @api.model
    def _download_each(self, connection, domain, run, traces):
        """Do as :meth:`_download_all`, but raise errors that concern no single file."""
        last_id, failures = 0, 0
        with open_client(connection, renews_token=False, traces=traces) as client:
            renew_token(connection, client)
            while files := self.search(
                domain & Domain("id", ">", last_id),
                order="id",
                limit=DOWNLOADS_PER_SEARCH,
            ):
                for file in files:
                    is_transient = file._download(client)
                    failures = failures + 1 if is_transient else 0
                    run._count(file_count=file.state == "done")
                    run._note(traces)
                    time_left = self.env["ir.cron"]._commit_progress(1)
                    if failures >= MAX_FAILURES_IN_A_ROW:
                        return True
                    if not (time_left or is_run_manually()):
                        return False
                last_id = files[-1].id
        return True

    # === ONE FILE === #

    def _download(self, client):
        """Download and attach this file, or note why that failed.

        :returns: whether it failed for a reason that affects other files too
        :raises AuthenticationError: Procurify refuses the credentials
        """
        self.ensure_one()
        try:
            if self._is_attached_already(self.sha1):
                return False
            download = self._read_file(client)
            if isinstance(download, MissingObject):
                self._fail(
                    self.env._("The file was not found in Procurify."), "missing"
                )
                return False
            self._check(download)
            try:
                self._attach(download.content)
            except OSError:
                self._remove_half(download.content)
                raise
        except (AuthenticationError, AddressError, psycopg2.OperationalError):
            raise
        except RecordError as error:
            self._refuse(error)
        except ProcurifyError as error:
            self._fail(str(error))
            return isinstance(error, TransientError)
        except Exception as error:  # noqa: BLE001 -- a disk, a rule of Odoo: this file
            _logger.warning("Procurify file %s failed", self.id, exc_info=error)
            self._fail(str(error) or type(error).__name__)
        return False

    def _read_file(self, client):
        """Download the file; if its address has expired, from a fresh one.

        :raises TooLarge: it exceeds the connection's limit
        :raises ForbiddenError: Procurify does not show it
        """
        limit = self.connection_id.attachment_limit_mb * MEGABYTE
        if self.byte_count > limit:
            raise TooLarge(limit)
        download = None
        if not needs_fresh_address(self.url):
            try:
                download = client.download(self.url, limit=limit)
                if not isinstance(download, MissingObject):
                    return download
            except ForbiddenError:
                download = None
        fresh = self._fresh_address(client)
        if fresh and fresh != self.url:
            # The signature is used once and never stored.
            self.url = without_signatures(fresh)
            return client.download(fresh, limit=limit)
        if download is None:
            raise ForbiddenError("Procurify does not show this file", http_status=403)
        return download

    def _fresh_address(self, client):
        """Return the file's present address from its document, or False."""
        record = self.record_id
        resource = RESOURCES[record.resource]
        [detail] = client.details(resource, [record._detail_ids(resource)])
        if not isinstance(detail, RemoteObject):
            return False
        payload = resource.payload.from_json(detail.data)
        found = {
            file.external_id[:MAX_NAME_CHARS]: file.file for file in payload.attachments
        }
        return found.get(self.external_id)

    def _check(self, download):
        """Compare a download with what the document says of the file.

        :raises UserError: it is not that file
        """
        content = download.content
        if self._is_web_page(content):
            raise UserError(
                self.env._(
                    "Procurify sent a web page instead of the file, possibly a sign-in "
                    "page."
                )
            )
        if self.byte_count and len(content) != self.byte_count:
            raise UserError(
                self.env._(
                    "The file should have %(said)s bytes, but %(came)s were received.",
                    said=self.byte_count,
                    came=len(content),
                )
            )
        if self.sha1 and sha1(content) != self.sha1:
            raise UserError(
                self.env._("The file is not the one that Procurify announced.")
            )

    def _is_web_page(self, content):
        announced = self.mimetype in HTML_TYPES or self.name.lower().endswith(
            (".html", ".htm", ".xhtml")
        )
        return not announced and guess_mimetype(content) in HTML_TYPES

    def _attach(self, content):
        """Attach ``content`` where it belongs, unless it is there already."""
        if self._is_attached_already(sha1(content)):
            return
        res_model, res_id = self._place()
        with self.env.cr.savepoint():
            # A scanned bill is evidence: Odoo must not shrink it.
            attachments = self._attachments().with_context(
                image_no_postprocess=True,
                attachments_mime_plainxml=True,  # even if the user may edit views
            )
            attachment = attachments.create(
                {
                    "name": self.name,
                    "raw": content,
                    "mimetype": inert_type(guess_mimetype(content)),
                    "res_model": res_model,
                    "res_id": res_id,
                }
            )
            # Shown beside the bill.
            attachment.register_as_main_attachment(force=False)
            self.sha1 = sha1(content)
            self._attached(attachment)
            self.env.flush_all()

    def _remove_half(self, content):
        """Remove an incomplete file of ``content`` from the filestore (disk full).

        Odoo would take it for another file with the same checksum, and refuse this one.
        """
        store = self.env["ir.attachment"]
        checksum = store._compute_checksum(content)
        path = Path(store._full_path(f"{checksum[:2]}/{checksum}"))
        if path.is_file() and not store._same_content(content, path):
            path.unlink()

    def _is_attached_already(self, sha1):
        """Link to a file of the same content there, by anybody.

        :returns: whether there is one
        """
        if not sha1:
            return False
        res_model, res_id = self._place()
        same = self._attachments().search(
            Domain("res_model", "=", res_model)
            & Domain("res_id", "=", res_id)
            & Domain("checksum", "=", sha1),
            limit=1,
        )
        if same:
            self._attached(same)
        return bool(same)

    def _attachments(self):
        """Return ``ir.attachment`` as the integration user.

        On the connector's own record it is the connector's.
        """
        if self._place()[0] == self.record_id._name:
            return self.env["ir.attachment"].sudo()
        return self.connection_id._import_env(self.company_id)["ir.attachment"]

    # === FAILURES === #

    def _fail(self, message, final_state="failed"):
        """Note a failed attempt and the time of the next one; the last one is final."""
        attempts = self.attempts + 1
        if attempts >= MAX_ATTEMPTS:
            self._give_up(final_state, message)
            return
        delay = min(LAST_RETRY, FIRST_RETRY * 2 ** (attempts - 1))
        self.write(
            {
                "attempts": attempts,
                "next_attempt": fields.Datetime.now() + delay,
                "error": message,
            }
        )

    def _refuse(self, error):
        """Give up a file for which another attempt would fail as well."""
        if not isinstance(error, TooLarge):
            self._give_up("failed", str(error))
            return
        self._give_up(
            "too_large",
            self.env._(
                "The file is larger than the connection's limit of %(limit)s MB.",
                limit=self.connection_id.attachment_limit_mb,
            ),
        )

    def _give_up(self, state, message):
        self.write(
            {
                "state": state,
                "attempts": self.attempts + 1,
                "next_attempt": False,
                "error": message,
            }
        )
