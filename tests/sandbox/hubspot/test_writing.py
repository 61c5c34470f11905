import pytest
from hubspot.crm.deals import ApiException

from sandbox.hubspot import Rule, events

DEALS = "/crm/v3/objects/deals"


def update(raw, *pairs, traced=False):
    inputs = [{"id": key, "properties": values} for key, values in pairs]
    if traced:
        inputs = [{**each, "objectWriteTraceId": f"t{n}"} for n, each in enumerate(inputs)]
    return raw.post(f"{DEALS}/batch/update", {"inputs": inputs})


def test_a_batch_writes_a_hundred_and_refuses_a_hundred_and_one(raw, deal):
    ids = [deal() for _ in range(101)]
    refused = update(raw, *[(i, {"hs_next_step": "x"}) for i in ids])
    assert (refused.status_code, refused.json()["category"]) == (400, "VALIDATION_ERROR")
    done = update(raw, *[(i, {"hs_next_step": "x"}) for i in ids[:100]])
    assert (done.status_code, len(done.json()["results"])) == (200, 100)


def test_results_do_not_keep_the_order_of_the_inputs(raw, deal):
    ids = [deal() for _ in range(20)]
    rows = [r["id"] for r in update(raw, *[(i, {"hs_next_step": "x"}) for i in ids]).json()["results"]]
    assert rows != ids
    assert sorted(rows) == sorted(ids)


def test_one_bad_value_refuses_the_whole_batch_and_nothing_is_written(portal, raw, deal):
    good, bad = deal(), deal()
    answer = update(raw, (good, {"hs_next_step": "x"}), (bad, {"hs_priority": "urgent", "nonsense": "1"}))
    body = answer.json()
    assert (answer.status_code, body["status"], body["category"]) == (400, "error", "VALIDATION_ERROR")
    assert body["message"].startswith('Property values were not valid: [{"isValid":false,')
    assert [e["code"] for e in body["errors"]] == ["INVALID_OPTION", "PROPERTY_DOESNT_EXIST"]
    assert body["errors"][1]["context"] == {"propertyName": ["nonsense"]}
    assert {"correlationId"} <= body.keys()
    assert "hs_next_step" not in portal.shelves["deals"].find(good).props


def test_with_trace_ids_and_the_setting_bad_values_are_reported_one_by_one(portal, raw, deal):
    good, bad = deal(), deal()
    pairs = (good, {"hs_next_step": "x"}), (bad, {"amount": "ten"})
    assert update(raw, *pairs, traced=True).status_code == 400
    portal.settings.traced_updates = True
    assert update(raw, *pairs).status_code == 400
    answer = update(raw, *pairs, traced=True)
    body = answer.json()
    assert (answer.status_code, body["numErrors"], [r["id"] for r in body["results"]]) == (207, 1, [good])
    assert body["results"][0]["objectWriteTraceId"] == "t0"
    assert body["errors"][0]["context"]["objectWriteTraceId"] == ["t1"]


def test_an_id_that_does_not_exist_fails_alone(portal, raw, deal):
    good = deal()
    answer = update(raw, (good, {"hs_next_step": "x"}), ("77", {"hs_next_step": "x"}), traced=True)
    assert answer.status_code == 207
    error = answer.json()["errors"][0]
    assert error["context"] == {"ids": ["77"], "objectWriteTraceId": ["t1"]}
    assert portal.shelves["deals"].find(good).props["hs_next_step"] == "x"
    assert [w.outcome for w in portal.writes[-2:]] == ["OBJECT_NOT_FOUND", "ok"]


def test_a_record_is_not_updated_by_its_own_id_as_a_property(raw, deal):
    one = deal()
    answer = raw.patch(f"{DEALS}/{one}?idProperty=hs_object_id", {"properties": {"amount": "1"}})
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


def test_the_same_id_twice_refuses_the_whole_call(raw, deal):
    mine = deal()
    answer = update(raw, (mine, {"hs_next_step": "x"}), (mine, {"hs_next_step": "y"}))
    assert answer.status_code == 400
    assert "Duplicate IDs found in batch input" in answer.json()["message"]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"hs_is_closed": "true"}, "READ_ONLY_VALUE"),
        ({"hs_lastmodifieddate": "2026-01-01"}, "READ_ONLY_VALUE"),
        ({"amount": "1,000"}, "INVALID_DOUBLE"),
        ({"closedate": "tomorrow"}, "INVALID_DATE"),
        ({"dealtype": "NewBusiness"}, "INVALID_OPTION"),
        ({"dealstage": "partnerlead"}, "INVALID_OPTION"),
        ({"dealstage": "nowhere"}, "INVALID_OPTION"),
        ({"hubspot_owner_id": "1"}, "INVALID_OWNER_ID"),
    ],
)
def test_values_that_do_not_fit_are_named(raw, deal, values, code):
    answer = raw.patch(f"{DEALS}/{deal()}", {"properties": values})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, code)


def test_values_are_kept_as_texts_and_cleared_by_an_empty_one(portal, raw, deal):
    mine = deal()
    values = {"amount": 1000.5, "closedate": 1_767_225_600_000, "hs_next_step": "x"}
    raw.patch(f"{DEALS}/{mine}", {"properties": values})
    raw.patch(f"{DEALS}/{mine}", {"properties": {"hs_next_step": ""}})
    shown = raw.get(f"{DEALS}/{mine}", properties="amount,closedate,hs_next_step").json()["properties"]
    assert (shown["amount"], shown["closedate"], shown["hs_next_step"]) == ("1000.5", "2026-01-01T00:00:00Z", "")
    portal.settings.cleared = None
    assert raw.get(f"{DEALS}/{mine}", properties="hs_next_step").json()["properties"]["hs_next_step"] is None


def test_writing_what_is_there_already_makes_no_version_but_moves_the_last_change(portal, raw, deal):
    from datetime import timedelta

    mine = deal(hs_next_step="x")
    portal.clock.forward(timedelta(minutes=1))
    raw.patch(f"{DEALS}/{mine}", {"properties": {"hs_next_step": "x"}})
    found = raw.get(f"{DEALS}/{mine}", propertiesWithHistory="hs_next_step").json()
    assert len(found["propertiesWithHistory"]["hs_next_step"]) == 1
    assert found["updatedAt"] == "2026-11-15T12:01:00Z"


def test_a_conditional_rule_refuses_a_deal_that_breaks_it_though_other_fields_are_written(portal, raw, deal):
    mine = deal(dealstage="contractsent")
    portal.rules["paper"] = Rule("deals", lambda row: row.get("dealstage") == "contractsent", ("description",))
    answer = update(raw, (mine, {"hs_next_step": "x"}))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "MISSING_CONDITIONAL_REQUIRED_PROPERTY"
    flag = "hs_has_empty_conditional_stage_properties"
    assert raw.get(f"{DEALS}/{mine}", properties=flag).json()["properties"][flag] == "true"
    assert update(raw, (mine, {"hs_next_step": "x", "description": "y"})).status_code == 200


def test_a_locked_deal_is_answered_with_423(portal, client, deal):
    mine = deal()
    events.lock(portal, mine)
    with pytest.raises(ApiException) as caught:
        client.crm.deals.basic_api.update(mine, {"properties": {"hs_next_step": "x"}})
    assert caught.value.status == 423
    events.unlock(portal, mine)
    assert client.crm.deals.basic_api.update(mine, {"properties": {"hs_next_step": "x"}}).id == mine


def test_batch_create_with_trace_ids_tells_each_and_without_refuses_all(raw):
    good, bad = {"dealname": "Good", "dealstage": "qualifiedtobuy"}, {"dealname": "Bad", "amount": "ten"}
    plain = {"inputs": [{"properties": good}, {"properties": bad}]}
    assert raw.post(f"{DEALS}/batch/create", plain).status_code == 400
    traced = {"inputs": [{**each, "objectWriteTraceId": str(n)} for n, each in enumerate(plain["inputs"])]}
    answer = raw.post(f"{DEALS}/batch/create", traced)
    assert answer.status_code == 207
    assert [r["objectWriteTraceId"] for r in answer.json()["results"]] == ["0"]
    done = raw.post(f"{DEALS}/batch/create", {"inputs": [{"properties": good}]})
    assert (done.status_code, done.json()["status"]) == (201, "COMPLETE")


def test_upsert_needs_a_unique_property(raw, admin):
    inputs = [{"id": "K1", "idProperty": "external_key", "properties": {"dealname": "One"}}]
    by_name = [{"id": "One", "idProperty": "dealname", "properties": {}}]
    new = {"name": "external_key", "label": "Key", "type": "string", "fieldType": "text", "hasUniqueValue": True}
    admin.post("/crm/v3/properties/deals", {**new, "groupName": "dealinformation"})
    assert (
        "non-unique 0-3 property dealname" in raw.post(f"{DEALS}/batch/upsert", {"inputs": by_name}).json()["message"]
    )
    first, second = (raw.post(f"{DEALS}/batch/upsert", {"inputs": inputs}).json()["results"][0] for _ in range(2))
    assert (first["new"], second["new"], second["id"]) == (True, False, first["id"])


def test_multiple_options_are_separated_and_a_leading_separator_appends(portal, raw):
    made = raw.post("/crm/v3/objects/contacts", {"properties": {"email": "a@b.example", "hs_buying_role": "CHAMPION"}})
    key = made.json()["id"]
    raw.patch(f"/crm/v3/objects/contacts/{key}", {"properties": {"hs_buying_role": ";BLOCKER;CHAMPION"}})
    assert portal.shelves["contacts"].find(key).props["hs_buying_role"] == "CHAMPION;BLOCKER"
    twin = raw.post("/crm/v3/objects/contacts", {"properties": {"email": "A@b.example"}})
    assert (twin.status_code, twin.json()["errors"][0]["code"]) == (400, "CONFLICTING_UNIQUE_VALUE")


def test_a_task_that_the_api_makes_has_a_day(raw):
    body = {"properties": {"hs_task_subject": "Call"}}
    refused = raw.post("/crm/v3/objects/tasks", body)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "MISSING_REQUIRED_PROPERTY")
    body["properties"]["hs_timestamp"] = "2026-11-04T14:00:00Z"
    assert raw.post("/crm/v3/objects/tasks", body).status_code == 201
