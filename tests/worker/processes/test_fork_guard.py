import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from worker.broker import socket_path, start
from worker.fork_guard import SENTENCE

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def socket(tmp_path_factory):
    folder = tmp_path_factory.mktemp("broker")
    server = start(folder, socket_path(folder))
    yield socket_path(folder)
    server.terminate()
    server.wait(10)


def started(socket, marker, kind):
    command = [sys.executable, str(ROOT / "tests/worker/processes/hanging_worker.py"), str(socket), str(marker), kind]
    environment = {"PYTHONPATH": str(ROOT), "PATH": ""}
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True, **pipes)


def ended(process):
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def appears(marker, seconds):
    deadline = time.monotonic() + seconds
    while not marker.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    return marker.exists()


def test_without_the_guard_such_a_worker_hangs(socket, tmp_path):
    process = started(socket, tmp_path / "done", "warm")
    assert not appears(tmp_path / "done", 6)
    ended(process)


def test_the_guard_stops_such_a_worker_with_a_sentence(socket, tmp_path):
    process = started(socket, tmp_path / "done", "guarded")
    _, found = process.communicate(timeout=20)
    assert SENTENCE in found
    assert process.returncode == 70
    assert not (tmp_path / "done").exists()


def test_a_worker_with_a_cold_parent_does_its_work(socket, tmp_path):
    process = started(socket, tmp_path / "done", "cold")
    assert appears(tmp_path / "done", 20)
    ended(process)
