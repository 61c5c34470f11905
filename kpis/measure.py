"""`measure`: every KPI of a pipeline, over all deals and over each group that is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from kpis.answers import Answer, noted
from kpis.benchmarks import Benchmark, benchmark_of
from kpis.catalogue import SHIPPED
from kpis.derived import derived, with_ingredients
from kpis.dictionary import TIME_DIMS
from kpis.left_out import left_out_of
from kpis.populations.population import Ask, dim_columns
from kpis.populations.rows import POPULATIONS
from kpis.spend import KINDS, spend_in
from kpis.targets import goal
from kpis.values import MONEY_UNITS, KpiValue
from kpis.window import ALL, DEFAULT_PER_DAY, Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kpis.dictionary import Kpi
    from kpis.left_out import Group
    from kpis.populations.rows import KpiRows

SPENT_BY: Final = tuple(KINDS)
"""Dimensions of the KPIs that compare with spend."""
DEALS: Final = "deals"
TARGETED: Final = "target period"
PER_DAY: Final = ("money/day", "per rep and week")
"""Units of rates over time."""
PLAIN: Final = pl.QueryOptFlags.none()
"""The queries are as short as they can be, and a run of few deals asks many of them."""
ENOUGH: Final = 30
"""A value that rests on fewer is marked `few`."""


@dataclass(frozen=True)
class Question:
    """What is asked of a connection's KPIs.

    `by`: each entry is one or two dimensions to group by. `window` None: `all`, and the last 365 days for rates per
    day. `targets` has the columns of `kpis.targets.TARGETS`, `spend` those of `kpis.spend.SPEND`. `currency` is the
    home currency, which names the unit; `note` is what each value in money has to say about its amounts. `benchmarks`:
    the bands to compare values with.
    """

    by: Sequence[tuple[str, ...]] = ()
    window: Window | None = None
    targets: pl.DataFrame | None = None
    spend: pl.DataFrame | None = None
    currency: str | None = None
    note: str = ""
    fiscal_year_starts: int = 1
    enough: int = ENOUGH
    benchmarks: Sequence[Benchmark] = ()
    kpis: Mapping[str, Kpi] = field(default_factory=lambda: SHIPPED)


def measure(rows: KpiRows, asked: Question) -> list[KpiValue]:
    """Each KPI over all deals, then once for each group of each entry of `asked.by`.

    A dimension with a fact that the connection does not know is left out; a group that nothing names is None. Raises
    SettingsProblem for targets that cannot be read.
    """
    usual = asked.window or ALL
    per_day = asked.window or Window(DEFAULT_PER_DAY, asked.fiscal_year_starts)
    every = with_ingredients(asked.kpis)
    plain = replace(asked, kpis={id_: kpi for id_, kpi in every.items() if not kpi.made_of})
    values: dict[str, list[KpiValue]] = {id_: [] for id_ in every}
    for window, kpis in ((usual, _of_unit(plain, per_day=False)), (per_day, _of_unit(plain, per_day=True))):
        if kpis:
            for value in _Measuring(rows, plain, window, kpis).values():
                values[value.id].append(value)
    for kpi in every.values():
        if kpi.made_of:
            values[kpi.id] = [*derived(kpi, values, unit_of(kpi, asked.currency))]
    return [value for id_ in asked.kpis for value in values[id_]]


def unit_of(kpi: Kpi, currency: str | None) -> str:
    """The unit as values name it: money by its currency."""
    return kpi.unit.replace("money", currency or "home currency") if kpi.unit in MONEY_UNITS else kpi.unit


def _parts_of(kpis: Sequence[Kpi]) -> dict[str, pl.Expr]:
    """Each distinct part of some KPIs by its column."""
    return {column: kpi.parts[name] for kpi in kpis for name, column in kpi.columns.items()}


def _of_unit(asked: Question, *, per_day: bool) -> list[Kpi]:
    return [kpi for kpi in asked.kpis.values() if (kpi.unit in PER_DAY) == per_day]


class _Measuring:
    """Some KPIs of one window."""

    def __init__(self, rows: KpiRows, asked: Question, window: Window, kpis: Sequence[Kpi]) -> None:
        self.rows, self.asked, self.window, self.kpis = rows, asked, window, kpis
        self.goal = goal(asked.targets, rows.today, window, asked.currency, asked.fiscal_year_starts)
        self.spend = spend_in(asked.spend, window, rows.today, asked.currency)
        ask = Ask(rows.today, self.goal, window, rows.frames)
        used = {name: POPULATIONS[name] for name in (DEALS, *(k.population for k in kpis if not self._unsayable(k)))}
        self.masked = {name: one.masked(rows.frames[name], ask) for name, one in used.items()}
        self.span = self._span()
        self.overall: dict[str, pl.DataFrame] = {}
        self.concerned = {name: one.concerned(self.masked[name], self.masked) for name, one in used.items()}

    def values(self) -> Iterator[KpiValue]:
        """All values."""
        for kpi in self.kpis:
            if why := self._unsayable(kpi):
                yield self._value(kpi, (), (), Answer(None, why=why))
        sayable = [kpi for kpi in self.kpis if not self._unsayable(kpi)]
        for dims in ((), *self.asked.by):
            if all(dim in TIME_DIMS or dim in self.rows.facts for dim in dim_columns(dims)):
                yield from self._groups([kpi for kpi in sayable if kpi.takes(dims)], tuple(dims))
        for kpi in sayable:
            if not kpi.takes(()):
                yield self._value(kpi, (), (), Answer(None, why=f"ask by {' and '.join(kpi.only_by) or 'stage'}"))

    def _unsayable(self, kpi: Kpi) -> str:
        """Why the KPI has no value whatever the group; empty if it can have one."""
        if lacking := [fact for fact in kpi.needs if fact not in self.rows.facts]:
            return f"nothing is mapped for {', '.join(lacking)}"
        if kpi.unit in PER_DAY and self.window.name == "all":
            return f"a rate per {kpi.unit.split()[-1].split('/')[-1]} needs a window of days, as 365d or 2026-Q3"
        return ""

    def _groups(self, kpis: Sequence[Kpi], dims: tuple[str, ...]) -> Iterator[KpiValue]:
        timed = any(dim in TIME_DIMS for dim in dims)
        places = dict.fromkeys((kpi.population, kpi.clock if timed else "") for kpi in kpis)
        asked = [[kpi for kpi in kpis if (kpi.population, kpi.clock if timed else "") == place] for place in places]
        tables = self._tables(asked, dims)
        for some, table in zip(asked, tables, strict=True):
            out = left_out_of(some, self._concerned(some[0], dims), dims)
            for group, kpi, parts in self._parts(some, table, dims):
                answer = out.noted(kpi, group, kpi.answer(parts))
                yield self._value(kpi, dims, group, answer)

    def _tables(self, asked: Sequence[Sequence[Kpi]], dims: tuple[str, ...]) -> list[pl.DataFrame]:
        """For each list of KPIs, of one population and clock: their parts, a row for each group."""
        ready = [self._as_overall(kpis, dims) for kpis in asked]
        queries = [self._grouped(kpis, dims) for kpis, table in zip(asked, ready, strict=True) if table is None]
        made = iter(pl.collect_all(queries, engine="in-memory", optimizations=PLAIN) if queries else ())
        tables = [next(made) if table is None else table for table in ready]
        if not dims:
            self.overall = {kpis[0].population: table for kpis, table in zip(asked, tables, strict=True)}
        return tables

    def _as_overall(self, kpis: Sequence[Kpi], dims: tuple[str, ...]) -> pl.DataFrame | None:
        """Where all rows are of one group, the parts of that group are those of all rows; None where they are not."""
        population, parts = kpis[0].population, _parts_of(kpis)
        rows, overall, columns = self.masked[population], self.overall.get(population), dim_columns(dims)
        if len(columns) != 1 or columns[0] not in rows.columns or rows[columns[0]].n_unique() != 1:
            return None
        if overall is None or not parts.keys() <= set(overall.columns):
            return None
        if self.goal.rows.height and any(kpi.clock == TARGETED for kpi in kpis):
            return None
        return overall.select(rows[columns[0]].head(1), *parts)

    def _grouped(self, kpis: Sequence[Kpi], dims: tuple[str, ...]) -> pl.LazyFrame:
        """The parts of some KPIs of one population and clock, a row for each group."""
        population = POPULATIONS[kpis[0].population]
        rows = population.grouped(
            self.masked[kpis[0].population], dims, kpis[0].clock, self.asked.fiscal_year_starts
        )  # fmt: skip
        if kpis[0].population == "deals":
            rows = rows.with_columns(targeted=self.goal.targeted(dims[0] if dims else None))
        parts = [part.alias(name) for name, part in _parts_of(kpis).items()]
        columns = dim_columns(dims)
        return rows.group_by(columns).agg(parts).sort(columns, nulls_last=True) if dims else rows.select(parts)

    def _concerned(self, kpi: Kpi, dims: tuple[str, ...]) -> pl.DataFrame | None:
        """The deals among which something is unknown, with the dimensions as the KPI's clock has them."""
        deals = self.concerned[kpi.population]
        if deals is None:
            return None
        population = POPULATIONS[kpi.population]
        return population.grouped(deals, dims, kpi.clock, self.asked.fiscal_year_starts).collect()

    def _parts(
        self, kpis: Sequence[Kpi], table: pl.DataFrame, dims: tuple[str, ...]
    ) -> Iterator[tuple[Group, Kpi, dict[str, Any]]]:
        columns = dim_columns(dims)
        targeted = [kpi for kpi in kpis if kpi.clock == TARGETED]
        aims = self.goal.of(dims[0] if dims else None) if targeted and len(dims) <= 1 else {}
        spending = any(kpi.only_by == SPENT_BY for kpi in kpis)
        for row in table.iter_rows(named=True):
            group = tuple(row[column] for column in columns)
            spent = self.spend.of(dims, group) if spending else (None, "")
            around = self._surroundings(aims.get(group[0] if group else None), spent)
            for kpi in kpis:
                parts = {name: row[column] for name, column in kpi.columns.items()}
                yield group, kpi, parts | around
        # a target without a deal is covered by nothing, which is worth knowing
        for named in aims.keys() - set(table[columns[0]]) if columns and targeted else ():
            for kpi in targeted:
                yield (named,), kpi, dict.fromkeys(kpi.parts, 0) | self._surroundings(aims[named], (None, ""))

    def _surroundings(self, target: Any, spent: tuple[Any, str]) -> dict[str, Any]:
        """What an answer may need beside the parts of its rows."""
        around = {"target": target, "no_target": self.goal.why, "goal_note": self.goal.note, **self.span}
        return {**around, "spend": spent[0], "no_spend": spent[1]}

    def _span(self) -> dict[str, Any]:
        """`window_days`: from the first day known to the last; `known_from`: that day, if the window is longer."""
        first, last = self.window.days(self.rows.today)
        earliest: date | None = self.rows.frames["deals"]["created"].min()  # type: ignore[assignment]
        begins = max(first or last, earliest or date.min)
        late = first is not None and begins > first
        return {"window_days": max((last - begins).days + 1, 0), "known_from": begins if late else None}

    def _value(self, kpi: Kpi, dims: tuple[str, ...], group: Group, answer: Answer) -> KpiValue:
        unit = unit_of(kpi, self.asked.currency)
        if answer.value is not None and "home currency" in kpi.currency and not dims:
            answer = replace(answer, why=noted(answer.why, self.asked.note))
        name, first, last = self._days(kpi)
        names = dict(zip(dim_columns(dims), group, strict=True))
        few = answer.value is not None and answer.n < self.asked.enough and kpi.interval != "none"
        rated = self.rows.rate_date if "home currency" in kpi.currency and answer.value is not None else None
        more: dict[str, Any] = {"rate_date": rated.isoformat()} if rated else {}
        if band := benchmark_of(self.asked.benchmarks, kpi.id, names):
            more["benchmark"] = band.json()
        return KpiValue(kpi, names, answer, unit, name, first, last, self.rows.as_of, few, more)

    def _days(self, kpi: Kpi) -> tuple[str, Any, Any]:
        """Name, first and last day of the KPI's window."""
        if kpi.clock == "as_of":
            return "as_of", None, self.rows.today
        if kpi.clock == TARGETED and self.goal.label:
            return self.goal.label, self.goal.first, self.goal.last
        return self.window.name if kpi.clock != TARGETED else "as_of", *self.window.days(self.rows.today)
