"""A rollout in small: 20 reps with 20 deals each, step by step as RevOps would; the whole is a command of its own."""

import pytest

from tests.cases.rollout import play
from tests.crm_drivers import CRM_DRIVERS
from tests.worker.governed import governed


@pytest.mark.parametrize("crm", CRM_DRIVERS)
def test_each_step_writes_exactly_what_was_counted_by_hand(tmp_path, crm):
    with governed(tmp_path, crm) as team:
        assert play(team, 20, tmp_path).faults == []
