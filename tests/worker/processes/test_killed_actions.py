"""A run that is killed with SIGKILL while it makes tasks, and started again, leaves what an undisturbed one leaves."""

from contextlib import contextmanager

import pytest

from tests.crm_drivers import CRM_DRIVERS
from tests.worker.enforcing import quiet
from tests.worker.processes.kill_harness import killable
from tests.worker.processes.kill_target import Seam

SEAMS = {
    "after tasks are marked sending and before they are sent": Seam("act ", nth=2),
    "after the CRM made tasks and before the receipt": Seam("acted", nth=2),
}


@contextmanager
def enforcing(folder, kind, place):
    (folder / place).mkdir()
    with killable(folder / place, 60, batch=3, kind=kind, policies=quiet()) as team:
        team.driver.let_us_act()
        yield team


def tasks(team):
    """Of each deal the tasks in our name, and whether they are done."""
    return {
        deal: [(job.title, job.done) for job in team.driver.tasks(deal) if job.by_us] for deal in team.driver.theirs()
    }


def left_by(team):
    before = tasks(team)
    assert team.run() == 0
    after = tasks(team)
    assert sum(map(len, after.values())) - sum(map(len, before.values())) >= 8
    return after


@pytest.mark.parametrize("kind", CRM_DRIVERS)
def test_killed_while_it_makes_tasks_and_run_again_leaves_the_tasks_of_an_undisturbed_run(kind, tmp_path):
    with enforcing(tmp_path, kind, "undisturbed") as team:
        undisturbed = left_by(team)
    for place, seam in SEAMS.items():
        with enforcing(tmp_path, kind, place) as team:
            team.killed(seam)
            assert tasks(team) != undisturbed, place
            assert team.run() == 0
            assert tasks(team) == undisturbed, place
