"""What is deleted by age, and what stays because something kept still needs it; on both databases."""

from datetime import timedelta

import pytest

from model.sync import Outcome, Patch
from store import DONE, UNDO
from tests.store.fixtures import DAY, NOON, deal, keep, rows

YEAR = 365 * DAY


def wrote(store, at, kind="run", before=None, after="x"):
    """A run that wrote the deal's flags."""
    run = store.runs.start("acme", at, f"digest {at.year}", "", kind, at=at)
    store.pushes.stage("acme", run, [Patch("d1", {"flag_ids": after}, {"flag_ids": before})], 200)
    batch = store.pushes.claim("acme", at)
    store.pushes.settle(batch, [Outcome("d1", "written")], at, at)
    store.runs.end(run, DONE, {"outcomes": {"written": 1}, "remarks": ["long"], "aside": [{"id": "d2"}]}, at)
    return run


@pytest.fixture
def years(store):
    """A run each year, the newest a day ago."""
    keep(store, opportunity=[deal()])
    return [wrote(store, NOON - DAY - n * YEAR) for n in (3, 2, 1, 0)]


def receipts(store):
    return [row["run"] for row in store.pushes.sent("acme")]


def test_old_receipts_go_by_whole_runs_and_with_their_batches(store, years):
    assert store.retention.receipts("acme", NOON - 2 * YEAR) == 2
    assert receipts(store) == years[2:]
    assert [row["run"] for row in rows(store, "batch")] == years[2:]
    assert store.retention.receipts("acme", NOON - 2 * YEAR) == 0


def test_when_every_receipt_is_old_all_go(store, years):
    assert years
    assert store.retention.receipts("acme", NOON + YEAR) == 4


def test_a_patch_that_is_not_settled_stays_with_its_run_and_all_later_ones(store, years):
    with store.database.writing() as sql:
        sql.run("UPDATE patch SET outcome = NULL WHERE run = ?", years[1])
    store.retention.receipts("acme", NOON)
    assert receipts(store) == years[1:]


def test_receipts_of_an_undo_stay_while_a_record_waits_as_it_left_it(store):
    keep(store, opportunity=[deal()])
    wrote(store, NOON - 2 * YEAR)
    undo = wrote(store, NOON - 2 * YEAR + DAY, kind=UNDO, before="x", after=None)
    store.retention.receipts("acme", NOON - YEAR)
    store.retention.runs("acme", NOON - YEAR)
    assert receipts(store) == [undo]
    assert [(one.key > 0, [run for run, _ in one.undos]) for one in store.pushes.restored("acme")] == [(True, [undo])]


def test_runs_go_when_nothing_names_them_and_the_newest_stay_whatever_their_age(store, years):
    old = [store.runs.start("acme", NOON - 3 * YEAR, "", "", "run", at=NOON - 3 * YEAR) for _ in range(3)]
    for run in old:
        store.runs.end(run, DONE, {}, NOON - 3 * YEAR)
    assert store.retention.runs("acme", NOON) == 0, "fewer than a hundred"
    for _ in range(100):
        store.runs.end(store.runs.start("acme", NOON, "", "", "run", at=NOON), DONE, {}, NOON)
    assert store.retention.runs("acme", NOON) == 3
    assert all(store.runs.get(run) for run in years), "their receipts are kept"
    store.retention.receipts("acme", NOON - YEAR)
    assert store.retention.runs("acme", NOON) == 3


def test_old_reports_are_shortened_to_their_counts(store, years):
    assert store.retention.reports("acme", NOON - 30 * DAY) == 3
    assert store.runs.get(years[0])["counts"] == {"outcomes": {"written": 1}, "remarks": [], "aside": []}
    assert store.runs.get(years[3])["counts"]["remarks"] == ["long"]
    assert store.retention.reports("acme", NOON - 30 * DAY) == 0


def test_policy_files_go_when_no_run_names_them(store, years):
    assert years
    for digest in ("digest 2026", "nobody's"):
        store.policy_sets.keep(digest, {"a.yaml": "x"}, NOON - YEAR)
    store.policy_sets.keep_kpis("acme", "d", {"a.yaml": "x"}, NOON - YEAR)
    assert store.retention.policy_files(NOON) == 1
    assert store.policy_sets.files("digest 2026")
    assert store.policy_sets.latest_kpis("acme")


def test_many_rows_go_in_batches_between_which_others_can_write(store, monkeypatch):
    monkeypatch.setattr("store.database.BATCH", 3)
    for hour in range(10):
        store.calls.note("acme", NOON - 40 * DAY + timedelta(hours=hour), "pull", 1)
    assert store.retention.calls("acme", NOON - 31 * DAY) == 10
