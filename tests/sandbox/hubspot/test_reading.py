from datetime import timedelta

import pytest
from hubspot.crm.deals import ApiException

from sandbox.hubspot import events

REP = "rep@acme.example"
DEALS = "/crm/v3/objects/deals"


def test_pages_of_the_list_hold_a_hundred_deals_and_end_without_paging(client, raw, deal):
    made = [deal() for _ in range(120)]
    assert [d.id for d in client.crm.deals.get_all()] == made
    first = raw.get(DEALS, limit=100).json()
    last = raw.get(DEALS, limit=100, after=first["paging"]["next"]["after"]).json()
    assert (len(first["results"]), len(last["results"])) == (100, 20)
    assert "paging" not in last
    assert raw.get(DEALS, limit=101).status_code == 400


def test_with_history_a_page_holds_fifty_and_a_batch_read_too(raw, deal):
    ids = [deal() for _ in range(51)]
    assert raw.get(DEALS, limit=51, propertiesWithHistory="dealstage").status_code == 400
    body = {"inputs": [{"id": i} for i in ids], "propertiesWithHistory": ["dealstage"], "properties": []}
    refused = raw.post(f"{DEALS}/batch/read", body)
    assert refused.status_code == 400
    assert "property histories is 50" in refused.json()["message"]
    assert len(raw.post(f"{DEALS}/batch/read", {**body, "inputs": body["inputs"][:50]}).json()["results"]) == 50


def test_a_record_always_shows_its_dates_and_id_and_null_for_what_was_never_set(raw, deal):
    made = deal()
    found = raw.get(f"{DEALS}/{made}", properties="hs_next_step,no_such_name").json()
    assert found["properties"] == {
        "createdate": "2026-11-15T12:00:00Z",
        "hs_lastmodifieddate": "2026-11-15T12:00:00Z",
        "hs_object_id": made,
        "hs_next_step": None,
    }
    assert found["url"].endswith(f"/record/0-3/{made}")
    assert set(raw.get(f"{DEALS}/{made}").json()["properties"]) == {
        "amount", "closedate", "createdate", "dealname", "dealstage", "hs_lastmodifieddate", "hs_object_id", "pipeline",
    }  # fmt: skip


def test_a_missing_id_in_a_batch_read_makes_it_a_207_that_no_exception_tells(client, deal):
    made = deal()
    asked = {"inputs": [{"id": made}, {"id": "1"}], "properties": ["dealname"], "propertiesWithHistory": []}
    found = client.crm.deals.batch_api.read(asked)
    assert [r.id for r in found.results] == [made]
    assert found.num_errors == 1
    assert (found.errors[0].category, found.errors[0].context) == ("OBJECT_NOT_FOUND", {"ids": ["1"]})


def test_history_is_newest_first_with_who_did_it_and_how(portal, client, deal):
    made = deal()
    portal.clock.forward(timedelta(seconds=1, milliseconds=250))
    client.crm.deals.basic_api.update(made, {"properties": {"dealstage": "contractsent"}})
    found = client.crm.deals.basic_api.get_by_id(made, properties_with_history=["dealstage", "hs_is_closed"])
    now, before = found.properties_with_history["dealstage"]
    assert (now.value, now.source_type, now.source_id) == ("contractsent", "INTEGRATION", "1881001")
    assert (before.source_type, before.source_id, before.updated_by_user_id) == ("CRM_UI", "userId:9586506", 9586506)
    assert found.properties_with_history["hs_is_closed"][0].source_type == "CALCULATED"


def test_a_history_keeps_only_its_newest_versions(portal, client, deal):
    made = deal()
    for number in range(30):
        events.edit_as(portal, REP, "deals", made, {"hs_next_step": f"Step {number}"})
    found = client.crm.deals.basic_api.get_by_id(made, properties_with_history=["hs_next_step"])
    versions = found.properties_with_history["hs_next_step"]
    assert [v.value for v in versions] == [f"Step {number}" for number in range(29, 9, -1)]


def test_archived_deals_are_only_among_the_archived(portal, client, raw, deal):
    gone, kept = deal(), deal()
    events.delete_as(portal, REP, "deals", gone)
    assert [d.id for d in client.crm.deals.get_all()] == [kept]
    assert [d.id for d in client.crm.deals.get_all(archived=True)] == [gone]
    with pytest.raises(ApiException) as caught:
        client.crm.deals.basic_api.get_by_id(gone)
    assert caught.value.status == 404
    assert raw.get(f"{DEALS}/{gone}", archived="true").json()["archivedAt"] == "2026-11-15T12:00:00Z"
    assert raw("DELETE", f"{DEALS}/12345").status_code == 204
    events.restore(portal, "deals", gone)
    assert client.crm.deals.basic_api.get_by_id(gone).archived is False


def test_a_merged_deal_leads_to_its_survivor_alone_and_to_nothing_in_a_batch(portal, client, raw, deal):
    winner, loser = deal(amount="10"), deal(amount="20", hs_next_step="Call")
    events.merge_deals(portal, REP, winner, loser)
    found = client.crm.deals.basic_api.get_by_id(loser, properties=["amount", "hs_next_step", "hs_merged_object_ids"])
    assert (found.id, found.properties["amount"], found.properties["hs_next_step"]) == (winner, "10", "Call")
    assert found.properties["hs_merged_object_ids"] == loser
    assert [d.id for d in client.crm.deals.get_all()] == [winner]
    body = {"inputs": [{"id": loser, "properties": {"amount": "5"}}]}
    answer = raw.post(f"{DEALS}/batch/update", body)
    assert (answer.status_code, answer.json()["results"]) == (200, [])


def test_objects_go_by_name_singular_and_type_number(raw, deal):
    made = deal()
    for name in ("deals", "deal", "0-3", "DEAL"):
        assert raw.get(f"/crm/v3/objects/{name}/{made}").status_code == 200
    assert raw.get(f"/crm/v3/objects/dragons/{made}").status_code == 400


def test_too_long_an_address_is_refused_in_html(raw):
    answer = raw.get(DEALS, properties=",".join(f"property_{n}" for n in range(2_000)))
    assert answer.status_code == 414
    assert answer.headers["content-type"] == "text/html"


def test_by_setting_a_merge_makes_a_new_record_to_which_both_old_ids_lead(portal, client, raw, deal):
    portal.settings.merge_makes_new = True
    winner, loser = deal(dealname="One", amount="10"), deal(hs_next_step="Call")
    survivor = client.crm.deals.basic_api.merge({"primaryObjectId": winner, "objectIdToMerge": loser}).id
    assert survivor not in {winner, loser}
    for key in (winner, loser):
        found = raw.get(f"{DEALS}/{key}", properties="dealname,hs_next_step,hs_merged_object_ids").json()
        assert found["id"] == survivor
        assert found["properties"]["hs_merged_object_ids"] == f"{winner};{loser}"
        assert (found["properties"]["dealname"], found["properties"]["hs_next_step"]) == ("One", "Call")
    assert [d.id for d in client.crm.deals.get_all()] == [survivor]
