"""`policies replay` and `policies tune`: judge past days by policies, and report how those deals ended."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl

from kpis.rules.outcomes import RuleOutcomes, outcome_row, rule_outcomes
from model.calendars.replay_days import LOGGED
from model.subjects import SUBJECTS
from policies.files import is_judged
from policies.trying.tuning import tuned, turned
from worker.pipeline.past import DAY, Past, window
from worker.pipeline.session import Session, described, read_once

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from policies.files import PolicySet
    from policies.judging.rules import Rule
    from worker.pipeline.past import ReplayedPart
    from worker.wiring import Services

MOSTLY = 0.5
"""A fact is reported as missing if it was unreadable on more than this share of the open deal-days."""

SILENT = "the teams logged on less than {share:.0%} of their open deals (activity.min_coverage)"


def replay(
    services: Services, name: str, texts: Mapping[str, bytes], first: date | None = None, last: date | None = None
) -> dict[str, Any]:
    """Each policy's flags from `first` to `last`, judged from what was known each day.

    Neither the CRM nor the store is written. Raises PolicyProblem and SettingsProblem.
    """
    session = _session(services, name)
    found = _policies(session, texts)
    left_out = [
        {"policy": policy.id, "subject": policy.subject, "why": why}
        for policy in found.policies if (why := SUBJECTS[policy.subject].no_replay) and is_judged(policy)
    ]  # fmt: skip
    replayed = replace(found, policies=tuple(p for p in found.policies if not SUBJECTS[p.subject].no_replay))
    answer = _replayed(Past(session, described(session), replayed, *window(session, first, last)))
    return {**answer, "not_replayed": left_out}


def tune(  # noqa: PLR0917 - a replay, and what to vary
    services: Services, name: str, texts: Mapping[str, bytes], policy: str, limits: Sequence[Decimal],
    first: date | None = None, last: date | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Replay one policy with each of some limits. Rows have `limit`; `turns` says which number is replaced."""
    session = _session(services, name)
    limits, policies = [Decimal(limit) for limit in limits], _policies(session, texts)
    variants = tuned(policies, policy, limits)
    answer = _replayed(Past(session, described(session), variants, *window(session, first, last)))
    for row in (*answer["policies"], *answer["no_past"]):
        limit = Decimal(row["policy"].rpartition("@")[2])
        row["limit"] = int(limit) if limit == limit.to_integral_value() else float(limit)
    (condition,) = (one.flag_if for one in policies.policies if one.id == policy)
    turns = {"number": turned(policy, condition.tree).shown, "in": condition.text}
    return {"policy": policy, "turns": turns, **answer}


def _session(services: Services, name: str) -> Session:
    services.connection(name)
    return Session(services, name, services.clock())


def _policies(session: Session, texts: Mapping[str, bytes]) -> PolicySet:
    return read_once(texts, described(session))


@dataclass
class Seen:
    """Counts of the parts so far."""

    rules: dict[str, Rule] = field(default_factory=dict)
    dormant: tuple[str, ...] = ()
    counts: dict[str, RuleOutcomes] = field(default_factory=dict)
    owned: list[pl.DataFrame] = field(default_factory=list)
    unread: dict[str, int] = field(default_factory=dict)
    deal_days: int = 0

    def add(self, part: ReplayedPart, days: list[date]) -> None:
        """Add one part."""
        self.rules |= {rule.id: rule for rule in part.rules}
        self.dormant = part.dormant
        self.owned.append(_steps(part.owned))
        self.deal_days += part.deal_days
        for fact, lost in part.unread.items():
            self.unread[fact] = self.unread.get(fact, 0) + lost
        for rule, intervals in part.intervals.items():
            self.counts.setdefault(rule, RuleOutcomes()).add(rule_outcomes(intervals, part.deal_outcomes, days))

    def rep_weeks(self, days: int) -> float:
        """Owner-weeks: days on which an owner had an open deal, summed over owners, divided by 7."""
        if not self.owned:
            return 0.0
        steps = pl.concat(self.owned).group_by("owner_id", "day").agg(pl.col("by").sum()).sort("owner_id", "day")
        held = steps.with_columns(
            deals=pl.col("by").cum_sum().over("owner_id"),
            until=pl.col("day").shift(-1).over("owner_id").fill_null(days),
        ).filter(pl.col("deals") > 0)  # fmt: skip
        return int(held.select((pl.col("until") - pl.col("day")).sum()).item()) / 7

    def missing(self, rule: Rule) -> list[str]:
        """Facts of a rule that were mostly unreadable."""
        return sorted(fact for fact in rule.facts if self.unread.get(fact, 0) > MOSTLY * self.deal_days)


def _steps(owned: pl.DataFrame) -> pl.DataFrame:
    """Changes in the number of open deals, by owner and day."""
    gains = owned.select("owner_id", "day", by=pl.lit(1, pl.Int64))
    losses = owned.select("owner_id", day="until", by=pl.lit(-1, pl.Int64))
    return pl.concat([gains, losses]).group_by("owner_id", "day").agg(pl.col("by").sum())


def _replayed(past: Past) -> dict[str, Any]:
    days = [past.first + n * DAY for n in range(len(past.instants))]
    seen = Seen()
    for part in past.judged():
        seen.add(part, days)
    weeks = seen.rep_weeks(len(days))
    rows = [
        {"policy": rule.id, "title": rule.title, "mode": rule.mode, **outcome_row(seen.counts[rule.id], weeks)}
        for rule in seen.rules.values()
    ]
    return {
        "connection": past.session.name, "from": past.first.isoformat(), "to": past.last.isoformat(),
        "policy_digest": past.policies.digest, "deal_days": seen.deal_days, "rep_weeks": round(weeks, 1),
        "policies": [row for row in rows if row["judged_share"] != 0],
        "no_past": [_dark(seen, row["policy"], past) for row in rows if row["judged_share"] == 0],
        "dormant": list(seen.dormant),
    }  # fmt: skip


def _dark(seen: Seen, policy: str, past: Past) -> dict[str, Any]:
    """A policy that no day could be judged by: the facts without a past, the start of records, other reasons."""
    since = past.session.store.history.recorded_since(past.session.name)
    rule = seen.rules[policy]
    silent = not LOGGED.isdisjoint(rule.facts) and not past.silent.is_empty()
    return {
        "policy": policy, "facts": seen.missing(rule), "recorded_since": since.isoformat() if since else None,
        "why": SILENT.format(share=past.setting.min_coverage) if silent else None,
    }  # fmt: skip
