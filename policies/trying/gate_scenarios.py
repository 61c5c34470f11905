"""Gate scenarios, run: each example deal is judged on each of its days, as a run would do it.

Moves, ages and bindings come from the same code that a run uses, so an example cannot mean something else than a deal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast

import polars as pl

from model.errors import Problem
from model.previous_verdict import PreviousVerdict
from policies.files import LOST, PolicySet
from policies.judging.breaches import updated
from policies.judging.context import Context
from policies.judging.gate_history import JUST_BEFORE
from policies.judging.gate_history import asked as ask
from policies.judging.gates import Gates, bindings
from policies.judging.judge import judge
from policies.judging.rules import live
from policies.trying.gate_scenario_frames import KIND, days_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from model.facts import FactType
    from model.process import Process, Stage
    from model.wide import Wide
    from policies.files import GateScenario
    from policies.language import Condition

Outcome: TypeAlias = Literal["met", "missed", "healed", "unbound", "unknown"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("met", "missed", "healed", "unbound")
"""How an example of a gate can be meant to end."""
OUTCOME_TEXT: Final[Mapping[Outcome, str]] = {
    "met": "met",
    "missed": "missed: it is still unmet on the last day",
    "healed": "healed: it was missed first, and is no longer",
    "unbound": "unbound: no move of it goes forward through this gate",
    "unknown": "unknown: a fact that it asks for cannot be read",
}


@dataclass(frozen=True)
class Asked:
    """An example of a criterion (`process/stage/criterion`), and how it should end."""

    criterion: str
    wanted: Outcome
    scenario: GateScenario


def run_gate_scenarios(policy_set: PolicySet) -> list[Problem]:
    """Every scenario that ends otherwise than its file says; empty where all agree.

    Frames are evaluated here, so never call it in a worker's parent process.
    """
    problems = []
    for process in policy_set.processes:
        asked = list(asked_of(policy_set, process))
        for one, got in zip(asked, outcomes(process, asked), strict=True):
            if got != one.wanted:
                text = f"{one.criterion}: this example should be {one.wanted}, but it is {OUTCOME_TEXT[got]}"
                problems.append(Problem(one.scenario.file, one.scenario.line, one.scenario.column, text))
    return sorted(problems)


def asked_of(policy_set: PolicySet, process: Process) -> Iterator[Asked]:
    """Every scenario of a process's criteria."""
    for place in process.criteria():
        examples = policy_set.criterion_examples.get(place.id)
        for wanted in OUTCOMES if examples else ():
            yield from (Asked(place.id, wanted, scenario) for scenario in getattr(examples, wanted))


def outcomes(process: Process, asked: Sequence[Asked]) -> list[Outcome]:
    """How each scenario ends; judged as runs on those days would."""
    if not asked:
        return []
    seen: list[list[tuple[bool | None, bool | None]]] = [[] for _ in asked]
    context = Context(first_runs=dict.fromkeys((one.criterion for one in asked), _first_day(asked)))
    runnable, previous = _runnable(process), PreviousVerdict()
    policies, before = PolicySet((), (runnable,), ""), None
    for wide in days_of(runnable, [one.scenario for one in asked], _types(process)):
        gates = _gates(wide, before, policies, previous, context)
        verdict, before = judge(wide, policies, previous, context, gates), wide
        previous = PreviousVerdict(breaches=verdict.breaches())
        for row in verdict.frame.iter_rows(named=True):
            name = asked[row["key"]].criterion
            seen[row["key"]].append((row[f"{name}.applies"], row[f"{name}.broken"]))
    return [_outcome(days) for days in seen]


def _gates(wide: Wide, before: Wide | None, policies: PolicySet, previous: PreviousVerdict, context: Context) -> Gates:
    """What moves bind on a day. Just before a move, the facts are those of the day before it in the example."""
    rules, _ = live(policies, wide)
    found = bindings(wide, rules, context.first_runs)
    if before is None:
        return Gates(found, previous.breaches)
    today = wide.frame.select("key", today="as_of_date")
    moved = wide.moves.join(today, on="key").filter(pl.col("on") == pl.col("today")).select("key", "at", "today")
    frame = before.frame.join(moved, on="key", maintain_order="left").with_columns(as_of_date="today")
    at = pl.col("at") - JUST_BEFORE
    rows = frame.select(at, deal="key", known=at, known_on="today")
    answers = ask(replace(before, frame=frame.drop("at", "today")), rows, found, rules)
    return Gates(found, updated(previous.breaches, found, answers, wide.as_of))


def _outcome(days: Sequence[tuple[bool | None, bool | None]]) -> Outcome:
    """From whether it bound and whether it was broken, day by day."""
    bound, broken = zip(*days, strict=True)
    if broken[-1] is None:
        return "unknown"
    if broken[-1]:
        return "missed"
    if any(broken):
        return "healed"
    return "met" if any(bound) else "unbound"


def _first_day(asked: Sequence[Asked]) -> date:
    return min(one.scenario.days[0].on for one in asked)


def _runnable(process: Process) -> Process:
    """The process with its stages' ids for names, and every criterion judged, whatever its mode."""
    return replace(process, stages=tuple(map(_judged, process.stages)), lost_names={KIND: (LOST,)})


def _judged(stage: Stage) -> Stage:
    entry, leave = (tuple(replace(c, mode="warn") for c in side) for side in (stage.entry, stage.exit))
    return replace(stage, names={KIND: (stage.id,)}, entry=entry, exit=leave)


def _types(process: Process) -> dict[str, FactType]:
    """The facts that the gates ask for."""
    # every condition is the reader's
    conditions = (cast("Condition", place.criterion.require) for place in process.criteria())
    return {name: kind for condition in conditions for name, kind in condition.types.items()}
