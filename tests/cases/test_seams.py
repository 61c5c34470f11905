"""People act in the middle of a run: a quiet run later the record is what "run, act, run" leaves."""

import pytest

from tests.cases.seams import sweep
from tests.crm_drivers import CRM_DRIVERS


@pytest.mark.parametrize("kind", CRM_DRIVERS)
def test_people_act_once_the_run_has_begun(kind):
    ((_, differences),) = sweep(kind, "plain", first=1, every=1000)
    assert differences == []


def test_people_act_between_a_kill_and_the_run_that_recovers_it():
    ((_, differences),) = sweep("salesforce", "killed")
    assert differences == []
