import pytest
from simple_salesforce.exceptions import SalesforceError

from sandbox.salesforce import events


def refused(client, soql):
    with pytest.raises(SalesforceError) as caught:
        client.sf.query(soql)
    return caught.value.content[0]["errorCode"], caught.value.content[0]["message"]


def names(client, where):
    return [r["Name"] for r in client.sf.query(f"SELECT Name FROM Opportunity WHERE {where} ORDER BY Name")["records"]]


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Wrong FROM Opportunity", "INVALID_FIELD"),
        ("SELECT Account.Wrong FROM Opportunity", "INVALID_FIELD"),
        ("SELECT Nothing.Name FROM Opportunity", "INVALID_FIELD"),
        ("SELECT RecordType.Name FROM Opportunity", "INVALID_FIELD"),
        ("SELECT Id FROM Wrong", "INVALID_TYPE"),
        ("SELECT Id, (SELECT Id FROM Wrongs) FROM Opportunity", "INVALID_TYPE"),
        ("SELECT Id FROM", "MALFORMED_QUERY"),
        ("SELECT Id FROM Opportunity WHERE Name = 'a' AND Name = 'b' OR Name = 'c'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Opportunity WHERE Name = 'a' AND NOT (Name = 'b')", "MALFORMED_QUERY"),
        ("SELECT Id FROM Opportunity WHERE CreatedDate > 2026-01-01T00:00:00", "MALFORMED_QUERY"),
        ("SELECT Id FROM Opportunity WHERE CloseDate > '2026-01-01'", "INVALID_FIELD"),
        ("SELECT Id FROM Opportunity WHERE Amount = 'much'", "INVALID_FIELD"),
        ("SELECT Id FROM Opportunity WHERE Description LIKE 'a%'", "INVALID_FIELD"),
        ("SELECT Id FROM Opportunity ORDER BY Description", "INVALID_FIELD"),
        ("SELECT Id FROM Opportunity LIMIT 1 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"),
        ("SELECT StageName, Name FROM Opportunity GROUP BY StageName", "MALFORMED_QUERY"),
        (
            "SELECT Id FROM Opportunity WHERE Name = 'a' OR Id IN (SELECT OpportunityId FROM OpportunityHistory)",
            "MALFORMED_QUERY",
        ),
    ],
)
def test_a_query_that_cannot_be_answered_is_refused_as_documented(sync, soql, code):
    assert refused(sync, soql)[0] == code


def test_comparisons_follow_soql_and_not_sql(sync, deal):
    deal(Name="alpha", Amount=5)
    deal(Name="Beta")
    assert names(sync, "Name = 'ALPHA'") == ["alpha"]
    assert names(sync, "Amount != 5") == ["Beta"]
    assert names(sync, "Amount < 6") == ["alpha"]
    assert names(sync, "Name LIKE 'b%a'") == ["Beta"]
    assert names(sync, "CloseDate = NEXT_N_DAYS:30 AND (NOT Name = 'beta')") == ["alpha"]
    assert names(sync, "CreatedDate = TODAY AND Name IN ('beta', 'gamma')") == ["Beta"]
    assert names(sync, "CreatedDate = YESTERDAY") == []


def test_parents_children_and_attributes_come_at_each_level(sync, admin, deal):
    account = admin.sf.Account.create({"Name": "Ünïcode & Søn"})["id"]
    deal(AccountId=account)
    query = "SELECT Id, Account.Name, Account.Owner.Name, Campaign.Name, (SELECT Id FROM Tasks) FROM Opportunity"
    row = sync.sf.query(query)["records"][0]
    assert row["attributes"]["url"] == f"/services/data/v60.0/sobjects/Opportunity/{row['Id']}"
    assert row["Account"]["Name"] == "Ünïcode & Søn"
    assert row["Account"]["Owner"]["attributes"]["type"] == "User"
    assert row["Campaign"] is None
    assert row["Tasks"] is None


def test_what_and_type_of_a_task_are_reported(sync, admin, deal):
    mine = deal(Name="Mine")
    admin.sf.Task.create({"Subject": "Call", "WhatId": mine})
    admin.sf.Task.create({"Subject": "None"})
    rows = sync.sf.query("SELECT Subject, What.Type, What.Name FROM Task ORDER BY Subject")["records"]
    assert [r["What"] and (r["What"]["Type"], r["What"]["Name"]) for r in rows] == [("Opportunity", "Mine"), None]


def test_counts_and_groups(sync, deal):
    for amount in (1, 2, 3):
        deal(Amount=amount)
    assert sync.sf.query("SELECT COUNT() FROM Opportunity")["totalSize"] == 3
    query = "SELECT StageName, COUNT(Id), MAX(Amount) most FROM Opportunity GROUP BY StageName"
    row = sync.sf.query(query)["records"][0]
    assert (row["StageName"], row["expr0"], row["most"]) == ("Prospecting", 3, 3.0)


def test_a_semi_join_at_the_top_level_works(sync, deal):
    moved, _ = deal(), deal()
    sync.sf.Opportunity.update(moved, {"Amount": 7})
    query = (
        "SELECT Id FROM Opportunity WHERE Id IN (SELECT OpportunityId FROM OpportunityHistory WHERE PrevAmount = null)"
    )
    assert sync.sf.query(query)["totalSize"] == 2


def test_pages_hold_what_was_asked_for_and_end_with_done(big, login_to_big):
    rows = list(login_to_big.sf.query_all_iter("SELECT Id FROM OpportunityHistory"))
    assert len(rows) == len({r["Id"] for r in rows}) == sum(1 for _ in big.tables["OpportunityHistory"].alive())
    small = {"Sforce-Query-Options": "batchSize=200"}
    page = login_to_big.sf.query("SELECT Id FROM Opportunity", headers=small)
    assert (len(page["records"]), page["done"]) == (200, False)
    assert page["nextRecordsUrl"].startswith("/services/data/v60.0/query/0r8")


def test_paging_shows_rows_as_they_stood_when_the_query_ran(big, login_to_big):
    page = login_to_big.sf.query("SELECT Id, Name FROM Account", headers={"Sforce-Query-Options": "batchSize=200"})
    last = list(big.tables["Account"].alive())[-1]
    events.edit_as(big, "admin@acme.example", "Account", last["Id"], {"Name": "Renamed"})
    rest = login_to_big.sf.query_more(page["nextRecordsUrl"], identifier_is_url=True)
    assert "Renamed" not in {r["Name"] for r in rest["records"]}


def test_an_unknown_locator_is_refused(sync):
    with pytest.raises(SalesforceError) as caught:
        sync.sf.query_more("0r8000000000000AAA-2000")
    assert caught.value.content[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_a_uri_over_16384_bytes_is_refused_without_json(sync):
    ids = ",".join(f"'{n:018}'" for n in range(800))
    with pytest.raises(SalesforceError) as caught:
        sync.sf.query(f"SELECT Id FROM Opportunity WHERE Name IN ({ids})")
    assert caught.value.status in {414, 431}
    assert isinstance(caught.value.content, str)
