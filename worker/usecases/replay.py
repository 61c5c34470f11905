"""`policies replay` and `policies tune`: what policies would have said on past days, and what became of those deals."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from kpis.outcomes import Hindsight, hindsight, summary
from model.calendars.replay_days import LOGGED
from policies.files import NO_REPLAY, about
from policies.trying.tuning import tuned
from worker.pipeline.judging_periods import DAY, window
from worker.pipeline.past import Past
from worker.pipeline.session import Session, read_once
from worker.usecases.diff import described

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from policies.files import PolicySet
    from policies.judging.rules import Rule
    from worker.pipeline.past import Judged
    from worker.wiring import Services

MOSTLY = 0.5
"""A fact that could not be read on more of the open deal-days than this is named as missing."""

SILENT = "the teams logged on less than {share:.0%} of their open deals (activity.min_coverage)"


def replay(
    services: Services, name: str, texts: Mapping[str, bytes], first: date | None = None, last: date | None = None
) -> dict[str, Any]:
    """What each policy would have said from `first` to `last`, judged from what was known each day.

    Neither the CRM nor the store is written. Raises PolicyProblem and SettingsProblem.
    """
    session = _session(services, name)
    found = _policies(session, texts)
    left_out = [
        {"policy": policy.id, "subject": policy.subject, "why": NO_REPLAY[policy.subject]}
        for policy in about(found, *NO_REPLAY)
    ]
    replayed = replace(found, policies=tuple(one for one in found.policies if one.subject not in NO_REPLAY))
    answer = _told(Past(session, described(session), replayed, *window(session, first, last)))
    return {**answer, "not_replayed": left_out}


def tune(  # noqa: PLR0917 - a replay, and what to vary
    services: Services, name: str, texts: Mapping[str, bytes], policy: str, limits: Sequence[int],
    first: date | None = None, last: date | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The replay of one policy with each of some limits in the place of its own; rows have `limit`."""
    session = _session(services, name)
    variants = tuned(_policies(session, texts), policy, limits)
    answer = _told(Past(session, described(session), variants, *window(session, first, last)))
    for row in (*answer["policies"], *answer["no_past"]):
        row["limit"] = int(row["policy"].rpartition("@")[2])
    return {"policy": policy, **answer}


def _session(services: Services, name: str) -> Session:
    services.connection(name)
    return Session(services, name, services.clock())


def _policies(session: Session, texts: Mapping[str, bytes]) -> PolicySet:
    return read_once(texts, described(session))


@dataclass
class Seen:
    """What the parts told so far."""

    rules: dict[str, Rule] = field(default_factory=dict)
    dormant: tuple[str, ...] = ()
    counts: dict[str, Hindsight] = field(default_factory=dict)
    owned: list[pl.DataFrame] = field(default_factory=list)
    unread: dict[str, int] = field(default_factory=dict)
    deal_days: int = 0

    def add(self, part: Judged, days: list[date]) -> None:
        """Take in one part."""
        self.rules |= {rule.id: rule for rule in part.rules}
        self.dormant = part.dormant
        self.owned.append(_steps(part.owned))
        self.deal_days += part.deal_days
        for fact, lost in part.unread.items():
            self.unread[fact] = self.unread.get(fact, 0) + lost
        for rule, stretches in part.stretches.items():
            self.counts.setdefault(rule, Hindsight()).add(hindsight(stretches, part.ends, days))

    def rep_weeks(self, days: int) -> float:
        """Weeks of all owners, of those days on which each had an open deal."""
        if not self.owned:
            return 0.0
        steps = pl.concat(self.owned).group_by("owner_id", "day").agg(pl.col("by").sum()).sort("owner_id", "day")
        held = steps.with_columns(
            deals=pl.col("by").cum_sum().over("owner_id"),
            until=pl.col("day").shift(-1).over("owner_id").fill_null(days),
        ).filter(pl.col("deals") > 0)  # fmt: skip
        return int(held.select((pl.col("until") - pl.col("day")).sum()).item()) / 7

    def missing(self, rule: Rule) -> list[str]:
        """Facts of a rule that could mostly not be read."""
        return sorted(fact for fact in rule.facts if self.unread.get(fact, 0) > MOSTLY * self.deal_days)


def _steps(owned: pl.DataFrame) -> pl.DataFrame:
    """By owner and day how many open deals they gain or lose."""
    gains = owned.select("owner_id", "day", by=pl.lit(1, pl.Int64))
    losses = owned.select("owner_id", day="until", by=pl.lit(-1, pl.Int64))
    return pl.concat([gains, losses]).group_by("owner_id", "day").agg(pl.col("by").sum())


def _told(past: Past) -> dict[str, Any]:
    days = [past.first + n * DAY for n in range(len(past.instants))]
    seen = Seen()
    for part in past.judged():
        seen.add(part, days)
    weeks = seen.rep_weeks(len(days))
    rows = [
        {"policy": rule.id, "title": rule.title, "mode": rule.mode, **summary(seen.counts[rule.id], weeks)}
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
    """A policy that could be judged on no day: which facts have no past, since when they are recorded, what else."""
    since = past.session.store.history.recorded_since(past.session.name)
    rule = seen.rules[policy]
    silent = not LOGGED.isdisjoint(rule.facts) and not past.quiet.is_empty()
    return {
        "policy": policy, "facts": seen.missing(rule), "recorded_since": since.isoformat() if since else None,
        "why": SILENT.format(share=past.setting.min_coverage) if silent else None,
    }  # fmt: skip
