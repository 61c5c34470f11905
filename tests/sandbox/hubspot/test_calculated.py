from datetime import UTC, datetime, timedelta

from sandbox.hubspot import Clock, Settings, events, new_portal
from sandbox.hubspot.activity import complete_task, log_call, log_email, log_meeting, log_note, log_task

REP = "rep@acme.example"
NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)


def props(portal, key):
    return portal.shelves["deals"].find(key).props


def test_a_stage_closes_a_deal_and_sets_its_probability_exactly(portal, deal):
    mine = deal(amount="100")
    assert props(portal, mine)["hs_deal_stage_probability"].startswith("0.2000000000000000111")
    events.edit_as(portal, REP, "deals", mine, {"dealstage": "closedwon"})
    now = props(portal, mine)
    assert (now["hs_is_closed"], now["hs_is_closed_won"], now["hs_is_closed_lost"]) == ("true", "true", "false")
    assert (now["hs_deal_stage_probability"], now["hs_projected_amount"], now["hs_closed_amount"]) == (
        "1",
        "100",
        "100",
    )
    events.edit_as(portal, REP, "deals", mine, {"dealstage": "closedlost"})
    assert (props(portal, mine)["hs_is_closed_lost"], props(portal, mine)["hs_closed_amount"]) == ("true", "0")


def test_only_the_last_visit_of_a_stage_keeps_its_dates_and_old_stages_have_legacy_ones(portal, deal):
    mine = deal()
    for stage in ("qualifiedtobuy", "appointmentscheduled", "qualifiedtobuy"):
        portal.clock.forward(timedelta(days=1))
        events.edit_as(portal, REP, "deals", mine, {"dealstage": stage})
    now = props(portal, mine)
    assert now["hs_v2_date_entered_qualifiedtobuy"] == now["hs_date_entered_qualifiedtobuy"] == "2026-11-18T12:00:00Z"
    assert now["hs_v2_date_exited_qualifiedtobuy"] == "2026-11-17T12:00:00Z"
    assert now["hs_v2_latest_time_in_appointmentscheduled"] == "86400000"
    assert now["hs_v2_cumulative_time_in_appointmentscheduled"] == "172800000"
    assert now["hs_v2_date_entered_current_stage"] == "2026-11-18T12:00:00Z"


def test_newer_stages_have_no_legacy_properties_and_odd_ids_get_a_suffix(portal):
    names = {name for name in portal.properties["deals"] if "date_entered" in name}
    assert "hs_date_entered_appointmentscheduled" in names
    assert not any(name.startswith("hs_date_entered_partner") for name in names)
    (odd,) = [name for name in names if "a1b2" in name]
    assert odd.startswith("hs_v2_date_entered_a1b2_c3d4_")


def test_smaller_tiers_have_the_stage_history_only():
    small = new_portal(Settings(tier="starter"), Clock(NOW))
    assert not any(name.startswith("hs_v2_") for name in small.properties["deals"])
    assert small.settings.most_calls == 100


def test_money_is_also_in_the_companys_currency(portal, deal):
    portal.rates["EUR"] = [("2026-01-01", "1.1"), ("2026-07-01", "1.2")]
    mine = deal(amount="100", deal_currency_code="EUR", closedate="2026-12-01T17:00:00Z")
    assert (props(portal, mine)["amount_in_home_currency"], props(portal, mine)["hs_exchange_rate"]) == ("120", "1.2")
    assert props(portal, deal(amount="100"))["amount_in_home_currency"] == "100"


def test_a_next_step_tells_when_it_was_changed(portal, deal):
    mine = deal()
    portal.clock.forward(timedelta(hours=1))
    events.edit_as(portal, REP, "deals", mine, {"hs_next_step": "Call"})
    assert props(portal, mine)["hs_next_step_updated_at"] == "2026-11-15T13:00:00Z"


def test_a_search_also_sees_what_follows_from_a_change(portal, deal, admin):
    task = log_task(portal, REP, deal(), NOW)
    complete_task(portal, REP, task)
    portal.clock.forward(timedelta(minutes=1))
    asked = {"properties": ["hs_task_completion_date"], "limit": 1}
    (found,) = admin.post("/crm/v3/objects/tasks/search", asked).json()["results"]
    assert found["properties"]["hs_task_completion_date"] == "2026-11-15T12:00:00Z"


def test_engagements_roll_up_and_planned_meetings_lie_ahead(portal, deal):
    mine = deal()
    log_call(portal, REP, mine, NOW - timedelta(days=3))
    log_note(portal, REP, mine, NOW - timedelta(days=2))
    meeting = log_meeting(portal, REP, mine, NOW + timedelta(days=5))
    task = log_task(portal, REP, mine, NOW + timedelta(days=4))
    now = props(portal, mine)
    assert (now["num_notes"], now["num_contacted_notes"]) == ("4", "1")
    assert now["notes_last_contacted"] == "2026-11-12T12:00:00Z"
    assert now["notes_last_updated"] == "2026-11-13T12:00:00Z"
    assert now["notes_next_activity_date"] == "2026-11-19T12:00:00Z"
    assert now["hs_latest_meeting_activity"] == "2026-11-20T12:00:00Z"
    complete_task(portal, REP, task)
    assert portal.shelves["tasks"].find(task).props["hs_task_completion_date"] == "2026-11-15T12:00:00Z"
    events.edit_as(portal, REP, "meetings", meeting, {"hs_meeting_outcome": "CANCELED"})
    assert props(portal, mine)["notes_next_activity_date"] == ""


def test_an_engagement_moves_the_deals_last_change_and_so_does_its_removal(portal, deal):
    mine = deal()
    portal.clock.forward(timedelta(hours=1))
    mail = log_email(portal, REP, mine)
    assert props(portal, mine)["hs_lastmodifieddate"] == "2026-11-15T13:00:00Z"
    portal.clock.forward(timedelta(hours=1))
    events.delete_as(portal, REP, "emails", mail)
    assert props(portal, mine)["hs_lastmodifieddate"] == "2026-11-15T14:00:00Z"
    assert props(portal, mine)["num_notes"] == ""


def test_how_a_record_was_made_is_shown(portal, deal):
    mine = deal()
    imported = events.create_as(portal, events.IMPORT, "deals", {"dealname": "I", "dealstage": "contractsent"})
    assert props(portal, mine)["hs_object_source_label"] == "CRM_UI"
    assert props(portal, imported)["hs_object_source"] == "IMPORT"
    events.edit_as(portal, events.WORKFLOW, "deals", mine, {"hs_priority": "high"})
    assert portal.shelves["deals"].find(mine).history["hs_priority"][-1].source.type == "AUTOMATION_PLATFORM"
