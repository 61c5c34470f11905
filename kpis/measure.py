"""`measure`: every KPI of a pipeline, over all deals and over each group that is asked for."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import polars as pl

from kpis.answers import Answer, lack, noted
from kpis.benchmarks import benchmark_of
from kpis.derived import derived, with_ingredients
from kpis.dictionary import BLANKED, TARGET_PERIOD, TIME_DIMS, UNSCOPED
from kpis.left_out import Doubtful
from kpis.periods import period
from kpis.populations.population import Ask, dim_columns
from kpis.populations.rows import POPULATIONS
from kpis.question import PER_DAY
from kpis.surroundings import Surroundings
from kpis.tallies import Tallies, collected
from kpis.values import KpiValue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from kpis.dictionary import Kpi
    from kpis.left_out import Group
    from kpis.populations.rows import KpiRows
    from kpis.question import Question
    from kpis.window import Window

DEALS: Final = "deals"
ASIDE: Final = (UNSCOPED, BLANKED)


def measure(rows: KpiRows, asked: Question) -> list[KpiValue]:
    """Each KPI over all deals, then once for each group of each entry of `asked.by`.

    A dimension with a fact that the connection does not know is left out; a group that nothing names is None. Raises
    SettingsProblem for targets that cannot be read.
    """
    every = with_ingredients(asked.kpis)
    windows: dict[Window, list[Kpi]] = {}
    for kpi in every.values():
        if not kpi.made_of:
            windows.setdefault(asked.window_of(kpi), []).append(kpi)
    values: dict[str, list[KpiValue]] = {id_: [] for id_ in every}
    for window, kpis in windows.items():
        for value in _Measuring(rows, asked, window, kpis).values():
            values[value.id].append(value)
    for kpi in every.values():
        if kpi.made_of:
            values[kpi.id] = [*derived(kpi, values, asked.unit_of(kpi), asked.not_by(kpi, rows.facts))]
    return [value for id_ in asked.kpis for value in values[id_]]


class _Table(NamedTuple):
    """Some KPIs of one population and clock by some dimensions. `windowed`: a period outside the window is no group."""

    population: str
    dims: tuple[str, ...]
    kpis: Sequence[Kpi]
    windowed: bool


class _Measuring:
    """Some KPIs of one window."""

    def __init__(self, rows: KpiRows, asked: Question, window: Window, kpis: Sequence[Kpi]) -> None:
        self.rows, self.asked, self.window, self.kpis = rows, asked, window, kpis
        self.around = Surroundings(rows, asked, window)
        self.made = {kpi.id: self._made(kpi) for kpi in kpis}
        self.sayable = [kpi for kpi in kpis if not (self._unmapped(kpi) or self._dayless(kpi))]
        self.tallies: dict[str, Tallies] = {}
        self.doubtful: dict[str, Doubtful] = {}
        self._mask()

    def _mask(self) -> None:
        """Make the rows of each population ready to be grouped."""
        wanted = {name for kpi in self.sayable for name in kpi.names}
        ask = Ask(self.rows.today, self.around.goal, self.window, self.rows.frames, wanted)
        masked: dict[str, pl.DataFrame] = {}
        for name in dict.fromkeys((DEALS, *(kpi.population for kpi in self.sayable))):
            population, kpis = POPULATIONS[name], [kpi for kpi in self.sayable if kpi.population == name]
            masked[name] = population.masked(self.rows.frames[name], ask)
            of = masked[population.of] if population.of else None
            self.tallies[name] = Tallies(population, masked[name], kpis, self.asked.by, of)

        doubted = self._with_aside(masked, ask)
        for name in masked:
            kpis = [kpi for kpi in self.sayable if kpi.population == name]
            deals = POPULATIONS[name].concerned(doubted[name], doubted)
            self.doubtful[name] = Doubtful(POPULATIONS[name], deals, kpis, self.asked.scope)

    def _with_aside(self, masked: Mapping[str, pl.DataFrame], ask: Ask) -> dict[str, pl.DataFrame]:
        """The rows with those that are set aside by the scope, as they would count in it."""
        unsure = self.rows.aside.get(UNSCOPED, {}).keys()
        sure = {name: rows.filter(~pl.col("scopeless")) if name in unsure else rows for name, rows in masked.items()}
        found = {name: rows.with_columns(**dict.fromkeys(ASIDE, pl.lit(value=False))) for name, rows in sure.items()}
        for mark, frames in self.rows.aside.items():
            as_if = replace(ask, frames={**ask.frames, "deals": frames["deals"]})
            marks = {name: pl.lit(name == mark) for name in ASIDE}
            for name in found.keys() & frames.keys():
                more = POPULATIONS[name].masked(frames[name], as_if).with_columns(**marks)
                found[name] = pl.concat([found[name], more], how="diagonal_relaxed")
        return found

    def values(self) -> Iterator[KpiValue]:
        """All values."""
        for kpi in self.kpis:
            if why := self._unmapped(kpi):
                yield self._value(kpi, (), (), Answer(None, why=why), "not mapped")
            elif why := self._dayless(kpi):
                yield self._value(kpi, (), (), Answer(None, why=why), "asked otherwise")
        yield from self._tabled([*self._tables(())])
        known = [dims for dims in self.asked.by if all(self._knows(dim) for dim in dim_columns(dims))]
        yield from self._tabled([table for dims in known for table in self._tables(tuple(dims))])
        for kpi in self.sayable:
            if not kpi.takes(()):
                why = f"ask by {' and '.join(kpi.only_by) or 'stage'}"
                yield self._value(kpi, (), (), Answer(None, why=why), "asked otherwise")

    def _unmapped(self, kpi: Kpi) -> str:
        """Why nobody can know the KPI here; empty where the facts that it needs are mapped."""
        lacking = [fact for fact in kpi.needs if fact not in self.rows.facts]
        return f"nothing is mapped for {', '.join(lacking)}" if lacking else ""

    def _dayless(self, kpi: Kpi) -> str:
        """Why a rate over time has no value in a window without an end; empty for others."""
        if kpi.unit not in PER_DAY or self.window.name != "all":
            return ""
        return f"a rate per {kpi.unit.split()[-1].split('/')[-1]} needs a window of days, as 365d or 2026-Q3"

    def _knows(self, dim: str) -> bool:
        return dim in TIME_DIMS or dim in self.rows.facts

    def _tables(self, dims: tuple[str, ...]) -> Iterator[_Table]:
        """What is asked by some dimensions: a table for each population and clock."""
        timed = any(dim in TIME_DIMS for dim in dims)
        places: dict[tuple[str, str], list[Kpi]] = {}
        for kpi in self.sayable:
            if kpi.takes(dims):
                clock = kpi.clock if timed or kpi.clock == TARGET_PERIOD else ""
                places.setdefault((kpi.population, clock), []).append(kpi)
        for (population, clock), kpis in places.items():
            yield _Table(population, dims, kpis, windowed=timed and clock != "as_of")

    def _tabled(self, tables: Sequence[_Table]) -> Iterator[KpiValue]:
        goal, starts = self.around.goal, self.asked.fiscal_year_starts
        queries = [self.tallies[one.population].query(one.kpis, one.dims, goal, starts) for one in tables]
        for one, found in zip(tables, collected(queries), strict=True):
            if not one.dims:
                self.tallies[one.population].keep(found)
            out = self.doubtful[one.population].left_out(one.kpis, one.dims, starts)
            for group, kpi, parts, around in self._parts(one.kpis, found.rows(named=True), one.dims):
                plain = kpi.answer(parts | around)
                answer = out.noted(kpi, group, plain)
                if not (one.windowed and answer is plain and _nothing(parts) and self._outside(one.dims, group)):
                    yield self._value(kpi, one.dims, group, answer, self.around.lack(kpi, around))

    def _outside(self, dims: tuple[str, ...], group: Group) -> bool:
        """Whether the group is of a period that has no day of the window."""
        first, last = self.window.days(self.rows.today)
        members = [name for dim, name in zip(dim_columns(dims), group, strict=True) if dim in TIME_DIMS and name]
        spans = filter(None, (period(name, self.asked.fiscal_year_starts) for name in members))
        return any(begins > last or (first is not None and ends < first) for begins, ends in spans)

    def _parts(
        self, kpis: Sequence[Kpi], table: Sequence[dict[str, Any]], dims: tuple[str, ...]
    ) -> Iterator[tuple[Group, Kpi, dict[str, Any], dict[str, Any]]]:
        """By group and KPI, the parts of its rows and what stands around them."""
        columns = dim_columns(dims)
        rows = {tuple(row[column] for column in columns): row for row in table}
        for group, around in self.around.of(kpis, dims, [*rows]):
            if row := rows.get(group):
                for kpi in kpis:
                    yield group, kpi, {name: row[column] for name, column in kpi.columns.items()}, around
            else:
                for kpi in kpis:
                    if kpi.clock == TARGET_PERIOD:
                        yield group, kpi, dict.fromkeys(kpi.parts, 0), around

    def _value(self, kpi: Kpi, dims: tuple[str, ...], group: Group, answer: Answer, no_value: str = "") -> KpiValue:
        """One value. `no_value`: why there is none, if it is another reason than that of the answer."""
        more: dict[str, Any] = {"no_value": no_value or lack(answer)} if answer.value is None else {}
        if answer.value is not None and "home currency" in kpi.currency:
            if not dims and self.asked.note:
                answer = replace(answer, why=noted(answer.why, self.asked.note))
            if self.rows.rate_date:
                more["rate_date"] = self.rows.rate_date.isoformat()
        names = dict(zip(dim_columns(dims), group, strict=True))
        few = answer.value is not None and answer.n < self.asked.enough and kpi.interval != "none"
        if not dims and (lacking := self.asked.not_by(kpi, self.rows.facts)):
            more["not_by"] = lacking
        if band := benchmark_of(self.asked.bands, kpi.id, names):
            more["benchmark"] = {**band.json(), "comparable": answer.n >= self.asked.enough}
        return self.made[kpi.id](dims=names, answer=answer, few=few, more=more)

    def _made(self, kpi: Kpi) -> Callable[..., KpiValue]:
        """What makes the values of a KPI: its unit and the name, first and last day of its window are in place."""
        name, first, last = self._days(kpi)
        unit, currency = self.asked.unit_of(kpi), self.asked.currency if "home currency" in kpi.currency else None
        return partial(
            KpiValue, kpi, unit=unit, currency=currency, window=name, first=first, last=last, as_of=self.rows.as_of
        )

    def _days(self, kpi: Kpi) -> tuple[str, Any, Any]:
        """Name, first and last day of the KPI's window."""
        goal = self.around.goal
        if kpi.clock == "as_of":
            return "as_of", None, self.rows.today
        if kpi.clock == TARGET_PERIOD and goal.label:
            return goal.label, goal.first, goal.last
        return self.window.name if kpi.clock != TARGET_PERIOD else "as_of", *self.window.days(self.rows.today)


def _nothing(parts: Mapping[str, Any]) -> bool:
    """Whether the parts are of no row."""
    return not any(any(one is not None for one in part) if isinstance(part, list) else part for part in parts.values())
