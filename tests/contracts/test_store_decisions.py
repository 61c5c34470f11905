"""What was judged of deals, and when: every judgement can be asked again, whatever was judged since."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from model.deal_keys import ALL_DEALS, DealKeys
from model.previous_verdict import BREACHES, DEAL_VERDICTS, FINDINGS
from store import DONE
from store.database import migrate
from tests.store.fixtures import DAY, NOON, deal, keep

NOBODY = pl.DataFrame(schema=BREACHES)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def pipeline(store):
    keep(store, opportunity=[deal("d1"), deal("d2"), deal("d3")], owner=[{"id": "u1", "name": "Ann"}])
    return store


def findings(value):
    """{(key, policy): what the flag says}; what begins with ? is unknown, what ends with ! is not shown."""
    rows = [
        {"key": key, "policy": policy, "status": "unknown" if text.startswith("?") else "broken", "since": None,
         "first_seen": date(2026, 11, 2), "unknown_since": None, "shown": not text.endswith("!"),
         "flag": f'{{"policy":"{policy}","text":"{text}"}}'} for (key, policy), text in sorted(value.items())
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=FINDINGS)


def judged(store, value, scores=None, *, day=NOON, keys=ALL_DEALS, digest="d", run=None, at="acme"):
    run = run or store.runs.start(at, day, "", "", "judge")
    scored = [(key, score, None, "ready", "{}") for key, score in (scores or {}).items()]
    deals = pl.DataFrame(scored, DEAL_VERDICTS, orient="row")
    counts = store.verdicts.keep(at, run, day, findings(value), deals, NOBODY, keys, digest=digest)
    return run, counts


def stood(store, at):
    return {
        (key, policy): (status, shown) for key, policy, status, shown in store.decisions.standing("acme", at).rows()
    }


def rows(store, table):
    with store.database.reading() as sql:
        return sql.rows(f"SELECT count(*) FROM {table}")[0][0]


def test_findings_stand_from_the_verdict_that_says_so_until_one_that_says_otherwise(pipeline):
    judged(pipeline, {(1, "a"): "since May", (2, "b"): "?"})
    judged(pipeline, {(1, "a"): "since June!"}, day=NOON + DAY)
    judged(pipeline, {}, day=NOON + 2 * DAY)
    assert stood(pipeline, NOON - MINUTE) == {}
    assert stood(pipeline, NOON) == {(1, "a"): ("broken", True), (2, "b"): ("unknown", True)}
    assert stood(pipeline, NOON + DAY - MINUTE) == stood(pipeline, NOON)
    assert stood(pipeline, NOON + DAY) == {(1, "a"): ("broken", False)}
    assert stood(pipeline, NOON + 300 * DAY) == {}


def test_where_nothing_was_judged_there_is_an_empty_frame_of_the_same_columns(store):
    expected = {"key": pl.Int64, "policy": pl.String, "status": pl.String, "shown": pl.Boolean}
    nothing = store.decisions.standing("acme", NOON)
    assert (dict(nothing.schema), nothing.height) == (expected, 0)
    assert store.decisions.judgement("acme", NOON) is None
    assert store.decisions.judged_since("acme") is None


def test_judging_the_same_state_again_writes_nothing(pipeline):
    values, scores = {(1, "a"): "x", (2, "a"): "?y"}, {1: 90, 2: 80, 3: 100}
    judged(pipeline, values, scores)
    _, counts = judged(pipeline, values, scores, day=NOON + DAY)
    assert counts == {"opened": 0, "closed": 0, "written": 0, "removed": 0}
    assert [rows(pipeline, table) for table in ("finding_past", "deal_verdict_past")] == [0, 0]


def test_a_verdict_on_some_deals_says_nothing_of_the_others(pipeline):
    judged(pipeline, {(1, "a"): "x", (3, "a"): "x"})
    judged(pipeline, {}, day=NOON + DAY, keys=DealKeys(1, 2))
    assert stood(pipeline, NOON + DAY) == {(3, "a"): ("broken", True)}


def test_runs_of_another_connection_are_not_listed(pipeline):
    judged(pipeline, {(1, "a"): "x"})
    judged(pipeline, {}, day=NOON + DAY, at="other")
    assert stood(pipeline, NOON + 2 * DAY) == {(1, "a"): ("broken", True)}


def test_a_run_that_was_killed_half_way_is_followed_by_one_that_ends_it(pipeline):
    judged(pipeline, {(1, "a"): "x", (3, "a"): "x"})
    judged(pipeline, {(1, "a"): "y!"}, day=NOON + DAY, keys=DealKeys(1, 2))  # killed before the second slice
    judged(pipeline, {(1, "a"): "y!"}, day=NOON + DAY + MINUTE, keys=DealKeys(1, 2))
    judged(pipeline, {}, day=NOON + DAY + 2 * MINUTE, keys=DealKeys(3, 3))
    assert stood(pipeline, NOON + DAY) == {(1, "a"): ("broken", False), (3, "a"): ("broken", True)}
    assert stood(pipeline, NOON + 2 * DAY) == {(1, "a"): ("broken", False)}


def test_one_run_may_keep_a_slice_twice_and_its_last_word_counts(pipeline):
    run, _ = judged(pipeline, {(1, "a"): "x"})
    judged(pipeline, {(2, "a"): "x"}, run=run)
    assert stood(pipeline, NOON) == {(2, "a"): ("broken", True)}
    assert rows(pipeline, "finding_past") == 0


def test_a_day_that_is_judged_again_out_of_turn_leaves_the_other_days_as_they_were(pipeline):
    judged(pipeline, {(1, "a"): "first"}, day=NOON)
    judged(pipeline, {(1, "b"): "third"}, day=NOON + 2 * DAY)
    judged(pipeline, {(1, "c"): "second"}, day=NOON + DAY)
    assert [list(stood(pipeline, NOON + n * DAY)) for n in (0, 1, 2)] == [[(1, "a")], [(1, "c")], [(1, "b")]]
    assert pipeline.verdicts.previous("acme")[0]["policy"].to_list() == ["c"], "what the record shows is the last word"
    judged(pipeline, {(1, "d"): "fourth"}, day=NOON + 3 * DAY)
    assert list(stood(pipeline, NOON + 2 * DAY)) == [(1, "b")]


def test_of_two_verdicts_on_one_instant_the_later_one_counts(pipeline):
    judged(pipeline, {(1, "a"): "x"})
    judged(pipeline, {(1, "b"): "x"})
    assert list(stood(pipeline, NOON)) == [(1, "b")]


def test_a_run_that_comes_late_is_refused(pipeline):
    early = pipeline.runs.start("acme", NOON, "", "", "judge")
    judged(pipeline, {})
    with pytest.raises(ValueError, match="a later run of this connection has judged"):
        judged(pipeline, {(1, "a"): "x"}, run=early)


def test_a_judgement_names_its_run_and_its_policies(pipeline):
    first, _ = judged(pipeline, {}, digest="before")
    second, _ = judged(pipeline, {}, day=NOON + DAY, digest="after")
    assert pipeline.decisions.judged_since("acme") == NOON
    listed = [pipeline.decisions.judgement("acme", NOON + n * DAY) for n in (-1, 0, 1, 5)]
    assert [one and (one.run, one.as_of, one.digest) for one in listed] == [
        None, (first, NOON, "before"), (second, NOON + DAY, "after"), (second, NOON + DAY, "after"),
    ]  # fmt: skip


def test_a_deal_is_shown_as_it_was_shown_then_whatever_became_of_it(pipeline):
    key = pipeline.mirror.ids("acme")["d1"]
    judged(pipeline, {(key, "b"): "x", (key, "a"): "?", (key, "c"): "z!"}, {key: 80})
    then = pipeline.verdicts.deals("acme")[0]
    changed = deal("d1", name="Renamed", stage_name="Won", is_closed=True, owner_id="u2", gone="deleted")
    keep(pipeline, NOON + DAY, opportunity=[changed], owner=[{"id": "u1", "name": "Anna"}])
    judged(pipeline, {}, {key: None}, day=NOON + DAY)
    assert pipeline.decisions.decided("acme", "d1", NOON + DAY - MINUTE) == then
    now = pipeline.decisions.decided("acme", "d1", NOON + DAY)
    assert (now["name"], now["stage_name"], now["owner"], now["is_open"]) == ("Renamed", "Won", "u2", False)
    assert (now["score"], now["flags"], now["unknown"]) == (None, [], [])


def test_a_deal_that_was_not_judged_then_has_no_decision(pipeline):
    first, second, _ = pipeline.mirror.ids("acme").values()
    judged(pipeline, {}, {first: 90})
    judged(pipeline, {}, {first: 90, second: 80}, day=NOON + DAY)
    assert pipeline.decisions.decided("acme", "d2", NOON) is None
    assert pipeline.decisions.decided("acme", "d2", NOON + DAY)["score"] == 80
    assert pipeline.decisions.decided("acme", "nobody", NOON) is None


def test_what_is_too_old_is_forgotten_and_what_stood_at_the_limit_is_not(pipeline):
    for n in range(5):
        judged(pipeline, {(1, f"p{n}"): "x"}, {1: n}, day=NOON + n * DAY)
    limit = NOON + 2 * DAY + MINUTE
    assert pipeline.decisions.forget("acme", limit) == 4
    assert pipeline.decisions.judged_since("acme") == NOON + 2 * DAY
    assert [list(stood(pipeline, NOON + n * DAY)) for n in range(5)] == [
        [], [], [(1, "p2")], [(1, "p3")], [(1, "p4")],
    ]  # fmt: skip
    assert pipeline.decisions.forget("acme", limit) == 0
    pipeline.decisions.forget("acme", NOON + 900 * DAY)
    assert stood(pipeline, NOON + 900 * DAY) == {(1, "p4"): ("broken", True)}
    assert pipeline.verdicts.previous("acme")[1]["score"].to_list() == [4]
    assert pipeline.decisions.forget("other", limit) == 0


def test_a_dry_run_remembers_the_last_month(pipeline):
    for n in (0, 20, 40, 60):
        judged(pipeline, {(1, f"p{n}"): "x"}, day=NOON + n * DAY)
    with pipeline.dry_run("acme") as copy:
        assert [list(stood(copy, NOON + n * DAY)) for n in (0, 20, 40, 60)] == [
            [], [(1, "p20")], [(1, "p40")], [(1, "p60")],
        ]  # fmt: skip
    with pipeline.dry_run("acme", NOON + 25 * DAY) as copy:
        judged(copy, {(1, "tried"): "x"}, day=NOON + 25 * DAY)
        assert list(stood(copy, NOON + 18 * DAY)) == [(1, "p0")]
        assert list(stood(copy, NOON + 25 * DAY)) == [(1, "tried")]
    assert list(stood(pipeline, NOON + 25 * DAY)) == [(1, "p20")]


def test_a_store_of_before_keeps_its_last_verdict_as_its_first_decision(pipeline):
    key = pipeline.mirror.ids("acme")["d1"]
    run, _ = judged(pipeline, {(key, "a"): "x"}, {key: 80}, digest="old")
    pipeline.runs.end(run, DONE, {})
    found = pipeline.verdicts.deals("acme")[0]
    pipeline.database.downgrade("0003")
    pipeline.database.upgrade()
    assert pipeline.decisions.judged_since("acme") == NOON
    assert pipeline.decisions.decided("acme", "d1", NOON) == found
    assert pipeline.decisions.judgement("acme", NOON).digest == "old"
    _, counts = judged(pipeline, {(key, "a"): "x"}, {key: 80}, day=NOON + DAY)
    assert (counts["written"], counts["removed"]) == (0, 0)


def test_a_store_of_before_without_a_single_run_migrates_too(store):
    with store.database.writing() as sql:
        migrate(sql.tx, "0003", down=True)
    store.database.upgrade()
    assert store.decisions.judged_since("acme") is None


FOUND = st.dictionaries(st.tuples(st.integers(1, 3), st.sampled_from("ab")), st.sampled_from(["x", "y", "?", "x!"]))
SOME = [ALL_DEALS, DealKeys(1, 2), DealKeys(2, 3), DealKeys.of(frozenset({1, 3}))]
VERDICT = st.tuples(st.integers(0, 6), FOUND, st.sampled_from(SOME))


def among(key, some):
    return some.first <= key <= some.last and (some.only is None or key in some.only)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(verdicts=st.lists(VERDICT, min_size=1, max_size=8))
def test_any_order_of_verdicts_gives_each_instant_the_state_after_its_newest_one(store, verdicts):
    with store.database.writing() as sql:
        for table in ("finding", "finding_past", "run"):
            sql.run(f"DELETE FROM {table}")
    state, states = {}, []
    for day, found, some in verdicts:
        now = {place: text for place, text in found.items() if among(place[0], some)}
        state = {place: text for place, text in state.items() if not among(place[0], some)} | now
        states.append((day, len(states), state))
        judged(store, now, day=NOON + day * DAY, keys=some)
    for day in range(7):
        newest = max((one for one in states if one[0] <= day), default=(0, 0, {}))[2]
        expected = findings(newest).select("key", "policy", "status", "shown")
        assert_frame_equal(store.decisions.standing("acme", NOON + day * DAY), expected)
