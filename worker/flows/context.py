"""What judging needs of a connection beside its deals: its ways, what was remembered, what a person let through."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import polars as pl

from model.memory import Memory
from model.words import many
from policies.brake import hold_back, over_share, revision_of, tally
from policies.judge import Context
from policies.rules import rules_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model.calibration import Calibration
    from policies.brake import Braked
    from policies.policy import PolicySet
    from policies.verdict import Verdict
    from store import Approval
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


class Brake(NamedTuple):
    """The verdicts on all slices, what is held in them, and the approvals that let something through."""

    verdicts: list[Verdict]
    held: list[Braked]
    used: list[Approval]


def held_back(session: Session, verdicts: list[Verdict], calibration: Calibration) -> Brake:
    """Every rule that would change too much since a week ago held, unless a person let it through."""
    if not verdicts or not has_brake(session):
        return Brake(verdicts, [], [])
    given = {(said.policy, said.revision): said for said in session.store.approvals(session.name)}
    mine = {rule.id: given.get((rule.id, revision_of(rule, calibration))) for rule in verdicts[0].rules}
    before, judged = _before(session, mine), session.store.judgement(session.name, session.as_of - WEEK)
    counts: Counter[tuple[str, str]] = Counter()
    for verdict in verdicts:
        counts += tally(verdict, before, judged=judged is not None)
    found = over_share(verdicts[0].rules, counts, calibration)
    passed = [one for one in found if _passes(mine[one.rule.id], one)]
    held = [one for one in found if one not in passed]
    used = {said.policy: said for one in passed if (said := mine[one.rule.id])}
    return Brake([hold_back(verdict, held) for verdict in verdicts] if held else verdicts, held, [*used.values()])


def _passes(said: Approval | None, one: Braked) -> bool:
    """Whether an approval that is still good covers it."""
    return said is not None and said.used is None and one.deals <= said.up_to


def _before(session: Session, approved: Mapping[str, Approval | None]) -> pl.DataFrame:
    """What stood a week ago; of a rule let through since then, what stood then: that is not new any more."""
    store, name = session.store, session.name
    since = session.as_of - WEEK
    used = {policy: said.used for policy, said in approved.items() if said and said.used and said.used > since}
    then = {at: store.standing(name, at) for at in set(used.values())}
    parts = [then[at].filter(pl.col("policy") == policy) for policy, at in used.items()]
    return pl.concat([store.standing(name, since).filter(~pl.col("policy").is_in(list(used))), *parts])
