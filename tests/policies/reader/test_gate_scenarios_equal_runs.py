"""A course ends as a deal does that lives through the same days, pulled, widened and judged day by day."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import polars as pl

from model.previous_verdict import PreviousVerdict
from model.snapshot import INSTANT
from policies.files import GateScenario, PolicySet, ScenarioDay, read_policies
from policies.judging.breaches import updated
from policies.judging.context import Context
from policies.judging.gate_history import JUST_BEFORE, asked
from policies.judging.gates import Gates, bindings
from policies.judging.judge import judge
from policies.judging.rules import live
from policies.trying.gate_scenarios import Asked, outcomes
from tests.model.build import SETTING, snapshot, wide
from tests.policies.judge import views

STAGES = ("discovery", "proposal", "negotiation", "won")
FILE = """version: 1
processes:
  - id: sales
    lost_names: {salesforce: [lost]}
    stages:
      - id: discovery
        names: {salesforce: [discovery]}
        exit:
          - {id: budget, title: Budget, require: budget_confirmed, fix: Ask}
          - {id: quick, title: Quick, require: days_in_stage <= 4, fix: Move, holds: while_in}
      - id: proposal
        names: {salesforce: [proposal]}
        entry:
          - {id: need, title: Need, require: need_confirmed or budget_confirmed, fix: Ask}
        exit:
          - {id: both, title: Both, require: need_confirmed and budget_confirmed, fix: Ask}
      - {id: negotiation, names: {salesforce: [negotiation]}}
      - id: won
        names: {salesforce: [won]}
        entry:
          - {id: signed, title: Signed, require: terms_agreed, fix: Sign}
"""
CRITERIA = ("discovery/budget", "discovery/quick", "proposal/need", "proposal/both", "won/signed")
FACTS = ("budget_confirmed", "need_confirmed", "terms_agreed")
DAYS = tuple(date(2026, 11, 2) + timedelta(days=n) for n in (0, 1, 3, 4, 8, 9))


def lived(chance: random.Random) -> GateScenario:
    """A deal's days: created anywhere, moved anywhere, facts set and taken back."""
    days = [ScenarioDay(DAYS[0], chance.choice(STAGES[:3]), some_facts(chance))]
    for on in DAYS[1:]:
        moved = chance.choice((*STAGES, "lost", None, None, None))
        days.append(ScenarioDay(on, moved, some_facts(chance)))
    return GateScenario(tuple(days))


def some_facts(chance: random.Random) -> dict[str, bool]:
    return {name: chance.random() < 0.7 for name in FACTS if chance.random() < 0.3}


def seen_on(key: int, course: GateScenario, on: date) -> tuple[dict, list[dict]]:
    """The deal's record and stage history as they are on the evening of a day."""
    past = [day for day in course.days if day.on <= on]
    moves = [{"key": key, "at": noon(day.on), "stage_name": day.enter} for day in past if day.enter]
    facts = {name: value for day in past for name, value in day.facts.items()}
    stage = moves[-1]["stage_name"]
    record = {
        "key": key, "id": f"006{key}", "stage_name": stage, "is_closed": stage in {"won", "lost"},
        "is_won": stage == "won", "created": noon(course.days[0].on), "facts": json.dumps(facts),
    }  # fmt: skip
    return record, moves


def noon(on: date) -> datetime:
    return datetime.combine(on, time(12), UTC)


def by_runs(policies: PolicySet, courses: list[GateScenario]) -> dict[tuple[int, str], list[tuple]]:
    """Whether each criterion bound and was broken, run by run."""
    setting = replace(SETTING, mapped=frozenset(FACTS))
    criteria, previous, seen = [f"sales/{name}" for name in CRITERIA], PreviousVerdict(), {}
    context = Context(first_runs=dict.fromkeys(criteria, DAYS[0]))
    for on in DAYS:
        listed = [seen_on(key, course, on) for key, course in enumerate(courses, start=1)]
        evening = datetime.combine(on, time(20), UTC)
        shot = snapshot(
            [record for record, _ in listed], [move for _, moves in listed for move in moves], as_of=evening
        )
        now = wide(shot, policies.processes, setting=setting)
        rules, _ = live(policies, now)
        found = bindings(now, rules, context.first_runs)
        rows, before = just_before(policies, courses, on, setting)
        answers = asked(before, rows, found, rules)
        gates = Gates(found, updated(previous.breaches, found, answers, evening))
        verdict = judge(now, policies, previous, context, gates)
        previous = views.previous(verdict)
        for row in verdict.frame.iter_rows(named=True):
            for name in criteria:
                seen.setdefault((row["key"], name), []).append((row[f"{name}.applies"], row[f"{name}.broken"]))
    return seen


def just_before(policies, courses, on, setting):
    """The deals just before noon, when they move."""
    at = noon(on) - JUST_BEFORE
    lived = [(key, course) for key, course in enumerate(courses, start=1) if course.days[0].on < on]
    past = [seen_on(key, course, on - timedelta(days=1)) for key, course in lived]
    shot = snapshot([record for record, _ in past], [move for _, moves in past for move in moves], as_of=at)
    before = wide(shot, policies.processes, setting=setting)
    rows = before.frame.select(deal="key", at=pl.lit(at, INSTANT), known=pl.lit(at, INSTANT), known_on="as_of_date")
    return rows, before


def ended(days: list[tuple]) -> str:
    if days[-1][1]:
        return "missed"
    return "healed" if any(broken for _, broken in days) else "met" if any(bound for bound, _ in days) else "unbound"


def test_three_hundred_lives_end_alike_as_examples_and_in_runs():
    chance = random.Random(4)  # noqa: S311  # repeatable cases
    policies = replace(read_policies({"a.yaml": FILE}), policies=())
    courses = [lived(chance) for _ in range(300)]
    runs = by_runs(policies, courses)
    endings = Counter()
    for name in (f"sales/{one}" for one in CRITERIA):
        found = outcomes(policies.processes[0], [Asked(name, "met", course) for course in courses])
        real = [ended(runs[key, name]) for key in range(1, len(courses) + 1)]
        assert found == real
        endings.update(found)
    assert all(endings[kind] > 50 for kind in ("met", "missed", "healed", "unbound"))
