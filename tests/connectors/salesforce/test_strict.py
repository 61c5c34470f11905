"""Orgs that are stricter, or worded otherwise, than most: what can be read and written goes on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import responses

from connectors.salesforce.connector import SalesforceConnector
from connectors.salesforce.settings import SalesforceSettings
from model.errors import AccessRefused, RetryLater
from model.sync import Patch
from sandbox.salesforce import ADMIN
from sandbox.salesforce.events import hide_field
from tests.connectors.salesforce.sales import Sales, records

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)
ORG = "https://acme.my.salesforce.com"
DESCRIBE = f"{ORG}/services/data/v62.0/sobjects/Opportunity/describe"
GRANTED = {"access_token": "t", "instance_url": ORG, "id": f"{ORG}/id/00D5g000004CAFE/0055g0000000001"}


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mocked:
        yield mocked


def remote(**changes) -> SalesforceConnector:
    given = {"name": "acme", "login_url": ORG, "consumer_key": "key", "consumer_secret": "secret"}
    settings = SalesforceSettings(**(given | changes))
    return SalesforceConnector(settings, clock=lambda: NOW, sleep=lambda seconds: None)


def kinds(outcomes):
    return [outcome.kind for outcome in outcomes]


def test_an_unreadable_401_on_a_write_is_no_doubt_but_a_new_login(sales: Sales):
    deal, crm = sales.deal(), sales.connector()
    crm.describe()
    sales.org.faults.add(status=401, body="<p>Session expired</p>", method="PATCH", path="composite")
    assert kinds(crm.push([Patch(deal, {"score": 1})])) == ["written"]


def test_activities_of_too_many_records_are_asked_for_in_smaller_windows(sales: Sales):
    task = sales.create("Task", Subject="Call", WhatId=sales.deal(), Status="Completed")
    text = "exceeded 100000 distinct who/what's"
    sales.org.faults.add(code="OPERATION_TOO_LARGE", status=400, message=text, path=r"FROM\+Task", count=3)
    assert task in records(sales.connector().pull({}), "activity")


def test_names_of_accounts_that_take_too_long_do_not_stop_the_pull(sales: Sales):
    deal = sales.deal(AccountId=sales.create("Account", Name="Acme"))
    sales.org.faults.add("query_timeout", path=r"FROM\+Account\+", count=None)
    pages = list(sales.connector().pull({}))
    assert records(pages, "stage_change")
    assert set(records(pages, "opportunity")) == {deal}


def test_an_object_that_the_org_will_not_describe_is_a_late_feed_and_no_end(sales: Sales):
    deal = sales.deal()
    sales.org.faults.add(
        code="INSUFFICIENT_ACCESS", status=403, message="no", path="sobjects/Event/describe", count=None
    )
    pages = list(sales.connector().pull({}))
    assert set(records(pages, "opportunity")) == {deal}
    assert "activities" not in {feed for page in pages for feed in page.feeds}


def test_where_stages_are_hidden_history_is_late_and_the_pull_goes_on(sales: Sales):
    deal = sales.deal()
    hide_field(sales.org, "OpportunityHistory", "StageName")
    pages = list(sales.connector().pull({}))
    assert set(records(pages, "opportunity")) == {deal}
    assert "stage_history" not in {feed for page in pages for feed in page.feeds}


def test_without_the_kind_of_a_history_row_the_owners_id_is_known_by_its_form(sales: Sales):
    deal = sales.deal()
    sales.edit(deal, OwnerId=sales.server.login(ADMIN).user_id)
    hide_field(sales.org, "OpportunityFieldHistory", "DataType")
    moves = [m for m in records(sales.connector().pull({}), "field_change").values() if m["field"] == "owner_id"]
    assert [move["after"] for move in moves] == [sales.server.login(ADMIN).user_id]


def test_no_deal_is_moved_where_its_history_hides_what_to_put_back(sales: Sales):
    assert "move" in sales.connector().describe().acts
    hide_field(sales.org, "OpportunityHistory", "Probability")
    assert "move" not in sales.connector().describe().acts


def test_a_leads_owner_may_be_a_queue_so_only_its_name_can_be_mapped(sales: Sales):
    lead = sales.create("Lead", LastName="Lee", Company="Acme")
    mapped = {"owner_name": "Owner.Name", "owner_team": "Owner.Department"}
    found = records(sales.connector(lead_fields=mapped).pull({}, subjects={"lead"}), "lead")[lead]
    assert found["facts"] == {"owner_name": "Rita Rep"}
    assert found["unread"] == ["owner_team"]


@pytest.mark.parametrize("code", ["STRING_TOO_LONG", "FIELD_CUSTOM_VALIDATION_EXCEPTION", "ENTITY_IS_DELETED"])
def test_a_call_that_dies_of_one_record_is_sent_again_in_halves(sales: Sales, code):
    deals = [sales.deal(f"Deal {n}") for n in range(4)]
    sales.org.faults.add(code=code, status=400, message="one of them", method="PATCH", path="composite")
    assert kinds(sales.connector().push([Patch(deal, {"score": 1}) for deal in deals])) == ["written"] * 4


def test_a_call_that_dies_of_a_field_is_written_without_it(sales: Sales):
    deal, crm = sales.deal(), sales.connector()
    crm.describe()
    text = "Unable to create/update fields: Sluicegate_Score__c."
    sales.org.faults.add(
        code="INVALID_FIELD_FOR_INSERT_UPDATE", status=400, message=text, method="PATCH", path="composite"
    )
    assert kinds(crm.push([Patch(deal, {"score": 1, "top_flag": "No touch"})])) == ["written"]
    assert sales.row(deal)["Sluicegate_Score__c"] is None
    assert sales.row(deal)["Sluicegate_Top_Flag__c"] == "No touch"


def test_a_field_that_only_the_message_names_is_left_out_as_well(sales: Sales):
    deal, crm = sales.deal(), sales.connector()
    text = "No such column 'Sluicegate_Score__c' on sobject of type Opportunity"
    sales.org.faults.add(how="record", code="INVALID_FIELD", message=text, ids=(deal,))
    assert kinds(crm.push([Patch(deal, {"score": 1, "top_flag": "No touch"})])) == ["written"]
    assert sales.row(deal)["Sluicegate_Score__c"] is None
    assert sales.row(deal)["Sluicegate_Top_Flag__c"] == "No touch"


def test_what_a_whole_org_refuses_is_still_reported_once(sales: Sales):
    deals = [sales.deal(f"Deal {n}") for n in range(4)]
    sales.org.faults.add(code="INSUFFICIENT_ACCESS", status=403, method="PATCH", path="composite", count=None)
    with pytest.raises(AccessRefused):
        sales.connector().push([Patch(deal, {"score": 1}) for deal in deals])


def test_fields_of_a_package_are_found_with_their_namespace(sales: Sales):
    login = sales.server.login(ADMIN)
    admin = {"consumer_key": login.client_id, "consumer_secret": login.client_secret}
    made = sales.org.make("CustomField", DeveloperName="Score", NamespacePrefix="acme", TableEnumOrId="Opportunity")
    sales.org.tables["CustomField"].put(made)
    crm = sales.connector(admin=admin, writes={"score": "acme__Score__c", "flag_count": "Score__c"})
    text = "\n".join(remark.text for remark in crm.provision())
    assert "acme__Score__c" not in text.partition("made now: ")[2].partition(".")[0]
    assert "Score__c" in text.partition("made now: ")[2].partition(".")[0]


@pytest.mark.parametrize("expected", ["62", "v62", "v62.0", "62.0"])
def test_an_api_version_may_be_written_in_any_way(expected):
    assert remote(api_version=expected).settings.api_version == "62.0"


@pytest.mark.parametrize("status", [408, 429])
def test_a_login_that_is_asked_to_wait_is_no_refusal(web, status):
    web.post(f"{ORG}/services/oauth2/token", status=status, body="<h1>Too many requests</h1>")
    with pytest.raises(RetryLater):
        remote().describe()


@pytest.mark.parametrize(
    "headers",
    [
        {"Date": "Tue, 03 Nov 2026 09:00:00"},
        {"Date": "yesterday"},
        {},
        {"Sforce-Limit-Info": "api-usage=7/0"},
        {"Sforce-Limit-Info": "api-usage=many/few"},
    ],
)
def test_odd_or_absent_headers_stop_nothing(web, headers):
    web.post(f"{ORG}/services/oauth2/token", json=GRANTED)
    body = {"name": "Opportunity", "fields": [{"name": "Id", "type": "id"}]}
    web.get(DESCRIBE, json=body, headers=headers)
    crm = remote()
    crm._schema.entity("Opportunity")
    crm._schema.forget()
    assert crm._schema.entity("Opportunity")
    assert crm._client.now() == NOW or headers.get("Date")
    assert crm._client.now().tzinfo
    assert crm.budget().allowed is None
    assert crm._client.user_id == "0055g0000000001AAA"


def test_over_2000_owners_of_deals_do_not_hide_who_cannot_see_our_fields(sales: Sales, monkeypatch):
    sales.deal()
    monkeypatch.setattr("sandbox.salesforce.soql.groups.MOST_GROUPS", 0)
    text = "\n".join(remark.text for remark in sales.connector().check(NOW))
    assert "1 of 1 active owners of open deals cannot see all our fields: Rita Rep." in text


def test_the_stages_of_a_move_are_known_by_the_name_that_deals_carry(sales: Sales):
    table = sales.org.tables["OpportunityStage"]
    for stage in list(table.rows.values()):
        table.put({**stage, "MasterLabel": f"{stage['MasterLabel']} (translated)", "ApiName": stage["MasterLabel"]})
    assert "Prospecting" in sales.connector()._moves._stages()
