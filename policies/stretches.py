"""How each rule came out over many days: stretches of days with one answer, for each deal."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import polars as pl

from model.days import BROKEN, NOT_APPLICABLE, PASSED, STRETCHES, UNKNOWN
from model.memory import Memory
from policies.gates import with_bindings
from policies.judge import Context, rule_columns
from policies.language.tree import Call, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from model.days import Days
    from model.wide import Wide
    from policies.language.condition import Condition
    from policies.rules import Rule

DAY_COUNTS: Final = frozenset({"days_since", "days_until", "business_days_since"})


def stretches(
    days: Days, rules: Sequence[Rule], context: Context, scope: Condition | None
) -> Iterator[tuple[Rule, pl.DataFrame]]:
    """Of each rule sorted pieces (deal, day, until, state) on the open deals that `scope` surely claims; see `whole`.

    `context.first_runs` must have the day from which moves bind for each criterion that does not say it.
    """
    source = replace(days.wide, frame=with_bindings(days.wide, rules, context.first_runs))
    slow = [rule for rule in rules if not _passes(days, rule, scope)]
    pieces = _pieces(source, days.rows, slow, context, scope)
    for rule in slow:
        yield rule, merged(pieces.select("deal", "day", "until", state=rule.id))
    yield from _daily(replace(days, wide=source), [rule for rule in rules if rule not in slow], context, scope)


def whole(rule: Rule, pieces: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The rule's STRETCHES out of all its pieces, as judging every day in turn would find them."""
    found = merged(pl.concat(pieces).sort("deal", "day")) if pieces else pl.DataFrame(schema=STRETCHES)
    return _once_met(found) if rule.place and rule.place.criterion.holds == "once" else found


def _passes(days: Days, rule: Rule, scope: Condition | None) -> bool:
    """Whether the rule's answer can change with the date alone."""
    conditions = [c for c in (rule.condition, rule.applies_to, scope) if c is not None]
    return any(days.pass_by(c.facts) or counts_days(c) for c in conditions)


def counts_days(condition: Condition) -> bool:
    """Whether it asks for days since or until a date."""
    return any(isinstance(node, Call) and node.function in DAY_COUNTS for node in walk(condition.tree))


def _daily(
    days: Days, rules: Sequence[Rule], context: Context, scope: Condition | None
) -> Iterator[tuple[Rule, pl.DataFrame]]:
    if not rules:
        return
    facts = frozenset[str]().union(*(rule.facts for rule in rules), scope.facts if scope else ())
    bindings = [c for c in days.wide.frame.columns if c.startswith("_") and "/" in c] if _gated(rules) else []
    for wide, rows in days.chunks(facts | {"is_open", "stage"}, bindings):
        single = rows.with_columns(until=pl.col("day") + 1)
        pieces = _pieces(wide, single, rules, context, scope)
        for rule in rules:
            yield rule, merged(pieces.select("deal", "day", "until", state=rule.id))


def _gated(rules: Sequence[Rule]) -> bool:
    return any(rule.place for rule in rules)


def _pieces(
    wide: Wide, rows: pl.DataFrame, rules: Sequence[Rule], context: Context, scope: Condition | None
) -> pl.DataFrame:
    """The `rows` with a column of states for each rule, of the open deals in scope."""
    judged = [column for rule in rules for column in rule_columns(rule, wide, Memory(), context)]
    claimed = pl.col("is_open").fill_null(value=False)
    if scope is not None:
        claimed &= scope.polars(wide).fill_null(value=False)
    answers = wide.frame.lazy().select(*judged, claimed.alias("_claimed"))
    states = answers.select("_claimed", *(state(rule).alias(rule.id) for rule in rules)).collect()
    return rows.hstack(states).filter("_claimed").drop("_claimed")


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
