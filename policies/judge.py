"""Judging: every policy and criterion over every deal at once, as plain boolean columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from policies import gates
from policies.rules import live
from policies.score import score, score_columns
from policies.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from model.memory import Memory
    from model.wide import Wide
    from policies.policy import PolicySet
    from policies.rules import Rule


@dataclass(frozen=True)
class Context:
    """What a connection adds: days that an unknown holds, and by rule id the day of its first run that was not dry.

    A rule absent from `first_runs` runs for the first time now: moves before today bind nothing.
    """

    hold_unknown: int = 7
    first_runs: Mapping[str, date] = field(default_factory=dict)


def judge(wide: Wide, policies: PolicySet, memory: Memory, context: Context) -> Verdict:
    """The verdict on every deal of the frame; `memory` is what the last verdict left of these deals."""
    rules, dormant = live(policies, wide)
    source = gates.with_bindings(wide, rules, context.first_runs)
    columns = [column for rule in rules for column in rule_columns(rule, wide, memory, context)]
    is_open = pl.col("is_open").fill_null(value=False)
    frame = source.lazy().select("key", "as_of_date", "process", "stage", is_open, *columns).collect()
    summed = frame.lazy().with_columns(*score_columns(rules, _sure(frame, rules)), gates.gate_column(rules))
    frame = summed.with_columns(score()).collect()
    return Verdict(
        wide=wide, rules=rules, dormant=dormant, memory=memory, hold=timedelta(days=context.hold_unknown),
        source=source, frame=frame,
    )  # fmt: skip


def rule_columns(rule: Rule, wide: Wide, memory: Memory, context: Context) -> list[pl.Expr]:
    """The columns of one rule."""
    if rule.place:
        return gates.criterion_columns(rule, rule.place, wide, memory, context.first_runs)
    flag = rule.condition.polars(wide)
    if rule.applies_to is None:
        return [pl.lit(value=True).alias(rule.applies), flag.alias(rule.broken)]
    applies = rule.applies_to.polars(wide)
    broken = pl.when(applies.is_null()).then(None).otherwise(applies & flag)
    return [applies.alias(rule.applies), broken.alias(rule.broken)]


def _sure(frame: pl.DataFrame, rules: Sequence[Rule]) -> frozenset[str]:
    """Columns of rules that have no null."""
    return frozenset(c for rule in rules for c in (rule.applies, rule.broken) if not frame[c].null_count())
