from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simple_salesforce.exceptions import SalesforceError

from sandbox.salesforce import Rule, Trigger, events
from sandbox.salesforce.records.ids import long, make


def refused(call, *arguments):
    with pytest.raises(SalesforceError) as caught:
        call(*arguments)
    return caught.value.content[0]["errorCode"]


def rows(client, soql):
    return client.sf.query(soql)["records"]


@given(st.integers(0, 62**5 - 1))
def test_fifteen_and_eighteen_character_ids_name_the_same_row(number):
    full = make("006", number)
    assert len(full) == 18
    assert long(full[:15]) == long(full.lower()) == full


def test_a_known_checksum():
    assert long("00530000003QbDm") == "00530000003QbDmAAK"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"Name": "x" * 121}, "STRING_TOO_LONG"),
        ({"Name": "  "}, "REQUIRED_FIELD_MISSING"),
        ({"Wrong__c": 1}, "INVALID_FIELD"),
        ({"IsWon": True}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"SystemModstamp": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"AccountId": "0015g00000ZZZZZAAA"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"AccountId": "nonsense"}, "MALFORMED_ID"),
        ({"AccountId": "0035g0000000001AAA"}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"Amount": 1e17}, "NUMBER_OUTSIDE_VALID_RANGE"),
        ({"Amount": "much"}, "JSON_PARSER_ERROR"),
        ({"CloseDate": "soon"}, "JSON_PARSER_ERROR"),
        ({"CurrencyIsoCode": "XXX"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_as_documented(sync, deal, values, code):
    assert refused(sync.sf.Opportunity.update, deal(), values) == code


def test_the_server_trims_rounds_and_empties(sync, deal):
    mine = deal()
    sync.sf.Opportunity.update(mine, {"Name": "  Trimmed ", "Amount": 2.005, "NextStep": ""})
    row = sync.sf.Opportunity.get(mine)
    assert (row["Name"], row["Amount"], row["NextStep"]) == ("Trimmed", 2.01, None)


def test_each_update_moves_the_stamps_even_without_a_change(sync, org, deal):
    mine = deal(Name="Same")
    before = sync.sf.Opportunity.get(mine)
    org.clock.forward(timedelta(seconds=90))
    sync.sf.Opportunity.update(mine, {"Name": "Same"})
    after = sync.sf.Opportunity.get(mine)
    assert after["SystemModstamp"] == after["LastModifiedDate"] == "2026-11-15T12:01:30.000+0000"
    assert before["SystemModstamp"] < after["SystemModstamp"]
    assert after["LastModifiedById"] != before["LastModifiedById"]


def test_a_stage_sets_probability_and_writes_both_histories(sync, deal):
    mine = deal(Amount=100)
    sync.sf.Opportunity.update(mine, {"StageName": "Closed Won"})
    row = sync.sf.Opportunity.get(mine)
    assert (row["Probability"], row["ForecastCategoryName"]) == (100.0, "Closed")
    assert (row["IsClosed"], row["IsWon"], row["ExpectedRevenue"]) == (True, True, 100.0)
    history = rows(sync, "SELECT StageName, PrevAmount FROM OpportunityHistory ORDER BY CreatedDate, Id")
    assert [(h["StageName"], h["PrevAmount"]) for h in history] == [("Prospecting", None), ("Closed Won", 100.0)]
    fields = rows(sync, "SELECT Field, OldValue, NewValue FROM OpportunityFieldHistory WHERE Field = 'StageName'")
    assert [(f["OldValue"], f["NewValue"]) for f in fields] == [("Prospecting", "Closed Won")]


def test_a_given_probability_stays_and_a_stage_that_is_none_is_accepted(sync, deal):
    mine = deal(StageName="Qualification", Probability=33)
    assert sync.sf.Opportunity.get(mine)["Probability"] == 33.0
    sync.sf.Opportunity.update(mine, {"StageName": "Invented"})
    assert sync.sf.Opportunity.get(mine)["IsClosed"] is False


def test_a_push_over_the_month_counts(sync, deal):
    mine = deal(CloseDate="2026-12-01")
    sync.sf.Opportunity.update(mine, {"CloseDate": "2026-12-30"})
    sync.sf.Opportunity.update(mine, {"CloseDate": "2027-01-02"})
    assert sync.sf.Opportunity.get(mine)["PushCount"] == 1
    last = rows(sync, "SELECT PrevCloseDate FROM OpportunityHistory ORDER BY Id DESC LIMIT 1")[0]
    assert last["PrevCloseDate"] == "2026-12-30"


def test_activities_roll_up_without_an_edit_and_may_lie_ahead(sync, rep, org, deal):
    mine = deal()
    edited = sync.sf.Opportunity.get(mine)["LastModifiedDate"]
    org.clock.forward(timedelta(hours=1))
    rep.sf.Event.create({"WhatId": mine, "Subject": "Demo", "ActivityDateTime": "2026-12-24T10:00:00Z"})
    task = rep.sf.Task.create({"WhatId": mine, "Subject": "Call", "ActivityDate": "2026-11-20"})["id"]
    row = sync.sf.Opportunity.get(mine)
    assert row["LastActivityDate"] == "2026-12-24"
    assert row["LastModifiedDate"] == edited < row["SystemModstamp"]
    rep.sf.Task.update(task, {"Status": "Completed"})
    done = rep.sf.Task.get(task)
    assert (done["IsClosed"], done["CompletedDateTime"]) == (True, "2026-11-15T13:00:00.000+0000")


def test_a_collection_answers_each_record_in_order(sync, deal):
    good, gone = deal(), deal()
    sync.sf.Opportunity.delete(gone)
    kinds = {"attributes": {"type": "Opportunity"}}
    sent = [good, gone, make("006", 999), "bad", good]
    results = sync.collection([{**kinds, "id": i, "NextStep": "n"} for i in sent])
    codes = [r["errors"][0]["statusCode"] if r["errors"] else "ok" for r in results]
    assert codes == ["ok", "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID", "DUPLICATE_VALUE"]
    assert "id" not in results[1]


def test_all_or_none_undoes_the_innocent(sync, deal):
    good = deal()
    kinds = {"attributes": {"type": "Opportunity"}}
    records = [{**kinds, "id": good, "NextStep": "n"}]
    results = sync.collection([records[0], {**kinds, "id": deal(), "Name": "x" * 200}], allOrNone=True)
    assert [r["errors"][0]["statusCode"] for r in results] == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "STRING_TOO_LONG"]
    assert sync.sf.Opportunity.get(good)["NextStep"] is None


def test_more_than_200_records_or_one_wrong_json_type_fail_the_whole_call(sync, org, deal):
    mine = deal()
    kinds = {"attributes": {"type": "Opportunity"}}
    assert refused(sync.collection, [kinds] * 201) == "EXCEEDED_ID_LIMIT"
    records = [{**kinds, "id": mine, "NextStep": "n"}, {**kinds, "id": mine, "Amount": [1]}]
    assert refused(sync.collection, records) == "JSON_PARSER_ERROR"
    assert sync.sf.Opportunity.get(mine)["NextStep"] is None


def test_delete_undelete_and_erase(sync, admin, org, deal):
    mine = deal()
    task = admin.sf.Task.create({"WhatId": mine, "Subject": "Call"})["id"]
    admin.sf.Opportunity.delete(mine)
    assert rows(sync, "SELECT Id FROM Opportunity") == rows(sync, "SELECT Id FROM Task") == []
    binned = sync.sf.query("SELECT Id, IsDeleted FROM Opportunity", include_deleted=True)["records"]
    assert [(r["Id"], r["IsDeleted"]) for r in binned] == [(mine, True)]
    assert org.tables["Task"].rows[task]["IsDeleted"]
    events.undelete(org, "Opportunity", mine)
    assert len(rows(sync, "SELECT Id FROM Opportunity")) == len(rows(sync, "SELECT Id FROM Task")) == 1
    events.erase(org, "Opportunity", mine)
    assert sync.sf.query("SELECT Id FROM Opportunity", include_deleted=True)["records"] == []


def test_a_merge_moves_children_and_names_the_winner(sync, admin, org, deal):
    winner, loser = (admin.sf.Account.create({"Name": n})["id"] for n in ("Winner", "Loser"))
    mine = deal(AccountId=loser)
    events.merge_accounts(org, winner, [loser])
    assert sync.sf.Opportunity.get(mine)["AccountId"] == winner
    query = f"SELECT MasterRecordId FROM Account WHERE Id = '{loser}'"
    assert sync.sf.query(query, include_deleted=True)["records"][0]["MasterRecordId"] == winner


def test_updated_and_deleted_tell_ids_within_30_days(sync, deal):
    kept, gone = deal(), deal()
    sync.sf.Opportunity.delete(gone)
    window = "?start=2026-11-15T11:00:00Z&end=2026-11-15T13:00:00Z"
    assert sync.sf.restful("sobjects/Opportunity/updated" + window)["ids"] == [kept]
    assert [d["id"] for d in sync.sf.restful("sobjects/Opportunity/deleted" + window)["deletedRecords"]] == [gone]
    old = "sobjects/Opportunity/updated?start=2026-01-01T00:00:00Z&end=2026-11-15T00:00:00Z"
    assert refused(sync.sf.restful, old) == "INVALID_REPLICATION_DATE"


def needs_next_step(old, new, user):
    return None if new["NextStep"] else "Say what comes next"


def test_the_customers_rule_refuses_until_the_user_is_exempt(sync, admin, org, deal):
    mine = deal()
    org.rules["NextStep"] = Rule("Opportunity", needs_next_step, field="NextStep", exempt="Skip_Rules")
    assert refused(sync.sf.Opportunity.update, mine, {"Amount": 1}) == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    permission = {"FullName": "Skip_Rules", "Metadata": {"label": "Skip rules"}}
    made = admin.sf.restful("tooling/sobjects/CustomPermission", method="POST", json=permission)["id"]
    group = admin.sf.PermissionSet.create({"Name": "Skip", "Label": "Skip"})["id"]
    admin.sf.SetupEntityAccess.create({"ParentId": group, "SetupEntityId": made})
    user = org.logins.of("svc@acme.example").user_id
    admin.sf.PermissionSetAssignment.create({"AssigneeId": user, "PermissionSetId": group})
    sync.sf.Opportunity.update(mine, {"Amount": 1})
    assert sync.sf.Opportunity.get(mine)["Amount"] == 1.0


def test_a_deal_in_approval_is_locked_for_all_but_admins(sync, admin, org, deal):
    mine = deal()
    events.submit_for_approval(org, mine)
    assert refused(sync.sf.Opportunity.update, mine, {"Amount": 1}) == "ENTITY_IS_LOCKED"
    assert rows(sync, "SELECT TargetObjectId, Status FROM ProcessInstance")[0]["Status"] == "Pending"
    admin.sf.Opportunity.update(mine, {"Amount": 1})
    events.finish_approval(org, mine)
    assert sync.sf.Opportunity.update(mine, {"Amount": 2}) == 204


def test_a_batch_over_the_triggers_limit_dies_whole(sync, org, deal):
    ids = [deal() for _ in range(3)]
    org.triggers.append(Trigger("Opportunity", at_most=2))
    records = [{"attributes": {"type": "Opportunity"}, "id": i, "NextStep": "n"} for i in ids]
    dead = sync.collection(records)
    assert {r["errors"][0]["statusCode"] for r in dead} == {"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"}
    assert all(r["success"] for r in sync.collection(records[:2]))


def test_every_write_is_logged_with_its_outcome(sync, org, deal):
    mine = deal()
    sync.collection([{"attributes": {"type": "Opportunity"}, "id": mine, "Name": "x" * 200}])
    last = org.writes[-1]
    assert (last.user, last.id, last.outcome) == ("svc@acme.example", mine, "STRING_TOO_LONG")
    assert list(last.values) == ["Name"]


def test_a_clone_is_a_new_row_with_the_same_values_and_a_history_of_its_own(sync, org, deal):
    mine = deal(Amount=5, NextStep="Call")
    twin = events.clone(org, "rep@acme.example", mine)
    query = "SELECT Id, Name, Amount, NextStep, (SELECT Id FROM OpportunityHistories) FROM Opportunity ORDER BY Id"
    first, second = rows(sync, query)
    assert (first["Id"], second["Id"]) == (mine, twin)
    assert [first[f] for f in ("Name", "Amount", "NextStep")] == [second[f] for f in ("Name", "Amount", "NextStep")]
    assert second["OpportunityHistories"]["totalSize"] == 1
