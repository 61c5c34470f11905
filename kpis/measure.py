"""`measure`: every KPI of a pipeline, over all deals and over each group that is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from kpis.answers import Answer, noted
from kpis.benchmarks import Benchmark, bands, benchmark_of
from kpis.catalogue import SHIPPED
from kpis.derived import derived, with_ingredients
from kpis.dictionary import BLANKED, TIME_DIMS, UNSCOPED
from kpis.left_out import NO_NOTES, Doubtful, ScopeNotes
from kpis.populations.population import Ask, dim_columns
from kpis.populations.rows import POPULATIONS
from kpis.spend import KINDS, spend_in
from kpis.tallies import Tallies
from kpis.targets import goal
from kpis.values import MONEY_UNITS, KpiValue
from kpis.window import ALL, DEFAULT_PER_DAY, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from kpis.dictionary import Kpi
    from kpis.left_out import Group
    from kpis.populations.rows import KpiRows

SPENT_BY: Final = tuple(KINDS)
"""Dimensions of the KPIs that compare with spend."""
DEALS: Final = "deals"
TARGETED: Final = "target period"
PER_DAY: Final = ("money/day", "per rep and week")
"""Units of rates over time."""
ASIDE: Final = (UNSCOPED, BLANKED)
ENOUGH: Final = 30
"""A value that rests on fewer is marked `few`."""


@dataclass(frozen=True)
class Question:
    """What is asked of a connection's KPIs.

    `by`: each entry is one or two dimensions to group by. `window` None: `all`, and the last 365 days for rates per
    day. `targets` has the columns of `kpis.targets.TARGETS`, `spend` those of `kpis.spend.SPEND`. `currency` is the
    home currency, which names the unit; `note` is what each value in money has to say about its amounts. `benchmarks`:
    the bands to compare values with. `scope`: what is to be said where the scope leaves deals out. `named`: a person
    named the dimensions, so each KPI says by which of them it is not given (`not_by`).
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
    scope: ScopeNotes = NO_NOTES
    named: bool = False
    kpis: Mapping[str, Kpi] = field(default_factory=lambda: SHIPPED)


def measure(rows: KpiRows, asked: Question) -> list[KpiValue]:
    """Each KPI over all deals, then once for each group of each entry of `asked.by`.

    A dimension with a fact that the connection does not know is left out; a group that nothing names is None. Raises
    SettingsProblem for targets that cannot be read.
    """
    usual = asked.window or ALL
    per_day = asked.window or Window(DEFAULT_PER_DAY, asked.fiscal_year_starts)
    every = with_ingredients(asked.kpis)
    windows: dict[Window, list[Kpi]] = {}
    for kpi in every.values():
        if not kpi.made_of:
            windows.setdefault(per_day if kpi.unit in PER_DAY else usual, []).append(kpi)
    values: dict[str, list[KpiValue]] = {id_: [] for id_ in every}
    for window, kpis in windows.items():
        for value in _Measuring(rows, asked, window, kpis).values():
            values[value.id].append(value)
    for kpi in every.values():
        if kpi.made_of:
            values[kpi.id] = [*derived(kpi, values, unit_of(kpi, asked.currency), _not_by(kpi, asked, rows))]
    return [value for id_ in asked.kpis for value in values[id_]]


def _not_by(kpi: Kpi, asked: Question, rows: KpiRows) -> list[dict[str, Any]]:
    """By which dimensions that a person named there are no groups of the KPI, and why."""
    found = []
    for dims in asked.by if asked.named else ():
        lacking = [dim for dim in dim_columns(dims) if dim not in TIME_DIMS and dim not in rows.facts]
        why = f"nothing is mapped for {', '.join(lacking)}" if lacking else ""
        if not kpi.takes(dims):
            why = noted(why, f"{kpi.id} is not given by {' and '.join(dims)}; it is given by {kpi.by}")
        if why:
            found.append({"by": list(dims), "why": why})
    return found


def unit_of(kpi: Kpi, currency: str | None) -> str:
    """The unit as values name it: money by its currency."""
    return kpi.unit.replace("money", currency or "home currency") if kpi.unit in MONEY_UNITS else kpi.unit


class _Measuring:
    """Some KPIs of one window."""

    def __init__(self, rows: KpiRows, asked: Question, window: Window, kpis: Sequence[Kpi]) -> None:
        self.rows, self.asked, self.window, self.kpis = rows, asked, window, kpis
        self.goal = goal(asked.targets, rows.today, window, asked.currency, asked.fiscal_year_starts)
        self.spend = spend_in(asked.spend, window, rows.today, asked.currency)
        self.span, self.bands = self._span(), bands(asked.benchmarks)
        self.made = {kpi.id: self._made(kpi) for kpi in kpis}
        self.sayable = [kpi for kpi in kpis if not self._unsayable(kpi)]
        self.tallies: dict[str, Tallies] = {}
        self.doubtful: dict[str, Doubtful] = {}
        self._mask()

    def _mask(self) -> None:
        """Make the rows of each population ready to be grouped."""
        wanted = {name for kpi in self.sayable for name in kpi.names}
        ask = Ask(self.rows.today, self.goal, self.window, self.rows.frames, wanted)
        masked: dict[str, pl.DataFrame] = {}
        for name in dict.fromkeys((DEALS, *(kpi.population for kpi in self.sayable))):
            population, kpis = POPULATIONS[name], [kpi for kpi in self.sayable if kpi.population == name]
            masked[name] = population.masked(self.rows.frames[name], ask)
            self.tallies[name] = Tallies(population, masked[name], kpis, self.asked.by)

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
            if why := self._unsayable(kpi):
                yield self._value(kpi, (), (), Answer(None, why=why))
        for dims in ((), *self.asked.by):
            if all(dim in TIME_DIMS or dim in self.rows.facts for dim in dim_columns(dims)):
                yield from self._groups([kpi for kpi in self.sayable if kpi.takes(dims)], tuple(dims))
        for kpi in self.sayable:
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
        places: dict[tuple[str, str], list[Kpi]] = {}
        for kpi in kpis:
            clock = kpi.clock if timed or kpi.clock == TARGETED else ""
            places.setdefault((kpi.population, clock), []).append(kpi)
        starts = self.asked.fiscal_year_starts
        for (population, _), some in places.items():
            table = self.tallies[population].table(some, dims, self.goal, starts)
            out = self.doubtful[population].left_out(some, dims, starts)
            for group, kpi, parts in self._parts(some, table, dims):
                yield self._value(kpi, dims, group, out.noted(kpi, group, kpi.answer(parts)))

    def _parts(
        self, kpis: Sequence[Kpi], table: Sequence[dict[str, Any]], dims: tuple[str, ...]
    ) -> Iterator[tuple[Group, Kpi, dict[str, Any]]]:
        columns = dim_columns(dims)
        targeted = [kpi for kpi in kpis if kpi.clock == TARGETED]
        aims = self.goal.of(dims[0] if dims else None) if targeted and len(dims) <= 1 else {}
        spending = any(kpi.only_by == SPENT_BY for kpi in kpis)
        for row in table:
            group = tuple(row[column] for column in columns)
            spent = self.spend.of(dims, group) if spending else (None, "")
            around = self._surroundings(aims.get(group[0] if group else None), spent)
            for kpi in kpis:
                parts = {name: row[column] for name, column in kpi.columns.items()}
                yield group, kpi, parts | around
        # a target without a deal is covered by nothing, which is worth knowing
        for named in sorted(aims.keys() - {row[columns[0]] for row in table}, key=str) if columns and targeted else ():
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
        more: dict[str, Any] = {}
        if answer.value is not None and "home currency" in kpi.currency:
            if not dims and self.asked.note:
                answer = replace(answer, why=noted(answer.why, self.asked.note))
            if self.rows.rate_date:
                more["rate_date"] = self.rows.rate_date.isoformat()
        names = dict(zip(dim_columns(dims), group, strict=True))
        few = answer.value is not None and answer.n < self.asked.enough and kpi.interval != "none"
        if not dims and (lacking := _not_by(kpi, self.asked, self.rows)):
            more["not_by"] = lacking
        if band := benchmark_of(self.bands, kpi.id, names):
            more["benchmark"] = {**band.json(), "comparable": answer.n >= self.asked.enough}
        return self.made[kpi.id](dims=names, answer=answer, few=few, more=more)

    def _made(self, kpi: Kpi) -> Callable[..., KpiValue]:
        """What makes the values of a KPI: its unit and the name, first and last day of its window are in place."""
        unit = unit_of(kpi, self.asked.currency)
        name, first, last = self._days(kpi)
        return partial(KpiValue, kpi, unit=unit, window=name, first=first, last=last, as_of=self.rows.as_of)

    def _days(self, kpi: Kpi) -> tuple[str, Any, Any]:
        """Name, first and last day of the KPI's window."""
        if kpi.clock == "as_of":
            return "as_of", None, self.rows.today
        if kpi.clock == TARGETED and self.goal.label:
            return self.goal.label, self.goal.first, self.goal.last
        return self.window.name if kpi.clock != TARGETED else "as_of", *self.window.days(self.rows.today)
