"""The completeness certificate of a period: what rounds off a month end."""

from odoo import api, fields, models
from odoo.fields import Domain

from ...reconciliation.comparison import OUTCOMES
from ...reconciliation.sums import counts, line_row, sum_rows
from ..audit.procurify_append_only import append

_COUNTED = (*OUTCOMES, "unexplained", "drafts")


class ProcurifyCertificate(models.Model):
    """A row is what a reconciliation found at one moment, for good.

    ``_certify`` writes it with its lines (one per document) and sums (one per place);
    nobody changes or deletes them, in SQL either: see ``audit_triggers``. Its digests
    stand in the audit, so that a change behind the triggers is found.

    References are plain numbers, as in the audit: a deletion must not change it.
    """

    _name = "procurify.certificate"
    _inherit = "procurify.append.only"
    _description = "Procurify Certificate"
    _order = "id desc"
    _log_access = False

    name = fields.Char(compute="_compute_name")
    date = fields.Datetime("Made At", readonly=True, help="Set by the database.")
    date_from = fields.Date("From", required=True, readonly=True)
    date_to = fields.Date("To", required=True, readonly=True)
    connection_ref = fields.Integer("Connection ID", required=True, readonly=True)
    connection_name = fields.Char("Connection", readonly=True)
    company_ref = fields.Integer("Company ID", required=True, readonly=True)
    company_name = fields.Char("Company", readonly=True)
    user_ref = fields.Integer("User ID", readonly=True)
    user_name = fields.Char("Made By", readonly=True)
    state = fields.Selection(
        [("complete", "0 unexplained"), ("open", "Something is unexplained")],
        string="Result",
        required=True,
        readonly=True,
    )
    findings = fields.Text(readonly=True, help="What no single document stands for.")
    finding_count = fields.Integer("Findings about the Whole", readonly=True)
    was_listed = fields.Boolean(
        "Read Procurify's Lists",
        readonly=True,
        help="Procurify's own lists were read for it; else the comparison of the last "
        "night counts.",
    )
    document_count = fields.Integer("Documents", readonly=True)
    booked_count = fields.Integer("Booked", readonly=True)
    drafts_count = fields.Integer(
        "Booked as Drafts", readonly=True, help="In Odoo, and not posted yet."
    )
    held_count = fields.Integer("Held", readonly=True)
    pending_count = fields.Integer("Not Imported Yet", readonly=True)
    excluded_count = fields.Integer("Excluded by a Rule", readonly=True)
    ignored_count = fields.Integer("Ignored by a Person", readonly=True)
    changed_count = fields.Integer("Changed Since", readonly=True)
    missing_count = fields.Integer("Missing", readonly=True)
    extra_count = fields.Integer("Extra in Odoo", readonly=True)
    unexplained_count = fields.Integer("Unexplained Documents", readonly=True)
    audit_head = fields.Char(
        "Audit's Seal",
        readonly=True,
        help="Digest of the audit's newest seal when this was made.",
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
        ``drafts``, or all.
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
        if outcome == "drafts":
            return (
                domain
                & Domain("outcome", "=", "booked")
                & Domain("odoo_state", "=", "draft")
            )
        return domain & Domain("outcome", "=", outcome) if outcome else domain

    # === REPORT === #

    def _company(self):
        """Return the company whose letterhead the certificate is printed on."""
        self.ensure_one()
        company = self.env["res.company"].browse(self.company_ref).exists()
        return company or self.env.company

    def _counted(self):
        """Return (what is counted, how many) of every count that is not nothing."""
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
        """Reconcile a period and keep what came out of it.

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
            "state": "open" if result.unexplained_count else "complete",
            "findings": "\n".join(result.findings) or False,
            "finding_count": len(result.findings),
            "was_listed": listed,
            "document_count": len(result.lines),
            "audit_head": self.env["procurify.audit.seal"]._head().digest,
            **{f"{name}_count": numbers[name] for name in _COUNTED},
        }


def _line_values(line):
    """Return what is kept of a Line; ``date`` is when the certificate was made."""
    values = line_row(line) | {"places": line.json_places()}
    values["document_date"] = values.pop("date")
    return values
