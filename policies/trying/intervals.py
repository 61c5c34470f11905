"""How each rule came out over many days: stretches of days with one answer, for each deal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from model.calendars.replay_days import BROKEN, NOT_APPLICABLE, PASSED, STRETCHES, UNKNOWN
from model.previous_verdict import Memory
from policies.judging.gates import with_bindings
from policies.judging.judge import Context, rule_columns
from policies.trying.crossings import spots, turns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from model.calendars.replay_days import Days
    from model.wide import Wide
    from policies.judging.rules import Rule
    from policies.language.condition import Condition
    from policies.trying.crossings import Turn


def stretches(
    days: Days, rules: Sequence[Rule], context: Context, scope: Condition | None
) -> Iterator[tuple[Rule, pl.DataFrame]]:
    """Of each rule sorted pieces (deal, day, until, state) on the open deals that `scope` surely claims; see `whole`.

    `context.first_runs` must have the day from which moves bind for each criterion that does not say it.
    """
    source = replace(days, wide=replace(days.wide, frame=with_bindings(days.wide, rules, context.first_runs)))
    how = Manner(source, context, scope)
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
    """How pieces of days are judged: the days with the moves that bind, since when they do, and which deals count."""

    days: Days
    context: Context
    scope: Condition | None

    def pieces(self, rules: Sequence[Rule], pieces: pl.DataFrame) -> Iterator[tuple[Rule, pl.DataFrame]]:
        """Each rule's answers on pieces (row, day, until), neighbours with one answer merged."""
        if not rules:
            return
        facts = frozenset[str]().union(*(rule.facts for rule in rules), self.scope.facts if self.scope else ())
        gated = any(rule.place for rule in rules)
        bindings = [c for c in self.days.wide.frame.columns if gated and c.startswith("_") and "/" in c]
        wide, rows = self.days.on(pieces, facts | {"is_open", "stage"}, bindings)
        states = self._states(rules, wide, rows)
        for rule in rules:
            yield rule, merged(states.select("deal", "day", "until", state=rule.id))

    def _states(self, rules: Sequence[Rule], wide: Wide, rows: pl.DataFrame) -> pl.DataFrame:
        """The `rows` with a column of states for each rule, of the open deals in scope."""
        judged = [column for rule in rules for column in rule_columns(rule, wide, Memory(), self.context)]
        claimed = pl.col("is_open").fill_null(value=False)
        if self.scope is not None:
            claimed &= self.scope.polars(wide).fill_null(value=False)
        answers = wide.frame.lazy().select(*judged, claimed.alias("_claimed"))
        states = answers.select("_claimed", *(state(rule).alias(rule.id) for rule in rules)).collect()
        return rows.hstack(states).filter("_claimed").drop("_claimed")


def whole(rule: Rule, pieces: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The rule's STRETCHES out of all its pieces, as judging every day in turn would find them."""
    found = merged(pl.concat(pieces).sort("deal", "day")) if pieces else pl.DataFrame(schema=STRETCHES)
    return _once_met(found) if rule.place and rule.place.criterion.holds == "once" else found


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
    joins = (
        (pl.col("deal") == pl.col("deal").shift(1)) & (pl.col("state") == pl.col("state").shift(1))
        & (pl.col("day") == pl.col("until").shift(1))
    ).fill_null(value=False)  # fmt: skip
    starts = pieces.with_columns(new=~joins)
    ends = pl.col("new").shift(-1).fill_null(value=True)
    until = starts.filter(ends)["until"]
    return starts.filter("new").drop("new").with_columns(until).filter(pl.col("state") != NOT_APPLICABLE)


def _once_met(found: pl.DataFrame) -> pl.DataFrame:
    """What was met once after a move that bound it stays met."""
    before = (pl.col("state") == PASSED).cum_max().shift(1).over("deal").fill_null(value=False)
    stays = pl.when(before).then(pl.lit(PASSED, pl.Int8)).otherwise("state")
    return merged(found.with_columns(state=stays))
