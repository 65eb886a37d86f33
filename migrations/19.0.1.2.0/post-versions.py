"""Give versions their order, take signatures out, and hash only what lasts."""

from psycopg2.extras import execute_batch

from odoo.addons.procurify_connector.procurify import (
    RESOURCES,
    raw_without_signatures,
    read_stored,
)

_AT_A_TIME = 1000  # rows


def migrate(cr, version):
    cr.execute(
        """
        UPDATE procurify_version version
           SET sequence = place.number
          FROM (SELECT id,
                       ROW_NUMBER() OVER (PARTITION BY record_id
                                          ORDER BY last_seen, id) AS number
                  FROM procurify_version) place
         WHERE place.id = version.id
        """
    )
    _strip_versions(cr)
    _renew_records(cr)


def _strip_versions(cr):
    """Take signatures out of the payloads of earlier versions."""
    last_id = 0
    while rows := _rows(cr, "SELECT id, payload FROM procurify_version", last_id):
        last_id = rows[-1][0]
        stripped = [(raw_without_signatures(text), row_id) for row_id, text in rows]
        execute_batch(
            cr._obj,
            "UPDATE procurify_version SET payload = %s WHERE id = %s",
            [
                new
                for new, (_id, old) in zip(stripped, rows, strict=True)
                if new[0] != old
            ],
        )


def _renew_records(cr):
    """Bring payloads and digests to what would be staged of the same object now."""
    last_id = 0
    query = "SELECT id, resource, payload, digest FROM procurify_record"
    while rows := _rows(cr, query, last_id):
        last_id = rows[-1][0]
        changes = []
        for row_id, name, payload, digest in rows:
            resource = RESOURCES.get(name)
            remote = resource and read_stored(payload, resource)
            new = remote.digest if remote and digest else digest
            raw = remote.raw if remote else raw_without_signatures(payload)
            if (raw, new) != (payload, digest):
                changes.append((raw, new, digest, new, digest, new, row_id))
        execute_batch(
            cr._obj,
            """
            UPDATE procurify_record
               SET payload = %s,
                   digest = %s,
                   applied_digest = CASE WHEN applied_digest = %s THEN %s
                                         ELSE applied_digest END,
                   summary_digest = CASE WHEN summary_digest = %s THEN %s
                                         ELSE summary_digest END
             WHERE id = %s
            """,
            changes,
        )


def _rows(cr, query, last_id):
    """Return the next rows that have a payload."""
    cr.execute(
        f"{query} WHERE id > %s AND payload IS NOT NULL ORDER BY id LIMIT %s",
        (last_id, _AT_A_TIME),
    )
    return cr.fetchall()
