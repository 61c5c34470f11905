"""People act in the middle of a run: a quiet run later the record is what "run, act, run" leaves."""

import pytest

from tests.cases.seams import sweep
from tests.crm_drivers import OFFICES


@pytest.mark.parametrize("kind", OFFICES)
def test_people_act_while_the_reply_of_a_push_is_lost(kind):
    seams = dict(sweep(kind, "lost", every=3))
    assert len(seams) > 1
    assert {seam: lines for seam, lines in seams.items() if lines} == {}


@pytest.mark.parametrize("kind", OFFICES)
def test_people_act_between_a_kill_and_the_run_that_recovers_it(kind):
    assert dict(sweep(kind, "killed")) == {"killed at its push": []}
