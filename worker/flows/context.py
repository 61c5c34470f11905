"""What judging needs of a connection beside its deals: its ways, what was remembered, what a person let through."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from model.memory import Memory
from model.words import many
from policies.brake import braked, hold_back, tally
from policies.judge import Context
from policies.rules import rules_of

if TYPE_CHECKING:
    from model.calibration import Calibration
    from policies.brake import Braked
    from policies.policy import PolicySet
    from policies.verdict import Verdict
    from worker.flows.session import Session

NOT_ROLLED_OUT: Final = (
    "{n} would write, but none is rolled out, so all of them are only observed here and nothing is written. "
    "`rollout: everyone`, or {{teams: […]}}, at the top of a policy file or in a policy opens them."
)
WEEK: Final = timedelta(days=7)


def context_of(session: Session, policies: PolicySet) -> Context:
    """How a connection judges."""
    connection = session.connection
    return Context(
        hold_unknown=connection.hold_unknown_days,
        first_runs=session.store.first_run_dates(session.name),
        waivers=tuple(waiver for waiver in policies.waivers if waiver.connection in {"", session.name}),
        open_to_all=connection.sandbox,
        owner_grace=connection.activity.owner_grace,
    )


def memory_of(session: Session, keys: tuple[int, int]) -> Memory:
    """What the last verdict on these deals left, and what reps wrote on their records since."""
    store, name = session.store, session.name
    return Memory(*store.memory(name, keys), *store.pauses(name, keys))


def not_rolled_out(session: Session, policies: PolicySet) -> list[str]:
    """A sentence where every policy is observed because none names a rollout."""
    scored = [rule for rule in rules_of(policies) if rule.scored]
    if session.connection.sandbox or not scored or any(rule.rollout for rule in scored):
        return []
    return [NOT_ROLLED_OUT.format(n=many(len(scored), "rule"))]


def has_brake(session: Session) -> bool:
    """Whether policies that change too much at once are held here."""
    said = session.connection.brake
    return not session.connection.sandbox if said is None else said


def held_back(
    session: Session, verdicts: list[Verdict], calibration: Calibration
) -> tuple[list[Verdict], list[Braked]]:
    """The verdicts on all slices, with every rule that would change too much since a week ago held."""
    if not verdicts or not has_brake(session):
        return verdicts, []
    week_ago = session.store.standing(session.name, session.as_of - WEEK)
    counts: Counter[tuple[str, str]] = Counter()
    for verdict in verdicts:
        counts += tally(verdict, week_ago)
    approved = {(said.policy, said.revision): said.up_to for said in session.store.approvals(session.name)}
    held = braked(verdicts[0].rules, counts, approved, calibration)
    return ([hold_back(verdict, held) for verdict in verdicts] if held else verdicts), held
