"""A store that is away for a while, or whose disk is full: what ends a run waits for it, and the lease lives on."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from model.errors import ConnectionBusy, SettingsProblem, StoreProblem
from store import Store
from store.database import Database
from tests.crm_drivers import CRM_DRIVERS
from tests.worker.governed import NAME, governed, measuring, with_connector
from worker.pipeline.heartbeat import LEASE_SECONDS, heartbeat
from worker.pipeline.patience import PASSING, PAUSES, Patience
from worker.pipeline.run import run
from worker.pipeline.running import leased
from worker.usecases.answers import runs

AWAY = sa.exc.OperationalError("", {}, Exception("the server closed the connection"))
FULL = StoreProblem("The disk that holds the store is full.")


@pytest.fixture
def team(tmp_path):
    with governed(tmp_path) as opened:
        yield opened


@dataclass
class Flaky(Database):
    """The database of a store; it raises for so many transactions."""

    inner: Database
    error: Exception = AWAY
    times: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def connection_key(self, name: str) -> int:
        return self.inner.connection_key(name)

    @contextmanager
    def reading(self) -> Any:
        self._fail()
        with self.inner.reading() as sql:
            yield sql

    @contextmanager
    def writing(self, lease: Any = None) -> Any:
        self._fail()
        with self.inner.writing(lease) as sql:
            yield sql

    def _fail(self) -> None:
        if self.times:
            self.times -= 1
            raise self.error


@dataclass
class Trouble:
    """A team with a database that can be made to fail, and the seconds that its services slept."""

    team: Any
    database: Flaky
    slept: list[float] = field(default_factory=list)

    @property
    def services(self) -> Any:
        return replace(self.team.services, store=Store.over(self.database), sleep=self.slept.append)

    def fail(self, error: Exception, times: int) -> None:
        self.database.error, self.database.times = error, times


@pytest.fixture
def trouble(team):
    return Trouble(team, Flaky(team.services.store.database))


@dataclass
class Pushing:
    """A door to the CRM that does something else before the first push."""

    door: Any
    first: Any
    pushes: list[Any] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.door, name)

    def push(self, patches: Any) -> Any:
        self.pushes.append(patches)
        outcomes = self.door.push(patches)
        if len(self.pushes) == 1:
            self.first()
        return outcomes


@pytest.mark.parametrize("error", [AWAY, FULL], ids=["away", "disk full"])
def test_a_run_whose_store_fails_near_its_end_leaves_neither_an_open_row_nor_a_lease(team, trouble, error):
    team.deal("Acme")
    again = replace(team, services=trouble.services)
    door = Pushing(team.services.connect(NAME), lambda: trouble.fail(error, 5))
    with pytest.raises(type(error)):
        with_connector(again, door).run()
    assert trouble.slept == [1, 2, 4]
    (row,) = runs(team.services)
    assert row["outcome"] != "under way"
    team.services.store.runs.lease(NAME, "the next run", team.services.clock())
    assert team.services.store.calls.count(NAME, team.services.clock()) > 0


def test_a_store_that_stays_away_is_waited_for_no_longer_than_a_lease(team, trouble):
    with (
        pytest.raises(sa.exc.OperationalError),
        capture_logs() as lines,
        leased(trouble.services, NAME, team.services.clock()),
    ):
        trouble.fail(AWAY, 1000)
    assert (trouble.slept, lines) == (list(PAUSES), [])


@dataclass
class DiskFull:
    """A part of the store that finds the disk full when it keeps something."""

    part: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.part, name)

    def keep(self, *_: Any, **__: Any) -> None:
        raise FULL


@pytest.mark.parametrize("part", ["policy_sets", "kpis"])
def test_a_full_disk_ends_a_run_before_it_writes_to_the_crm_and_no_file_is_blamed(team, part):
    team.run()
    team.deal("Acme")
    store, before = team.services.store, len(team.writes())
    full = replace(store, **{part: DiskFull(getattr(store, part))})
    with pytest.raises(StoreProblem), capture_logs() as lines:
        run(replace(measuring(team).services, store=full), NAME, unwatched=True)
    assert team.written(since=before) == []
    assert [line["event"] for line in lines] == ["run ended"]


def test_a_setting_that_is_wrong_is_not_taken_for_a_full_disk(trouble):
    with pytest.raises(SettingsProblem):
        Patience()(trouble.slept.append, lambda: trouble.services.connection("nobody"))
    assert trouble.slept == []


def fill(store: Store) -> None:
    with store.database.writing() as sql:
        sql.tx.exec_driver_sql("PRAGMA max_page_count = 1")
        sql.tx.exec_driver_sql("CREATE TABLE much AS SELECT zeroblob(10000000) AS bytes")


def test_a_disk_that_is_full_is_named(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path}/s.db")
    with pytest.raises(StoreProblem, match="disk that holds the store is full"):
        fill(store)
    store.close()


class Beats:
    """The end of a run that does not come for so many heartbeats."""

    def __init__(self, team: Any, beats: int) -> None:
        self._team, self._left = team, beats

    def wait(self, seconds: float) -> bool:
        self._team.later(seconds=seconds)
        self._left -= 1
        return self._left < 0


@pytest.mark.parametrize("error", [AWAY, FULL], ids=["away", "disk full"])
def test_the_heartbeat_of_a_lease_outlives_a_store_that_fails_for_a_while(team, trouble, error):
    runs_ = team.services.store.runs
    lease = runs_.lease(NAME, "a run", team.services.clock(), 40)
    trouble.fail(error, 3)
    flaky = trouble.services.store.runs
    heartbeat(lambda: flaky.renew(lease, team.services.clock(), 40), Beats(team, 6))
    team.later(seconds=20)
    with pytest.raises(ConnectionBusy):
        runs_.lease(NAME, "another", team.services.clock())


def test_a_run_that_lost_its_lease_writes_no_more_and_the_one_that_took_it_ends_its_row(team):
    for number in range(3):
        team.deal(f"Acme {number}")
    store, seen = team.services.store, []

    def lose() -> None:
        team.later(seconds=60)
        store.runs.lease(NAME, "the next run", team.services.clock(), process="elsewhere boot 1 1")
        seen.extend(runs(team.services))

    door = Pushing(team.services.connect(NAME), lose)
    door.batch_size = 1
    with pytest.raises(ConnectionBusy, match="lost the lease"):
        with_connector(team, door).run()
    assert len(door.pushes) == 1, "of three batches"
    assert [row["outcome"] for row in seen] == ["killed"]


def another_has_it() -> None:
    raise ConnectionBusy("another process works on it by now")


@pytest.mark.parametrize(("beats", "events"), [(1, []), (9, ["the lease was lost"])], ids=["ends now", "goes on"])
def test_work_that_gives_its_lease_back_while_it_is_renewed_has_not_lost_it(team, beats, events):
    with capture_logs() as lines:
        heartbeat(another_has_it, Beats(team, beats))
    assert [line["event"] for line in lines] == events


@dataclass
class Frozen:
    """The queue of patches of a process that stands still once it has claimed a batch; another run takes over."""

    queue: Any
    meanwhile: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.queue, name)

    def claim(self, *given: Any, **how: Any) -> Any:
        found = self.queue.claim(*given, **how)
        if found:
            self.meanwhile()
        return found


@pytest.mark.parametrize("kind", CRM_DRIVERS)
def test_a_run_that_stood_still_for_longer_than_its_lease_sends_nothing_when_it_goes_on(tmp_path, kind):
    with governed(tmp_path, kind) as team:
        team.deal("Acme")
        store = team.services.store

        def another_takes_over() -> None:
            team.later(seconds=60)
            store.runs.lease(NAME, "the next run", team.services.clock(), process="elsewhere boot 1 1")

        frozen = replace(store, pushes=Frozen(store.pushes, another_takes_over))
        ours = replace(team.services, store=frozen)
        door = team.driver.connector(allowance=ours.meter(NAME), budget_share=1.0)
        with pytest.raises(ConnectionBusy, match="lost the lease"):
            run(replace(ours, connect=lambda _name: door), NAME)
        assert team.writes() == []


def test_the_log_names_each_run_that_was_killed(team):
    store, killed = team.services.store, []
    lease = store.runs.lease(NAME, "a run", team.services.clock(), 40, process="elsewhere boot 1 1")
    killed.append(store.runs.start(NAME, team.services.clock(), "", "", "incremental", lease, at=team.services.clock()))
    team.later(minutes=1)
    with capture_logs() as lines:
        team.run()
    (line,) = [line for line in lines if line["event"] == "an earlier run had not ended"]
    assert (line["run"], line["state"], line["connection"]) == (killed[0], "killed", NAME)


@pytest.fixture
def on_server(postgres_store):
    opened = Store.open(postgres_store)
    yield opened.database
    opened.close()


def test_a_process_that_stands_still_in_a_transaction_loses_its_locks_as_soon_as_its_lease(on_server):
    asked = "SHOW idle_in_transaction_session_timeout"
    with on_server.writing() as sql:
        assert sql.rows(asked) == [(f"{LEASE_SECONDS}s",)]
    with on_server.reading() as sql:
        assert sql.rows(asked) == [("0",)]
    with pytest.raises(PASSING):
        standing_still(on_server)


def standing_still(on_server):
    with on_server.writing() as sql:
        sql.run("SET LOCAL idle_in_transaction_session_timeout = '1ms'")
        threading.Event().wait(0.2)
        sql.rows("SELECT 1")


def test_a_database_that_was_set_up_anew_is_asked_for_its_keys_again(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path}/s.db")
    assert [store.database.connection_key(name) for name in ("a", "b")] == [1, 2]
    store.database.engine.dispose()
    (tmp_path / "s.db").unlink()
    other = Store.open(f"sqlite:///{tmp_path}/s.db")
    assert other.database.connection_key("b") == 1
    other.close()
    with store.database.reading():
        pass
    assert store.database.connection_key("b") == 1
    store.close()
