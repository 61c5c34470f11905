"""What any command asks of the CRM counts in the share of its calls."""

from dataclasses import replace

import pytest

from model.errors import SettingsProblem
from tests.worker.governed import NAME, governed
from worker.usecases.calibrate import propose
from worker.usecases.connection import check, clear, provision
from worker.usecases.init import init


@pytest.fixture
def team(tmp_path):
    with governed(tmp_path) as opened:
        yield opened


def uncounted(team):
    """Calls that the CRM has had from us and that the count lacks."""
    sent = team.services.connect(NAME).calls
    assert sent
    return sent - team.services.store.calls.count(NAME, team.services.clock())


@pytest.mark.parametrize("command", [check, clear, provision])
def test_the_calls_of_a_command_on_a_connection_count(team, command):
    command(team.services, NAME)
    assert uncounted(team) == 0


def test_the_calls_of_a_dry_run_count_although_its_copy_of_the_store_is_deleted(team):
    team.deal("Acme")
    report = team.run(dry_run=True)
    assert (uncounted(team), report.calls) == (0, team.services.connect(NAME).calls)


def test_the_calls_of_a_pull_count_while_it_goes_on_so_that_a_kill_loses_few(team):
    team.deal("Acme")
    store, seen = team.services.store, []

    def page(*_):
        seen.append(store.calls.count(NAME, team.services.clock()))

    team.services = replace(team.services, progress=page)
    team.run()
    assert seen[0] < seen[-1]
    assert uncounted(team) == 0


def test_a_calibration_asks_the_crm_for_nothing(team):
    with pytest.raises(SettingsProblem, match="no deals"):
        propose(team.services, NAME)
    assert team.services.connect(NAME).calls == 0


def test_the_calls_that_draft_a_starting_folder_count(team, tmp_path):
    init(tmp_path / "new", team.services, NAME)
    assert uncounted(team) == 0
