"""The rows of the audit, made of the records that they are about."""

from datetime import date, datetime

from odoo import fields


def about(record, event, **values):
    """Return the row that ``event`` happened to ``record``, with ``values``."""
    record = record.sudo()
    is_connection = record._name == "procurify.connection"
    row = {
        "event": event,
        "connection": record if is_connection else record.connection_id,
        "res_model": record._name,
        "res_id": record.id,
        "subject": record.display_name,
    }
    if "resource" in record._fields:
        row["resource"] = record.resource
    if record._name == "procurify.record":
        row |= {
            "external_id": record.external_id,
            "payload_digest": record.digest,
            # Not always the connection's.
            "company_ref": record.company_id.id,
            "company_name": record.company_id.name,
        }
    return row | values


def recovered(failing):
    """Return the row that ``failing`` can be read again."""
    return about(
        failing, "read_recovered", before={"error_message": failing.error_message}
    )


def excluded(record, was):
    """Return the row that a rule keeps ``record`` out.

    :param was: its ``_audit_state`` before
    """
    labels = dict(record._fields["excluded_rule"]._description_selection(record.env))
    return about(
        record,
        "excluded",
        reason=labels[record.excluded_rule],
        before={"excluded_rule": was["excluded_rule"] or None},
        after={"excluded_rule": record.excluded_rule},
    )


def is_new(was, record):
    """Return whether an import of ``record`` did, or released, anything.

    :param was: its ``_audit_state`` before
    """
    return is_written(was, record) or was["held"] or bool(was["excluded_rule"])


def is_written(was, record):
    """Return whether an import wrote the document of ``record``, or another version.

    :param was: its ``_audit_state`` before
    """
    return (
        not was["imported_at"]
        or was["res_id"] != (record.res_id or False)
        or was["applied_digest"] != record.applied_digest
    )


def imported(record, was, target):
    """Return the row that ``record`` became ``target``.

    :param was: its ``_audit_state`` before
    :param target: JSON that names an Odoo record, or None
    """
    before, after = changed(was["applied_state"], record.applied_state or {})
    if was["res_id"] and was["res_id"] != record.res_id:
        before["res_id"] = was["res_id"]
    after |= {"origin": record.origin} | (target or {})
    return about(record, "imported", before=before or None, after=after)


def matched(row, evidence, words):
    """Return the row of an import, with what spoke for the record that was found.

    :param evidence: codes of witnesses, or None
    :param words: {code: text}
    """
    if not evidence:
        return row
    return row | {
        "reason": ", ".join(str(words[code]) for code in words if code in evidence),
        "after": row["after"] | {"evidence": evidence},
    }


def shown(values):
    """Return ``values`` without what is empty."""
    return {name: value for name, value in values.items() if value not in (None, "")}


def changed(before, after):
    """Return those parts of two dicts that differ."""
    names = [n for n in {**before, **after} if before.get(n) != after.get(n)]
    return (
        {name: before.get(name) for name in names},
        {name: after.get(name) for name in names},
    )


def plain(value):
    """Return a field's value as JSON takes it."""
    if isinstance(value, datetime):
        return fields.Datetime.to_string(value)
    if isinstance(value, date):
        return fields.Date.to_string(value)
    return None if value is False else value
