"""`policies evidence`: criteria that held at entry to a stage, by rep. Stages with differing reps are not trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kpis.rules.entry_evidence import APART, FEWEST, LEVEL, by_owner, stages
from policies.judging.rules import live
from policies.trying.entry_evidence import asked_at_entry, at_entry, entries
from worker.pipeline.past import Past, window
from worker.pipeline.session import Session, described, read_once

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    import polars as pl

    from policies.files import PolicySet
    from policies.judging.rules import Rule
    from worker.wiring import Services

RULE: Final = {"fewest": FEWEST, "apart": APART, "level": LEVEL}


def evidence(services: Services, name: str, first: date | None = None, last: date | None = None) -> dict[str, Any]:
    """Keep and return, per process, stage and owner at the time, whether the criteria held when deals entered.

    Days are noons of the connection's zone, by default the 365 that end yesterday. The CRM is neither read nor
    written. Raises SettingsProblem and PolicyProblem.
    """
    services.connection(name)
    session = Session(services, name, services.clock())
    policies = read_once(services.policy_texts(), described(session))
    return kept(session, policies, first, last)


def kept(session: Session, policies: PolicySet, first: date | None = None, last: date | None = None) -> dict[str, Any]:
    """The evidence under these policies. The store keeps it for the KPIs."""
    past = Past(session, described(session), policies, *window(session, first, last))
    found = Found()
    counts = by_owner(entries(found.of(past)))
    names = {owner["id"]: owner["name"] or owner["id"] for owner in session.store.mirror.records(session.name, "owner")}
    titles = {rule.id: rule.title for rule in found.rules}
    since = session.store.history.recorded_since(session.name)
    answer = {
        "connection": session.name, "from": past.first.isoformat(), "to": past.last.isoformat(),
        "policy_digest": policies.digest, "recorded_since": since.isoformat() if since else None, **RULE,
        "stages": stages(counts, names, titles), "dormant": list(found.dormant),
    }  # fmt: skip
    session.store.kpis.keep_entry_evidence(session.name, session.as_of, answer)
    return answer


class Found:
    """The judged criteria, and the dormant ones."""

    rules: tuple[Rule, ...] = ()
    dormant: tuple[str, ...] = ()

    def of(self, past: Past) -> Iterator[pl.DataFrame]:
        """AT_ENTRY of every part of a past."""
        for days in past.days_by_period():
            rules, dormant = live(past.policies, days.wide)
            self.rules = tuple(rule for rule in rules if rule.place)
            self.dormant = tuple(id_ for id_ in dormant if "/" in id_)
            yield from at_entry(days, asked_at_entry(self.rules), past.scope)
