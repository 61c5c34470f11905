"""One run a connection: who holds it, when it lapses, and that a late writer is refused."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest

from model.errors import ConnectionBusy
from model.sync import Outcome, Patch
from store import Store
from store.fence import is_dead, this_process
from tests.store.fixtures import NOON, deal, keep, snapshot

MINUTE = timedelta(minutes=1)


def test_a_held_connection_is_refused_with_who_holds_it_and_since_when(store):
    store.runs.lease("acme", "run 7 on host a", NOON)
    with pytest.raises(ConnectionBusy, match=r"held by run 7 on host a since 2026-11-02 12:00:00 UTC"):
        store.runs.lease("acme", "run 8", NOON + MINUTE / 2)
    assert store.runs.lease("other", "run 8", NOON).fence == 1


def test_a_lease_lapses_unless_it_is_renewed(store):
    lease = store.runs.lease("acme", "a", NOON)
    store.runs.renew(lease, NOON + MINUTE / 2)
    with pytest.raises(ConnectionBusy):
        store.runs.lease("acme", "b", NOON + MINUTE)
    assert store.runs.lease("acme", "b", NOON + 2 * MINUTE).fence == 2


def test_a_released_connection_is_free_at_once(store):
    store.runs.release(store.runs.lease("acme", "a", NOON))
    assert store.runs.lease("acme", "b", NOON).fence == 2


def test_a_lease_lapses_at_once_where_its_process_was_killed(store):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        store.runs.lease("acme", "child", NOON, process=this_process(child.pid))
        with pytest.raises(ConnectionBusy):
            store.runs.lease("acme", "b", NOON)
    finally:
        child.kill()
        child.wait()
    assert store.runs.lease("acme", "b", NOON).fence == 2


def test_whoever_takes_a_lapsed_lease_over_ends_the_killed_run_with_what_it_had_done(store):
    keep(store, opportunity=[deal()])
    lease = store.runs.lease("acme", "a", NOON)
    run = store.runs.start("acme", NOON, "", "", "incremental", lease, at=NOON, trigger="schedule")
    store.runs.note(run, {"pulled": 7}, lease)
    store.pushes.stage("acme", run, [Patch("d1", {"score": 1})], 200)
    store.pushes.settle(store.pushes.claim("acme", NOON), [Outcome("d1", "written")], NOON, NOON)
    store.runs.renew(lease, NOON + MINUTE / 2)
    assert store.runs.under_way("acme", NOON + MINUTE)
    later = store.runs.lease("acme", "b", NOON + 5 * MINUTE)
    row = store.runs.get(run)
    assert (row["state"], row["started_at"], row["ended_at"]) == ("killed", NOON, NOON + MINUTE / 2)
    assert (row["trigger"], row["counts"], store.runs.written(run)) == ("schedule", {"pulled": 7}, {"written": 1})
    store.runs.release(later)
    assert not store.runs.under_way("acme", NOON + 5 * MINUTE)


def test_a_process_with_the_same_number_after_a_restart_is_not_the_holder():
    host, boot, pid, started = this_process().split(" ")
    assert not is_dead(f"{host} {boot} {pid} {started}")
    assert is_dead(f"{host} {boot} {pid} {int(started) - 1}")
    assert is_dead(f"{host} another-boot {pid} {started}")
    assert not is_dead(f"elsewhere {boot} {pid} {started}"), "we cannot know that"


def test_writes_under_a_lost_lease_are_refused(store):
    late = store.runs.lease("acme", "slow run", NOON)
    store.runs.lease("acme", "next run", NOON + 2 * MINUTE)
    refused = [
        lambda: keep(store, lease=late, opportunity=[deal()]),
        lambda: store.runs.renew(late, NOON + 2 * MINUTE),
        lambda: store.runs.start("acme", NOON, "digest", "", "run", late),
        lambda: store.pushes.stage("acme", 1, [], 200, lease=late),
        lambda: store.pushes.claim("acme", NOON, lease=late),
    ]
    for write in refused:
        with pytest.raises(ConnectionBusy, match="slow run lost the lease on connection 'acme'"):
            write()
    store.runs.release(late)
    assert snapshot(store).deals.is_empty()
    with pytest.raises(ConnectionBusy, match="next run"):
        store.runs.lease("acme", "third", NOON + 2 * MINUTE)


def test_a_forked_child_reads_and_writes_with_an_engine_of_its_own(store_url):
    store = Store.open(store_url)
    keep(store, opportunity=[deal()])
    child = os.fork()
    if child == 0:
        keep(store, opportunity=[deal("d2")])
        os._exit(0 if set(store.mirror.ids("acme")) == {"d1", "d2"} else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert set(store.mirror.ids("acme")) == {"d1", "d2"}
    store.close()
