"""A connection's input to judging: options, the previous verdict, approvals."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple
from zoneinfo import ZoneInfo

import polars as pl

from connectors.registry import crm
from model.helpers.words import many
from model.previous_verdict import PreviousVerdict
from model.subjects import OPPORTUNITIES
from policies.judging.brake import CHANGES, FEW, Baseline, over_share, revision_of, tally
from policies.judging.context import Context
from policies.judging.rules import rules_of

if TYPE_CHECKING:
    from datetime import date, datetime

    from model.calibration import Calibration
    from model.deal_keys import DealKeys
    from model.subjects import Subject
    from policies.files import PolicySet, Waiver
    from policies.judging.brake import HeldRule
    from policies.judging.rules import Rule
    from policies.judging.verdict import Verdict
    from store import Approval, LastJudging
    from worker.pipeline.session import Session

NOT_ROLLED_OUT: Final = (
    "{n} would write, but none is rolled out, so all of them are only observed here and nothing is written. "
    "`rollout: everyone`, or {{teams: […]}}, at the top of a policy file or in a policy opens them."
)
WEEK: Final = timedelta(days=7)
LOST: Final = "lost"
"""Deals that a rule may no longer apply to, because they were judged again."""


def context_of(session: Session, policies: PolicySet) -> Context:
    """A connection's judging context."""
    connection = session.connection
    return Context(
        hold_unknown=connection.hold_unknown_days,
        first_runs=session.store.verdicts.first_run_dates(session.name),
        waivers=waivers_of(session, policies),
        open_to_all=connection.sandbox,
        owner_grace=connection.activity.owner_grace,
    )


def waivers_of(session: Session, policies: PolicySet) -> tuple[Waiver, ...]:
    """Those of this connection, each deal by the id that the mirror has: a file may write it in another form."""
    here = [waiver for waiver in policies.waivers if waiver.connection in {"", session.name}]
    if not any(waiver.deals for waiver in here):
        return tuple(here)
    form = crm(session.connection.kind).same_id
    kept = {form(deal): deal for deal in session.store.mirror.ids(session.name)}
    return tuple(replace(one, deals=tuple(kept.get(form(deal), deal) for deal in one.deals)) for one in here)


def previous_verdict(session: Session, keys: DealKeys, subject: Subject = OPPORTUNITIES) -> PreviousVerdict:
    """The previous verdict on these records, and the pauses now on the records of deals."""
    store, name = session.store, session.name
    if not subject.on_record:
        return PreviousVerdict(store.verdicts.findings(name, subject))
    return PreviousVerdict(*store.verdicts.previous(name, keys), *store.approvals.pauses(name, keys))


def not_rolled_out(session: Session, policies: PolicySet) -> list[str]:
    """A sentence if every policy is only observed because none names a rollout."""
    scored = [rule for rule in rules_of(policies) if rule.scored]
    if session.connection.sandbox or not scored or any(rule.rollout for rule in scored):
        return []
    return [NOT_ROLLED_OUT.format(n=many(len(scored), "rule"))]


def has_brake(session: Session) -> bool:
    """Whether the brake applies to this connection."""
    brake = session.connection.brake
    return not session.connection.sandbox if brake is None else brake


class Brake(NamedTuple):
    """Rules that are held, and the approvals that let something through."""

    held: list[HeldRule]
    used: list[Approval]


@dataclass
class BrakeTally:
    """Counts over all slices what each rule would change since a week ago; then decides what is held."""

    session: Session
    calibration: Calibration
    rules: tuple[Rule, ...] = ()
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """After `add_others`: at most so many deals change, and between `of` and `of` + LOST the rule applies to."""

    def add(self, verdict: Verdict) -> None:
        """Take in the verdict on a slice."""
        self.rules = verdict.rules
        if has_brake(self.session):
            self.counts += tally(verdict, self._baseline)

    def add_others(self, last: LastJudging, affected: int) -> None:
        """Take in every deal but the `affected` ones, as the last judging counted them."""
        store, name, session = self.session.store, self.session.name, self.session
        drift = store.due.drift(name, last.as_of - WEEK, session.as_of - WEEK)
        for rule in (rule for rule in self.rules if rule.scored):
            before = last.changes.get(rule.id, {})
            lost = min(affected, before.get("of", 0))
            self.counts[rule.id, "of"] += before.get("of", 0) - lost
            self.counts[rule.id, LOST] += before.get(LOST, 0) + lost + drift.get(rule.id, 0)
            for change in CHANGES:
                self.counts[rule.id, change] += before.get(change, 0) + drift.get(rule.id, 0)

    @property
    def may_hold(self) -> bool:
        """Whether the brake may hold a rule."""
        return has_brake(self.session) and any(map(self._may_hold, self.rules))

    def _may_hold(self, rule: Rule) -> bool:
        of, most = self.counts[rule.id, "of"], max(self.counts[rule.id, change] for change in CHANGES)
        return rule.scored and of + self.counts[rule.id, LOST] >= FEW and most > rule.at_most_share * of

    @cached_property
    def _approvals(self) -> list[Approval]:
        return self.session.store.approvals.all(self.session.name)

    @cached_property
    def _baseline(self) -> Baseline:
        return _baseline(self.session, self._approvals)

    def decided(self) -> Brake:
        """Every rule that would change too much is held, unless a person let it through."""
        if not self.rules or not has_brake(self.session):
            return Brake([], [])
        given = {(approval.policy, approval.revision): approval for approval in self._approvals}
        mine = {rule.id: given.get((rule.id, revision_of(rule, self.calibration))) for rule in self.rules}
        found = over_share(self.rules, self.counts, self.calibration)
        passed = [one for one in found if _passes(mine[one.rule.id], one)]
        used = {approval.policy: approval for one in passed if (approval := mine[one.rule.id])}
        return Brake([one for one in found if one not in passed], [*used.values()])


def _passes(approval: Approval | None, one: HeldRule) -> bool:
    """Whether a valid approval covers the rule."""
    return approval is not None and approval.good and one.deals <= approval.up_to


def _baseline(session: Session, approvals: list[Approval]) -> Baseline:
    """The findings of a week ago. For a rule approved since, in any revision, the findings at that moment."""
    store, name, since = session.store, session.name, session.as_of - WEEK
    used = [(approval.used, approval.policy) for approval in approvals if approval.used and approval.used > since]
    let_through = {policy: at for at, policy in sorted(used)}
    standing = {at: store.decisions.standing(name, at) for at in set(let_through.values())}
    parts = [standing[at].filter(pl.col("policy") == policy) for policy, at in let_through.items()]
    others = store.decisions.standing(name, since).filter(~pl.col("policy").is_in(list(let_through)))
    return Baseline(pl.concat([others, *parts]), judged_by_then(session), frozenset(let_through))


def judged_by_then(session: Session) -> frozenset[str]:
    """The policies and criteria that were judged a week before."""
    first_runs, then = session.store.verdicts.first_run_dates(session.name), local_day(session, session.as_of - WEEK)
    return frozenset(id_ for id_, first in first_runs.items() if first <= then)


def local_day(session: Session, at: datetime) -> date:
    """The local date of an instant in the connection's zone."""
    return at.astimezone(ZoneInfo(session.connection.timezone)).date()
