"""What people say beside the policies: pauses on records, approvals of what the brake holds."""

from datetime import date

import polars as pl
import pytest

from model.deal_keys import DealKeys
from model.previous_verdict import PAUSES, PreviousVerdict
from store import VANISHED, Approval
from tests.store.fixtures import DAY, NOON, deal, keep, snapshot

END = "2026-12-01"


def named(**changes):
    return {"ours": {"pause_until": END, "pause_reason": "On leave"} | changes}


def granted(key, number=1, **changes):
    row = {"key": key, "number": number, "asked": date(2026, 12, 1), "until": date(2026, 12, 1), "reason": "On leave",
           "began": date(2026, 11, 2), "stage_name": "Demo", "owner_id": "u1", "ended": None} | changes  # fmt: skip
    return pl.DataFrame([row], schema=PAUSES)


def key_of(store, id_):
    return snapshot(store).deals.filter(id=id_)["key"].item()


def test_a_record_that_names_a_pause_is_found_with_its_reason(store):
    keep(store, opportunity=[deal("d1", **named()), deal("d2", ours={"pause_until": None, "pause_reason": None})])
    _, asked = store.approvals.pauses("acme")
    assert asked.rows() == [(key_of(store, "d1"), date(2026, 12, 1), "On leave", True)]


def test_what_cannot_be_read_as_a_date_is_no_pause(store):
    keep(store, opportunity=[deal("d1", **named(pause_until="soon"))])
    assert store.approvals.pauses("acme")[1].is_empty()


def test_granted_pauses_are_kept_and_replaced_range_by_range(store):
    keep(store, opportunity=[deal("d1"), deal("d2")])
    store.approvals.keep_pauses("acme", pl.concat([granted(1), granted(2)]))
    store.approvals.keep_pauses("acme", granted(1, ended=date(2026, 11, 9)), keys=DealKeys(1, 1))
    kept, _ = store.approvals.pauses("acme")
    assert kept.select("key", "ended").rows() == [(1, date(2026, 11, 9)), (2, None)]
    assert store.approvals.pauses("acme", DealKeys(2, 2))[0]["key"].to_list() == [2]


def test_pauses_of_some_deals_are_replaced_and_those_between_them_stay(store):
    keep(store, opportunity=[deal(f"d{n}") for n in range(1, 4)])
    store.approvals.keep_pauses("acme", pl.concat([granted(1), granted(2), granted(3)]))
    some = DealKeys.of(frozenset({1, 3}))
    store.approvals.keep_pauses("acme", granted(3), keys=some)
    assert store.approvals.pauses("acme")[0]["key"].to_list() == [2, 3]
    assert store.approvals.pauses("acme", some)[0]["key"].to_list() == [3]


def test_a_granted_pause_with_fields_that_can_no_longer_be_read_says_so(store):
    keep(store, opportunity=[deal("d1", **named()), deal("d2")])
    key = key_of(store, "d1")
    store.approvals.keep_pauses("acme", granted(key))
    keep(store, NOON + DAY, opportunity=[deal("d1", ours={"score": 5})])
    assert store.approvals.pauses("acme")[1].rows() == [(key, None, None, False)]


def test_deals_that_are_gone_are_not_paused(store):
    keep(store, opportunity=[deal("d1", **named(), gone="deleted")])
    assert store.approvals.pauses("acme")[1].is_empty()


def test_an_approval_is_kept_and_a_later_one_of_the_same_revision_replaces_it(store):
    for up_to, revision in [(5, "r1"), (9, "r1"), (3, "r2")]:
        store.approvals.approve("acme", Approval("no-activity", revision, up_to, "Joan", NOON))
    found = sorted((one.revision, one.up_to) for one in store.approvals.all("acme"))
    assert (found, store.approvals.all("other")) == ([("r1", 9), ("r2", 3)], [])


def test_an_approval_is_used_with_the_verdict_and_not_where_that_was_not_kept(store):
    keep(store, opportunity=[deal("d1")])
    given = Approval("no-activity", "r1", 5, "Joan", NOON)
    store.approvals.approve("acme", given)
    first, second = (store.runs.start("acme", NOON, "", "", "run") for _ in range(2))
    verdict = [PreviousVerdict().findings, PreviousVerdict().deals, PreviousVerdict().breaches]
    store.verdicts.keep("acme", second, NOON, *verdict)
    with pytest.raises(ValueError, match="a later run"):
        store.verdicts.keep("acme", first, NOON, *verdict, used=[given])
    assert [one.used for one in store.approvals.all("acme")] == [None]
    store.verdicts.keep("acme", second, NOON, *verdict, used=[given])
    assert [(one.used, one.good) for one in store.approvals.all("acme")] == [(NOON, False)]


def test_an_approval_given_anew_is_good_and_remembers_when_the_revision_was_let_through(store):
    first, again = (Approval("no-activity", "r1", 5, "Joan", NOON + n * DAY) for n in (0, 2))
    keep(store, opportunity=[deal("d1")])
    store.approvals.approve("acme", first)
    run = store.runs.start("acme", NOON, "", "", "run")
    none = PreviousVerdict()
    store.verdicts.keep("acme", run, NOON + DAY, none.findings, none.deals, none.breaches, used=[first])
    store.approvals.approve("acme", again)
    assert [(one.used, one.good) for one in store.approvals.all("acme")] == [(NOON + DAY, True)]


def test_a_reconciliation_that_a_person_approved_gives_many_deals_up_once(store):
    deals = [deal(f"d{n}") for n in range(60)]
    keep(store, opportunity=deals)
    few = frozenset({"d0"})
    assert keep(store, present={"opportunity": few}).held_back == 59
    store.approvals.approve("acme", Approval(VANISHED, "", 58, "Joan", NOON))
    assert keep(store, present={"opportunity": few}).held_back == 59
    store.approvals.approve("acme", Approval(VANISHED, "", 59, "Joan", NOON))
    assert keep(store, present={"opportunity": few}).vanished == 59
    keep(store, NOON + DAY, opportunity=deals)
    assert keep(store, present={"opportunity": few}).held_back == 59
