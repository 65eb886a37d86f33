"""What is suggested to whom maps: measured by pairs that companies write.

``./dev test suggestions`` prints the figures.
"""

import csv
from collections import Counter, defaultdict
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import pytest

from devtools.console import say
from devtools.odoo_source import odoo_source
from importers.meaning.accounts import FITTING, LIKELY, Account, Chart
from importers.meaning.departments import department_likeness
from importers.meaning.terms import Term, likeness, read_term
from importers.meaning.units import unit_meant

PAIRS = Path(__file__).parent / "data" / "account_pairs.csv"
#: Chart → (its file in Odoo, digits of its codes, column of its second language).
CHARTS = {
    "ca": ("l10n_ca/data/template/account.account-ca_2023.csv", 6, "name@fr"),
    "us": ("l10n_us_account/data/template/account.account-us.csv", 6, ""),
    "uk": ("l10n_uk/data/template/account.account-uk.csv", 6, ""),
    "fr": ("l10n_fr_account/data/template/account.account-fr.csv", 6, "name@fr"),
    "de_skr03": ("l10n_de/data/template/account.account-de_skr03.csv", 4, "name@de"),
    "de_skr04": ("l10n_de/data/template/account.account-de_skr04.csv", 4, "name@de"),
}
MOST_WRONG, MOST_ABSURD = 0.20, 0.02
#: Of what *Create missing* uses instead of a new account, unless a person objects.
MOST_WRONG_PROPOSED = 0.10


def _chart_file(name: str) -> Path:
    source = odoo_source()
    folders = (*source.addons, source.package / "addons")
    return next(folder / name for folder in folders if (folder / name).exists())


def _accounts(chart: str) -> list[Account]:
    name, digits, language = CHARTS[chart]
    with _chart_file(name).open(encoding="utf-8", newline="") as file:
        return [
            Account(
                row["code"].ljust(digits, "0"),
                row["code"].ljust(digits, "0"),
                tuple(filter(None, (row["name"], row.get(language)))),
                row["account_type"],
            )
            for row in csv.DictReader(file)
        ]


@lru_cache(maxsize=1)
def _figures() -> dict[bool, Counter[str]]:
    """Return {whether held out: counts of pairs, right and absurd ones}.

    Absurd is an account of another class of the balance sheet.
    """
    with PAIRS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    figures: dict[bool, Counter[str]] = defaultdict(Counter)
    for name in CHARTS:
        accounts = _accounts(name)
        chart, types = Chart(accounts), {a.code: a.type for a in accounts}
        for row in rows:
            if row["chart"] == name:
                right = row["right"].split()
                found = chart.suggest(row["code"], row["name"], row["kind"])
                first = found[0].account if found else None
                figures[bool(row["held_out"])].update(
                    {
                        "pairs": 1,
                        "right": bool(first and first.code in right),
                        "none": not first,
                        "likely": bool(first and found[0].score >= LIKELY),
                        "likely and right": bool(
                            first and found[0].score >= LIKELY and first.code in right
                        ),
                        "absurd": bool(
                            first and _class(first.type) != _class(types[right[0]])
                        ),
                    }
                )
    return figures


def _class(account_type: str) -> str:
    return account_type.partition("_")[0]


def _share(counts: Counter[str], name: str) -> float:
    return counts[name] / counts["pairs"]


def test_first_suggestions_are_right_and_none_is_absurd(
    capsys: pytest.CaptureFixture[str],
) -> None:
    figures = _figures()
    with capsys.disabled():
        for held_out, counts in sorted(figures.items()):
            say(
                f"\n{'held out' if held_out else 'tuned on':>9}: "
                f"{counts['pairs']} pairs, {_share(counts, 'right'):.1%} right first, "
                f"{_share(counts, 'absurd'):.1%} absurd, "
                f"{_share(counts, 'none'):.1%} without a suggestion; "
                f"{_share(counts, 'likely'):.1%} are proposed, of which "
                f"{counts['likely and right'] / counts['likely']:.1%} right"
            )
    assert sum(counts["pairs"] for counts in figures.values()) >= 200
    assert figures[True]["pairs"] >= 50
    for counts in figures.values():
        assert _share(counts, "right") >= 1 - MOST_WRONG
        assert _share(counts, "absurd") <= MOST_ABSURD
        assert _share(counts, "likely") >= 1 - MOST_WRONG
        assert (
            counts["likely and right"] >= (1 - MOST_WRONG_PROPOSED) * counts["likely"]
        )


def test_only_fitting_types_are_suggested() -> None:
    chart = Chart(_accounts("us"))
    for kind, types in FITTING.items():
        for name in ("Bank", "Accounts receivable", "Product sales", "Capital"):
            found = chart.suggest("1010", name, kind)
            assert {one.account.type for one in found} <= set(types)


def test_an_account_that_the_vendors_bills_used_comes_first() -> None:
    chart = Chart(_accounts("us"))
    names = [one.account.code for one in chart.suggest("", "Services", "expense")]
    assert names[0] != "653500" or len(names) > 1
    other = names[1]
    found = chart.suggest("", "Services", "expense", {other: 1.0})
    assert found[0].account.code == other


def test_a_number_alone_says_nothing_where_the_names_differ() -> None:
    found = Chart(_accounts("uk")).suggest("7400", "Train fares", "expense")
    assert found[0].account.code == "720000"  # 740000 is for flights


@pytest.mark.parametrize(
    ("name", "term"),
    [
        ("Net 30", Term(30)),
        ("NET30", Term(30)),
        ("n/45", Term(45)),
        ("30 days", Term(30)),
        ("Payment due in 30 days of invoice date", Term(30)),
        ("2/10 net 30", Term(30, False, Decimal(2), 10)),
        ("2% 10, Net 30", Term(30, False, Decimal(2), 10)),
        ("1.5/15, n/45", Term(45, False, Decimal("1.5"), 15)),
        ("Due on receipt", Term(0)),
        ("COD", Term(0)),
        ("EOM", Term(0, True)),
        ("Net 30 EOM", Term(30, True)),
        ("30 jours nets", Term(30)),
        ("45 jours fin de mois", Term(45, True)),
        ("à réception", Term(0)),
        ("comptant", Term(0)),
        ("2 % à 10 jours, 30 jours net", Term(30, False, Decimal(2), 10)),
        ("30 Tage netto", Term(30)),
        ("14 Tage 2% Skonto, 30 Tage netto", Term(30, False, Decimal(2), 14)),
        ("Zahlbar sofort ohne Abzug", Term(0)),
        ("30 Tage ab Monatsende", Term(30, True)),
        ("30 días", Term(30)),
        ("60 días fin de mes", Term(60, True)),
        ("al contado", Term(0)),
        ("Net", None),
        ("Net 30 after acceptance", None),
        ("50% upfront, 50% on delivery", None),
        ("30/60 days", None),
        ("End of following month", None),
        ("", None),
    ],
)
def test_a_term_is_read_by_its_days(name: str, term: Term | None) -> None:
    assert read_term(name) == term


def test_terms_of_the_same_days_are_alike() -> None:
    assert likeness(Term(30), Term(30)) == 1
    assert 0 < likeness(Term(30), Term(30, False, Decimal(2), 10)) < 1
    assert likeness(Term(30), Term(30, True)) == 0
    assert likeness(Term(30), Term(45)) == 0


@pytest.mark.parametrize(
    ("label", "right", "others"),
    [
        ("Västerås / Office", "Office", ("Logistics", "Västerås", "Sales")),
        ("Västerås / Office", "Office Västerås", ("Office", "Office Lyon")),
        ("Zürich HQ / IT", "Information Technology", ("Zürich", "HR", "Sales")),
        ("Montréal / Achats", "Purchasing", ("Montréal", "Production")),
        ("Hamburg / Fertigung", "Production", ("Hamburg", "Finance")),
        ("Plant 2 / R&D", "Research", ("Plant 2", "Maintenance")),
        ("HR", "Human Resources", ("IT", "Legal")),
    ],
)
def test_the_last_part_of_a_path_counts_most(
    label: str, right: str, others: tuple[str, ...]
) -> None:
    best = department_likeness(label, right)
    assert best >= 0.6
    for other in others:
        assert department_likeness(label, other) < best, other


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("Each", "product_uom_unit"),
        ("EA.", "product_uom_unit"),
        ("Stück", "product_uom_unit"),
        ("kilograms", "product_uom_kgm"),
        ("Litres", "product_uom_litre"),
        ("heures", "product_uom_hour"),
        ("Docena", "product_uom_dozen"),
        ("sq ft", "product_uom_square_foot"),
        ("pallet", None),
        ("", None),
    ],
)
def test_units_are_known_by_their_words(name: str, unit: str | None) -> None:
    assert unit_meant(name) == unit
