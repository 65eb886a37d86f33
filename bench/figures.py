"""The figures, their bars, and the table that is printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True)
class Bar:
    """What a figure must reach.

    :param kind: ``least`` or ``most``
    """

    value: float
    kind: str = "least"

    def is_met(self, value: float) -> bool:
        """Return whether ``value`` is on the right side."""
        return value >= self.value if self.kind == "least" else value <= self.value

    def __str__(self) -> str:
        return f"{'≥' if self.kind == 'least' else '≤'} {self.value:g}"


BARS: Mapping[str, Bar] = {
    "bills_importer_over_raw_orm": Bar(2),
    "orders_importer_over_raw_orm": Bar(1.5),
    "bills_importer_over_json2": Bar(5),
    "posting_importer_over_raw_orm": Bar(1.2),
    "revision_importer_over_raw_orm": Bar(1.5),
    "stage_bytes_per_record": Bar(5_000, "most"),
    "fetch_200ms_24_over_1": Bar(12),
    "repoll_ms_per_object": Bar(0.03, "most"),
    "repoll_business_writes": Bar(0, "most"),
    "repoll_more_queries_per_page": Bar(0, "most"),
    "growth_100000_over_1000": Bar(1.15, "most"),
    "memory_backlog": Bar(200, "most"),
    "workers_2_over_1": Bar(1.9),
    "workers_4_over_2": Bar(1),
    "path_files": Bar(45, "most"),
    "path_changes": Bar(500, "most"),
    "screen_dashboard": Bar(60, "most"),
    "screen_mapping": Bar(60, "most"),
    "screen_issues": Bar(30, "most"),
}
#: Milliseconds of any other page.
PAGE_BAR = Bar(300, "most")


@dataclass(frozen=True)
class Figure:
    """One measured value, by a stable name."""

    name: str
    value: float
    unit: str

    @property
    def bar(self) -> Bar | None:
        """What it must reach, if anything."""
        is_page = self.name.startswith("screen_")
        return BARS.get(self.name, PAGE_BAR if is_page else None)

    @property
    def is_met(self) -> bool:
        """Whether it is well, as far as it has a bar."""
        return self.bar is None or self.bar.is_met(self.value)

    def as_json(self) -> dict[str, object]:
        """Return it as ``--json`` writes it."""
        return {
            "value": self.value,
            "unit": self.unit,
            "bar": self.bar.value if self.bar else None,
            "met": self.is_met,
        }


def table(figures: Iterable[Figure]) -> list[str]:
    """Return the lines of a table in reStructuredText, which also reads as text."""
    rows = [("figure", "value", "unit", "bar", "")]
    for figure in figures:
        verdict = "" if figure.bar is None else ("met" if figure.is_met else "MISSED")
        shown = f"{figure.value:.3f}".rstrip("0").rstrip(".")
        rows.append((figure.name, shown, figure.unit, str(figure.bar or ""), verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    widths[4] = max(widths[4], 1)
    rule = " ".join("=" * width for width in widths)
    lines = [
        " ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    # An empty first cell would end a row; the other ones may be empty.
    return [rule, lines[0].rstrip(), rule, *(ln.rstrip() for ln in lines[1:]), rule]
