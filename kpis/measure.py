"""`measure`: every KPI of a pipeline, over all deals and over each group of each dimension asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import polars as pl

from kpis.catalogue import KPIS
from kpis.dictionary import DIMS, TIME_DIMS, KpiValue, rounded
from kpis.populations import COLUMNS, deals, stays, visits
from kpis.targets import goal
from kpis.window import ALL
from model.errors import SettingsProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from kpis.dictionary import Answer, Kpi, Parts
    from kpis.targets import Goal
    from kpis.window import Window
    from model.wide import Wide

FACTS_READ: Final = COLUMNS | {fact for entry in KPIS.values() for fact in entry.needs}
"""Facts that KPIs read."""
MONEY_UNITS: Final = ("money", "money/day")
TARGETED: Final = "target period"
Place: TypeAlias = tuple[str, str]
"""A population and a clock."""


def measure(
    wide: Wide, *, by: Sequence[str] = (), window: Window = ALL, targets: pl.DataFrame | None = None,
    currency: str | None = None,
) -> list[KpiValue]:  # fmt: skip
    """Each KPI with empty dims, then once for each group of each single dimension of `by`.

    `targets` has the columns of `kpis.targets.TARGETS`; `currency` is the home currency, which names the unit. A
    dimension with a dormant fact is left out; a group that nothing names has the value None. Raises
    SettingsProblem for a dimension that is none, or targets that cannot be read.
    """
    if strange := [dim for dim in by if dim not in DIMS]:
        raise SettingsProblem(f"{strange[0]!r} is no dimension; KPIs can be given by {', '.join(DIMS)}.")
    aim = goal(targets, _today(wide), window.name, currency)
    sayable = [entry for entry in KPIS.values() if not _lacking(entry, wide)]
    frames = _frames(wide, window, aim)
    offered = [dim for dim in by if dim in TIME_DIMS or (dim not in wide.dormant and dim in wide.frame.columns)]
    rows: dict[str, list[tuple[dict[str, str | None], Answer]]] = {entry.id: [] for entry in KPIS.values()}
    dims: list[str | None] = [None, *offered]
    for dim in dims:
        for entry, group, parts in _aggregated(sayable, frames, dim, aim):
            rows[entry.id].append(({} if dim is None else {dim: group}, entry.answer(parts)))
    return [value for entry in KPIS.values() for value in _values(entry, rows[entry.id], wide, (window, aim, currency))]


def _today(wide: Wide) -> date:
    """The latest local day of as_of among the deals' owners."""
    days: list[date] = wide.frame["as_of_date"].unique().to_list()
    return max(days, default=wide.as_of.date())


def _lacking(entry: Kpi, wide: Wide) -> list[str]:
    return [fact for fact in entry.needs if fact in wide.dormant or fact not in wide.frame.columns]


def _frames(wide: Wide, window: Window, aim: Goal) -> Sequence[tuple[frozenset[Place], pl.DataFrame]]:
    """The rows to count, each frame with the populations and clocks that it answers."""
    stayed = stays(wide)
    return [
        (frozenset(("deals", clock) for clock in ("as_of", "closed", TARGETED)), deals(wide, window, aim)),
        (frozenset({("entries", "entered"), ("visits", "entered")}), visits(stayed, wide, window, "entered")),
        (frozenset({("visits", "left")}), visits(stayed, wide, window, "left")),
    ]


def _aggregated(
    entries: Sequence[Kpi], frames: Sequence[tuple[frozenset[Place], pl.DataFrame]], dim: str | None, aim: Goal
) -> Iterator[tuple[Kpi, str | None, Parts]]:
    """Every KPI's parts for every group of `dim`: one pass over each frame, all passes at once."""
    aims = aim.of(dim) if dim in {None, "owner", "team"} else {}
    named = [entry for entry in entries if dim is None or dim in entry.dims]
    asked = [([entry for entry in named if (entry.over, entry.clock) in places], frame) for places, frame in frames]
    asked = [(some, frame) for some, frame in asked if some]
    queries = [_grouped(frame.lazy(), some, dim) for some, frame in asked]
    tables = pl.collect_all(queries, engine="in-memory", optimizations=pl.QueryOptFlags.none())
    for (some, _), table in zip(asked, tables, strict=True):
        for row in table.iter_rows(named=True):
            group = None if dim is None else row[dim]
            for entry in some:
                yield entry, group, _parts(entry, row) | {"target": aims.get(group), "no_target": aim.why}
        # a target without a deal is covered by nothing, which is worth knowing
        targeted = [entry for entry in some if entry.clock == TARGETED]
        for group in aims.keys() - set(table[dim]) if dim and targeted else ():
            for entry in targeted:
                yield entry, group, dict.fromkeys(entry.parts, 0) | {"target": aims[group], "no_target": aim.why}


def _grouped(rows: pl.LazyFrame, entries: Sequence[Kpi], dim: str | None) -> pl.LazyFrame:
    """The parts of some KPIs, a row for each group of `dim`."""
    parts = [part.alias(f"{entry.id}.{name}") for entry in entries for name, part in entry.parts.items()]
    return rows.select(parts) if dim is None else rows.group_by(dim).agg(parts).sort(dim, nulls_last=True)


def _parts(entry: Kpi, row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[f"{entry.id}.{name}"] for name in entry.parts}


def _values(
    entry: Kpi, rows: Sequence[tuple[dict[str, str | None], Answer]], wide: Wide,
    context: tuple[Window, Goal, str | None],
) -> Iterator[KpiValue]:  # fmt: skip
    window, aim, currency = context
    name = {"as_of": "as_of", TARGETED: aim.label or "as_of"}.get(entry.clock, window.name)
    home = currency or "home currency"
    unit = entry.unit.replace("money", home) if entry.unit in MONEY_UNITS else entry.unit
    if lacking := _lacking(entry, wide):
        why = f"nothing is mapped for {', '.join(lacking)}"
        yield KpiValue(entry.id, {}, None, None, None, unit, name, 0, wide.as_of, why)
    for dims, answer in rows:
        numbers = (rounded(answer.value), rounded(answer.numerator), rounded(answer.denominator))
        yield KpiValue(entry.id, dims, *numbers, unit, name, answer.n, wide.as_of, answer.why)
