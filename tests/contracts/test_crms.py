"""What holds for every CRM behind a network: outages, limits, set-up, what is gone. Vendors' oddities lie elsewhere."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from model.errors import BudgetSpent, RetryLater
from model.sync import OUR_FIELDS, READ_FIELDS, Patch
from tests.crm_drivers import CRM_DRIVERS

PASSING = ("unavailable", "bad_gateway", "gateway_timeout", "drop", "truncate", "garbage", "too_many")


@pytest.fixture(params=CRM_DRIVERS)
def driver(request):
    with CRM_DRIVERS[request.param]() as opened:
        yield opened


@pytest.fixture(params=CRM_DRIVERS)
def fresh(request):
    """Before provision."""
    with CRM_DRIVERS[request.param](provisioned=False) as opened:
        yield opened


def deals(pages):
    return {deal["id"]: deal for page in pages for deal in page.records.get("opportunity", ())}


def cursors(pages):
    return {page.cursor.stream: page.cursor for page in pages if page.cursor}


def kinds(outcomes):
    return [outcome.kind for outcome in outcomes]


def text_of(remarks, *levels):
    return "\n".join(remark.text for remark in remarks if not levels or remark.level in levels)


def later(driver, **delta):
    driver.clock.set(driver.clock.now() + timedelta(**delta))


# reading


def test_a_deal_arrives_trimmed_typed_and_exact(driver):
    deal = driver.deal("  Acme – Größe ", amount="1234567890.12", next_step="   ")
    later(driver, minutes=1)
    found = deals(driver.connector().pull({}))[deal]
    assert (found["name"], found["next_step"], found["gone"]) == ("Acme – Größe", None, None)
    assert found["amount"] == Decimal("1234567890.12")
    assert found["close_date"] == date(2026, 12, 31)
    assert found["currency"] == "USD"
    assert found["ours"] == dict.fromkeys((*OUR_FIELDS, *READ_FIELDS))
    assert found["unread"] == []


def test_the_second_pull_brings_only_what_changed(driver):
    old, edited = driver.deal("Old"), driver.deal("Edited")
    later(driver, minutes=30)
    first = list(driver.connector().pull({}))
    later(driver, hours=2)
    driver.edit(edited, amount=5)
    later(driver, minutes=1)
    found = deals(driver.connector().pull(cursors(first)))
    assert set(found) == {edited}
    assert old not in found


def test_a_deleted_deal_is_reported_by_a_full_pass_and_a_restored_one_comes_back(driver):
    kept, deal = driver.deal("Kept"), driver.deal("Deleted")
    first = list(driver.connector().pull({}))
    later(driver, hours=1)
    driver.delete(deal)
    second = list(driver.connector().pull(cursors(first), full=True))
    present = frozenset().union(*(page.present.get("opportunity", ()) for page in second))
    found = deals(second).get(deal, {}).get("gone")
    assert (kept in present, deal in present and found is None) == (True, False)
    later(driver, hours=1)
    driver.restore(deal)
    later(driver, minutes=1)
    assert deals(driver.connector().pull(cursors([*first, *second])))[deal]["gone"] is None


def test_reading_by_id_tells_those_that_are_gone(driver):
    here, binned = driver.deal("Here"), driver.deal("Binned")
    driver.delete(binned)
    nobody = here[:-2] + "ZZ"
    found = {r["id"]: r["gone"] for r in driver.connector().read([here, binned, nobody]).records["opportunity"]}
    assert found == {here: None, binned: "deleted", nobody: "vanished"}


def test_a_column_hidden_overnight_is_unread_and_never_blank(driver):
    deal = driver.deal(amount=5)
    first = list(driver.connector().pull({}))
    later(driver, hours=1)
    driver.edit(deal, next_step="Call")
    driver.hide("amount")
    later(driver, minutes=1)
    found = deals(driver.connector().pull(cursors(first)))[deal]
    assert found["unread"] == ["amount"]
    assert "amount" not in found
    driver.show("amount")
    assert deals(driver.connector().pull({}))[deal]["amount"] == 5


@pytest.mark.parametrize("fault", PASSING)
def test_a_passing_fault_of_a_read_is_not_noticed(driver, fault):
    made = {driver.deal(f"Deal {n}") for n in range(3)}
    later(driver, minutes=1)
    struck = driver.fault(fault, "deals")
    assert set(deals(driver.connector().pull({}))) == made
    assert struck.struck


@pytest.mark.parametrize("fault", ["unavailable", "drop", "truncate", "garbage"])
def test_a_lasting_fault_ends_with_retry_later_after_waits_below_a_cap(driver, fault):
    driver.deal()
    driver.fault(fault, "deals", count=None)
    with pytest.raises(RetryLater) as raised:
        list(driver.connector().pull({}))
    assert raised.value.seconds > 0
    assert len(driver.waited) == 5
    assert all(0 < wait <= 30 for wait in driver.waited)


def test_a_token_that_ends_in_the_middle_is_renewed(driver):
    crm = driver.connector(**driver.renewable())
    deal = driver.deal()
    crm.describe()
    driver.expire()
    assert kinds(crm.push([Patch(deal, {"score": 1})])) == ["written"]
    driver.expire()
    later(driver, minutes=1)
    assert set(deals(crm.pull({}))) == {deal}


# the budget


def test_the_days_calls_spent_stop_at_once(driver):
    crm = driver.connector()
    crm.describe()
    driver.fault("daily_limit", "api", count=None)
    before = crm.calls
    with pytest.raises(BudgetSpent):
        list(crm.pull({}))
    assert crm.calls == before + 1
    assert driver.waited == []


def test_our_share_of_the_days_calls_is_kept(driver):
    driver.allow(100)
    crm = driver.connector(budget_share=0.1)
    with pytest.raises(BudgetSpent, match="10 of 10"):
        _ = [page for _ in range(10) for page in crm.pull({})]
    assert crm.calls == 10
    assert crm.budget().allowed == 100
    later(driver, hours=26)
    assert crm.describe().writes


def test_the_last_calls_of_the_day_are_left_to_others(driver):
    driver.allow(1000, used=960)
    with pytest.raises(BudgetSpent, match="left to others"):
        list(driver.connector().pull({}))


# writing


def test_one_deal_twice_or_too_many_are_refused_before_anything_is_sent(driver):
    crm = driver.connector()
    with pytest.raises(ValueError, match="twice"):
        crm.push([Patch("1", {"score": 1}), Patch("1", {"score": 2})])
    with pytest.raises(ValueError, match=str(crm.batch_size)):
        crm.push([Patch(f"{n}", {"score": 1}) for n in range(crm.batch_size + 1)])
    assert crm.calls == 0


def test_a_full_batch_is_one_call(driver):
    crm = driver.connector()
    made = [driver.deal(f"Deal {n}") for n in range(crm.batch_size)]
    crm.describe()
    before = crm.calls
    assert set(kinds(crm.push([Patch(deal, {"score": 1}) for deal in made]))) == {"written"}
    assert crm.calls == before + 1


def test_outcomes_come_in_the_order_of_the_patches(driver):
    fine, gone, last = driver.deal("Fine"), driver.deal("Gone"), driver.deal("Last")
    driver.delete(gone)
    outcomes = driver.connector().push([Patch(deal, {"score": 1}) for deal in (last, gone, fine)])
    assert [(o.id, o.kind) for o in outcomes] == [(last, "written"), (gone, "gone"), (fine, "written")]


def test_our_own_write_is_no_edit_of_the_deal(driver):
    deal, crm = driver.deal(), driver.connector()
    later(driver, days=3)
    crm.push([Patch(deal, {"score": 70})])
    later(driver, minutes=1)
    echo = deals(crm.pull({}))[deal]
    assert echo.get("last_edit", echo["created"]) <= echo["created"]


@pytest.mark.parametrize("fault", ["drop_after", "truncate", "garbage", "bad_gateway", "unavailable"])
def test_a_write_of_unknown_fate_is_not_repeated_but_read_again(driver, fault):
    deal, crm = driver.deal(), driver.connector()
    crm.describe()
    driver.fault(fault, "push")
    with pytest.raises(RetryLater, match="read"):
        crm.push([Patch(deal, {"score": 1})])
    assert len(driver.writes()) <= 1
    assert kinds(crm.push([Patch(deal, {"score": 1})])) == ["written"]


def test_too_many_calls_at_once_are_sent_again_and_a_spent_day_is_not(driver):
    deal, crm = driver.deal(), driver.connector()
    crm.describe()
    driver.fault("too_many", "push")
    assert kinds(crm.push([Patch(deal, {"score": 1})])) == ["written"]
    driver.fault("daily_limit", "push", count=None)
    with pytest.raises(BudgetSpent):
        crm.push([Patch(deal, {"score": 2})])


# setting up


def test_after_provision_our_fields_are_written_and_the_pause_is_only_read(fresh):
    deal, crm = fresh.deal(), fresh.connector(admin=fresh.admin())
    assert crm.describe().writes == {}
    assert text_of(crm.provision(), "missing", "warning") == ""
    assert set(crm.describe().writes) == set(OUR_FIELDS)
    wanted = {"score": 80, "reasons": "a\nb", "gate": "ready", "flagged_since": date(2026, 11, 3)}
    assert kinds(crm.push([Patch(deal, wanted)])) == ["written"]
    assert set(crm.read([deal]).records["opportunity"][0]["ours"]) == {*OUR_FIELDS, *READ_FIELDS}


def test_a_second_provision_makes_nothing(fresh):
    crm = fresh.connector(admin=fresh.admin())
    crm.provision()
    assert "made now: none" in text_of(crm.provision())


def test_who_may_not_set_up_reads_what_to_do(fresh):
    remarks = fresh.connector().provision()
    assert "--export" in text_of(remarks, "missing")
    assert "[connections.acme.admin]" in text_of(remarks, "warning")


def test_an_export_is_files_for_an_admins_own_hands_and_costs_no_call(driver, tmp_path):
    crm = driver.connector()
    remarks = crm.provision(export=tmp_path)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    written.remove(tmp_path / ".sluicegate-export")
    assert text_of(remarks).startswith(f"{len(written)} files are written")
    assert tmp_path / "README.md" in written
    assert crm.calls == 0


def test_check_says_that_all_is_well(fresh):
    crm = fresh.connector(admin=fresh.admin())
    fresh.deal()
    crm.provision()
    remarks = crm.check(fresh.clock.now())
    assert "All 11 fields that we write are there" in text_of(remarks, "ok")
    assert "daily calls are left" in text_of(remarks, "ok")
    assert "segment" in text_of(remarks, "note")
    assert text_of(remarks, "missing") == ""


def test_check_names_each_field_that_provision_would_make(fresh):
    text = text_of(fresh.connector().check(fresh.clock.now()), "missing")
    assert all(f"({name}) does not exist or is hidden" in text for name in (*OUR_FIELDS, *READ_FIELDS))


def test_check_tells_a_clock_that_is_off(driver):
    remarks = driver.connector().check(driver.clock.now() + timedelta(minutes=5))
    assert "300 seconds off" in text_of(remarks, "warning")


def test_init_is_offered_fields_by_label_and_fill_and_a_process_without_lost_stages(driver):
    budget, old = driver.custom("budget", "Budget Confirmed"), driver.custom("old_budget", "Budget Confirmed (old)")
    for n in range(4):
        driver.flag(driver.deal(f"Deal {n}"), budget, "true" if n else "")
    later(driver, minutes=1)
    found = driver.connector().draft()
    best = next(one for one in found.fields if one.fact == "budget_confirmed")
    assert (best.field, best.filled) == (budget, 0.75)
    assert old not in {one.field for one in found.fields}
    stages = found.processes[0].stages
    assert stages[:2] == (driver.first_stage, driver.second_stage)
    assert (stages[-1], driver.lost in stages) == (driver.won, False)
