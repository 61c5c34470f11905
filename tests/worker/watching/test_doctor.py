"""`doctor` says in sentences what is wrong and what to do; what is fine is one line a topic."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from model.sync import Budget
from store import Occasion, Store
from store.database import HEAD
from tests.worker.governed import NAME, governed
from tests.worker.watching.clinic import Clinic
from worker.settings import BrokerSettings, StoreSettings
from worker.watching.findings import TOPICS


@pytest.fixture
def clinic(tmp_path):
    with governed(tmp_path, "hubspot") as team:
        team.deal("Acme")
        team.run()
        yield Clinic(team)


def test_an_installation_that_is_well_has_one_line_a_topic(team):
    team.run()
    found = Clinic(team).examined()
    assert [(one.topic, one.level) for one in found] == [(topic, "ok") for topic in TOPICS]


def test_without_the_crm_no_call_is_made_and_the_rest_is_looked_at(clinic):
    calls = len(clinic.team.driver.calls)
    found = clinic.examined(ask=False)
    assert len(clinic.team.driver.calls) == calls
    assert {one.topic for one in found} == {*TOPICS} - {"connections"}


def test_every_sentence_of_a_healthy_installation(clinic):
    lines = {one.topic: one.text for one in clinic.examined()}
    home = clinic.team.services.settings.home
    assert lines["store"] == (
        f"SQLite at {home}/sluicegate.db can be written and is at migration {HEAD}; 52.8 GB of its disk are free."
    )
    assert lines["beat"].endswith("; it last looked 0 seconds ago.")
    assert lines["workers"] == "1 process alive on elsewhere."
    assert lines["sync"] == "The last good runs: acme 0 seconds ago."
    assert lines["pauses"] == "No connection is paused."


@pytest.mark.parametrize(("free", "level"), [(900_000_000, "warning"), (90_000_000, "wrong")])
def test_a_disk_that_fills_up_is_told_before_it_is_full(clinic, free, level):
    clinic.free = free
    (line,) = clinic.says("store")
    assert line.startswith(f"{level}: SQLite at ")
    assert line.endswith(f"only {free // 1_000_000} MB of its disk are free. Free some, or move the store.")


def test_a_store_out_of_reach_is_told_and_nothing_that_needs_it_is_guessed(clinic):
    away = StoreSettings(url=SecretStr("postgresql://ann:hush@127.0.0.1:1/sluicegate"))
    services = clinic.team.services
    clinic.team.services = replace(services, settings=services.settings.model_copy(update={"store": away}))
    assert [(one.topic, one.level, one.text) for one in clinic.examined()][1:] == [
        (
            "store", "wrong",
            "The store cannot be opened: nothing listens at its host and port. [store] url says where it is.",
        ),
        ("broker", "ok", "The embedded broker answers."),
        ("store", "note", "Nothing else was looked at, because all else needs a store that can be written."),
    ]  # fmt: skip


def test_a_store_that_a_newer_version_has_migrated_is_told_and_left_alone(clinic):
    with clinic.team.services.store.database.writing() as sql:
        sql.run("UPDATE alembic_version SET version_num = '9999'")
    path = clinic.team.services.settings.home / "sluicegate.db"
    clinic.opened = lambda: Store.open(f"sqlite:///{path}")
    assert clinic.says("store")[0] == (
        f"wrong: A newer Sluicegate has migrated the store to 9999; this one knows it up to {HEAD}. Install the newer "
        "version here, too."
    )


def test_a_broker_that_is_away_is_waited_for_and_its_password_is_not_shown(clinic):
    url = BrokerSettings(url=SecretStr("redis://:hush@broker.example:6379/0"))
    services = clinic.team.services
    clinic.team.services = replace(services, settings=services.settings.model_copy(update={"broker": url}))
    clinic.broker = "nothing listens at its host and port"
    assert clinic.says("broker")[0] == (
        "away: redis://broker.example:6379 cannot be reached: nothing listens at its host and port. Scheduled runs "
        "wait until it is back; [broker] url says where it is."
    )


def test_a_beat_that_is_gone_and_workers_that_are_gone_are_told(clinic):
    clinic.team.later(minutes=10)
    found = clinic.troubled(ask=False)
    assert found["beat"][0].startswith("warning: No beat looks at the schedule: the last one did so 10 minutes ago on ")
    assert found["beat"][0].endswith("Start `sluicegate beat`, or `sluicegate worker --with-beat`.")
    assert found["workers"] == ["warning: No worker is alive: what is sent waits. Start `sluicegate worker`."]


def test_a_beat_notes_each_look(team):
    from worker.schedule import Sender

    Sender(lambda: team.services.store, team.services.clock, object(), (), ()).tick()
    assert [process.kind for process in team.services.store.processes.all()] == ["beat"]


def test_a_machine_with_a_wrong_clock_is_told(clinic):
    clinic.database_off = timedelta(minutes=3)
    assert clinic.says("clock")[0] == (
        "warning: This machine's clock is 3 minutes behind the database's. Set the wrong one: messages and leases "
        "go by it."
    )


def test_a_crm_whose_clock_is_behind_is_told_once(team):
    ahead = team.services.clock() + timedelta(minutes=30)
    team.services = replace(team.services, clock=lambda: ahead)
    team.services.connect(NAME)._client._clock = team.services.clock
    clinic = Clinic(team)
    (line,) = clinic.says("clock")
    assert line.startswith("warning: The server's clock is ")


def test_a_budget_that_is_nearly_and_then_wholly_used_up(clinic):
    calls, now = clinic.team.services.store.calls, clinic.team.services.clock()
    calls.keep_limits(NAME, now, Budget(900, 1000))
    calls.note(NAME, now, "pull", 170 - calls.count(NAME, now))
    assert clinic.says("budgets", ask=False)[0] == (
        "warning: It has used 170 of its share of 200 calls in 24 hours. `sluicegate connection budget acme` says what "
        "is given up first."
    )
    calls.note(NAME, now, "pull", 30)
    (line,) = clinic.says("budgets", ask=False)
    assert line.startswith("away: It has used 200 of its share of 200 calls in 24 hours: runs wait until ")
    assert line.endswith(" UTC. Raise budget_share, or run less often.")


def test_a_connection_that_is_behind_says_so_with_the_end_of_its_last_run(clinic):
    clinic.team.later(minutes=119)
    assert clinic.says("sync", ask=False) == ["ok: The last good runs: acme 1 hour ago."]
    clinic.team.driver.fault("unavailable", count=None)
    clinic.team.later(minutes=30)
    clinic.team.run()
    (line,) = clinic.says("sync", ask=False)
    assert line.startswith(
        "warning: The last good run ended 2 hours ago; one is due every 60 minutes. Run 2 ended as stopped: "
    )


def test_a_feed_that_is_stale_is_told(clinic):
    clinic.team.later(hours=27)
    assert clinic.says("feeds", ask=False)[0] == (
        "warning: The feed of activities was last read to its end 1 day ago, over 26 hours: its facts are unknown, and "
        "flags about them are held."
    )


def test_a_paused_connection_is_noted_with_its_reason_and_is_not_late(clinic):
    services = clinic.team.services
    services.store.connections.pause(NAME, "quarter end", services.clock())
    clinic.team.later(hours=5)
    at = services.store.connections.paused(NAME).at
    assert clinic.says("pauses", ask=False) == [
        f"note: Paused since {at:%Y-%m-%d %H:%M} UTC (quarter end); `sluicegate connection resume acme` ends it."
    ]
    assert clinic.says("sync", ask=False)[0].startswith("ok: ")


def test_work_that_was_set_aside_is_told(clinic):
    jobs, now = clinic.team.services.store.jobs, clinic.team.services.clock()
    jobs.give_up(jobs.begin(Occasion(NAME, "full", now), now, 40), "set aside: it ended its process", now)
    assert clinic.says("set aside", ask=False) == ["warning: The job full is set aside: it ended its process."]


def test_a_store_that_everybody_may_read_is_told_with_the_command_that_ends_it(clinic):
    path = clinic.team.services.settings.home / "sluicegate.db"
    path.chmod(0o644)
    assert clinic.says("secrets", ask=False)[0] == (
        f"wrong: {path} holds the store, and every user of this machine may read it. Take that away: "
        f"chmod o-rwx {path}."
    )
