"""Exemptions: why a broken rule is no flag on a deal's record (observed, waived, paused, undone, held and so on)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast

import polars as pl

from model.facts import FACTS
from policies.language import Condition, parse_condition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from model.previous_verdict import PreviousVerdict
    from model.wide import Wide
    from policies.files import Waiver
    from policies.judging.context import Context
    from policies.judging.rules import Rule

Exemption: TypeAlias = Literal["off", "observed", "waived", "paused", "grace", "new owner", "undone", "held"]
"""A deal with several exemptions shows the first of these."""
OUT_OF_GATE: Final = ("observed", "waived")
"""Exemptions that take a criterion out of a deal's gate, not only off its record."""
GIVEN_BY_PEOPLE: Final = ("waived", "paused")
"""Exemptions that a person gave for the deal; its record shows them."""
TOUCH_FACTS: Final = frozenset({"last_activity", "touched", "touches_30d"})


def holds(condition: Condition, wide: Wide) -> pl.Expr:
    """Whether the condition surely holds; nowhere if the connection has no field for what it asks."""
    if not condition.facts <= set(wide.frame.columns):
        return pl.lit(value=False)
    return condition.polars(wide).fill_null(value=False)


def mode_by_deal(rule: Rule, wide: Wide) -> pl.Expr:
    """The rule's mode on each deal, by its cases; the rollout is not looked at."""
    mode = pl.lit(rule.mode)
    for case in reversed(rule.modes):
        mode = pl.when(holds(case.where, wide)).then(pl.lit(case.mode)).otherwise(mode)
    return mode


def off(rule: Rule, wide: Wide) -> pl.Expr | None:
    """Deals on which the rule is switched off; None if on none."""
    if all(case.mode != "off" for case in rule.modes) and rule.mode != "off":
        return None
    return mode_by_deal(rule, wide) == "off"


def observed(
    rule: Rule, wide: Wide, previous: PreviousVerdict, broken: pl.Expr, *, open_to_all: bool
) -> pl.Expr | None:
    """Deals on which the rule is only observed, by its cases or its rollout; None if on none.

    `open_to_all`: a rule that names no rollout is open to everyone's deals.
    """
    by_case = mode_by_deal(rule, wide) == "observe" if rule.modes else None
    if rule.rollout is None:
        return by_case if open_to_all else pl.lit(value=True)
    if rule.rollout.where is None:
        return by_case
    where = cast("Condition", rule.rollout.where)
    outside = ~(holds(where, wide) | _stays_open(where, rule, wide, previous, broken))
    return outside if by_case is None else by_case | outside


def _stays_open(where: Condition, rule: Rule, wide: Wide, previous: PreviousVerdict, broken: pl.Expr) -> pl.Expr:
    """Deals with our values on the record for which the rollout is unknown: no flag leaves it, and none is added."""
    if not where.facts <= set(wide.frame.columns):
        return pl.lit(value=False)
    scored = previous.deals.filter(pl.col("score").is_not_null())["key"]
    shown = previous.findings.filter((pl.col("policy") == rule.id) & pl.col("shown"))["key"]
    here = pl.col("key").is_in(shown.implode()) | ~broken.fill_null(value=False)
    return where.polars(wide).is_null() & pl.col("key").is_in(scored.append(shown).implode()) & here


def exemption_column(  # noqa: PLR0917 - rules, deals, reps and files give exemptions
    rule: Rule, wide: Wide, previous: PreviousVerdict, context: Context, paused: pl.Series, broken: pl.Expr
) -> pl.Expr | None:
    """The column of exemptions of a scored rule; None if no deal has one. `paused`: deals with a pause in force."""
    reasons = list(_reasons(rule, wide, previous, context, paused, broken))
    if not reasons:
        return None
    answer = pl.lit(None, pl.String)
    for word, holds in reversed(reasons):
        answer = pl.when(holds).then(pl.lit(word)).otherwise(answer)
    return answer.alias(rule.exemption)


def _reasons(  # noqa: PLR0917 - as exemption_column
    rule: Rule, wide: Wide, previous: PreviousVerdict, context: Context, paused: pl.Series, broken: pl.Expr
) -> Iterator[tuple[Exemption, pl.Expr]]:
    switched_off = off(rule, wide)
    if switched_off is not None:
        yield "off", switched_off
    watched = observed(rule, wide, previous, broken, open_to_all=context.open_to_all)
    if watched is not None:
        yield "observed", watched
    waived = [waives(waiver, wide) for waiver in context.waivers if waiver.policy == rule.id]
    if waived:
        yield "waived", pl.any_horizontal(waived)
    if rule.pausable and not paused.is_empty():
        yield "paused", pl.col("key").is_in(paused.implode())
    if rule.grace_days:
        yield "grace", pl.col("as_of_date") < _first_seen(rule, previous) + pl.duration(days=rule.grace_days)
    if rule.facts & TOUCH_FACTS and rule.place is None and context.owner_grace and "owner_since" in wide.frame.columns:
        yield "new owner", _new_owner(context.owner_grace).polars(wide).fill_null(value=False)
    waiting = context.undone.holds_off(rule.id)
    if waiting is not None:
        yield "undone", waiting


def waives(waiver: Waiver, wide: Wide) -> pl.Expr:
    """Deals that a waiver exempts today, in the owner's time zone."""
    here = pl.col("id").is_in(list(waiver.deals))
    if waiver.where is not None:
        here = holds(waiver.where, wide)
    return here & (pl.col("as_of_date") <= waiver.until)


def _first_seen(rule: Rule, previous: PreviousVerdict) -> pl.Expr:
    """The day a deal was first found broken; today where it is now."""
    seen = previous.broken.filter(pl.col("policy") == rule.id)
    days = pl.col("key").replace_strict(seen["key"], seen["first_seen"], default=None, return_dtype=pl.Date)
    return days.fill_null(pl.col("as_of_date"))


@cache
def _new_owner(days: int) -> Condition:
    """The owner took the deal over less than this many business days ago."""
    text = f"business_days_since(owner_since) < {days} and owner_since > created"
    parsed = parse_condition(text, FACTS)
    if isinstance(parsed, Condition):
        return parsed
    raise ValueError(f"the condition {text!r} is wrong: {parsed[0].text}")
