"""What reaches the records, and what becomes of each patch that does not."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from model.errors import AccessRefused
from model.sync import OUR_FIELDS, Patch
from sandbox.salesforce import SYNC, Rule, Trigger
from sandbox.salesforce.events import delete_as, hide_field, submit_for_approval

if TYPE_CHECKING:
    from tests.connectors.salesforce.sales import Sales

FLAGGED = {
    "score": 70,
    "worst_severity": "warning",
    "reasons": "No touch\nNo amount",
    "flagged_since": date(2026, 11, 3),
}


def kinds(outcomes):
    return [outcome.kind for outcome in outcomes]


def written(sales: Sales):
    """Every (id, field) that our user ever changed."""
    return [(w.id, name) for w in sales.org.writes if w.user == SYNC and w.outcome == "ok" for name in w.values]


def test_our_fields_arrive_and_nothing_else_is_touched(sales: Sales):
    deal = sales.deal(Amount=5)
    before = sales.row(deal)
    assert kinds(sales.connector().push([Patch(deal, FLAGGED)])) == ["written"]
    changed = {name for name, value in sales.row(deal).items() if before[name] != value}
    assert sales.row(deal)["Sluicegate_Score__c"] == 70
    assert sales.row(deal)["Sluicegate_Flagged_Since__c"] == "2026-11-03"
    assert {name for name in changed if not name.startswith("Sluicegate_")} <= {
        "LastModifiedDate", "LastModifiedById", "SystemModstamp",
    }  # fmt: skip


def test_our_own_write_is_no_edit_of_the_deal(sales: Sales):
    deal, crm = sales.deal(), sales.connector()
    edited = crm.read([deal]).records["opportunity"][0]["last_edit"]
    sales.org.clock.forward(timedelta(days=3))
    crm.push([Patch(deal, FLAGGED)])
    echo = crm.read([deal]).records["opportunity"][0]
    assert echo.get("last_edit", edited) == edited
    sales.edit(deal, NextStep="Call")
    assert crm.read([deal]).records["opportunity"][0]["last_edit"] == sales.org.clock.now()


def test_none_empties_a_field_and_what_was_written_is_read_back(sales: Sales):
    deal, crm = sales.deal(), sales.connector()
    crm.push([Patch(deal, FLAGGED)])
    crm.push([Patch(deal, {"score": None})])
    own = crm.read([deal]).records["opportunity"][0]["ours"]
    assert (own["score"], own["reasons"], own["flagged_since"]) == (None, "No touch\nNo amount", "2026-11-03")


@pytest.mark.parametrize("name", ["pause_until", "StageName", "Sluicegate_Score__c"])
def test_the_door_refuses_what_is_not_listed_under_writes(sales: Sales, name):
    deal = sales.deal()
    with pytest.raises(ValueError, match=name):
        sales.connector().push([Patch(deal, {name: "x"})])
    assert written(sales) == []


def test_outcomes_come_in_the_order_of_the_patches(sales: Sales):
    fine, ruled, locked, gone = (sales.deal(name) for name in ("Fine", "Ruled", "Locked", "Gone"))
    sales.org.rules["Next step"] = Rule(
        "Opportunity", lambda old, new, actor: "Enter a next step." if new["Name"] == "Ruled" else None
    )
    submit_for_approval(sales.org, locked)
    delete_as(sales.org, "admin@acme.example", "Opportunity", gone)
    outcomes = sales.connector().push([Patch(deal, {"score": 1}) for deal in (gone, locked, ruled, fine)])
    assert kinds(outcomes) == ["gone", "locked", "refused", "written"]
    assert [outcome.id for outcome in outcomes] == [gone, locked, ruled, fine]
    assert "Enter a next step." in outcomes[2].reason


def test_a_locked_row_is_tried_again_alone(sales: Sales):
    busy, free = sales.deal("Busy"), sales.deal("Free")
    sales.org.faults.add("row_lock", ids=(busy,), count=2)
    assert kinds(sales.connector().push([Patch(busy, {"score": 1}), Patch(free, {"score": 1})])) == ["written"] * 2
    assert written(sales).count((free, "Sluicegate_Score__c")) == 1
    assert len(sales.waited) == 2


def test_a_row_that_stays_locked_is_left_for_later(sales: Sales):
    busy = sales.deal()
    sales.org.faults.add("row_lock", ids=(busy,), count=None)
    assert kinds(sales.connector().push([Patch(busy, {"score": 1})])) == ["retry_later"]


def test_a_batch_that_dies_on_the_orgs_trigger_is_halved(sales: Sales):
    deals = [sales.deal(f"Deal {n}") for n in range(12)]
    sales.org.triggers.append(Trigger("Opportunity", at_most=3))
    assert kinds(sales.connector().push([Patch(deal, {"score": 1}) for deal in deals])) == ["written"] * 12


def test_only_the_guilty_record_of_a_dying_batch_is_refused(sales: Sales):
    deals = [sales.deal(f"Deal {n}") for n in range(5)]
    sales.org.faults.add(
        how="record", code="CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message="CPU", ids=(deals[3],), count=None
    )
    outcomes = sales.connector().push([Patch(deal, {"score": 1}) for deal in deals])
    assert kinds(outcomes) == ["written", "written", "written", "refused", "written"]
    assert "trigger" in outcomes[3].reason


def test_a_value_the_org_cannot_parse_costs_only_its_own_record(sales: Sales):
    good, bad = sales.deal("Good"), sales.deal("Bad")
    outcomes = sales.connector().push([Patch(good, {"score": 1}), Patch(bad, {"score": "many"})])
    assert kinds(outcomes) == ["written", "refused"]


def test_a_field_hidden_since_the_last_look_is_left_out_and_the_rest_is_written(sales: Sales):
    deal, crm = sales.deal(), sales.connector()
    assert set(crm.describe().writes) == set(OUR_FIELDS)
    hide_field(sales.org, "Opportunity", "Sluicegate_Score__c")
    assert kinds(crm.push([Patch(deal, {"score": 1, "top_flag": "No touch"})])) == ["written"]
    assert sales.row(deal)["Sluicegate_Top_Flag__c"] == "No touch"
    assert "score" not in crm.describe().writes


def test_a_patch_with_no_field_left_is_refused_in_words(sales: Sales):
    deal, crm = sales.deal(), sales.connector()
    crm.describe()
    hide_field(sales.org, "Opportunity", "Sluicegate_Score__c")
    outcome = crm.push([Patch(deal, {"score": 1})])[0]
    assert (outcome.kind, "Sluicegate_Score__c" in outcome.reason) == ("refused", True)


def test_a_session_that_ends_is_renewed_once_and_a_lasting_401_stops(sales: Sales):
    deal, crm = sales.deal(), sales.connector()
    crm.describe()
    sales.org.logins.expire()
    assert kinds(crm.push([Patch(deal, {"score": 1})])) == ["written"]
    sales.org.faults.add("session_expired", count=None, path="composite")
    before = crm.calls
    with pytest.raises(AccessRefused):
        crm.push([Patch(deal, {"score": 2})])
    assert crm.calls - before <= 3
