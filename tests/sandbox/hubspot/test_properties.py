import pytest
from hubspot.crm.properties import ApiException as PropertyRefused

PROPERTIES = "/crm/v3/properties/deals"
NEW = {"name": "our_score", "label": "Score", "type": "number", "fieldType": "number", "groupName": "our_group"}


@pytest.fixture
def group(admin):
    return admin.post(f"{PROPERTIES}/groups", {"name": "our_group", "label": "Ours"})


def test_a_group_and_a_property_are_made_once(admin, group):
    assert group.status_code == 201
    twin = admin.post(f"{PROPERTIES}/groups", {"name": "our_group", "label": "Ours"})
    assert (twin.status_code, twin.json()["category"]) == (409, "OBJECT_ALREADY_EXISTS")
    made = admin.post(PROPERTIES, NEW)
    assert (made.status_code, made.json()["groupName"], made.json()["archived"]) == (201, "our_group", False)
    again = admin.post(PROPERTIES, {**NEW, "label": "Other"})
    assert (again.status_code, again.json()["subCategory"]) == (409, "Properties.PROPERTY_WITH_NAME_EXISTS")
    assert admin.get(f"{PROPERTIES}/our_score").json()["label"] == "Score"


def test_a_name_that_was_archived_comes_back_as_it_was_with_201(admin, group):
    admin.post(PROPERTIES, NEW)
    assert admin("DELETE", f"{PROPERTIES}/groups/our_group").status_code == 400
    assert admin("DELETE", f"{PROPERTIES}/our_score").status_code == 204
    assert admin.get(f"{PROPERTIES}/our_score").status_code == 404
    assert admin.get(f"{PROPERTIES}/our_score", archived="true").json()["archived"] is True
    back = admin.post(PROPERTIES, {**NEW, "label": "Something else"})
    assert (back.status_code, back.json()["label"]) == (201, "Score")


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Our_Score"},
        {"name": "1score"},
        {"type": "number", "fieldType": "text"},
        {"type": "money"},
        {"groupName": "nowhere"},
        {"label": ""},
        {"type": "enumeration", "fieldType": "select"},
        {"type": "enumeration", "fieldType": "select", "options": [{"label": "A", "value": ""}]},
        {"type": "enumeration", "fieldType": "select", "options": [{"label": "A", "value": "a"}] * 2},
    ],
)
def test_a_definition_that_does_not_fit_is_refused(admin, group, change):
    answer = admin.post(PROPERTIES, {**NEW, **change})
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


def test_options_are_replaced_as_a_whole_and_kept_when_not_named(admin, group):
    two = [{"label": "A", "value": "a"}, {"label": "B", "value": "b"}]
    admin.post(PROPERTIES, {**NEW, "type": "enumeration", "fieldType": "select", "options": two})
    assert len(admin.patch(f"{PROPERTIES}/our_score", {"label": "New"}).json()["options"]) == 2
    changed = admin.patch(f"{PROPERTIES}/our_score", {"options": two[1:]}).json()
    assert ([o["value"] for o in changed["options"]], changed["label"]) == (["b"], "New")


def test_a_batch_makes_what_it_can_and_tells_the_rest(admin, group):
    admin.post(PROPERTIES, NEW)
    inputs = [NEW, {**NEW, "name": "our_count"}]
    answer = admin.post(f"{PROPERTIES}/batch/create", {"inputs": inputs})
    body = answer.json()
    assert (answer.status_code, body["numErrors"], body["results"][0]["name"]) == (207, 1, "our_count")
    assert body["errors"][0]["context"] == {"name": ["our_score"]}
    read = admin.post(f"{PROPERTIES}/batch/read", {"archived": False, "inputs": [{"name": "our_count"}, {"name": "x"}]})
    assert (read.status_code, len(read.json()["results"])) == (207, 1)
    assert (
        admin.post(f"{PROPERTIES}/batch/archive", {"inputs": [{"name": "our_count"}, {"name": "x"}]}).status_code == 204
    )


def test_hubspots_own_properties_say_what_they_are(client, raw):
    known = {p.name: p for p in client.crm.properties.core_api.get_all("deals").results}
    assert known["hs_is_closed"].calculated
    assert known["hs_object_id"].modification_metadata.read_only_value
    assert (known["hubspot_owner_id"].referenced_object_type, known["hubspot_owner_id"].options) == ("OWNER", [])
    assert [o.value for o in known["pipeline"].options] == ["default", "partner"]
    assert raw.get(f"{PROPERTIES}/amount").json()["currencyPropertyName"] == "deal_currency_code"
    assert (known["closedate"].type, known["closedate"].field_type) == ("datetime", "date")
    with pytest.raises(PropertyRefused):
        client.crm.properties.core_api.get_by_name("deals", "no_such")


def test_what_hubspot_defines_cannot_be_archived(admin):
    assert admin("DELETE", f"{PROPERTIES}/dealname").status_code == 400


def test_a_group_is_read_renamed_and_archived_once_it_is_empty(admin, group):
    path = f"{PROPERTIES}/groups/our_group"
    assert admin.get(path).json()["label"] == "Ours"
    assert admin.patch(path, {"label": "Sales ops", "displayOrder": 4}).json()["displayOrder"] == 4
    assert admin("DELETE", path).status_code == 204
    assert admin.get(path).status_code == 404
    assert admin.post(PROPERTIES, NEW).status_code == 400
