"""The completeness certificate of a period: its counts, its seal in the audit."""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...reconciliation.comparison import OUTCOMES
from ...reconciliation.spreadsheet import spreadsheet
from ...reconciliation.sums import counts, line_row, sum_rows
from ...tools.audit_triggers import (
    digest_of,
    only_system_names,
    schema_of,
    sha256,
)
from ...tools.readers import reads_items
from ..audit.procurify_audit import append

_COUNTED = (*OUTCOMES, "unexplained", "posted", "drafts")
_ROWS = ("procurify.certificate.line", "procurify.certificate.sum")
_BOOKED = {"posted": "posted", "drafts": "draft"}


class ProcurifyCertificate(models.Model):
    """A row is what a reconciliation found at one moment, for good.

    ``_certify`` writes it with its lines (one per document) and sums (one per place);
    nobody changes or deletes them, in SQL either: see ``audit_triggers``. Its digests
    stand in the audit, so that a change behind the triggers is found.

    References are plain numbers, as in the audit: a deletion must not change it.
    """

    _name = "procurify.certificate"
    _inherit = ["procurify.append.only", "procurify.list"]
    _description = "Procurify Certificate"
    _order = "id desc"
    _log_access = False

    name = fields.Char(compute="_compute_name")
    date = fields.Datetime("Made On", readonly=True, help="Set by the database.")
    date_from = fields.Date("From", required=True, readonly=True)
    date_to = fields.Date("To", required=True, readonly=True)
    connection_ref = fields.Integer("Connection ID", required=True, readonly=True)
    connection_name = fields.Char("Connection", readonly=True)
    company_ref = fields.Integer("Company ID", required=True, readonly=True)
    company_name = fields.Char("Company", readonly=True)
    user_ref = fields.Integer("User ID", readonly=True)
    user_name = fields.Char("Prepared by", readonly=True)
    state = fields.Selection(
        [
            ("complete", "Complete"),
            ("unverified", "Not yet verified"),
            ("open", "Differences"),
        ],
        string="Result",
        required=True,
        readonly=True,
    )
    findings = fields.Text(
        readonly=True, help="Findings that do not concern a single document."
    )
    finding_count = fields.Integer("General Findings", readonly=True)
    was_listed = fields.Boolean(
        "Read Procurify's Lists",
        readonly=True,
        help="Procurify's lists were read for this certificate. Otherwise the last "
        "nightly check counts.",
    )
    remote_name = fields.Char("Remote Odoo", readonly=True)
    remote_as_of = fields.Datetime(
        "As Of",
        readonly=True,
        help="When the remote Odoo was read for this certificate: statuses and totals "
        "are those that it had then.",
    )
    document_count = fields.Integer("Documents", readonly=True)
    booked_count = fields.Integer(
        "In Odoo", readonly=True, help="Posted, or drafts in Odoo."
    )
    posted_count = fields.Integer(
        "Posted", readonly=True, help="Posted bills and confirmed orders."
    )
    drafts_count = fields.Integer(
        "Drafts in Odoo", readonly=True, help="In Odoo but not posted yet."
    )
    held_count = fields.Integer("On Hold", readonly=True)
    pending_count = fields.Integer("Queued", readonly=True)
    excluded_count = fields.Integer("Excluded by a Rule", readonly=True)
    ignored_count = fields.Integer("Ignored by a Person", readonly=True)
    changed_count = fields.Integer("Changed Since", readonly=True)
    missing_count = fields.Integer("Missing", readonly=True)
    extra_count = fields.Integer("Extra in Odoo", readonly=True)
    unexplained_count = fields.Integer("Unexplained Documents", readonly=True)
    audit_head = fields.Char(
        "Audit's Seal",
        readonly=True,
        help="Digest of the audit's newest seal when this certificate was made.",
    )
    digest = fields.Char(
        readonly=True, help="SHA-256 of this certificate, made by the database."
    )
    line_ids = fields.One2many("procurify.certificate.line", "certificate_id")
    sum_ids = fields.One2many("procurify.certificate.sum", "certificate_id")

    _connection_idx = models.Index("(connection_ref, date_to)")

    # === COMPUTE METHODS === #

    @api.depends("connection_name", "date_from", "date_to")
    def _compute_name(self):
        for certificate in self:
            certificate.name = self.env._(
                "%(connection)s, %(date_from)s to %(date_to)s",
                connection=certificate.connection_name,
                date_from=certificate.date_from,
                date_to=certificate.date_to,
            )

    @api.depends("name")
    def _compute_display_name(self):
        for certificate in self:
            certificate.display_name = certificate.name

    # === ACTION METHODS === #

    def action_open_lines(self):
        """Open the documents behind the number that the button shows.

        The context's ``procurify_outcome`` says which: an outcome, ``unexplained``,
        ``posted``, ``drafts``, or all.
        """
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "procurify_connector.procurify_certificate_line_action"
        )
        domain = self._lines_domain(self.env.context.get("procurify_outcome"))
        return action | {"domain": list(domain), "context": {}}

    def _lines_domain(self, outcome=None):
        """Return the Domain of the lines that a count stands for."""
        domain = Domain("certificate_id", "in", self.ids)
        if outcome == "unexplained":
            return domain & Domain("is_explained", "=", False)
        if outcome in _BOOKED:
            return (
                domain
                & Domain("outcome", "=", "booked")
                & Domain("document_state", "=", _BOOKED[outcome])
            )
        return domain & Domain("outcome", "=", outcome) if outcome else domain

    def action_verify(self):
        """Compare these certificates with what the audit noted when they were made.

        :returns: a notification; what was found stands in the audit
        """
        self.check_access("read")
        findings = []
        for certificate in self:
            found = certificate.sudo()._tampering()
            self.env["procurify.audit"]._log_certificate(
                certificate,
                "certificate_failed" if found else "certificate_verified",
                reason="\n".join(found) or False,
            )
            findings += found
        text = "\n".join(findings) or self.env._(
            "Certificate verified: nothing was changed since it was made."
        )
        return self.env["procurify.connection"]._notification(
            "danger" if findings else "success", text
        )

    def action_spreadsheet(self):
        """Download this certificate as a spreadsheet."""
        self.ensure_one()
        self.check_access("read")
        url = f"/procurify/certificate/{self.id}/xlsx"
        return {"type": "ir.actions.act_url", "url": url, "target": "download"}

    # === EMPTY LIST === #

    @api.model
    def _missing_right(self):
        if reads_items(self.env):
            return super()._missing_right()
        return self.env._("to read journal items (Invoicing)")

    # === REPORT === #

    def _spreadsheet(self):
        """Return the bytes of an .xlsx file."""
        self.ensure_one()
        return spreadsheet(self)

    def _company(self):
        """Return the company whose letterhead the certificate is printed on."""
        self.ensure_one()
        company = self.env["res.company"].browse(self.company_ref).exists()
        return company or self.env.company

    def _totals(self, dimension):
        """Return the sums of a dimension as rows of texts, for the first page."""
        self.ensure_one()
        kinds = dict(self.env["procurify.record"]._selection_resource())
        names = ("procurify_amount", "odoo_amount", "difference", "unexplained_amount")
        return [
            {
                "kind": kinds[row.resource],
                "name": row.name,
                "currency": row.currency,
                "count": row.document_count,
                "amounts": [row._text(row[name]) for name in names],
            }
            for row in self.sum_ids
            if row.dimension == dimension
        ]

    def _counted(self):
        """Return the (label, number) pairs of every count that is not zero."""
        self.ensure_one()
        names = [f"{name}_count" for name in _COUNTED]
        return [
            (self._fields[name]._description_string(self.env), self[name])
            for name in names
            if self[name]
        ]

    # === BUSINESS METHODS === #

    @api.model
    def _certify(self, connection, date_from, date_to, company=None, listed=False):
        """Reconcile a period and keep the result.

        :param listed: read Procurify's lists for it, see ``_reconciled``
        :returns: the certificate
        :raises AccessError, UserError: see ``procurify.connection._reconcile``
        """
        result = connection._reconciled(date_from, date_to, company, listed)
        rights = self.sudo()
        [certificate] = append(rights, [self._prepare_values(result, listed)])
        lines = [_line_values(line) for line in result.lines]
        currencies = {
            currency.name: currency.id
            for currency in self.env["res.currency"]
            .with_context(active_test=False)
            .search([])
        }
        for model, rows in (
            ("procurify.certificate.line", lines),
            ("procurify.certificate.sum", sum_rows(self.env, result.lines)),
        ):
            append(
                rights.env[model],
                [
                    row
                    | {
                        "certificate_id": certificate.id,
                        "company_ref": certificate.company_ref,
                        "currency_id": currencies.get(row["currency"], False),
                    }
                    for row in rows
                ],
            )
        certificate._invalidate_what_the_database_sets()
        certificate._log_made()
        return certificate.with_env(self.env)

    @api.model
    def _prepare_values(self, result, listed):
        """Return the certificate's own values of a Reconciliation."""
        connection, user = result.connection.sudo(), self.env.user.sudo()
        numbers = sum(counts(result.lines).values(), start=counts(()).default_factory())
        return {
            "date_from": result.date_from,
            "date_to": result.date_to,
            "connection_ref": connection.id,
            "connection_name": connection.name,
            "company_ref": result.company.id,
            "company_name": result.company.name,
            "user_ref": user.id,
            "user_name": user.name,
            "state": result.result,
            **result.remote_values,
            "findings": "\n".join(result.findings) or False,
            "finding_count": len(result.findings),
            "was_listed": listed,
            "document_count": len(result.lines),
            "audit_head": self.env["procurify.audit.seal"]._head().digest,
            **{f"{name}_count": numbers[name] for name in _COUNTED},
        }

    # === SEAL === #

    def _invalidate_what_the_database_sets(self):
        self.invalidate_recordset(["date", "digest"], flush=False)
        for model in _ROWS:
            self.env[model].invalidate_model(["date", "digest"], flush=False)

    def _log_made(self):
        """Note the digests in the audit, which has seals of its own."""
        self.ensure_one()
        after = {"state": self.state, "unexplained_count": self.unexplained_count}
        self.env["procurify.audit"]._log_certificate(
            self, "certified", after=after | self._digests()
        )

    def _digests(self):
        """Return the digests of the rows as they are now, computed by the database."""
        self.ensure_one()
        self.env.flush_all()
        schema = schema_of(self)
        rows = self._query(
            SQL(
                "SELECT %s FROM %s WHERE id = %s",
                digest_of(self, "procurify_certificate"),
                SQL.identifier(schema, "procurify_certificate"),
                self.id,
            )
        )
        digests = {"certificate_digest": rows[0][0]}
        for model in _ROWS:
            table = self.env[model]._table
            [[digests[f"{table.rsplit('_', 1)[1]}s_digest"]]] = self._query(
                SQL(
                    "SELECT %s FROM %s WHERE certificate_id = %s",
                    sha256(
                        SQL(
                            "coalesce(string_agg(%s, '' ORDER BY id), '')",
                            digest_of(self.env[model], table),
                        )
                    ),
                    SQL.identifier(schema, table),
                    self.id,
                )
            )
        return digests

    def _tampering(self):
        """Return sentences about what was changed since this was made."""
        self.ensure_one()
        [[noted_id]] = self._query(
            SQL(
                """
                SELECT min(id)
                  FROM %s
                 WHERE event = 'certified' AND res_model = %s AND res_id = %s
                """,
                SQL.identifier(schema_of(self), "procurify_audit"),
                self._name,
                self.id,
            )
        )
        noted = self.env["procurify.audit"].browse(noted_id)
        if not noted:
            return [self.env._("The audit has no entry for this certificate.")]
        parts = {
            "certificate_digest": self.env._("The certificate was changed."),
            "lines_digest": self.env._("Its documents were changed."),
            "sums_digest": self.env._("Its sums were changed."),
        }
        now = self._digests()
        findings = [
            text for name, text in parts.items() if noted.after.get(name) != now[name]
        ]
        audit = self.env["procurify.audit"]
        return [
            *findings,
            *audit._lost_heads(self.audit_head),
            *audit._missing_triggers(),
        ]

    @api.model
    def _query(self, sql):
        """Return the rows of ``sql``, whose tables are named with their schema."""
        with only_system_names(self.env.cr):
            self.env.cr.execute(sql)
            return self.env.cr.fetchall()


def _line_values(line):
    """Return what is kept of a Line; ``date`` is when the certificate was made."""
    values = line_row(line) | {"places": line.json_places()}
    values["document_date"] = values.pop("date")
    values["document_state"] = values["document_state"] or False
    return values
