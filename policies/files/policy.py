"""The content of policy files as values: Policy, PolicySet and their examples."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from model.subjects import OPPORTUNITIES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date
    from decimal import Decimal

    from model.actions import ActionRule
    from model.facts import Fact
    from model.process import Place, Process, Rollout
    from policies.language import Condition

Severity: TypeAlias = Literal["info", "warning", "critical"]
Mode: TypeAlias = Literal["off", "observe", "warn", "enforce"]
SEVERITIES: Final[tuple[Severity, ...]] = ("info", "warning", "critical")
MODES: Final[tuple[Mode, ...]] = ("off", "observe", "warn", "enforce")
AT_MOST_SHARE: Final = 0.3
"""Default share of a policy's open deals that may be newly flagged, cleared or become unknown within a week."""
FactValue: TypeAlias = "str | bool | Decimal | date | tuple[str, ...] | None"
"""A fact's value in an example; None is blank."""


@dataclass(frozen=True)
class Example:
    """Facts of one deal by name (unnamed ones are blank), `unknown` the names that cannot be read there."""

    facts: Mapping[str, FactValue]
    as_of: date
    unknown: frozenset[str] = frozenset()
    file: str = ""
    line: int = 0
    column: int = 0


@dataclass(frozen=True)
class ScenarioDay:
    """What happens to an example deal on a day: the stage it enters (a stage's id, or lost), facts that change."""

    on: date
    enter: str | None = None
    facts: Mapping[str, FactValue] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()


@dataclass(frozen=True)
class GateScenario:
    """An example deal of a gate, by day in order; facts keep their value until a later day changes them."""

    days: tuple[ScenarioDay, ...]
    file: str = ""
    line: int = 0
    column: int = 0


@dataclass(frozen=True)
class Examples:
    """Deals that a policy flags (a criterion finds unmet), deals it finds clear, and deals it does not apply to.

    Gate scenarios of a criterion, by how they end: met, missed, healed (missed first, then met late or taken back), and
    unbound (no move binds it).
    """

    flagged: tuple[Example, ...] = ()
    clear: tuple[Example, ...] = ()
    not_applicable: tuple[Example, ...] = ()
    met: tuple[GateScenario, ...] = ()
    missed: tuple[GateScenario, ...] = ()
    healed: tuple[GateScenario, ...] = ()
    unbound: tuple[GateScenario, ...] = ()


@dataclass(frozen=True)
class ModeCase:
    """The mode on the deals that `where` surely holds for."""

    where: Condition
    mode: Mode


@dataclass(frozen=True)
class Waiver:
    """One rule (a policy's id, or process/stage/criterion) excused on some deals, through the local day `until`.

    The deals: those with an id in `deals`, else those that `where` surely holds for. `connection` "": on any.
    """

    policy: str
    until: date
    reason: str
    approved_by: str
    deals: tuple[str, ...] = ()
    where: Condition | None = None
    connection: str = ""
    file: str = ""
    line: int = 0


@dataclass(frozen=True)
class Policy:
    """One policy of a file. A deal is flagged where `applies_to` (None: everywhere) and `flag_if` hold.

    `subject`: a name in SUBJECTS; policies about accounts are off, as accounts are not judged. `points` 0 to 100.
    `modes`: cases with another mode, the first match counts. `rollout` None: none is named. `grace_days`: days that
    a broken deal has before it is flagged. `at_most_share`: the share of its open deals that may change within a week.
    `blank` and `filler` are part of the compiled conditions, and kept here for display.
    `actions` are done while it enforces. `generated` is true for policies made from a process (STAGE-over-expected).
    """

    id: str
    title: str
    flag_if: Condition
    severity: Severity
    points: int
    fix: str
    owner: str
    applies_to: Condition | None = None
    topic: str = ""
    subject: str = OPPORTUNITIES.name
    mode: Mode = "warn"
    modes: tuple[ModeCase, ...] = ()
    rollout: Rollout | None = None
    actions: tuple[ActionRule, ...] = ()
    pausable: bool = False
    grace_days: int = 0
    at_most_share: float = AT_MOST_SHARE
    blank: Literal["false", "unknown"] = "false"
    filler: tuple[str, ...] = ()
    examples: Examples = field(default_factory=Examples)
    source: str = ""
    file: str = ""
    line: int = 0
    revision: str = ""
    generated: bool = False

    @property
    def facts(self) -> frozenset[str]:
        """Names of all facts it asks for."""
        return self.flag_if.facts | (self.applies_to.facts if self.applies_to else frozenset())


@dataclass(frozen=True)
class PolicySet:
    """Every policy and process of a set of files.

    `digest` names the meaning of the whole set (comments and layout do not count); `files` are the names read.
    `criterion_examples` is keyed by `process/stage/criterion`. `declared`: the facts that the files themselves bring.
    `waivers` excuse single deals for a time; they are no part of what `digest` names.
    """

    policies: tuple[Policy, ...]
    processes: tuple[Process, ...]
    digest: str
    files: tuple[str, ...] = ()
    criterion_examples: Mapping[str, Examples] = field(default_factory=dict)
    declared: Mapping[str, Fact] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()

    def criteria(self) -> Iterator[Place]:
        """Every criterion of every process with its place, in order."""
        for process in self.processes:
            yield from process.criteria()

    @property
    def actions(self) -> dict[str, tuple[ActionRule, ...]]:
        """The actions of each policy and criterion that has some, by its id. The flag itself holds its mode."""
        found = {policy.id: policy.actions for policy in self.policies}
        found |= {place.id: place.criterion.actions for place in self.criteria()}
        return {name: actions for name, actions in found.items() if actions}
