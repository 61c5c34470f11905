"""Currencies, multi-select picklists, wide rows."""

from itertools import pairwise

import pytest
from simple_salesforce.exceptions import SalesforceError

from sandbox.salesforce import SYNC
from sandbox.salesforce.setup import add_custom_field


def test_amounts_stay_in_their_currency_unless_converted_for_the_user(sync, deal):
    deal(Amount=149_500, CurrencyIsoCode="JPY")
    query = "SELECT Amount, CurrencyIsoCode, convertCurrency(Amount) home FROM Opportunity"
    row = sync.sf.query(query)["records"][0]
    assert (row["Amount"], row["CurrencyIsoCode"], row["home"]) == (149_500.0, "JPY", 1_000.0)


def test_currency_types_tell_rates_and_decimals(sync):
    query = "SELECT IsoCode, DecimalPlaces, IsCorporate FROM CurrencyType ORDER BY IsoCode"
    rows = [(r["IsoCode"], r["DecimalPlaces"], r["IsCorporate"]) for r in sync.sf.query(query)["records"]]
    assert rows == [("EUR", 2, False), ("JPY", 0, False), ("USD", 2, True)]


def test_dated_rates_follow_each_other_without_a_gap(login_to_big):
    query = "SELECT IsoCode, StartDate, NextStartDate FROM DatedConversionRate ORDER BY IsoCode, StartDate"
    rows = login_to_big.sf.query(query)["records"]
    pairs = [(a, b) for a, b in pairwise(rows) if a["IsoCode"] == b["IsoCode"]]
    assert pairs
    assert all(a["NextStartDate"] == b["StartDate"] for a, b in pairs)


def test_multi_select_picklists_are_asked_with_includes(sync, org, deal):
    add_custom_field(org, "Opportunity", "Risks__c multipicklist(Legal|Price|Timing)")
    both, one = deal(Risks__c="Legal;Price"), deal(Risks__c="Price")

    def found(condition):
        return {r["Id"] for r in sync.sf.query(f"SELECT Id FROM Opportunity WHERE {condition}")["records"]}

    assert found("Risks__c INCLUDES ('Price')") == {both, one}
    assert found("Risks__c INCLUDES ('Legal;Price', 'Timing')") == {both}
    assert found("Risks__c EXCLUDES ('Legal')") == {one}
    with pytest.raises(SalesforceError):
        found("Name INCLUDES ('Price')")


def test_rows_with_two_long_texts_come_on_shorter_pages(sync, org, deal):
    for name in ("One__c", "Two__c"):
        add_custom_field(org, "Opportunity", f"{name} textarea(32000) nofilter")
    for number in range(201):
        org.add("Opportunity", Name=str(number), StageName="Prospecting", CloseDate="2026-12-01")
    page = sync.sf.query("SELECT Id, One__c, Two__c FROM Opportunity")
    assert (len(page["records"]), page["done"], page["totalSize"]) == (200, False, 201)
    assert len(list(sync.sf.query_all_iter("SELECT Id, One__c, Two__c FROM Opportunity"))) == 201


def test_all_fields_may_be_asked_for_within_200_rows(sync, deal):
    deal(Name="Whole")
    row = sync.sf.query("SELECT FIELDS(ALL) FROM Opportunity LIMIT 200")["records"][0]
    shown = {f["name"] for f in sync.sf.Opportunity.describe()["fields"]}
    assert set(row) - {"attributes"} == shown
    with pytest.raises(SalesforceError):
        sync.sf.query("SELECT FIELDS(ALL) FROM Opportunity")


def test_the_servers_date_header_is_the_orgs_clock(running, sync):
    login = running.login(SYNC)
    form = {
        "grant_type": "client_credentials",
        "client_id": login.client_id,
        "client_secret": login.client_secret,
    }
    reply = sync.session.post(running.url + "/services/oauth2/token", data=form)
    assert reply.headers["Date"] == "Sun, 15 Nov 2026 12:00:00 GMT"
