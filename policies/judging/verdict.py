"""A verdict: what judging computed for every deal, as frames and plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from policies.judging import breaches
from policies.judging.gates import missed
from policies.judging.pauses import Pauses
from policies.judging.undone import Undone

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from model.previous_verdict import PreviousVerdict
    from model.wide import Wide
    from policies.files import Waiver
    from policies.judging.gates import Gates
    from policies.judging.rules import Rule


@dataclass(frozen=True)
class Verdict:
    """The judgement of every deal in `wide`; `policies.reporting` makes findings, records and counts of it.

    `frame`: key, as_of_date, process, stage, is_open, the columns of each rule (see `policies.judging.rules.Rule`;
    three-valued, held unknowns not filled in), cost, applicable, unjudged, judged_by, observed_by, reached,
    score, gate.
    `gate_state`: what moves bind, and what is known of it. `unknown_cells`: see `unknown_hold.unknown_cells`.
    `undone`: deals that wait as an undo left them.
    `held_flags`: by rule, the deals that keep their flag because of the brake. `held_unknowns`: the rules that hold
    unknowns without end because of it.
    """

    wide: Wide
    rules: tuple[Rule, ...]
    dormant: tuple[str, ...]
    previous: PreviousVerdict
    frame: pl.DataFrame
    gate_state: Gates
    unknown_cells: pl.DataFrame
    hold: timedelta
    pauses: Pauses = field(default_factory=Pauses)
    waivers: tuple[Waiver, ...] = ()
    undone: Undone = field(default_factory=Undone)
    held_flags: Mapping[str, pl.Series] = field(default_factory=dict)
    held_unknowns: frozenset[str] = frozenset()

    @cached_property
    def bound(self) -> pl.DataFrame:
        """Criteria that moves bind; see gates.missed."""
        judged = [c for rule in self.rules if rule.place for c in (rule.applies, rule.broken)]
        truly = self.frame.with_columns(self._truly_broken(rule) for rule in self.rules if rule.id in self.held_flags)
        return missed(truly.select("key", "as_of_date", *judged), self.rules, self.gate_state)

    def _truly_broken(self, rule: Rule) -> pl.Expr:
        """Whether a rule is broken apart from the flags that the brake keeps: a criterion once met stays met."""
        return (pl.col(rule.broken) & ~pl.col("key").is_in(self.held_flags[rule.id].implode())).alias(rule.broken)

    def breaches(self) -> pl.DataFrame:
        """The state of gates after this judgement, with the schema BREACHES; replaces the previous one."""
        now = breaches.answers_now(self.bound)
        return breaches.updated(self.gate_state.breaches, self.gate_state.bindings, now, self.wide.as_of)
