"""Facts by mapping: where they are read, what type they have, and what a blank or a hidden one means."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.salesforce.client import convert as to
from connectors.salesforce.client.ids import full_id
from connectors.salesforce.pull.history import changes_of
from connectors.shared.client.exact_json import exact, load
from sandbox.salesforce import Settings
from sandbox.salesforce.schema import parse_field
from sandbox.salesforce.setup import add_record_type, profile_set
from tests.connectors.salesforce.sales import Sales, records

if TYPE_CHECKING:
    from typing import Any

LINES = (
    "Budget_OK__c boolean",
    "Champion__c picklist(Yes|No)",
    "Discount__c percent(5,2)",
    "ARR__c currency(18,2)",
    "Signed_At__c datetime",
    "Products__c multipicklist(A|B|C)",
    "Heat__c double(5,2) calc",
)
FIELDS = {
    "budget_confirmed": {"field": "Budget_OK__c", "when_blank": False},
    "has_champion": "Champion__c",
    "discount_percent": "Discount__c",
    "arr": "ARR__c",
    "signed": "Signed_At__c",
    "products": "Products__c",
    "segment": "Account.Segment__c",
    "source": "Channel__c",
    "vanished_fact": "Nowhere__c",
}


@pytest.fixture
def mapped(sales: Sales) -> Sales:
    rights = profile_set(sales.org, "Integration User")
    for line in (*LINES, "Channel__c string(40)"):
        sales.org.add_field("Opportunity", parse_field(line))
        sales.org.grant(rights, "Opportunity", line.split()[0])
    sales.org.add_field("Account", parse_field("Segment__c string(40)"))
    sales.org.grant(rights, "Account", "Segment__c")
    return sales


def deal_with(sales: Sales, **values: Any) -> dict[str, Any]:
    account = sales.create("Account", Name="Acme")
    sales.org.tables["Account"].put({**sales.org.tables["Account"].rows[account], "Segment__c": " Mid-market "})
    deal = sales.deal(AccountId=account)
    sales.org.tables["Opportunity"].put({**sales.row(deal), **values})
    return records(sales.connector(fields=FIELDS).pull({}), "opportunity")[deal]


def test_mapped_fields_become_facts_of_their_type(mapped: Sales):
    deal = deal_with(
        mapped,
        Champion__c="Yes",
        Discount__c=12.5,
        ARR__c=1000.1,
        Signed_At__c="2026-11-03T02:30:00.000+0000",
        Products__c="A;C",
        Channel__c="Partner",
    )
    assert deal["facts"] == {
        "budget_confirmed": False,
        "has_champion": True,
        "discount_percent": 12.5,
        "arr": "1000.1",
        "signed": "2026-11-02",  # in the connection's zone, New York
        "products": ["A", "C"],
        "segment": "Mid-market",
    }
    assert deal["source"] == "Partner"
    assert deal["unread"] == ["vanished_fact"]


def test_a_blank_mapped_field_is_blank_and_only_when_blank_stands_in(mapped: Sales):
    facts = deal_with(mapped)["facts"]
    assert {name for name, value in facts.items() if value is not None} == {"budget_confirmed", "segment"}


def test_the_description_names_types_choices_and_what_is_dormant(mapped: Sales):
    found = mapped.connector(fields=FIELDS).describe()
    assert found.types["arr"] == "money"
    assert found.types["products"] == "list"
    assert found.types["has_champion"] == "yes/no"
    assert found.choices["has_champion"] == ("Yes", "No")
    assert "segment" in found.mapped
    assert "region" not in found.mapped
    assert "terms_agreed" not in found.mapped
    assert {"pushes", "touched", "contact_count", "days_in_stage"} <= found.mapped


def test_a_record_type_gives_pipeline_label_and_developer_name(sales: Sales):
    kind = add_record_type(sales.org, "Opportunity", "New Business")
    typed, plain = sales.deal("Typed", RecordTypeId=kind), sales.deal("Plain")
    found = records(sales.connector().pull({}), "opportunity")
    assert (found[typed]["pipeline"], found[typed]["record_type"]) == ("New Business", "New_Business")
    assert (found[plain]["pipeline"], found[plain]["record_type"]) == (None, None)


@pytest.mark.parametrize("sales", [Settings(multi_currency=True)], indirect=True)
def test_each_deal_keeps_its_own_currency(sales: Sales):
    yen = sales.deal(Amount=5000, CurrencyIsoCode="JPY")
    assert records(sales.connector().pull({}), "opportunity")[yen]["currency"] == "JPY"


def test_activities_of_contacts_come_only_where_asked_for(sales: Sales):
    contact = sales.create("Contact", LastName="Buyer")
    task = sales.create("Task", WhoId=contact, Subject="Call", Status="Completed")
    assert records(sales.connector().pull({}), "activity") == {}
    found = records(sales.connector(activity={"roll_up": "contacts"}).pull({}), "activity")[task]
    assert (found["opportunity_id"], found["contact_id"]) == (None, contact)


def test_all_day_meetings_begin_with_the_connections_day(sales: Sales):
    deal = sales.deal()
    event = sales.create(
        "Event", WhatId=deal, Subject="Fair", IsAllDayEvent=True, StartDateTime="2026-11-20T00:00:00Z",
        DurationInMinutes=1440,
    )  # fmt: skip
    found = records(sales.connector().pull({}), "activity")[event]
    assert found["at"] == datetime(2026, 11, 20, 5, tzinfo=UTC)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**16), max_value=10**16))
def test_amounts_stay_exact_however_they_are_written(amount):
    assert exact(f"{amount:.2f}") == exact(f"{amount:E}") == amount
    assert "E" not in str(exact(f"{amount:E}"))
    assert to.money(load(b'{"a": %s}' % f"{amount:.2f}".encode())["a"]) == amount


@given(st.text())
def test_text_is_trimmed_once_and_for_all(value):
    found = to.text(value)
    assert found == to.text(found)
    assert found is None or (found == found.strip() and found)


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.one_of(st.none(), st.integers(0, 5))), max_size=8))
def test_history_replayed_ends_where_the_snapshots_end(steps):
    rows = [
        {"Id": f"{n:03}", "OpportunityId": "006", "StageName": stage, "Amount": amount, "CloseDate": None,
         "CreatedDate": f"2026-01-{n + 1:02}T00:00:00.000+0000"}
        for n, (stage, amount) in enumerate(steps)
    ]  # fmt: skip
    stages, moves = changes_of(list(reversed(rows)), ["amount", "close_date"])
    assert [s["stage_name"] for s in stages] == [
        stage for n, (stage, _) in enumerate(steps) if n == 0 or steps[n - 1][0] != stage
    ]
    amount = to.money_text(steps[0][1]) if steps else None
    for move in moves:
        assert move["before"] == amount
        assert move["after"] != move["before"]
        amount = move["after"]
    assert not steps or amount == to.money_text(steps[-1][1])


def test_ids_are_distinguished_from_what_can_be_none():
    assert full_id("0065g000000001A") == full_id("0065g000000001AAAQ") == "0065g000000001AAAQ"
    assert full_id("0065g000000001AZZZ") is None
    assert full_id("x' OR Name != '") is None


def test_a_fraction_never_becomes_a_float():
    assert load(b'{"a": 0.1, "b": 1.0E3, "c": 7}') == {"a": Decimal("0.1"), "b": Decimal(1000), "c": 7}
