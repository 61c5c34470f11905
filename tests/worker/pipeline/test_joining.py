"""Workers join a run: each record is written once, and whatever a helper leaves behind is sent by somebody else."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from model.errors import ConnectionBusy, RetryLater
from store import Joined, Store, this_process
from tests.worker.governed import NAME, governed, with_connector
from worker.pipeline.joining.join import join

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.worker.governed import Governed
    from worker.wiring import Services

pytestmark = pytest.mark.every_crm

DEAD = f"{this_process()}0"
AFAR = "elsewhere boot 1 1"


@dataclass
class Sending:
    """A connector with one patch to a batch that lets something happen before each call of `push`."""

    connector: Any
    before: Callable[[int], None] = lambda _n: None
    sent: list[str] = field(default_factory=list)
    batch_size: int = 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connector, name)

    def push(self, patches: Any) -> Any:
        self.before(len(self.sent))
        self.sent += [patch.id for patch in patches]
        return self.connector.push(patches)


@pytest.fixture
def team(crm, tmp_path):
    with governed(tmp_path, crm) as opened:
        for n in range(4):
            opened.deal(f"Deal {n}")
        yield opened


def helper(team: Governed, before: Callable[[int], None] = lambda _n: None) -> tuple[Services, Sending]:
    """Another process: services with a store and a connector of their own."""
    store = Store.open(f"sqlite:///{team.services.settings.home}/sluicegate.db")
    other = replace(team.services, store=store, connect=lambda _name: connector, meters={})
    connector = Sending(team.driver.connector(allowance=other.meter(NAME), budget_share=1.0), before)
    return other, connector


def run_with(team: Governed, happens: Callable[[int], None]) -> tuple[Any, Sending]:
    """A run; `happens` before its first call of `push`."""
    connector = Sending(team.services.connect(NAME), lambda n: happens(run_id(team)) if n == 0 else None)
    return with_connector(team, connector).run(), connector


def run_id(team: Governed) -> int:
    return int(team.services.store.runs.latest(NAME, 1)[0]["id"])


def test_a_worker_that_joins_sends_what_waits_and_the_run_reports_all_of_it(team):
    other, joined = helper(team)
    report, own = run_with(team, lambda run: join(other, NAME, run))
    assert (len(own.sent), len(joined.sent)) == (1, 3)
    assert Counter(team.written()) == Counter(team.theirs().keys())
    assert report.outcomes["written"] == 4
    assert report.calls == own.calls + joined.calls
    assert all(team.shown(deal) for deal in team.theirs())
    other.store.close()


def test_nobody_joins_a_run_that_has_ended(team):
    team.run()
    other, joined = helper(team)
    assert (join(other, NAME, run_id(team)), joined.sent) == (0, [])
    other.store.close()


def test_a_worker_whose_run_was_taken_over_writes_nothing_more(team):
    def another_run_begins(n: int) -> None:
        if n == 1:
            lease, _ = team.services.store.runs.joinable(run_id(team), team.services.clock())
            team.services.store.runs.release(lease)

    other, joined = helper(team, another_run_begins)
    with pytest.raises(Exception, match="lost the lease"):
        run_with(team, lambda run: join(other, NAME, run))
    assert len(joined.sent) == 2
    team.later(hours=1)
    team.run()
    assert all(team.shown(deal) for deal in team.theirs())
    other.store.close()


@pytest.mark.parametrize("came_through", [True, False])
def test_what_a_dead_worker_held_is_read_back_and_sent_by_the_run(team, came_through):
    def dies_in_a_call(run: int) -> None:
        batch = team.services.store.pushes.claim(
            NAME, team.services.clock(), joined=Joined(NAME, run, DEAD, timedelta(seconds=40))
        )
        if came_through:
            team.driver.connector(budget_share=1.0).push(batch.patches)

    report, own = run_with(team, dies_in_a_call)
    assert report.outcomes["written"] == 4
    assert Counter(team.written()) == Counter(team.theirs().keys())
    assert len(own.sent) == (3 if came_through else 4)


def test_a_silent_worker_loses_what_it_held_and_its_late_answer_changes_nothing(team):
    held = []

    def falls_silent(run: int) -> None:
        now, joined = team.services.clock(), Joined(NAME, run, AFAR, timedelta(seconds=40))
        held.append(team.services.store.pushes.claim(NAME, now, joined=joined))

    def waits(_seconds: float) -> None:
        team.later(seconds=41)

    patient = replace(team, services=replace(team.services, sleep=waits))
    report, own = run_with(patient, falls_silent)
    assert (report.outcomes["written"], len(own.sent)) == (4, 4)
    now = team.services.clock()
    assert team.services.store.pushes.settle(held[0], [], now, now) == 0
    assert team.services.store.pushes.sent_in(int(report.run_id)).outcomes["written"] == 4


def test_a_batch_that_ends_every_worker_is_set_aside_and_the_run_ends(team):
    def kills_three(run: int) -> None:
        for _ in range(3):
            joined = Joined(NAME, run, DEAD, timedelta())
            team.services.store.pushes.claim(NAME, team.services.clock(), joined=joined)

    report, own = run_with(team, kills_three)
    assert (report.outcomes["written"], report.outcomes["retry_later"], len(own.sent)) == (3, 1, 3)
    team.later(hours=1)
    assert team.run().outcomes["written"] == 1


def test_a_helper_that_the_crm_turns_away_gives_its_batch_back(team):
    def away(_n: int) -> None:
        raise RetryLater("the CRM is busy")

    other, joined = helper(team, away)
    other.connect(NAME).connector.read = lambda _ids: away(0)
    report, own = run_with(team, lambda run: join(other, NAME, run))
    assert (report.outcomes["written"], len(own.sent), joined.sent) == (4, 4, [])
    other.store.close()


def test_a_helper_that_stood_still_sends_nothing_of_what_others_may_have_by_now(team):
    def stands_still(_n: int) -> None:
        team.later(seconds=50)

    other, _ = helper(team, stands_still)
    report, own = run_with(team, lambda run: join(other, NAME, run))
    assert report.outcomes["written"] == 4
    assert len(own.sent) == 4
    assert Counter(team.written()) == Counter(team.theirs().keys())
    other.store.close()


def test_a_helper_of_a_run_that_was_taken_over_sends_nothing_more(team):
    runs = team.services.store.runs

    def taken_over(_n: int) -> None:
        runs.release(runs.joinable(run_id(team), team.services.clock())[0])
        runs.lease(NAME, "the next run", team.services.clock(), process=AFAR)

    other, joined = helper(team, taken_over)
    with pytest.raises(ConnectionBusy):
        run_with(team, lambda run: join(other, NAME, run))
    assert len(joined.sent) == 1
    assert joined.sent[0] not in team.written()
    other.store.close()
