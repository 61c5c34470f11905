"""Replay: each rule's intervals over a connection's past days, part by part, equal to judging every day in turn."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import polars as pl

from model.calendars.replay_days import COPIED, LOGGED, Days, added, logged_steps, silent_days
from model.deal_keys import DealKeys
from model.facts import KNOWN
from model.widening.copied_next_steps import SHARED, shared
from policies.judging.rules import live
from policies.trying.crossings import counts_days
from policies.trying.intervals import bound_by_moves, gate_intervals, intervals, rule_intervals
from store import UnrecordedChanges
from worker.pipeline.past.facts import PastFacts
from worker.pipeline.past.periods import judging_periods, noons
from worker.pipeline.past.replay_gates import NO_WINDOWS, PastGates
from worker.pipeline.slices import overlaid, overlaid_owners, scope_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from model.judging_options import Setting
    from model.sync import Description
    from policies.files import PolicySet
    from policies.judging.rules import Rule
    from policies.language import Condition
    from store import HistoryBuilder, PastRows, TouchRule
    from worker.pipeline.past.periods import JudgingPeriod
    from worker.pipeline.session import Session

READ: Final = 10_000
"""Deals read at once."""
PART: Final = 5_000
"""Deals with all their days in memory at once."""


@dataclass(frozen=True)
class ReplayedPart:
    """One part of the deals: INTERVALS by rule id, the deals' outcomes, open days by owner, unreadable facts."""

    rules: tuple[Rule, ...]
    dormant: tuple[str, ...]
    intervals: dict[str, pl.DataFrame]
    deal_outcomes: pl.DataFrame  # deal, is_won, lost_on, pushed
    owned: pl.DataFrame  # owner_id, day, until of open deals
    unread: dict[str, int]  # fact → open deal-days on which it could not be read
    deal_days: int


@dataclass(frozen=True)
class Past:
    """The days of a connection from `first` to `last`, to be judged by policies."""

    session: Session
    description: Description
    policies: PolicySet
    first: date
    last: date
    cache: dict[str, HistoryBuilder] = field(default_factory=dict)

    @cached_property
    def instants(self) -> list[datetime]:
        """Noon of each day in the connection's zone."""
        return noons(self.session.connection.timezone, self.first, self.last)

    @cached_property
    def facts(self) -> PastFacts:
        """Facts for rows. Holidays cover the years around the last day."""
        return PastFacts(replace(self.session, as_of=self.instants[-1]), self.description, self.policies)

    @property
    def setting(self) -> Setting:
        """The connection's judging options."""
        return self.facts.setting

    @cached_property
    def scope(self) -> Condition | None:
        """Which open deals are judged."""
        return scope_of(self.session, self.description)

    @property
    def touch(self) -> TouchRule:
        """Which activities count."""
        return self.facts.touch

    @cached_property
    def first_runs(self) -> dict[str, date]:
        """Gates bind from the first day, unless they have their own `binds_from`."""
        return dict.fromkeys((place.id for place in self.policies.criteria()), self.first)

    @cached_property
    def periods(self) -> list[JudgingPeriod]:
        """The days in order, split where a calibration comes into force or a feed is late."""
        return judging_periods(self.session, self.instants)

    @cached_property
    def asked(self) -> frozenset[str]:
        """Every fact that policies, gates, processes or the scope ask for."""
        conditions = [process.applies_to for process in self.policies.processes if process.applies_to] + [
            place.criterion.require for place in self.policies.criteria()
        ]
        scoped = self.scope.facts if self.scope else frozenset[str]()
        asked = [policy.facts for policy in self.policies.policies] + [condition.facts for condition in conditions]
        return scoped.union(*asked)

    @cached_property
    def unrecorded(self) -> UnrecordedChanges:
        """Changes of facts without a record."""
        claims = [process.applies_to for process in self.policies.processes if process.applies_to]
        daily = any(map(counts_days, claims))  # type: ignore[arg-type]
        due = "next_step_due" if "next_step_due" in self.setting.mapped else None
        rates = self._rates() if "amount_home" in self.asked else ()
        starts = tuple(period.first for period in self.periods)
        return UnrecordedChanges(None if daily else starts, rates, self.setting.currency, due, self.facts.claims)

    def _rates(self) -> tuple[date, ...]:
        at = self.instants[-1]
        empty = self.session.store.history.snapshot(self.session.name, at, touch=self.touch, keys=DealKeys(0, 0))
        return tuple(overlaid(self.session, empty, self.description).rates["on"].drop_nulls().unique().sort())

    def builders(self, *, lean: bool = False) -> Iterator[HistoryBuilder]:
        """Builders of the connection's slices. A single slice is read only once. `lean`: for team logging only."""
        store, name = self.session.store, self.session.name
        slices = store.history.slices(name, READ)
        for keys in slices:
            builder = self.cache.pop("builder", None)
            if builder is None:
                builder = store.history.builder(
                    name, self.instants, touch=self.touch, unrecorded=self.unrecorded, keys=keys,
                    fields=self.description.history, lean=lean and len(slices) > 1,
                )  # fmt: skip
            if len(slices) == 1:
                self.cache["builder"] = builder
            yield builder
            del builder  # frees it before the next one is read

    @cached_property
    def silent(self) -> pl.DataFrame:
        """Team and day where the team logged almost nothing: a first pass over all deals, if any fact asks."""
        none = pl.DataFrame(schema={"team": pl.String, "day": pl.Int64})
        if LOGGED.isdisjoint(self.asked):
            return none
        steps = [step for builder in self.builders(lean=True) for step in self._logged(builder)]
        return silent_days(added(steps), len(self.instants), self.setting.min_coverage) if steps else none

    @cached_property
    def shared(self) -> pl.DataFrame:
        """Days on which a deal's next step stood on several deals of its owner: a first pass, if any fact asks."""
        none = pl.DataFrame(schema=SHARED)
        if COPIED not in self.asked or COPIED in self.setting.mapped:
            return none
        steps = [part.steps() for builder in self.builders() for part in builder.parts(PART)]
        return shared(pl.concat(steps), self.setting.filler) if steps else none

    def _logged(self, builder: HistoryBuilder) -> Iterator[pl.DataFrame]:
        owners = self._owners(builder)
        if owners["team"].null_count() < owners.height:
            yield from (logged_steps(part.logged(), owners) for part in builder.parts(PART))

    def _owners(self, builder: HistoryBuilder) -> pl.DataFrame:
        return overlaid(self.session, builder.without_deals(), self.description).owners

    def judged(self) -> Iterator[ReplayedPart]:
        """Every part of the connection."""
        done, _ = 0, (self.silent, self.shared)  # the first passes end before the last begins
        for builder in self.builders():
            for part in builder.parts(PART):
                yield self._judged(part)
                done += part.raw.deals.height
                self.session.services.progress("judged", done)

    def days_by_period(self) -> Iterator[Days]:
        """The days of every part, period by period."""
        _ = self.silent, self.shared
        for builder in self.builders():
            for part in builder.parts(PART):
                past_rows = part.past_rows()
                yield from (self.days(past_rows, period) for period in self.periods)

    def _judged(self, part: HistoryBuilder) -> ReplayedPart:
        past_rows = part.past_rows()
        pieces: dict[str, list[pl.DataFrame]] = defaultdict(list)
        unread: dict[str, int] = defaultdict(int)
        rules: tuple[Rule, ...] = ()
        dormant: tuple[str, ...] = ()
        gates = PastGates(self.facts, part, self.first_runs)
        for period in self.periods:
            days = self.days(past_rows, period)
            rules, dormant = live(self.policies, days.wide)
            gates.note(days, rules)
            for rule, piece in intervals(days, rules, self.scope):
                pieces[rule.id].append(piece)
            self._note_unread(days, unread)
        owned = past_rows.rows.select("day", "until", past_rows.snapshot.deals["owner_id"])
        windows = gates.windows(rules)
        found = {
            rule.id: gate_intervals(pieces.pop(rule.id, []), windows.get(rule.id, NO_WINDOWS))
            if bound_by_moves(rule) else rule_intervals(pieces.pop(rule.id, []))
            for rule in rules
        }  # fmt: skip
        lasted = int(past_rows.rows.select((pl.col("until") - pl.col("day")).sum()).item())
        return ReplayedPart(rules, dormant, found, self._outcomes(part), owned, dict(unread), lasted)

    def days(self, past_rows: PastRows, period: JudgingPeriod) -> Days:
        """The days of a part's rows that begin in a period."""
        in_period = past_rows if len(self.periods) == 1 else past_rows.between(period.first, period.end)
        wide = self.facts.widened(in_period, period.calibration, period.late)
        rows = in_period.rows.join(wide.frame, on="key", how="semi", maintain_order="left").drop("key")
        owners = overlaid_owners(self.session, in_period.snapshot.owners)
        return Days.of(wide, rows, self.instants, owners, self.setting.zone, self.silent, self.shared)

    def _note_unread(self, days: Days, unread: dict[str, int]) -> None:
        lengths = days.rows["until"] - days.rows["day"]
        for fact in self.asked & days.wide.masked:
            unread[fact] += int(lengths.filter(~days.wide.frame[fact + KNOWN]).sum())

    def _outcomes(self, part: HistoryBuilder) -> pl.DataFrame:
        """How deals ended, with dates in the connection's zone."""
        ended_on = pl.col("ended_at").dt.convert_time_zone(self.setting.zone).dt.date()
        return part.deal_outcomes().select("deal", "is_won", "pushed", lost_on=pl.coalesce(ended_on, "close_date"))
