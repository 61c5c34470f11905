"""A deal that comes back brings what was logged on it, also where no stamp of the CRM tells so."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from sandbox.hubspot.associations import with_records as associated
from sandbox.hubspot.events import link, merge_deals
from sandbox.salesforce.events import hide_rows
from sandbox.salesforce.setup import SYNC
from tests.connectors.hubspot.portal import REP
from tests.worker.governed import NAME, governed

pytestmark = pytest.mark.every_crm

SILENT, ALONE = "no-activity", "no-contact-role"


def silent(team, deal):
    """Whether a rep reads that nobody has touched the deal, or that nobody is on it."""
    return sorted({SILENT, ALONE}.intersection(team.flags(deal)))


@pytest.fixture
def worked_on(team):
    """An old deal with a call of today and a contact."""
    deal = team.deal("Acme", amount=5)
    team.later(days=20)
    team.driver.call(deal)
    team.driver.contact(deal, "Champion")
    team.later(minutes=1)
    team.run()
    assert silent(team, deal) == []
    return deal


@contextmanager
def portal(folder):
    with governed(folder, "hubspot") as team:
        yield team


@pytest.mark.parametrize("full", [False, True])
def test_a_deal_that_is_deleted_and_restored_keeps_its_calls_and_contacts(team, worked_on, full):
    team.later(hours=1)
    team.driver.delete(worked_on)
    team.later(hours=1)
    team.run(full=full)
    team.driver.restore(worked_on)
    team.later(hours=1)
    team.run()
    assert silent(team, worked_on) == []


def test_what_a_killed_run_was_about_to_read_again_is_read_by_the_next(team, worked_on):
    team.later(hours=1)
    team.driver.delete(worked_on)
    team.later(hours=1)
    team.run(full=True)
    team.driver.restore(worked_on)
    team.later(hours=1)
    store, connector = team.services.store, team.services.connect(NAME)
    for page in connector.pull(store.mirror.cursors(NAME)):
        store.mirror.keep_page(NAME, page, team.driver.clock.now(), team.driver.clock.now())
    assert store.mirror.returned(NAME) == [worked_on]
    team.run()
    assert (silent(team, worked_on), store.mirror.returned(NAME)) == ([], [])


def test_a_right_that_is_given_back_brings_what_was_logged_before(tmp_path):
    with governed(tmp_path) as team:
        deal = team.deal("Acme", amount=5)
        team.later(days=20)
        team.driver.call(deal)
        hide_rows(team.sales.org, "Opportunity", SYNC, 100)
        hide_rows(team.sales.org, "Task", SYNC, 100)
        team.run()
        team.later(hours=2)
        hide_rows(team.sales.org, "Opportunity", SYNC, 0)
        hide_rows(team.sales.org, "Task", SYNC, 0)
        team.edit(deal, amount=6)
        team.later(hours=1)
        team.run()
        assert SILENT not in team.flags(deal)


def test_the_nightly_pass_brings_back_a_task_that_the_mirror_holds_as_deleted(tmp_path):
    with governed(tmp_path) as team:
        deal = team.deal("Acme", amount=5)
        team.later(days=20)
        team.driver.call(deal)
        team.run()
        with team.services.store.database.writing() as sql:
            sql.run("UPDATE activity SET gone = 'deleted'")
        team.later(hours=1)
        team.run(full=True)
        assert SILENT not in team.flags(deal)


def test_the_calls_of_a_merged_deal_reach_the_deal_that_it_went_up_in(tmp_path):
    with portal(tmp_path) as team:
        winner, loser = team.deal("Winner", amount=5), team.deal("Loser", amount=5)
        team.later(days=20)
        team.driver.call(loser)
        team.driver.contact(loser, "Champion")
        team.run()
        assert silent(team, winner) == sorted([SILENT, ALONE])
        merge_deals(team.driver.portal, REP, winner, loser)
        team.later(hours=1)
        team.run()
        assert silent(team, winner) == []


def test_a_call_that_is_taken_off_a_deal_and_put_on_another_moves_without_a_stamp(tmp_path):
    with portal(tmp_path) as team:
        wrong, right = team.deal("Wrong", amount=5), team.deal("Right", amount=5)
        team.later(days=20)
        team.driver.call(wrong)
        team.run()
        desk = team.driver.portal
        (call,) = desk.shelves["calls"].rows
        associated.part(desk, "deals", int(wrong), "calls", call)
        link(desk, "deals", right, "calls", call)
        team.later(hours=1)
        team.run()
        assert (SILENT in team.flags(wrong), SILENT in team.flags(right)) == (True, False)
