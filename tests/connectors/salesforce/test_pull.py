"""What comes out of an org, as the people in it left it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from model.records import COLUMNS
from sandbox.salesforce import Settings
from sandbox.salesforce.events import delete_as, erase, hide_field, merge_accounts, undelete
from sandbox.salesforce.setup import add_record_type
from tests.connectors.salesforce.sales import Sales, cursors, records

NINE = datetime(2026, 11, 3, 9, tzinfo=UTC)


def test_a_deal_arrives_trimmed_typed_and_exact(sales: Sales):
    deal = sales.deal("  Acme – Größe ", Amount=1234567890.12, NextStep="   ", StageName="Negotiation/Review")
    found = records(list(sales.connector().pull({})), "opportunity")[deal]
    assert found["name"] == "Acme – Größe"
    assert found["amount"] == Decimal("1234567890.12")
    assert found["next_step"] is None
    assert found["close_date"] == date(2026, 12, 31)
    assert found["probability"] == 0.9
    assert found["forecast_category"] == "pipeline"
    assert found["created"] == NINE
    assert found["currency"] == "USD"
    assert found["ours"] == dict.fromkeys(found["ours"])
    assert {"score", "pause_until"} <= set(found["ours"])
    assert found["unread"] == []
    assert found["gone"] is None


def test_every_record_keeps_to_its_declared_columns(sales: Sales):
    deal = sales.deal()
    sales.create("Task", WhatId=deal, Subject="Call", Status="Completed", TaskSubtype="Call")
    for page in sales.connector().pull({}, full=True):
        for table, rows in page.records.items():
            for row in rows:
                assert set(row) <= set(COLUMNS[table])


def test_a_row_committed_late_below_the_cursor_is_still_read(sales: Sales):
    sales.deal("Early")
    first = list(sales.connector().pull({}))
    late = sales.deal("Late")
    sales.org.tables["Opportunity"].put({**sales.row(late), "SystemModstamp": "2026-11-03T08:55:00.000+0000"})
    sales.org.clock.forward(timedelta(minutes=30))
    assert late in records(list(sales.connector().pull(cursors(first))), "opportunity")


def test_an_interrupted_first_pull_goes_on_where_it_was_kept(sales: Sales):
    deals = {sales.deal(f"Deal {n}") for n in range(2300)}
    sales.org.clock.forward(timedelta(hours=1))
    kept = []
    for page in sales.connector().pull({}):
        kept.append(page)
        if page.records.get("opportunity"):
            break
    rest = list(sales.connector().pull(cursors(kept)))
    assert len(records(kept, "opportunity")) == 2000
    assert len(records(rest, "opportunity")) == 300
    assert {*records(kept, "opportunity"), *records(rest, "opportunity")} == deals


def test_interrupted_history_goes_on_with_the_next_whole_deal(sales: Sales):
    deals = [sales.deal(f"Deal {n}") for n in range(1100)]
    for deal in deals:
        sales.edit(deal, StageName="Qualification")
    sales.org.clock.forward(timedelta(hours=3))
    kept = []
    for page in sales.connector().pull({}):
        kept.append(page)
        if page.records.get("stage_change"):
            break
    rest = list(sales.connector().pull(cursors(kept)))
    before, after = records(kept, "stage_change"), records(rest, "stage_change")
    assert len(before) + len(after) == len({*before, *after}) == 2 * len(deals)
    assert records(sales.connector().pull(cursors([*kept, *rest])), "stage_change") == {}


def test_hidden_close_dates_leave_the_feed_of_dates_out(sales: Sales):
    hide_field(sales.org, "OpportunityHistory", "CloseDate")
    crm = sales.connector()
    assert "pushes" not in crm.describe().mapped
    every = frozenset().union(*(page.feeds for page in crm.pull({})))
    assert ("stage_history" in every, "date_history" in every) == (True, False)


def test_stage_history_tells_each_move_once_and_moves_of_amount_and_close_date(sales: Sales):
    deal = sales.deal(Amount=100)
    for values in ({"StageName": "Qualification"}, {"Amount": 250.5}, {"CloseDate": "2027-01-31"}):
        sales.org.clock.forward(timedelta(days=1))
        sales.edit(deal, **values)
    pages = list(sales.connector().pull({}))
    moves = sorted(records(pages, "stage_change").values(), key=lambda move: move["at"])
    assert [move["stage_name"] for move in moves] == ["Prospecting", "Qualification"]
    changes = {c["field"]: (c["before"], c["after"]) for c in records(pages, "field_change").values()}
    assert changes == {"amount": ("100", "250.5"), "close_date": ("2026-12-31", "2027-01-31")}


def test_a_later_pull_compares_new_history_with_the_row_before_the_window(sales: Sales):
    deal = sales.deal(Amount=100)
    first = list(sales.connector().pull({}))
    sales.org.clock.forward(timedelta(days=3))
    sales.edit(deal, Amount=90)
    pages = list(sales.connector().pull(cursors(first)))
    change = next(iter(records(pages, "field_change").values()))
    assert (change["before"], change["after"], change["origin"]) == ("100", "90", "crm")
    assert len(records(pages, "stage_change")) == 1


def test_where_the_org_tracks_the_record_type_its_history_is_that_of_the_pipeline(sales: Sales):
    first, second = (add_record_type(sales.org, "Opportunity", name) for name in ("New business", "Renewal"))
    sales.org.objects["Opportunity"].tracked.add("RecordTypeId")
    deal = sales.deal(RecordTypeId=first)
    sales.edit(deal, RecordTypeId=second)
    changes = records(sales.connector().pull({}), "field_change").values()
    assert [(c["field"], c["before"], c["after"]) for c in changes] == [("pipeline", "New business", "Renewal")]


def test_tracked_fields_tell_next_step_and_owner(sales: Sales):
    sales.org.objects["Opportunity"].tracked |= {"NextStep", "OwnerId"}
    deal = sales.deal(NextStep="Call Bo")
    sales.org.clock.forward(timedelta(days=1))
    sales.edit(deal, NextStep="Send offer")
    found = [c for c in records(list(sales.connector().pull({})), "field_change").values() if c["field"] == "next_step"]
    assert [(c["before"], c["after"]) for c in found] == [("Call Bo", "Send offer")]


def test_activities_have_kind_state_and_the_time_they_happened(sales: Sales):
    deal = sales.deal()
    call = sales.create(
        "Task", WhatId=deal, Subject="Call", Status="Completed", TaskSubtype="Call", ActivityDate="2026-12-24"
    )
    bulk = sales.create("Task", WhatId=deal, Subject="News", Status="Completed", TaskSubtype="ListEmail")
    todo = sales.create("Task", WhatId=deal, Subject="Todo", ActivityDate="2026-11-09")
    met = sales.create("Event", WhatId=deal, Subject="Demo", StartDateTime="2026-11-02T15:00:00Z", DurationInMinutes=30)
    off = sales.create(
        "Event", WhatId=deal, Subject="Canceled: Demo", StartDateTime="2026-11-20T15:00:00Z", DurationInMinutes=30
    )
    found = records(list(sales.connector().pull({})), "activity")
    assert {key: (found[key]["kind"], found[key]["state"]) for key in (call, bulk, todo, met, off)} == {
        call: ("call", "done"),
        bulk: ("mail", "done"),
        todo: ("task", "open"),
        met: ("meeting", "done"),
        off: ("meeting", "cancelled"),
    }
    assert found[call]["at"] == NINE  # when it was completed, not when it was due
    assert found[todo]["at"] is None
    assert found[todo]["due"] == date(2026, 11, 9)
    assert found[met]["at"] == datetime(2026, 11, 2, 15, tzinfo=UTC)
    assert [found[key]["bulk"] for key in (call, bulk)] == [False, True]
    assert found[call]["opportunity_id"] == deal


def test_an_activity_of_an_account_is_not_read(sales: Sales):
    account = sales.create("Account", Name="Acme")
    sales.create("Task", WhatId=account, Subject="Call")
    assert records(list(sales.connector().pull({})), "activity") == {}


def test_people_and_accounts_come_along(sales: Sales):
    account = sales.create("Account", Name="Acme Inc")
    contact = sales.create("Contact", LastName="Buyer", AccountId=account)
    deal = sales.deal(AccountId=account)
    role = sales.create(
        "OpportunityContactRole", OpportunityId=deal, ContactId=contact, Role="Economic Buyer", IsPrimary=True
    )
    pages = list(sales.connector().pull({}))
    owner = records(pages, "owner")[records(pages, "opportunity")[deal]["owner_id"]]
    assert (owner["name"], owner["team"], owner["zone"]) == ("Rita Rep", "East", "America/New_York")
    assert records(pages, "contact_role")[role]["role"] == "Economic Buyer"
    assert records(pages, "account")[account]["name"] == "Acme Inc"


def test_stages_of_the_org_come_with_their_order(sales: Sales):
    stages = records(list(sales.connector().pull({})), "crm_stage")
    assert stages["Closed Won"]["is_won"]
    assert stages["Prospecting"]["sort"] == 1
    assert stages["Negotiation/Review"]["probability"] == 0.9


def test_a_deleted_deal_is_reported_and_a_restored_one_comes_back(sales: Sales):
    deal = sales.deal()
    first = list(sales.connector().pull({}))
    sales.org.clock.forward(timedelta(hours=1))
    delete_as(sales.org, "admin@acme.example", "Opportunity", deal)
    second = list(sales.connector().pull(cursors(first)))
    assert records(second, "opportunity")[deal]["gone"] == "deleted"
    sales.org.clock.forward(timedelta(hours=1))
    undelete(sales.org, "Opportunity", deal)
    third = list(sales.connector().pull(cursors([*first, *second])))
    assert records(third, "opportunity")[deal]["gone"] is None


def test_what_hangs_on_a_deal_comes_whole_by_its_id(sales: Sales):
    account = sales.create("Account", Name="Acme Inc")
    deal, other = sales.deal(AccountId=account), sales.deal("Other")
    task, on_account = (sales.create("Task", WhatId=what, Subject="Call") for what in (deal, account))
    sales.create("Task", WhatId=other, Subject="Call")
    alone = list(sales.connector().children([deal]))
    assert set(records(alone, "activity")) == {task}
    assert {table for page in alone for table in page.whole} == {"activity", "contact_role"}
    assert len(records(alone, "stage_change")) == 1
    rolled_up = list(sales.connector(activity={"roll_up": "contacts"}).children([deal]))
    assert set(records(rolled_up, "activity")) == {task, on_account}


def test_a_merged_account_is_reported_and_its_deals_point_to_the_winner(sales: Sales):
    winner, loser = sales.create("Account", Name="Acme Inc"), sales.create("Account", Name="ACME")
    deal = sales.deal(AccountId=loser)
    first = list(sales.connector().pull({}))
    sales.org.clock.forward(timedelta(hours=1))
    merge_accounts(sales.org, winner, [loser])
    second = list(sales.connector().pull(cursors(first)))
    assert records(second, "opportunity")[deal]["account_id"] == winner
    assert records(second, "account")[loser]["gone"] == "merged"
    assert records(second, "account")[winner]["gone"] is None


def test_a_full_pass_names_all_that_is_still_there(sales: Sales):
    kept, lost = sales.deal("Kept"), sales.deal("Lost")
    task = sales.create("Task", WhatId=kept, Subject="Call")
    first = list(sales.connector().pull({}))
    erase(sales.org, "Opportunity", lost)
    present = {}
    for page in sales.connector().pull(cursors(first), full=True):
        present |= page.present
    assert present == {"opportunity": {kept}, "contact_role": frozenset(), "activity": {task}}


def hide(sales: Sales, entity: str) -> None:
    text = f"sObject type '{entity}' is not supported."
    sales.org.faults.add(status=400, code="INVALID_TYPE", message=text, path=f"FROM\\+{entity}", count=None)


def test_tasks_of_a_deal_that_came_back_are_read_where_events_may_not_be(sales: Sales):
    deal = sales.deal()
    task = sales.create("Task", WhatId=deal, Subject="Call")
    hide(sales, "Event")
    pages = list(sales.connector().children([deal]))
    assert set(records(pages, "activity")) == {task}
    assert not any("activity" in page.whole for page in pages), "an event may be there"


@pytest.mark.parametrize("hidden", ["Task", "Event"])
def test_feeds_are_named_when_read_to_their_end_and_a_hidden_one_is_not(sales: Sales, hidden):
    every = frozenset().union(*(page.feeds for page in sales.connector().pull({})))
    assert every == {"activities", "stage_history", "date_history", "contact_roles"}
    hide(sales, hidden)
    some = frozenset().union(*(page.feeds for page in sales.connector().pull({})))
    assert some == every - {"activities"}


@pytest.mark.parametrize("sales", [Settings(multi_currency=True)], indirect=True)
def test_rates_turn_each_currency_into_the_connections_own(sales: Sales):
    rates = records(list(sales.connector(currency="EUR").pull({})), "rate")
    yen = rates["JPY always"]
    assert round(Decimal(149500) * yen["multiply"] / yen["divide"], 2) == Decimal("920.00")
    assert rates["EUR always"]["multiply"] == rates["EUR always"]["divide"]
