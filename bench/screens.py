"""Figure h: how long the server works until a screen's first page is there."""

import time
from dataclasses import dataclass

from dateutil.relativedelta import relativedelta
from lxml import etree

from odoo import fields
from odoo.fields import Domain
from odoo.tools.safe_eval import safe_eval

from .measuring import median, statements

PAGE = 80  # rows, as the web client asks for them
MODULE = "procurify_connector"


@dataclass(frozen=True)
class Screen:
    """A page of the menus, or what a person makes of it.

    :param action: of the menu, without the module's name
    :param kind: of view; "": the one that opens
    :param groupby: what the rows are grouped by; None: what the action says
    """

    action: str
    kind: str = ""
    groupby: tuple[str, ...] | None = None


SCREENS = {
    "dashboard": Screen("procurify_connection_action_dashboard"),
    "quarantine": Screen("procurify_record_action_quarantine"),
    "issues": Screen("procurify_issue_action"),
    "signals": Screen("procurify_signal_action"),
    "reminders": Screen("procurify_reminder_action"),
    "mapping": Screen("procurify_record_action_mapping"),
    "commitments": Screen("procurify_commitment_action"),
    "commitments_list": Screen("procurify_commitment_action", "list"),
    "accruals": Screen("procurify_accrual_action"),
    "accruals_list": Screen("procurify_accrual_action", "list", ()),
    "accruals_pivot": Screen("procurify_accrual_action", "pivot"),
    "certificates": Screen("procurify_certificate_action"),
    "spend": Screen("procurify_spend_action"),
    "spend_list": Screen("procurify_spend_action", "list"),
    "spend_graph": Screen("procurify_spend_action", "graph"),
    "payables": Screen("procurify_payable_action"),
    "payables_list": Screen("procurify_payable_action", "list"),
    "payables_vendors": Screen("procurify_payable_action", "list", ("partner_id",)),
    "cycles": Screen("procurify_cycle_action"),
    "cycles_graph": Screen("procurify_cycle_action", "graph"),
    "cycles_list": Screen("procurify_cycle_action", "list"),
    "connections": Screen("procurify_connection_action"),
    "targets": Screen("procurify_target_action"),
    "list": Screen("procurify_record_action"),
    "runs": Screen("procurify_run_action"),
    "attachments": Screen("procurify_attachment_action"),
    "audit": Screen("procurify_audit_action"),
    "findings": Screen("procurify_finding_action"),
    "digests": Screen("digest_digest_action"),
}
#: Groupings of all that was spent, whenever it was.
SPENT_BY = (
    ("department", ("department_id",)),
    ("vendor", ("partner_id",)),
    ("account", ("account_id",)),
    ("quarter", ("date:quarter",)),
    ("requester", ("requester",)),
)


def measure(env, rounds):
    """Return milliseconds per screen, as a controller opens it.

    A first round, of which nothing counts, fills Odoo's caches of views and rights.
    """
    times, _queries = time_screens(env, rounds)
    return {
        f"screen_{name}": median([1000 * s for s in each])
        for name, each in times.items()
    }


def time_screens(env, rounds, names=None):
    """Return ({screen: seconds of each round}, {screen: queries of the last})."""
    user = _controller(env)
    works = {name: work for name, work in _works().items() if name in (names or [name])}
    times, queries = {name: [] for name in works}, {}
    for number in range(rounds + 1):
        for name, work in works.items():
            controller = env(user=user, context={"lang": "en_US"})
            controller.invalidate_all()
            with statements(env.cr) as found:
                started = time.perf_counter()
                work(controller)
                seconds = time.perf_counter() - started
            queries[name] = len(found)
            if number:
                times[name].append(seconds)
    return times, queries


def _works():
    """Return {screen: what opens it, given an environment}."""
    return {
        **{
            name: lambda env, s=screen: _open(env, s)
            for name, screen in SCREENS.items()
        },
        **{f"spend_by_{n}": lambda env, g=by: _spend(env, g) for n, by in SPENT_BY},
        "figure": lambda env: _figure(env, "open/document_state/on_hold"),
        "figure_posted": lambda env: _figure(env, "posted"),
        "figure_department": lambda env: _figure(env, "posted/department/0"),
        "shares_by_department": lambda env: _shares(env, ["department_id"]),
        "shares_by_location": lambda env: _shares(env, ["location_id"]),
        "settings": _settings,
        "chart": _chart,
        "metrics": _metrics,
    }


def _controller(env):
    groups = ("group_manager", "account.group_account_manager")
    groups += ("purchase.group_purchase_user",)
    user = env["res.users"].create(
        {
            "name": "Controller",
            "login": f"controller-{time.time_ns()}",
            "group_ids": [
                (4, env.ref(name if "." in name else f"{MODULE}.{name}").id)
                for name in groups
            ],
        }
    )
    env.cr.commit()
    return user.id


# === WHAT THE WEB CLIENT ASKS FOR === #


def _open(env, screen):
    """Load the action and its views, and the first page of what it shows."""
    action = env["ir.actions.actions"]._for_xml_id(f"{MODULE}.{screen.action}")
    _show(env, action, screen.kind, screen.groupby)


def _figure(env, name):
    """Open the list behind a figure of the dashboard."""
    connection = env["procurify.connection"].search([], limit=1)
    connection = connection.with_context(procurify_dashboard=name)
    _show(env, connection.action_open_dashboard(), "list", None)


def _show(env, action, kind, groupby):
    known = _known(env)
    context = action["context"]
    if isinstance(context, str):
        context = safe_eval(context or "{}", known)
    model = env[action["res_model"]].with_context(**context)
    shown = [(view, each) for view, each in action["views"] if each != "search"]
    search_view = action.get("search_view_id")
    views = model.get_views(
        [*shown, (search_view[0] if search_view else False, "search")]
    )["views"]
    kind = kind or shown[0][1]
    search = etree.fromstring(views["search"]["arch"])
    domain, grouped = _defaults(env, search, context)
    own = action["domain"] or "[]"
    domain &= Domain(safe_eval(own, known) if isinstance(own, str) else own)
    groupby = list(
        grouped or context.get("group_by", ()) if groupby is None else groupby
    )
    arch = etree.fromstring(views[kind]["arch"])
    if kind in ("pivot", "graph"):
        _aggregate(model, kind, arch, list(domain))
    else:
        _rows(model, arch, list(domain), groupby)
    _panel(model, search, list(domain))


def _defaults(env, search, context):
    """Return (the Domain, the groups) of the filters that the action switches on."""
    domain, groupby = Domain.TRUE, []
    for node in search.iter("filter"):
        if not context.get(f"search_default_{node.get('name')}"):
            continue
        if node.get("date"):
            domain &= _last_two_months(node.get("date"))
        elif node.get("domain"):
            domain &= Domain(safe_eval(node.get("domain"), _known(env)))
        grouped = safe_eval(node.get("context") or "{}").get("group_by")
        groupby += [grouped] if grouped else []
    return domain, groupby


def _known(env):
    """Return what domains and contexts of views may name."""
    return {
        "uid": env.uid,
        "relativedelta": relativedelta,
        "context_today": lambda: fields.Date.context_today(env.user),
    }


def _last_two_months(name):
    first = fields.Date.today().replace(day=1)
    since, until = first - relativedelta(months=1), first + relativedelta(months=1)
    return Domain(name, ">=", since) & Domain(name, "<", until)


def _rows(model, arch, domain, groupby):
    names = {node.get("name") for node in arch.iter("field")}
    wanted = {name: _wanted(model._fields[name]) for name in names}
    if not groupby:
        model.web_search_read(domain, wanted, limit=PAGE, count_limit=10001)
        return
    sums = [f"{node.get('name')}:sum" for node in arch.iter("field") if node.get("sum")]
    model.web_read_group(
        domain,
        groupby,
        sums,
        limit=PAGE,
        auto_unfold=arch.get("expand") == "1",
        unfold_read_specification=wanted,
        unfold_read_default_limit=PAGE,
    )


def _aggregate(model, kind, arch, domain):
    by = {"row": [], "col": [], "measure": [], None: []}
    for node in arch.iter("field"):
        interval = node.get("interval")
        name = node.get("name")
        by[node.get("type")].append(f"{name}:{interval}" if interval else name)
    measures = [f"{name}:{model._fields[name].aggregator}" for name in by["measure"]]
    measures.append("__count")
    if kind == "graph":
        model.formatted_read_group(domain, by[None] + by["row"], measures)
        return
    rows = [by["row"][:depth] for depth in range(len(by["row"]) + 1)]
    columns = [by["col"][:depth] for depth in range(len(by["col"]) + 1)]
    sets = [row + column for row in rows for column in columns]
    model.formatted_read_grouping_sets(domain, sets, measures)


def _panel(model, search, domain):
    """Count what the search panel beside a list shows."""
    for node in search.iterfind(".//searchpanel/field"):
        ask = model.search_panel_select_range
        if node.get("select") == "multi":
            ask = model.search_panel_select_multi_range
        ask(
            node.get("name"),
            search_domain=domain,
            enable_counters=True,
            expand=False,
            limit=200,
        )


def _spend(env, groupby):
    """Group all that was spent, as a person who takes the filters off."""
    spend = env["procurify.spend"]
    spend.formatted_read_grouping_sets(
        [], [[], list(groupby)], ["amount:sum", "__count"]
    )


def _shares(env, groupby):
    """Group all bills by who bears them."""
    env["procurify.share"].web_read_group(
        [], groupby, ["amount:sum", "document_count:sum"], limit=PAGE
    )


def _settings(env):
    """Open Odoo's settings, as its administrator."""
    env = env(user=env.ref("base.user_admin").id)
    model = env["res.config.settings"]
    views = model.get_views([(False, "form")])
    arch = etree.fromstring(views["views"]["form"]["arch"])
    names = {node.get("name") for node in arch.iter("field")} & set(model._fields)
    model.onchange({}, [], {name: {} for name in names})


def _chart(env):
    """Read the dashboard's chart, which is asked for after the rest."""
    env["procurify.connection"].search([]).mapped("dashboard_chart")


def _metrics(env):
    """Write the figures for monitors."""
    env(su=True)["procurify.monitoring"]._text()


def _wanted(field):
    return {"fields": {"display_name": {}}} if field.relational else {}
