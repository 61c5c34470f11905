"""Rate limits that several processes keep together, by a file or by Redis; time is an argument."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
import redis
from pyrate_limiter import Rate

from connectors.hubspot.client.limits import Gate, bucket
from connectors.shared.client.retries import Transient
from model.errors import RetryLater, SettingsProblem
from worker import broker

START = datetime(2026, 11, 3, 9, tzinfo=UTC)
ENTER = """
import sys
from datetime import UTC, datetime
from pyrate_limiter import Rate
from connectors.hubspot.client.limits import Gate, bucket

waited = []
now = datetime(2026, 11, 3, 9, tzinfo=UTC)
gate = Gate(bucket(sys.argv[1], "app", Rate(40, 10_000)), "app", lambda: now, waited.append)
for _ in range(30):
    gate.enter()
print(sum(waited))
"""


class Watch:
    def __init__(self) -> None:
        self.now, self.waited = START, []

    def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += timedelta(seconds=seconds)

    def gate(self, where: str | None, rate: Rate) -> Gate:
        return Gate(bucket(where, "app", rate), "app", lambda: self.now, self.sleep)


@pytest.fixture(params=["memory", "file"])
def where(request, tmp_path):
    return str(tmp_path / "limits.db") if request.param == "file" else None


def test_no_ten_seconds_see_more_calls_than_are_allowed(where):
    watch, entered = Watch(), []
    gate = watch.gate(where, Rate(19, 10_000))
    for _ in range(100):
        gate.enter()
        entered.append(watch.now)
    assert max(sum(at - timedelta(seconds=10) < other <= at for other in entered) for at in entered) == 19
    assert 50 <= sum(watch.waited) < 52


def test_what_the_portal_says_it_allows_is_taken_with_a_little_to_spare(where):
    watch = Watch()
    gate = watch.gate(where, Rate(1, 10_000))
    gate.allow(200, 10_000)
    for _ in range(190):
        gate.enter()
    assert watch.waited == []
    gate.enter()
    assert watch.waited


def test_a_wait_beyond_the_cap_is_left_to_the_caller(where):
    watch = Watch()
    gate = watch.gate(where, Rate(1, 60_000))
    gate.enter()
    with pytest.raises(RetryLater) as raised:
        gate.enter()
    assert raised.value.seconds >= 60
    assert watch.waited == []


def test_two_connections_to_one_file_share_its_places(tmp_path):
    watch, file = Watch(), str(tmp_path / "limits.db")
    one, two = watch.gate(file, Rate(10, 10_000)), watch.gate(file, Rate(10, 10_000))
    for _ in range(5):
        one.enter()
        two.enter()
    assert watch.waited == []
    two.enter()
    assert watch.waited


def test_processes_that_enter_at_once_never_overrun_the_window(tmp_path):
    file = str(tmp_path / "limits.db")
    started = [
        subprocess.Popen([sys.executable, "-c", ENTER, file], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    waits = sorted(float(process.communicate()[0]) for process in started)
    assert waits[1] >= 10  # sixty calls, forty places: one of them had to wait for the next window


@pytest.fixture
def redis_url(tmp_path):
    socket = tmp_path / "redis.sock"
    server = broker.start(tmp_path, socket)
    yield f"unix://{socket}"
    broker.stop(socket)
    server.wait(10)


def test_processes_share_a_limit_by_redis(redis_url):
    watch = Watch()
    one, two = watch.gate(redis_url, Rate(10, 10_000)), watch.gate(redis_url, Rate(10, 10_000))
    for _ in range(5):
        one.enter()
        two.enter()
    assert watch.waited == []
    one.enter()
    assert watch.waited


def test_a_limit_outlives_a_restart_of_redis_that_makes_it_forget_its_script(redis_url, tmp_path):
    gate, socket = Watch().gate(redis_url, Rate(10, 10_000)), tmp_path / "redis.sock"
    gate.enter()
    broker.stop(socket)
    with pytest.raises(Transient, match="shared rate limits cannot be read"):
        gate.enter()
    server = broker.start(tmp_path, socket)
    gate.enter()
    with redis.Redis(unix_socket_path=str(socket)) as client:
        client.script_flush()
    gate.enter()
    broker.stop(socket)
    server.wait(10)


@pytest.mark.parametrize("broken", ["no folder", "no database", "wrong password"])
def test_shared_limits_that_only_a_person_can_mend_are_no_reason_to_try_again(redis_url, tmp_path, broken):
    (tmp_path / "text.db").write_text("This is a letter and no database. " * 100)
    with redis.Redis(unix_socket_path=str(tmp_path / "redis.sock")) as client:
        client.config_set("requirepass", "right")
        client.auth("right")
        where = {
            "no folder": "/nowhere/limits.db",
            "no database": str(tmp_path / "text.db"),
            "wrong password": redis_url,
        }
        with pytest.raises(SettingsProblem, match="shared rate limits"):
            Watch().gate(where[broken], Rate(10, 10_000)).enter()
        client.config_set("requirepass", "")
