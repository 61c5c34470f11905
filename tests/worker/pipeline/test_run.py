"""What a run promises: explained flags on the record, quiet when nothing changed, nobody else's fields touched."""

import pytest

from model.sync import OUR_FIELDS
from tests.worker.governed import CRM_DRIVERS, FLAGS, REASONS, SCORE, governed

pytestmark = pytest.mark.every_crm


def test_a_neglected_deal_carries_its_flag_with_reason_and_next_act(team):
    deal = team.deal("Neglected", amount=5000, close_date="2026-12-31")
    team.later(days=15)
    report = team.run()
    assert report.exit_code == 0
    assert report.outcomes["written"] == 1
    record = team.on_record(deal)
    assert ";no-activity;" in record[FLAGS]
    assert "Never touched since it was created or re-opened on 3 Nov 2026, over the limit of 14 days" in record[REASONS]
    assert record[SCORE] < 100
    assert record["next_act"]


def test_a_second_run_with_nothing_changed_writes_nothing_today_or_tomorrow(team):
    for number in range(5):
        team.deal(f"Deal {number}", amount=100 * number or None)
    team.later(days=15)
    assert team.run().outcomes["written"] == 5
    before = len(team.writes())
    assert team.run().patches == 0
    team.later(days=1)
    assert team.run().patches == 0
    assert team.run(full=True).patches == 0
    assert len(team.writes()) == before


def test_a_day_later_only_the_deal_that_crossed_a_limit_is_written(team):
    early = team.deal("Early", amount=1)
    team.later(days=1)
    team.deal("Late", amount=1)
    team.later(days=13, hours=-1)
    team.run()
    team.later(hours=2)
    assert [write.id for write in team.writes()[-2:]] != [early]
    team.later(hours=22)
    before = len(team.writes())
    report = team.run()
    assert report.outcomes["written"] == len(team.writes()) - before


def test_a_call_logged_clears_the_flag(team):
    deal = team.deal("Called", amount=10, next_step="Send the offer to Ada")
    team.later(days=15)
    team.run()
    assert "no-activity" in team.flags(deal)
    team.driver.call(deal)
    team.later(minutes=20)
    report = team.run()
    assert report.cleared >= 1
    assert "no-activity" not in team.flags(deal)
    assert ";no-activity;" not in (team.on_record(deal)[FLAGS] or "")


def test_only_our_fields_are_ever_sent(team):
    team.deal("One")
    team.later(days=20)
    team.run()
    assert team.writes()
    assert {name for write in team.writes() for name in write.values} <= set(OUR_FIELDS)


def test_our_own_value_that_somebody_changed_is_put_back_once_a_day_and_counted(team):
    deal = team.deal("Edited", amount=10)
    team.later(days=15)
    team.run()
    right = team.on_record(deal)
    team.let_reps_edit_ours()
    team.edit(deal, score=100)
    team.later(minutes=30)
    report = team.run()
    assert report.outcomes["overwritten"] == 1
    assert team.on_record(deal) == right
    team.edit(deal, score=99)
    team.later(minutes=30)
    assert team.run().patches == 0
    team.later(hours=24)
    assert team.run().outcomes["overwritten"] == 1
    assert team.on_record(deal) == right


def test_a_deal_that_closes_gets_one_last_patch_that_keeps_the_score(team):
    deal = team.deal("Closing", amount=10)
    team.later(days=15)
    team.run()
    score = team.on_record(deal)[SCORE]
    team.edit(deal, stage=team.driver.won)
    team.later(minutes=30)
    assert team.run().outcomes["written"] == 1
    record = team.on_record(deal)
    assert record.pop(SCORE) == score
    assert set(record.values()) == {None}
    assert team.run().patches == 0


def test_a_deal_closed_before_our_first_run_is_never_written(team):
    team.deal("Old", stage=team.driver.lost)
    team.later(days=30)
    assert team.run().patches == 0


def test_a_dry_run_changes_neither_crm_nor_store(team):
    team.deal("One")
    team.later(days=20)
    report = team.run(dry_run=True)
    assert report.patches == 1
    assert report.outcomes["written"] == 0
    assert team.writes() == []
    assert team.services.store.runs.latest() == []
    assert team.services.store.mirror.cursors("acme") == {}


@pytest.mark.parametrize("kind", CRM_DRIVERS)
def test_deals_outside_the_scope_are_neither_judged_nor_written(tmp_path, kind):
    with governed(tmp_path, kind, scope="amount > 1000") as team:
        small, large = team.deal("Small", amount=10), team.deal("Large", amount=5000)
        team.later(days=20)
        assert team.run().outcomes["written"] == 1
        assert team.on_record(large)["flag_count"]
        assert team.verdict(small)["flags"] == []
