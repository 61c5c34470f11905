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
from tests.connectors.hubspot.portal import REP, PortalDriver

BATCH = "deals/batch/update"
BOTH = pytest.mark.parametrize(
    "hub", [Settings(), Settings(traced_updates=True)], indirect=True, ids=["400 for all", "207 for each"]
)
"""Whether HubSpot refuses the whole call for one bad value, or answers each input that has a trace id."""


def kinds(outcomes):
    return [outcome.kind for outcome in outcomes]


def ready(hub: PortalDriver, **changes):
    """A connector that has looked at the properties, so that the next call is a write."""
    crm = hub.connector(**changes)
    crm.describe()
    return crm


def sent(hub: PortalDriver):
    return hub.called(BATCH)


def props(hub: PortalDriver, deal):
    return record_of(hub.portal, "deals", deal).props


def score(deals, value=1):
    return [Patch(deal, {"score": value}) for deal in deals]


# what is sent


def test_our_properties_arrive_in_hubspots_own_form_and_nothing_else_is_touched(hub: PortalDriver):
    deal = hub.deal(amount="5")
    before = dict(props(hub, deal))
    flagged = {"score": 70, "gate": "ready", "reasons": "No touch\nNo amount", "flagged_since": date(2026, 11, 3)}
    hub.later(minutes=1)
    assert kinds(hub.connector().push([Patch(deal, flagged)])) == ["written"]
    changed = {name: value for name, value in props(hub, deal).items() if before.get(name) != value}
    assert changed.pop("hs_lastmodifieddate", "")
    assert changed == {
        "sluicegate_score": "70",
        "sluicegate_gate": "ready",
        "sluicegate_reasons": "No touch\nNo amount",
        "sluicegate_flagged_since": "2026-11-03",
    }


def test_a_text_that_begins_with_a_semicolon_replaces_and_appends_nothing(hub: PortalDriver):
    deal, crm = hub.deal(), hub.connector()
    for ids in (";no-amount;", ";no-activity;"):
        crm.push([Patch(deal, {"flag_ids": ids})])
    assert props(hub, deal)["sluicegate_flag_ids"] == ";no-activity;"


def test_none_clears_a_property(hub: PortalDriver):
    deal, crm = hub.deal(), hub.connector()
    crm.push([Patch(deal, {"score": 70, "gate": "ready", "flagged_since": date(2026, 11, 3)})])
    assert kinds(crm.push([Patch(deal, dict.fromkeys(("score", "gate", "flagged_since")))])) == ["written"]
    own = crm.read([deal]).records["opportunity"][0]["ours"]
    assert (own["score"], own["gate"], own["flagged_since"]) == (None, None, None)


@pytest.mark.parametrize("name", ["pause_until", "dealstage", "sluicegate_score"])
def test_the_door_refuses_what_is_not_listed_under_writes(hub: PortalDriver, name):
    deal = hub.deal()
    with pytest.raises(ValueError, match=name):
        hub.connector().push([Patch(deal, {name: "x"})])
    assert sent(hub) == 0


def test_each_input_has_a_trace_id_of_its_own_and_answers_come_in_any_order(hub: PortalDriver):
    deals = [hub.deal(f"Deal {n}") for n in range(100)]
    crm = ready(hub)
    outcomes = crm.push([Patch(deal, {"score": n}) for n, deal in enumerate(deals)])
    assert [(o.id, o.kind) for o in outcomes] == [(deal, "written") for deal in deals]
    assert [props(hub, deal)["sluicegate_score"] for deal in deals] == [str(n) for n in range(100)]
    assert sent(hub) == 1


# one bad value among a hundred


@BOTH
def test_one_bad_value_costs_only_its_own_record(hub: PortalDriver):
    deals = [hub.deal(f"Deal {n}") for n in range(100)]
    patches = score(deals)
    patches[41] = Patch(deals[41], {"score": "many"})
    outcomes = ready(hub).push(patches)
    assert [o.id for o in outcomes if o.kind != "written"] == [deals[41]]
    assert outcomes[41].kind == "refused"
    assert outcomes[41].reason.startswith("HubSpot refuses it: ")
    assert sent(hub) <= (1 if hub.portal.settings.traced_updates else 15)


@BOTH
def test_an_option_that_somebody_took_away_is_found_out_once_and_not_deal_by_deal(hub: PortalDriver):
    gate = hub.portal.properties["deals"]["sluicegate_gate"]
    gate.options = [option for option in gate.options if option["value"] != "ready"]
    deals = [hub.deal(f"Deal {n}") for n in range(100)]
    patches = [Patch(deal, {"gate": "ready" if n % 2 else "clear"}) for n, deal in enumerate(deals)]
    outcomes = ready(hub).push(patches)
    assert kinds(outcomes) == ["written", "refused"] * 50
    assert "(INVALID_OPTION)" in outcomes[1].reason
    assert sent(hub) <= 15


def test_a_batch_in_which_most_are_refused_stops_asking_and_leaves_the_rest_for_later(hub: PortalDriver):
    deals = [hub.deal(f"Deal {n}") for n in range(100)]
    outcomes = ready(hub).push([Patch(deal, {"score": f"many {n}"}) for n, deal in enumerate(deals)])
    assert set(kinds(outcomes)) == {"refused", "retry_later"}
    assert 60 <= sent(hub) <= 70


@BOTH
def test_a_property_gone_since_the_last_look_is_left_out_and_the_rest_is_written(hub: PortalDriver):
    deals, crm = [hub.deal(), hub.deal()], hub.connector()
    assert set(crm.describe().writes) == set(OUR_FIELDS)
    hide_property(hub.portal, "sluicegate_score")
    assert kinds(crm.push([Patch(deal, {"score": 1, "top_flag": "No touch"}) for deal in deals])) == ["written"] * 2
    assert [props(hub, deal)["sluicegate_top_flag"] for deal in deals] == ["No touch"] * 2
    assert "score" not in crm.describe().writes
    show_property(hub.portal, "sluicegate_score")
    assert "score" in crm.describe().writes


def test_a_patch_with_no_property_left_is_refused_in_words(hub: PortalDriver):
    deal, crm = hub.deal(), ready(hub)
    hide_property(hub.portal, "sluicegate_score")
    for _ in range(2):
        outcome = crm.push(score([deal]))[0]
        assert outcome.kind == "refused"
        assert "score" in outcome.reason


# an admin's rules


@BOTH
def test_a_conditional_rule_refuses_its_own_deals_and_says_what_to_fill_in(hub: PortalDriver):
    hub.portal.rules["contract"] = Rule("deals", lambda deal: deal["dealstage"] == "contractsent", ("description",))
    held, fine = hub.deal("Fine"), [hub.deal(f"Deal {n}") for n in range(9)]
    hub.edit(held, dealstage="contractsent", description="Terms")
    record_of(hub.portal, "deals", held).props["description"] = ""
    outcomes = ready(hub).push(score([*fine, held]))
    assert kinds(outcomes) == ["written"] * 9 + ["refused"]
    assert "wants description filled in before anything on the deal is saved" in outcomes[-1].reason
    assert "Conditional logic" in outcomes[-1].reason
    hub.edit(held, description="Terms")
    assert kinds(ready(hub).push(score([held]))) == ["written"]


# deals that are not what they were


def test_a_deal_in_an_archived_stage_is_written_as_any_other(hub: PortalDriver):
    deal = hub.deal(dealstage="contractsent")
    archive_stage(hub.portal, "contractsent")
    assert kinds(ready(hub).push(score([deal]))) == ["written"]


def test_a_merged_away_deal_is_noticed_by_its_absence_and_never_counted_as_written(hub: PortalDriver):
    winner, loser, other = hub.deal("Winner"), hub.deal("Loser"), hub.deal("Other")
    merge_deals(hub.portal, REP, winner, loser)
    outcomes = ready(hub).push(score([loser, winner, other]))
    assert kinds(outcomes) == ["gone", "written", "written"]
    assert "merged into another" in outcomes[0].reason
    assert sent(hub) == 1


@pytest.mark.parametrize("hub", [Settings(merged_read=True)], indirect=True)
def test_a_merged_away_deal_is_gone_also_where_reading_it_gives_the_survivor(hub: PortalDriver):
    winner, loser = hub.deal("Winner"), hub.deal("Loser")
    merge_deals(hub.portal, REP, winner, loser)
    assert kinds(ready(hub).push(score([loser]))) == ["gone"]


@pytest.mark.parametrize("hub", [Settings(), Settings(missing_refuses=True)], indirect=True, ids=["207", "404"])
def test_deleted_and_unknown_deals_are_gone_and_the_others_are_written(hub: PortalDriver):
    deleted, fine = hub.deal("Deleted"), hub.deal("Fine")
    delete_as(hub.portal, REP, "deals", deleted)
    outcomes = ready(hub).push(score([deleted, "77", fine]))
    assert kinds(outcomes) == ["gone", "gone", "written"]
    assert "(OBJECT_NOT_FOUND)" in outcomes[0].reason


def test_a_207_that_loses_deals_without_a_word_is_read_back(hub: PortalDriver):
    """The answer says nothing of two deals: one was written, the other was not and is sent once more."""
    applied, dropped = hub.deal("Applied"), hub.deal("Dropped")
    crm = ready(hub)
    hub.portal.faults.add(
        how="error", status=207, code="X", message="x", path=BATCH,
        more={"status": "COMPLETE", "results": [], "errors": []},
    )  # fmt: skip
    record_of(hub.portal, "deals", applied).props["sluicegate_score"] = "1"
    assert kinds(crm.push(score([applied, dropped]))) == ["written", "written"]
    assert [write.id for write in hub.portal.writes if "sluicegate_score" in write.values] == [dropped]


def test_a_busy_record_is_tried_again_alone_and_then_left_for_later(hub: PortalDriver):
    busy, free = hub.deal("Busy"), [hub.deal(f"Free {n}") for n in range(7)]
    hub.portal.faults.add("row_lock", ids=(busy,), count=5)
    assert kinds(ready(hub).push(score([busy, *free]))) == ["written"] * 8
    lock(hub.portal, busy)
    hub.waited.clear()
    outcomes = ready(hub).push(score([busy, *free], 2))
    assert kinds(outcomes) == ["retry_later"] + ["written"] * 7
    assert all(2 <= wait <= 4 for wait in hub.waited)
    assert len(hub.waited) == 3


def test_a_record_that_changed_under_the_write_is_left_for_the_next_run(hub: PortalDriver):
    deals = [hub.deal(f"Deal {n}") for n in range(5)]
    hub.portal.faults.add("row_conflict", ids=(deals[2],), count=None)
    assert kinds(ready(hub).push(score(deals))) == ["written"] * 2 + ["retry_later"] + ["written"] * 2


def test_an_address_that_leads_nowhere_is_no_deal_that_is_gone(hub: PortalDriver):
    deal, crm = hub.deal(), ready(hub)
    hub.portal.faults.add(status=404, code="OBJECT_NOT_FOUND", message="no such path", path=BATCH, count=None)
    with pytest.raises(AccessRefused, match="no such path"):
        crm.push(score([deal]))


# the line and the limits


@pytest.mark.parametrize("policy", ["ten_secondly", "secondly"])
def test_a_limit_of_seconds_is_waited_for_and_the_write_is_sent_again(hub: PortalDriver, policy):
    deal, crm = hub.deal(), ready(hub)
    hub.portal.faults.add(policy, path=BATCH)
    assert kinds(crm.push(score([deal]))) == ["written"]
    assert len(hub.waited) == 1


@pytest.mark.parametrize("fault", ["drop_after", "truncate", "garbage", "edge_timeout", "internal_error"])
def test_a_write_of_unknown_fate_is_read_before_it_is_sent_again(hub: PortalDriver, fault):
    deal, crm = hub.deal(), ready(hub)
    hub.portal.faults.add(fault, path=BATCH)
    with pytest.raises(RetryLater, match="read the records again"):
        crm.push(score([deal]))
    assert sent(hub) == 1


def test_a_reply_that_holds_no_results_is_no_success(hub: PortalDriver):
    deal, crm = hub.deal(), ready(hub)
    hub.portal.faults.add(how="error", status=200, code="OK", message="fine", path=BATCH)
    with pytest.raises(RetryLater, match="did not answer for every record"):
        crm.push(score([deal]))


def test_a_missing_scope_is_named_and_nothing_is_retried(hub: PortalDriver):
    deal, crm = hub.deal(), ready(hub)
    take_scope(hub.portal, "crm.objects.deals.write")
    with pytest.raises(AccessRefused, match=r"crm\.objects\.deals\.write"):
        crm.push(score([deal]))
    assert sent(hub) == 1
    assert hub.waited == []


def test_an_oauth_token_that_ends_in_the_middle_is_renewed_and_a_revoked_one_stops(hub: PortalDriver):
    oauth = hub.server.oauth
    secrets = {"client_id": oauth.client_id, "client_secret": oauth.client_secret}
    crm = ready(hub, auth="oauth", access_token=None, refresh_token=oauth.refresh_token, **secrets)
    deal = hub.deal()
    hub.portal.tokens.end()
    assert kinds(crm.push(score([deal]))) == ["written"]
    hub.portal.tokens.end()
    hub.portal.tokens.refused = True
    with pytest.raises(AccessRefused, match="refresh_token"):
        crm.push(score([deal], 2))
