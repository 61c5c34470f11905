"""Judging: every policy and criterion over every deal at once, as plain boolean columns."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from policies.judging import pauses
from policies.judging.exemptions import exemption_column, off
from policies.judging.gates import Gates, bindings, criterion_columns, gate_column
from policies.judging.reach import reach_columns
from policies.judging.rules import live
from policies.judging.score import score, score_columns
from policies.judging.unknown_hold import unknown_cells
from policies.judging.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model.previous_verdict import PreviousVerdict
    from model.wide import Wide
    from policies.files import PolicySet
    from policies.judging.context import Context
    from policies.judging.rules import Rule


def judge(
    wide: Wide, policies: PolicySet, previous: PreviousVerdict, context: Context, gates: Gates | None = None
) -> Verdict:
    """The verdict on every deal of the frame; `previous` is the last verdict on these deals.

    `gates`: what moves bind, and what history already answers; without it only the frame's own instant is asked.
    """
    rules, dormant = live(policies, wide)
    if gates is None:
        gates = Gates(bindings(wide, rules, context.first_runs), previous.breaches)
    current = pauses.updated(wide, previous)
    columns = [column for rule in rules for column in rule_columns(rule, wide, gates)]
    named = {column.meta.output_name(): column for column in columns}
    for rule in (rule for rule in rules if rule.scored):
        exemption = exemption_column(rule, wide, previous, context, current.keys, named[rule.broken])
        columns += [] if exemption is None else [exemption]
    is_open = pl.col("is_open").fill_null(value=False)
    frame = wide.frame.lazy().select("key", "as_of_date", "process", "stage", is_open, *columns).collect()
    hold = timedelta(days=context.hold_unknown)
    return Verdict(
        wide=wide, rules=rules, dormant=dormant, previous=previous, hold=hold, gate_state=gates,
        frame=summed(frame, rules), unknown_cells=unknown_cells(frame, rules, previous, wide.as_of, hold),
        pauses=current, waivers=context.waivers, undone=context.undone,
    )  # fmt: skip


def summed(frame: pl.DataFrame, rules: Sequence[Rule]) -> pl.DataFrame:
    """The frame with the columns that follow from its rules: cost, applicable, unjudged, gate, reached, score."""
    columns = frozenset(frame.columns)
    costs = score_columns(rules, _sure(frame, rules), columns)
    rows = frame.lazy().with_columns(*costs, gate_column(rules, columns), *reach_columns(rules, columns))
    return rows.with_columns(score()).collect()


def rule_columns(rule: Rule, wide: Wide, gates: Gates) -> list[pl.Expr]:
    """The columns of one rule."""
    if rule.place:
        return criterion_columns(rule, rule.place, wide, gates)
    flag, switched_off = rule.condition.polars(wide), off(rule, wide)
    if rule.applies_to is None and switched_off is None:
        return [pl.lit(value=True).alias(rule.applies), flag.alias(rule.broken)]
    applies = pl.lit(value=True) if rule.applies_to is None else rule.applies_to.polars(wide)
    applies = applies if switched_off is None else applies & ~switched_off
    broken = pl.when(applies.is_null()).then(None).otherwise(applies & flag)
    return [applies.alias(rule.applies), broken.alias(rule.broken)]


def _sure(frame: pl.DataFrame, rules: Sequence[Rule]) -> frozenset[str]:
    """Columns of rules that have no null."""
    return frozenset(c for rule in rules for c in (rule.applies, rule.broken) if not frame[c].null_count())
