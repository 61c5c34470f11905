"""What an admin's set-up command does through the Tooling API, and who then sees what."""

import pytest
from simple_salesforce.exceptions import SalesforceError

from sandbox.salesforce import SYNC, Settings, events, new_org
from sandbox.salesforce.leads import add_queue
from sandbox.salesforce.setup import add_record_type

SCORE = {
    "FullName": "Opportunity.Score__c",
    "Metadata": {"type": "Number", "precision": 3, "scale": 0, "label": "Hygiene score"},
}
RULE = {
    "FullName": "Opportunity.Needs_Step",
    "Metadata": {"active": True, "errorConditionFormula": "ISBLANK(NextStep)", "errorMessage": "Say what comes next"},
}


def tooling(client, kind, body):
    return client.sf.restful(f"tooling/sobjects/{kind}", method="POST", json=body)["id"]


def refused(call, *arguments, **more):
    with pytest.raises(SalesforceError) as caught:
        call(*arguments, **more)
    return caught.value.content[0]["errorCode"]


def grant(admin, org, username, *, edit):
    group = admin.sf.PermissionSet.create({"Name": f"Set_{edit}", "Label": "Set"})["id"]
    user = org.logins.of(username).user_id
    admin.sf.PermissionSetAssignment.create({"AssigneeId": user, "PermissionSetId": group})
    row = {"ParentId": group, "SobjectType": "Opportunity", "Field": "Opportunity.Score__c"}
    return admin.sf.FieldPermissions.create({**row, "PermissionsRead": True, "PermissionsEdit": edit})["id"]


def described(client):
    return {f["name"]: f for f in client.sf.Opportunity.describe()["fields"]}


def test_a_new_field_is_seen_by_nobody_until_it_is_granted(admin, sync, org, deal):
    mine = deal()
    tooling(admin, "CustomField", SCORE)
    for client in (admin, sync):
        assert "Score__c" not in described(client)
        assert refused(client.sf.query, "SELECT Score__c FROM Opportunity") == "INVALID_FIELD"
        assert refused(client.sf.Opportunity.update, mine, {"Score__c": 1}) == "INVALID_FIELD"
    grant(admin, org, SYNC, edit=True)
    assert sync.sf.Opportunity.update(mine, {"Score__c": 41.6}) == 204
    assert sync.sf.query("SELECT Score__c FROM Opportunity")["records"][0]["Score__c"] == 42.0
    assert "Score__c" not in described(admin)


def test_a_read_only_grant_shows_but_does_not_let_write(admin, rep, org, deal):
    mine = deal()
    tooling(admin, "CustomField", SCORE)
    row = grant(admin, org, "rep@acme.example", edit=False)
    field = described(rep)["Score__c"]
    assert (field["label"], field["type"], field["updateable"]) == ("Hygiene score", "double", False)
    assert refused(rep.sf.Opportunity.update, mine, {"Score__c": 1}) == "INVALID_FIELD_FOR_INSERT_UPDATE"
    admin.sf.FieldPermissions.update(row, {"PermissionsRead": False, "PermissionsEdit": False})
    assert "Score__c" not in described(rep)


def test_edit_without_read_and_a_second_row_are_refused(admin, org):
    tooling(admin, "CustomField", SCORE)
    grant(admin, org, SYNC, edit=True)
    group = org.tables["FieldPermissions"].where("Field", "Opportunity.Score__c")[0]["ParentId"]
    row = {"ParentId": group, "SobjectType": "Opportunity", "Field": "Opportunity.Score__c"}
    create = admin.sf.FieldPermissions.create
    assert refused(create, {**row, "PermissionsRead": True}) == "DUPLICATE_VALUE"
    assert refused(create, {**row, "PermissionsEdit": True}) == "FIELD_INTEGRITY_EXCEPTION"


def test_setting_up_needs_the_right_to_do_so(sync):
    assert refused(tooling, sync, "CustomField", SCORE) == "INSUFFICIENT_ACCESS"
    assert refused(sync.sf.PermissionSet.create, {"Name": "X", "Label": "X"}) == "INSUFFICIENT_ACCESS"


def test_a_name_is_taken_once(admin):
    for kind, body in (("CustomField", SCORE), ("ValidationRule", RULE)):
        tooling(admin, kind, body)
        assert refused(tooling, admin, kind, body) == "DUPLICATE_DEVELOPER_NAME"


def test_full_names_come_for_one_row_only(admin):
    first = tooling(admin, "CustomField", SCORE)
    tooling(admin, "CustomField", {**SCORE, "FullName": "Opportunity.Other__c"})
    ask = admin.sf.toolingexecute
    query = "SELECT Id, FullName, Metadata FROM CustomField"
    assert refused(ask, "query/", params={"q": query}) == "MALFORMED_QUERY"
    one = ask("query/", params={"q": query + " WHERE DeveloperName = 'Score'"})["records"][0]
    assert (one["Id"], one["FullName"]) == (first, "Opportunity.Score__c")


def test_a_deleted_field_takes_its_grants_along(admin, sync, org):
    made = tooling(admin, "CustomField", SCORE)
    grant(admin, org, SYNC, edit=True)
    admin.sf.restful(f"tooling/sobjects/CustomField/{made}", method="DELETE")
    assert "Score__c" not in described(sync)
    assert org.tables["FieldPermissions"].where("Field", "Opportunity.Score__c") == []


def test_a_rule_can_be_switched_off_and_removed(admin, org):
    made = tooling(admin, "ValidationRule", RULE)
    path = f"tooling/sobjects/ValidationRule/{made}"
    admin.sf.restful(path, method="PATCH", json={"Metadata": {**RULE["Metadata"], "active": False}})
    assert org.tables["ValidationRule"].rows[made]["Active"] is False
    admin.sf.restful(path, method="DELETE")
    assert not org.tables["ValidationRule"].rows


def test_a_field_hidden_overnight_is_gone_for_that_user(sync, admin, org, deal):
    mine = deal()
    events.hide_field(org, "Opportunity", "NextStep", SYNC)
    assert "NextStep" not in described(sync)
    assert "NextStep" in described(admin)
    assert refused(sync.sf.query, "SELECT NextStep FROM Opportunity") == "INVALID_FIELD"
    events.edit_as(org, "rep@acme.example", "Opportunity", mine, {"NextStep": "Call"})
    history = "SELECT Id FROM OpportunityFieldHistory WHERE Field = 'NextStep'"
    assert (sync.sf.query(history)["totalSize"], admin.sf.query(history)["totalSize"]) == (0, 1)
    events.show_field(org, "Opportunity", "NextStep")
    assert "NextStep" in described(sync)


def test_half_of_the_tasks_can_be_hidden_from_one_user(sync, admin, org):
    for _ in range(60):
        admin.sf.Task.create({"Subject": "Call"})
    events.hide_rows(org, "Task", SYNC, percent=50)
    assert 15 < sync.sf.query("SELECT COUNT() FROM Task")["totalSize"] < 45
    assert admin.sf.query("SELECT COUNT() FROM Task")["totalSize"] == 60


def test_record_type_and_currency_fields_are_there_only_where_they_are_used(sync, org):
    assert "RecordTypeId" not in described(sync)
    add_record_type(org, "Opportunity", "New business")
    query = "SELECT RecordType.DeveloperName FROM Opportunity"
    assert described(sync)["RecordTypeId"]["referenceTo"] == ["RecordType"]
    assert sync.sf.query(query)["totalSize"] == 0
    plain = new_org(Settings(multi_currency=False))
    assert "CurrencyIsoCode" not in plain.objects["Opportunity"].fields
    assert "CurrencyType" not in plain.objects


def test_stages_are_rows_and_picklist_values(sync):
    values = [v["value"] for v in described(sync)["StageName"]["picklistValues"]]
    rows = sync.sf.query("SELECT MasterLabel FROM OpportunityStage ORDER BY SortOrder")["records"]
    assert values == [r["MasterLabel"] for r in rows]
    assert (len(values), values[0], values[-1]) == (10, "Prospecting", "Closed Lost")


def test_what_was_set_up_is_read_back_by_its_id(admin):
    made = tooling(admin, "ValidationRule", RULE)
    assert admin.sf.restful(f"tooling/sobjects/ValidationRule/{made}")["FullName"] == "Opportunity.Needs_Step"


def test_a_version_lists_its_resources(sync):
    listed = sync.sf.restful("")
    assert {"sobjects", "query", "composite", "tooling", "identity"} <= listed.keys()


def test_a_queue_can_own_leads(org, admin):
    queue = add_queue(org, "New leads")
    assert admin.sf.query("SELECT DeveloperName FROM Group WHERE Type = 'Queue'")["records"][0]["DeveloperName"] == (
        "New_leads"
    )
    made = admin.sf.Lead.create({"LastName": "Park", "Company": "Acme", "OwnerId": queue})
    assert admin.sf.Lead.get(made["id"])["OwnerId"] == queue


def test_an_org_may_store_line_ends_as_two_characters(org, admin, deal):
    org.settings.crlf = True
    mine = deal()
    admin.sf.Opportunity.update(mine, {"Description": "First\nsecond"})
    assert admin.sf.Opportunity.get(mine)["Description"] == "First\r\nsecond"
