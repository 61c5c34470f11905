"""What check says of a portal before a run."""

from __future__ import annotations

from datetime import date

import pytest

from sandbox.hubspot import Settings
from sandbox.hubspot.events import deactivate_owner, hide_property, take_scope
from sandbox.hubspot.schema import parse_property as property_of
from tests.connectors.hubspot.portal import REP, Desk, records


def said(desk: Desk, level=None, **changes):
    remarks = desk.connector(**changes).check(desk.portal.clock.now())
    return "\n".join(remark.text for remark in remarks if level in (None, remark.level))


def add(desk: Desk, line):
    made = property_of(line, "dealinformation", own=True)
    desk.portal.properties["deals"][made.name] = made


def test_all_is_well(desk: Desk):
    desk.deal()
    desk.later(minutes=1)
    text = said(desk, "ok")
    assert "Connected to portal 52016473 (America/New_York, USD) by private app." in text
    assert "Our app has the 7 scopes that it needs." in text
    assert "All 11 fields that we write are there and may be edited." in text
    assert "The feed of activities can be read." in text
    assert "HubSpot takes 190 calls in ten seconds and 1000000 a day, as Enterprise accounts have." in text
    assert "of the account's 1000000 daily calls are left; our share is 200000." in text
    assert said(desk, "missing") == said(desk, "warning") == ""


@pytest.mark.parametrize("status", [403, 404])
def test_an_account_that_is_not_described_is_read_in_the_connections_zone_and_said_so(desk: Desk, status):
    deal = desk.deal(closedate="2026-12-01T03:00:00Z")
    desk.portal.faults.add("unavailable", path="/account-info/v3/details", status=status, code="NO", count=None)
    found = records(desk.connector(zone="America/Chicago").pull({}), "opportunity")
    assert found[deal]["close_date"] == date(2026, 11, 30)
    assert "close dates are read in America/Chicago" in said(desk, "warning", zone="America/Chicago")
    assert "Connected to portal 52016473" in said(desk, "ok", zone="America/Chicago")


def test_missing_scopes_are_named_each_with_its_use(desk: Desk):
    take_scope(desk.portal, "sales-email-read")
    take_scope(desk.portal, "crm.objects.owners.read")
    text = said(desk, "missing")
    assert "lacks the scope sales-email-read, which reads which mails were sent and answered" in text
    assert "lacks the scope crm.objects.owners.read, which reads owners" in text


def test_an_app_that_may_not_read_deals_is_told_so_and_of_every_scope_it_lacks(desk: Desk):
    for right in ("crm.objects.deals.read", "crm.objects.deals.write", "crm.schemas.deals.read"):
        take_scope(desk.portal, right)
    text = said(desk, "missing")
    assert "lacks the scope crm.objects.deals.write, which writes our properties on deals" in text
    assert "Our HubSpot app may not read deals; give it the scope crm.objects.deals.read." in text


def test_a_scope_that_only_provision_needs_is_told(desk: Desk):
    text = said(desk, "note", access_token=desk.server.admin_token)
    assert "also has crm.schemas.deals.write, which only provision needs; take it away" in text


def test_an_oauth_app_is_asked_in_its_own_way_and_is_told_nothing_of_the_day(desk: Desk):
    oauth = desk.server.oauth
    secrets = {"client_id": oauth.client_id, "client_secret": oauth.client_secret}
    text = said(desk, auth="oauth", access_token=None, refresh_token=oauth.refresh_token, **secrets)
    assert "by oauth." in text
    assert "Our app has the 7 scopes that it needs." in text
    assert "HubSpot takes 110 calls of our app in ten seconds" in text


def test_a_property_of_the_wrong_type_or_read_only_is_told(desk: Desk):
    add(desk, "sluicegate_score string text")
    add(desk, "sluicegate_gate string text c")
    hide_property(desk.portal, "sluicegate_missing")
    assert "sluicegate_score (score) is a string field; number is what we write." in said(desk, "warning")
    missing = said(desk, "missing")
    assert "sluicegate_gate (gate) may not be edited by our user" in missing
    assert "sluicegate_missing (missing) does not exist" in missing


def test_a_mapped_property_that_cannot_be_read_or_does_not_fit_is_told(desk: Desk):
    add(desk, "deal_budget string text")
    fields = {"segment": "no_such_property", "discount_percent": "deal_budget"}
    assert "no_such_property (segment) cannot be read: deals are unknown in it." in said(desk, "missing", fields=fields)
    slip = said(desk, "missing", fields={"segment": "deal_buget"})
    assert "deal_buget (segment) cannot be read: deals are unknown in it; did you mean 'deal_budget'?" in slip
    wrong = "deal_budget is a string field, but discount_percent is of type number."
    assert wrong in said(desk, "warning", fields=fields)


@pytest.mark.parametrize("desk", [Settings(tier="starter")], indirect=True)
def test_a_small_account_hears_of_its_limits_and_of_what_it_does_not_keep(desk: Desk):
    assert "takes 100 calls in ten seconds and 250000 a day, as Free or Starter accounts have" in said(desk, "ok")
    assert "keeps no dates of stages" in said(desk, "note")


def test_the_days_usage_is_that_of_all_private_apps_together(desk: Desk):
    desk.portal.settings.daily = 1000
    desk.portal.limits.used = 400
    assert "of the account's 1000 daily calls are left; our share is 200." in said(desk, "ok")
    left = int(said(desk, "ok").rsplit(" of the account's", 1)[0].split()[-1])
    assert 500 < left < 600


def test_open_deals_of_deactivated_owners_are_counted_by_owner(desk: Desk):
    rep = desk.portal.owner(REP).id
    for number in range(3):
        desk.deal(f"Deal {number}", hubspot_owner_id=rep)
    desk.deal("Closed", hubspot_owner_id=rep, dealstage="closedwon")
    desk.deal("Nobody's")
    deactivate_owner(desk.portal, REP)
    desk.later(minutes=1)
    assert "3 of 4 open deals belong to deactivated owners: Rita Rep (3)." in said(desk, "warning")


def test_deals_that_a_sync_shares_with_salesforce_are_told_and_who_is_the_writer(desk: Desk):
    add(desk, "hs_salesforceopportunityid string text")
    desk.deal("Twin", hs_salesforceopportunityid="006000000000001AAA")
    desk.deal("Single")
    desk.later(minutes=1)
    text = said(desk, "warning")
    assert "1 of 2 open deals carry the id of a Salesforce opportunity in hs_salesforceopportunityid" in text
    assert 'linked_id = "hs_salesforceopportunityid"' in text
    assert "set linked_to to the name of that connection" in text


def test_feeds_without_their_scope_are_missing(desk: Desk):
    take_scope(desk.portal, "crm.objects.contacts.read")
    take_scope(desk.portal, "crm.schemas.contacts.read")
    take_scope(desk.portal, "crm.objects.contacts.write")
    text = said(desk, "missing")
    assert "The feed of activities cannot be read" in text
    assert "The feed of contact roles cannot be read" in text
