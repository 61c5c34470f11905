"""Every past day, judged at once, is what judging that day alone from what was known then says."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.calendars.replay_days import BROKEN, NOT_APPLICABLE, PASSED, UNKNOWN
from model.facts import FACTS, KNOWN
from model.previous_verdict import PreviousVerdict
from model.sync import Page
from policies.judging.context import Context
from policies.judging.judge import judge
from tests.support.postgres import postgres
from tests.worker.archive import DAY, NAME, NOW, deal
from tests.worker.generated import FIRST, LAST, PACK, TYPES, drawn
from worker.pipeline.past import Past, PastFacts, gates_of
from worker.pipeline.session import Session, described, read_once
from worker.pipeline.slices import shots, widened

EVERY_FACT = sorted(FACTS.keys() | TYPES.keys())


def past_of(kept, pack=PACK, first=FIRST, last=LAST):
    session = Session(kept.services, NAME, NOW)
    description = described(session)
    return Past(session, description, read_once({"p.yaml": pack}, description), first, last)


def that_day(past, at):
    """The connection as a run of that instant would see it."""
    session = replace(past.session, as_of=at)
    (shot,) = shots(session, past.description, past.policies)
    calibration = session.store.connections.current_calibration(NAME, at)
    return session, widened(session, shot, past.policies, past.description, calibration).in_scope


def alone(past):
    """Day by day: (rule, deal, day, state) of the open deals, judged with what the day before left of the gates."""
    previous, found = PreviousVerdict(), set()
    context = Context(first_runs=past.first_runs)
    for n, at in enumerate(past.instants):
        session, wide = that_day(past, at)
        facts = PastFacts(session, past.description, past.policies)
        gates = gates_of(facts, wide, previous.breaches, context)
        verdict = judge(wide, past.policies, previous, context, gates)
        previous = PreviousVerdict(breaches=verdict.breaches())
        for rule in verdict.rules:
            broken = pl.col(rule.broken)
            state = pl.when(broken.is_null()).then(UNKNOWN).when(broken).then(BROKEN).when(rule.applies).then(PASSED)
            rows = verdict.frame.filter("is_open").select("key", state=state.otherwise(NOT_APPLICABLE))
            found |= {(rule.id, deal, n, result) for deal, result in rows.iter_rows() if result != NOT_APPLICABLE}
    return found


def together(past):
    """The same out of a replay."""
    found = set()
    for part in past.judged():
        for rule, frame in part.intervals.items():
            days = frame.with_columns(day=pl.int_ranges("day", "until")).explode("day", empty_as_null=True)
            found |= {(rule, *row) for row in days.select("deal", "day", "state").iter_rows()}
    return found


@pytest.mark.parametrize("seed", range(2))
def test_each_day_judged_with_all_others_is_that_day_judged_alone(tmp_path, seed):
    with drawn(tmp_path, seed) as kept:
        past = past_of(kept)
        one = alone(past)
        assert together(past) == one
        assert len(one) > 1000


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**9), deals=st.integers(1, 8))
def test_so_it_is_for_any_past_that_can_be_drawn(tmp_path_factory, seed, deals):
    with drawn(tmp_path_factory.mktemp("past"), seed, deals) as kept:
        past = past_of(kept, first=date(2026, 10, 29), last=date(2026, 11, 3))
        assert together(past) == alone(past)


def facts_of(frame, key):
    """Deal to its facts, "unknown" for those that cannot be read."""
    shown = [
        pl.when(pl.col(name + KNOWN)).then(pl.format("{}", pl.col(name).cast(pl.List(pl.String)).list.join("|")))
        .otherwise(pl.lit("unknown")).alias(name)
        if frame.schema[name] == pl.List(pl.String)
        else pl.when(pl.col(name + KNOWN) if name + KNOWN in frame.columns else pl.lit(value=True))
        .then(pl.col(name).cast(pl.String)).otherwise(pl.lit("unknown")).alias(name)
        for name in EVERY_FACT
    ]  # fmt: skip
    return {row[key]: row for row in frame.select(key, "as_of_date", "process", *shown).iter_rows(named=True)}


@pytest.mark.parametrize("seed", [3])
def test_each_fact_of_each_day_is_what_a_snapshot_of_that_day_gives(tmp_path, seed):
    values = {name: set() for name in ("pushes", "pushes_over_month_end", "amount", "owner", "next_step", "stage")}
    with drawn(tmp_path, seed) as kept:
        past = past_of(kept)
        (builder,) = past.builders()
        past_rows = builder.past_rows()
        for period in past.periods:
            days = past.days(past_rows, period)
            for pieces in days.every_day():
                wide, rows = days.on(pieces, EVERY_FACT)
                found = wide.frame.with_columns(rows["deal"], rows["day"])
                for n in range(period.first, period.end):
                    _, wide = that_day(past, past.instants[n])
                    seen = wide.frame
                    expected = facts_of(seen.filter("is_open").rename({"key": "deal"}), "deal")
                    own = facts_of(found.filter(pl.col("day") == n), "deal")
                    assert {deal: own[deal] for deal in expected} == expected
                    for name in values:
                        values[name] |= {facts[name] for facts in expected.values()} - {None, "unknown"}
    assert [name for name, found in values.items() if len(found) < 2] == [], "nothing is compared"


def test_parts_tell_what_the_whole_tells(tmp_path, monkeypatch):
    with drawn(tmp_path, 7) as kept:
        whole = together(past_of(kept))
        monkeypatch.setattr("worker.pipeline.past.replay.PART", 4)
        monkeypatch.setattr("model.calendars.replay_days.CHUNK", 50)
        assert together(past_of(kept)) == whole
        monkeypatch.setattr("worker.pipeline.past.replay.READ", 5)
        assert together(past_of(kept)) == whole


def test_so_it_is_on_postgresql(tmp_path):
    with postgres() as url, drawn(tmp_path, 5, deals=10, url=url) as kept:
        past = past_of(kept)
        assert together(past) == alone(past)


def test_a_process_that_claims_deals_by_their_age_is_followed_day_by_day(tmp_path):
    pack = PACK.replace(b"segment != 'small'", b"days_since(created) > 12")
    with drawn(tmp_path, 8, deals=6) as kept:
        past = past_of(kept, pack)
        assert together(past) == alone(past)


def test_activities_of_contacts_count_where_the_connection_says_so(tmp_path):
    with drawn(tmp_path, 9, deals=8) as kept:
        connection = kept.services.connection(NAME)
        wide = connection.model_copy(
            update={"activity": connection.activity.model_copy(update={"roll_up": "contacts"})}
        )
        kept.services.settings.connections[NAME] = wide
        past = past_of(kept)
        assert together(past) == alone(past)


def test_a_feed_that_grows_late_in_the_window_is_late_from_that_day_on(tmp_path):
    with drawn(tmp_path, 10, deals=6) as kept:
        with kept.store.database.writing() as sql:
            sql.run("UPDATE feed SET read_at = read_at - ? WHERE name = 'activities'", 12 * 86_400_000_000)
        past = past_of(kept)
        assert len(past.periods) > 2
        assert together(past) == alone(past)


def test_deals_that_a_linked_connection_owns_are_left_to_it(tmp_path):
    with drawn(tmp_path, 11, deals=3) as kept:
        kept.describe(**TYPES, linked_id="text")
        mine = kept.services.connection(NAME)
        linked = mine.model_copy(update={"linked_to": "other", "fields": {"linked_id": "Linked__c"}})
        kept.services.settings.connections.update({NAME: linked, "other": mine})
        theirs = Page({"opportunity": [deal("o1")]}, cursor=None, present={}, feeds=frozenset())
        kept.store.mirror.keep_page("other", theirs, NOW, NOW)
        for id_, at in (("own", "z"), ("shared", "o1")):
            kept.keep(NOW - 60 * DAY, opportunity=[deal(id_, facts={"linked_id": at})])
        past = past_of(kept)
        found = together(past)
        assert found == alone(past)
        ids = kept.store.mirror.ids(NAME)
        assert ids["own"] in {key for _, key, _, _ in found}
        assert ids["shared"] not in {key for _, key, _, _ in found}
