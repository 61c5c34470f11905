"""Why a broken rule is no flag on the record of a deal: only observed there, waived, paused, in grace, or held back."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast

import polars as pl

from model.facts import FACTS
from policies.language import Condition, parse_condition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from model.previous_verdict import Memory
    from model.wide import Wide
    from policies.files import Waiver
    from policies.judging.judge import Context
    from policies.judging.rules import Rule

Excuse: TypeAlias = Literal["off", "observed", "waived", "paused", "grace", "new owner", "held"]
EXCUSES: Final[tuple[Excuse, ...]] = ("off", "observed", "waived", "paused", "grace", "new owner", "held")
"""The first that holds is told."""
FREED: Final = ("observed", "waived")
"""Excuses that free a deal from a gate, not only from its flag."""
SAID_SO: Final = ("waived", "paused")
"""Excuses that a person gave for the deal, and that its record tells."""
OF_TOUCHES: Final = frozenset({"last_activity", "touched", "touches_30d"})


def holds(condition: Condition, wide: Wide) -> pl.Expr:
    """Whether the condition surely holds; nowhere if the connection has no field for what it asks."""
    if not condition.facts <= set(wide.frame.columns):
        return pl.lit(value=False)
    return condition.polars(wide).fill_null(value=False)


def mode_on(rule: Rule, wide: Wide) -> pl.Expr:
    """The mode that the rule's own words give each deal, its rollout aside."""
    mode = pl.lit(rule.mode)
    for case in reversed(rule.modes):
        mode = pl.when(holds(case.where, wide)).then(pl.lit(case.mode)).otherwise(mode)
    return mode


def off(rule: Rule, wide: Wide) -> pl.Expr | None:
    """Deals on which the rule is switched off; None where on none."""
    if all(case.mode != "off" for case in rule.modes) and rule.mode != "off":
        return None
    return mode_on(rule, wide) == "off"


def observed(rule: Rule, wide: Wide, memory: Memory, broken: pl.Expr, *, open_to_all: bool) -> pl.Expr | None:
    """Deals on which the rule is only observed, by its cases or its rollout; None where on none.

    `open_to_all`: a rule that names no rollout is open to everyone's deals.
    """
    by_case = mode_on(rule, wide) == "observe" if rule.modes else None
    if rule.rollout is None:
        return by_case if open_to_all else pl.lit(value=True)
    if rule.rollout.where is None:
        return by_case
    where = cast("Condition", rule.rollout.where)
    outside = ~(holds(where, wide) | _stays_open(where, rule, wide, memory, broken))
    return outside if by_case is None else by_case | outside


def _stays_open(where: Condition, rule: Rule, wide: Wide, memory: Memory, broken: pl.Expr) -> pl.Expr:
    """Deals that nobody can tell to be meant, and whose record we wrote: nothing goes off it, and no flag comes on."""
    if not where.facts <= set(wide.frame.columns):
        return pl.lit(value=False)
    ours = memory.deals.filter(pl.col("score").is_not_null())["key"]
    shown = memory.findings.filter((pl.col("policy") == rule.id) & pl.col("shown"))["key"]
    here = pl.col("key").is_in(shown.implode()) | ~broken.fill_null(value=False)
    return where.polars(wide).is_null() & pl.col("key").is_in(ours.append(shown).implode()) & here


def excuse_column(  # noqa: PLR0917 - what a rule, a deal, a rep and a file may excuse
    rule: Rule, wide: Wide, memory: Memory, context: Context, paused: pl.Series, broken: pl.Expr
) -> pl.Expr | None:
    """The column of excuses of a scored rule; None where no deal has one. `paused`: deals with a pause in force."""
    reasons = list(_reasons(rule, wide, memory, context, paused, broken))
    if not reasons:
        return None
    answer = pl.lit(None, pl.String)
    for word, holds in reversed(reasons):
        answer = pl.when(holds).then(pl.lit(word)).otherwise(answer)
    return answer.alias(rule.excuse)


def _reasons(  # noqa: PLR0917 - as excuse_column
    rule: Rule, wide: Wide, memory: Memory, context: Context, paused: pl.Series, broken: pl.Expr
) -> Iterator[tuple[Excuse, pl.Expr]]:
    switched_off = off(rule, wide)
    if switched_off is not None:
        yield "off", switched_off
    watched = observed(rule, wide, memory, broken, open_to_all=context.open_to_all)
    if watched is not None:
        yield "observed", watched
    waived = [waives(waiver, wide) for waiver in context.waivers if waiver.policy == rule.id]
    if waived:
        yield "waived", pl.any_horizontal(waived)
    if rule.pausable and not paused.is_empty():
        yield "paused", pl.col("key").is_in(paused.implode())
    if rule.grace_days:
        yield "grace", pl.col("as_of_date") < _first_seen(rule, memory) + pl.duration(days=rule.grace_days)
    if rule.facts & OF_TOUCHES and rule.place is None and context.owner_grace and "owner_since" in wide.frame.columns:
        yield "new owner", _new_owner(context.owner_grace).polars(wide).fill_null(value=False)


def waives(waiver: Waiver, wide: Wide) -> pl.Expr:
    """Deals that a waiver excuses today, the owner's."""
    here = pl.col("id").is_in(list(waiver.deals))
    if waiver.where is not None:
        here = holds(waiver.where, wide)
    return here & (pl.col("as_of_date") <= waiver.until)


def _first_seen(rule: Rule, memory: Memory) -> pl.Expr:
    """The day a deal was first found broken; today where it is now."""
    seen = memory.broken.filter(pl.col("policy") == rule.id)
    days = pl.col("key").replace_strict(seen["key"], seen["first_seen"], default=None, return_dtype=pl.Date)
    return days.fill_null(pl.col("as_of_date"))


@cache
def _new_owner(days: int) -> Condition:
    """The owner took the deal over, and has had it for under so many business days."""
    text = f"business_days_since(owner_since) < {days} and owner_since > created"
    found = parse_condition(text, FACTS)
    if isinstance(found, Condition):
        return found
    raise ValueError(f"the condition {text!r} is wrong: {found[0].text}")
