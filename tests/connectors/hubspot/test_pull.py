"""Deals of a local portal as records: what comes, what has gone, what changed, and how many calls it takes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from sandbox.hubspot import Settings, add_owner, add_pipeline
from sandbox.hubspot.associations.with_records import part
from sandbox.hubspot.events import (
    archive_stage,
    bulk_edit,
    create_as,
    deactivate_owner,
    delete_as,
    edit_as,
    edit_pipeline,
    erase,
    hide_property,
    link,
    merge_deals,
    restore,
    show_property,
    take_scope,
)  # fmt: skip
from tests.connectors.hubspot.bulk import bulk
from tests.connectors.hubspot.portal import REP, PortalDriver, cursors, records


def pulled(hub: PortalDriver, before=(), *, full=False, **settings):
    return list(hub.connector(**settings).pull(cursors(list(before)), full=full))


def deals_of(pages):
    return records(pages, "opportunity")


def test_a_deal_is_read_with_all_that_policies_ask(hub: PortalDriver):
    deal = hub.deal(amount="1000.10", hs_next_step=" Call ", hubspot_owner_id=hub.portal.owner(REP).id)
    found = deals_of(pulled(hub))[deal]
    assert found["amount"] == Decimal("1000.1")
    assert found["next_step"] == "Call"
    assert (found["pipeline"], found["stage_name"]) == ("Sales Pipeline", "appointmentscheduled")
    assert (found["is_closed"], found["is_won"], found["probability"]) == (False, False, 0.2)
    assert found["currency"] == "USD"
    assert found["created"] == datetime(2026, 11, 3, 9, tzinfo=UTC)
    assert found["unread"] == []


def test_the_close_date_is_the_day_that_the_portal_shows(hub: PortalDriver):
    late = hub.deal(closedate="2026-12-01T04:30:00Z")  # half past eleven in New York, the day before
    found = deals_of(pulled(hub, zone="Asia/Tokyo"))[late]
    assert found["close_date"] == date(2026, 11, 30)


def test_money_stays_exact_and_blanks_are_blank(hub: PortalDriver):
    exact, blank = hub.deal(amount="123456789012.34"), hub.deal()
    hub.edit(blank, amount="5", hs_next_step="x")
    hub.edit(blank, amount="", hs_next_step="")
    found = deals_of(pulled(hub))
    assert found[exact]["amount"] == Decimal("123456789012.34")
    assert (found[blank]["amount"], found[blank]["next_step"]) == (None, None)


def test_won_and_lost_are_known_by_probability_texts(hub: PortalDriver):
    add_pipeline(hub.portal, "renewals", "Renewals", [("open1", "Open", 0.5), ("won1", "Won", 1), ("no1", "No", 0)])
    won, lost = hub.deal(pipeline="renewals", dealstage="won1"), hub.deal(pipeline="renewals", dealstage="no1")
    pages = pulled(hub)
    found, stages = deals_of(pages), records(pages, "crm_stage")
    assert (found[won]["is_closed"], found[won]["is_won"]) == (True, True)
    assert (found[lost]["is_closed"], found[lost]["is_won"]) == (True, False)
    assert found[won]["pipeline"] == "Renewals"
    assert (stages["renewals/won1"]["is_won"], stages["renewals/no1"]["is_won"]) == (True, False)


def test_a_deal_in_a_stage_that_is_no_longer_listed_keeps_what_it_says_of_itself(hub: PortalDriver):
    deal = hub.deal(dealstage="contractsent")
    before = pulled(hub)
    archive_stage(hub.portal, "contractsent")
    hub.later(hours=1)
    pages = pulled(hub, before)
    found = deals_of(pages)[deal]
    assert (found["stage_name"], found["is_closed"], found["pipeline"]) == ("contractsent", False, "Sales Pipeline")


def test_owners_are_known_by_owner_id_also_after_they_left(hub: PortalDriver):
    owner = hub.portal.owner(REP)
    deal = hub.deal(hubspot_owner_id=owner.id)
    deactivate_owner(hub.portal, REP)
    pages = pulled(hub)
    assert deals_of(pages)[deal]["owner_id"] == owner.id != str(owner.user_id)
    found = records(pages, "owner")[owner.id]
    assert (found["name"], found["username"], found["is_active"], found["team"]) == ("Rita Rep", REP, False, "East")


def test_moves_are_reported_from_history_with_who_made_them(hub: PortalDriver):
    deal = hub.deal(amount="5")
    hub.later(days=3)
    hub.edit(deal, dealstage="contractsent", amount="7", closedate="2027-01-31T05:00:00Z", hs_next_step="Mail")
    hub.later(days=1)
    edit_as(hub.portal, "workflow", "deals", deal, {"dealstage": "qualifiedtobuy"})
    pages = pulled(hub)
    owner = hub.portal.owner(REP).id
    stages = sorted(records(pages, "stage_change").values(), key=lambda change: change["at"])
    assert [(s["stage_name"], s["actor_id"]) for s in stages[:2]] == [
        ("appointmentscheduled", owner), ("contractsent", owner),
    ]  # fmt: skip
    assert stages[2]["actor_id"].startswith("automation:")
    moves = {m["field"]: (m["before"], m["after"], m["actor_id"]) for m in records(pages, "field_change").values()}
    assert moves["amount"] == ("5", "7", owner)
    assert moves["close_date"] == ("2026-12-31", "2027-01-31", owner)
    assert moves["next_step"] == (None, "Mail", owner)


def test_a_close_date_moved_within_its_day_is_no_push(hub: PortalDriver):
    deal = hub.deal(closedate="2026-12-01T15:00:00Z")
    hub.later(days=3)
    hub.edit(deal, closedate="2026-12-01T18:00:00Z")
    assert not records(pulled(hub), "field_change")


def test_a_move_by_our_own_app_is_known_as_our_own(hub: PortalDriver):
    deal = hub.deal()
    hub.later(days=3)
    crm = hub.connector()
    api = crm._client.api("crm.deals.basic_api")
    crm._client.call(api.update, deal, {"properties": {"dealstage": "contractsent"}})
    pages = list(crm.pull({}))
    moved = max(records(pages, "stage_change").values(), key=lambda change: change["at"])
    assert moved["actor_id"] == crm.describe().user_id
    found = deals_of(pages)[deal]
    assert found["last_edit"] < found["modified"]


@pytest.mark.parametrize("hub", [Settings(versions=3)], indirect=True)
def test_a_date_history_cut_short_is_unknown_not_unmoved(hub: PortalDriver):
    deal, whole = hub.deal(), hub.deal("Whole")
    for month in range(1, 6):
        hub.later(days=3)
        stage = ("contractsent", "qualifiedtobuy")[month % 2]
        hub.edit(deal, closedate=f"2027-0{month}-15T15:00:00Z", dealstage=stage)
    found = deals_of(pulled(hub))
    assert found[deal]["unread"] == ["date_history"]
    assert found[whole]["unread"] == []


def test_contacts_with_their_labels_are_the_roles(hub: PortalDriver):
    deal = hub.deal()
    contact = hub.create("contacts", deal, email="a@b.example")
    plain = hub.create("contacts", deal, email="c@d.example")
    hub.portal.links.add_label("deals", "contacts", "Economic buyer")
    link(hub.portal, "deals", deal, "contacts", contact, labels=["Economic buyer"])
    pages = pulled(hub)
    found = {role["contact_id"]: role["role"] for role in records(pages, "contact_role").values()}
    assert found == {contact: "Economic buyer", plain: None}
    assert any("contact_roles" in page.feeds for page in pages)


def test_a_page_tells_of_which_deals_it_has_every_contact(hub: PortalDriver):
    deal = hub.deal()
    contact = hub.create("contacts", deal, email="a@b.example")
    pages = pulled(hub)
    assert [page.whole for page in pages if page.whole] == [{"contact_role": {deal}}]
    hub.portal.clock.forward(timedelta(minutes=10))
    part(hub.portal, "deals", int(deal), "contacts", int(contact))
    hub.portal.clock.forward(timedelta(minutes=10))
    again = pulled(hub, pages)
    assert not records(again, "contact_role")
    assert any(deal in page.whole.get("contact_role", ()) for page in again)


def test_a_deal_without_contacts_or_company_is_no_fault(hub: PortalDriver):
    deal = hub.deal()
    pages = pulled(hub)
    assert deals_of(pages)[deal]["account_id"] is None
    assert not records(pages, "contact_role")


def test_the_primary_company_is_the_account(hub: PortalDriver):
    deal = hub.deal()
    hub.create("companies", deal, name="Partner")
    main = hub.create("companies", name="Acme Inc")
    link(hub.portal, "deals", deal, "companies", main, labels=["Primary"])
    pages = pulled(hub)
    assert deals_of(pages)[deal]["account_id"] == main
    assert records(pages, "account")[main]["name"] == "Acme Inc"


def test_the_second_pull_reads_only_what_changed(hub: PortalDriver):
    quiet, busy = hub.deal("Quiet"), hub.deal("Busy")
    hub.later(hours=1)
    before = pulled(hub)
    hub.later(hours=1)
    hub.edit(busy, hs_next_step="Call")
    hub.later(minutes=1)
    found = deals_of(pulled(hub, before))
    assert set(found) == {busy}
    assert quiet not in found


def test_a_bulk_edit_past_the_search_cap_is_read_whole_and_once(tmp_path):
    found = bulk(650, tmp_path, Settings(search_cap=400, index_lag=45))
    assert found.whole
    assert (found.seen_at_once, found.searches, found.batches) == (0, 4, 13)


@pytest.mark.parametrize("hub", [Settings(index_lag=90)], indirect=True)
def test_a_change_that_the_index_has_not_seen_comes_with_the_next_pull(hub: PortalDriver):
    deal = hub.deal()
    hub.later(hours=1)
    before = pulled(hub)
    hub.later(hours=1)
    hub.edit(deal, hs_next_step="Call")
    second = pulled(hub, before)
    assert deal not in deals_of(second)
    hub.later(minutes=5)
    assert deals_of(pulled(hub, second))[deal]["next_step"] == "Call"


def test_many_deals_changed_at_one_instant_are_each_read_once(hub: PortalDriver):
    deals = {hub.deal(f"Deal {n}") for n in range(450)}
    before = pulled(hub)
    hub.later(hours=1)
    bulk_edit(hub.portal, REP, {"hs_next_step": "Call"})
    hub.later(minutes=1)
    pages = pulled(hub, before)
    rows = [record["id"] for page in pages for record in page.records.get("opportunity", ())]
    assert sorted(rows) == sorted(deals)


def test_an_edited_pipeline_moves_all_its_deals_but_changes_none(hub: PortalDriver):
    hub.deal("One"), hub.deal("Two")
    before = pulled(hub)
    hub.later(hours=1)
    edit_pipeline(hub.portal, order=3)
    hub.later(minutes=1)
    after = deals_of(pulled(hub, before))
    apart = ("modified",)
    assert [{k: v for k, v in deal.items() if k not in apart} for deal in after.values()] == [
        {k: v for k, v in deal.items() if k not in apart} for deal in deals_of(before).values()
    ]


def test_a_merged_deal_is_gone_not_written(hub: PortalDriver):
    winner, loser = hub.deal("Winner"), hub.deal("Loser")
    before = pulled(hub)
    hub.later(hours=1)
    merge_deals(hub.portal, REP, winner, loser)
    hub.later(minutes=1)
    found = deals_of(pulled(hub, before))
    assert (found[loser]["gone"], found[loser]["merged_into"]) == ("merged", winner)
    assert found[winner]["gone"] is None


def test_a_deleted_deal_is_gone_until_it_is_restored(hub: PortalDriver):
    deal = hub.deal()
    before = pulled(hub)
    hub.later(hours=1)
    delete_as(hub.portal, REP, "deals", deal)
    gone = pulled(hub, before)
    assert deals_of(gone)[deal]["gone"] == "deleted"
    hub.later(hours=1)
    restore(hub.portal, "deals", deal)
    hub.later(minutes=1)
    assert deals_of(pulled(hub, gone))[deal]["gone"] is None


def test_a_full_pass_names_all_that_is_present(hub: PortalDriver):
    kept, lost, binned = hub.deal("Kept"), hub.deal("Lost"), hub.deal("Binned")
    before = pulled(hub)
    erase(hub.portal, "deals", lost)
    delete_as(hub.portal, REP, "deals", binned)
    pages = pulled(hub, before, full=True)
    present = next(page.present["opportunity"] for page in pages if "opportunity" in page.present)
    assert present == {kept}
    assert deals_of(pages)[binned]["gone"] == "deleted"


def test_a_pull_that_was_cut_off_goes_on_where_it_stopped(hub: PortalDriver):
    deals = {hub.deal(f"Deal {n}") for n in range(1200)}
    kept = []
    for page in hub.connector().pull({}):
        kept.append(page)
        if page.records.get("opportunity"):
            break
    calls = hub.called("objects/deals")
    rest = pulled(hub, kept)
    assert set(deals_of(kept)) | set(deals_of(rest)) == deals
    assert not set(deals_of(kept)) & set(deals_of(rest))
    assert hub.called("objects/deals") - calls == 15  # 700 deals by fifty, and the bin


def test_a_full_pull_takes_a_call_for_fifty_deals(hub: PortalDriver):
    for n in range(600):
        hub.deal(f"Deal {n}")
    pulled(hub)
    others = ("calls", "emails", "meetings", "notes", "tasks", "associations")
    assert len(hub.portal.calls) - sum(hub.called(f"/{what}") for what in others) <= 600 / 50 + 10


def test_a_mapped_property_is_a_fact_by_its_label(hub: PortalDriver):
    deal = hub.deal(dealtype="existingbusiness")
    found = deals_of(pulled(hub, fields={"segment": "dealtype"}))[deal]
    assert found["facts"] == {"segment": "Existing Business"}


def test_a_yes_no_never_set_is_what_the_mapping_says(hub: PortalDriver):
    deal = hub.deal()
    fields = {"terms_agreed": {"field": "hs_priority", "when_blank": False}}
    assert deals_of(pulled(hub, fields=fields))[deal]["facts"] == {"terms_agreed": False}


def test_a_property_read_yesterday_and_missing_today_is_unknown_not_blank(hub: PortalDriver):
    deal = hub.deal(amount="5", description="tall")
    fields = {"pain_identified": "description"}
    before = pulled(hub, fields=fields)
    hide_property(hub.portal, "amount")
    hide_property(hub.portal, "description")
    hub.later(hours=1)
    hub.edit(deal, hs_next_step="Call")
    hub.later(minutes=1)
    second = pulled(hub, before, fields=fields)
    found = deals_of(second)[deal]
    assert "amount" not in found
    assert sorted(found["unread"]) == ["amount", "pain_identified"]
    show_property(hub.portal, "amount")
    hub.later(hours=1)
    hub.edit(deal, hs_next_step="Mail")
    hub.later(minutes=1)
    assert deals_of(pulled(hub, second, fields=fields))[deal]["amount"] == 5


def test_currencies_and_the_rates_of_the_portal(hub: PortalDriver):
    hub.portal.rates = {"EUR": [("2026-01-01", "1.1"), ("2026-06-01", "1.2")]}
    deal = hub.deal(amount="5", deal_currency_code="EUR")
    pages = pulled(hub)
    assert deals_of(pages)[deal]["currency"] == "EUR"
    assert {rate["on"]: rate["multiply"] for rate in records(pages, "rate").values()} == {
        date(2026, 1, 1): Decimal("1.1"), date(2026, 6, 1): Decimal("1.2"),
    }  # fmt: skip


def test_every_rate_that_was_ever_set_is_read_however_many(hub: PortalDriver):
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(250)]
    hub.portal.rates = {"EUR": [(day.isoformat(), f"1.{n:03}") for n, day in enumerate(days)]}
    assert {rate["on"] for rate in records(pulled(hub), "rate").values()} == set(days)


def test_without_the_portals_rates_those_on_the_deals_count(hub: PortalDriver):
    hub.portal.rates = {"EUR": [("2026-01-01", "1.1")]}
    hub.deal(amount="5", deal_currency_code="EUR")
    take_scope(hub.portal, "multi_currency_details_read")
    found = records(pulled(hub), "rate").values()
    assert [(rate["currency"], rate["multiply"]) for rate in found] == [("EUR", Decimal("1.1"))]


def test_without_the_right_to_contacts_the_feed_is_not_reported(hub: PortalDriver):
    deal = hub.deal()
    for right in ("objects.contacts.read", "objects.contacts.write", "schemas.contacts.read"):
        take_scope(hub.portal, f"crm.{right}")
    pages = pulled(hub)
    assert deal in deals_of(pages)
    assert not any("contact_roles" in page.feeds for page in pages)


def test_an_import_by_nobody_in_particular_is_unknown(hub: PortalDriver):
    add_owner(hub.portal, "other@acme.example", "Otto", "Other")
    deal = create_as(hub.portal, "import", "deals", {"dealname": "Imported", "dealstage": "contractsent"})
    changes = [c for c in records(pulled(hub), "stage_change").values() if c["opportunity_id"] == deal]
    assert [change["actor_id"] for change in changes] == [None]


def test_deals_by_id_say_what_became_of_them(hub: PortalDriver):
    here, binned, winner, loser = (hub.deal(name) for name in ("Here", "Binned", "Winner", "Loser"))
    delete_as(hub.portal, REP, "deals", binned)
    merge_deals(hub.portal, REP, winner, loser)
    found = deals_of([hub.connector().read([here, binned, loser, "77", "no id"])])
    assert {key: record["gone"] for key, record in found.items()} == {
        here: None, binned: "deleted", loser: "merged", "77": "vanished", "no id": "vanished",
    }  # fmt: skip
