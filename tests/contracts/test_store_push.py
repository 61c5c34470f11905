"""The push queue: nothing is lost, nothing is sent twice unread, and every value that we replaced is on a receipt."""

from datetime import date, timedelta

import orjson
import pytest

from model.deal_keys import DealKeys
from model.sync import Outcome, Patch
from store import Joined, Store, patch_hash
from tests.store.fixtures import DAY, NOON, deal, keep, rows, snapshot

FIELDS = {"score": 80, "reasons": "No next step", "flagged_since": date(2026, 11, 1)}


@pytest.fixture
def pipeline(store):
    keep(store, opportunity=[deal("d1", ours={"score": 100}), deal("d2"), deal("d3", is_closed=True)])
    return store


def send(store, outcome="written", *, id_="d1", fields=FIELDS, before=None, at=NOON, closed=False):
    """Stage one patch, claim it and settle it; how many values were put back."""
    store.pushes.stage("acme", 1, [Patch(id_, fields, before or {"score": 100}, closed)], 200)
    batch = store.pushes.claim("acme", at)
    return store.pushes.settle(batch, [Outcome(id_, outcome, "RULE_7" if outcome == "refused" else "")], at, at)


def state(store, id_="d1"):
    (row,) = (row for row in store.pushes.plan_rows("acme").to_dicts() if row["id"] == id_)
    return row


def test_batches_hold_so_many_patches_and_come_in_order(pipeline):
    patches = [Patch(id_, {"score": n}) for n, id_ in enumerate(["d1", "d2", "d3"])]
    ids = pipeline.pushes.stage("acme", 1, patches, 2)
    first, second = pipeline.pushes.claim("acme", NOON), pipeline.pushes.claim("acme", NOON)
    assert [first.id, second.id] == ids
    assert (*first.patches, *second.patches) == tuple(patches)
    assert pipeline.pushes.claim("acme", NOON) is None


def test_a_batch_is_marked_sending_before_it_is_sent_and_found_after_a_kill(pipeline, store_url):
    pipeline.pushes.stage("acme", 1, [Patch("d1", FIELDS, {"flagged_since": None})], 200)
    batch = pipeline.pushes.claim("acme", NOON)
    after_the_kill = Store.open(store_url)
    assert after_the_kill.pushes.in_flight("acme") == [batch]
    assert after_the_kill.pushes.claim("acme", NOON) is None
    assert after_the_kill.pushes.settle(batch, [Outcome("d1", "written", "read back")], NOON, NOON) == 0
    assert after_the_kill.pushes.in_flight("acme") == []
    after_the_kill.close()


def test_a_patch_without_an_outcome_was_not_applied(pipeline):
    pipeline.pushes.stage("acme", 1, [Patch("d1", {"score": 1}), Patch("d2", {"score": 2})], 200)
    pipeline.pushes.settle(pipeline.pushes.claim("acme", NOON), [Outcome("d2", "written")], NOON, NOON)
    assert [(row["deal"], row["outcome"]) for row in rows(pipeline, "patch")] == [("d1", None), ("d2", "written")]
    assert state(pipeline)["sent"] is None


def test_a_receipt_has_the_value_before_and_after(pipeline):
    send(pipeline)
    (receipt,) = rows(pipeline, "patch", run=1)
    assert (receipt["before"], receipt["after"]) == ({"score": 100}, FIELDS)
    assert (receipt["outcome"], receipt["at"]) == ("written", NOON)


def test_what_was_written_is_what_the_crm_holds_and_what_we_sent(pipeline):
    send(pipeline)
    send(pipeline, fields={"score": 70}, before={"score": 80})
    sent = {"score": 70, "reasons": "No next step", "flagged_since": "2026-11-01"}
    row = state(pipeline)
    assert (orjson.loads(row["sent"]), orjson.loads(row["ours"])) == (sent, sent)
    assert row["last_patched_closed"] is False


def test_our_own_echo_is_no_change_of_the_deal(pipeline):
    send(pipeline)
    own = {"score": 80, "reasons": "No next step", "flagged_since": "2026-11-01"}
    kept = keep(pipeline, NOON + DAY, opportunity=[deal(ours=own, modified=NOON)])
    assert kept.field_changes == 0
    assert snapshot(pipeline, NOON + DAY).deals.height == 3


def test_the_last_patch_of_a_closed_deal_is_remembered_until_it_opens_again(pipeline):
    send(pipeline, id_="d3", closed=True)
    assert state(pipeline, "d3")["last_patched_closed"] is True
    keep(pipeline, opportunity=[deal("d3")])
    send(pipeline, id_="d3", fields={"score": 5})
    assert state(pipeline, "d3")["last_patched_closed"] is False


def test_a_receipt_records_the_deal_as_the_verdict_saw_it_and_not_as_it_was_read_since(pipeline):
    pipeline.pushes.stage("acme", 1, [Patch("d1", FIELDS), Patch("d3", {"score": 1}, closed=True)], 200)
    batch = pipeline.pushes.claim("acme", NOON)
    keep(pipeline, opportunity=[deal("d1", is_closed=True), deal("d3", is_closed=False)])
    pipeline.pushes.settle(batch, [Outcome("d1", "written"), Outcome("d3", "written")], NOON, NOON)
    assert state(pipeline, "d1")["last_patched_closed"] is False
    assert state(pipeline, "d3")["last_patched_closed"] is True


def test_our_own_value_that_somebody_changed_is_counted_when_it_is_put_back(pipeline):
    assert send(pipeline) == 0
    assert send(pipeline, fields={"score": 80}, before={"score": 3}, at=NOON + DAY) == 1
    assert state(pipeline)["put_back_at"] == NOON + DAY
    assert send(pipeline, fields={"score": 75}, before={"score": 80}, at=NOON + 2 * DAY) == 0
    assert state(pipeline)["put_back_at"] == NOON + DAY


def test_a_refusal_is_remembered_by_its_patch_until_one_is_written(pipeline):
    send(pipeline, "refused")
    row = state(pipeline)
    assert (row["refused_hash"], row["refused_at"]) == (patch_hash(FIELDS), NOON)
    assert (row["sent"], orjson.loads(row["ours"])) == (None, {"score": 100})
    assert rows(pipeline, "patch")[0]["reason"] == "RULE_7"
    send(pipeline)
    assert state(pipeline)["refused_hash"] is None


def test_a_locked_deal_is_remembered_with_its_day(pipeline):
    send(pipeline, "locked")
    assert state(pipeline)["locked_at"] == NOON


def test_a_deal_that_was_gone_when_we_wrote_is_gone_here_too(pipeline):
    send(pipeline, "gone", at=NOON + DAY)
    assert pipeline.pushes.plan_rows("acme")["id"].to_list() == ["d2", "d3"]
    assert snapshot(pipeline, NOON).deals.height == 3


def test_only_the_deals_that_were_judged_are_planned(pipeline):
    first, last = (pipeline.mirror.ids("acme")[id_] for id_ in ("d1", "d3"))
    assert pipeline.pushes.plan_rows("acme", DealKeys.of(frozenset({first, last})))["id"].to_list() == ["d1", "d3"]


def test_ready_batches_can_be_dropped_but_not_one_that_is_being_sent(pipeline):
    pipeline.pushes.stage("acme", 1, [Patch("d1", {"score": 1}), Patch("d2", {"score": 2})], 1)
    pipeline.pushes.claim("acme", NOON)
    assert pipeline.pushes.drop_ready("acme") == 1
    assert [batch.patches[0].id for batch in pipeline.pushes.in_flight("acme")] == ["d1"]


def test_an_auditor_reads_every_patch_of_a_run_with_its_outcome(pipeline):
    send(pipeline, fields=FIELDS, before={"score": 100})
    pipeline.pushes.stage("acme", 2, [Patch("d2", {"score": 1})], 200)
    (row,) = pipeline.pushes.of_run(1)
    assert (row["deal"], row["before"], row["after"]) == ("d1", {"score": 100}, FIELDS)
    assert (row["outcome"], row["at"]) == ("written", NOON)
    assert [(row["deal"], row["outcome"]) for row in pipeline.pushes.of_run(2)] == [("d2", None)]


def test_what_a_joined_worker_holds_is_its_own_until_it_falls_silent_and_then_only_the_next_ones(pipeline):
    lease = pipeline.runs.lease("acme", "a run", NOON)
    run = pipeline.runs.start("acme", NOON, "", "", "run", lease)
    pipeline.pushes.stage("acme", run, [Patch("d1", {"score": 1})], 1)
    one, other = (Joined("acme", run, f"host{n} boot 1 1", timedelta(seconds=40)) for n in (1, 2))
    first = pipeline.pushes.claim("acme", NOON, joined=one)
    assert [(found.run_id, found.waiting) for found in pipeline.pushes.rows.open()] == []
    assert pipeline.pushes.claim("acme", NOON, joined=other) is None
    assert pipeline.pushes.with_others("acme", NOON, clears=False)
    pipeline.pushes.rows.renew(one, NOON + timedelta(seconds=30))
    assert pipeline.pushes.claim("acme", NOON + timedelta(seconds=60), joined=other) is None
    second = pipeline.pushes.claim("acme", NOON + timedelta(seconds=70), joined=other)
    assert (second.id, second.attempts) == (first.id, 2)
    pipeline.pushes.settle(first, [Outcome("d1", "refused", "late")], NOON, NOON)
    assert pipeline.pushes.sent_in(run).outcomes == {}
    pipeline.pushes.settle(second, [Outcome("d1", "written")], NOON, NOON, calls=3)
    sent = pipeline.pushes.sent_in(run)
    assert (sent.outcomes["written"], sent.calls) == (1, 3)
    assert not pipeline.pushes.with_others("acme", NOON, clears=False)


def test_a_worker_joins_only_a_run_that_holds_the_connection_now(pipeline):
    lease = pipeline.runs.lease("acme", "a run", NOON, seconds=60)
    run = pipeline.runs.start("acme", NOON, "", "", "run", lease)
    found, as_of = pipeline.runs.joinable(run, NOON)
    assert (found.fence, found.connection, as_of) == (lease.fence, "acme", NOON)
    assert pipeline.runs.joinable(run, NOON + timedelta(seconds=60)) is None
    pipeline.runs.release(lease)
    assert pipeline.runs.joinable(run, NOON) is None
