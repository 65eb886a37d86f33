"""``./dev test taxes``: every purchase tax of twelve countries' charts of accounts.

The tests say of each whether a bill with it is booked as by hand, or on hold; what they
found becomes ``docs/taxes.rst``.
"""

import csv
import io
import json
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import TypedDict

from . import databases
from .console import step, warn
from .odoo import Odoo, prepare
from .paths import ROOT
from .shell import environment, run

PAGE = ROOT / "docs" / "taxes.rst"
TEST = "tests/test_chart_taxes.py"
#: Chart of accounts → (what the page calls it, the module of Odoo that ships it).
CHARTS = {
    "ca_2023": ("Canada", "l10n_ca"),
    "us": ("United States", "l10n_us_account"),
    "uk": ("United Kingdom", "l10n_uk"),
    "de_skr03": ("Germany, SKR03", "l10n_de"),
    "fr": ("France", "l10n_fr_account"),
    "it": ("Italy", "l10n_it"),
    "es_pymes": ("Spain, PYMEs", "l10n_es"),
    "be_comp": ("Belgium", "l10n_be"),
    "in": ("India", "l10n_in"),
    "au": ("Australia", "l10n_au"),
    "mx": ("Mexico", "l10n_mx"),
    "br": ("Brazil", "l10n_br"),
}
#: Seconds after which a chart counts as failed.
LONGEST_S = 900
_TABLES = (
    "account_move",
    "account_move_line",
    "account_partial_reconcile",
    "account_payment",
)
# What becomes of a bill, as the tests say it.
AS_BY_HAND = "as by hand"
AS_SAID = "with Procurify's amount"
_INTRODUCTION = """\
=====
Taxes
=====

This page shows how a bill is imported if its tax is mapped to a purchase tax in Odoo.
Each tax of these charts of accounts was tried, including archived ones, on a bill, a
refund and a bill in a foreign currency. The result is compared with a bill that a
person enters in Odoo: accounts, tax lines, amounts in both currencies, tax grids. Both
are posted first. If posting needs more data than the test enters, drafts are compared.
Odoo ships all of these charts. One with *Not tried yet* was not tested. Taxes are
rounded over the bill, which is Odoo's default. Orders are not in the table.

*Procurify charges the same*: the bill has the tax that Odoo computes: nothing for a
reverse charge, less if tax is withheld. *Procurify charges the rate*: the bill has the
rate of the tax on top, as if nothing was withheld or deducted. Odoo computes a
different amount for such a tax, so the bill is on hold with the issue *Different tax
amount*, until the tax is mapped to another one or corrected in Procurify.

*With Procurify's amount*: the rates are equal but the amounts are not, because Odoo
rounds at another place or the whole price is tax. The bill has Procurify's amount.

This page is written by ``./dev test taxes``.
"""
_NOT_TRIED = "Not tried yet.\n"


class Row(TypedDict):
    """What the tests found of one tax."""

    name: str
    kind: str
    same: str
    plain: str


def test(pytest_arguments: list[str]) -> int:
    """Try the taxes, write the page, and return the exit code of the tests.

    Each chart is tried by itself, in a transaction that is rolled back. It may take so
    long.
    """
    odoo = prepare()
    modules = [module for _name, module in CHARTS.values()]
    base = databases.template(odoo)
    database = databases.duplicate(
        odoo,
        databases.stacked_template(odoo, "charts", modules, base),
        databases.database_name("taxes"),
    )
    databases.change(odoo, database, "--init", "procurify_connector")
    for table in _TABLES:
        odoo.server.query(
            f"ALTER TABLE {table} SET (autovacuum_enabled = off)", database
        )
    codes, found = list[int](), dict[str, list[Row]]()
    for chart, (name, _module) in CHARTS.items():
        # Pages without rows, which a chart leaves behind, make PostgreSQL believe that
        # the tables stay empty: some of Odoo's queries on payments would take hours.
        odoo.server.query(f"VACUUM {', '.join(_TABLES)}", database)
        with step(name):
            code, rows = _try(odoo, database, chart, pytest_arguments)
        codes.append(code)
        found |= rows
        PAGE.write_text(page(found))
    return next((code for code in codes if code), 0)


def _try(
    odoo: Odoo, database: str, chart: str, pytest_arguments: list[str]
) -> tuple[int, dict[str, list[Row]]]:
    """Return the exit code of one chart's tests, and what they found."""
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "table.json"
        variables: dict[str, object] = {
            "PROCURIFY_TAX_TABLE": found,
            "PROCURIFY_TAX_CHARTS": chart,
        }
        try:
            code = run(
                *(odoo.python, "-m", "pytest", f"--odoo-database={database}"),
                *("-q", "--no-header", TEST, *pytest_arguments),
                cwd=ROOT,
                env=environment(odoo.variables | variables),
                timeout=LONGEST_S,
            ).returncode
        except subprocess.TimeoutExpired:
            warn(f"{chart} took more than {LONGEST_S / 60:.0f} minutes.")
            return 1, {}
        return code, json.loads(found.read_text()) if found.exists() else {}


def page(table: dict[str, list[Row]]) -> str:
    """Return the page that says what was found.

    :param table: {chart: what was found of each of its taxes}, of those that were tried
    """
    sections = [_INTRODUCTION, _summary(table)]
    for code, (name, _module) in CHARTS.items():
        found = _table(table[code]) if code in table else _NOT_TRIED
        sections.append(f"{name}\n{'-' * len(name)}\n\n{found}")
    return "\n".join(sections)


def check() -> str:
    """Return what is wrong with the page as it is, or nothing."""
    text = PAGE.read_text() if PAGE.exists() else ""
    missing = [name for name, _module in CHARTS.values() if f"\n{name}\n--" not in text]
    wrong = [f"docs/taxes.rst has no section {name}" for name in missing]
    if "otherwise" in text:
        wrong.append("docs/taxes.rst has a tax that is booked otherwise than by hand")
    return "\n".join(wrong)


def _summary(table: dict[str, list[Row]]) -> str:
    lines = [
        [
            CHARTS[code][0],
            str(len(rows)),
            str(_outcomes(rows, "same")[AS_BY_HAND]),
            *(
                str(_outcomes(rows, "plain")[outcome])
                for outcome in (AS_BY_HAND, AS_SAID)
            ),
            str(sum(row["plain"].startswith("on hold") for row in rows)),
        ]
        for code, rows in table.items()
    ]
    lines.sort(key=lambda line: line[0])
    total = [str(sum(int(line[i]) for line in lines)) for i in range(1, 6)]
    header = [
        "Chart",
        "Taxes",
        "The same: by hand",
        "The rate: by hand",
        "… Procurify's amount",
        "… on hold",
    ]
    return _csv_table(header, [*lines, ["All", *total]])


def _outcomes(rows: list[Row], which: str) -> Counter[str]:
    return Counter(row["same"] if which == "same" else row["plain"] for row in rows)


def _table(rows: list[Row]) -> str:
    header = ["Tax", "What it is", "Procurify charges the same", "… the rate"]
    return _csv_table(
        header, [[r["name"], r["kind"], r["same"], r["plain"]] for r in rows]
    )


def _csv_table(header: list[str], rows: list[list[str]]) -> str:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(
        [header, *([_escaped(cell) for cell in row] for row in rows)]
    )
    lines = "".join(f"   {line}\n" for line in written.getvalue().splitlines())
    return f".. csv-table::\n   :header-rows: 1\n\n{lines}"


def _escaped(text: str) -> str:
    """Return a cell whose signs mean nothing in reStructuredText."""
    return "".join(f"\\{sign}" if sign in "\\*`_|" else sign for sign in text)
