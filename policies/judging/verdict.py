"""A verdict: boolean columns over all deals, and the views on them that people and records need."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from model.facts import KNOWN
from model.previous_verdict import DEAL_VERDICTS, FINDINGS, Memory
from policies.judging import breaches, unknown_hold
from policies.judging.gates import missed
from policies.judging.pauses import Paused
from policies.judging.score import Line, ledger_lines, score_reason
from policies.reporting import deal_detail, exemption_reasons
from policies.reporting.findings import find

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from model.wide import Wide
    from policies.files import Waiver
    from policies.judging.gates import Gates
    from policies.judging.rules import Rule
    from policies.reporting.finding import Found


class Count(NamedTuple):
    """How one rule came out over all deals; `missing`: unknown deals by the fact that could not be read."""

    passed: int
    broken: int
    unknown: int
    not_applicable: int
    missing: Mapping[str, int]


@dataclass(frozen=True)
class Verdict:
    """The judgement of every deal in `wide`.

    `frame`: key, as_of_date, process, stage, is_open, of each rule the columns of `policies.judging.rules.Rule`
    (three-valued, held unknowns not filled in), cost, applicable and blind points, score, gate.
    `gate_state`: what moves bind, and what is known of it. `paused`: what became of reps' pauses.
    `kept`: by rule the deals that keep their flag because of the brake; `kept_dark`: rules that hold unknowns
    without end. Everything else is a view, made when asked for.
    """

    wide: Wide
    rules: tuple[Rule, ...]
    dormant: tuple[str, ...]
    memory: Memory
    frame: pl.DataFrame
    gate_state: Gates
    hold: timedelta
    paused: Paused = field(default_factory=Paused)
    waivers: tuple[Waiver, ...] = ()
    kept: Mapping[str, pl.Series] = field(default_factory=dict)
    kept_dark: frozenset[str] = frozenset()

    @cached_property
    def cells(self) -> pl.DataFrame:
        """The unknown ones, see holding.unknown_cells."""
        return unknown_hold.unknown_cells(
            self.frame, self.rules, self.memory, self.wide.as_of, self.hold, self.kept_dark
        )

    @cached_property
    def frozen(self) -> pl.DataFrame:
        """DEAL_VERDICTS rows of open deals that stay because an unknown is held."""
        return unknown_hold.frozen(self.cells, self.memory).join(self.frame.filter("is_open"), on="key", how="semi")

    @property
    def source(self) -> pl.DataFrame:
        """The wide frame."""
        return self.wide.frame

    @cached_property
    def bound(self) -> pl.DataFrame:
        """What moves bind, see gates.missed."""
        judged = [c for rule in self.rules if rule.place for c in (rule.applies, rule.broken)]
        truly = self.frame.with_columns(self._truly_broken(rule) for rule in self.rules if rule.id in self.kept)
        return missed(truly.select("key", "as_of_date", *judged), self.rules, self.gate_state)

    def _truly_broken(self, rule: Rule) -> pl.Expr:
        """Whether a rule is broken where the brake keeps flags of it: what was met is remembered as met."""
        return (pl.col(rule.broken) & ~pl.col("key").is_in(self.kept[rule.id].implode())).alias(rule.broken)

    @cached_property
    def found(self) -> tuple[Found, ...]:
        """Every finding as a value; by rule in order, unknown ones after the broken ones."""
        return tuple(find(self))

    @cached_property
    def found_by_deal(self) -> Mapping[int, list[Found]]:
        """The findings of each deal that has any, rules in order."""
        deals: dict[int, list[Found]] = defaultdict(list)
        for found in self.found:
            deals[found.key].append(found)
        order = {rule.id: n for n, rule in enumerate(self.rules)}
        for key in self.cells["key"].unique():
            deals[key].sort(key=lambda f: order[f.rule.id])
        return deals

    def findings(self) -> pl.DataFrame:
        """Findings with the schema FINDINGS, as the store keeps them."""
        found = self.found
        return pl.DataFrame(
            {
                "key": [f.key for f in found], "policy": [f.rule.id for f in found],
                "status": [f.status for f in found],
                "since": [f.since for f in found], "first_seen": [f.first_seen for f in found],
                "unknown_since": [f.unknown_since for f in found], "shown": [f.shown for f in found],
                "flag": [f.text for f in found],
            }, schema=FINDINGS,
        ).sort("key", "policy")  # fmt: skip

    def scores(self) -> pl.DataFrame:
        """key, score, score_reason of every deal; null score on closed deals and where too little is known."""
        return self._kept(self.frame.select("key", "score", score_reason()))

    def gates(self) -> pl.DataFrame:
        """key, gate of every deal; null on closed deals."""
        return self._kept(self.frame.select("key", "gate"))

    def deals(self) -> pl.DataFrame:
        """One row a deal with the schema DEAL_VERDICTS."""
        return self._deals

    @cached_property
    def _deals(self) -> pl.DataFrame:
        told = deal_detail.told(self)
        rows = self.frame.select("key", "score", score_reason(), "gate", detail=deal_detail.plain())
        rows = rows.join(told, on="key", how="left", maintain_order="left")
        rows = self._kept(rows.with_columns(detail=pl.coalesce("told", "detail")).select(DEAL_VERDICTS.names()))
        return rows.with_columns(detail=deal_detail.with_stage(rows["detail"], self.frame["stage"]))

    def breaches(self) -> pl.DataFrame:
        """What is remembered of gates after this judgement, with the schema BREACHES; replaces what was."""
        now = breaches.answers_now(self.bound)
        return breaches.updated(self.gate_state.breaches, self.gate_state.bindings, now, self.wide.as_of)

    def remembered(self) -> Memory:
        """The memory that the next judgement of these deals needs."""
        return Memory(self.findings(), self.deals(), self.breaches(), self.paused.remembered())

    def counts(self) -> dict[str, Count]:
        """By rule: how many deals pass, are broken, unknown (and why), and to how many it does not apply."""
        return {rule.id: self._count(rule) for rule in self.rules}

    def ledger(self, key: int) -> list[Line]:
        """What makes up a deal's score; sums to it exactly. Empty where there is no score."""
        score = self.score_of.get(key)
        if score is None:
            return []
        mine = self.found_by_deal.get(key, ())
        lines = ledger_lines(f.rule for f in mine if f.excuse is None and (f.status == "broken" or f.shown))
        held = score - sum(points for _, points in lines)
        return [*lines, ("held", held)] if held else lines

    @cached_property
    def score_of(self) -> Mapping[int, int | None]:
        """Score by key."""
        return dict(self.scores().select("key", "score").iter_rows())

    @cached_property
    def telling(self) -> frozenset[int]:
        """Open deals about whose gate, missing or checked there is more to say than the gate's status."""
        blind = self.frame.filter(pl.col("process").is_null() | pl.col("stage").is_null() | pl.col("score").is_null())
        every = {*self.gate_lists, *self.cells["key"], *blind["key"], *self.excuses_told}
        return frozenset(every & set(self.frame.filter("is_open")["key"]))

    @cached_property
    def excuses_told(self) -> Mapping[int, list[str]]:
        """See excused.on_record."""
        return exemption_reasons.on_record(self)

    @cached_property
    def gate_lists(self) -> Mapping[int, deal_detail.GateLists]:
        """See detail.gate_lists."""
        return deal_detail.gate_lists(self)

    def _kept(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame with what stays because an unknown is held."""
        if self.frozen.is_empty():
            return frame
        return frame.update(self.frozen.select(frame.columns), on="key", include_nulls=True)

    def _count(self, rule: Rule) -> Count:
        broken = self.frame[rule.broken]
        unknown, flagged = broken.null_count(), int(broken.sum() or 0)
        not_applicable = int((~self.frame[rule.applies]).sum() or 0)
        blind = self.wide.frame.filter(broken.is_null())
        missing = {fact: int((~blind[fact + KNOWN]).sum()) for fact in sorted(rule.facts & self.wide.masked)}
        return Count(
            self.frame.height - unknown - flagged - not_applicable, flagged, unknown, not_applicable,
            {fact: n for fact, n in missing.items() if n},
        )  # fmt: skip
