"""What check says of a portal before a run."""

from __future__ import annotations

from datetime import date

import pytest

from sandbox.hubspot import Settings
from sandbox.hubspot.events import deactivate_owner, hide_property, take_scope
from sandbox.hubspot.schema import parse_property as property_of
from tests.connectors.hubspot.portal import REP, PortalDriver, records


def remarks_of(hub: PortalDriver, level=None, **changes):
    remarks = hub.connector(**changes).check(hub.portal.clock.now())
    return "\n".join(remark.text for remark in remarks if level in (None, remark.level))


def add(hub: PortalDriver, line):
    made = property_of(line, "dealinformation", own=True)
    hub.portal.properties["deals"][made.name] = made


def test_all_is_well(hub: PortalDriver):
    hub.deal()
    hub.later(minutes=1)
    text = remarks_of(hub, "ok")
    assert "Connected to portal 52016473 (America/New_York, USD) by private app." in text
    assert "Our app has the 7 scopes that it needs." in text
    assert "All 11 fields that we write are there and may be edited." in text
    assert "The feed of activities can be read." in text
    assert "HubSpot takes 190 calls in ten seconds and 1000000 a day, as Enterprise accounts have." in text
    assert "of the account's 1000000 daily calls are left; our share is 200000." in text
    assert remarks_of(hub, "missing") == remarks_of(hub, "warning") == ""


@pytest.mark.parametrize("status", [403, 404])
def test_an_account_that_is_not_described_is_read_in_the_connections_zone_and_reported_so(hub: PortalDriver, status):
    deal = hub.deal(closedate="2026-12-01T03:00:00Z")
    hub.portal.faults.add("unavailable", path="/account-info/v3/details", status=status, code="NO", count=None)
    found = records(hub.connector(zone="America/Chicago").pull({}), "opportunity")
    assert found[deal]["close_date"] == date(2026, 11, 30)
    assert "close dates are read in America/Chicago" in remarks_of(hub, "warning", zone="America/Chicago")
    assert "Connected to portal 52016473" in remarks_of(hub, "ok", zone="America/Chicago")


def test_missing_scopes_are_named_each_with_its_use(hub: PortalDriver):
    take_scope(hub.portal, "sales-email-read")
    take_scope(hub.portal, "crm.objects.owners.read")
    text = remarks_of(hub, "missing")
    assert "lacks the scope sales-email-read, which reads which mails were sent and answered" in text
    assert "lacks the scope crm.objects.owners.read, which reads owners" in text


def test_an_app_that_may_not_read_deals_gets_a_sentence_for_every_scope_it_lacks(hub: PortalDriver):
    for right in ("crm.objects.deals.read", "crm.objects.deals.write", "crm.schemas.deals.read"):
        take_scope(hub.portal, right)
    text = remarks_of(hub, "missing")
    assert "lacks the scope crm.objects.deals.write, which writes our properties on deals" in text
    assert "Our HubSpot app may not read deals; give it the scope crm.objects.deals.read." in text


def test_a_scope_that_only_provision_needs_is_reported(hub: PortalDriver):
    text = remarks_of(hub, "note", access_token=hub.server.admin_token)
    assert "also has crm.schemas.deals.write, which only provision needs; take it away" in text


def test_an_oauth_app_is_asked_in_its_own_way_and_gets_no_figure_of_the_day(hub: PortalDriver):
    oauth = hub.server.oauth
    secrets = {"client_id": oauth.client_id, "client_secret": oauth.client_secret}
    text = remarks_of(hub, auth="oauth", access_token=None, refresh_token=oauth.refresh_token, **secrets)
    assert "by oauth." in text
    assert "Our app has the 7 scopes that it needs." in text
    assert "HubSpot takes 110 calls of our app in ten seconds" in text


def test_a_property_of_the_wrong_type_or_read_only_is_reported(hub: PortalDriver):
    add(hub, "sluicegate_score string text")
    add(hub, "sluicegate_gate string text c")
    hide_property(hub.portal, "sluicegate_missing")
    assert "sluicegate_score (score) is a string field; number is what we write." in remarks_of(hub, "warning")
    missing = remarks_of(hub, "missing")
    assert "sluicegate_gate (gate) may not be edited by our user" in missing
    assert "sluicegate_missing (missing) does not exist" in missing


def test_a_mapped_property_that_cannot_be_read_or_does_not_fit_is_reported(hub: PortalDriver):
    add(hub, "deal_budget string text")
    fields = {"segment": "no_such_property", "discount_percent": "deal_budget"}
    assert "no_such_property (segment) cannot be read: deals are unknown in it." in remarks_of(
        hub, "missing", fields=fields
    )
    slip = remarks_of(hub, "missing", fields={"segment": "deal_buget"})
    assert "deal_buget (segment) cannot be read: deals are unknown in it; did you mean 'deal_budget'?" in slip
    wrong = "deal_budget is a string field, but discount_percent is of type number."
    assert wrong in remarks_of(hub, "warning", fields=fields)


@pytest.mark.parametrize("hub", [Settings(tier="starter")], indirect=True)
def test_a_small_account_hears_of_its_limits_and_of_what_it_does_not_keep(hub: PortalDriver):
    assert "takes 100 calls in ten seconds and 250000 a day, as Free or Starter accounts have" in remarks_of(hub, "ok")
    assert "keeps no dates of stages" in remarks_of(hub, "note")


def test_the_days_usage_is_that_of_all_private_apps_together(hub: PortalDriver):
    hub.portal.settings.daily = 1000
    hub.portal.limits.used = 400
    assert "of the account's 1000 daily calls are left; our share is 200." in remarks_of(hub, "ok")
    left = int(remarks_of(hub, "ok").rsplit(" of the account's", 1)[0].split()[-1])
    assert 500 < left < 600


def test_open_deals_of_deactivated_owners_are_counted_by_owner(hub: PortalDriver):
    rep = hub.portal.owner(REP).id
    for number in range(3):
        hub.deal(f"Deal {number}", hubspot_owner_id=rep)
    hub.deal("Closed", hubspot_owner_id=rep, dealstage="closedwon")
    hub.deal("Nobody's")
    deactivate_owner(hub.portal, REP)
    hub.later(minutes=1)
    assert "3 of 4 open deals belong to deactivated owners: Rita Rep (3)." in remarks_of(hub, "warning")


def test_deals_that_a_sync_shares_with_salesforce_are_reported_and_who_is_the_writer(hub: PortalDriver):
    add(hub, "hs_salesforceopportunityid string text")
    hub.deal("Twin", hs_salesforceopportunityid="006000000000001AAA")
    hub.deal("Single")
    hub.later(minutes=1)
    text = remarks_of(hub, "warning")
    assert "1 of 2 open deals carry the id of a Salesforce opportunity in hs_salesforceopportunityid" in text
    assert 'linked_id = "hs_salesforceopportunityid"' in text
    assert "set linked_to to the name of that connection" in text


def test_feeds_without_their_scope_are_missing(hub: PortalDriver):
    take_scope(hub.portal, "crm.objects.contacts.read")
    take_scope(hub.portal, "crm.schemas.contacts.read")
    take_scope(hub.portal, "crm.objects.contacts.write")
    text = remarks_of(hub, "missing")
    assert "The feed of activities cannot be read" in text
    assert "The feed of contact roles cannot be read" in text
