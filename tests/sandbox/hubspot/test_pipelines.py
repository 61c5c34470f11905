from datetime import timedelta

import pytest
from hubspot import Client
from hubspot.crm.pipelines import ApiException

from sandbox.hubspot import events

PIPELINES = "/crm/v3/pipelines/deals"


def test_pipelines_tell_their_stages_in_order_with_metadata_as_texts(client):
    first, second = client.crm.pipelines.pipelines_api.get_all("deals").results
    assert (first.id, second.label) == ("default", "Partner")
    metadata = {stage.id: stage.metadata for stage in first.stages}
    assert metadata["closedwon"] == {"isClosed": "true", "probability": "1.0"}
    assert metadata["contractsent"] == {"isClosed": "false", "probability": "0.9"}
    assert [stage.display_order for stage in first.stages] == list(range(7))


def test_editing_a_pipeline_or_a_stage_moves_the_last_change_of_all_its_deals(portal, raw, admin, deal):
    here, there = deal(), deal(pipeline="partner", dealstage="partnerlead")
    for path, body in (("default", {"label": "Sales"}), ("default/stages/contractsent", {"label": "Paper"})):
        portal.clock.forward(timedelta(hours=1))
        assert admin.patch(f"{PIPELINES}/{path}", body).status_code == 200
        stamp = raw.get(f"/crm/v3/objects/deals/{here}").json()["updatedAt"]
        assert stamp == portal.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    assert raw.get(f"/crm/v3/objects/deals/{there}").json()["updatedAt"] == "2026-11-15T12:00:00Z"
    assert raw.get(f"{PIPELINES}/default").json()["label"] == "Sales"


def test_an_archived_stage_leaves_the_list_but_not_its_deals(portal, raw, deal):
    mine = deal(dealstage="contractsent")
    events.archive_stage(portal, "contractsent")
    stages = [stage["id"] for stage in raw.get(f"{PIPELINES}/default/stages").json()["results"]]
    assert "contractsent" not in stages
    assert raw.get(f"/crm/v3/objects/deals/{mine}").json()["properties"]["dealstage"] == "contractsent"
    assert raw.get(f"{PIPELINES}/default/stages/contractsent").json()["archived"] is True
    refused = raw.patch(f"/crm/v3/objects/deals/{deal()}", {"properties": {"dealstage": "contractsent"}})
    assert refused.status_code == 400


def test_a_stage_in_use_can_be_deleted_unless_the_portal_is_set_otherwise(portal, admin, deal):
    deal()
    portal.settings.keeps_used_stages = True
    refused = admin("DELETE", f"{PIPELINES}/default/stages/appointmentscheduled")
    assert (refused.status_code, refused.json()["subCategory"]) == (400, "STAGE_ID_IN_USE")
    portal.settings.keeps_used_stages = False
    assert admin("DELETE", f"{PIPELINES}/default/stages/appointmentscheduled").status_code == 204


def test_whoever_deletes_a_pipeline_may_ask_that_it_be_unused(running, deal):
    deal()
    pipelines = Client.create(access_token=running.admin_token, host=running.url).crm.pipelines.pipelines_api
    pipelines.archive("deals", "partner", validate_references_before_delete=True)
    with pytest.raises(ApiException, match="PIPELINE_ID_IN_USE"):
        pipelines.archive("deals", "default", validate_deal_stage_usages_before_delete=True)


def test_a_new_pipeline_brings_properties_for_its_stages_and_needs_probabilities(portal, admin):
    stages = [{"label": "Only", "displayOrder": 0, "metadata": {"probability": "0.5"}}]
    made = admin.post(PIPELINES, {"label": "Third", "displayOrder": 3, "stages": stages})
    assert made.status_code == 201
    key = made.json()["stages"][0]["id"]
    assert f"hs_v2_date_entered_{key}" in portal.properties["deals"]
    assert f"hs_date_entered_{key}" not in portal.properties["deals"]
    bare = {"label": "Fourth", "displayOrder": 3, "stages": [{"label": "Only", "displayOrder": 0}]}
    assert admin.post(PIPELINES, bare).status_code == 400
    assert admin.post(PIPELINES, {"label": "Third", "displayOrder": 3, "stages": stages}).status_code == 409


def test_only_admins_change_pipelines(raw):
    assert raw.patch(f"{PIPELINES}/default", {"label": "Mine"}).status_code == 403


def test_a_stage_is_added_and_a_put_keeps_only_the_stages_that_it_names(admin):
    chance = {"metadata": {"probability": "0.5"}}
    added = admin.post(f"{PIPELINES}/partner/stages", {"label": "Legal", "displayOrder": 5, **chance})
    assert (added.status_code, added.json()["metadata"]["isClosed"]) == (201, "false")
    assert admin.post(f"{PIPELINES}/partner/stages", {"label": "Legal", **chance}).status_code == 409
    renamed = admin("PUT", f"{PIPELINES}/partner/stages/{added.json()['id']}", {"label": "Legal review"})
    assert renamed.json()["label"] == "Legal review"
    stages = [{"label": "Lead", "displayOrder": 0, **chance}, {"label": "Pilot", "displayOrder": 1, **chance}]
    put = admin("PUT", f"{PIPELINES}/partner", {"label": "Partner", "displayOrder": 1, "stages": stages})
    assert [stage["label"] for stage in put.json()["stages"]] == ["Lead", "Pilot"]


def test_an_admin_edits_a_stage_and_a_user_comes_back(portal, raw):
    events.edit_stage(portal, "contractsent", label="Paper")
    assert raw.get(f"{PIPELINES}/default/stages/contractsent").json()["label"] == "Paper"
    events.deactivate_owner(portal, "other@acme.example")
    events.activate_owner(portal, "other@acme.example")
    assert raw.get("/crm/v3/owners", email="other@acme.example").json()["results"]
