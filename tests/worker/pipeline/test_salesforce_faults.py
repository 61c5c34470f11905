"""What a Salesforce org refuses by its own rules within a whole run, and what people read of it."""

from __future__ import annotations

import pytest

from connectors.salesforce.settings import DEFAULT_WRITES
from sandbox.salesforce import Rule, Trigger
from sandbox.salesforce.events import (
    create_as,
    delete_as,
    erase,
    finish_approval,
    merge_accounts,
    run_late,
    submit_for_approval,
)
from sandbox.salesforce.setup import ADMIN, profile_set
from tests.worker.governed import FLAGS, NAME, governed
from worker.usecases.answers import deals as deals_json


@pytest.fixture
def fresh(tmp_path):
    with governed(tmp_path) as opened:
        yield opened


PARKED = (
    "FIELD_CUSTOM_VALIDATION_EXCEPTION", "STRING_TOO_LONG", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    "REQUIRED_FIELD_MISSING", "NUMBER_OUTSIDE_VALID_RANGE", "DUPLICATE_VALUE", "INSUFFICIENT_ACCESS_OR_READONLY",
    "INACTIVE_OWNER_OR_USER", "FIELD_INTEGRITY_EXCEPTION", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
)  # fmt: skip
GONE = ("ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID", "NOT_FOUND")


def refuse(team, code):
    """A new deal; Salesforce refuses writes to it with this code."""
    deal = team.sales.deal(f"Refused with {code}", Amount=10)
    team.sales.org.faults.add(how="record", code=code, message=f"{code} as it pleases", ids=(deal,), count=None)
    return deal


def test_records_that_are_refused_are_parked_each_with_its_reason_and_tried_again_a_day_later(fresh):
    parked = {code: refuse(fresh, code) for code in PARKED}
    good = fresh.sales.deal("Good", Amount=10)
    report = fresh.run()
    assert (report.exit_code, report.outcomes["refused"], fresh.written()) == (1, len(PARKED), [good])
    assert all(any(reason.endswith(f"{code} as it pleases ({code})") for reason in report.reasons) for code in PARKED)
    assert "A validation rule of the org refuses it: " + PARKED[0] in " ".join(report.reasons)
    tried = len(fresh.writes())
    fresh.later(hours=1)
    assert (fresh.run().patches, len(fresh.writes())) == (0, tried)
    fresh.sales.org.faults.clear()
    fresh.later(hours=23)
    assert fresh.run().exit_code == 0
    assert sorted(fresh.written()) == sorted([good, *parked.values()])


def test_records_that_are_reported_as_gone_are_not_written_again(fresh):
    deals = [refuse(fresh, code) for code in GONE]
    report = fresh.run()
    assert (report.exit_code, report.outcomes["gone"]) == (0, len(GONE))
    tried = len(fresh.writes())
    for deal in deals:
        erase(fresh.sales.org, "Opportunity", deal)
    fresh.later(days=2)
    assert (fresh.run().patches, len(fresh.writes())) == (0, tried)


def test_the_customers_own_rule_is_named_and_after_the_exemption_all_are_written(fresh):
    org = fresh.sales.org

    def next_step_first(old, new, actor):
        return "Enter a next step before you save." if not new["NextStep"] and new[DEFAULT_WRITES["flag_ids"]] else None

    org.rules["Next step first"] = Rule("Opportunity", next_step_first, exempt="Sluicegate_Writes")
    without = [fresh.sales.deal(f"No next step {n}", Amount=10) for n in range(3)]
    planned = fresh.sales.deal("Has one", Amount=10, NextStep="Send the offer to Ada")
    report = fresh.run()
    text = (
        "A validation rule of the org refuses it: Enter a next step before you save. "
        "(FIELD_CUSTOM_VALIDATION_EXCEPTION)"
    )
    assert (report.exit_code, report.reasons, fresh.written()) == (1, {text: 3}, [planned])
    assert all(fresh.on_record(deal)[FLAGS] is None for deal in without)
    tried = len(fresh.writes())
    fresh.later(hours=12)
    report = fresh.run()
    assert (report.exit_code, len(fresh.writes())) == (0, tried), "the same patch is not tried again within the day"
    exempt(org, "Sluicegate_Writes")
    fresh.later(hours=12)
    report = fresh.run()
    assert (report.exit_code, report.outcomes["written"], report.reasons) == (0, 3, {})
    assert all("no-next-step" in fresh.shown(deal) for deal in without)


def exempt(org, name):
    """An admin gives our user the custom permission that the rule spares."""
    held = org.add("CustomPermission", DeveloperName=name)
    org.add(
        "SetupEntityAccess",
        ParentId=profile_set(org, "Integration User"),
        SetupEntityId=held["Id"],
        SetupEntityType="CustomPermission",
    )


def test_a_refused_deal_is_tried_again_at_once_when_somebody_changed_it(fresh):
    rule = Rule("Opportunity", lambda old, new, actor: None if new["NextStep"] else "Enter a next step.")
    deal = fresh.sales.deal("No next step", Amount=10)
    fresh.sales.org.rules["Next step first"] = rule
    assert fresh.run().exit_code == 1
    fresh.later(minutes=11)
    fresh.edit(deal, NextStep="Send the offer to Ada")
    assert (fresh.run().exit_code, fresh.written()) == (0, [deal])


def test_a_deal_in_approval_is_tried_once_a_day_until_it_is_decided(fresh):
    deal = fresh.sales.deal("In approval", Amount=10)
    submit_for_approval(fresh.sales.org, deal)
    report = fresh.run()
    assert (report.exit_code, report.outcomes["locked"]) == (1, 1)
    assert "The deal is locked for approval: " in next(iter(report.reasons))
    for hours, tries in ((1, 1), (22, 1), (1, 2)):
        fresh.later(hours=hours)
        fresh.run()
        assert len(fresh.writes()) == tries
    finish_approval(fresh.sales.org, deal)
    fresh.later(hours=24)
    assert (fresh.run().exit_code, fresh.written()) == (0, [deal])


def test_a_batch_that_dies_on_the_orgs_triggers_is_halved_down_to_the_guilty_deal(fresh):
    deals = [fresh.sales.deal(f"Deal {n}", Amount=10) for n in range(60)]
    fresh.sales.org.triggers.append(Trigger("Opportunity", at_most=25))
    guilty = {"ids": (deals[41],), "code": "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "count": None}
    fresh.sales.org.faults.add(how="record", message="DealTrigger: Apex CPU time limit exceeded", **guilty)
    report = fresh.run()
    text = (
        "A trigger or flow of the org fails on it: DealTrigger: Apex CPU time limit exceeded "
        "(CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY)"
    )
    assert (report.exit_code, report.reasons, report.outcomes["written"]) == (1, {text: 1}, 59)
    assert sorted(fresh.written()) == sorted(set(deals) - {deals[41]})


def test_an_edit_that_was_committed_late_below_the_cursor_is_read_by_the_overlap(fresh):
    late = fresh.sales.deal("Late", Amount=10)
    fresh.run()
    edit = run_late(fresh.sales.org, lambda: fresh.edit(late, Amount=None))
    fresh.later(seconds=5)
    fresh.sales.deal("Read at once", Amount=10)
    fresh.later(minutes=5)
    fresh.run()
    assert "no-amount" not in fresh.shown(late)
    edit.commit()
    fresh.later(minutes=1)
    fresh.run()
    assert "no-amount" in fresh.shown(late)


def test_deleted_erased_and_merged_away_records_are_never_written_again(fresh):
    org = fresh.sales.org
    winner, loser = (create_as(org, ADMIN, "Account", {"Name": name}) for name in ("Acme", "Acme Inc"))
    deals = {name: fresh.sales.deal(name, AccountId=loser) for name in ("Deleted", "Erased", "Re-parented", "Doomed")}
    fresh.run()
    before = len(fresh.writes())
    fresh.later(hours=1)
    delete_as(org, ADMIN, "Opportunity", deals["Deleted"])
    erase(org, "Opportunity", deals["Erased"])
    erase(org, "Opportunity", deals["Doomed"])
    merge_accounts(org, winner, [loser])
    fresh.later(days=15)  # all would be flagged for silence
    report = fresh.run()
    assert (report.exit_code, report.outcomes["written"], report.outcomes["gone"]) == (0, 1, 2)
    assert fresh.written(before) == [deals["Re-parented"]]
    fresh.later(days=50)
    tried = len(fresh.writes())
    assert fresh.run(full=True).outcomes["gone"] == 0
    assert {write.id for write in fresh.writes(tried)} == {deals["Re-parented"]}
    assert [deal["name"] for deal in deals_json(fresh.services, NAME)] == ["Re-parented"]
