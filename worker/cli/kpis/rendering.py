"""How KPI values look to people."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from kpis.answers import BETWEEN
from kpis.benchmarks import standing
from worker.cli.common import table, tell
from worker.cli.screen.rendering import moment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MATTER: Final = (
    "pipeline_value", "pipeline_value_weighted", "pipeline_coverage", "win_rate_closed", "win_rate_closed_by_value",
    "average_won_value", "days_to_win_median", "pipeline_velocity_open_per_day", "pipeline_velocity_closed_per_day",
    "days_in_stage_median",
)  # fmt: skip
"""The ten that one screen shows."""
COLUMNS: Final = ("KPI", "value", "window", "95 %", "benchmark", "of", "n")
NAMES: Final = ("id", "title")
NUMBERS: Final = (
    "value", "low", "high", "numerator", "denominator", "unit", "currency", "window", "window_from", "window_to", "n",
    "few", "as_of", "category", "benchmark", "benchmark_low", "benchmark_high", "trusted", "why", "scope", "where",
)  # fmt: skip
SHARE: Final = "share"
NOW: Final = "now"
LARGE: Final = 1000
NOTES: Final = 10
NOTE_ENDS: Final = re.compile(rf"{BETWEEN}(?![^(]*\))")
"""Where one note ends and the next begins, outside brackets."""
SHOWN: Final = 3
"""What a note is about is named, up to so many and one more."""
NARROWED_BY: Final = {"scope": "kpi_scope of the connection", "where": "--where"}


def show_kpis(found: Sequence[Mapping[str, Any]], *, whole: bool = False) -> None:
    """Values over all deals: the ten that matter and users' own unless `whole`. Below them what each has to say."""
    from kpis.catalogue import SHIPPED

    for key in ("scope", "where"):
        for text in dict.fromkeys(row[key] for row in found if key in row):
            tell(f"Only deals with {text}  ({NARROWED_BY[key]})")
    overall = [row for row in found if not row["dims"]]
    whole = whole or len(overall) <= len(MATTER)
    shown = [row for row in overall if whole or row["id"] in MATTER or row["id"] not in SHIPPED]
    if shown:
        _show(f"KPIs as of {moment(shown[0]['as_of'])}", COLUMNS, [(row["title"], *_cells(row)) for row in shown])
        _show_notes([(row["title"], row["why"]) for row in shown if row.get("why")])
    _show_not_by(shown)
    if others := [row["id"] for row in overall if row not in shown]:
        tell(f"{len(others)} more: `--all` shows them, `sluicegate kpis list` says what each is for.")


def _show_not_by(shown: Sequence[Mapping[str, Any]]) -> None:
    """By which dimensions that were asked for there are no groups, and why."""
    lacking: dict[str, list[tuple[str, str]]] = {}
    for row in shown:
        for one in row.get("not_by", ()):
            lacking.setdefault(" and ".join(one["by"]), []).append((row["title"], one["why"]))
    for by, found in lacking.items():
        whys = dict.fromkeys(why for _, why in found)
        if len(whys) == 1:
            tell(f"- {next(iter(whys))}")
        else:
            titles = ", ".join(title for title, _ in found)
            tell(f"- Not given by {by}: {titles}. `sluicegate kpis explain ID` says by what each is given.")


def show_groups(found: Sequence[Mapping[str, Any]]) -> None:
    """A table for each dimension, or pair of dimensions, with a value of each group."""
    alone = len({row["id"] for row in found}) == 1
    for dims in dict.fromkeys(tuple(row["dims"]) for row in found if row["dims"]):
        rows = [row for row in found if tuple(row["dims"]) == dims]
        heads = (*dims, *COLUMNS[1:]) if alone else (COLUMNS[0], *dims, *COLUMNS[1:])
        lines = [(*(() if alone else (row["title"],)), *_group(row), *_cells(row)) for row in rows]
        _show(f"{rows[0]['title'] if alone else 'KPIs'} by {' and '.join(dims)}", heads, lines)
        noted = sorted((row for row in rows if row.get("why")), key=lambda row: row["value"] is not None)
        titles = [() if alone else (row["title"],) for row in noted]
        notes = [", ".join((*title, *_group(row))) for title, row in zip(titles, noted, strict=True)]
        _show_notes([(what, row["why"]) for what, row in zip(notes, noted, strict=True)], most=NOTES)


def _group(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(_named(group) for group in row["dims"].values())


def _named(group: object) -> str:
    """A group; deals with a blank are a group, too."""
    return "(none)" if group is None else str(group)


def _show(title: str, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table without the columns that are blank in every row."""
    filled = [place for place in range(len(heads)) if any(row[place] not in {"", None} for row in rows)]
    table(title, [heads[place] for place in filled], [[row[place] for place in filled] for row in rows])


def _show_notes(notes: Sequence[tuple[str, str]], most: int | None = None) -> None:
    """Each note once, with what it is about."""
    about: dict[str, list[str]] = {}
    for what, why in notes[:most]:
        for note in NOTE_ENDS.split(why):
            about.setdefault(note, []).append(what)
    for note, names in about.items():
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN + 1 else ""
        tell(f"- {', '.join(names[:SHOWN] if more else names)}{more}: {note}")
    if most is not None and len(notes) > most:
        tell(f"- {len(notes) - most} more groups have a note; --csv has them all.")


def _cells(row: Mapping[str, Any]) -> tuple[object, ...]:
    interval = "" if row.get("low") is None else span(row, row)
    parts = [amount(row, row[name]) for name in ("numerator", "denominator") if row[name] is not None]
    n = f"{row['n']} (few)" if row.get("few") else row["n"]
    return (
        written(row, "value"),
        NOW if row["window"] == "as_of" else row["window"],
        interval,
        compared(row),
        " ÷ ".join(parts) if len(parts) > 1 else "",
        n,
    )


def span(row: Mapping[str, Any], ends: Mapping[str, Any]) -> str:
    """From low to high in the row's unit, which stands once; one end where the other is open or the same."""
    low, high = (None if ends[end] is None else written({**row, **ends}, end) for end in ("low", "high"))
    if low is None or high is None or low == high:
        return str(high if low is None else low)
    number, blank, unit = high.partition(" ")
    return f"{low.removesuffix(blank + unit)} to {number}{blank}{unit}"


def compared(row: Mapping[str, Any]) -> str:
    """Where the value stands in its benchmark's band; empty without a benchmark."""
    band = row.get("benchmark")
    if not band:
        return ""
    words = span(row, band)
    if band["low"] is None or band["high"] is None:
        words = f"{'at most' if band['low'] is None else 'at least'} {words}"
    if row["value"] is None:
        return words
    return f"{_stands(row, band) or 'too few to compare'}: {words}"


def _stands(row: Mapping[str, Any], band: Mapping[str, Any]) -> str | None:
    """Where a value stands in a band; None where there is none, or where it rests on too few."""
    if not band or row["value"] is None or not band.get("comparable", not row.get("few")):
        return None  # values of earlier versions say only whether they are few
    return standing(float(row["value"]), band)


def written(row: Mapping[str, Any], name: str) -> str:
    """A value of the row as people write it: a share in percent, money with its currency, days, a ratio with ×."""
    value, unit = row[name], row["unit"]
    if value is None:
        return str(row.get("no_value", "none"))
    if unit == SHARE:
        return f"{float(value):.1%}".replace("%", " %")
    if unit == "days":
        return f"{float(value):,.1f} days"
    if unit == "ratio":
        return f"{float(value):,.2f} ×"
    return f"{plain(value)} {unit}" if unit else plain(value)


def amount(row: Mapping[str, Any], value: object) -> str:
    """A number of a quotient; amounts, which JSON has as text, with the currency that they are in."""
    return f"{plain(value)} {row['currency']}" if isinstance(value, str) and row.get("currency") else plain(value)


def plain(value: object) -> str:
    """A number with separators; with two places where it is a small one that is not whole."""
    number = Decimal(str(value))
    whole = number == number.to_integral_value() or abs(number) >= LARGE
    return f"{number:,.0f}" if whole else f"{number:,.2f}"


def csv_lines(found: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[tuple[str, ...]]]:
    """The heads and lines of CSV, with a column for each dimension; it is empty where a value is not of one group.

    The group of deals with a blank is `(none)`, as on the screen.
    """
    dims = list(dict.fromkeys(dim for row in found for dim in row["dims"]))
    lines = [
        [
            *(row[name] for name in NAMES),
            *(_named(row["dims"][dim]) if dim in row["dims"] else "" for dim in dims),
            *_numbers(row),
        ]
        for row in found
    ]
    return [*NAMES, *dims, *NUMBERS], [tuple("" if cell is None else str(cell) for cell in line) for line in lines]


def _numbers(row: Mapping[str, Any]) -> list[object]:
    """The cells after the dimensions; `benchmark` is where the value stands, `trusted` is blank unless it is not."""
    band = row.get("benchmark") or {}
    why = "; ".join(filter(None, (row.get("why"), *(one["why"] for one in row.get("not_by", ())))))
    more = {
        "benchmark": _stands(row, band),
        "benchmark_low": band.get("low"),
        "benchmark_high": band.get("high"),
        "why": why,
    }
    return [more.get(name) if name in more else row.get(name) for name in NUMBERS]
