"""How KPI values look to people."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from kpis.benchmarks import standing
from worker.cli.common import table, tell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MATTER: Final = (
    "pipeline_value", "pipeline_value_weighted", "pipeline_coverage", "win_rate_closed", "win_rate_closed_by_value",
    "average_won_value", "days_to_win_median", "pipeline_velocity_open_per_day", "pipeline_velocity_closed_per_day",
    "days_in_stage_median",
)  # fmt: skip
"""The ten that one screen shows."""
COLUMNS: Final = ("KPI", "value", "95 %", "benchmark", "of", "n", "note")
CSV: Final = (
    "id", "title", "dims", "value", "low", "high", "numerator", "denominator", "unit", "window", "window_from",
    "window_to", "n", "few", "as_of", "why", "scope", "where",
)  # fmt: skip
SHARE: Final = "share"
NARROWED_BY: Final = {"scope": "kpi_scope of the connection", "where": "--where"}


def show_kpis(found: Sequence[Mapping[str, Any]], *, whole: bool = False) -> None:
    """Values over all deals, ten of them unless `whole`."""
    for key in ("scope", "where"):
        for text in dict.fromkeys(row[key] for row in found if key in row):
            tell(f"Only deals with {text}  ({NARROWED_BY[key]})")
    overall = [row for row in found if not row["dims"]]
    shown = [row for row in overall if whole or len(overall) <= len(MATTER) or row["id"] in MATTER]
    if shown:
        table("KPIs", COLUMNS, [(row["title"], *_cells(row)) for row in shown])
    if others := [row["id"] for row in overall if row not in shown]:
        tell(f"More, by `--only ID`: {', '.join(others)}.")


def show_groups(found: Sequence[Mapping[str, Any]]) -> None:
    """A table for each dimension, or pair of dimensions, with a value of each group."""
    for dims in dict.fromkeys(tuple(row["dims"]) for row in found if row["dims"]):
        rows = [row for row in found if tuple(row["dims"]) == dims]
        cells = [(row["title"], *(row["dims"][dim] or "(none)" for dim in dims), *_cells(row)) for row in rows]
        table(f"KPIs by {' and '.join(dims)}", (COLUMNS[0], *dims, *COLUMNS[1:]), cells)


def _cells(row: Mapping[str, Any]) -> tuple[object, ...]:
    interval = "" if row.get("low") is None else f"{written(row, 'low')} to {written(row, 'high')}"
    parts = [plain(row[name]) for name in ("numerator", "denominator") if row[name] is not None]
    n = f"{row['n']} (few)" if row.get("few") else row["n"]
    of = " ÷ ".join(parts) if len(parts) > 1 else ""
    return written(row, "value"), interval, compared(row), of, n, row.get("why", "")


def compared(row: Mapping[str, Any]) -> str:
    """Where the value stands in its benchmark's band; empty without a benchmark."""
    band = row.get("benchmark")
    if not band:
        return ""
    ends = [written({**row, **band}, end) for end in ("low", "high") if band[end] is not None]
    words = " to ".join(dict.fromkeys(ends))
    if len(ends) == 1:
        words = f"{'at most' if band['low'] is None else 'at least'} {words}"
    if row["value"] is None:
        return words
    return f"{'too few to compare' if row.get('few') else standing(float(row['value']), band)}: {words}"


def written(row: Mapping[str, Any], name: str) -> str:
    """A value of the row as people write it: a share in percent, money with its currency, days, a ratio with ×."""
    value, unit = row[name], row["unit"]
    if value is None:
        return "unknown"
    if unit == SHARE:
        return f"{float(value):.1%}".replace("%", " %")
    if unit == "days":
        return f"{float(value):,.1f} days"
    if unit == "ratio":
        return f"{float(value):,.2f} ×"
    return f"{plain(value)} {unit}" if unit else plain(value)


def plain(value: object) -> str:
    """A number with separators, whole or with two places."""
    number = Decimal(str(value))
    return f"{number:,.0f}" if number == number.to_integral_value() else f"{number:,.2f}"


def csv_row(row: Mapping[str, Any]) -> tuple[str, ...]:
    """The cells of CSV; the dimensions in one cell, as `owner=Ann Lee; month=2026-11`."""
    dims = "; ".join(f"{dim}={group or ''}" for dim, group in row["dims"].items())
    return tuple(dims if name == "dims" else "" if row.get(name) is None else str(row.get(name)) for name in CSV)
