"""Acts beyond our own fields, for every CRM: a task is made once, whatever is lost, and what a rep did to it stands."""

from datetime import date, timedelta

import pytest

from connectors.tables.connector import TablesConnector
from model.actions import Close, Hand, Remove, Task
from model.errors import BudgetSpent, RetryLater
from tests.connectors.tables.fixtures import Desk
from tests.crm_drivers import OFFICES

DUE = date(2026, 11, 4)
KEY = "a1b2c3d4e5f6a1b2c3d4e5f6"


@pytest.fixture(params=OFFICES)
def office(request):
    with OFFICES[request.param]() as opened:
        opened.let_us_act()
        yield opened


@pytest.fixture
def crm(office):
    connector = office.connector()
    assert "task" in connector.describe().acts
    return connector


def task(office, deal, key=KEY, **more):
    said = {"owner": office.person("Rita"), "title": "No activity: Log a call", "text": "Never touched\n<since> 3 Nov"}
    return Task(key, deal, **{**said, "due": DUE, **more})


def kinds(receipts):
    return [one.kind for one in receipts]


def test_a_task_lands_on_the_deal_with_its_owner_words_and_day(office, crm):
    deal = office.deal()
    (made,) = crm.act([task(office, deal)])
    (found,) = office.tasks(deal)
    assert (made.kind, made.record) == ("written", found.id)
    assert (found.title, found.owner) == ("No activity: Log a call", office.person("Rita"))
    assert "since" in found.text
    assert "<since>" not in found.text or office.kind == "salesforce", "a CRM that shows HTML is given none by accident"
    assert found.due.startswith("2026-11-04")
    assert (found.done, found.by_us) == (False, True)


def test_the_same_task_again_is_found_and_left_alone(office, crm):
    deal = office.deal()
    crm.act([task(office, deal)])
    (again,) = crm.act([task(office, deal, title="Another title")])
    (found,) = office.tasks(deal)
    assert (again.kind, again.record, found.title) == ("written", found.id, "No activity: Log a call")


def test_a_task_that_the_rep_completed_is_not_made_again(office, crm):
    deal = office.deal()
    crm.act([task(office, deal)])
    office.complete(office.tasks(deal)[0].id)
    crm.act([task(office, deal)])
    (found,) = office.tasks(deal)
    assert found.done


@pytest.mark.parametrize("fault", ["drop_after", "truncate", "garbage", "bad_gateway", "gateway_timeout", "drop"])
def test_a_reply_that_is_lost_leaves_one_task(office, crm, fault):
    deal = office.deal()
    office.fault(fault, "tasks")
    with pytest.raises(RetryLater, match="may have been applied"):
        crm.act([task(office, deal)])
    assert kinds(crm.act([task(office, deal)])) == ["written"]
    assert len(office.tasks(deal)) == 1


def test_too_many_calls_are_sent_again_and_a_spent_day_is_not(office, crm):
    deal = office.deal()
    office.fault("too_many", "tasks")
    assert kinds(crm.act([task(office, deal)])) == ["written"]
    office.fault("daily_limit", "tasks", count=None)
    with pytest.raises(BudgetSpent):
        crm.act([task(office, deal, "b" * 24)])


def test_one_bad_task_spoils_none_of_the_others(office, crm):
    fine, gone, last = office.deal("Fine"), office.deal("Gone"), office.deal("Last")
    office.delete(gone)
    made = [task(office, deal, f"{n}" * 24) for n, deal in enumerate((fine, gone, last), 1)]
    receipts = crm.act(made)
    assert [one.key for one in receipts] == [one.key for one in made]
    assert kinds(receipts) == ["written", "gone", "written"]
    assert "gone" in receipts[1].reason


def test_closing_completes_an_open_task_and_lets_a_completed_or_deleted_one_be(office, crm):
    deal = office.deal()
    keys = ["a" * 24, "b" * 24, "c" * 24]
    crm.act([task(office, deal, key) for key in keys])
    by_hand, deleted = [crm.act([task(office, deal, key)])[0].record for key in keys[1:]]
    office.complete(by_hand)
    office.drop(deleted)
    receipts = crm.act([Close(key) for key in [*keys, "d" * 24]])
    assert kinds(receipts) == ["written", "skipped", "skipped", "skipped"]
    assert [(one.done, one.deleted) for one in office.tasks(deal)] == [(True, False), (True, False), (False, True)]
    assert kinds(crm.act([Close(keys[0])])) == ["skipped"], "closing again does nothing"


def hand(office, to, key=KEY):
    return Hand(key, office.person("Rita"), to, "No activity: Log a call")


def test_a_task_is_handed_to_another_person_once(office, crm):
    deal, other = office.deal(), office.rep("Otto", "West")
    crm.act([task(office, deal)])
    for _ in range(2):
        (receipt,) = crm.act([hand(office, other)])
        assert (receipt.kind, receipt.after) == ("written", {"owner": other})
    (found,) = office.tasks(deal)
    assert found.owner == other


def test_a_task_that_its_person_gave_away_completed_or_deleted_is_not_handed_on(office, crm):
    deals, otto, olga = [office.deal() for _ in range(3)], office.rep("Otto", "West"), office.rep("Olga", "West")
    keys = [KEY, KEY[::-1], "f" * 24]
    crm.act([task(office, deal, key) for deal, key in zip(deals, keys, strict=True)])
    given, completed, deleted = (office.tasks(deal)[0].id for deal in deals)
    office.give(given, otto)
    office.complete(completed)
    office.drop(deleted)
    assert kinds(crm.act([hand(office, olga, key) for key in keys])) == ["written", "skipped", "skipped"]
    owners = [{job.owner for job in office.tasks(deal)} for deal in deals]
    assert owners == [{otto}, {office.person("Rita")}, {office.person("Rita")}]


def test_removing_takes_back_an_open_task_and_never_one_that_was_completed(office, crm):
    deal = office.deal()
    keys = ["a" * 24, "b" * 24]
    crm.act([task(office, deal, key) for key in keys])
    office.complete(crm.act([task(office, deal, keys[1])])[0].record)
    assert kinds(crm.act([Remove(key) for key in keys])) == ["written", "skipped"]
    assert [(one.done, one.deleted) for one in office.tasks(deal)] == [(False, True), (True, False)]
    assert kinds(crm.act([Remove(keys[0])])) == ["skipped"]


def test_several_kinds_of_acts_have_their_receipts_in_order(office, crm):
    deal = office.deal()
    crm.act([task(office, deal, "a" * 24)])
    receipts = crm.act([Close("a" * 24), task(office, deal, "b" * 24), Remove("c" * 24)])
    assert [(one.key[0], one.kind) for one in receipts] == [("a", "written"), ("b", "written"), ("c", "skipped")]


def test_a_key_that_stands_twice_or_too_many_acts_are_refused_before_anything_is_sent(office, crm):
    before = crm.calls
    with pytest.raises(ValueError, match="twice"):
        crm.act([Close(KEY), Close(KEY)])
    with pytest.raises(ValueError, match=str(crm.batch_size)):
        crm.act([Close(f"{n}") for n in range(crm.batch_size + 1)])
    assert crm.calls == before


def test_a_full_batch_costs_a_look_and_a_call(office, crm):
    deal = office.deal()
    crm.act([task(office, deal)])
    before = crm.calls
    made = [task(office, deal, f"{n:024x}") for n in range(crm.batch_size)]
    assert set(kinds(crm.act(made))) == {"written"}
    assert crm.calls == before + 2
    assert len(office.tasks(deal)) == crm.batch_size + 1


@pytest.fixture(params=OFFICES)
def fresh(request):
    with OFFICES[request.param]() as opened:
        yield opened


def test_without_the_set_up_no_task_is_offered_and_check_says_what_to_do(fresh):
    crm = fresh.connector()
    assert "task" not in crm.describe().acts
    text = "\n".join(remark.text for remark in crm.check(fresh.clock.now()) if remark.level == "note")
    assert "Policies that enforce can make no tasks: run `connection provision`" in text
    fresh.let_us_act()
    remarks = fresh.connector().check(fresh.clock.now())
    assert "Policies that enforce can make tasks." in {remark.text for remark in remarks}


def test_a_task_of_ours_comes_back_as_ours(office, crm):
    deal = office.deal()
    crm.act([task(office, deal)])
    office.complete(office.tasks(deal)[0].id)
    office.clock.set(office.clock.now() + timedelta(minutes=20))
    us = crm.describe().user_id
    rows = [row for page in office.connector().pull({}) for row in page.records.get("activity", ())]
    assert [(row["created_by"], row["state"]) for row in rows] == [(us, "done")]


def test_a_report_has_no_such_door_and_says_so(tmp_path):
    desk = Desk(tmp_path)
    crm = desk.open("opportunity_id,name,owner,deal_stage,close_date,amount\nD1,Acme,Bo,Prospecting,2026-12-31,10\n")
    assert isinstance(crm, TablesConnector)
    assert crm.describe().acts == frozenset()
    (receipt,) = crm.act([Close(KEY)])
    assert (receipt.kind, receipt.reason) == ("refused", "A report takes no tasks and no moves; only a CRM does.")
