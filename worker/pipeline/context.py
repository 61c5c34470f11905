"""What judging needs of a connection beside its deals: its ways, what was remembered, what a person let through."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple
from zoneinfo import ZoneInfo

import polars as pl

from model.helpers.words import many
from model.previous_verdict import PreviousVerdict
from model.subjects import OPPORTUNITIES
from policies.judging.brake import Baseline, hold_back, holds_something, over_share, revision_of, tally
from policies.judging.context import Context
from policies.judging.rules import rules_of

if TYPE_CHECKING:
    from datetime import date, datetime

    from model.calibration import Calibration
    from model.subjects import Subject
    from policies.files import PolicySet
    from policies.judging.brake import HeldRule
    from policies.judging.verdict import Verdict
    from store import Approval
    from worker.pipeline.session import Session

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
        first_runs=session.store.verdicts.first_run_dates(session.name),
        waivers=tuple(waiver for waiver in policies.waivers if waiver.connection in {"", session.name}),
        open_to_all=connection.sandbox,
        owner_grace=connection.activity.owner_grace,
    )


def previous_verdict(session: Session, keys: tuple[int, int], subject: Subject = OPPORTUNITIES) -> PreviousVerdict:
    """The last verdict on these records, and of deals the pauses that stand on them now."""
    store, name = session.store, session.name
    if not subject.on_record:
        return PreviousVerdict(store.verdicts.findings(name, subject))
    return PreviousVerdict(*store.verdicts.previous(name, keys), *store.approvals.pauses(name, keys))


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
    held: list[HeldRule]
    used: list[Approval]


def held_back(session: Session, verdicts: list[Verdict], calibration: Calibration) -> Brake:
    """Every rule that would change too much since a week ago held, unless a person let it through."""
    if not verdicts or not has_brake(session):
        return Brake(verdicts, [], [])
    approvals = session.store.approvals.all(session.name)
    given = {(said.policy, said.revision): said for said in approvals}
    mine = {rule.id: given.get((rule.id, revision_of(rule, calibration))) for rule in verdicts[0].rules}
    baseline, counts = _baseline(session, approvals), Counter[tuple[str, str]]()
    for verdict in verdicts:
        counts += tally(verdict, baseline)
    found = over_share(verdicts[0].rules, counts, calibration)
    passed = [one for one in found if _passes(mine[one.rule.id], one)]
    held = [one for one in found if one not in passed]
    used = {said.policy: said for one in passed if (said := mine[one.rule.id])}
    braked = [hold_back(verdict, held) for verdict in verdicts] if held else verdicts
    told = [one for one in held if any(holds_something(one, verdict) for verdict in braked)]
    return Brake(braked, told, [*used.values()])


def _passes(said: Approval | None, one: HeldRule) -> bool:
    """Whether an approval that is still good covers it."""
    return said is not None and said.good and one.deals <= said.up_to


def _baseline(session: Session, approvals: list[Approval]) -> Baseline:
    """The findings of a week ago; of a rule that was let through since, in any revision, those of that moment."""
    store, name, since = session.store, session.name, session.as_of - WEEK
    used = [(said.used, said.policy) for said in approvals if said.used and said.used > since]
    let_through = {policy: at for at, policy in sorted(used)}
    standing = {at: store.decisions.standing(name, at) for at in set(let_through.values())}
    parts = [standing[at].filter(pl.col("policy") == policy) for policy, at in let_through.items()]
    others = store.decisions.standing(name, since).filter(~pl.col("policy").is_in(list(let_through)))
    by_then = {id_ for id_, first in store.verdicts.first_run_dates(name).items() if first <= local_day(session, since)}
    return Baseline(pl.concat([others, *parts]), frozenset(by_then), frozenset(let_through))


def local_day(session: Session, at: datetime) -> date:
    """The day of an instant where the connection is."""
    return at.astimezone(ZoneInfo(session.connection.timezone)).date()
