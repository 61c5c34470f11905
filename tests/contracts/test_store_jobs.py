"""The schedule's rows: an occasion is asked for once, worked on by one process at a time, and ends once."""

from datetime import timedelta

import pytest

from model.errors import ConnectionBusy
from store import Occasion
from tests.store.fixtures import NOON
from worker.wiring import now

MINUTE = timedelta(minutes=1)
DUE = Occasion("acme", "incremental", NOON)
ONE, TWO = "elsewhere boot 1 1", "elsewhere boot 2 2"


def seen(store):
    return store.jobs.all()["acme", "incremental"]


def test_all_beats_go_by_the_database_s_clock(store):
    before = now().replace(microsecond=0)
    assert before <= store.database.now() <= now()


def test_of_two_that_ask_for_an_occasion_one_is_heard(store):
    jobs = store.jobs
    first = [jobs.first_seen("acme", "incremental", NOON, NOON, ended=False) for _ in range(2)]
    before, later = seen(store), NOON + 60 * MINUTE
    again = [jobs.ask(before, later, later) for _ in range(2)]
    assert (first, again, seen(store).due) == ([True, False], [True, False], later)
    jobs.not_sent("acme", "incremental", later)
    assert seen(store).sent_at is None


def test_a_turn_that_lapsed_is_taken_by_another_and_the_late_one_can_neither_renew_nor_end_it(store):
    jobs = store.jobs
    late = jobs.begin(DUE, NOON, 40, ONE)
    with pytest.raises(ConnectionBusy, match="under way"):
        jobs.begin(DUE, NOON, 40, TWO)
    turn = jobs.begin(DUE, NOON + MINUTE, 40, TWO)
    with pytest.raises(ConnectionBusy, match="another process"):
        jobs.renew(late, NOON + MINUTE, 40)
    jobs.end(late, NOON + MINUTE)
    assert (turn.attempt, seen(store).under_way(NOON + MINUTE)) == (2, True)
    jobs.end(turn, NOON + MINUTE)
    with pytest.raises(ConnectionBusy, match="has ended"):
        jobs.begin(DUE, NOON + 2 * MINUTE, 40, ONE)


def test_an_attempt_that_is_put_off_does_not_count_and_waits(store):
    jobs = store.jobs
    jobs.postpone(jobs.begin(DUE, NOON, 40, ONE), NOON + MINUTE)
    with pytest.raises(ConnectionBusy, match="waits until 12:01:00 UTC"):
        jobs.begin(DUE, NOON, 40, TWO)
    assert jobs.begin(DUE, NOON + MINUTE, 40, TWO).attempt == 1


def test_what_was_set_aside_says_so_until_an_attempt_comes_through(store):
    jobs = store.jobs
    jobs.give_up(jobs.begin(DUE, NOON, 40, ONE), "it kills", NOON)
    assert [job.set_aside for job in jobs.set_aside("acme")] == ["it kills"]
    jobs.ask(seen(store), NOON + 60 * MINUTE, NOON + 60 * MINUTE)
    turn = jobs.begin(Occasion("acme", "incremental", NOON + 60 * MINUTE), NOON + 60 * MINUTE, 40, TWO)
    assert turn.attempt == 3
    jobs.end(turn, NOON + 61 * MINUTE, came_through=False)
    assert [job.set_aside for job in jobs.set_aside("acme")] == ["it kills"]
    again = jobs.begin(Occasion("acme", "incremental", NOON + 120 * MINUTE), NOON + 120 * MINUTE, 40, TWO)
    jobs.end(again, NOON + 121 * MINUTE)
    assert jobs.set_aside("acme") == []


def test_only_what_was_set_aside_is_resumed_and_then_waits_to_be_sent(store):
    jobs = store.jobs
    jobs.give_up(jobs.begin(DUE, NOON, 40, ONE), "it kills", NOON)
    jobs.end(jobs.begin(Occasion("acme", "full", NOON), NOON, 40, ONE), NOON)
    jobs.give_up(jobs.begin(Occasion("other", "full", NOON), NOON, 40, ONE), "it kills", NOON)
    jobs.resume("acme")
    assert {key: (job.ended_at, job.attempts) for key, job in jobs.all().items()} == {
        ("acme", "incremental"): (None, 0), ("acme", "full"): (NOON, 1), ("other", "full"): (NOON, 1),
    }  # fmt: skip
    assert (jobs.set_aside("acme"), len(jobs.set_aside("other"))) == ([], 1)
