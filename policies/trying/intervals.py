"""Each rule's answers over many days: for each deal, intervals of days with one answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from model.calendars.replay_days import BROKEN, INTERVALS, NOT_APPLICABLE, PASSED, UNKNOWN
from policies.judging.gates import Gates
from policies.judging.judge import rule_columns
from policies.trying.crossings import crossings, split_at_crossings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from model.calendars.replay_days import Days
    from model.wide import Wide
    from policies.judging.rules import Rule
    from policies.language import Condition
    from policies.trying.crossings import Crossing


FAR: Final = 2**62
"""A day that never comes."""


def intervals(days: Days, rules: Sequence[Rule], scope: Condition | None) -> Iterator[tuple[Rule, pl.DataFrame]]:
    """Yield each rule with sorted pieces (deal, day, until, state) of its answers on the open deals in `scope`.

    `rule_intervals` joins a rule's pieces. A criterion that moves bind has answers for every day on which the deal is
    in its process. Its column `as_logged` holds the answers by what was logged, whether or not the team is silent.
    `gate_intervals` joins its pieces.
    """
    judge = IntervalJudge(days, scope)
    slow, crossing, daily, limits = _sorted(days, rules, scope)
    yield from judge.pieces(slow, days.rows.with_row_index("row").select(pl.col("row").cast(pl.Int64), "day", "until"))
    asked = frozenset[str]().union(*(rule.facts for rule in crossing), scope.facts if scope else ())
    yield from judge.pieces(crossing, split_at_crossings(days.wide.frame, days.rows, limits, days.change_days(asked)))
    for part in days.every_day() if daily else ():
        yield from judge.pieces(daily, part)


def _sorted(
    days: Days, rules: Sequence[Rule], scope: Condition | None
) -> tuple[list[Rule], list[Rule], list[Rule], list[Crossing]]:
    """Sort rules by when their answers change: with a record, also where a count passes `limits`, on any day."""
    slow: list[Rule] = []
    crossing: list[Rule] = []
    limits: list[Crossing] = []
    daily: list[Rule] = []
    for rule in rules:
        conditions = [c for c in (rule.condition, rule.applies_to, scope) if c is not None]
        found = crossings(conditions)
        if found is None:
            daily.append(rule)
        elif found or any(days.may_change(c.facts) for c in conditions):
            crossing.append(rule)
            limits += found
        else:
            slow.append(rule)
    return slow, crossing, daily, limits


@dataclass(frozen=True)
class IntervalJudge:
    """Judges pieces of days on the deals in scope."""

    days: Days
    scope: Condition | None

    def pieces(self, rules: Sequence[Rule], pieces: pl.DataFrame) -> Iterator[tuple[Rule, pl.DataFrame]]:
        """Each rule's answers on pieces (row, day, until). Neighbours with the same answer are merged."""
        if not rules:
            return
        facts = frozenset[str]().union(*(rule.facts for rule in rules), self.scope.facts if self.scope else ())
        wide, rows = self.days.on(pieces, facts | {"is_open", "stage"})
        gates = [rule for rule in rules if bound_by_moves(rule)]
        as_logged, _ = self.days.ignoring_silence().on(pieces, facts | {"is_open", "stage"}) if gates else (wide, rows)
        states = self._states(rules, wide, rows, as_logged)
        for rule in rules:
            if rule in gates:
                yield (
                    rule,
                    merged(
                        states.select(
                            "deal", "day", "until", "claimed", state=rule.id, as_logged=f"{rule.id}.as_logged"
                        )
                    ),
                )
            else:
                yield rule, merged(states.filter("claimed").select("deal", "day", "until", state=rule.id))

    def _states(self, rules: Sequence[Rule], wide: Wide, rows: pl.DataFrame, as_logged: Wide) -> pl.DataFrame:
        """The `rows` with a column of states for each rule, and whether the deal is open and in scope (`claimed`)."""
        judged = [column for rule in rules for column in _columns(rule, wide)]
        claimed = pl.col("is_open").fill_null(value=False)
        if self.scope is not None:
            claimed &= self.scope.polars(wide).fill_null(value=False)
        answers = wide.frame.lazy().select(*judged, claimed.alias("claimed"))
        states = answers.select("claimed", *(state(rule).alias(rule.id) for rule in rules)).collect()
        gates = [rule for rule in rules if bound_by_moves(rule)]
        plain = as_logged.frame.lazy().select(column for rule in gates for column in _columns(rule, as_logged))
        more = plain.select(state(rule).alias(f"{rule.id}.as_logged") for rule in gates).collect() if gates else None
        return rows.hstack(states) if more is None else rows.hstack(states).hstack(more)


def bound_by_moves(rule: Rule) -> bool:
    """Whether the rule is a criterion that is asked because of a move."""
    return rule.place is not None and rule.place.criterion.holds == "once"


def _columns(rule: Rule, wide: Wide) -> list[pl.Expr]:
    """The rule's columns. A criterion that moves bind is answered wherever the deal is in its process."""
    if rule.place is None or not bound_by_moves(rule):
        return rule_columns(rule, wide, Gates())
    here = (pl.col("process") == rule.place.process.id).fill_null(value=False)
    unmet = pl.when(here).then(~rule.condition.polars(wide)).otherwise(pl.lit(value=False))
    return [here.alias(rule.applies), unmet.alias(rule.broken)]


def rule_intervals(pieces: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """A rule's INTERVALS from all its pieces, the same as if every day were judged in turn."""
    return merged(pl.concat(pieces).sort("deal", "day")) if pieces else pl.DataFrame(schema=INTERVALS)


def gate_intervals(pieces: Sequence[pl.DataFrame], windows: pl.DataFrame) -> pl.DataFrame:
    """INTERVALS of a criterion that moves bind. Once met, it stays met.

    `windows`: deal, first, end (the days from a move up to a move back), met (the first day after an instant at which
    the criterion was true; null: none is known).
    """
    if not pieces or windows.is_empty():
        return pl.DataFrame(schema=INTERVALS)
    days = pl.concat(pieces).sort("deal", "day")
    bound = days.join(_apart(windows), on="deal").filter(
        (pl.col("day") < pl.col("end")) & (pl.col("until") > pl.col("first"))
    )
    bound = bound.with_columns(day=pl.max_horizontal("day", "first"), until=pl.min_horizontal("until", "end"))
    as_logged = bound.filter(pl.col("as_logged") == PASSED).group_by("deal").agg(logged_on=pl.col("day").min())
    entered = windows.group_by("deal").agg(pl.col("met").min())
    met = bound.join(as_logged, on="deal", how="left").join(entered, on="deal", how="left")
    met = met.with_columns(met=pl.min_horizontal("met", "logged_on").fill_null(FAR)).filter("claimed")
    before = met.filter(pl.col("day") < pl.col("met")).with_columns(until=pl.min_horizontal("until", "met"))
    after = met.filter(pl.col("until") > pl.col("met")).with_columns(
        day=pl.max_horizontal("day", "met"), state=pl.lit(PASSED, pl.Int8)
    )
    return merged(pl.concat([before, after]).select("deal", "day", "until", "state").sort("deal", "day"))


def _apart(windows: pl.DataFrame) -> pl.DataFrame:
    """deal, first, end: the windows of each deal with overlapping ones joined."""
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
    """INTERVALS from pieces sorted by deal and day: neighbours with the same answer are joined."""
    same = [pl.col(name) == pl.col(name).shift(1) for name in pieces.columns if name not in {"day", "until"}]
    joins = pl.all_horizontal(*same, pl.col("day") == pl.col("until").shift(1)).fill_null(value=False)
    starts = pieces.with_columns(new=~joins)
    ends = pl.col("new").shift(-1).fill_null(value=True)
    until = starts.filter(ends)["until"]
    return starts.filter("new").drop("new").with_columns(until).filter(pl.col("state") != NOT_APPLICABLE)
