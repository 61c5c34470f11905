"""The brake: a rule that would suddenly flag, clear or lose sight of too many deals waits for a person's word."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import polars as pl

from model.words import many
from policies.judge import summed
from policies.meaning import revision
from policies.score import counting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from model.calibration import Calibration
    from policies.rules import Rule
    from policies.verdict import Verdict

Change: TypeAlias = Literal["new", "cleared", "dark"]
CHANGES: Final[tuple[Change, ...]] = ("new", "cleared", "dark")
"""Flags that would come, flags that would go, deals that could be judged and no longer can."""
FEW: Final = 20
"""Under so many open deals a share says nothing."""
TOLD: Final[Mapping[Change, str]] = {
    "new": "would newly flag {n} of {of}",
    "cleared": "would clear the flags of {n} of {of}",
    "dark": "can no longer be judged on {n} of {of}",
}


@dataclass(frozen=True)
class Braked:
    """One rule that is held: what it would do to how many of the open deals it applies to, against a week ago."""

    rule: Rule
    revision: str
    change: Change
    deals: int
    of: int

    def sentence(self, connection: str) -> str:
        """What is held, and how it is let through."""
        does = TOLD[self.change].format(n=f"{self.deals:,}", of=many(self.of, "open deal"))
        let = f"sluicegate policies approve {self.rule.id} --connection {connection} --up-to {self.deals} --by NAME"
        share = f"{self.rule.at_most_share:.0%} within a week are the most"
        return f"{self.rule.id} {does} ({share}): held. Look at it; `{let}` lets revision {self.revision} through."


def revision_of(rule: Rule, calibration: Calibration) -> str:
    """The rule's revision; limits computed from data belong to it."""
    own = rule.revision or revision(rule.place.criterion if rule.place else rule)
    measured = "stage_median_days" in rule.facts and calibration.on is not None
    return f"{own}+{calibration.on}" if measured else own


def tally(verdict: Verdict, before: pl.DataFrame, *, judged: bool = True) -> Counter[tuple[str, str]]:
    """By rule and change (or `of`: open deals that it applies to) how many deals, of each rule that writes.

    `before`: key, policy, status and shown of the findings that it is compared with. `judged`: whether anything was
    judged by then; if not, nothing can have gone dark.
    """
    counts: Counter[tuple[str, str]] = Counter()
    rows = verdict.frame.filter("is_open")
    for rule in (rule for rule in verdict.rules if rule.scored):
        then = before.filter(pl.col("policy") == rule.id)
        shown, blind = then.filter("shown")["key"], then.filter(pl.col("status") == "unknown")["key"]
        told = rows.select(_changes(rule, rows.columns, shown, blind)).sum().row(0, named=True)
        if not judged:
            told["dark"] = 0
        counts.update({(rule.id, what): int(n or 0) for what, n in told.items()})
    return counts


def _changes(rule: Rule, columns: Iterable[str], shown: pl.Series, blind: pl.Series) -> list[pl.Expr]:
    """Of each deal whether it changes, how, and whether the rule applies to it."""
    columns = frozenset(columns)
    free = pl.col(rule.excuse).is_null() if rule.excuse in columns else pl.lit(value=True)
    was, was_blind = pl.col("key").is_in(shown.implode()), pl.col("key").is_in(blind.implode())
    unknown = pl.col(rule.broken).is_null() & free
    return [
        (counting(rule, columns).fill_null(value=False) & ~was).alias("new"),
        (was & free & ~pl.col(rule.broken).fill_null(value=True)).alias("cleared"),
        (unknown & ~was_blind).alias("dark"),
        pl.col(rule.applies).fill_null(value=True).alias("of"),
    ]


def over_share(rules: Iterable[Rule], counts: Mapping[tuple[str, str], int], calibration: Calibration) -> list[Braked]:
    """Rules that would change more than their share of the open deals they apply to."""
    found = []
    for rule in (rule for rule in rules if rule.scored):
        of, name = counts.get((rule.id, "of"), 0), revision_of(rule, calibration)
        for change in CHANGES:
            deals = counts.get((rule.id, change), 0)
            if of >= FEW and deals > rule.at_most_share * of:
                found.append(Braked(rule, name, change, deals, of))
    return found


def hold_back(verdict: Verdict, held: Iterable[Braked]) -> Verdict:
    """The verdict with what the record shows left as it is, where a rule is held."""
    frame, kept, dark = verdict.frame, dict(verdict.kept), set(verdict.kept_dark)
    last = verdict.memory.findings.filter("shown")
    for one in held:
        shown = last.filter(pl.col("policy") == one.rule.id)["key"]
        match one.change:
            case "new":
                frame = frame.with_columns(_no_new(one.rule, frame, shown))
            case "cleared":
                going = frame.filter(_clears(one.rule, frame, shown))["key"]
                kept[one.rule.id] = going
                stays = pl.col("key").is_in(going.implode()) | pl.col(one.rule.broken)
                frame = frame.with_columns(stays.alias(one.rule.broken))
            case "dark":
                dark.add(one.rule.id)
    rows = frame.drop("cost", "applicable", "blind", "gate", "reached", "score")
    return replace(verdict, frame=summed(rows, verdict.rules), kept=kept, kept_dark=frozenset(dark))


def _no_new(rule: Rule, frame: pl.DataFrame, shown: pl.Series) -> pl.Expr:
    """The rule's excuses, with flags that the record does not show yet held."""
    fresh = counting(rule, frame.columns).fill_null(value=False) & ~pl.col("key").is_in(shown.implode())
    before = pl.col(rule.excuse) if rule.excuse in frame.columns else pl.lit(None, pl.String)
    return pl.when(fresh & pl.col("is_open")).then(pl.lit("held")).otherwise(before).alias(rule.excuse)


def _clears(rule: Rule, frame: pl.DataFrame, shown: pl.Series) -> pl.Expr:
    """Open deals whose flag would go though nothing excuses it."""
    free = pl.col(rule.excuse).is_null() if rule.excuse in frame.columns else pl.lit(value=True)
    passes = ~pl.col(rule.broken).fill_null(value=True)
    return pl.col("is_open") & free & passes & pl.col("key").is_in(shown.implode())
