"""What a change of policies would change: flags that deals would gain, lose, or that could no longer be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from model.subjects import SUBJECTS

if TYPE_CHECKING:
    from policies.judging.rules import Rule
    from policies.judging.verdict import Verdict

OBSERVED, SHOWN = 1, 2
"""How far a flag gets: judged and listed only, or onto the record. 0: there is none."""
CHANGES: Final = pl.Schema({"key": pl.Int64(), "policy": pl.String(), "change": pl.String()})
"""change: gained, lost, or unknown (flagged before, and not to be judged any more: the flag would be held)."""


def difference(old: Verdict, new: Verdict) -> pl.DataFrame:
    """CHANGES between two verdicts on the same deals, policies in the order of `new`, then those only in `old`.

    Policies about opportunities are compared on open deals, those about won deals and leads wherever they apply.

    A flag that was only observed and would now be shown is gained; the other way round it is lost.
    """
    before, after = ({rule.id: rule for rule in verdict.rules} for verdict in (old, new))
    frames = [_changed(old, new, before.get(id_), after.get(id_)) for id_ in dict.fromkeys((*after, *before))]
    return pl.concat(frames) if frames else pl.DataFrame(schema=CHANGES)


def _changed(old: Verdict, new: Verdict, before: Rule | None, after: Rule | None) -> pl.DataFrame:
    name = (after or before or _nobody()).id
    found = _levels(new, after, "now").join(_levels(old, before, "was"), on="key", how="full", coalesce=True)
    now, was = pl.col("now"), pl.col("was")
    change = (
        pl.when(now.is_null() & (was > 0)).then(pl.lit("unknown"))
        .when(now > was.fill_null(0)).then(pl.lit("gained"))
        .when(now < was).then(pl.lit("lost"))
    )  # fmt: skip
    return found.select("key", policy=pl.lit(name), change=change).drop_nulls("change").sort("key")


def _levels(verdict: Verdict, rule: Rule | None, column: str) -> pl.DataFrame:
    """Keys, and how far the flag gets on each deal; null where unknown, 0 where there is no such rule."""
    if rule is None:
        return verdict.frame.select("key", pl.lit(0, pl.Int64).alias(column))
    flagged = pl.col(rule.broken).cast(pl.Int64) * level(rule, verdict)
    return concerned(verdict, rule).select("key", flagged.alias(column))


def concerned(verdict: Verdict, rule: Rule) -> pl.DataFrame:
    """Rows of the verdict's frame that a rule's flags count on: of one about opportunities the open ones."""
    return verdict.frame.filter("is_open") if SUBJECTS[rule.subject].on_record else verdict.frame


def level(rule: Rule, verdict: Verdict) -> pl.Expr:
    """How far a flag of this rule gets, by deal."""
    if not rule.scored or rule.exemption not in verdict.frame.columns:
        return pl.lit(SHOWN if rule.scored else OBSERVED, pl.Int64)
    return pl.when(pl.col(rule.exemption).is_null()).then(SHOWN).otherwise(OBSERVED).cast(pl.Int64)


def _nobody() -> Rule:
    raise AssertionError("one of the two rules is there")
