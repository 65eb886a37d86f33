"""The seal of a certificate: its digests stand in the audit, and are compared."""

from odoo import api, models
from odoo.tools import SQL

from ...tools.audit_triggers import digest_of, sha256

_ROWS = ("procurify.certificate.line", "procurify.certificate.sum")


class ProcurifyCertificate(models.Model):
    _inherit = "procurify.certificate"

    # === ACTION METHODS === #

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
            "The certificate is what it was when it was made."
        )
        return self.env["procurify.connection"]._notification(
            "danger" if findings else "success", text
        )

    # === SEALING === #

    def _invalidate_what_the_database_sets(self):
        self.invalidate_recordset(["date", "digest"], flush=False)
        for model in _ROWS:
            self.env[model].invalidate_model(["date", "digest"], flush=False)

    def _log_made(self):
        """Note the digests in the audit, which is sealed itself."""
        self.ensure_one()
        after = {"state": self.state, "unexplained_count": self.unexplained_count}
        self.env["procurify.audit"]._log_certificate(
            self, "certified", after=after | self._digests()
        )

    def _digests(self):
        """Return the digests of what stands here now, as the database computes them."""
        self.ensure_one()
        self.env.flush_all()
        rows = self._query(
            SQL(
                "SELECT %s FROM procurify_certificate WHERE id = %s",
                digest_of(self, "procurify_certificate"),
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
                    SQL.identifier(table),
                    self.id,
                )
            )
        return digests

    def _tampering(self):
        """Return sentences about what differs from when this was made."""
        self.ensure_one()
        noted = self.env["procurify.audit"].search(
            [
                ("res_model", "=", self._name),
                ("res_id", "=", self.id),
                ("event", "=", "certified"),
            ],
            order="id",
            limit=1,
        )
        if not noted:
            return [self.env._("The audit does not know this certificate any more.")]
        parts = {
            "certificate_digest": self.env._("The certificate itself was changed."),
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
        self.env.cr.execute(sql)
        return self.env.cr.fetchall()
