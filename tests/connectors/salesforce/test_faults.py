"""Each error code of docs/salesforce-api.md while reading: what is tried again, what stops, and what is reported."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.salesforce.connector import SalesforceConnector
from connectors.shared.client.daily_budget import Alone
from model.errors import AccessRefused, BudgetSpent, RetryLater
from sandbox.salesforce.events import hide_field, show_field
from tests.connectors.salesforce.sales import Sales, cursors, records

DEALS = r"FROM\+Opportunity[ +]"


@pytest.mark.parametrize(
    "fault",
    [
        "unavailable", "unavailable_json", "unknown_exception", "bad_gateway", "gateway_timeout", "concurrent_limit",
        "drop", "truncate", "garbage", "session_expired", "invalid_auth_header", "invalid_query_locator",
    ],
)  # fmt: skip
def test_a_passing_fault_is_not_noticed(sales: Sales, fault):
    deals = {sales.deal(f"Deal {n}") for n in range(3)}
    sales.org.faults.add(fault, path=DEALS)
    assert set(records(sales.connector().pull({}), "opportunity")) == deals


@pytest.mark.parametrize("fault", ["unavailable", "unknown_exception", "drop", "truncate", "garbage", "query_timeout"])
def test_a_lasting_fault_ends_with_retry_later(sales: Sales, fault):
    sales.deal()
    sales.org.faults.add(fault, path=DEALS, count=None)
    with pytest.raises(RetryLater) as raised:
        list(sales.connector().pull({}))
    assert raised.value.seconds > 0
    assert sum(sales.waited) < 120


def test_a_server_that_hangs_is_asked_again(sales: Sales):
    deal = sales.deal()
    sales.org.faults.add("hang", path=DEALS, seconds=1.5)
    assert set(records(sales.connector(timeout=(5.0, 0.5)).pull({}), "opportunity")) == {deal}
    assert len(sales.waited) >= 1


def test_a_slow_query_is_asked_for_in_smaller_windows(sales: Sales):
    deals = set()
    for n in range(6):
        deals.add(sales.deal(f"Deal {n}"))
        sales.org.clock.forward(timedelta(days=200))
    sales.org.faults.add("query_timeout", path=DEALS, count=8)
    found = list(sales.connector().pull({}))
    assert set(records(found, "opportunity")) == deals
    sales.org.clock.forward(timedelta(days=1))
    assert records(sales.connector().pull(cursors(found)), "opportunity") == {}


def test_slow_history_is_asked_for_in_smaller_pieces(sales: Sales):
    deals = [sales.deal(f"Deal {n}") for n in range(3)]
    sales.org.faults.add("query_timeout", path=r"FROM\+OpportunityHistory", count=3)
    assert {c["opportunity_id"] for c in records(sales.connector().pull({}), "stage_change").values()} == set(deals)


def test_pages_lost_half_way_are_read_again_from_the_last_row(sales: Sales):
    deals = {sales.deal(f"Deal {n}") for n in range(4500)}
    sales.org.faults.add("invalid_query_locator", path=r"query(All)?/0r8", after=1)
    pages = list(sales.connector().pull({}))
    assert set(records(pages, "opportunity")) == deals
    assert sum(len(page.records.get("opportunity", ())) for page in pages) == len(deals)


def test_what_was_spent_before_counts_for_a_day(sales: Sales):
    settings = sales.settings(budget_share=0.001)
    sales.org.settings.daily_limit = 100_000
    crm = SalesforceConnector(
        settings, clock=sales.org.clock.now, sleep=sales.waited.append, allowance=Alone(sales.org.clock.now, 99)
    )
    with pytest.raises(BudgetSpent) as raised:
        crm.describe()
    assert raised.value.until == sales.org.clock.now() + timedelta(hours=1)


@pytest.mark.parametrize("fault", ["api_disabled", "api_currently_disabled"])
def test_a_closed_api_is_left_alone_for_hours(sales: Sales, fault):
    sales.org.faults.add(fault, count=None, path="/services/data")
    crm = sales.connector()
    with pytest.raises(RetryLater) as raised:
        crm.describe()
    assert raised.value.seconds >= 3600
    assert crm.calls == 2


def test_a_lasting_401_is_answered_by_one_new_login(sales: Sales):
    sales.org.faults.add("session_expired", count=None, path="/services/data")
    crm = sales.connector()
    with pytest.raises(AccessRefused, match="new login did not help"):
        crm.describe()
    assert crm.calls == 4  # login, refused, login, refused


@pytest.mark.parametrize(
    ("code", "status"), [("MALFORMED_QUERY", 400), ("FUNCTIONALITY_NOT_ENABLED", 403), ("INSUFFICIENT_ACCESS", 403)]
)
def test_what_no_repetition_changes_is_not_repeated(sales: Sales, code, status):
    sales.org.faults.add(code=code, status=status, message="no", path="sobjects/Opportunity/describe", count=None)
    crm = sales.connector()
    with pytest.raises(AccessRefused, match=code):
        crm.describe()
    assert crm.calls == 2


def test_a_column_hidden_overnight_is_unread_and_never_blank(sales: Sales):
    deal = sales.deal(Amount=5)
    first = list(sales.connector().pull({}))
    sales.org.clock.forward(timedelta(hours=1))
    sales.edit(deal, NextStep="Call")
    hide_field(sales.org, "Opportunity", "Amount")
    found = records(sales.connector().pull(cursors(first)), "opportunity")[deal]
    assert found["unread"] == ["amount"]
    assert "amount" not in found


def test_a_column_hidden_in_the_middle_of_a_pull_is_unread_from_there(sales: Sales):
    deals = {sales.deal(f"Deal {n}", Amount=5) for n in range(2100)}
    found = {}
    for page in sales.connector().pull({}):
        if page.records.get("opportunity") and not found:
            hide_field(sales.org, "Opportunity", "Amount")
            sales.org.cursors.clear()
        found |= records([page], "opportunity")
    assert set(found) == deals
    assert {len(record["unread"]) for record in found.values()} == {0, 1}


def test_a_column_shown_again_is_read_again(sales: Sales):
    deal, crm = sales.deal(Amount=5), sales.connector()
    hide_field(sales.org, "Opportunity", "Amount")
    assert records(crm.pull({}), "opportunity")[deal]["unread"] == ["amount"]
    show_field(sales.org, "Opportunity", "Amount")
    assert records(crm.pull({}), "opportunity")[deal]["amount"] == 5
