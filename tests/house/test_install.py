"""A core install has none of the libraries that serve the local CRMs."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from worker.cli.demo import SERVER_LIBRARIES
from worker.watching.web import LIBRARIES as WEB_LIBRARIES

ROOT = Path(__file__).parents[2]
WITHOUT = f"import sys; sys.modules.update(dict.fromkeys({SERVER_LIBRARIES}))\n"
"""An import of these fails from here on, as on a machine without them."""
IMPORT_ALL = """
import importlib, pkgutil, worker
for module in pkgutil.walk_packages(worker.__path__, "worker."):
    importlib.import_module(module.name)
"""


def locked(name):
    return set(re.findall(r"^([a-z0-9-]+)==", (ROOT / name).read_text(), re.MULTILINE))


def run(code, *arguments):
    return subprocess.run(
        [sys.executable, "-c", WITHOUT + code, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_core_lock_has_no_server_library_and_the_demo_lock_has_them_all():
    assert locked("requirements.lock").isdisjoint({*SERVER_LIBRARIES, "jinja2"})
    assert locked("requirements-demo.lock") > locked("requirements.lock") | set(SERVER_LIBRARIES)


def packages(groups, name):
    """The packages of a dependency group, and of those that it includes."""
    for line in groups[name]:
        if isinstance(line, dict):
            yield from packages(groups, line["include-group"])
        else:
            yield re.match("[a-z0-9-]+", line)[0]


def test_the_sandbox_group_holds_the_server_libraries_and_the_web_group_those_of_the_web_app():
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    assert sorted(packages(groups, "sandbox")) == sorted(SERVER_LIBRARIES)
    assert sorted(packages(groups, "web")) == sorted(WEB_LIBRARIES)
    assert locked("requirements-web.lock") > locked("requirements.lock") | set(WEB_LIBRARIES)
    assert {"include-group": "sandbox"} in groups["dev"]


@pytest.mark.parametrize("code", [IMPORT_ALL, "from worker.cli import main; main()"])
def test_the_command_line_works_without_the_server_libraries(code):
    ended = run(code, "--help")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_web_app_without_its_libraries_names_the_lock_to_install(tmp_path):
    config = tmp_path / "sluicegate.toml"
    config.touch()
    ended = run("from worker.cli import main; main()", "--config", str(config), "web")
    assert ended.returncode == 2
    assert ended.stderr.strip() == ("`web` needs the packages in requirements-web.lock: ./dev setup web installs them.")


def test_the_demo_without_the_server_libraries_names_the_lock_to_install(tmp_path):
    ended = run("from worker.cli import main; main()", "demo", "--keep", str(tmp_path / "demo"))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.strip() == (
        "The demo needs the packages in requirements-demo.lock: ./dev demo installs and runs it."
    )
    assert not (tmp_path / "demo").exists()
