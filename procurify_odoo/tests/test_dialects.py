"""Each dialect names what servers of its series have, and nothing else."""

from __future__ import annotations

import pytest

from ..dialects import DIALECTS, dialect_of
from ..versions import Version
from .fake import recorded


def _unknown(series: int, dialect_series: int) -> list[str]:
    """Return the fields that a dialect uses and a series does not have."""
    fields = recorded("fields")[str(series)]
    return [
        f"{model}.{name}"
        for model, names in DIALECTS[dialect_series].fields_used().items()
        for name in names
        if name not in fields.get(model, {})
    ]


@pytest.mark.parametrize("series", DIALECTS)
def test_a_series_has_every_field_of_its_dialect(series: int) -> None:
    assert DIALECTS[series].series == series
    assert _unknown(series, series) == []


@pytest.mark.parametrize(
    ("series", "older"), [(16, 15), (18, 17), (19, 18), (15, 16), (17, 18), (18, 19)]
)
def test_the_dialect_of_another_series_does_not_fit(series: int, older: int) -> None:
    assert _unknown(series, older)


@pytest.mark.parametrize("series", DIALECTS)
def test_lines_of_bills_and_orders_are_written_as_the_series_has_them(
    series: int,
) -> None:
    dialect, fields = DIALECTS[series], recorded("fields")[str(series)]

    for names, model in (
        (dialect.analytic_on_bill, "account.move.line"),
        (dialect.analytic_on_order, "purchase.order.line"),
    ):
        kinds = [fields[model][name]["type"] for name in names]
        assert kinds == (["json"] if dialect.has_plans else ["many2one", "many2many"])
    assert fields["account.move"][dialect.bill_lines]["relation"] == "account.move.line"
    assert ("account.analytic.plan" in fields) == dialect.has_plans
    key = fields.get("res.users.apikeys", {})
    assert ("expiration_date" in key) == dialect.has_expiring_keys


@pytest.mark.parametrize(
    ("text", "shown", "series", "is_measured"),
    [
        ("14.0", "14.0", 14, True),
        ("17.0-20250106", "17.0", 17, True),
        ("16.0+e-20240621", "16.0", 16, True),
        ("saas~18.2+e", "18.2", 18, False),
        ("20.0", "20.0", 19, False),
    ],
)
def test_a_version_leads_to_the_nearest_older_dialect(
    text: str, shown: str, series: int, is_measured: bool
) -> None:
    version = Version.of(text)

    assert str(version) == shown
    assert version.is_supported
    assert version.is_measured is is_measured
    assert dialect_of(version).series == series


def test_an_older_version_has_no_dialect() -> None:
    assert not Version.of("13.0").is_supported
    with pytest.raises(KeyError):
        dialect_of(Version.of("13.0"))
    with pytest.raises(ValueError, match="not a version"):
        Version.of("unknown")
