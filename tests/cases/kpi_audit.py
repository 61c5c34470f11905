"""Compares KPI values of the program with those of the reference, number by number."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from typer import echo

from tests.cases import kpi_reference as reference
from tests.cases.kpi_queries import KPIS

if TYPE_CHECKING:
    from collections.abc import Sequence

CLOSE: Final = 1e-9
NUMBERS: Final = ("value", "numerator", "denominator", "n", "low", "high")
NOT_IN_SQL: Final = frozenset({"open_deals_aged_share", "stage_velocity_probability"})
"""They ask for `stage_since`, which time away of under two days does not break; the reference has no such rule."""
WITHOUT_INTERVAL: Final = frozenset({"days_in_stage_median_km"})
"""The reference has no interval of it."""


@dataclass
class Audit:
    """What was compared, and each difference: KPI, window, dims, which number, the program's and the reference's."""

    groupings: Sequence[tuple[str, ...]]
    skipped: frozenset[str] = NOT_IN_SQL
    compared: Counter[str] = field(default_factory=Counter)
    differences: list[tuple[str, str, str, str, Any, Any]] = field(default_factory=list)
    uncovered: set[str] = field(default_factory=set)

    def one(self, window: str, row: dict[str, Any], figure: reference.Figure) -> None:
        """Compare a row with a figure; what is behind no value, and a drawn interval, is not compared."""
        if figure.value is None and nothing(row):
            return
        numbers = NUMBERS if figure.spread and row["id"] not in WITHOUT_INTERVAL else NUMBERS[:4]
        for number in numbers if figure.value is not None else ("value",):
            mine, its = row[number], getattr(figure, number)
            self.compared[number] += 1
            if not same(mine, its):
                self.differences.append((row["id"], window, str(row["dims"]), number, mine, its))

    def window(self, found: list[dict[str, Any]], db: Any, window: reference.Window) -> None:
        """Every KPI by every grouping in this window: `found` is what the program says."""
        self.uncovered |= {row["id"] for row in found} - (KPIS.keys() - self.skipped)
        for kpi, asked in KPIS.items():
            if kpi in self.skipped or (asked.bounded and window.since is None):
                continue
            mine = [row for row in found if row["id"] == kpi and asked.takes(tuple(row["dims"]))]
            rows = {reference.named(row["dims"].items()): row for row in mine}
            figures = reference.every(db, kpi, self.groupings, window)
            for dims in rows.keys() | figures.keys():
                self.group(window.name, kpi, dims, rows.get(dims), figures.get(dims))

    def group(
        self, window: str, kpi: str, dims: Any, row: dict[str, Any] | None, figure: reference.Figure | None
    ) -> None:
        """A group that only one of them has may only be one without a value, or with a sum over nothing."""
        if row and figure:
            self.one(window, row, figure)
        elif row and not nothing(row):
            self.differences.append((kpi, window, str(dict(dims)), "row", row["value"], "none"))
        elif figure and figure.value is not None:
            self.differences.append((kpi, window, str(dict(dims)), "row", "none", figure))

    def show(self) -> None:
        """Print what was compared, and each difference."""
        echo("  compared: " + ", ".join(f"{count} × {number}" for number, count in self.compared.items()))
        for difference in self.differences:
            echo("✗ " + " | ".join(map(str, difference)))
        if self.uncovered:
            echo(f"  without a reference: {', '.join(sorted(self.uncovered))}")


def nothing(row: dict[str, Any]) -> bool:
    """Whether a row has no value, or a sum over nothing."""
    return row["value"] is None or (row["n"] == 0 and float(row["value"]) == 0)


def same(mine: Any, its: Any) -> bool:
    """Within 1e-9 of each other."""
    if mine is None or its is None:
        return mine is its
    return abs(float(mine) - float(its)) <= CLOSE * max(1.0, abs(float(its)))
