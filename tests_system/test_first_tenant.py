"""A new user, an empty Odoo with a chart of accounts, and the way to *Switch on*.

``PROCURIFY_PICTURES`` names a folder that keeps a picture of each screen.
"""

import csv
import os
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from devtools import browser, databases
from devtools.chromium import chromium
from devtools.console import say
from devtools.odoo import Odoo
from devtools.paths import ROOT
from simulator import Dataset, Simulator
from simulator.manufacturer import LOCATIONS
from simulator.model import Department

from .site import LOGIN, PASSWORD, Site
from .visitor import Visitor

#: Chart → (the module of Odoo that ships it, its country).
CHARTS = {"us": ("l10n_us_account", "US"), "de_skr03": ("l10n_de", "DE")}
CODES, DEPARTMENTS = 60, 40
PAIRS = ROOT / "devtools" / "tests" / "data" / "account_pairs.csv"
MOST_MINUTES, MOST_CLICKS, LEAST_MAPPED = 10, 3, 0.8
#: Before some of the tenant's documents.
START = "01/01/2026"
#: What the pairs call a kind → Procurify's number of it.
KINDS = {"asset": 0, "liability": 1, "expense": 2, "other": 5}
CONTINUE = ".o_statusbar_buttons button[name=action_setup_next]"
FURTHER_DEPARTMENTS = (
    *("Finance", "Human Resources", "IT", "Sales", "Marketing", "Purchasing"),
    *("R&D", "Legal", "Tool Room", "Foundry", "Paint Shop", "Assembly", "Shipping"),
    *("Customer Service", "Facilities"),
)
_CHART = """
country = env["res.country"].search([("code", "=", {country!r})])
env.company.country_id = country
env["account.chart.template"].try_loading({chart!r}, env.company)
env.cr.commit()
"""


class Tenant(Dataset):
    """The manufacturer, with more departments and account codes than its own."""

    def departments(self) -> list[Department]:
        """Return its own departments and further ones, which no document names."""
        known = super().departments()
        first = max(department.id for department in known) + 1
        return known + [
            Department(first + n, name, LOCATIONS[n % len(LOCATIONS)].id, None)
            for n, name in enumerate(FURTHER_DEPARTMENTS)
        ]

    def add_codes(self, pairs: list[dict[str, str]]) -> None:
        """Add account codes until there are enough."""
        for pair in pairs:
            if len(self._codes) == CODES:
                return
            if pair["code"] not in self._codes:
                self.add_account_code(pair["code"], pair["name"])
                added = self._codes[pair["code"]]
                kind = KINDS[pair["kind"]]
                self._codes[pair["code"]] = replace(added, account_type=kind)


@pytest.fixture
def tenant(chart: str) -> Iterator[Simulator]:
    """Run a tenant whose account codes are called as companies in that country do."""
    data = Tenant(30, seed=3, orders=12, requisitions=3)
    pairs = _pairs(chart)
    data.add_codes(pairs)
    # What companies have from their chart.
    data.add_codes([pair | {"code": pair["right"].split()[0]} for pair in pairs])
    assert len(data.account_codes()) == CODES
    assert len(data.departments()) == DEPARTMENTS
    with Simulator(dataset=data) as simulator:
        yield simulator


def _pairs(chart: str) -> list[dict[str, str]]:
    with PAIRS.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["chart"] == chart]


@pytest.fixture
def empty_site(odoo: Odoo, chart: str) -> Iterator[Site]:
    """Give a database that has a chart of accounts, and nothing but this addon."""
    module, country = CHARTS[chart]
    empty = databases.stacked_template(
        odoo,
        f"chart_{country.lower()}",
        [module],
        databases.template(odoo),
        _CHART.format(chart=chart, country=country),
    )
    name = databases.database_name(f"first_{country.lower()}")
    databases.duplicate(odoo, empty, name)
    databases.install(odoo, name)
    with closing(Site(odoo, name)) as site:
        yield site


@pytest.mark.parametrize("chart", CHARTS)
def test_new_user_comes_to_switch_on_in_minutes(
    chart: str,
    tenant: Simulator,
    empty_site: Site,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PATH", browser.search_path())
    pictures = Path(os.environ.get("PROCURIFY_PICTURES", tmp_path)) / chart
    pictures.mkdir(parents=True, exist_ok=True)
    server = empty_site.start()
    with chromium() as page:
        visitor = Visitor(page, server.address, pictures)
        visitor.log_in(LOGIN, PASSWORD)
        begun = time.monotonic()
        _connect(visitor, tenant)
        _choose_policies(visitor)
        clicks = _map(visitor)
        mapped = _mapped(empty_site)
        _try(visitor)
        _switch_on(visitor)
        minutes = (time.monotonic() - begun) / 60
    wrong = _wrongly_mapped(empty_site, chart)
    with capsys.disabled():
        say(
            f"\n{chart}: switched on after {minutes:.1f} minutes, {visitor.clicks} "
            f"clicks and {visitor.fields} fields.\nAfter {clicks} clicks mapped: "
            + ", ".join(f"{kind} {n} of {total}" for kind, n, total in mapped)
            + f". Account codes mapped to another account than people would: {wrong}"
        )
    assert minutes < MOST_MINUTES
    assert clicks <= MOST_CLICKS
    assert {kind: total for kind, _n, total in mapped} == {
        "account_code": CODES,
        "department": DEPARTMENTS,
    }
    assert all(n >= LEAST_MAPPED * total for _kind, n, total in mapped)
    assert len(wrong) <= CODES * (1 - LEAST_MAPPED)


def _connect(visitor: Visitor, tenant: Simulator) -> None:
    """Find the app, mistype, and connect."""
    visitor.click(".o_navbar_apps_menu button")
    visitor.click(".o-dropdown--menu a", "Procurify")
    visitor.sees(".o_view_nocontent")
    visitor.picture("01_empty_dashboard")
    visitor.click("a.btn", "Set up Procurify")
    visitor.sees("h2", "Connect to Procurify")
    visitor.type("[name=base_url] input", tenant.base_url)
    visitor.type("[name=client_id] input", tenant.client_id)
    visitor.type("[name=client_secret] input", "mistyped")
    visitor.click(CONTINUE)
    assert "client secret" in visitor.sees(".alert-danger")
    visitor.picture("02_refused")
    visitor.type("[name=client_secret] input", tenant.client_secret)
    visitor.click(CONTINUE)


def _choose_policies(visitor: Visitor) -> None:
    visitor.sees(".o_arrow_button_current", "Policies")
    visitor.picture("03_policies")
    visitor.date("bills_start_date", START)
    visitor.date("orders_start_date", START)
    visitor.click("button[name=action_enable_analytic_accounting]")
    visitor.sees("[name=department_plan_id]")
    visitor.click("button[name=action_create_integration_user]")
    visitor.sees(".o_notification", "who can only enter vendors")
    visitor.picture("04_policies_chosen")
    visitor.click(CONTINUE)


def _map(visitor: Visitor) -> int:
    """Map what can be mapped at once, and return the number of clicks."""
    visitor.sees(".o_arrow_button_current", "Mapping")
    visitor.picture("05_reading")
    visitor.sees("[name=missing_mapping_ids] .o_data_row")
    visitor.picture("06_not_mapped")
    before = visitor.clicks
    visitor.click("button[name=action_preview_missing]")
    visitor.sees(".modal .o_data_row")
    visitor.picture("07_preview")
    visitor.click(".modal button[name=action_create]")
    visitor.sees(".modal", "records were mapped")
    visitor.picture("08_created")
    visitor.click(".modal button", "Close")
    clicks = visitor.clicks - before
    visitor.sees(".o_arrow_button_current", "Mapping")
    visitor.picture("09_mapped")
    visitor.click(CONTINUE)
    return clicks


def _try(visitor: Visitor) -> None:
    visitor.sees(".o_arrow_button_current", "Dry run")
    visitor.sees(".o_procurify_summary", patience_s=180)
    visitor.picture("10_dry_run")
    visitor.click(CONTINUE)


def _switch_on(visitor: Visitor) -> None:
    visitor.sees(".o_arrow_button_current", "Switch on")
    visitor.picture("11_switch_on")
    visitor.click("button[name=action_switch_on]")
    visitor.sees(".o_procurify_dashboard .o_kanban_record", "Procurify")
    visitor.picture("12_dashboard")


def _mapped(site: Site) -> list[tuple[str, int, int]]:
    """Return (kind, how many are mapped, how many there are)."""
    return site.rows(
        """
        SELECT resource, count(*) FILTER (WHERE res_id IS NOT NULL), count(*)
          FROM procurify_record
         WHERE resource IN ('account_code', 'department')
      GROUP BY resource ORDER BY resource
        """
    )


def _wrongly_mapped(site: Site, chart: str) -> list[str]:
    """Return the names that companies write whose account is another one."""
    right = {}
    for pair in _pairs(chart):
        accounts = pair["right"].split()
        right |= {
            (code, pair["name"]): accounts for code in (pair["code"], accounts[0])
        }
    rows = site.rows(
        """
        SELECT record.code, record.name, account.code_store ->> company.id::text
          FROM procurify_record record
          JOIN account_account account ON account.id = record.res_id
    CROSS JOIN (SELECT min(id) AS id FROM res_company) company
         WHERE record.resource = 'account_code'
        """
    )
    return [
        f"{label} → {found}"
        for code, label, found in rows
        for accounts in [right.get((code, label.removeprefix(f"{code} ")))]
        if accounts and found not in (*accounts, code)
    ]
