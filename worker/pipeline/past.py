"""A connection's past, judged: each rule's stretches of days, part by part, as judging every day in turn gives them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import polars as pl

from model.calendars.replay_days import COPIED, LOGGED, Days, added, logged_steps, quiet_days
from model.facts import KNOWN
from model.widening.copied_next_steps import SHARED, shared
from policies.judging.rules import live, places
from policies.trying.crossings import passes
from policies.trying.intervals import bound_by_moves, gate_intervals, stretches, whole
from store import Turns
from worker.pipeline.judging_periods import chapters, noons
from worker.pipeline.past_facts import PastFacts
from worker.pipeline.past_gates import NO_WINDOWS, PastGates
from worker.pipeline.slices import overlaid, overlaid_owners, scope_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from model.judging_options import Setting
    from model.sync import Description
    from policies.files import PolicySet
    from policies.judging.rules import Rule
    from policies.language import Condition
    from store import Story, Teller, TouchRule
    from worker.pipeline.judging_periods import Chapter
    from worker.pipeline.session import Session

READ: Final = 10_000
"""Deals that are read at once."""
PART: Final = 5_000
"""Deals whose days are held at once."""


@dataclass(frozen=True)
class Judged:
    """One part: by rule id its STRETCHES; how its deals ended; who had open deals when; what could not be read."""

    rules: tuple[Rule, ...]
    dormant: tuple[str, ...]
    stretches: dict[str, pl.DataFrame]
    ends: pl.DataFrame  # deal, is_won, lost_on, pushed
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
    cache: dict[str, Teller] = field(default_factory=dict)

    @cached_property
    def instants(self) -> list[datetime]:
        """Noon of each day in the connection's zone."""
        return noons(self.session.connection.timezone, self.first, self.last)

    @cached_property
    def facts(self) -> PastFacts:
        """How rows become facts; holidays are those of the years about the last day."""
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
        """Gates bind from the first day on, unless they say from when."""
        ids = [f"{place.process.id}/{place.stage}/{place.criterion.id}" for place in places(self.policies)]
        return dict.fromkeys(ids, self.first)

    @cached_property
    def chapters(self) -> list[Chapter]:
        """The days in order, split where a calibration comes into force or a feed is late."""
        return chapters(self.session, self.instants)

    @cached_property
    def asked(self) -> frozenset[str]:
        """Every fact that policies, gates, processes or the scope ask for."""
        conditions = [process.applies_to for process in self.policies.processes if process.applies_to] + [
            place.criterion.require for place in places(self.policies)
        ]
        scoped = self.scope.facts if self.scope else frozenset[str]()
        asked = [policy.facts for policy in self.policies.policies] + [condition.facts for condition in conditions]
        return scoped.union(*asked)

    @cached_property
    def turns(self) -> Turns:
        """What changes facts though nothing is recorded."""
        claims = [process.applies_to for process in self.policies.processes if process.applies_to]
        daily = any(map(passes, claims))  # type: ignore[arg-type]
        due = "next_step_due" if "next_step_due" in self.setting.mapped else None
        rates = self._rates() if "amount_home" in self.asked else ()
        starts = tuple(chapter.first for chapter in self.chapters)
        return Turns(None if daily else starts, rates, self.setting.currency, due, self.facts.claims)

    def _rates(self) -> tuple[date, ...]:
        at = self.instants[-1]
        nothing = self.session.store.history.snapshot(self.session.name, at, touch=self.touch, keys=(0, 0))
        return tuple(overlaid(self.session, nothing).rates["on"].drop_nulls().unique().sort())

    def tellers(self, *, lean: bool = False) -> Iterator[Teller]:
        """Slices of the connection; where there is only one it is read once. `lean`: for what teams log alone."""
        store, name = self.session.store, self.session.name
        slices = store.history.slices(name, READ)
        for keys in slices:
            teller = self.cache.pop("teller", None)
            if teller is None:
                teller = store.history.teller(
                    name, self.instants, touch=self.touch, turns=self.turns, keys=keys,
                    fields=self.description.history, lean=lean and len(slices) > 1,
                )  # fmt: skip
            if len(slices) == 1:
                self.cache["teller"] = teller
            yield teller
            del teller  # before the next one is read

    @cached_property
    def quiet(self) -> pl.DataFrame:
        """Team and day where the team logged almost nothing: a first pass over all deals, if any fact asks."""
        none = pl.DataFrame(schema={"team": pl.String, "day": pl.Int64})
        if LOGGED.isdisjoint(self.asked):
            return none
        steps = [step for teller in self.tellers(lean=True) for step in self._logged(teller)]
        return quiet_days(added(steps), len(self.instants), self.setting.min_coverage) if steps else none

    @cached_property
    def shared(self) -> pl.DataFrame:
        """Days on which a deal's next step stood on several deals of its owner: a first pass, if any fact asks."""
        none = pl.DataFrame(schema=SHARED)
        if COPIED not in self.asked or COPIED in self.setting.mapped:
            return none
        steps = [part.steps() for teller in self.tellers() for part in teller.parts(PART)]
        return shared(pl.concat(steps), self.setting.filler) if steps else none

    def _logged(self, teller: Teller) -> Iterator[pl.DataFrame]:
        owners = self._owners(teller)
        if owners["team"].null_count() < owners.height:
            yield from (logged_steps(part.logged(), owners) for part in teller.parts(PART))

    def _owners(self, teller: Teller) -> pl.DataFrame:
        return overlaid(self.session, teller.nothing()).owners

    def judged(self) -> Iterator[Judged]:
        """Every part of the connection."""
        done, _ = 0, (self.quiet, self.shared)  # the first passes are over before the last begins
        for teller in self.tellers():
            for part in teller.parts(PART):
                yield self._judged(part)
                done += part.raw.deals.height
                self.session.services.progress("judged", done)

    def told(self) -> Iterator[Days]:
        """The days of every part, chapter by chapter."""
        _ = self.quiet, self.shared
        for teller in self.tellers():
            for part in teller.parts(PART):
                story = part.story()
                yield from (self.days(story, chapter) for chapter in self.chapters)

    def _judged(self, part: Teller) -> Judged:
        story = part.story()
        pieces: dict[str, list[pl.DataFrame]] = defaultdict(list)
        unread: dict[str, int] = defaultdict(int)
        rules: tuple[Rule, ...] = ()
        dormant: tuple[str, ...] = ()
        gates = PastGates(self.facts, part, self.first_runs)
        for chapter in self.chapters:
            days = self.days(story, chapter)
            rules, dormant = live(self.policies, days.wide)
            gates.note(days, rules)
            for rule, piece in stretches(days, rules, self.scope):
                pieces[rule.id].append(piece)
            self._note_unread(days, unread)
        owned = story.rows.select("day", "until", story.snapshot.deals["owner_id"])
        windows = gates.windows(rules)
        found = {
            rule.id: gate_intervals(pieces.pop(rule.id, []), windows.get(rule.id, NO_WINDOWS))
            if bound_by_moves(rule) else whole(pieces.pop(rule.id, []))
            for rule in rules
        }  # fmt: skip
        lasted = int(story.rows.select((pl.col("until") - pl.col("day")).sum()).item())
        return Judged(rules, dormant, found, self._ends(part), owned, dict(unread), lasted)

    def days(self, story: Story, chapter: Chapter) -> Days:
        """The days of a part's rows that begin in a chapter."""
        told = story if len(self.chapters) == 1 else story.between(chapter.first, chapter.end)
        wide = self.facts.widened(told, chapter.calibration, chapter.late)
        rows = told.rows.join(wide.frame, on="key", how="semi", maintain_order="left").drop("key")
        owners = overlaid_owners(self.session, told.snapshot.owners)
        return Days.of(wide, rows, self.instants, owners, self.setting.zone, self.quiet, self.shared)

    def _note_unread(self, days: Days, unread: dict[str, int]) -> None:
        lengths = days.rows["until"] - days.rows["day"]
        for fact in self.asked & days.wide.masked:
            unread[fact] += int(lengths.filter(~days.wide.frame[fact + KNOWN]).sum())

    def _ends(self, part: Teller) -> pl.DataFrame:
        """How deals ended, in the connection's own dates."""
        ended_on = pl.col("ended_at").dt.convert_time_zone(self.setting.zone).dt.date()
        return part.ends().select("deal", "is_won", "pushed", lost_on=pl.coalesce(ended_on, "close_date"))
