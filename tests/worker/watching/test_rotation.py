"""A secret is rotated while a worker runs: from the next piece of work on the new one counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from sandbox.hubspot import new_portal
from sandbox.hubspot import serve as serve_portal
from sandbox.hubspot.api.tokens import READ, SYNC_APP
from sandbox.hubspot.config import config as portal_config
from sandbox.salesforce import SYNC, new_org
from sandbox.salesforce import serve as serve_org
from sandbox.salesforce.config import config as org_config
from store import Occasion
from worker.app import work_once
from worker.current_settings import Current
from worker.pipeline.run import run
from worker.settings import read_settings
from worker.wiring import now

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAME = "acme"


@dataclass
class Working:
    """A worker's process: its services are made once, and settings are read again before each piece of work."""

    current: Current
    done: int = 0

    def work(self) -> str:
        """The state in which a scheduled run ends."""
        self.done += 1
        asked = Occasion(NAME, "incremental", now() + timedelta(seconds=self.done))
        try:
            work_once(run, self.current(), asked, {"unwatched": True})
        finally:
            newest = self.current().store.runs.latest(NAME, 1)
        return str(newest[0]["state"])


def began(config: Path) -> Working:
    return Working(Current(read_settings(config), lambda: read_settings(config)))


@dataclass
class Secret:
    """A CRM with a secret that its admin can change, and a config file to write it into."""

    text: str
    config: Path
    change: Callable[[], str]


@pytest.fixture
def portal(tmp_path):
    """The token lies in a folder of secrets."""
    made = new_portal()
    made.clock.run()
    with serve_portal(made) as running:
        config = tmp_path / "sluicegate.toml"
        config.write_text(portal_config(running, NAME))

        def change() -> str:
            del made.tokens.by_text[made.tokens.sync.text]
            made.tokens.sync = made.tokens.private(SYNC_APP, "Pipeline sync", READ)
            return made.tokens.sync.text

        yield Secret(running.token, config, change)


@pytest.fixture
def org(tmp_path):
    """The consumer secret stands in the config file."""
    made = new_org()
    made.clock.run()
    with serve_org(made) as running:
        config = tmp_path / "sluicegate.toml"
        config.write_text(org_config(running, NAME))

        def change() -> str:
            everybody = made.logins.all
            everybody[:] = [
                replace(one, client_secret="rotated-secret") if one.username == SYNC else one for one in everybody
            ]
            made.logins.expire()
            return "rotated-secret"

        yield Secret(running.login(SYNC).client_secret, config, change)


def in_a_folder(secret: Secret, monkeypatch: Any) -> Callable[[str], object]:
    """Move the token from the config file into a folder of secrets; returns what writes another one there."""
    folder = secret.config.parent / "secrets"
    folder.mkdir()
    file = folder / f"SLUICEGATE_CONNECTIONS__{NAME.upper()}__ACCESS_TOKEN"
    file.write_text(secret.text)
    secret.config.write_text(secret.config.read_text().replace(f'access_token = "{secret.text}"\n', "", 1))
    monkeypatch.setenv("SLUICEGATE_SECRETS_DIR", str(folder))
    return file.write_text


def test_a_token_in_the_secrets_folder_is_rotated_without_a_restart(portal, monkeypatch):
    write = in_a_folder(portal, monkeypatch)
    worker = began(portal.config)
    assert worker.work() == "done"
    new = portal.change()
    assert worker.work() == "refused"
    write(new)
    with capture_logs() as lines:
        assert worker.work() == "done"
    assert lines[0] == {
        "event": "settings of connections have changed", "log_level": "info", "connections": [NAME],
    }  # fmt: skip
    assert new not in repr(lines)


def test_a_secret_in_the_config_file_is_rotated_without_a_restart(org):
    worker = began(org.config)
    assert worker.work() == "done"
    new = org.change()
    assert worker.work() == "refused"
    org.config.write_text(org.config.read_text().replace(f'"{org.text}"', f'"{new}"'))
    assert worker.work() == "done"


def test_a_config_file_with_a_mistake_leaves_the_last_good_settings_in_force_and_says_so_once(org):
    worker, good = began(org.config), org.config.read_text()
    org.config.write_text(good.replace("budget_share = 0.9", "budget_share = 90"))
    with capture_logs() as lines:
        assert [worker.work(), worker.work()] == ["done", "done"]
    wrong = [line for line in lines if line["event"] == "settings are wrong; the last good ones stay in force"]
    assert len(wrong) == 1
    assert "budget_share" in wrong[0]["problems"]
    assert org.text not in repr(lines)


def test_a_store_that_moves_is_followed(org):
    worker = began(org.config)
    assert worker.work() == "done"
    org.config.write_text(f'[store]\nurl = "sqlite:///moved.db"\n{org.config.read_text()}')
    assert worker.work() == "done"
    assert (org.config.parent / "moved.db").exists()
    assert [run["id"] for run in worker.current().store.runs.latest(NAME)] == [1]
