"""The schedule stands in the store: what beat sends, what a message does, and what becomes of a job that kills."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from model.errors import PolicyProblem, RetryLater, SettingsProblem, StoreProblem
from model.sync import Patch
from store import Occasion, this_process
from tests.worker.governed import NAME, governed, with_connector
from worker.pipeline.nudging.nudge import nudge
from worker.pipeline.run import run
from worker.schedule import Sender, take_turn
from worker.schedule.plan import Daily, Every, Planned
from worker.usecases.answers import runs
from worker.usecases.nightly import freeze

MINUTE = timedelta(minutes=1)
HOURLY = Planned("incremental", "run", Every(60 * MINUTE), at_once=True)
NIGHTLY = Planned("full", "run", Daily("02:00"), {"full": True})
AFAR = "elsewhere boot 1 1"
"""A process of another machine: nobody here knows whether it lives."""
DEAD = f"{this_process()}0"
"""A process of this machine that has ended: another one has its number by now."""


@dataclass
class Broker:
    """Takes messages, unless it is away; workers take them out of it."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    sent: int = 0
    away: bool = False

    def send(self, task: str, connection: str, options: dict[str, Any], expires: float) -> None:
        if self.away:
            raise ConnectionError("nothing listens")
        self.sent += 1
        self.messages.append({"task": task, "connection": connection, "expires": expires, **options})

    def waiting(self) -> int:
        return len(self.messages)

    def take(self) -> Occasion:
        message = self.messages.pop(0)
        return Occasion(message["connection"], message["job"], datetime.fromisoformat(message["due"]))


@pytest.fixture
def team(tmp_path):
    with governed(tmp_path) as opened:
        yield opened


@dataclass
class Beat:
    team: Any
    broker: Broker = field(default_factory=Broker)
    jobs: tuple[Planned, ...] = (HOURLY,)

    def __post_init__(self) -> None:
        self.sender = Sender(lambda: self.team.services.store, self.team.services.clock, self.broker, [NAME], self.jobs)

    def tick(self, **later: float) -> int:
        """How many messages are sent after so much time."""
        self.team.later(**later)
        before = self.broker.sent
        self.sender.tick()
        return self.broker.sent - before

    def begin(self, process: str = AFAR) -> Any:
        """A worker takes a message, and is never heard of again unless somebody renews its turn."""
        return self.team.services.store.jobs.begin(self.broker.take(), self.team.services.clock(), 40, process)

    def kill_three_workers(self) -> None:
        """The three that take the messages of one occasion; a fourth message is on its way."""
        for _ in range(3):
            self.begin()
            assert self.tick(minutes=1) == 1


@pytest.fixture
def beat(team):
    team.driver.clock.set(datetime(2026, 11, 16, 12, 0, 30, tzinfo=UTC))
    return Beat(team)


def done(_services=None):
    return None


def test_times_are_the_same_for_every_process_and_month_ends_are_passed():
    at = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
    assert Every(60 * MINUTE).last(at + 10 * MINUTE) == at
    assert Daily("03:30").last(at) == datetime(2026, 2, 28, 3, 30, tzinfo=UTC)
    assert Daily("03:30", 28).last(at) == datetime(2026, 2, 28, 3, 30, tzinfo=UTC)
    assert Daily("03:30", 1).next(at + 60 * MINUTE) == datetime(2026, 4, 1, 3, 30, tzinfo=UTC)


def test_of_any_number_of_beats_one_sends_each_occasion_and_a_message_lives_no_longer_than_its_interval(team, beat):
    other = Beat(team, beat.broker)
    assert [beat.tick(), other.tick()] == [1, 0]
    assert beat.broker.messages[0]["expires"] == 60 * 60 - 30
    assert [other.tick(minutes=60), beat.tick()] == [1, 0]


def test_a_nightly_job_of_a_new_connection_waits_for_its_night_and_one_that_beat_missed_is_sent_late(team):
    team.driver.clock.set(datetime(2026, 11, 16, 12, tzinfo=UTC))
    beat = Beat(team, jobs=(NIGHTLY,))
    assert beat.tick() == 0
    assert beat.tick(hours=17) == 1
    assert beat.broker.messages[0]["full"] is True


def test_what_is_noted_is_sent_at_the_next_look_and_again_only_once_it_was_worked_on(team, beat):
    beat = Beat(team, jobs=())
    nudges, jobs = team.services.store.nudges, team.services.store.jobs
    assert beat.tick(seconds=5) == 0
    nudges.note(NAME, [("opportunity", "d1")], team.services.clock())
    assert [beat.tick(seconds=5), beat.tick(seconds=5)] == [1, 0]
    assert beat.broker.messages[0]["task"] == "nudge"
    turn = beat.begin()
    nudges.note(NAME, [("opportunity", "d2")], team.services.clock())
    assert beat.tick(seconds=5) == 0
    jobs.end(turn, team.services.clock())
    assert beat.tick(seconds=5) == 1
    nudges.forget(NAME)
    jobs.end(beat.begin(), team.services.clock())
    assert beat.tick(seconds=5) == 0


def test_a_nudge_that_finds_a_run_waits_five_seconds_and_one_that_kills_its_workers_is_left_to_the_next_run(team, beat):
    beat = Beat(team, jobs=())
    store = team.services.store
    store.nudges.note(NAME, [("opportunity", "d1")], team.services.clock())
    lease = store.runs.lease(NAME, "a run", team.services.clock(), 600)
    assert beat.tick(seconds=1) == 1
    take_turn(team.services, beat.broker.take(), lambda: nudge(team.services, NAME))
    assert [beat.tick(seconds=4), beat.tick(seconds=1)] == [0, 1]
    store.runs.release(lease)
    beat.kill_three_workers()
    take_turn(team.services, beat.broker.take(), lambda: nudge(team.services, NAME))
    assert store.nudges.waiting() == {}
    assert "ended 3 times" in store.jobs.set_aside(NAME)[0].set_aside


def test_beat_lives_through_a_broker_that_is_away_and_sends_as_soon_as_it_is_back(beat):
    beat.broker.away = True
    with capture_logs() as lines:
        assert [beat.tick(minutes=10) for _ in range(5)] == [0] * 5
        beat.broker.away = False
        assert [beat.tick(seconds=5), beat.tick(minutes=60)] == [1, 1]
    assert [line["event"] for line in lines] == ["beat cannot send", "beat sends again"]


def test_beat_says_that_it_sends_again_only_when_it_has_sent_something(team, beat):
    beat.broker.away = True
    with capture_logs() as lines:
        beat.tick()
        due = team.services.store.jobs.all()[NAME, "incremental"].due
        team.services.store.jobs.begin(Occasion(NAME, "incremental", due), team.services.clock(), 40, AFAR)
        beat.tick()
    assert [line["event"] for line in lines] == ["beat cannot send"]


def test_beat_lives_through_a_store_that_is_away(beat):
    opened = beat.sender.store

    def away() -> Any:
        raise sa.exc.OperationalError("", {}, Exception("away"))

    beat.sender.store = away
    assert beat.tick() == 0
    beat.sender.store = opened
    assert beat.tick() == 1


def test_a_message_that_a_flushed_broker_has_lost_is_sent_again_within_seconds(beat):
    beat.tick()
    assert beat.tick(minutes=2) == 0, "it waits for a worker"
    beat.broker.messages.clear()
    assert beat.tick(seconds=5) == 1


def test_a_run_under_way_is_not_asked_for_again_and_one_that_was_killed_is(team, beat):
    beat.tick()
    turn = beat.begin()
    for _ in range(8):
        team.services.store.jobs.renew(turn, team.services.clock(), 40)
        assert beat.tick(minutes=0.5) == 0
    assert sum(beat.tick(seconds=5) for _ in range(10)) == 1


def test_a_run_whose_worker_is_known_to_be_dead_is_asked_for_again_at_the_next_look(beat):
    beat.tick()
    beat.begin(DEAD)
    assert [beat.tick(seconds=5), beat.tick(seconds=5)] == [1, 0]


def test_a_busy_queue_does_not_keep_a_dead_workers_job_waiting(beat):
    beat.tick()
    beat.begin(DEAD)
    beat.broker.messages.append({"task": "another job's"})
    assert [beat.tick(seconds=5), beat.tick(minutes=1)] == [1, 0]


def test_a_busy_queue_does_not_keep_a_job_waiting_that_found_its_connection_busy(team, beat):
    beat.tick()
    lease = team.services.store.runs.lease(NAME, "somebody", team.services.clock(), 600)
    take_turn(team.services, beat.broker.take(), lambda: run(team.services, NAME))
    team.services.store.runs.release(lease)
    beat.broker.messages.append({"task": "another job's"})
    assert [beat.tick(seconds=10), beat.tick(seconds=15), beat.tick(minutes=1)] == [0, 1, 0]


def test_a_second_message_does_nothing_and_says_so(team, beat):
    beat.tick()
    asked, worked = beat.broker.take(), []
    with capture_logs() as lines:
        take_turn(team.services, asked, lambda: take_turn(team.services, asked, lambda: worked.append("twice")))
        take_turn(team.services, asked, lambda: worked.append("again"))
        take_turn(team.services, replace(asked, due=asked.due - 60 * MINUTE), lambda: worked.append("stale"))
    passed = [line for line in lines if line["event"] == "a message is passed over"]
    assert [(line["log_level"], line["why"]) for line in passed] == [
        ("info", "incremental is under way"), ("info", "incremental has ended"),
        ("info", "incremental has been asked for again since"),
    ]  # fmt: skip
    assert worked == []


def test_a_job_that_always_kills_its_worker_is_set_aside_after_three_times_and_shown(team, beat):
    beat.tick()
    beat.kill_three_workers()
    take_turn(team.services, beat.broker.take(), lambda: pytest.fail("a fourth time"))
    assert beat.tick(minutes=5) == 0
    assert runs(team.services)[0]["outcome"].startswith("set aside: the worker's process ended 3 times")
    report = team.run()
    assert (report.exit_code, [one["id"] for one in report.aside]) == (1, ["incremental"])
    assert beat.tick(minutes=60) == 1, "at its next time it is tried once"
    beat.begin()
    assert beat.tick(minutes=1) == 1
    take_turn(team.services, beat.broker.take(), lambda: pytest.fail("twice"))
    assert beat.tick(minutes=60) == 1
    take_turn(team.services, beat.broker.take(), done)
    assert team.run().exit_code == 0


def test_a_job_that_kills_its_worker_late_is_set_aside_though_each_attempt_falls_into_another_time(team, beat):
    beat.tick()
    for _ in range(3):
        beat.begin()
        assert beat.tick(minutes=60) == 1
    take_turn(team.services, beat.broker.take(), lambda: pytest.fail("a fourth time"))
    assert len(team.services.store.jobs.set_aside(NAME)) == 1


def test_attempts_that_were_killed_are_forgotten_once_one_has_ended(team, beat):
    beat.tick()
    for _ in range(4):
        for _ in range(2):
            beat.begin()
            assert beat.tick(minutes=60) == 1
        take_turn(team.services, beat.broker.take(), done)
        assert beat.tick(minutes=60) == 1
    assert team.services.store.jobs.set_aside(NAME) == []


@pytest.mark.parametrize(
    "problem", [SettingsProblem("a key is missing"), PolicyProblem([]), RuntimeError("a fault")], ids=repr
)
def test_what_was_set_aside_stays_so_where_a_later_attempt_fails_in_another_way(team, beat, problem):
    def fails():
        raise problem

    beat.tick()
    beat.kill_three_workers()
    take_turn(team.services, beat.broker.take(), lambda: pytest.fail("a fourth time"))
    assert beat.tick(minutes=60) == 1
    with suppress(type(problem)):
        take_turn(team.services, beat.broker.take(), fails)
    assert len(team.services.store.jobs.set_aside(NAME)) == 1
    assert beat.tick(minutes=30) == 0, "the occasion is over"
    assert beat.tick(minutes=30) == 1
    take_turn(team.services, beat.broker.take(), done)
    assert team.services.store.jobs.set_aside(NAME) == []


def test_scheduled_work_leaves_a_paused_connection_alone_but_a_night_is_still_kept(team):
    team.run()
    team.services.store.connections.pause(NAME, "quarter end", team.services.clock())
    before, calls = len(runs(team.services)), team.services.connect(NAME).calls
    take_turn(team.services, Occasion(NAME, "incremental", team.services.clock()), lambda: run(team.services, NAME))
    take_turn(team.services, Occasion(NAME, "snapshot", team.services.clock()), lambda: freeze(team.services, NAME))
    assert (len(runs(team.services)), team.services.connect(NAME).calls) == (before, calls)
    assert len(team.services.store.frozen.nights(NAME)) == 1


def test_what_was_set_aside_gets_all_its_attempts_again_as_soon_as_somebody_resumes_it(team, beat):
    beat.tick()
    beat.kill_three_workers()
    take_turn(team.services, beat.broker.take(), lambda: pytest.fail("a fourth time"))
    team.services.store.jobs.resume(NAME)
    assert team.run().exit_code == 0
    assert beat.tick(seconds=5) == 1
    beat.kill_three_workers()
    take_turn(team.services, beat.broker.take(), lambda: pytest.fail("a fourth time"))
    assert team.run().exit_code == 1


@dataclass
class Door:
    door: Any
    error: Exception

    def __getattr__(self, name: str) -> Any:
        return getattr(self.door, name)

    def pull(self, *_: Any, **__: Any) -> Any:
        raise self.error


def test_what_may_be_better_in_a_moment_is_tried_again_before_the_next_time(team, beat):
    down = with_connector(team, Door(team.services.connect(NAME), RetryLater("down", 60)))
    sent = []
    beat.tick()
    for _ in range(60):
        if beat.broker.messages:
            sent.append(team.services.clock().minute)
            take_turn(down.services, beat.broker.take(), lambda: run(down.services, NAME))
        beat.tick(minutes=1)
    assert sent[:4] == [0, 1, 3, 7], "each time it waits as long again"
    assert runs(team.services)[0]["outcome"] == "down"


def test_a_job_that_finds_its_connection_busy_is_sent_again_once_it_is_free(team, beat):
    beat.tick()
    lease = team.services.store.runs.lease(NAME, "somebody", team.services.clock(), 600)
    take_turn(team.services, beat.broker.take(), lambda: run(team.services, NAME))
    team.services.store.runs.release(lease)
    assert [beat.tick(seconds=10), beat.tick(seconds=15)] == [0, 1]
    take_turn(team.services, beat.broker.take(), lambda: run(team.services, NAME))
    assert runs(team.services)[0]["outcome"] == "done"


def test_a_run_that_takes_longer_than_its_interval_leaves_the_connection_to_the_nightly_one_in_between(team):
    beat, hour, night = Beat(team, jobs=(HOURLY, NIGHTLY)), "incremental", "full"
    team.driver.clock.set(datetime(2026, 11, 16, 12, 0, 30, tzinfo=UTC))
    beat.tick()
    take_turn(team.services, beat.broker.take(), done)
    team.driver.clock.set(datetime(2026, 11, 17, 2, 0, 30, tzinfo=UTC))
    began = []
    for _ in range(3):
        beat.tick()
        while beat.broker.messages:
            asked = beat.broker.take()
            began.append(asked.job)
            take_turn(team.services, asked, lambda: an_hour_and_more(team, beat, began))
        for _ in range(5):
            beat.tick(seconds=5)
    assert began[:4] == [hour, night, night, hour]


def an_hour_and_more(team, beat, began):
    """A run that is still under way when the next one is due; what else is sent meanwhile finds the connection busy."""
    lease = team.services.store.runs.lease(NAME, "a run", team.services.clock(), 7200)
    while beat.broker.messages:
        asked = beat.broker.take()
        began.append(asked.job)
        take_turn(team.services, asked, lambda: run(team.services, NAME))
    team.later(minutes=61)
    team.services.store.runs.release(lease)


def test_where_there_is_more_work_than_time_each_connection_has_its_turn(team, beat):
    names, served = ["a", "b", "c"], []
    beat.sender.connections = names
    for _ in range(6):
        beat.broker.messages.clear()  # what nobody took within the hour was thrown away
        beat.tick(minutes=60)
        asked = beat.broker.take()
        served.append(asked.connection)
        jobs, at = team.services.store.jobs, team.services.clock()
        jobs.end(jobs.begin(asked, at, 40, AFAR), at)
    assert served == names * 2


def test_a_job_that_meets_a_full_disk_is_sent_again_soon(team, beat):
    def disk_is_full():
        raise StoreProblem("The disk that holds the store is full.")

    beat.tick()
    take_turn(team.services, beat.broker.take(), disk_is_full)
    assert [beat.tick(seconds=10), beat.tick(seconds=15)] == [0, 1]


def test_a_clock_that_was_ahead_for_a_while_leaves_no_silence(team, beat):
    beat.tick(hours=5)
    team.services.store.jobs.end(beat.begin(), team.services.clock())
    team.driver.clock.set(team.services.clock() - timedelta(hours=5))
    assert beat.tick() == 1


def test_beat_asks_other_workers_to_help_a_run_with_batches_that_wait_and_stops_when_none_do(team, beat):
    store, now = team.services.store, team.services.clock()
    deals = [team.deal(f"Deal {n}") for n in range(3)]
    team.run(dry_run=False)
    for process in (AFAR, f"{AFAR}0"):
        store.processes.note("worker", process)
    lease = store.runs.lease(NAME, "a run", now)
    run_id = store.runs.start(NAME, now, "", "", "incremental", lease)
    store.pushes.stage(NAME, run_id, [Patch(deal, {"score": 1}) for deal in deals], 1, lease)
    beat.tick()
    asked = [message for message in beat.broker.messages if message["task"] == "join"]
    assert [(one["connection"], one["run"], one["expires"]) for one in asked] == [(NAME, run_id, 5.0)]
    store.pushes.drop_ready(NAME, lease)
    beat.tick(seconds=5)
    assert [message for message in beat.broker.messages if message["task"] == "join"] == asked
