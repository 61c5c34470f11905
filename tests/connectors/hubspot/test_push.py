"""What reaches the records, and what becomes of each patch that does not (docs/hubspot-api.md, Writing)."""

from __future__ import annotations

from datetime import date

import pytest

from model.errors import AccessRefused, RetryLater
from model.sync import OUR_FIELDS, Patch
from sandbox.hubspot import Rule, Settings
from sandbox.hubspot.events import (
    archive_stage,
    delete_as,
    hide_property,
    lock,
    merge_deals,
    record_of,
    show_property,
    take_scope,
)
from tests.connectors.hubspot.portal import REP, Desk

BATCH = "deals/batch/update"
BOTH = pytest.mark.parametrize(
    "desk", [Settings(), Settings(traced_updates=True)], indirect=True, ids=["400 for all", "207 for each"]
)
"""Whether HubSpot refuses the whole call for one bad value, or answers each input that has a trace id."""


def kinds(outcomes):
    return [outcome.kind for outcome in outcomes]


def ready(desk: Desk, **changes):
    """A connector that has looked at the properties, so that the next call is a write."""
    crm = desk.connector(**changes)
    crm.describe()
    return crm


def sent(desk: Desk):
    return desk.called(BATCH)


def props(desk: Desk, deal):
    return record_of(desk.portal, "deals", deal).props


def score(deals, value=1):
    return [Patch(deal, {"score": value}) for deal in deals]


# what is sent


def test_our_properties_arrive_in_hubspots_own_form_and_nothing_else_is_touched(desk: Desk):
    deal = desk.deal(amount="5")
    before = dict(props(desk, deal))
    flagged = {"score": 70, "gate": "ready", "reasons": "No touch\nNo amount", "flagged_since": date(2026, 11, 3)}
    desk.later(minutes=1)
    assert kinds(desk.connector().push([Patch(deal, flagged)])) == ["written"]
    changed = {name: value for name, value in props(desk, deal).items() if before.get(name) != value}
    assert changed.pop("hs_lastmodifieddate", "")
    assert changed == {
        "sluicegate_score": "70",
        "sluicegate_gate": "ready",
        "sluicegate_reasons": "No touch\nNo amount",
        "sluicegate_flagged_since": "2026-11-03",
    }


def test_a_text_that_begins_with_a_semicolon_replaces_and_appends_nothing(desk: Desk):
    deal, crm = desk.deal(), desk.connector()
    for ids in (";no-amount;", ";no-activity;"):
        crm.push([Patch(deal, {"flag_ids": ids})])
    assert props(desk, deal)["sluicegate_flag_ids"] == ";no-activity;"


def test_none_clears_a_property(desk: Desk):
    deal, crm = desk.deal(), desk.connector()
    crm.push([Patch(deal, {"score": 70, "gate": "ready", "flagged_since": date(2026, 11, 3)})])
    assert kinds(crm.push([Patch(deal, dict.fromkeys(("score", "gate", "flagged_since")))])) == ["written"]
    ours = crm.read([deal]).records["opportunity"][0]["ours"]
    assert (ours["score"], ours["gate"], ours["flagged_since"]) == (None, None, None)


@pytest.mark.parametrize("name", ["pause_until", "dealstage", "sluicegate_score"])
def test_the_door_refuses_what_is_not_listed_under_writes(desk: Desk, name):
    deal = desk.deal()
    with pytest.raises(ValueError, match=name):
        desk.connector().push([Patch(deal, {name: "x"})])
    assert sent(desk) == 0


def test_each_input_has_a_trace_id_of_its_own_and_answers_come_in_any_order(desk: Desk):
    deals = [desk.deal(f"Deal {n}") for n in range(100)]
    crm = ready(desk)
    outcomes = crm.push([Patch(deal, {"score": n}) for n, deal in enumerate(deals)])
    assert [(o.id, o.kind) for o in outcomes] == [(deal, "written") for deal in deals]
    assert [props(desk, deal)["sluicegate_score"] for deal in deals] == [str(n) for n in range(100)]
    assert sent(desk) == 1


# one bad value among a hundred


@BOTH
def test_one_bad_value_costs_only_its_own_record(desk: Desk):
    deals = [desk.deal(f"Deal {n}") for n in range(100)]
    patches = score(deals)
    patches[41] = Patch(deals[41], {"score": "many"})
    outcomes = ready(desk).push(patches)
    assert [o.id for o in outcomes if o.kind != "written"] == [deals[41]]
    assert outcomes[41].kind == "refused"
    assert outcomes[41].reason.startswith("HubSpot refuses it: ")
    assert sent(desk) <= (1 if desk.portal.settings.traced_updates else 15)


@BOTH
def test_an_option_that_somebody_took_away_is_found_out_once_and_not_deal_by_deal(desk: Desk):
    gate = desk.portal.properties["deals"]["sluicegate_gate"]
    gate.options = [option for option in gate.options if option["value"] != "ready"]
    deals = [desk.deal(f"Deal {n}") for n in range(100)]
    patches = [Patch(deal, {"gate": "ready" if n % 2 else "clear"}) for n, deal in enumerate(deals)]
    outcomes = ready(desk).push(patches)
    assert kinds(outcomes) == ["written", "refused"] * 50
    assert "(INVALID_OPTION)" in outcomes[1].reason
    assert sent(desk) <= 15


def test_a_batch_in_which_most_are_refused_stops_asking_and_leaves_the_rest_for_later(desk: Desk):
    deals = [desk.deal(f"Deal {n}") for n in range(100)]
    outcomes = ready(desk).push([Patch(deal, {"score": f"many {n}"}) for n, deal in enumerate(deals)])
    assert set(kinds(outcomes)) == {"refused", "retry_later"}
    assert 60 <= sent(desk) <= 70


@BOTH
def test_a_property_gone_since_the_last_look_is_left_out_and_the_rest_is_written(desk: Desk):
    deals, crm = [desk.deal(), desk.deal()], desk.connector()
    assert set(crm.describe().writes) == set(OUR_FIELDS)
    hide_property(desk.portal, "sluicegate_score")
    assert kinds(crm.push([Patch(deal, {"score": 1, "top_flag": "No touch"}) for deal in deals])) == ["written"] * 2
    assert [props(desk, deal)["sluicegate_top_flag"] for deal in deals] == ["No touch"] * 2
    assert "score" not in crm.describe().writes
    show_property(desk.portal, "sluicegate_score")
    assert "score" in crm.describe().writes


def test_a_patch_with_no_property_left_is_refused_in_words(desk: Desk):
    deal, crm = desk.deal(), ready(desk)
    hide_property(desk.portal, "sluicegate_score")
    for _ in range(2):
        outcome = crm.push(score([deal]))[0]
        assert outcome.kind == "refused"
        assert "score" in outcome.reason


# an admin's rules


@BOTH
def test_a_conditional_rule_refuses_its_own_deals_and_says_what_to_fill_in(desk: Desk):
    desk.portal.rules["contract"] = Rule("deals", lambda deal: deal["dealstage"] == "contractsent", ("description",))
    held, fine = desk.deal("Fine"), [desk.deal(f"Deal {n}") for n in range(9)]
    desk.edit(held, dealstage="contractsent", description="Terms")
    record_of(desk.portal, "deals", held).props["description"] = ""
    outcomes = ready(desk).push(score([*fine, held]))
    assert kinds(outcomes) == ["written"] * 9 + ["refused"]
    assert "wants description filled in before anything on the deal is saved" in outcomes[-1].reason
    assert "Conditional logic" in outcomes[-1].reason
    desk.edit(held, description="Terms")
    assert kinds(ready(desk).push(score([held]))) == ["written"]


# deals that are not what they were


def test_a_deal_in_an_archived_stage_is_written_as_any_other(desk: Desk):
    deal = desk.deal(dealstage="contractsent")
    archive_stage(desk.portal, "contractsent")
    assert kinds(ready(desk).push(score([deal]))) == ["written"]


def test_a_merged_away_deal_is_noticed_by_its_absence_and_never_counted_as_written(desk: Desk):
    winner, loser, other = desk.deal("Winner"), desk.deal("Loser"), desk.deal("Other")
    merge_deals(desk.portal, REP, winner, loser)
    outcomes = ready(desk).push(score([loser, winner, other]))
    assert kinds(outcomes) == ["gone", "written", "written"]
    assert "merged into another" in outcomes[0].reason
    assert sent(desk) == 1


@pytest.mark.parametrize("desk", [Settings(merged_read=True)], indirect=True)
def test_a_merged_away_deal_is_gone_also_where_reading_it_gives_the_survivor(desk: Desk):
    winner, loser = desk.deal("Winner"), desk.deal("Loser")
    merge_deals(desk.portal, REP, winner, loser)
    assert kinds(ready(desk).push(score([loser]))) == ["gone"]


@pytest.mark.parametrize("desk", [Settings(), Settings(missing_refuses=True)], indirect=True, ids=["207", "404"])
def test_deleted_and_unknown_deals_are_gone_and_the_others_are_written(desk: Desk):
    deleted, fine = desk.deal("Deleted"), desk.deal("Fine")
    delete_as(desk.portal, REP, "deals", deleted)
    outcomes = ready(desk).push(score([deleted, "77", fine]))
    assert kinds(outcomes) == ["gone", "gone", "written"]
    assert "(OBJECT_NOT_FOUND)" in outcomes[0].reason


def test_a_207_that_loses_deals_without_a_word_is_read_back(desk: Desk):
    """The answer says nothing of two deals: one was written, the other was not and is sent once more."""
    applied, dropped = desk.deal("Applied"), desk.deal("Dropped")
    crm = ready(desk)
    desk.portal.faults.add(
        how="error", status=207, code="X", message="x", path=BATCH,
        more={"status": "COMPLETE", "results": [], "errors": []},
    )  # fmt: skip
    record_of(desk.portal, "deals", applied).props["sluicegate_score"] = "1"
    assert kinds(crm.push(score([applied, dropped]))) == ["written", "written"]
    assert [write.id for write in desk.portal.writes if "sluicegate_score" in write.values] == [dropped]


def test_a_busy_record_is_tried_again_alone_and_then_left_for_later(desk: Desk):
    busy, free = desk.deal("Busy"), [desk.deal(f"Free {n}") for n in range(7)]
    desk.portal.faults.add("row_lock", ids=(busy,), count=5)
    assert kinds(ready(desk).push(score([busy, *free]))) == ["written"] * 8
    lock(desk.portal, busy)
    desk.waited.clear()
    outcomes = ready(desk).push(score([busy, *free], 2))
    assert kinds(outcomes) == ["retry_later"] + ["written"] * 7
    assert all(2 <= wait <= 4 for wait in desk.waited)
    assert len(desk.waited) == 3


def test_a_record_that_changed_under_the_write_is_left_for_the_next_run(desk: Desk):
    deals = [desk.deal(f"Deal {n}") for n in range(5)]
    desk.portal.faults.add("row_conflict", ids=(deals[2],), count=None)
    assert kinds(ready(desk).push(score(deals))) == ["written"] * 2 + ["retry_later"] + ["written"] * 2


def test_an_address_that_leads_nowhere_is_no_deal_that_is_gone(desk: Desk):
    deal, crm = desk.deal(), ready(desk)
    desk.portal.faults.add(status=404, code="OBJECT_NOT_FOUND", message="no such path", path=BATCH, count=None)
    with pytest.raises(AccessRefused, match="no such path"):
        crm.push(score([deal]))


# the line and the limits


@pytest.mark.parametrize("policy", ["ten_secondly", "secondly"])
def test_a_limit_of_seconds_is_waited_for_and_the_write_is_sent_again(desk: Desk, policy):
    deal, crm = desk.deal(), ready(desk)
    desk.portal.faults.add(policy, path=BATCH)
    assert kinds(crm.push(score([deal]))) == ["written"]
    assert len(desk.waited) == 1


@pytest.mark.parametrize("fault", ["drop_after", "truncate", "garbage", "edge_timeout", "internal_error"])
def test_a_write_of_unknown_fate_is_read_before_it_is_sent_again(desk: Desk, fault):
    deal, crm = desk.deal(), ready(desk)
    desk.portal.faults.add(fault, path=BATCH)
    with pytest.raises(RetryLater, match="read the records again"):
        crm.push(score([deal]))
    assert sent(desk) == 1


def test_a_reply_that_holds_no_results_is_no_success(desk: Desk):
    deal, crm = desk.deal(), ready(desk)
    desk.portal.faults.add(how="error", status=200, code="OK", message="fine", path=BATCH)
    with pytest.raises(RetryLater, match="did not answer for every record"):
        crm.push(score([deal]))


def test_a_missing_scope_is_named_and_nothing_is_retried(desk: Desk):
    deal, crm = desk.deal(), ready(desk)
    take_scope(desk.portal, "crm.objects.deals.write")
    with pytest.raises(AccessRefused, match=r"crm\.objects\.deals\.write"):
        crm.push(score([deal]))
    assert sent(desk) == 1
    assert desk.waited == []


def test_an_oauth_token_that_ends_in_the_middle_is_renewed_and_a_revoked_one_stops(desk: Desk):
    oauth = desk.server.oauth
    secrets = {"client_id": oauth.client_id, "client_secret": oauth.client_secret}
    crm = ready(desk, auth="oauth", access_token=None, refresh_token=oauth.refresh_token, **secrets)
    deal = desk.deal()
    desk.portal.tokens.end()
    assert kinds(crm.push(score([deal]))) == ["written"]
    desk.portal.tokens.end()
    desk.portal.tokens.refused = True
    with pytest.raises(AccessRefused, match="refresh_token"):
        crm.push(score([deal], 2))
