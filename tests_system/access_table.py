"""What each kind of person may do over RPC: on every model, and by every method.

``./dev methods`` writes ``docs/access.rst`` from it.
"""

from typing import NamedTuple

#: Each has the rights of those before it. The public has no login; an employee has
#: accounting rights, none of the connector's; an administrator of Odoo may open its
#: Settings, and is a manager of the connector's too.
ROLES = ("public", "portal", "employee", "reviewer", "manager", "administrator")
NOBODY = "nobody"


class Rights(NamedTuple):
    """The first of ``ROLES`` that may do so, or ``NOBODY``."""

    read: str = NOBODY
    write: str = NOBODY
    create: str = NOBODY
    unlink: str = NOBODY


MODELS = {
    "procurify.accrual": Rights(read="reviewer"),
    "procurify.accrue": Rights("reviewer", "reviewer", "reviewer", "reviewer"),
    "procurify.alarm": Rights(read="reviewer"),
    "procurify.analysis": Rights(),
    "procurify.append.only": Rights(),
    "procurify.attachment": Rights(read="reviewer"),
    "procurify.audit": Rights(read="reviewer"),
    "procurify.audit.mark": Rights(read="manager"),
    "procurify.audit.repeat": Rights(),
    "procurify.audit.seal": Rights(read="manager"),
    "procurify.issue": Rights(read="reviewer", write="reviewer"),
    "procurify.borne": Rights(),
    "procurify.certificate": Rights(read="reviewer"),
    "procurify.certificate.line": Rights(read="reviewer"),
    "procurify.certificate.row": Rights(),
    "procurify.certificate.sum": Rights(read="reviewer"),
    "procurify.certify": Rights("reviewer", "reviewer", "reviewer", "reviewer"),
    "procurify.commitment": Rights(read="reviewer"),
    "procurify.comparison": Rights("reviewer", "reviewer", "reviewer", "reviewer"),
    "procurify.cycle": Rights(read="reviewer"),
    "procurify.connection": Rights("reviewer", "manager", "manager", "manager"),
    "procurify.creation": Rights(read="reviewer", write="reviewer"),
    "procurify.creation.line": Rights(read="reviewer", write="reviewer"),
    "procurify.custom.field": Rights(read="reviewer", write="manager"),
    "procurify.document.tab": Rights(),
    "procurify.finding": Rights(read="reviewer"),
    "procurify.healing": Rights(read="manager"),
    "procurify.idempotency": Rights(read="reviewer"),
    "procurify.ignore": Rights("reviewer", "reviewer", "reviewer", "reviewer"),
    "procurify.import.mixin": Rights(),
    "procurify.link": Rights(read="manager"),
    "procurify.list": Rights(),
    "procurify.mention": Rights(read="reviewer"),
    "procurify.mirror": Rights(read="reviewer"),
    "procurify.payable": Rights(read="reviewer"),
    "procurify.report": Rights(),
    "procurify.mirrored": Rights(),
    "procurify.shadow": Rights(),
    "procurify.monitoring": Rights(),
    "procurify.record": Rights(read="reviewer", write="reviewer"),
    "procurify.dispatch": Rights(read="reviewer"),
    "procurify.dry.run": Rights(read="reviewer"),
    "procurify.dry.run.issue": Rights(read="reviewer"),
    "procurify.dry.run.item": Rights(read="reviewer"),
    "procurify.dry.run.line": Rights(read="reviewer"),
    "procurify.route": Rights("reviewer", "manager", "manager", "manager"),
    "procurify.share": Rights(read="reviewer"),
    "procurify.spend": Rights(read="reviewer"),
    "procurify.run": Rights(read="reviewer"),
    "procurify.reminder": Rights(read="reviewer"),
    "procurify.signal": Rights(read="reviewer"),
    "procurify.stream": Rights(read="reviewer", write="manager"),
    "procurify.support": Rights("manager", "manager", "manager", "manager"),
    "procurify.system.fields": Rights(),
    "procurify.target": Rights("reviewer", "manager", "manager", "manager"),
    "procurify.version": Rights(read="reviewer"),
}

#: The addon's own public methods. Those of Odoo that it extends follow ``MODELS``, or
#: Odoo's own rights.
METHODS = {
    "procurify.accrue": {
        "action_accrue": "reviewer",
        "action_open_lines": "reviewer",
    },
    "procurify.accrual": {"action_open_document": "reviewer"},
    "procurify.analysis": {"action_open_bill": "reviewer"},
    "procurify.borne": {"action_open_bill": "reviewer"},
    "procurify.cycle": {"action_open_bill": "reviewer"},
    "procurify.payable": {"action_open_bill": "reviewer"},
    "procurify.spend": {"action_open_bill": "reviewer"},
    "procurify.share": {"action_open_document": "reviewer"},
    "procurify.reminder": {"action_open_document": "reviewer"},
    "procurify.signal": {
        "action_check": "reviewer",
        "action_open_document": "reviewer",
    },
    "procurify.attachment": {
        "action_open_document": "reviewer",
        "action_retry": "reviewer",
    },
    "procurify.audit": {
        "action_open_subject": "reviewer",
        "action_verify_audit": "reviewer",
        "read_events": "reviewer",
        "verify": "reviewer",
    },
    "procurify.issue": {
        "action_create_missing": "reviewer",
        "action_map": "reviewer",
        "action_open_records": "reviewer",
        "action_resolve": "reviewer",
        "propose": "reviewer",
        "read_issues": "reviewer",
        "resolve": "reviewer",
    },
    "procurify.certificate": {
        "action_open_lines": "reviewer",
        "action_spreadsheet": "reviewer",
        "action_verify": "reviewer",
    },
    "procurify.certificate.line": {"action_open_document": "reviewer"},
    "procurify.certificate.sum": {"action_open_lines": "reviewer"},
    "procurify.certify": {"action_certify": "reviewer"},
    "procurify.connection": {
        "action_accept_suggestions": "manager",
        "action_choose_plans": "manager",
        "action_create_integration_user": "administrator",
        "action_dry_run": "manager",
        "action_dry_run_master_data": "manager",
        "action_enable_analytic_accounting": "administrator",
        "action_follow_reading": "manager",
        "action_open_audit": "reviewer",
        "action_open_issue": "reviewer",
        "action_open_dashboard": "reviewer",
        "action_open_records": "reviewer",
        "action_pause": "manager",
        "action_preview_missing": "manager",
        "action_replay_held": "reviewer",
        "action_resume": "manager",
        "action_rotate_key": "manager",
        "action_set_up": "manager",
        "action_setup_back": "manager",
        "action_setup_next": "manager",
        "action_switch_on": "manager",
        "action_sync_now": "reviewer",
        "action_test_connection": "manager",
        "action_test_target": "manager",
        "action_verify_audit": "reviewer",
        "pause": "manager",
        "read_alarms": "reviewer",
        "read_findings": "reviewer",
        "read_health": "reviewer",
        "read_statistics": "reviewer",
        "reconcile": "reviewer",
        "resume": "manager",
        "support_bundle": "manager",
        "sync": "reviewer",
    },
    "procurify.custom.field": {"action_reapply": "manager"},
    "procurify.dispatch": {"action_open_here": "reviewer"},
    "procurify.finding": {"action_confirm": "manager"},
    "procurify.ignore": {"action_ignore": "reviewer"},
    "procurify.creation": {"action_create": "reviewer", "action_undo": "reviewer"},
    "procurify.record": {
        "action_accept_suggestion": "reviewer",
        "action_accept_suggestions": "reviewer",
        "action_adopt": "reviewer",
        "action_create_missing": "reviewer",
        "action_credit_and_rebill": "reviewer",
        "action_ignore": "reviewer",
        "action_import_again": "reviewer",
        "action_keep_odoo": "reviewer",
        "action_map_to": "reviewer",
        "action_not_a_duplicate": "reviewer",
        "action_open_dispatches": "reviewer",
        "action_open_documents": "reviewer",
        "action_open_in_procurify": "reviewer",
        "action_open_target": "reviewer",
        "action_preview_missing": "reviewer",
        "action_reapply": "reviewer",
        "action_replay": "reviewer",
        "action_reset_and_update": "reviewer",
        "action_reverse": "reviewer",
        "decide": "reviewer",
        "explain": "reviewer",
        "read_holds": "reviewer",
        "replay": "reviewer",
    },
    "procurify.dry.run": {"action_step": "manager"},
    "procurify.dry.run.issue": {
        "action_map": "reviewer",
        "action_open_place": "reviewer",
    },
    "procurify.stream": {
        "action_read_again": "manager",
        "action_nightly_check": "manager",
    },
    "procurify.support": {"action_download": "manager"},
    "procurify.target": {
        "action_open_dispatches": "reviewer",
        "action_open_lost": "reviewer",
        "action_open_mirror": "reviewer",
        "action_probe": "manager",
        "action_send_again": "manager",
        "action_take_for_deleted": "manager",
    },
    "procurify.version": {"action_compare": "reviewer", "action_replay": "reviewer"},
    "res.config.settings": {
        "action_procurify_monitoring_off": "administrator",
        "action_procurify_monitoring_token": "administrator",
        "action_procurify_open": "administrator",
        "action_procurify_sync": "administrator",
        "action_procurify_test": "administrator",
    },
    **{
        model: {
            "action_open_in_procurify": "reviewer",
            "action_open_procurify_record": "reviewer",
        }
        for model in (
            "account.account",
            "account.analytic.account",
            "account.move",
            "account.payment.term",
            "account.tax",
            "procurify.document.tab",
            "procurify.import.mixin",
            "product.product",
            "product.template",
            "purchase.order",
            "purchase.order.line",
            "res.currency",
            "res.partner",
            "uom.uom",
        )
    },
}
# Users who may change bills, like the employee of the test.
METHODS["account.move"] |= {
    "action_procurify_allow_payment": "employee",
    "action_procurify_check_signals": "employee",
}
METHODS["res.partner"] |= {
    "action_procurify_keep": "reviewer",
    "action_procurify_take_over": "reviewer",
}

#: Odoo's own public methods that the addon extends: their rights are Odoo's.
EXTENDED = {
    "account.payment": {"action_post"},
    "ir.cron": {"method_direct_trigger"},
    "res.config.settings": {"get_values", "set_values"},
}


def may(role: str, first: str) -> bool:
    """Return whether ``role`` is ``first``, or one that has its rights too."""
    return first != NOBODY and ROLES.index(role) >= ROLES.index(first)
