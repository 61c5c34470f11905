"""A deal that changes hands takes its open task along.

Flags of touches are another matter: a new owner has ten business days, and the task is closed for that long.
"""

import pytest

from tests.worker.enforcing import NO_AMOUNT, enforcing
from tests.worker.governed import NAME, with_connector
from tests.worker.pipeline.test_actions import Killed, did, tasks


@pytest.fixture
def team(crm, tmp_path):
    with enforcing(tmp_path, crm, NO_AMOUNT) as made:
        yield made


@pytest.fixture
def handed(team):
    """A deal with a task for Rita that Otto takes over on the day after; and Otto."""
    deal, otto = team.deal("Unpriced", owner=team.driver.person("Rita")), team.driver.rep("Otto", "West")
    team.later(minutes=20)
    assert did(team.run()) == {"planned": 1, "done": 1}
    team.later(days=1)
    team.edit(deal, owner=otto)
    team.later(minutes=20)
    return deal, otto


def test_the_open_task_goes_to_the_deals_new_owner_once(team, handed):
    deal, otto = handed
    assert did(team.run()) == {"handed": 1}
    for days in (0, 1, 1):
        team.later(days=days)
        assert did(team.run()) == {}
    (task,) = tasks(team, deal)
    assert (task.owner, task.done) == (otto, False)
    team.edit(deal, amount=5)
    team.later(minutes=20)
    assert did(team.run()) == {"closed": 1}


def test_a_task_that_its_owner_completed_stays_with_them_and_is_not_made_anew(team, handed):
    deal, _ = handed
    (task,) = tasks(team, deal)
    team.driver.complete(task.id)
    assert did(team.run()) == {"skipped": 1}
    team.later(days=2)
    assert did(team.run()) == {}
    (task,) = tasks(team, deal)
    assert task.owner == team.driver.person("Rita")


def test_within_a_day_a_deal_that_goes_round_is_not_followed_at_every_run(team, handed):
    deal, _ = handed
    team.run()
    team.edit(deal, owner=team.driver.person("Rita"))
    team.later(minutes=20)
    assert did(team.run()) == {}
    team.later(days=1)
    assert did(team.run()) == {"handed": 1}


@pytest.mark.parametrize("sent", [False, True])
def test_killed_while_it_was_handed_on_it_is_handed_on_by_the_next_run(team, handed, sent):
    deal, otto = handed
    with pytest.raises(KeyboardInterrupt):
        with_connector(team, Killed(team.services.connect(NAME), sends=sent)).run()
    assert [one.state for one in team.services.store.actions.all(NAME)] == ["handing"]
    assert did(team.run()) == {"handed": 1}
    assert [task.owner for task in tasks(team, deal)] == [otto]
    assert [(one.state, one.act.owner) for one in team.services.store.actions.all(NAME)] == [("open", otto)]
