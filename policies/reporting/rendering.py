"""Policies, processes and examples for people: each condition as written and in English."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from policies.reporting.words import day as day_text

if TYPE_CHECKING:
    from model.process import Place, Rollout
    from policies.files import Examples, FactValue, GateScenario, Policy, PolicySet, ScenarioDay
    from policies.language import Condition

SHARED = ("id", "title", "mode", "severity", "points", "fix", "source")


def policies_of(found: PolicySet) -> list[dict[str, Any]]:
    """One row a policy; `written` is its condition, `english` the sentence."""
    return [_policy(policy) for policy in found.policies]


def _policy(policy: Policy) -> dict[str, Any]:
    row = {name: getattr(policy, name) for name in (*SHARED, "subject", "topic", "owner", "pausable", "revision")}
    applies, flag = policy.applies_to, policy.flag_if
    when = f"{applies.english()}: {flag.english()}" if applies else flag.english()
    written = {"applies_to": applies.text if applies else None, "flag_if": flag.text}
    actions = [rule.english() for rule in policy.actions]
    row |= {**written, "english": when, "actions": actions}
    return {**row, **_reach(policy), "examples": counted(policy.examples)}


def _reach(policy: Policy) -> dict[str, Any]:
    """The policy's mode by deal, rollout, days of grace and share for the brake."""
    cases = [{"where": case.where.text, "english": case.where.english(), "mode": case.mode} for case in policy.modes]
    return {
        "modes": cases, "rollout": open_to(policy.rollout), "grace_days": policy.grace_days,
        "at_most_share": policy.at_most_share,
    }  # fmt: skip


def open_to(rollout: Rollout | None) -> str | None:
    """The teams, owners and pipelines of a rollout in English; None if it names none."""
    if rollout is None:
        return None
    return rollout.where.english() if rollout.where else "everyone"


def waivers_of(found: PolicySet) -> list[dict[str, Any]]:
    """One row a waiver."""
    return [
        {
            "policy": one.policy, "deals": list(one.deals), "where": one.where.text if one.where else None,
            "until": one.until.isoformat(), "reason": one.reason, "approved_by": one.approved_by,
        }
        for one in found.waivers
    ]  # fmt: skip


def counted(examples: Examples) -> dict[str, int]:
    """How many examples of each kind there are."""
    return {one.name: len(some) for one in fields(examples) if (some := getattr(examples, one.name))}


def processes_of(found: PolicySet) -> list[dict[str, Any]]:
    """One row a process: what it claims, and its stages with their days."""
    return [
        {
            "id": process.id,
            "title": process.title,
            "applies_to": cast("Condition", process.applies_to).text if process.applies_to else None,
            "english": process.applies_to.english() if process.applies_to else "no other process claims it",
            "rollout": open_to(process.rollout),
            "stages": [{"id": stage.id, "expected_days": stage.expected_days} for stage in process.stages],
            "source": process.source,
        }
        for process in found.processes
    ]


def criteria_of(found: PolicySet) -> list[dict[str, Any]]:
    """One row a criterion, with its courses as sentences."""
    return [_criterion(found, place) for place in found.criteria()]


def _criterion(found: PolicySet, at: Place) -> dict[str, Any]:
    one = at.criterion
    row = {name: getattr(one, name) for name in (*SHARED, "holds", "binds_from")}
    place = {"process": at.process.id, "stage": at.stage, "side": at.side}
    examples = found.criterion_examples.get(at.id)
    kinds = ("met", "missed", "healed", "unbound")
    courses = {kind: [scenario_sentence(course) for course in getattr(examples, kind, ())] for kind in kinds}
    written = cast("Condition", one.require).text
    actions = [rule.english() for rule in one.actions]
    row |= {"require": written, "english": one.require.english(), "actions": actions}
    return {**place, **row, "courses": courses}


def scenario_sentence(course: GateScenario) -> str:
    """A course as a sentence: `2 Nov 2026 enters proposal; 5 Nov 2026 enters won, terms agreed yes`."""
    return "; ".join(f"{day_text(day.on)} {_happens(day)}" for day in course.days)


def _happens(day: ScenarioDay) -> str:
    moved = [f"enters {day.enter}"] if day.enter else []
    known = [f"{name.replace('_', ' ')} {_value(value)}" for name, value in day.facts.items()]
    unknown = [f"{name.replace('_', ' ')} unknown" for name in sorted(day.unknown)]
    return ", ".join([*moved, *known, *unknown]) or "judged again"


def _value(value: FactValue) -> str:
    match value:
        case None:
            return "blank"
        case bool():
            return "yes" if value else "no"
        case str():
            return f"“{value}”"
        case Decimal():
            return f"{value:,}"
        case tuple():
            return ", ".join(value)
        case _:
            return day_text(value)


def facts_of(found: PolicySet) -> list[dict[str, str]]:
    """The facts that the files bring themselves."""
    return [{"name": fact.name, "type": fact.type, "meaning": fact.meaning} for fact in found.declared.values()]
