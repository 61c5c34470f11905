"""Collections upserted by an external id, and what tasks need: as documented, stricter where the vendor is silent."""

import pytest
from simple_salesforce.exceptions import SalesforceError

KEY = {"FullName": "Activity.Ours__c", "Metadata": {"type": "Text", "length": 40, "externalId": True, "label": "Ours"}}
PATH = "composite/sobjects/Task/Ours__c"


def refused(call, *arguments, **more):
    with pytest.raises(SalesforceError) as caught:
        call(*arguments, **more)
    return caught.value.content[0]["errorCode"]


def upsert(client, *records, path=PATH):
    body = {"records": [{"attributes": {"type": "Task"}, **record} for record in records]}
    return client.sf.restful(path, method="PATCH", json=body)


@pytest.fixture
def keyed(admin, org):
    """An admin who may write the external id on tasks."""
    admin.sf.restful("tooling/sobjects/CustomField", method="POST", json=KEY)
    group = admin.sf.PermissionSet.create({"Name": "Keys", "Label": "Keys"})["id"]
    user = org.logins.of("admin@acme.example").user_id
    admin.sf.PermissionSetAssignment.create({"AssigneeId": user, "PermissionSetId": group})
    row = {"ParentId": group, "SobjectType": "Task", "Field": "Task.Ours__c"}
    admin.sf.FieldPermissions.create({**row, "PermissionsRead": True, "PermissionsEdit": True})
    return admin


def test_the_same_external_id_is_made_once_and_then_changed(keyed, org, deal):
    mine = deal()
    (made,) = upsert(keyed, {"Ours__c": "k1", "WhatId": mine, "Subject": "Call"})
    (again,) = upsert(keyed, {"Ours__c": "K1", "Subject": "Call again"})
    assert (made["created"], again["created"], made["id"]) == (True, False, again["id"])
    assert [row["Subject"] for row in org.tables["Task"].where("WhatId", mine)] == ["Call again"]


def test_results_stand_in_the_order_of_the_records_and_one_bad_spoils_none(keyed, deal):
    mine = deal()
    results = upsert(
        keyed,
        {"Ours__c": "a", "WhatId": mine, "Subject": "A"},
        {"Ours__c": "b", "WhatId": "006000000000000AAA", "Subject": "B"},
        {"Subject": "without a key"},
        {"Ours__c": "c", "Subject": "twice"},
        {"Ours__c": "C", "Subject": "twice"},
        {"Ours__c": "d", "Subject": "D", "id": "00T000000000000AAA"},
    )
    assert [one["success"] for one in results] == [True, False, False, False, False, False]
    codes = [one["errors"][0]["statusCode"] for one in results[1:]]
    assert codes == [
        "INVALID_CROSS_REFERENCE_KEY", "MISSING_ARGUMENT", "DUPLICATE_EXTERNAL_ID", "DUPLICATE_EXTERNAL_ID",
        "INVALID_FIELD_FOR_INSERT_UPDATE",
    ]  # fmt: skip


def test_an_external_id_is_not_unique_and_several_rows_of_one_are_refused(keyed, deal):
    mine = deal()
    for _ in range(2):
        keyed.sf.Task.create({"Ours__c": "k", "WhatId": mine, "Subject": "By hand"})
    (result,) = upsert(keyed, {"Ours__c": "k", "Subject": "Which?"})
    assert result["errors"][0]["statusCode"] == "DUPLICATE_EXTERNAL_ID"


def test_only_an_external_id_that_the_user_sees_names_rows(keyed, rep):
    assert refused(upsert, keyed, {"Subject": "x"}, path="composite/sobjects/Task/Subject") == "NOT_FOUND"
    assert refused(upsert, rep, {"Ours__c": "x", "Subject": "x"}) == "NOT_FOUND"


def test_fields_of_activities_are_on_tasks_and_events_and_defined_nowhere_else(admin, org):
    admin.sf.restful("tooling/sobjects/CustomField", method="POST", json=KEY)
    assert "Ours__c" in org.objects["Task"].fields
    assert "Ours__c" in org.objects["Event"].fields
    for body in (
        {**KEY, "FullName": "Task.Mine__c"},
        {"FullName": "Activity.Two__c", "Metadata": {**KEY["Metadata"], "unique": True}},
    ):
        assert refused(admin.sf.restful, "tooling/sobjects/CustomField", method="POST", json=body) == (
            "FIELD_INTEGRITY_EXCEPTION"
        )


def test_who_may_not_edit_tasks_makes_none(sync, rep, deal):
    mine = deal()
    assert refused(sync.sf.Task.create, {"WhatId": mine, "Subject": "x"}) == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert rep.sf.Task.create({"WhatId": mine, "Subject": "x"})["success"]


def test_the_statuses_of_tasks_say_which_of_them_is_closed(admin):
    rows = admin.sf.query("SELECT ApiName FROM TaskStatus WHERE IsClosed = true")["records"]
    assert [row["ApiName"] for row in rows] == ["Completed"]


def test_one_row_is_upserted_by_its_external_id(keyed, org):
    made = keyed.sf.restful("sobjects/Task/Ours__c/a1", method="PATCH", json={"Subject": "Call"})
    again = keyed.sf.restful("sobjects/Task/Ours__c/a1", method="PATCH", json={"Subject": "Mail"})
    assert (made["created"], again["created"], made["id"]) == (True, False, again["id"])
    assert org.tables["Task"].rows[made["id"]]["Subject"] == "Mail"


def test_several_rows_of_one_external_id_are_reported_by_their_addresses(keyed):
    two = [keyed.sf.Task.create({"Subject": "Call", "Ours__c": "b1"})["id"] for _ in range(2)]
    with pytest.raises(SalesforceError) as caught:
        keyed.sf.Task.upsert("Ours__c/b1", {"Subject": "Mail"})
    assert (caught.value.status, [url[-18:] for url in caught.value.content]) == (300, two)
