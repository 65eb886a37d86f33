"""One chain of seals for all connections instead of one for each.

What was sealed is sealed again from the first row on. Each connection's audit keeps the
chain heads of before that certificates and verifications noted.
"""

from odoo.tools import SQL
from odoo.tools.sql import table_exists


def migrate(cr, version):
    """Note the former heads, drop the former seals, keep the audit for a year."""
    if not table_exists(cr, "procurify_audit_seal"):
        return
    certified = SQL("SELECT NULL")
    if table_exists(cr, "procurify_certificate"):
        certified = SQL(
            """
            SELECT audit_head
              FROM procurify_certificate
             WHERE connection_ref = connection.id
            """
        )
    cr.execute(
        SQL(
            """
            INSERT INTO procurify_audit
                        (event, connection_ref, connection_name, company_ref,
                         company_name, res_model, res_id, subject, "after")
                 SELECT 'resealed', connection.id, connection.name, company.id,
                        company.name, 'procurify.connection', connection.id,
                        connection.name,
                        jsonb_build_object('former_heads', (
                            SELECT coalesce(jsonb_agg(DISTINCT head), '[]')
                              FROM (SELECT "after" ->> 'head' AS head
                                      FROM procurify_audit
                                     WHERE event IN ('verified', 'verification_failed')
                                       AND connection_ref = connection.id
                                     UNION
                                    %s
                                     UNION
                                   (SELECT digest
                                      FROM procurify_audit_seal
                                     WHERE connection_ref = connection.id
                                  ORDER BY id DESC
                                     LIMIT 1)) noted
                             WHERE head <> ''))
                   FROM procurify_connection connection
                   JOIN res_company company ON company.id = connection.company_id
            """,
            certified,
        )
    )
    cr.execute("ALTER TABLE procurify_audit_seal DISABLE TRIGGER USER")
    cr.execute("DELETE FROM procurify_audit_seal")
    cr.execute("ALTER TABLE procurify_audit_seal ALTER connection_ref DROP NOT NULL")
    cr.execute("ALTER TABLE procurify_audit_seal ALTER first_id DROP NOT NULL")
    cr.execute("ALTER TABLE procurify_audit_seal ALTER row_count DROP NOT NULL")
    cr.execute("ALTER TABLE procurify_audit_seal DROP COLUMN IF EXISTS rows_digest")
    cr.execute(
        """
        ALTER TABLE procurify_connection
          ADD COLUMN IF NOT EXISTS audit_days_since timestamp
        """
    )
    cr.execute(
        """
        UPDATE procurify_connection
           SET audit_days_since = now() AT TIME ZONE 'UTC',
               audit_days = CASE WHEN audit_days = 0 THEN 0
                                 ELSE greatest(audit_days, 365) END
        """
    )
