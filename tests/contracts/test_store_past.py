"""Any past day as it was known: from the CRM's own history, and from our mirror since first sight."""

from datetime import date, timedelta
from decimal import Decimal

import polars as pl

from model.deal_keys import DealKeys
from tests.store.fixtures import DAY, NOON, activity, deal, edited, keep, moved, only, snapshot

STAGES = [
    {"id": name, "pipeline": None, "name": name, "label": name, "is_active": True, "is_closed": name in {"Won", "Lost"},
     "is_won": name == "Won", "probability": None, "sort": n}
    for n, name in enumerate(["Qualify", "Propose", "Won", "Lost"])
]  # fmt: skip
HOUR = timedelta(hours=1)


def test_a_past_day_shows_the_values_of_that_day(store):
    keep(store, NOON, opportunity=[deal(facts={"segment": "small"})])
    keep(
        store,
        NOON + 2 * DAY,
        opportunity=[edited(NOON + DAY, amount=Decimal(7), owner_id="u2", facts={"segment": "mid"})],
    )
    now = edited(
        NOON + 3 * DAY, amount=Decimal(9), owner_id="u2", close_date=date(2027, 2, 1), facts={"segment": "big"}
    )
    keep(store, NOON + 4 * DAY, opportunity=[now])
    seen = [only(snapshot(store, NOON + days * DAY + HOUR).deals) for days in (0, 1, 3)]
    assert [row["amount"] for row in seen] == [Decimal("1250.5"), Decimal(7), Decimal(9)]
    assert [row["owner_id"] for row in seen] == ["u1", "u2", "u2"]
    assert [row["close_date"] for row in seen] == [date(2026, 12, 1), date(2026, 12, 1), date(2027, 2, 1)]
    assert [row["facts"] for row in seen] == ['{"segment":"small"}', '{"segment":"mid"}', '{"segment":"big"}']
    assert [row["unread"] for row in seen] == ["", "", ""]
    assert [row["owner_changed"] for row in seen] == [None, NOON + DAY, NOON + DAY]


def test_an_owner_whom_nobody_saw_change_is_as_old_as_the_deal_where_a_change_would_have_been_seen(store):
    values = {"id": "h1", "opportunity_id": "d9", "field": "owner_id", "before": "u1", "after": "u2",
            "changed_at": NOON - 30 * DAY, "actor_id": "u1", "origin": "crm"}  # fmt: skip
    born = {"d1": NOON - 31 * DAY, "d2": NOON - 29 * DAY, "d3": NOON - HOUR / 2}
    deals = [deal(key, created=at) for key, at in born.items()]
    keep(store, NOON, opportunity=deals)
    keep(store, NOON + HOUR, field_change=[])
    found = dict(snapshot(store, NOON + DAY).deals.select("id", "owner_changed").iter_rows())
    assert found == {"d1": None, "d2": None, "d3": born["d3"]}
    keep(store, NOON + 2 * HOUR, opportunity=[deal("d9", created=NOON - 40 * DAY)], field_change=[values])
    found = dict(snapshot(store, NOON + DAY).deals.select("id", "owner_changed").iter_rows())
    assert found == {"d1": None, "d2": born["d2"], "d3": born["d3"], "d9": NOON - 30 * DAY}


def test_a_change_that_we_saw_between_two_pulls_may_be_as_old_as_the_first_of_them(store):
    small = deal(facts={"segment": "small"})
    large = edited(NOON + DAY, facts={"segment": "large"}, pipeline="Renewal")
    keep(store, NOON, opportunity=[small])
    keep(store, NOON + 2 * DAY, opportunity=[large])
    found = snapshot(store, NOON + 3 * DAY, claims=("pipeline", "segment")).claim_changes
    seen = small["modified"]
    rows = found.sort("field").select("at", "field", "before").rows()
    assert rows == [(seen, "pipeline", "null"), (seen, "segment", '"small"')]
    assert snapshot(store, NOON + 3 * DAY, claims=("owner_id",)).claim_changes.is_empty()


def test_a_deal_is_left_out_before_it_was_created(store):
    keep(store, opportunity=[deal(), deal("d2", created=NOON - DAY)])
    assert snapshot(store, NOON - 2 * DAY).deals["id"].to_list() == ["d1"]


def test_a_deal_stands_in_the_stage_of_its_history(store):
    moves = [
        moved("s1", "d1", NOON - 30 * DAY, "Qualify"),
        moved("s2", "d1", NOON - 20 * DAY, "Propose"),
        moved("s3", "d1", NOON - 10 * DAY, "Won"),
    ]
    won = deal(stage_name="Won", is_closed=True, is_won=True)
    keep(store, opportunity=[won, deal("d2")], stage_change=moves, crm_stage=STAGES)
    seen = snapshot(store, NOON - 15 * DAY)
    row = seen.deals.to_dicts()[0]
    assert (row["stage_name"], row["is_closed"], row["is_won"]) == ("Propose", False, False)
    assert seen.stage_changes["stage_name"].to_list() == ["Qualify", "Propose"]
    assert snapshot(store).deals.to_dicts()[0]["is_won"] is True


def test_a_stage_the_crm_no_longer_lists_leaves_open_or_closed_unknown(store):
    moves = [moved("s1", "d1", NOON - 30 * DAY, "Old name"), moved("s2", "d1", NOON - 10 * DAY, "Won")]
    keep(store, opportunity=[deal(stage_name="Won", is_closed=True)], stage_change=moves, crm_stage=STAGES)
    row = only(snapshot(store, NOON - 15 * DAY).deals)
    assert (row["stage_name"], row["is_closed"]) == ("Old name", None)
    assert {"is_closed", "is_won"} <= set(row["unread"].split(";"))
    assert "stage_name" not in row["unread"]


def test_what_was_edited_before_we_first_saw_it_is_unknown_on_earlier_days(store):
    keep(store, opportunity=[deal(facts={"segment": "mid"}), deal("d2", last_edit=NOON - 25 * DAY)])
    before, after = snapshot(store, NOON - 20 * DAY).deals["unread"], snapshot(store, NOON - 9 * DAY).deals["unread"]
    assert {"amount", "close_date", "owner_id", "segment", "stage_name"} <= set(before[0].split(";"))
    assert before[1] == ""
    assert after.to_list() == ["", ""]


def test_what_the_crm_has_history_of_is_known_on_every_day(store):
    change = {
        "id": "h1", "opportunity_id": "d1", "field": "amount", "before": "500", "after": "1250.50",
        "changed_at": NOON - 10 * DAY, "actor_id": "u1", "origin": "crm",
    }  # fmt: skip
    moves = [moved("s1", "d1", NOON - 30 * DAY, "Qualify")]
    keep(store, opportunity=[deal()], field_change=[change], stage_change=moves, crm_stage=STAGES)
    row = only(snapshot(store, NOON - 20 * DAY).deals)
    assert row["amount"] == Decimal(500)
    unread = set(row["unread"].split(";"))
    assert not {"amount", "stage_name", "is_closed"} & unread
    assert "close_date" in unread


def test_an_edit_made_while_we_were_reading_belongs_to_the_next_run(store):
    keep(store, opportunity=[deal()])
    late = NOON + DAY + HOUR
    store_page = edited(late, amount=Decimal(1))
    keep(store, NOON + DAY, opportunity=[store_page])
    assert only(snapshot(store, NOON + DAY).deals)["amount"] == Decimal("1250.5")
    assert only(snapshot(store, late).deals)["amount"] == Decimal(1)


def test_pushes_are_read_up_to_the_day(store):
    rows = [
        {"id": f"h{n}", "opportunity_id": "d1", "field": "close_date", "before": f"2026-1{n}-01",
         "after": f"2026-1{n + 1}-01", "changed_at": NOON - (5 - n) * DAY, "actor_id": None, "origin": "crm"}
        for n in (0, 1)
    ]  # fmt: skip
    keep(store, opportunity=[deal()], field_change=rows)
    moves = snapshot(store, NOON - 4 * DAY - HOUR).field_changes
    assert only(moves) | {"key": 0} == {
        "key": 0, "at": NOON - 5 * DAY, "field": "close_date", "before": '"2026-10-01"', "after": '"2026-11-01"',
    }  # fmt: skip
    assert snapshot(store).field_changes.height == 2


def test_a_slice_holds_its_own_deals_and_all_slices_hold_every_deal(store):
    keep(store, opportunity=[deal(f"d{n}") for n in range(10)], activity=[])
    slices = store.history.slices("acme", 4)
    parts = [snapshot(store, keys=part).deals["id"].to_list() for part in slices]
    assert [len(part) for part in parts] == [4, 4, 2]
    assert [id_ for part in parts for id_ in part] == snapshot(store).deals["id"].to_list()


def test_some_deals_are_read_with_their_own_history_and_activities(store):
    calls = [activity(f"a{n}", f"d{n}") for n in range(4)]
    keep(store, opportunity=[deal(f"d{n}") for n in range(4)], activity=calls)
    every = snapshot(store)
    some = DealKeys.of(frozenset(every.deals["key"].gather([0, 2]).to_list()))
    found = snapshot(store, keys=some)
    assert found.deals["id"].to_list() == ["d0", "d2"]
    assert found.activity.equals(every.activity.filter(pl.col("key").is_in(sorted(some.only))))


def test_a_reader_sees_one_state_whatever_is_written_meanwhile(store):
    keep(store, opportunity=[deal("d1")])
    with store.database.reading() as view:
        before = view.rows("SELECT count(*) FROM opportunity")
        keep(store, opportunity=[deal("d2")])
        assert view.rows("SELECT count(*) FROM opportunity") == before == [(1,)]
    with store.database.reading() as view:
        assert view.rows("SELECT count(*) FROM opportunity") == [(2,)]
