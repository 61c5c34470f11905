"""Calibration: Kaplan–Meier medians of the visits that count, checked against lifelines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.calibrate import calibrate, kaplan_meier, visits
from model.calibration import Calibration, Median
from model.widening.stage_moves import MOVES
from tests.model.build import day, fact, history, snapshot

AS_OF = datetime(2026, 11, 15, tzinfo=UTC)
START = datetime(2026, 3, 1, tzinfo=UTC)


def moves(*rows):
    """MOVES from (key, hours after START, kind, stage, actor)."""
    return pl.DataFrame([
        {"key": key, "at": START + timedelta(hours=hours), "process": "main", "to_stage": stage, "kind": kind,
         "actor": actor, "on": None, "from_stage": None, "to_name": None, "from_order": None, "to_order": None,
         "ours": False, "actor_name": None}
        for key, hours, kind, stage, actor in rows
    ], schema=MOVES)  # fmt: skip


def leaving(count, days, kind="forward", stage="proposal"):
    """Deals that were created in discovery an hour apart and left it after `days`."""
    return [
        row for key in range(count)
        for row in ((key, key + key / 7, "created", "discovery", "user"),
                    (key, key + key / 7 + days * 24 + key, kind, stage, "user"))
    ]  # fmt: skip


def test_the_median_is_the_day_by_which_half_have_left():
    found = calibrate(moves(*leaving(21, 10)), AS_OF)
    assert found.medians["main", "discovery"] == Median(pytest.approx(10 + 10 / 24), 21)
    assert found.revision == "calibration 2026-11-15"


def test_under_twenty_visits_there_is_no_median():
    assert calibrate(moves(*leaving(19, 10)), AS_OF).medians["main", "discovery"] == Median(None, 19)


def test_lost_and_backward_visits_have_ended_and_open_ones_are_censored():
    for kind in ("lost", "backward", "process", "unknown"):
        assert visits(moves(*leaving(3, 10, kind, None)), AS_OF)["left"].all(), kind
    assert not visits(moves((1, 0, "created", "discovery", "user")), AS_OF)["left"].any()


def test_losses_do_not_lengthen_the_median_of_a_stage_that_most_deals_leave_lost():
    lost = [(key + 100, *row) for key, *row in leaving(40, 12, "lost", None)]
    assert calibrate(moves(*leaving(20, 8), *lost), AS_OF).medians["main", "discovery"].days < 14


@pytest.mark.parametrize(("rows", "why"), [
    ([(1, 0, "created", "discovery", "user"), (1, 0.5, "forward", "proposal", "user")], "under an hour"),
    ([(1, 0, "created", "discovery", "integration"), (1, 50, "forward", "proposal", "user")], "import"),
    ([row for key in range(20) for row in ((key, key, "created", "discovery", "user"),
                                           (key, 90, "forward", "proposal", "user"))], "bulk move"),
    ([(1, -24 * 400, "created", "discovery", "user"), (1, 50, "forward", "proposal", "user")], "over a year ago"),
    ([(1, 24 * 400, "created", "discovery", "user")], "not known at as_of"),
    ([(1, 0, "won", "discovery", "user")], "closed"),
])  # fmt: skip
def test_visits_that_do_not_count(rows, why):
    assert visits(moves(*rows), AS_OF).filter(pl.col("stage") == "discovery").is_empty(), why


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 40), st.booleans()), min_size=1, max_size=60))
def test_our_median_is_that_of_lifelines(stays):
    from lifelines import KaplanMeierFitter  # half a second of pandas and scipy that other tests do not need

    days, left = zip(*stays, strict=True)
    frame = pl.DataFrame({"process": "p", "stage": "s", "days": [float(d) for d in days], "left": left})
    curve = KaplanMeierFitter().fit(days, left).survival_function_["KM_estimate"]
    halved = curve.index[curve <= 0.5 + 1e-9]  # theirs misses exact halves by rounding
    assert kaplan_meier(frame)["median"].item() == (halved[0] if len(halved) else None)


def test_a_table_survives_the_store():
    table = Calibration(
        day("2026-11-15"), {("main", "discovery"): Median(10.25, 30), ("main", "won"): Median(None, 3)}, 5
    )
    assert Calibration.from_json(table.to_json()) == table
    assert Calibration.from_json(Calibration().to_json()) == Calibration()


@pytest.mark.parametrize(("median", "limit"), [(Median(20.5, 40), 20.5), (Median(3, 40), 7.0), (Median(None, 4), None)])
def test_a_stage_has_its_median_never_below_the_floor(median, limit):
    shot = snapshot(changes=history(1, ("2026-10-01T12:00", "Discovery")))
    assert (
        fact("stage_median_days", shot, calibration=Calibration(AS_OF.date(), {("main", "discovery"): median})) == limit
    )
