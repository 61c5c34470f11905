"""The brake: a rule that would suddenly flag, clear or lose sight of too many deals waits for a person's word."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import polars as pl

from model.helpers.words import many
from policies.files import revision
from policies.judging.exemptions import SAID_SO
from policies.judging.judge import summed
from policies.judging.score import counting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from model.calibration import Calibration
    from policies.judging.rules import Rule
    from policies.judging.verdict import Verdict

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


@dataclass(frozen=True)
class Then:
    """What a verdict is compared with.

    `standing`: key, policy, status and shown of the findings that stood then. `judged`: rules that were judged by then;
    nothing can have gone dark for another. `let_through`: rules that a person has let through, as they stood then.
    """

    standing: pl.DataFrame
    judged: frozenset[str]
    let_through: frozenset[str] = frozenset()

    def shown(self, rule: Rule) -> pl.Series:
        """Deals that showed the rule's flag."""
        return self.standing.filter((pl.col("policy") == rule.id) & pl.col("shown"))["key"]

    def accepted(self, rule: Rule) -> pl.Series:
        """Deals that a person has accepted the rule to be unknown on."""
        blind = (pl.col("policy") == rule.id) & (pl.col("status") == "unknown")
        return self.standing.filter(blind & pl.lit(rule.id in self.let_through))["key"]


def tally(verdict: Verdict, then: Then) -> Counter[tuple[str, str]]:
    """By rule that writes, and change, how many deals; `of`: open deals that it applies to or shows a flag on."""
    counts: Counter[tuple[str, str]] = Counter()
    rows = verdict.frame.filter("is_open")
    for rule in (rule for rule in verdict.rules if rule.scored):
        shown, dark = then.shown(rule), _gone_dark(verdict, rule, then)
        shown = shown.filter(~shown.is_in(newly_met(verdict, rule).implode()))
        told = rows.select(_changes(rule, rows.columns, shown, dark)).sum().row(0, named=True)
        counts.update({(rule.id, what): int(n or 0) for what, n in told.items()})
    return counts


def newly_met(verdict: Verdict, rule: Rule) -> pl.Series:
    """Deals that clear because their gate, judged by what runs saw before, is judged by history now: not held."""
    before = verdict.memory.breaches.filter(
        (pl.col("criterion") == rule.id) & pl.col("moved_on").is_null() & pl.col("met_on").is_null()
        & pl.col("ended").is_null()
    )["key"]  # fmt: skip
    met = verdict.frame.filter(pl.col("key").is_in(before.implode()) & ~pl.col(rule.broken).fill_null(value=True))
    return met["key"]


def _gone_dark(verdict: Verdict, rule: Rule, then: Then) -> pl.Series:
    """Deals of which the rule knew something that holds, or has held until now, however long ago it went dark."""
    held = verdict.cells.filter((pl.col("policy") == rule.id) & pl.col("unknown_since").is_not_null())["key"]
    gone = held.filter(~held.is_in(then.accepted(rule).implode()))
    return gone if rule.id in then.judged else gone.clear()


def _changes(rule: Rule, columns: Iterable[str], shown: pl.Series, dark: pl.Series) -> list[pl.Expr]:
    """Of each deal whether it changes, how, and whether the rule applies to it or shows a flag there."""
    columns = frozenset(columns)
    excuse = pl.col(rule.excuse) if rule.excuse in columns else pl.lit(None, pl.String)
    was, gone_dark = pl.col("key").is_in(shown.implode()), pl.col("key").is_in(dark.implode())
    reaches = ~excuse.is_in(["off", "observed", *SAID_SO]).fill_null(value=False)
    return [
        (counting(rule, columns).fill_null(value=False) & ~was).alias("new"),
        (was & excuse.is_null() & ~pl.col(rule.broken).fill_null(value=True)).alias("cleared"),
        (pl.col(rule.broken).is_null() & reaches & gone_dark).alias("dark"),
        (pl.col(rule.applies).fill_null(value=True) | was).alias("of"),
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


def holding(verdict: Verdict) -> int:
    """How many flags the brake holds off and on the record, and how many unknowns it holds."""
    off = sum(found.excuse == "held" for found in verdict.found)
    dark = verdict.cells.filter(pl.col("policy").is_in(list(verdict.kept_dark)) & pl.col("held") & pl.col("scored"))
    return off + sum(kept.len() for kept in verdict.kept.values()) + dark.height


def holds_something(one: Braked, verdict: Verdict) -> bool:
    """Whether anything on this verdict is held for a rule; flags that stood before the brake did stay as they are."""
    rule = one.rule
    match one.change:
        case "new":
            return rule.excuse in verdict.frame.columns and bool((verdict.frame[rule.excuse] == "held").any())
        case "cleared":
            return verdict.kept[rule.id].len() > 0
        case _:
            return rule.id in verdict.kept_dark


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
                asked_again = newly_met(verdict, one.rule)
                going = frame.filter(_clears(one.rule, frame, shown) & ~pl.col("key").is_in(asked_again.implode()))[
                    "key"
                ]
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
