"""Models, fields and external ids under the names that they have from now on.

What Odoo keeps by name follows: tables and columns, and what people stored about them
(filters, to-dos, messages). Rows of the audit keep what they said.
"""

from odoo.tools import SQL
from odoo.tools.sql import column_exists, rename_column, table_exists

MODELS = {
    "procurify.cause": "procurify.issue",
    "procurify.rehearsal.cause": "procurify.dry.run.issue",
    "procurify.rehearsal.item": "procurify.dry.run.item",
    "procurify.rehearsal.line": "procurify.dry.run.line",
    "procurify.rehearsal": "procurify.dry.run",
}
FIELDS = {
    "procurify.connection": {
        "rehearsal_id": "dry_run_id",
        "sweep_days": "nightly_check_days",
    },
    "procurify.dry.run": {"cause_ids": "issue_ids"},
    "procurify.dry.run.issue": {"rehearsal_id": "dry_run_id"},
    "procurify.dry.run.item": {"rehearsal_id": "dry_run_id"},
    "procurify.dry.run.line": {"rehearsal_id": "dry_run_id"},
    "procurify.record": {"cause_ids": "issue_ids"},
    "procurify.stream": {
        "last_sweep": "last_nightly_check",
        "sweep_answered": "check_answered",
        "sweep_missing": "check_missing",
        "sweep_page": "check_page",
        "sweep_record_id": "check_record_id",
        "sweep_staged": "check_staged",
        "sweep_started": "check_started",
        "sweep_unstaged": "check_unstaged",
    },
}
# The longest first: a part of an external id is replaced.
XML_IDS = {
    "procurify_rehearsal_cause": "procurify_dry_run_issue",
    "procurify_rehearsal": "procurify_dry_run",
    "procurify_cause": "procurify_issue",
    "ir_cron_sweep": "ir_cron_nightly_check",
}
_NAMED = {
    "ir_act_window": "res_model",
    "ir_attachment": "res_model",
    "ir_exports": "resource",
    "ir_filters": "model_id",
    "ir_model": "model",
    "ir_model_fields": "model",
    "ir_ui_view": "model",
    "mail_activity": "res_model",
    "mail_activity_type": "res_model",
    "mail_followers": "res_model",
    "mail_message": "model",
}


def migrate(cr, version):
    """Rename in the order in which names are looked up: models, fields, ids."""
    if not table_exists(cr, "procurify_cause"):
        return
    for old, new in MODELS.items():
        _rename_table(cr, old.replace(".", "_"), new.replace(".", "_"))
        for table, column in _NAMED.items():
            if table_exists(cr, table):
                _replace(cr, table, column, old, new)
        _replace(cr, "ir_model_fields", "relation", old, new)
    _rename_relation(cr)
    for model, names in FIELDS.items():
        for old, new in names.items():
            _rename_field(cr, model, old, new)
    for old, new in XML_IDS.items():
        _rename_ids(cr, old, new)
    _rename_values(cr)


def _replace(cr, table, column, old, new):
    cr.execute(
        SQL(
            "UPDATE %(table)s SET %(column)s = %(new)s WHERE %(column)s = %(old)s",
            table=SQL.identifier(table),
            column=SQL.identifier(column),
            old=old,
            new=new,
        )
    )


def _rename_table(cr, old, new):
    """Rename a table with its sequence and its keys.

    Odoo makes the indexes and constraints that the model declares anew.
    """
    if not table_exists(cr, old):
        return
    cr.execute(
        SQL("ALTER TABLE %s RENAME TO %s", SQL.identifier(old), SQL.identifier(new))
    )
    cr.execute(
        SQL(
            "ALTER SEQUENCE IF EXISTS %s RENAME TO %s",
            SQL.identifier(f"{old}_id_seq"),
            SQL.identifier(f"{new}_id_seq"),
        )
    )
    cr.execute(
        SQL(
            "SELECT conname, contype FROM pg_constraint WHERE conrelid = %s::regclass",
            new,
        )
    )
    for name, kind in cr.fetchall():
        change = (
            SQL(
                "RENAME CONSTRAINT %s TO %s",
                SQL.identifier(name),
                SQL.identifier(new + name.removeprefix(old)),
            )
            if kind in ("p", "f")
            else SQL("DROP CONSTRAINT %s", SQL.identifier(name))
        )
        cr.execute(SQL("ALTER TABLE %s %s", SQL.identifier(new), change))
    cr.execute(
        SQL(
            """
            SELECT class.relname
              FROM pg_index index JOIN pg_class class ON class.oid = index.indexrelid
             WHERE index.indrelid = %s::regclass AND NOT index.indisprimary
            """,
            new,
        )
    )
    for (name,) in cr.fetchall():
        cr.execute(SQL("DROP INDEX %s", SQL.identifier(name)))


def _rename_relation(cr):
    """The table of which record is on hold for which issue."""
    if table_exists(cr, "procurify_record_cause_rel"):
        cr.execute(
            SQL(
                "ALTER TABLE procurify_record_cause_rel"
                " RENAME TO procurify_record_issue_rel"
            )
        )
        rename_column(cr, "procurify_record_issue_rel", "cause_id", "issue_id")
    _replace(
        cr,
        "ir_model_fields",
        "relation_table",
        "procurify_record_cause_rel",
        "procurify_record_issue_rel",
    )
    _replace(cr, "ir_model_fields", "column1", "cause_id", "issue_id")
    _replace(cr, "ir_model_fields", "column2", "cause_id", "issue_id")


def _rename_field(cr, model, old, new):
    table = model.replace(".", "_")
    if table_exists(cr, table) and column_exists(cr, table, old):
        rename_column(cr, table, old, new)
    cr.execute(
        SQL(
            "UPDATE ir_model_fields SET name = %s WHERE model = %s AND name = %s",
            new,
            model,
            old,
        )
    )
    cr.execute(
        SQL(
            """
            UPDATE ir_filters
               SET domain = replace(domain, %(old)s, %(new)s),
                   context = replace(context, %(old)s, %(new)s),
                   sort = replace(sort, %(old)s, %(new)s)
             WHERE model_id = %(model)s
            """,
            old=old,
            new=new,
            model=model,
        )
    )
    _rename_ids(cr, f"field_{table}__{old}", f"field_{table}__{new}", whole=True)


def _rename_ids(cr, old, new, whole=False):
    cr.execute(
        SQL(
            """
            UPDATE ir_model_data
               SET name = replace(name, %(old)s, %(new)s)
             WHERE module = 'procurify_connector' AND name LIKE %(like)s
            """,
            old=old,
            new=new,
            like=old.replace("_", "\\_") if whole else f"%{old}%".replace("_", "\\_"),
        )
    )


def _rename_values(cr):
    """The step of the set-up, and what the job calls."""
    cr.execute(
        SQL(
            "UPDATE procurify_connection SET setup_step = 'dry_run'"
            " WHERE setup_step = 'rehearsal'"
        )
    )
    cr.execute(
        SQL(
            """
            UPDATE ir_act_server SET code = 'model._cron_nightly_check()'
             WHERE code = 'model._cron_sweep()'
            """
        )
    )
