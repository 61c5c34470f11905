"""Checks of policy files and mapped facts for `connection check`. A mistake stops no other check."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from model.errors import PolicyProblem, SettingsProblem
from model.helpers.words import did_you_mean
from model.sync import Remark
from policies.judging.rules import rules_of
from worker.pipeline.session import read_once

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from model.sync import Description
    from policies.files import PolicySet
    from worker.pipeline.session import Session

REST = (
    "Until {bad} {is_} mended no run that you start does anything, and scheduled ones go on under the last good "
    "policies. What follows is of the other policy files{none}."
)


def sound(session: Session, description: Description) -> tuple[PolicySet | None, list[Remark]]:
    """The policies of the usable files (None if there are none), and each mistake in the others."""
    try:
        return session.policies(description), []
    except SettingsProblem as problem:
        return None, [Remark("missing", str(problem))]
    except PolicyProblem as problem:
        texts = session.services.policy_texts()
        policies, bad = _without(texts, description, problem)
        named = ", ".join(Path(file).name for file in texts if file in bad)
        rest = REST.format(bad=named, is_="is" if len(bad) == 1 else "are", none="" if policies else ": there are none")
        mistakes = [Remark("missing", str(mistake)) for mistake in problem.problems]
        return policies, [*mistakes, Remark("note", rest)]


def _without(
    texts: Mapping[str, bytes], description: Description, problem: PolicyProblem
) -> tuple[PolicySet | None, set[str]]:
    """The set without the files that have mistakes or depend on them, and the names of those files."""
    bad: set[str] = set()
    while problem.problems:
        bad |= {mistake.file for mistake in problem.problems}
        left = {file: text for file, text in texts.items() if file not in bad}
        if not left or len(left) == len(texts):
            break
        try:
            return read_once(left, description), bad
        except PolicyProblem as next_one:
            problem = next_one
    return None, bad


def stray_facts(session: Session, policies: PolicySet, description: Description) -> Iterator[Remark]:
    """Mapped facts that no policy uses, if a policy uses an unmapped fact with a similar name."""
    asked = {fact for rule in rules_of(policies) for fact in rule.facts}
    lacking = sorted(asked - description.mapped)
    for fact in session.connection.fields:
        if fact not in asked and (hint := did_you_mean(fact, lacking)):
            place = f"[connections.{session.name}.fields]"
            yield Remark("warning", f"{place} maps {fact}, which no policy asks for{hint}")
