"""What Salesforce's pages say of calls that clients of all kinds make."""

from datetime import timedelta

import pytest
from simple_salesforce.exceptions import SalesforceError

from sandbox.salesforce import ADMIN
from sandbox.salesforce.clock import unwire
from sandbox.salesforce.events import edit_as, run_late


def code(error):
    return error.value.content[0]["errorCode"]


def test_the_name_of_an_object_may_come_in_any_case(sync, deal):
    made = deal()
    assert sync.sf.restful(f"sobjects/opportunity/{made}")["Id"] == made
    assert sync.sf.restful("composite/sobjects/opportunity", params={"ids": made, "fields": "Id"})[0]["Id"] == made


def test_an_object_tells_about_itself_in_short(sync):
    assert sync.sf.Opportunity.metadata()["objectDescribe"]["keyPrefix"] == "006"


@pytest.mark.parametrize(
    ("soql", "refused"),
    [
        ("SELECT COUNT(Id) FROM Opportunity LIMIT 1", "MALFORMED_QUERY"),
        ("SELECT Amount FROM Opportunity GROUP BY Amount", "INVALID_FIELD"),
        ("SELECT StageName FROM Opportunity GROUP BY StageName ORDER BY Name", "MALFORMED_QUERY"),
    ],
)
def test_groups_are_made_of_what_can_be_grouped(sync, soql, refused):
    with pytest.raises(SalesforceError) as error:
        sync.sf.query(soql)
    assert code(error) == refused


def test_pages_of_a_query_are_kept_for_two_days(sync, org, deal):
    for _ in range(201):
        deal()
    first = sync.sf.query("SELECT Id FROM Opportunity", headers={"Sforce-Query-Options": "batchSize=200"})
    org.clock.forward(timedelta(days=2, minutes=1))
    with pytest.raises(SalesforceError) as error:
        sync.sf.query_more(first["nextRecordsUrl"], identifier_is_url=True)
    assert code(error) == "INVALID_QUERY_LOCATOR"


def test_deletions_are_reported_for_15_days(sync, org):
    start, end = org.clock.now() - timedelta(days=16), org.clock.now()
    with pytest.raises(SalesforceError) as error:
        sync.sf.Opportunity.deleted(start, end)
    assert code(error) == "INVALID_REPLICATION_DATE"
    assert sync.sf.Opportunity.updated(start, end)["ids"] == []


def test_what_is_covered_ends_where_the_oldest_running_transaction_began(sync, org, deal):
    made, began = deal(), org.clock.now()
    late = run_late(org, lambda: edit_as(org, ADMIN, "Opportunity", made, {"Name": "Late"}))
    org.clock.forward(timedelta(minutes=5))
    rows = [sync.sf.Opportunity.updated(began - timedelta(hours=1), org.clock.now() + timedelta(hours=1))]
    late.commit()
    rows.append(sync.sf.Opportunity.updated(began - timedelta(hours=1), org.clock.now() + timedelta(hours=1)))
    assert [unwire(one["latestDateCovered"]) for one in rows] == [began, org.clock.now()]


def test_records_of_a_collection_need_an_id_of_their_kind_where_they_are_changed_and_none_where_made(admin, deal):
    account, kind = admin.sf.Account.create({"Name": "Acme"})["id"], {"attributes": {"type": "Opportunity"}}
    sent = [{**kind, "Name": "A"}, {**kind, "id": account, "Name": "A"}]
    found = admin.sf.restful("composite/sobjects", method="PATCH", json={"records": sent})
    assert [one["errors"][0]["statusCode"] for one in found] == ["MISSING_ARGUMENT", "MALFORMED_ID"]
    sent = [{**kind, "id": deal(), "Name": "A", "StageName": "Prospecting", "CloseDate": "2026-12-01"}]
    found = admin.sf.restful("composite/sobjects", method="POST", json={"records": sent})
    assert found[0]["errors"][0]["statusCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
