"""Any sequence of days, waivers and approvals leaves on the records what a few plain sentences say.

Five groups of five deals; each day a group is silent, touched or unreadable, and may be waived. The reference below is
the whole of the brake and of the held unknown in sets of groups.
"""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from model.calibration import Calibration
from model.previous_verdict import PreviousVerdict
from policies.files import Waiver
from policies.judging.brake import Baseline, hold_back, over_share, tally
from policies.judging.context import Context
from policies.judging.judge import judge
from tests.policies.judge import views
from tests.policies.judge.build import policies, policy, wide

GROUPS, EACH, WEEK = range(5), 5, timedelta(days=7)
SILENT, TOUCHED, UNREADABLE = "silent", "touched", "unreadable"
FIRST = date(2026, 11, 2)
RULES = policies(policy())


@dataclass(frozen=True)
class Day:
    """What a day brings: how each group stands, which are waived, whether a person approves whatever is held."""

    gap: int
    stands: tuple[str, ...]
    waived: frozenset[int]
    approved: bool

    def where(self, state):
        return {group for group in GROUPS if self.stands[group] == state}


DAYS = st.lists(
    st.builds(
        Day,
        st.integers(1, 9),
        st.tuples(*[st.sampled_from([SILENT, TOUCHED, UNREADABLE])] * len(GROUPS)),
        st.frozensets(st.sampled_from(GROUPS), max_size=2),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@dataclass
class Reference:
    """The records by plain sentences."""

    shown: set = field(default_factory=set)
    readable: set = field(default_factory=set)
    unknown_since: dict = field(default_factory=dict)  # groups with a held verdict
    past: list = field(default_factory=list)  # (day, shown, unreadable), oldest first
    approved_on: date | None = None

    def live(self, on, day):
        """One day."""
        silent, touched, unreadable = map(day.where, (SILENT, TOUCHED, UNREADABLE))
        free = set(GROUPS) - day.waived
        went = dict.fromkeys(unreadable & self.readable, on)
        since = {group: at for group, at in (self.unknown_since | went).items() if group in unreadable}
        then_shown, accepted = self.then(on)
        known_then = bool(self.past) and self.past[0][0] <= on - WEEK
        changes = {
            "new": (silent & free) - then_shown,
            "cleared": touched & free & then_shown,
            "unknown": (since.keys() & free) - accepted if known_then else set(),
        }
        held = {name for name, groups in changes.items() if len(groups) > 0.3 * len(GROUPS)}
        if held and day.approved:
            held, self.approved_on = set(), on
        still = {group for group, at in since.items() if on - at < WEEK or "unknown" in held}
        self.shown = free & (
            (silent if "new" not in held else silent & self.shown)
            | (touched & self.shown if "cleared" in held else set())
            | (still & self.shown)
        )
        self.readable, self.unknown_since = silent | touched, {group: since[group] for group in still}
        self.past.append((on, set(self.shown), unreadable))

    def then(self, on):
        """Flags that stood a week ago, or when a person let something through since; and unknowns let through."""
        if self.approved_on and self.approved_on > on - WEEK:
            return next((shown, unreadable) for at, shown, unreadable in self.past if at == self.approved_on)
        return next((shown for at, shown, _ in reversed(self.past) if at <= on - WEEK), set()), set()


@dataclass
class Judged:
    """The records by judging, in so many slices."""

    slices: int
    memories: list = field(default_factory=list)
    past: list = field(default_factory=list)  # (day, standing)
    approved_on: date | None = None

    def live(self, on, day):
        """One day."""
        verdicts = self.judge(on, day, self.memories or [PreviousVerdict()] * self.slices)
        self.memories = [views.previous(verdict) for verdict in verdicts]
        self.past.append((on, pl.concat(views.findings(verdict) for verdict in verdicts)))
        return verdicts

    def judge(self, on, day, memories):
        rows = [facts(group, day.stands[group], on) for group in GROUPS for _ in range(EACH)]
        waiver = Waiver("no-activity", on, "In court", "Joan", tuple(map(str, day.waived)))
        context = Context(waivers=(waiver,) if day.waived else ())
        whole = wide(*rows, on=on)
        keys = [[key for key in range(1, len(rows) + 1) if key % self.slices == n] for n in range(self.slices)]
        parts = [replace(whole, frame=whole.frame.filter(pl.col("key").is_in(mine))) for mine in keys]
        verdicts = [judge(part, RULES, previous, context) for part, previous in zip(parts, memories, strict=True)]
        then = self.then(on)
        counts = sum((tally(verdict, then) for verdict in verdicts[1:]), tally(verdicts[0], then))
        held = over_share(verdicts[0].rules, counts, Calibration())
        if held and day.approved:
            self.approved_on = on
            return verdicts
        return [hold_back(verdict, held) for verdict in verdicts] if held else verdicts

    def then(self, on):
        nothing = PreviousVerdict().findings
        judged = frozenset({"no-activity"}) if self.past and self.past[0][0] <= on - WEEK else frozenset()
        if self.approved_on and on - WEEK < self.approved_on < on:
            at_approval = next(standing for at, standing in self.past if at == self.approved_on)
            return Baseline(at_approval, judged, frozenset({"no-activity"}))
        return Baseline(next((s for at, s in reversed(self.past) if at <= on - WEEK), nothing), judged)


def facts(group, state, on):
    values = {SILENT: on - timedelta(days=30), TOUCHED: on, UNREADABLE: None}[state]
    return {"id": str(group), "last_activity": values, "unknown": ["last_activity"] if state == UNREADABLE else []}


@settings(max_examples=10, deadline=None)
@given(DAYS, st.integers(1, 2))
def test_any_days_leave_what_the_reference_says_in_any_slices_and_once_more_changes_nothing(days, slices):
    reference, judged, on = Reference(), Judged(slices), FIRST
    for day in days:
        on += timedelta(days=day.gap)
        reference.live(on, day)
        verdicts = judged.live(on, day)
        shown = {key for verdict in verdicts for key in views.findings(verdict).filter("shown")["key"]}
        assert shown == {group * EACH + n for group in reference.shown for n in range(1, EACH + 1)}
    for once, twice in zip(verdicts, judged.judge(on, days[-1], judged.memories), strict=True):
        assert views.findings(twice).equals(views.findings(once))
        assert views.deals(twice).equals(views.deals(once))
