"""Verdicts, runs, KPI values, frozen days, calibrations: what one run leaves for the next."""

from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from model.calibration import Calibration, Median
from model.deal_keys import ALL_DEALS, DealKeys
from model.errors import SettingsProblem
from model.previous_verdict import BREACHES, DEAL_VERDICTS, FINDINGS
from model.sync import Description, FieldRule, Source
from store import DONE, Revisions, RunEnd
from tests.store.fixtures import DAY, NOON, deal, keep, rows

FLAG = '{"policy":"no-amount","points":10}'


@pytest.fixture
def pipeline(store):
    keep(store, opportunity=[deal("d1"), deal("d2"), deal("d3")], owner=[{"id": "u1", "name": "Ann"}])
    return store


def findings(*rows):
    full = [
        {"status": "broken", "since": date(2026, 11, 1), "first_seen": date(2026, 11, 2), "unknown_since": None,
         "shown": True, "flag": FLAG} | row for row in rows
    ]  # fmt: skip
    return pl.DataFrame(full, schema=FINDINGS)


def scores(*rows):
    return pl.DataFrame(
        [(key, score, None, "ready", '{"missing":["x"]}') for key, score in rows], DEAL_VERDICTS, orient="row"
    )


def breaches(*rows):
    return pl.DataFrame(
        [(key, "p/s/c", "exit", NOON, NOON.date(), None, None, NOON, False) for key in rows], BREACHES, orient="row"
    )


def judged(store, found, scored, breached=(), *, day=NOON, keys=ALL_DEALS):
    run = store.runs.start("acme", day, "digest", "", "judge")
    return store.verdicts.keep("acme", run, day, findings(*found), scores(*scored), breaches(*breached), keys)


def frozen_on(store, night):
    return store.frozen.freeze("acme", night, NOON, Revisions("digest", "calibration 2026-11-01", "kpis"))


def test_a_verdict_is_the_memory_of_the_next_run(pipeline):
    judged(
        pipeline, [{"key": 1, "policy": "a"}, {"key": 2, "policy": "b", "status": "unknown"}], [(1, 90), (2, None)], [1]
    )
    found, deals, breached = pipeline.verdicts.previous("acme")
    assert_frame_equal(found, findings({"key": 1, "policy": "a"}, {"key": 2, "policy": "b", "status": "unknown"}))
    assert_frame_equal(deals, scores((1, 90), (2, None)))
    assert_frame_equal(breached, breaches(1))
    assert pipeline.verdicts.previous("acme", DealKeys(2, 2))[0]["key"].to_list() == [2]


def test_people_read_the_stages_label_of_the_deals_own_pipeline(store):
    stages = [
        {"id": f"{pipeline}/7001", "pipeline": pipeline, "name": "7001", "label": label, "is_active": True,
         "is_closed": False, "is_won": False, "probability": None, "sort": 1}
        for pipeline, label in (("New", "Offered"), ("Renewal", "Due"))
    ]  # fmt: skip
    names = {"d1": ("Renewal", "7001"), "d2": ("New", "7001"), "d3": ("New", "gone since")}
    deals = [deal(key, pipeline=pipeline, stage_name=name) for key, (pipeline, name) in names.items()]
    keep(store, opportunity=deals, crm_stage=stages)
    assert [row["stage_name"] for row in store.verdicts.deals("acme")] == ["Due", "Offered", "gone since"]


def test_only_what_differs_is_written(pipeline):
    found, scored = [{"key": 1, "policy": "a"}, {"key": 2, "policy": "a"}], [(1, 90), (2, 90), (3, 100)]
    assert judged(pipeline, found, scored) == {"opened": 2, "closed": 0, "written": 5, "removed": 0}
    assert judged(pipeline, found, scored) == {"opened": 0, "closed": 0, "written": 0, "removed": 0}
    assert judged(pipeline, found[1:], [(1, 100), (2, 90)]) == {"opened": 0, "closed": 1, "written": 1, "removed": 2}


def test_a_slice_replaces_its_own_deals_only(pipeline):
    judged(pipeline, [{"key": 1, "policy": "a"}, {"key": 3, "policy": "a"}], [(1, 90), (3, 90)])
    judged(pipeline, [], [(1, 100)], keys=DealKeys(1, 2))
    found, deals, _ = pipeline.verdicts.previous("acme")
    assert found["key"].to_list() == [3]
    assert deals.select("key", "score").rows() == [(1, 100), (3, 90)]


def test_the_list_of_deals_has_their_flags_as_they_were_judged(pipeline):
    keys = pipeline.mirror.ids("acme")
    judged(pipeline, [{"key": keys["d1"], "policy": "no-amount"}], [(keys["d1"], 90)])
    first, second, _ = pipeline.verdicts.deals("acme")
    assert first == {
        "key": keys["d1"], "id": "d1", "name": "Deal d1", "pipeline": None, "stage_name": "Qualify", "owner": "Ann",
        "team": None, "amount": "1250.5", "currency": "EUR", "close_date": date(2026, 12, 1),
        "is_open": True, "score": 90, "score_reason": None, "gate": "ready", "detail": {"missing": ["x"]},
        "flags": [{"policy": "no-amount", "points": 10}], "unknown": [],
    }  # fmt: skip
    assert (second["score"], second["flags"]) == (None, [])


def test_a_policy_binds_from_its_first_run(store):
    store.verdicts.note_first_run("acme", ["a"], date(2026, 11, 1))
    store.verdicts.note_first_run("acme", ["a", "b"], date(2026, 11, 5))
    assert store.verdicts.first_run_dates("acme") == {"a": date(2026, 11, 1), "b": date(2026, 11, 5)}


def test_half_an_emoji_in_the_report_of_a_run_is_kept_as_a_question_mark(store):
    run = store.runs.start("acme", NOON, "", "", "run")
    store.runs.end(
        run,
        RunEnd("stopped", "half \ud83d"),
        {"remarks": ["field \ud83d is unknown"], "facts": {"\ud83d": (1, {"\ud83d"})}},
        NOON,
    )
    assert store.runs.get(run)["reason"] == "half ?"
    assert store.runs.get(run)["counts"] == {"remarks": ["field ? is unknown"], "facts": {"?": [1, ["?"]]}}


def test_runs_are_listed_newest_first_and_one_that_is_under_way_has_no_outcome(store):
    first = store.runs.start("acme", NOON, "d1", "calibration 2026-10-01", "run", at=NOON, trigger="by hand")
    store.runs.end(first, DONE, {"findings": 3, "seconds": {"pull": 0.5}}, NOON + DAY)
    second = store.runs.start("other", NOON, "d1", "", "pull")
    assert [row["id"] for row in store.runs.latest()] == [second, first]
    assert [row["state"] for row in store.runs.latest()] == [None, "done"]
    assert store.runs.latest("acme") == [store.runs.get(first)]
    assert store.runs.get(first) == {
        "id": first, "connection": "acme", "as_of": NOON, "policy_digest": "d1", "kind": "run",
        "state": "done", "reason": None,
        "calibration": "calibration 2026-10-01", "counts": {"findings": 3, "seconds": {"pull": 0.5}},
        "trigger": "by hand", "started_at": NOON, "ended_at": NOON + DAY, "step": None,
    }  # fmt: skip
    assert store.runs.get(999) is None


def test_kpi_values_come_back_exactly(store):
    rows = [
        {"id": "pipeline_value", "dims": {"team": "West"}, "value": Decimal("12345678901234567.89"), "numerator": None,
         "denominator": None, "unit": "EUR", "window": "", "n": 3, "as_of": NOON, "why": ""},
        {"id": "win_rate_closed", "dims": {}, "value": 0.25, "numerator": 1, "denominator": 4, "unit": "share",
         "window": "90d", "n": 4, "as_of": date(2026, 11, 2), "why": None},
    ]  # fmt: skip
    old = store.runs.start("acme", NOON, "", "", "measure")
    store.kpis.keep(old, rows[:1])
    new = store.runs.start("acme", NOON, "", "", "measure")
    assert store.kpis.keep(new, rows) == 2
    assert store.kpis.values("acme") == rows
    assert store.kpis.values("acme", old) == rows[:1]
    assert store.kpis.values("other") == []


def test_a_frozen_day_stays_as_it_was(pipeline):
    keys = pipeline.mirror.ids("acme")
    judged(pipeline, [{"key": keys["d1"], "policy": "b"}, {"key": keys["d1"], "policy": "a"}], [(keys["d1"], 80)])
    assert frozen_on(pipeline, date(2026, 11, 2)) == 3
    keep(pipeline, NOON + DAY, opportunity=[deal("d1", amount=Decimal(1))])
    first = rows(pipeline, "frozen", order="key", day=date(2026, 11, 2))[0]
    assert (first["amount"], first["score"], first["flags"]) == (Decimal("1250.5"), 80, '["a","b"]')
    assert frozen_on(pipeline, date(2026, 11, 2)) == 3
    assert rows(pipeline, "frozen", order="key", day=date(2026, 11, 2))[0]["amount"] == Decimal(1)
    assert rows(pipeline, "frozen", order="key", day=date(2026, 11, 3)) == []


def test_a_night_freezes_open_deals_and_those_that_closed_since_the_last(store):
    keep(store, NOON, opportunity=[deal(name, is_closed=name == "old") for name in ("old", "open", "won")])
    days = [date(2026, 11, 2 + n) for n in range(3)]
    assert frozen_on(store, days[0]) == 3
    keep(store, NOON + DAY, opportunity=[deal(name, is_closed=name != "open") for name in ("open", "won", "new")])
    assert frozen_on(store, days[1]) == 3
    assert frozen_on(store, days[2]) == 1
    names = {key: name for name, key in store.mirror.ids("acme").items()}
    frozen = [sorted(names[row["key"]] for row in rows(store, "frozen", order="key", day=day)) for day in days]
    assert frozen == [["old", "open", "won"], ["new", "open", "won"], ["open"]]


def test_old_kpi_values_are_forgotten_but_for_the_last_of_a_day_and_those_of_frozen_nights(store):
    at = [NOON, NOON + DAY / 24, NOON + DAY, NOON + DAY + DAY / 24, NOON + 9 * DAY]
    runs = [store.runs.start("acme", when, "", "", "measure") for when in at]
    for run in [store.runs.start("other", NOON, "", "", "measure"), *runs[:3]]:
        store.kpis.keep(run, [{"id": "pipeline_value"}])
    frozen_on(store, at[2].date())
    for run in runs[3:]:
        store.kpis.keep(run, [{"id": "pipeline_value"}])
    assert store.kpis.forget("acme", NOON, NOON + 5 * DAY) == 1
    assert [bool(store.kpis.values("acme", run)) for run in runs] == [False, True, True, True, True]
    assert store.kpis.forget("acme", NOON + 99 * DAY, NOON + 99 * DAY) == 3
    assert store.kpis.values("acme") == [{"id": "pipeline_value"}]
    assert store.kpis.values("other") == [{"id": "pipeline_value"}]


def test_a_frozen_night_keeps_facts_and_what_it_was_judged_and_measured_by(pipeline):
    run = pipeline.runs.start("acme", NOON, "", "", "measure")
    pipeline.kpis.keep(run, [{"id": "pipeline_value"}])
    night = date(2026, 11, 2)
    assert frozen_on(pipeline, night) == 3
    keys = pipeline.frozen.keys("acme", night)
    pipeline.frozen.keep_facts("acme", night, [(keys[0], '{"stage":"proposal"}')])
    kept = [row["facts"] for row in rows(pipeline, "frozen", order="key", day=night)]
    assert kept == ['{"stage":"proposal"}', None, None]
    (found,) = pipeline.frozen.nights("acme")
    assert {key: value for key, value in found.items() if key != "connection"} == {
        "day": night, "run": run, "as_of": NOON, "policy_digest": "digest",
        "calibration": "calibration 2026-11-01", "kpi_revision": "kpis", "deals": 3,
    }  # fmt: skip


def test_old_nights_are_forgotten(store):
    keep(store, NOON, opportunity=[deal("d1")])
    nights = [date(2026, 11, 2), date(2026, 11, 9)]
    for night in nights:
        frozen_on(store, night)
    assert store.frozen.forget("acme", nights[1]) == 1
    assert [one["day"] for one in store.frozen.nights("acme")] == nights[1:]


def test_a_calibration_is_a_proposal_until_it_is_accepted_and_past_days_keep_their_own(store):
    first = Calibration(date(2026, 10, 1), {("sales", "propose"): Median(12.5, 40)}, 5)
    second = Calibration(date(2026, 11, 1), {("sales", "propose"): Median(None, 8)}, 5)
    store.connections.propose_calibration("acme", first)
    assert store.connections.current_calibration("acme", NOON) == Calibration()
    assert store.connections.accept_calibration("acme", date(2026, 10, 1)) == first
    store.connections.propose_calibration("acme", second)
    assert store.connections.current_calibration("acme", NOON) == first
    store.connections.accept_calibration("acme", date(2026, 11, 2))
    assert store.connections.current_calibration("acme", NOON) == second
    assert store.connections.current_calibration("acme", NOON - 10 * DAY) == first
    with pytest.raises(SettingsProblem, match="run calibrate first"):
        store.connections.accept_calibration("acme", date(2026, 11, 2))


def test_a_connection_can_be_paused_described_and_its_calls_counted(store):
    assert (store.connections.paused("acme"), store.connections.description("acme")) == (None, None)
    store.connections.pause("acme", "quarter end", NOON)
    assert (store.connections.paused("acme").why, store.connections.paused("acme").at) == ("quarter end", NOON)
    store.connections.resume("acme")
    assert store.connections.paused("acme") is None
    seen = Description(
        frozenset({"amount"}), {"score": FieldRule("number", scale=0)}, {"stage": ("a", "b")}, user_id="u9",
        sources={"amount": Source("Amount", "currency", "Amount"), "fit": Source("Fit", "string", when_blank=False)},
    )  # fmt: skip
    store.connections.keep_description("acme", seen)
    assert store.connections.description("acme") == seen
