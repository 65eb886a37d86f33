"""Is everything in? What a script or the certificate gets for a period."""

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...reconciliation.comparison import COMPARED, Reconciliation
from ...reconciliation.sums import counts, line_row, plain, sum_rows

ACCOUNTING_GROUPS = (
    "account.group_account_readonly",
    "account.group_account_invoice",
)


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    def _reconcile(self, date_from, date_to, company=None, listed=False):
        """Compare every document of a period with Odoo, as plain data for JSON.

        Amounts are texts of exact decimals in the document's currency, signed as
        Procurify signs them; dates are ISO texts.

        :param date_from: first day (date or text): of the invoice, the order or the
            requisition, as Procurify writes it
        :param date_to: last day
        :param company: one of the companies that this connection books for; its own
            by default
        :param listed: read Procurify's own lists of bills and orders now, and tell
            what they have and the stage has not; else the last night's comparison
            counts
        :returns: a dict: ``documents`` (one per document: outcome, reason,
            ``is_explained``, both amounts), ``sums`` (per kind, currency and
            dimension: total, vendor, account, department, location), ``counts``
            ({kind: {outcome: number}}), ``findings`` (sentences about the whole) and
            ``unexplained_count`` (documents that are not explained, and findings)
        :raises AccessError: the user is no reviewer, or may not read journal items
        :raises UserError: the period ends before it begins, or Procurify's lists are
            wanted and cannot be read
        """
        result = self._reconciled(date_from, date_to, company, listed)
        lines = result.lines
        return {
            "connection_id": self.id,
            "connection": self.name,
            "company_id": result.company.id,
            "company": result.company.name,
            "date_from": result.date_from.isoformat(),
            "date_to": result.date_to.isoformat(),
            "made_at": fields.Datetime.to_string(fields.Datetime.now()),
            "made_by": self.env.user.name,
            "counts": {kind: dict(each) for kind, each in counts(lines).items()},
            "sums": plain(sum_rows(self.env, lines)),
            "documents": plain([line_row(line) for line in lines]),
            "findings": result.findings,
            "unexplained_count": result.unexplained_count,
        }

    def _reconciled(self, date_from, date_to, company=None, listed=False):
        """Return the Reconciliation of a period, see ``_reconcile``."""
        self.ensure_one()
        self._check_may_reconcile()
        first, last = map(fields.Date.to_date, (date_from, date_to))
        if not first or not last or last < first:
            raise UserError(self.env._("The period ends before it begins."))
        lists = {name: self._listed(name) for name in COMPARED} if listed else None
        return Reconciliation(self, first, last, company, lists).run()

    @api.model
    def _check_may_reconcile(self):
        """Refuse whoever is no reviewer, or from whom Odoo would hide amounts.

        What somebody may not see would look as if it were missing.

        :raises AccessError: in the words of the person who asks
        """
        if not self.env.user.has_group("procurify_connector.group_user"):
            raise AccessError(
                self.env._("Only Procurify reviewers may make a certificate.")
            )
        if not any(map(self.env.user.has_group, ACCOUNTING_GROUPS)):
            raise AccessError(
                self.env._(
                    "A certificate shows amounts of journal items: it needs the right "
                    "to read them in Odoo's Accounting or Invoicing."
                )
            )
