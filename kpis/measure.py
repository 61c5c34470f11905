"""`measure`: every KPI of a pipeline, over all deals and over each group of each dimension asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from kpis.catalogue import KPIS
from kpis.dictionary import DIMS, TIME_DIMS, KpiValue, rounded
from kpis.left_out import left_out_of
from kpis.populations import COLUMNS, deals, stays, visitors, visits
from kpis.targets import goal
from kpis.window import ALL
from model.errors import SettingsProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    import polars as pl

    from kpis.dictionary import Answer, Kpi, Parts
    from kpis.targets import Goal
    from kpis.window import Window
    from model.wide import Wide

FACTS_READ: Final = COLUMNS | {fact for entry in KPIS.values() for fact in entry.needs}
"""Facts that KPIs read."""
MONEY_UNITS: Final = ("money", "money/day")


def measure(
    wide: Wide, *, by: Sequence[str] = (), window: Window = ALL, targets: pl.DataFrame | None = None,
    currency: str | None = None, note: str = "",
) -> list[KpiValue]:  # fmt: skip
    """Each KPI with empty dims, then once for each group of each single dimension of `by`.

    `targets` has the columns of `kpis.targets.TARGETS`; `currency` is the home currency, which names the unit; `note`
    is what each value in money has to say of its amounts. A
    dimension whose fact is dormant is left out; a group that nothing names has the value None. Raises
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
        for entry, group, answer in _answers(sayable, frames, dim, aim):
            rows[entry.id].append(({} if dim is None else {dim: group}, answer if dim else noted(entry, answer, note)))
    return [value for entry in KPIS.values() for value in _values(entry, rows[entry.id], wide, (window, aim, currency))]


def _today(wide: Wide) -> date:
    """The latest local day of as_of among the deals' owners."""
    days: list[date] = wide.frame["as_of_date"].unique().to_list()
    return max(days, default=wide.as_of.date())


def _lacking(entry: Kpi, wide: Wide) -> list[str]:
    return [fact for fact in entry.needs if fact in wide.dormant or fact not in wide.frame.columns]


def noted(entry: Kpi, answer: Answer, note: str) -> Answer:
    """The answer with a note, where it is made of money and has a value."""
    if answer.value is None or "home currency" not in entry.currency:
        return answer
    return replace(answer, why="; ".join(filter(None, (answer.why, note))))


Rows: TypeAlias = "tuple[pl.DataFrame, pl.DataFrame]"
"""The rows that are counted, and a row for each deal that is counted or left out."""


def _frames(wide: Wide, window: Window, aim: Goal) -> Mapping[tuple[str, str], Rows]:
    """The rows by population and clock."""
    stayed = stays(wide)
    entered, left = (visits(stayed, wide, window, clock) for clock in ("entered", "left"))
    rows, entering = deals(wide, window, aim), visitors(stayed, entered, wide)
    return {
        **{("deals", clock): (rows, rows) for clock in ("as_of", "closed", "target period")},
        ("entries", "entered"): (entered, entering),
        ("visits", "entered"): (entered, entering),
        ("visits", "left"): (left, visitors(stayed, left, wide)),
    }


def _answers(
    entries: Sequence[Kpi], frames: Mapping[tuple[str, str], Rows], dim: str | None, aim: Goal
) -> Iterator[tuple[Kpi, str | None, Answer]]:
    """Every KPI's answer for every group of `dim`, with what it leaves out: one pass over each frame."""
    for place, (frame, concerned) in frames.items():
        asked = [
            entry for entry in entries if (entry.over, entry.clock) == place and (dim is None or dim in entry.dims)
        ]
        if not asked:
            continue
        out = left_out_of(asked, concerned, dim)
        for entry, group, parts in _aggregated(asked, frame, dim, aim):
            yield entry, group, out.noted(entry, group, entry.answer(parts))


def _aggregated(
    asked: Sequence[Kpi], frame: pl.DataFrame, dim: str | None, aim: Goal
) -> Iterator[tuple[Kpi, str | None, Parts]]:
    """Every KPI's parts for every group of `dim`."""
    aims = aim.of(dim) if dim in {None, "owner", "team"} else {}
    exprs = [part.alias(f"{entry.id}.{name}") for entry in asked for name, part in entry.parts.items()]
    table = frame.select(exprs) if dim is None else frame.group_by(dim).agg(exprs).sort(dim, nulls_last=True)
    for row in table.iter_rows(named=True):
        group = None if dim is None else row[dim]
        for entry in asked:
            yield entry, group, _parts(entry, row) | {"target": aims.get(group), "no_target": aim.why}
    # a target without a deal is covered by nothing, which is worth knowing
    for group in aims.keys() - set(table[dim]) if dim else ():
        for entry in (entry for entry in asked if entry.clock == "target period"):
            yield entry, group, dict.fromkeys(entry.parts, 0) | {"target": aims[group], "no_target": aim.why}


def _parts(entry: Kpi, row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[f"{entry.id}.{name}"] for name in entry.parts}


def _values(
    entry: Kpi, rows: Sequence[tuple[dict[str, str | None], Answer]], wide: Wide,
    context: tuple[Window, Goal, str | None],
) -> Iterator[KpiValue]:  # fmt: skip
    window, aim, currency = context
    name = {"as_of": "as_of", "target period": aim.label or "as_of"}.get(entry.clock, window.name)
    home = currency or "home currency"
    unit = entry.unit.replace("money", home) if entry.unit in MONEY_UNITS else entry.unit
    if lacking := _lacking(entry, wide):
        why = f"nothing is mapped for {', '.join(lacking)}"
        yield KpiValue(entry.id, {}, None, None, None, unit, name, 0, wide.as_of, why)
    for dims, answer in rows:
        numbers = (rounded(answer.value), rounded(answer.numerator), rounded(answer.denominator))
        yield KpiValue(entry.id, dims, *numbers, unit, name, answer.n, wide.as_of, answer.why)
