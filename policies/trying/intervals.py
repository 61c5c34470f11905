"""How each rule came out over many days: stretches of days with one answer, for each deal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from model.calendars.replay_days import BROKEN, NOT_APPLICABLE, PASSED, STRETCHES, UNKNOWN
from policies.judging.gates import Gates
from policies.judging.judge import rule_columns
from policies.trying.crossings import spots, turns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from model.calendars.replay_days import Days
    from model.wide import Wide
    from policies.judging.rules import Rule
    from policies.language import Condition
    from policies.trying.crossings import Turn


FAR: Final = 2**62
"""A day that never comes."""


def stretches(days: Days, rules: Sequence[Rule], scope: Condition | None) -> Iterator[tuple[Rule, pl.DataFrame]]:
    """Of each rule sorted pieces (deal, day, until, state) on the open deals that `scope` surely claims; see `whole`.

    Of a criterion that moves bind, they are its answers on every day on which the deal is in its process; where a
    silent team hides them the column `heard` has the answers by what was logged. See gate_intervals.
    """
    how = Manner(days, scope)
    slow, turning, daily, limits = _sorted(days, rules, scope)
    yield from how.pieces(slow, days.rows.with_row_index("row").select(pl.col("row").cast(pl.Int64), "day", "until"))
    asked = frozenset[str]().union(*(rule.facts for rule in turning), scope.facts if scope else ())
    yield from how.pieces(turning, spots(days.wide.frame, days.rows, limits, days.flip_spots(asked)))
    for part in days.every_day() if daily else ():
        yield from how.pieces(daily, part)


def _sorted(
    days: Days, rules: Sequence[Rule], scope: Condition | None
) -> tuple[list[Rule], list[Rule], list[Rule], list[Turn]]:
    """Rules whose answers change only where something is recorded; where a count passes `limits`; on any day."""
    slow: list[Rule] = []
    turning: list[Rule] = []
    limits: list[Turn] = []
    daily: list[Rule] = []
    for rule in rules:
        conditions = [c for c in (rule.condition, rule.applies_to, scope) if c is not None]
        found = turns(conditions)
        if found is None:
            daily.append(rule)
        elif found or any(days.flips(c.facts) for c in conditions):
            turning.append(rule)
            limits += found
        else:
            slow.append(rule)
    return slow, turning, daily, limits


@dataclass(frozen=True)
class Manner:
    """How pieces of days are judged, and which deals count."""

    days: Days
    scope: Condition | None

    def pieces(self, rules: Sequence[Rule], pieces: pl.DataFrame) -> Iterator[tuple[Rule, pl.DataFrame]]:
        """Each rule's answers on pieces (row, day, until), neighbours with one answer merged."""
        if not rules:
            return
        facts = frozenset[str]().union(*(rule.facts for rule in rules), self.scope.facts if self.scope else ())
        wide, rows = self.days.on(pieces, facts | {"is_open", "stage"})
        gates = [rule for rule in rules if bound_by_moves(rule)]
        heard, _ = self.days.heard().on(pieces, facts | {"is_open", "stage"}) if gates else (wide, rows)
        states = self._states(rules, wide, rows, heard)
        for rule in rules:
            if rule in gates:
                yield (
                    rule,
                    merged(states.select("deal", "day", "until", "claimed", state=rule.id, heard=f"{rule.id}.heard")),
                )
            else:
                yield rule, merged(states.filter("claimed").select("deal", "day", "until", state=rule.id))

    def _states(self, rules: Sequence[Rule], wide: Wide, rows: pl.DataFrame, heard: Wide) -> pl.DataFrame:
        """The `rows` with a column of states for each rule, and whether the deal is open and in scope (`claimed`)."""
        judged = [column for rule in rules for column in _columns(rule, wide)]
        claimed = pl.col("is_open").fill_null(value=False)
        if self.scope is not None:
            claimed &= self.scope.polars(wide).fill_null(value=False)
        answers = wide.frame.lazy().select(*judged, claimed.alias("claimed"))
        states = answers.select("claimed", *(state(rule).alias(rule.id) for rule in rules)).collect()
        gates = [rule for rule in rules if bound_by_moves(rule)]
        plain = heard.frame.lazy().select(column for rule in gates for column in _columns(rule, heard))
        more = plain.select(state(rule).alias(f"{rule.id}.heard") for rule in gates).collect() if gates else None
        return rows.hstack(states) if more is None else rows.hstack(states).hstack(more)


def bound_by_moves(rule: Rule) -> bool:
    """Whether the rule is a criterion that is asked because of a move."""
    return rule.place is not None and rule.place.criterion.holds == "once"


def _columns(rule: Rule, wide: Wide) -> list[pl.Expr]:
    """The rule's columns; of a criterion that moves bind, what it says wherever the deal is in its process."""
    if rule.place is None or not bound_by_moves(rule):
        return rule_columns(rule, wide, Gates())
    here = (pl.col("process") == rule.place.process.id).fill_null(value=False)
    unmet = pl.when(here).then(~rule.condition.polars(wide)).otherwise(pl.lit(value=False))
    return [here.alias(rule.applies), unmet.alias(rule.broken)]


def whole(pieces: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """A rule's STRETCHES out of all its pieces, as judging every day in turn would find them."""
    return merged(pl.concat(pieces).sort("deal", "day")) if pieces else pl.DataFrame(schema=STRETCHES)


def gate_intervals(pieces: Sequence[pl.DataFrame], windows: pl.DataFrame) -> pl.DataFrame:
    """STRETCHES of a criterion that moves bind; once met it stays met.

    `windows`: deal, first, end (days from the one that first knows of a move until the one that knows of a move back),
    met (the first day that knows of an instant at which it was true; null: none is known).
    """
    if not pieces or windows.is_empty():
        return pl.DataFrame(schema=STRETCHES)
    days = pl.concat(pieces).sort("deal", "day")
    bound = days.join(_apart(windows), on="deal").filter(
        (pl.col("day") < pl.col("end")) & (pl.col("until") > pl.col("first"))
    )
    bound = bound.with_columns(day=pl.max_horizontal("day", "first"), until=pl.min_horizontal("until", "end"))
    heard = bound.filter(pl.col("heard") == PASSED).group_by("deal").agg(heard_on=pl.col("day").min())
    entered = windows.group_by("deal").agg(pl.col("met").min())
    met = bound.join(heard, on="deal", how="left").join(entered, on="deal", how="left")
    met = met.with_columns(met=pl.min_horizontal("met", "heard_on").fill_null(FAR)).filter("claimed")
    before = met.filter(pl.col("day") < pl.col("met")).with_columns(until=pl.min_horizontal("until", "met"))
    after = met.filter(pl.col("until") > pl.col("met")).with_columns(
        day=pl.max_horizontal("day", "met"), state=pl.lit(PASSED, pl.Int8)
    )
    return merged(pl.concat([before, after]).select("deal", "day", "until", "state").sort("deal", "day"))


def _apart(windows: pl.DataFrame) -> pl.DataFrame:
    """deal, first, end of the windows of each deal, those that overlap as one."""
    rows = windows.sort("deal", "first")
    reached = pl.col("end").cum_max().shift(1).over("deal")
    rows = rows.with_columns(part=(reached.is_null() | (pl.col("first") > reached)).cum_sum())
    return rows.group_by("deal", "part", maintain_order=True).agg(pl.col("first").min(), pl.col("end").max())


def state(rule: Rule) -> pl.Expr:
    """The rule's answer as one number, over the columns of a verdict."""
    return (
        pl.when(pl.col(rule.broken).is_null()).then(UNKNOWN)
        .when(pl.col(rule.broken)).then(BROKEN)
        .when(pl.col(rule.applies)).then(PASSED)
        .otherwise(NOT_APPLICABLE).cast(pl.Int8)
    )  # fmt: skip


def merged(pieces: pl.DataFrame) -> pl.DataFrame:
    """STRETCHES out of pieces sorted by deal and day: neighbours with one answer are one."""
    same = [pl.col(name) == pl.col(name).shift(1) for name in pieces.columns if name not in {"day", "until"}]
    joins = pl.all_horizontal(*same, pl.col("day") == pl.col("until").shift(1)).fill_null(value=False)
    starts = pieces.with_columns(new=~joins)
    ends = pl.col("new").shift(-1).fill_null(value=True)
    until = starts.filter(ends)["until"]
    return starts.filter("new").drop("new").with_columns(until).filter(pl.col("state") != NOT_APPLICABLE)
