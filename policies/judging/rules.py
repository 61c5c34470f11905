"""Rules: every policy and criterion in one form, and the columns that a verdict keeps for each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from model.subjects import OPPORTUNITIES, SUBJECTS
from policies.files import AT_MOST_SHARE, about, where_it_applies

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from model.process import Place, Rollout
    from model.subjects import Subject
    from model.wide import Wide
    from policies.files import Mode, ModeCase, Policy, PolicySet, Severity
    from policies.language import Condition

SCORED: Final = frozenset({"warn", "enforce"})
"""Modes in which a rule costs points and stands on the record."""
RANK: Final[dict[str, int]] = {"none": 0, "info": 1, "warning": 2, "critical": 3}
"""Severities from mild to bad."""


@dataclass(frozen=True)
class Rule:
    """One policy or (with a `place`) one criterion; `condition` is flag_if, or for a criterion its require.

    `applies_to` of a policy about won deals asks for won ones, too.
    """

    id: str
    title: str
    condition: Condition
    applies_to: Condition | None
    severity: Severity
    points: int
    topic: str
    mode: Mode
    fix: str
    place: Place | None = None
    modes: tuple[ModeCase, ...] = ()
    rollout: Rollout | None = None
    pausable: bool = False
    grace_days: int = 0
    at_most_share: float = AT_MOST_SHARE
    revision: str = ""
    subject: str = OPPORTUNITIES.name

    @cached_property
    def facts(self) -> frozenset[str]:
        """Names of all facts it uses."""
        return self.condition.facts | (self.applies_to.facts if self.applies_to else frozenset())

    @property
    def scored(self) -> bool:
        """Whether it costs points and stands on the record, of some deals at least."""
        on_some = self.mode in SCORED or any(case.mode in SCORED for case in self.modes)
        return on_some and SUBJECTS[self.subject].on_record

    @property
    def applies(self) -> str:
        """Column: whether it applies (for a criterion: whether it binds); null where unknown."""
        return f"{self.id}.applies"

    @property
    def broken(self) -> str:
        """Column: whether it is broken; false where it does not apply, null where unknown."""
        return f"{self.id}.broken"

    @property
    def exemption(self) -> str:
        """Column, where any deal is exempt: why the rule is no flag there (policies.judging.exemptions), else null."""
        return f"{self.id}.exemption"

    @property
    def waiting(self) -> str:
        """Column of an exit criterion: whether the deal is in its stage and it is unmet; null where unknown."""
        return f"{self.id}.waiting"


def rule_of(p: Policy) -> Rule:
    """A policy as a rule."""
    return Rule(
        p.id, p.title, p.flag_if, where_it_applies(p), p.severity, p.points, p.topic or "", p.mode, p.fix,
        modes=p.modes, rollout=p.rollout, pausable=p.pausable, grace_days=p.grace_days,
        at_most_share=p.at_most_share, revision=p.revision, subject=p.subject,
    )  # fmt: skip


def rules_of(policies: PolicySet, subject: Subject = OPPORTUNITIES) -> Iterator[Rule]:
    """Every rule about a subject that is not off: policies in order, then criteria by process, stage and side."""
    yield from map(rule_of, about(policies, subject))
    for place in policies.criteria() if subject.on_record else ():
        c = place.criterion
        if c.mode == "off":
            continue
        yield Rule(
            place.id, c.title, c.require, None, c.severity, c.points, "", c.mode, c.fix,  # type: ignore[arg-type]
            place, rollout=place.process.rollout,
        )  # fmt: skip  # the reader makes every condition by the language, so `require` has a tree, too


def live(policies: PolicySet, wide: Wide) -> tuple[tuple[Rule, ...], tuple[str, ...]]:
    """Rules that are judged here, and the ids of dormant rules: they name facts that the connection does not map."""
    rules = tuple(rules_of(policies, wide.subject))
    absent = unmapped((name for rule in rules for name in rule.facts), wide)
    dormant = tuple(rule.id for rule in rules if rule.facts & absent)
    return tuple(rule for rule in rules if not rule.facts & absent), dormant


def unmapped(facts: Iterable[str], wide: Wide) -> frozenset[str]:
    """The facts that this connection maps no field for, also those that only policy files declare."""
    asked = frozenset(facts)
    return asked & wide.dormant | (asked - wide.subject.facts.keys() - set(wide.frame.columns))
