"""HubSpot's faults while reading: what is tried again, what stops, and what is reported."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from connectors.hubspot.connector import HubspotConnector
from connectors.shared.client.daily_budget import Alone
from model.errors import AccessRefused, BudgetSpent, RetryLater
from sandbox.hubspot import Settings
from sandbox.hubspot.events import take_scope
from tests.connectors.hubspot.portal import PortalDriver, cursors, records

LIST = r"/crm/v3/objects/deals"
PASSING = [
    "unavailable", "internal_error", "edge_timeout", "bad_gateway", "drop", "truncate", "garbage", "ten_secondly",
    "locked",
]  # fmt: skip


def oauth(hub: PortalDriver) -> dict[str, str]:
    given = hub.server.oauth
    login = {"client_id": given.client_id, "client_secret": given.client_secret, "refresh_token": given.refresh_token}
    return {"auth": "oauth", "access_token": None, **login}


@pytest.mark.parametrize("fault", PASSING)
def test_a_passing_fault_is_not_noticed(hub: PortalDriver, fault):
    deals = {hub.deal(f"Deal {n}") for n in range(3)}
    hub.portal.faults.add(fault, path=LIST)
    assert set(records(hub.connector().pull({}), "opportunity")) == deals


@pytest.mark.parametrize("fault", ["unavailable", "internal_error", "drop", "truncate", "garbage", "ten_secondly"])
def test_a_lasting_fault_ends_with_retry_later(hub: PortalDriver, fault):
    hub.deal()
    hub.portal.faults.add(fault, path=LIST, count=None)
    with pytest.raises(RetryLater) as raised:
        list(hub.connector().pull({}))
    assert raised.value.seconds > 0
    assert sum(hub.waited) < 120


def test_a_200_that_is_no_json_is_a_fault_not_an_empty_page(hub: PortalDriver):
    hub.deal()
    hub.portal.faults.add("garbage", path=LIST, count=None)
    with pytest.raises(RetryLater, match="no JSON"):
        list(hub.connector().pull({}))


def test_the_search_limit_of_the_portal_is_waited_for(hub: PortalDriver):
    deal = hub.deal()
    before = list(hub.connector().pull({}))
    hub.portal.faults.add("secondly", path="/search")
    hub.later(hours=1)
    hub.edit(deal, hs_next_step="Call")
    hub.later(minutes=1)
    assert deal in records(hub.connector().pull(cursors(before)), "opportunity")


def test_a_server_that_hangs_is_asked_again(hub: PortalDriver):
    deal = hub.deal()
    hub.portal.faults.add("hang", path=LIST, seconds=1.5)
    assert set(records(hub.connector(timeout=(5.0, 0.5)).pull({}), "opportunity")) == {deal}
    assert hub.waited


def test_the_days_calls_spent_stop_until_the_portals_midnight_and_then_go_on(hub: PortalDriver):
    deal, crm = hub.deal(), hub.connector()
    crm.describe()
    hub.portal.faults.add("daily", path=LIST, count=None)
    with pytest.raises(BudgetSpent) as raised:
        list(crm.pull({}))
    midnight = raised.value.until
    assert midnight is not None
    assert midnight.isoformat() == "2026-11-04T05:00:00+00:00"
    assert hub.waited == []
    hub.portal.clock.set(midnight)
    hub.portal.faults.clear()
    assert deal in records(crm.pull({}), "opportunity")


@pytest.mark.parametrize("hub", [Settings(daily=1000)], indirect=True)
def test_our_share_of_the_days_calls_is_kept(hub: PortalDriver):
    crm = hub.connector(budget_share=0.01)
    with pytest.raises(BudgetSpent, match="10 of 10"):
        list(crm.pull({}))
    assert crm.calls == 10
    assert crm.budget().allowed == 1000
    hub.later(hours=26)
    assert crm.describe().zone == "America/New_York"


@pytest.mark.parametrize("hub", [Settings(daily=100_000)], indirect=True)
def test_what_was_spent_before_counts_for_a_day(hub: PortalDriver):
    crm = HubspotConnector(
        hub.settings(budget_share=0.001), clock=hub.portal.clock.now, sleep=hub.sleep,
        allowance=Alone(hub.portal.clock.now, 99),
        random=Random(1),  # noqa: S311 - jitter
    )  # fmt: skip
    with pytest.raises(BudgetSpent) as raised:
        crm.describe()
    assert raised.value.until == hub.portal.clock.now() + timedelta(hours=1)


@pytest.mark.parametrize("hub", [Settings(daily=1000)], indirect=True)
def test_the_last_calls_of_the_account_are_left_to_others_until_midnight(hub: PortalDriver):
    crm = hub.connector()
    crm.describe()
    hub.portal.limits.used = 960
    with pytest.raises(BudgetSpent, match="left to others") as raised:
        list(crm.pull({}))
    assert str(raised.value.until) == "2026-11-04 05:00:00+00:00"


@pytest.mark.parametrize("hub", [Settings(window=20)], indirect=True)
def test_the_window_of_the_app_is_never_overrun(hub: PortalDriver):
    for n in range(3):
        hub.deal(f"Deal {n}")
    list(hub.connector().pull({}))
    list(hub.connector().pull({}))
    assert hub.waited
    assert all(call.get("status") != 429 for call in hub.portal.calls)


def test_a_token_that_ends_in_the_middle_is_renewed_and_the_pull_goes_on(hub: PortalDriver):
    deals = {hub.deal(f"Deal {n}") for n in range(120)}
    crm, found = hub.connector(**oauth(hub)), set()
    for page in crm.pull({}):
        hub.portal.tokens.end()
        found |= {record["id"] for record in page.records.get("opportunity", ())}
    assert found == deals


@pytest.mark.parametrize("hub", [Settings(oauth_v1=False)], indirect=True)
def test_after_the_end_of_the_old_oauth_path_tokens_come_from_the_later_one(hub: PortalDriver):
    deal = hub.deal()
    connector = hub.connector(**oauth(hub))
    assert set(records(connector.pull({}), "opportunity")) == {deal}
    assert connector.describe().user_id == "integration:1881003"


def test_an_oauth_app_knows_itself_by_its_number(hub: PortalDriver):
    hub.deal()
    assert hub.connector(**oauth(hub)).describe().user_id == "integration:1881003"


def test_a_grant_that_was_taken_away_asks_for_a_person(hub: PortalDriver):
    hub.portal.tokens.refused = True
    with pytest.raises(AccessRefused, match="Connect the app again"):
        hub.connector(**oauth(hub)).describe()


def test_a_wrong_token_is_asked_once(hub: PortalDriver):
    crm = hub.connector(access_token="pat-wrong")
    with pytest.raises(AccessRefused, match="access_token of connection acme"):
        crm.describe()
    assert crm.calls == 1


def test_without_the_right_to_deals_a_sentence_names_the_scope(hub: PortalDriver):
    for right in ("objects.deals.read", "objects.deals.write", "schemas.deals.read"):
        take_scope(hub.portal, f"crm.{right}")
    with pytest.raises(AccessRefused, match=r"crm\.objects\.deals\.read"):
        hub.connector().describe()


def test_the_scope_that_hubspot_asks_for_is_the_one_that_is_reported(hub: PortalDriver):
    wanted = {"errors": [{"context": {"requiredGranularScopes": ["crm.schemas.deals.read"]}}]}
    hub.portal.faults.add("missing_scopes", path="/properties/deals", count=None, more=wanted)
    for ask in (lambda crm: list(crm.pull({})), lambda crm: crm.describe()):
        with pytest.raises(AccessRefused, match=r"scopes crm\.schemas\.deals\.read"):
            ask(hub.connector())


def test_an_address_that_is_too_long_is_read_by_batches(hub: PortalDriver):
    deals = {hub.deal(f"Deal {n}", amount="5") for n in range(120)}
    hub.portal.faults.add(code="URI_TOO_LONG", status=414, path=LIST)
    pages = list(hub.connector().pull({}))
    assert set(records(pages, "opportunity")) == deals
    assert len(records(pages, "stage_change")) == 120


def test_an_amount_that_makes_no_sense_is_unread_and_the_rest_goes_on(hub: PortalDriver):
    good, bad = hub.deal("Good"), hub.deal("Bad")
    row = hub.portal.shelves["deals"].find(bad)
    row.props = {**row.props, "amount": "a lot"}
    pages = list(hub.connector().pull({}))
    found = records(pages, "opportunity")
    assert (found[good]["unread"], found[bad]["unread"]) == ([], ["amount"])
    assert not [one.id for page in pages for one in page.aside]
