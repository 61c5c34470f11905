"""Revenue targets: the period that counts at as_of, and its targets for everybody, a team or an owner."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import polars as pl

from kpis.answers import noted
from kpis.periods import EXAMPLES, labels_of, period
from model.errors import SettingsProblem
from model.helpers.words import SHOWN, many
from model.snapshot import MONEY, columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from decimal import Decimal

    from kpis.window import Window

TARGETS: Final = columns({
    "owner": pl.String, "team": pl.String, "period": pl.String, "amount": MONEY, "currency": pl.String,
})  # fmt: skip
"""`period` as in `kpis.periods.period`. A row names an owner, a team, or neither; then it applies to everybody."""
NAMED: Final = ("owner", "team", "unknown_owner", "unknown_team")
"""The columns by which deals are of those who have a target."""
LONGEST_MONTH: Final = 31


@dataclass(frozen=True)
class Goal:
    """The targets of one period, from its first to its last day; `why` is the reason if there are none.

    A team's target goes before those of its owners. `note` says which days the period has where that may surprise.
    """

    rows: pl.DataFrame = field(default_factory=TARGETS.to_frame)
    label: str = ""
    first: date | None = None
    last: date | None = None
    why: str = "no target"
    note: str = ""

    def of(self, dim: str | None) -> Mapping[str | None, Decimal]:
        """Target by group of `dim`. The whole has the rows without a name, else what teams and owners have."""
        if self.rows.is_empty():
            return {}
        if dim == "owner":
            return _sums(self._kind("owner"), "owner")
        rows = pl.concat([self._kind("team"), self._teamless()])
        if dim == "team":
            return _sums(rows, "team")
        whole = rows if self._kind("all").is_empty() else self._kind("all")
        return {None: whole.select(pl.col("amount").sum()).item()} if whole.height else {}

    def targeted(self, dim: str | None) -> pl.Expr:
        """Whether a deal is of those who have a target; null where its owner or team is unknown and matters."""
        if self.rows.is_empty():
            return pl.lit(value=False)
        if dim is None and self._kind("all").height:
            return pl.lit(value=True)
        teams = [] if dim == "owner" else self._kind("team")["team"].to_list()
        owners = (self._kind("owner") if dim == "owner" else self._teamless())["owner"].to_list()
        named = [(name, names) for name, names in (("team", teams), ("owner", owners)) if names]
        has = [pl.col(name).is_in(names).fill_null(value=False) for name, names in named]
        unsure = [pl.col(f"unknown_{name}").fill_null(value=False) for name, _ in named]
        if not named:
            return pl.lit(value=False)
        return pl.when(pl.any_horizontal(has)).then(True).when(~pl.any_horizontal(unsure)).then(False)  # noqa: FBT003

    def reps(self) -> pl.DataFrame:
        """owner, team and amount of each owner with a target."""
        return self._kind("owner").group_by("owner").agg(pl.col("team").first(), pl.col("amount").sum())

    def holds(self, day: pl.Expr, as_of: pl.Expr) -> pl.Expr:
        """Whether the day lies in the period, up to `as_of`."""
        if not self.first:
            return pl.lit(value=False)
        return (day.is_between(self.first, self.last) & (day <= as_of)).fill_null(value=False)

    def _teamless(self) -> pl.DataFrame:
        """The owners' targets, without those of owners of a team with a target of its own."""
        teams = self._kind("team")["team"]
        return self._kind("owner").filter(~pl.col("team").is_in(teams.implode()).fill_null(value=False))

    def _kind(self, kind: str) -> pl.DataFrame:
        named = pl.when(pl.col("owner").is_not_null()).then(pl.lit("owner"))
        return self.rows.filter(
            named.when(pl.col("team").is_not_null()).then(pl.lit("team")).otherwise(pl.lit("all")) == kind
        )


def _sums(rows: pl.DataFrame, dim: str) -> dict[str | None, Decimal]:
    sums = rows.group_by(dim).agg(pl.col("amount").sum())
    return dict(zip(sums[dim], sums["amount"], strict=True))


def goal(
    targets: pl.DataFrame | None, on: date, window: Window, currency: str | None, fiscal_year_starts: int = 1
) -> Goal:
    """The targets of the period that `on` lies in: the quarter's, else the month's, else the year's.

    The calendar's go before the fiscal ones. With window `year` or `fiscal_year` the year's go first. A window that is
    a period itself, as 2026-Q3, asks for the targets of that period. Raises SettingsProblem for columns or periods that
    cannot be read.
    """
    if targets is None or not targets.height:
        return Goal()
    rows, yearly = _typed(targets), window.name in {"year", "fiscal_year"}
    labels = sorted(labels_of(on, fiscal_year_starts), key=lambda label: yearly and "-" in label)
    if period(window.name, fiscal_year_starts):
        labels = [window.name]
    for label in labels:
        found, days = rows.filter(pl.col("period") == label), period(label, fiscal_year_starts)
        if found.height and days:
            around = labels_of(min(on, days[1]), fiscal_year_starts)
            note = noted(_days(label, *days, fiscal_year_starts), _unused(rows, label, around))
            return Goal(found, label, *days, _unlike(found, currency), note)
    there = _listed(rows["period"].unique().sort().to_list())
    return Goal(why=f"no target for {', '.join(dict.fromkeys(labels))}; the targets are for {there}")


def _unused(rows: pl.DataFrame, label: str, labels: Sequence[str]) -> str:
    """Which other periods that the day lies in have targets of people, teams or everybody without one in `label`."""
    now = rows.filter(pl.col("period") == label)
    others = rows.filter(pl.col("period").is_in(labels)).join(now, on=["owner", "team"], how="anti", nulls_equal=True)
    found = _listed([one for one in labels if one in set(others["period"])])
    return f"{many(others.height, 'target')} for {found} not counted beside those for {label}" if found else ""


def _listed(periods: Sequence[str]) -> str:
    """The periods, the latest ones where there are many."""
    early = "earlier ones and " if len(periods) > SHOWN else ""
    return early + ", ".join(periods[-SHOWN:])


def _days(label: str, first: date, last: date, fiscal_year_starts: int) -> str:
    """Which days a quarter or year of the calendar has, where the fiscal one is another."""
    if fiscal_year_starts == 1 or label.startswith("FY") or (last - first).days < LONGEST_MONTH:
        return ""
    return f"{label} is the calendar's, {first:%-d %b %Y} to {last:%-d %b %Y}; write FY for fiscal periods"


def _unlike(rows: pl.DataFrame, currency: str | None) -> str:
    """Why these targets cannot be compared with the pipeline; empty if they can."""
    found = sorted(set(rows["currency"].drop_nulls()) | ({currency} if currency else set()))
    return f"targets and pipeline are in unlike currencies: {', '.join(found)}" if len(found) > 1 else ""


def _typed(targets: pl.DataFrame) -> pl.DataFrame:
    missing = [name for name in ("period", "amount") if name not in targets.columns]
    if missing:
        raise SettingsProblem(f"The targets have no column {' nor '.join(missing)}; they need {', '.join(TARGETS)}.")
    absent = [pl.lit(None, dtype).alias(name) for name, dtype in TARGETS.items() if name not in targets.columns]
    rows = targets.with_columns(absent).select(pl.col(name).cast(dtype) for name, dtype in TARGETS.items())
    for label in rows["period"].unique().to_list():
        if not label or not period(label):
            raise SettingsProblem(f"Period {label!r} of the targets is none; write {EXAMPLES}.")
    return rows
