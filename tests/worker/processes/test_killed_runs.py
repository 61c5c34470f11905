"""A run that is killed with SIGKILL at any seam and started again leaves what an undisturbed run leaves."""

import sqlite3
import threading

import psycopg
import pytest

from tests.worker.processes.kill_harness import SETTINGS, killable, until
from tests.worker.processes.kill_target import Seam
from tests.worker.processes.kills import Kills

DEALS = 120
DANGEROUS = {
    "after the lease was taken and before work": Seam("INSERT INTO run "),
    "after a page was read and before it is kept": Seam("page", nth=4),
    "in the middle of keeping a page, before its deals": Seam('INSERT INTO "opportunity"'),
    "in the middle of keeping a page, before its cursor": Seam('INSERT INTO "cursor"', nth=3),
    "in the middle of keeping the verdict": Seam('INSERT INTO "deal_verdict"'),
    "after a batch is marked sending and before it is sent": Seam("push ", nth=2),
    "after the CRM applied a batch and before the receipt": Seam("pushed", nth=2),
}
IN_TURN = [
    Seam("CREATE TABLE batch"),
    Seam('INSERT INTO "cursor"', nth=2),
    Seam("push "),
    Seam("pushed"),
    Seam('INSERT INTO "push_state"', nth=2),
]
"""Each lies later in a run than the one before, so that a connection can be killed at all of them in turn."""


PORTAL = (
    "after a page was read and before it is kept",
    "after a batch is marked sending and before it is sent",
    "after the CRM applied a batch and before the receipt",
)
"""What is not about the store alone, so that it is tried on HubSpot, too."""
PLACES = [
    *(pytest.param("salesforce", seam, id=f"salesforce {place}") for place, seam in DANGEROUS.items()),
    *(pytest.param("hubspot", DANGEROUS[place], id=f"hubspot {place}") for place in PORTAL),
]


def left_by(folder, kind):
    with killable(folder, DEALS, kind=kind) as team:
        assert team.run() == 0
        assert len(team.written()) > 60
        return team.on_record(), sorted(team.written())


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return left_by(tmp_path_factory.mktemp("undisturbed"), "salesforce")


@pytest.fixture(scope="module")
def undisturbed_portal(tmp_path_factory):
    return left_by(tmp_path_factory.mktemp("undisturbed"), "hubspot")


@pytest.mark.parametrize(("kind", "seam"), PLACES)
def test_killed_at_a_seam_and_run_again_leaves_what_an_undisturbed_run_leaves(kind, seam, request, tmp_path):
    undisturbed = request.getfixturevalue("undisturbed" if kind == "salesforce" else "undisturbed_portal")
    with killable(tmp_path, DEALS, kind=kind) as team:
        kill = team.killed(seam)
        reopens_clean(tmp_path)
        assert team.run() == 0
        assert (team.on_record(), sorted(team.written())) == undisturbed, "nothing lost, nothing sent twice"
        assert bool(kill.in_flight) == ("push" in seam.at)
        assert team.read_back(kill) == kill.in_flight


def reopens_clean(folder):
    """SQLite's own check, once it has taken its write-ahead log back in."""
    with sqlite3.connect(folder / "sluicegate.db") as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    raw.close()


def test_killed_at_every_seam_in_turn_on_postgresql(undisturbed, tmp_path, postgres_server):
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        admin.execute("CREATE DATABASE killed")
    url = postgres_server.replace("/postgres?", "/killed?")
    with killable(tmp_path, DEALS, batch=20, settings=f'store = {{url = "{url}"}}\n{SETTINGS}') as team:
        for seam in IN_TURN:
            team.killed(seam)
        assert team.run() == 0
        assert team.on_record() == undisturbed[0]
        assert team.repeated() == []
        assert sum(bool(kill.in_flight) for kill in team.kills) == 3
        assert all(team.read_back(kill) == kill.in_flight for kill in team.kills)


def test_killed_again_and_again_while_it_loads_by_query_jobs_it_leaves_no_job_behind(undisturbed, tmp_path):
    with killable(tmp_path, DEALS) as team:
        team.driver.org.settings.bulk_page = 50
        text = team.config.read_text()
        team.config.write_text(text.replace("budget_share = 0.9", "budget_share = 0.9\nbulk_above = 20"))
        for nth in (2, 3, 5, 8):
            team.killed(Seam('INSERT INTO "cursor"', nth=nth))
        assert team.run() == 0
        assert team.on_record() == undisturbed[0]
        assert team.driver.org.jobs == {}
        read = [call["path"] for call in team.driver.calls if call["path"].endswith("/results")]
        assert len(read) > 6


def test_a_slow_crm_that_applies_a_batch_after_it_was_read_back_ends_up_right(undisturbed, tmp_path):
    answered = threading.Event()
    with killable(tmp_path, DEALS) as team:
        team.driver.faults.add("hang", method="PATCH", path="composite/sobjects", seconds=0, until=answered.wait)
        process = team.start()
        until(lambda: team.driver.faults.waiting[0].struck)
        kill = team.kill(process)
        assert team.run() == 0
        answered.set()
        until(team.repeated)
        assert set(team.repeated()) == kill.in_flight == team.read_back(kill), "once more, after it was read back"
        assert team.on_record() == undisturbed[0]


def test_four_random_kills_of_runs_over_300_deals(tmp_path):
    found = Kills(tmp_path, deals=300, seed=1, batch=40).times(4)
    assert len(found) == 4
    assert [row for row in found if not row.kept] == []
