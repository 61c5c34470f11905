"""Acts beyond our own fields, for every CRM: a task is made once, whatever is lost, and what a rep did to it stands."""

from datetime import date, timedelta

import pytest

from connectors.tables.connector import TablesConnector
from model.actions import Close, Hand, Remove, Return, Task
from model.errors import BudgetSpent, RetryLater
from sandbox.web import Reply
from tests.connectors.tables.fixtures import ReportFolder
from tests.crm_drivers import CRM_DRIVERS

DUE = date(2026, 11, 4)
KEY = "a1b2c3d4e5f6a1b2c3d4e5f6"


@pytest.fixture(params=CRM_DRIVERS)
def driver(request):
    with CRM_DRIVERS[request.param]() as opened:
        opened.let_us_act()
        yield opened


@pytest.fixture
def crm(driver):
    connector = driver.connector()
    assert "task" in connector.describe().acts
    return connector


def task(driver, deal, key=KEY, **more):
    values = {
        "owner": driver.person("Rita"),
        "title": "No activity: Log a call",
        "text": "Never touched\n<since> 3 Nov",
    }
    return Task(key, deal, **{**values, "due": DUE, **more})


def kinds(receipts):
    return [one.kind for one in receipts]


def test_a_task_lands_on_the_deal_with_its_owner_words_and_day(driver, crm):
    deal = driver.deal()
    (made,) = crm.act([task(driver, deal)])
    (found,) = driver.tasks(deal)
    assert (made.kind, made.record) == ("written", found.id)
    assert (found.title, found.owner) == ("No activity: Log a call", driver.person("Rita"))
    assert "since" in found.text
    assert "<since>" not in found.text or driver.kind == "salesforce", "a CRM that shows HTML is given none by accident"
    assert found.due.startswith("2026-11-04")
    assert (found.done, found.by_us) == (False, True)


def test_the_same_task_again_is_found_and_left_alone(driver, crm):
    deal = driver.deal()
    crm.act([task(driver, deal)])
    (again,) = crm.act([task(driver, deal, title="Another title")])
    (found,) = driver.tasks(deal)
    assert (again.kind, again.record, found.title) == ("written", found.id, "No activity: Log a call")


def test_a_task_that_the_rep_completed_is_not_made_again(driver, crm):
    deal = driver.deal()
    crm.act([task(driver, deal)])
    driver.complete(driver.tasks(deal)[0].id)
    crm.act([task(driver, deal)])
    (found,) = driver.tasks(deal)
    assert found.done


@pytest.mark.parametrize("fault", ["drop_after", "truncate", "garbage", "bad_gateway", "gateway_timeout", "drop"])
def test_a_reply_that_is_lost_leaves_one_task(driver, crm, fault):
    deal = driver.deal()
    driver.fault(fault, "tasks")
    with pytest.raises(RetryLater, match="may have been applied"):
        crm.act([task(driver, deal)])
    assert kinds(crm.act([task(driver, deal)])) == ["written"]
    assert len(driver.tasks(deal)) == 1


def test_too_many_calls_are_sent_again_and_a_spent_day_is_not(driver, crm):
    deal = driver.deal()
    driver.fault("too_many", "tasks")
    assert kinds(crm.act([task(driver, deal)])) == ["written"]
    driver.fault("daily_limit", "tasks", count=None)
    with pytest.raises(BudgetSpent):
        crm.act([task(driver, deal, "b" * 24)])


def test_one_bad_task_spoils_none_of_the_others(driver, crm):
    fine, gone, last = driver.deal("Fine"), driver.deal("Gone"), driver.deal("Last")
    driver.delete(gone)
    made = [task(driver, deal, f"{n}" * 24) for n, deal in enumerate((fine, gone, last), 1)]
    receipts = crm.act(made)
    assert [one.key for one in receipts] == [one.key for one in made]
    assert kinds(receipts) == ["written", "gone", "written"]
    assert "gone" in receipts[1].reason


def test_closing_completes_an_open_task_and_lets_a_completed_or_deleted_one_be(driver, crm):
    deal = driver.deal()
    keys = ["a" * 24, "b" * 24, "c" * 24]
    crm.act([task(driver, deal, key) for key in keys])
    by_hand, deleted = [crm.act([task(driver, deal, key)])[0].record for key in keys[1:]]
    driver.complete(by_hand)
    driver.drop(deleted)
    receipts = crm.act([Close(key) for key in [*keys, "d" * 24]])
    assert kinds(receipts) == ["written", "skipped", "skipped", "skipped"]
    assert [(one.done, one.deleted) for one in driver.tasks(deal)] == [(True, False), (True, False), (False, True)]
    assert kinds(crm.act([Close(keys[0])])) == ["skipped"], "closing again does nothing"


def hand(driver, to, key=KEY):
    return Hand(key, driver.person("Rita"), to, "No activity: Log a call")


def test_a_task_is_handed_to_another_person_once(driver, crm):
    deal, other = driver.deal(), driver.rep("Otto", "West")
    crm.act([task(driver, deal)])
    for _ in range(2):
        (receipt,) = crm.act([hand(driver, other)])
        assert (receipt.kind, receipt.after) == ("written", {"owner": other})
    (found,) = driver.tasks(deal)
    assert found.owner == other


def test_a_task_that_its_person_gave_away_completed_or_deleted_is_not_handed_on(driver, crm):
    deals, otto, olga = [driver.deal() for _ in range(3)], driver.rep("Otto", "West"), driver.rep("Olga", "West")
    keys = [KEY, KEY[::-1], "f" * 24]
    crm.act([task(driver, deal, key) for deal, key in zip(deals, keys, strict=True)])
    given, completed, deleted = (driver.tasks(deal)[0].id for deal in deals)
    driver.give(given, otto)
    driver.complete(completed)
    driver.drop(deleted)
    assert kinds(crm.act([hand(driver, olga, key) for key in keys])) == ["written", "skipped", "skipped"]
    owners = [{job.owner for job in driver.tasks(deal)} for deal in deals]
    assert owners == [{otto}, {driver.person("Rita")}, {driver.person("Rita")}]


def test_removing_takes_back_an_open_task_and_never_one_that_was_completed(driver, crm):
    deal = driver.deal()
    keys = ["a" * 24, "b" * 24]
    crm.act([task(driver, deal, key) for key in keys])
    driver.complete(crm.act([task(driver, deal, keys[1])])[0].record)
    assert kinds(crm.act([Remove(key) for key in keys])) == ["written", "skipped"]
    assert [(one.done, one.deleted) for one in driver.tasks(deal)] == [(False, True), (True, False)]
    assert kinds(crm.act([Remove(keys[0])])) == ["skipped"]


def test_a_move_of_a_deal_that_comes_without_its_id_is_tried_again_later(driver, crm):
    deal = driver.deal()

    def nameless(_asked, reply):
        rows = reply.body.get("results") or reply.body.get("records") or () if isinstance(reply.body, dict) else ()
        named = [dict.fromkeys(row.keys() & {"id", "Id"}) for row in rows]
        body = [{**row, **none} for row, none in zip(rows, named, strict=True)]
        key = "results" if "results" in (reply.body or ()) else "records"
        return Reply({**reply.body, key: body} if rows else reply.body, reply.status, reply.headers, reply.kind)

    driver.faults.twist = nameless
    (receipt,) = crm.act([Return(KEY, deal, was={}, now={})])
    assert receipt.kind == "retry_later"


def test_several_kinds_of_acts_have_their_receipts_in_order(driver, crm):
    deal = driver.deal()
    crm.act([task(driver, deal, "a" * 24)])
    receipts = crm.act([Close("a" * 24), task(driver, deal, "b" * 24), Remove("c" * 24)])
    assert [(one.key[0], one.kind) for one in receipts] == [("a", "written"), ("b", "written"), ("c", "skipped")]


def test_a_key_that_stands_twice_or_too_many_acts_are_refused_before_anything_is_sent(driver, crm):
    before = crm.calls
    with pytest.raises(ValueError, match="twice"):
        crm.act([Close(KEY), Close(KEY)])
    with pytest.raises(ValueError, match=str(crm.batch_size)):
        crm.act([Close(f"{n}") for n in range(crm.batch_size + 1)])
    assert crm.calls == before


def test_a_full_batch_costs_a_look_and_a_call(driver, crm):
    deal = driver.deal()
    crm.act([task(driver, deal)])
    before = crm.calls
    made = [task(driver, deal, f"{n:024x}") for n in range(crm.batch_size)]
    assert set(kinds(crm.act(made))) == {"written"}
    assert crm.calls == before + 2
    assert len(driver.tasks(deal)) == crm.batch_size + 1


@pytest.fixture(params=CRM_DRIVERS)
def fresh(request):
    with CRM_DRIVERS[request.param]() as opened:
        yield opened


def test_without_the_set_up_no_task_is_offered_and_check_says_what_to_do(fresh):
    crm = fresh.connector()
    assert "task" not in crm.describe().acts
    text = "\n".join(remark.text for remark in crm.check(fresh.clock.now()) if remark.level == "note")
    assert "Policies that enforce can make no tasks: run `connection provision`" in text
    fresh.let_us_act()
    remarks = fresh.connector().check(fresh.clock.now())
    assert "Policies that enforce can make tasks." in {remark.text for remark in remarks}


def test_our_own_task_comes_back_as_our_own(driver, crm):
    deal = driver.deal()
    crm.act([task(driver, deal)])
    driver.complete(driver.tasks(deal)[0].id)
    driver.clock.set(driver.clock.now() + timedelta(minutes=20))
    us = crm.describe().user_id
    rows = [row for page in driver.connector().pull({}) for row in page.records.get("activity", ())]
    assert [(row["created_by"], row["state"]) for row in rows] == [(us, "done")]


def test_a_report_has_no_such_door_and_says_so(tmp_path):
    reports = ReportFolder(tmp_path)
    crm = reports.open("opportunity_id,name,owner,deal_stage,close_date,amount\nD1,Acme,Bo,Prospecting,2026-12-31,10\n")
    assert isinstance(crm, TablesConnector)
    assert crm.describe().acts == frozenset()
    (receipt,) = crm.act([Close(KEY)])
    assert (receipt.kind, receipt.reason) == ("refused", "A report takes no tasks and no moves; only a CRM does.")
