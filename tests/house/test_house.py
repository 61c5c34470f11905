"""The house rules that no linter knows."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from connectors.registry import KINDS
from worker.settings import Settings

ROOT = Path(__file__).parents[2]
LOCKS = sorted(ROOT.glob("requirements*.lock"))
ROOMS = ("model", "policies", "kpis", "connectors", "store", "worker")


def sources(*rooms):
    return [path for room in rooms for path in (ROOT / room).rglob("*.py")]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_names_hashes_and_no_address(lock):
    text = lock.read_text()
    assert "://" not in text
    requirements = [line for line in text.splitlines() if re.match(r"[a-z0-9]", line)]
    assert requirements
    assert text.count("--hash=sha256:") >= len(requirements)


def test_every_install_has_its_lock():
    assert [lock.name for lock in LOCKS] == [
        "requirements-bench.lock",
        "requirements-build.lock",
        "requirements-demo.lock",
        "requirements-dev.lock",
        "requirements-uv.lock",
        "requirements-web.lock",
        "requirements.lock",
    ]


@pytest.mark.parametrize("service", ["worker", "beat"])
def test_every_command_of_the_compose_file_exists(service):
    compose = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text())
    command = compose["services"][service]["command"]
    assert command[:2] == ["sluicegate", "--config"]
    found = subprocess.run(
        [sys.executable, "-m", "worker.cli", command[3], "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "Example:" in found.stdout


@pytest.mark.parametrize("service", ["worker", "beat"])
def test_a_container_is_healthy_while_the_app_beside_its_process_answers(service):
    compose = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text())["services"][service]
    assert "--with-web" in compose["command"]
    assert "/healthz" in compose["healthcheck"]["test"][-1]
    assert str(Settings.model_fields["web"].default.port) in compose["healthcheck"]["test"][-1]


def test_the_image_has_compiled_modules_no_demo_server_and_a_user_without_rights():
    text = (ROOT / "Dockerfile").read_text()
    assert "HEALTHCHECK" in text
    assert "compileall" in text
    assert "sandbox" not in text
    assert "requirements-demo.lock" not in text
    assert text.index("USER nobody") < text.index("\nCMD")
    copied = set(re.findall(r"^COPY (\w+) \1$", text, re.MULTILINE))
    assert copied == set(ROOMS)


def test_the_compose_file_has_its_four_services():
    compose = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text())
    assert set(compose["services"]) == {"postgres", "redis", "worker", "beat"}


def test_crm_words_stay_in_their_rooms():
    words = re.compile(r"\bStageName\b|\bdealstage\b|\bhs_\w+|\w+__c\b")
    allowed = {ROOT / "worker" / "settings.py"}  # the examples in the settings' descriptions
    rows = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in sources("model", "policies", "kpis", "store", "worker")
        if path not in allowed
        for word in words.findall(path.read_text())
    ]
    assert rows == []


def test_environment_variables_are_read_in_the_settings_only():
    rows = [str(p) for p in sources(*ROOMS) if "os.environ" in p.read_text() and p.name != "settings.py"]
    assert rows == []


def test_files_stay_small():
    long = {str(p): n for p in sources(*ROOMS, "sandbox") if (n := len(p.read_text().splitlines())) > 300}
    assert long == {}


def test_folders_stay_small():
    folders = Counter(path.parent for path in sources(*ROOMS, "sandbox") if path.parent.name != "versions")
    assert [f"{folder.relative_to(ROOT)}: {count}" for folder, count in folders.items() if count > 20] == []


def test_only_its_own_folder_knows_a_crm_by_name():
    """The demo, migrations and packs are about the CRMs that there are."""
    names = re.compile("|".join(kind for kind in KINDS if kind != "tables"), re.IGNORECASE)
    exempt = {ROOT / "worker" / "cli" / "demo.py", *(ROOT / "store" / "migrations").rglob("*.py")}
    rooms = [path for path in sources("worker", "model", "policies", "store", "kpis") if path not in exempt]
    assert [str(path.relative_to(ROOT)) for path in rooms if names.search(path.read_text("utf-8"))] == []
