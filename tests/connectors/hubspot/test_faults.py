"""HubSpot's faults while reading: what is tried again, what stops, and what is said."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from connectors.hubspot.connector import HubspotConnector
from model.errors import AccessRefused, BudgetSpent, RetryLater
from sandbox.hubspot import Settings
from sandbox.hubspot.events import take_scope
from tests.connectors.hubspot.portal import Desk, cursors, records

LIST = r"/crm/v3/objects/deals"
PASSING = [
    "unavailable", "internal_error", "edge_timeout", "bad_gateway", "drop", "truncate", "garbage", "ten_secondly",
    "locked",
]  # fmt: skip


def oauth(desk: Desk) -> dict[str, str]:
    given = desk.server.oauth
    login = {"client_id": given.client_id, "client_secret": given.client_secret, "refresh_token": given.refresh_token}
    return {"auth": "oauth", "access_token": None, **login}


@pytest.mark.parametrize("fault", PASSING)
def test_a_passing_fault_is_not_noticed(desk: Desk, fault):
    deals = {desk.deal(f"Deal {n}") for n in range(3)}
    desk.portal.faults.add(fault, path=LIST)
    assert set(records(desk.connector().pull({}), "opportunity")) == deals


@pytest.mark.parametrize("fault", ["unavailable", "internal_error", "drop", "truncate", "garbage", "ten_secondly"])
def test_a_lasting_fault_ends_with_retry_later(desk: Desk, fault):
    desk.deal()
    desk.portal.faults.add(fault, path=LIST, count=None)
    with pytest.raises(RetryLater) as raised:
        list(desk.connector().pull({}))
    assert raised.value.seconds > 0
    assert sum(desk.waited) < 120


def test_a_200_that_is_no_json_is_a_fault_not_an_empty_page(desk: Desk):
    desk.deal()
    desk.portal.faults.add("garbage", path=LIST, count=None)
    with pytest.raises(RetryLater, match="no JSON"):
        list(desk.connector().pull({}))


def test_the_search_limit_of_the_portal_is_waited_for(desk: Desk):
    deal = desk.deal()
    before = list(desk.connector().pull({}))
    desk.portal.faults.add("secondly", path="/search")
    desk.later(hours=1)
    desk.edit(deal, hs_next_step="Call")
    desk.later(minutes=1)
    assert deal in records(desk.connector().pull(cursors(before)), "opportunity")


def test_a_server_that_hangs_is_asked_again(desk: Desk):
    deal = desk.deal()
    desk.portal.faults.add("hang", path=LIST, seconds=1.5)
    assert set(records(desk.connector(timeout=(5.0, 0.5)).pull({}), "opportunity")) == {deal}
    assert desk.waited


def test_the_days_calls_spent_stop_until_the_portals_midnight_and_then_go_on(desk: Desk):
    deal, crm = desk.deal(), desk.connector()
    crm.describe()
    desk.portal.faults.add("daily", path=LIST, count=None)
    with pytest.raises(BudgetSpent) as raised:
        list(crm.pull({}))
    midnight = raised.value.until
    assert midnight is not None
    assert midnight.isoformat() == "2026-11-04T05:00:00+00:00"
    assert desk.waited == []
    desk.portal.clock.set(midnight)
    desk.portal.faults.clear()
    assert deal in records(crm.pull({}), "opportunity")


@pytest.mark.parametrize("desk", [Settings(daily=1000)], indirect=True)
def test_our_share_of_the_days_calls_is_kept(desk: Desk):
    crm = desk.connector(budget_share=0.01)
    with pytest.raises(BudgetSpent, match="10 of 10"):
        list(crm.pull({}))
    assert crm.calls == 10
    assert crm.budget().allowed == 1000
    desk.later(hours=26)
    assert crm.describe().zone == "America/New_York"


@pytest.mark.parametrize("desk", [Settings(daily=100_000)], indirect=True)
def test_what_was_spent_before_counts_for_a_day(desk: Desk):
    crm = HubspotConnector(
        desk.settings(budget_share=0.001), clock=desk.portal.clock.now, sleep=desk.sleep, spent=99,
        random=Random(1),  # noqa: S311 - jitter
    )  # fmt: skip
    with pytest.raises(BudgetSpent) as raised:
        crm.describe()
    assert raised.value.until == desk.portal.clock.now() + timedelta(hours=1)


@pytest.mark.parametrize("desk", [Settings(daily=1000)], indirect=True)
def test_the_last_calls_of_the_account_are_left_to_others_until_midnight(desk: Desk):
    crm = desk.connector()
    crm.describe()
    desk.portal.limits.used = 960
    with pytest.raises(BudgetSpent, match="left to others") as raised:
        list(crm.pull({}))
    assert str(raised.value.until) == "2026-11-04 05:00:00+00:00"


@pytest.mark.parametrize("desk", [Settings(window=20)], indirect=True)
def test_the_window_of_the_app_is_never_overrun(desk: Desk):
    for n in range(3):
        desk.deal(f"Deal {n}")
    list(desk.connector().pull({}))
    list(desk.connector().pull({}))
    assert desk.waited
    assert all(call.get("status") != 429 for call in desk.portal.calls)


def test_a_token_that_ends_in_the_middle_is_renewed_and_the_pull_goes_on(desk: Desk):
    deals = {desk.deal(f"Deal {n}") for n in range(120)}
    crm, found = desk.connector(**oauth(desk)), set()
    for page in crm.pull({}):
        desk.portal.tokens.end()
        found |= {record["id"] for record in page.records.get("opportunity", ())}
    assert found == deals


@pytest.mark.parametrize("desk", [Settings(oauth_v1=False)], indirect=True)
def test_after_the_end_of_the_old_oauth_path_tokens_come_from_the_later_one(desk: Desk):
    deal = desk.deal()
    connector = desk.connector(**oauth(desk))
    assert set(records(connector.pull({}), "opportunity")) == {deal}
    assert connector.describe().user_id == "integration:1881003"


def test_an_oauth_app_knows_itself_by_its_number(desk: Desk):
    desk.deal()
    assert desk.connector(**oauth(desk)).describe().user_id == "integration:1881003"


def test_a_grant_that_was_taken_away_asks_for_a_person(desk: Desk):
    desk.portal.tokens.refused = True
    with pytest.raises(AccessRefused, match="Connect the app again"):
        desk.connector(**oauth(desk)).describe()


def test_a_wrong_token_is_asked_once(desk: Desk):
    crm = desk.connector(access_token="pat-wrong")
    with pytest.raises(AccessRefused, match="access_token of connection acme"):
        crm.describe()
    assert crm.calls == 1


def test_without_the_right_to_deals_a_sentence_names_the_scope(desk: Desk):
    for right in ("objects.deals.read", "objects.deals.write", "schemas.deals.read"):
        take_scope(desk.portal, f"crm.{right}")
    with pytest.raises(AccessRefused, match=r"crm\.objects\.deals\.read"):
        desk.connector().describe()


def test_the_scope_that_hubspot_asks_for_is_the_one_that_is_told(desk: Desk):
    wanted = {"errors": [{"context": {"requiredGranularScopes": ["crm.schemas.deals.read"]}}]}
    desk.portal.faults.add("missing_scopes", path="/properties/deals", count=None, more=wanted)
    for ask in (lambda crm: list(crm.pull({})), lambda crm: crm.describe()):
        with pytest.raises(AccessRefused, match=r"scopes crm\.schemas\.deals\.read"):
            ask(desk.connector())


def test_an_address_that_is_too_long_is_read_by_batches(desk: Desk):
    deals = {desk.deal(f"Deal {n}", amount="5") for n in range(120)}
    desk.portal.faults.add(code="URI_TOO_LONG", status=414, path=LIST)
    pages = list(desk.connector().pull({}))
    assert set(records(pages, "opportunity")) == deals
    assert len(records(pages, "stage_change")) == 120


def test_an_amount_that_makes_no_sense_is_unread_and_the_rest_goes_on(desk: Desk):
    good, bad = desk.deal("Good"), desk.deal("Bad")
    row = desk.portal.shelves["deals"].find(bad)
    row.props = {**row.props, "amount": "a lot"}
    pages = list(desk.connector().pull({}))
    found = records(pages, "opportunity")
    assert (found[good]["unread"], found[bad]["unread"]) == ([], ["amount"])
    assert not [one.id for page in pages for one in page.aside]
