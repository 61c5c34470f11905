"""The brake: a rule that would suddenly flag, clear or be unknown on too many deals waits for an approval."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import polars as pl

from model.helpers.words import many
from policies.files import revision
from policies.judging.exemptions import GIVEN_BY_PEOPLE
from policies.judging.judge import summed
from policies.judging.score import counting
from policies.judging.unknown_hold import unknown_cells

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from model.calibration import Calibration
    from policies.judging.rules import Rule
    from policies.judging.verdict import Verdict

Change: TypeAlias = Literal["new", "cleared", "unknown"]
CHANGES: Final[tuple[Change, ...]] = ("new", "cleared", "unknown")
"""Flags that would be set, flags that would be cleared, deals that could be judged and no longer can."""
FEW: Final = 20
"""With fewer open deals a share means nothing."""
DOES: Final[Mapping[Change, str]] = {
    "new": "it would flag {n} of {of} at once",
    "cleared": "it would clear the flags of {n} of {of} at once",
    "unknown": "it can no longer be judged on {n} of {of}",
}


@dataclass(frozen=True)
class HeldRule:
    """One rule that is held: what it would do to how many of the open deals it applies to, against a week ago."""

    rule: Rule
    revision: str
    change: Change
    deals: int
    of: int

    def sentence(self, connection: str) -> str:
        """The sentence that names what is held and how to let it through."""
        does = DOES[self.change].format(n=f"{self.deals:,}", of=many(self.of, "open deal"))
        let = f"sluicegate policies approve {self.rule.id} --connection {connection} --up-to {self.deals} --by NAME"
        share = f"the brake allows {self.rule.at_most_share * 100:.0f} % a week"
        return f"{self.rule.id} is held: {does}; {share}. To let revision {self.revision} through: `{let}`."


def revision_of(rule: Rule, calibration: Calibration) -> str:
    """The rule's revision; limits computed from data belong to it."""
    own = rule.revision or revision(rule.place.criterion if rule.place else rule)
    measured = "stage_median_days" in rule.facts and calibration.on is not None
    return f"{own}+{calibration.on}" if measured else own


@dataclass(frozen=True)
class Baseline:
    """The state that a verdict is compared with.

    `findings`: key, policy, status and shown of the findings of that day. `judged`: rules that were judged by then; no
    other rule counts as newly unknown. `let_through`: rules with an approval that was used since then.
    """

    findings: pl.DataFrame
    judged: frozenset[str]
    let_through: frozenset[str] = frozenset()

    def shown(self, rule: Rule) -> pl.Series:
        """Deals that showed the rule's flag."""
        return self.findings.filter((pl.col("policy") == rule.id) & pl.col("shown"))["key"]

    def accepted(self, rule: Rule) -> pl.Series:
        """Deals on which a person has accepted that the rule is unknown."""
        unknown = (pl.col("policy") == rule.id) & (pl.col("status") == "unknown")
        return self.findings.filter(unknown & pl.lit(rule.id in self.let_through))["key"]


def tally(verdict: Verdict, baseline: Baseline) -> Counter[tuple[str, str]]:
    """By rule that writes, and change, how many deals; `of`: open deals that it applies to or shows a flag on."""
    counts: Counter[tuple[str, str]] = Counter()
    rows = verdict.frame.filter("is_open")
    for rule in (rule for rule in verdict.rules if rule.scored):
        shown, unknown = baseline.shown(rule), _newly_unknown(verdict, rule, baseline)
        shown = shown.filter(~shown.is_in(newly_met(verdict, rule).implode()))
        sums = rows.select(_changes(rule, rows.columns, shown, unknown)).sum().row(0, named=True)
        counts.update({(rule.id, change): int(n or 0) for change, n in sums.items()})
    return counts


def newly_met(verdict: Verdict, rule: Rule) -> pl.Series:
    """Deals that clear because their gate, judged by what runs saw before, is judged by history now: not held."""
    breaches = verdict.previous.breaches
    if breaches.is_empty():
        return breaches["key"]
    before = breaches.filter(
        (pl.col("criterion") == rule.id) & pl.col("moved_on").is_null() & pl.col("met_on").is_null()
        & pl.col("ended").is_null()
    )["key"]  # fmt: skip
    met = verdict.frame.filter(pl.col("key").is_in(before.implode()) & ~pl.col(rule.broken).fill_null(value=True))
    return met["key"]


def _newly_unknown(verdict: Verdict, rule: Rule, baseline: Baseline) -> pl.Series:
    """Deals that the rule could judge before and no longer can, however long ago it became unknown."""
    mine = (pl.col("policy") == rule.id) & pl.col("unknown_since").is_not_null()
    keys = verdict.unknown_cells.filter(mine)["key"]
    found = keys.filter(~keys.is_in(baseline.accepted(rule).implode()))
    return found if rule.id in baseline.judged else found.clear()


def _changes(rule: Rule, columns: Iterable[str], shown: pl.Series, unknown: pl.Series) -> list[pl.Expr]:
    """Whether and how each deal changes, and whether the rule applies to it or shows a flag there."""
    columns = frozenset(columns)
    exemption = pl.col(rule.exemption) if rule.exemption in columns else pl.lit(None, pl.String)
    was, newly_unknown = pl.col("key").is_in(shown.implode()), pl.col("key").is_in(unknown.implode())
    reaches = ~exemption.is_in(["off", "observed", *GIVEN_BY_PEOPLE]).fill_null(value=False)
    return [
        (counting(rule, columns).fill_null(value=False) & ~was).alias("new"),
        (was & exemption.is_null() & ~pl.col(rule.broken).fill_null(value=True)).alias("cleared"),
        (pl.col(rule.broken).is_null() & reaches & newly_unknown).alias("unknown"),
        (pl.col(rule.applies).fill_null(value=True) | was).alias("of"),
    ]


def over_share(
    rules: Iterable[Rule], counts: Mapping[tuple[str, str], int], calibration: Calibration
) -> list[HeldRule]:
    """Rules that would change more than their share of the open deals they apply to."""
    found = []
    for rule in (rule for rule in rules if rule.scored):
        of, name = counts.get((rule.id, "of"), 0), revision_of(rule, calibration)
        for change in CHANGES:
            deals = counts.get((rule.id, change), 0)
            if of >= FEW and deals > rule.at_most_share * of:
                found.append(HeldRule(rule, name, change, deals, of))
    return found


def holding(verdict: Verdict) -> int:
    """How many flags the brake holds off and on the record, and how many unknowns it holds."""
    frame, cells = verdict.frame, verdict.unknown_cells
    off = sum(int((frame[r.exemption] == "held").sum() or 0) for r in verdict.rules if r.exemption in frame.columns)
    unknown = cells.filter(pl.col("policy").is_in(list(verdict.held_unknowns)) & pl.col("held") & pl.col("scored"))
    return off + sum(keys.len() for keys in verdict.held_flags.values()) + unknown.height


def holds_something(one: HeldRule, verdict: Verdict) -> bool:
    """Whether anything on this verdict is held for a rule; flags that stood before the brake did stay as they are."""
    rule = one.rule
    match one.change:
        case "new":
            return rule.exemption in verdict.frame.columns and bool((verdict.frame[rule.exemption] == "held").any())
        case "cleared":
            return verdict.held_flags[rule.id].len() > 0
        case _:
            return rule.id in verdict.held_unknowns


def hold_back(verdict: Verdict, held: Iterable[HeldRule]) -> Verdict:
    """The verdict under which the record stays as it is where a rule is held."""
    frame, flags, unknowns = verdict.frame, dict(verdict.held_flags), set(verdict.held_unknowns)
    last = verdict.previous.findings.filter("shown")
    for one in held:
        shown = last.filter(pl.col("policy") == one.rule.id)["key"]
        match one.change:
            case "new":
                frame = frame.with_columns(_no_new(one.rule, frame, shown))
            case "cleared":
                asked_again = pl.col("key").is_in(newly_met(verdict, one.rule).implode())
                cleared = frame.filter(_clears(one.rule, frame, shown) & ~asked_again)["key"]
                flags[one.rule.id] = cleared
                stays = pl.col("key").is_in(cleared.implode()) | pl.col(one.rule.broken)
                frame = frame.with_columns(stays.alias(one.rule.broken))
            case "unknown":
                unknowns.add(one.rule.id)
    rows = frame.drop("cost", "applicable", "unjudged", "gate", "reached", "score")
    cells = unknown_cells(
        rows, verdict.rules, verdict.previous, verdict.wide.as_of, verdict.hold, frozenset(unknowns)
    )  # fmt: skip
    return replace(
        verdict, frame=summed(rows, verdict.rules), unknown_cells=cells, held_flags=flags,
        held_unknowns=frozenset(unknowns),
    )  # fmt: skip


def _no_new(rule: Rule, frame: pl.DataFrame, shown: pl.Series) -> pl.Expr:
    """The rule's exemptions, with flags that the record does not show yet held."""
    fresh = counting(rule, frame.columns).fill_null(value=False) & ~pl.col("key").is_in(shown.implode())
    before = pl.col(rule.exemption) if rule.exemption in frame.columns else pl.lit(None, pl.String)
    return pl.when(fresh & pl.col("is_open")).then(pl.lit("held")).otherwise(before).alias(rule.exemption)


def _clears(rule: Rule, frame: pl.DataFrame, shown: pl.Series) -> pl.Expr:
    """Open deals with a flag that would be cleared though the deal has no exemption."""
    free = pl.col(rule.exemption).is_null() if rule.exemption in frame.columns else pl.lit(value=True)
    passes = ~pl.col(rule.broken).fill_null(value=True)
    return pl.col("is_open") & free & passes & pl.col("key").is_in(shown.implode())
