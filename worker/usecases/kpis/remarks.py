"""Sentences beside KPI values: what changed since a run measured, and what is in force while files have mistakes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from model.errors import PolicyProblem, SettingsProblem
from worker.pipeline.measuring import NO_PROCESS, READ_BY, in_short

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from model.sync import Description
    from store import Measured
    from worker.pipeline.session import Session

CHANGED: Final = "Since run {run}, {what} changed, so these values were measured again now."
UNSAID: Final = "Run {run} did not keep what it measured with, so these values were measured again now."
READ: Final = "The CRM is read by {what}: a change takes effect with `sluicegate run {name}`."
STUCK: Final = "These are the values of run {run}, because nothing can be measured now: {problem}"
OLD: Final = (
    "The policy files have {n}, so the last valid policies are used. First: {first} `sluicegate policies validate` "
    "lists them all."
)


def why_anew(name: str, kept: Measured, now: Mapping[str, str]) -> Iterator[str]:
    """What changed since the values were kept."""
    before = kept.measured_with
    if not before:
        yield UNSAID.format(run=kept.run)
        return
    changed = sorted(what for what in before.keys() | now.keys() if before.get(what) != now.get(what))
    yield CHANGED.format(what=_listed(changed), run=kept.run)
    if read := [what for what in changed if what in READ_BY]:
        yield READ.format(what=_listed(read), name=name)


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def stuck(kept: Measured, problem: Exception) -> str:
    """Why the kept values are shown although something changed."""
    return STUCK.format(run=kept.run, problem=problem)


def of_policies(session: Session, description: Description) -> tuple[str, ...]:
    """A sentence where the policy files have mistakes, or where they have no process."""
    try:
        found = session.policies(description)
    except (PolicyProblem, SettingsProblem) as problem:
        return (in_short(problem, OLD),)
    return () if found.processes else (NO_PROCESS,)
