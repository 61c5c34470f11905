"""What a KPI says where a fact is unknown: never zero, and never a figure that hides the deals it leaves out."""

from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from kpis.catalogue import SHIPPED as KPIS
from kpis.window import Window
from model.wide import Wide
from tests.kpis.fixtures import FACTS, deal, pipeline, value_of, values_of, walk

SOON, MADE, DONE = date(2026, 12, 15), date(2026, 1, 5), date(2026, 11, 1)
DEALS = (
    deal(amount=100, probability=0.5, close_date=SOON, created=MADE, owner="Ann"),
    deal(amount=200, probability=0.25, close_date=SOON, created=MADE, owner="Bob"),
    deal("won", amount=400, created=MADE, closed_on=DONE, close_date=DONE, owner="Ann"),
    deal("won", amount=800, created=MADE, closed_on=date(2026, 10, 1), close_date=DONE, owner="Bob"),
    deal("lost", amount=1600, created=MADE, closed_on=DONE, close_date=DONE, owner="Bob"),
)
MOVES = [
    move
    for key, steps in enumerate((
        (("discovery", 0),), (("discovery", 0), ("qualified", 9)), (("discovery", 0), ("won", 20)),
        (("discovery", 0), ("qualified", 7), ("won", 30)), (("discovery", 0), ("lost", 40)),
    ))
    for move in walk(key, steps)
]  # fmt: skip
DATE_MOVES = ((0, DONE, DONE, SOON), (1, DONE, date(2027, 1, 5), SOON))
TARGETS = pl.DataFrame({"period": ["2026-Q4"], "amount": [Decimal(1000)]})
STATE = ("is_open", "is_won", "is_lost")
STAGED = ("stage", "stage_since")
UNKNOWN = {
    "state": STATE, "amount": ("amount_home",), "probability": ("probability",), "close date": ("close_date",),
    "closing": ("closed_on", "close_date"), "creation": ("created",), "stage": STAGED, "owner": ("owner",),
    "history": ("pushes",),
}  # fmt: skip


def org(unknown: tuple[str, ...] = (), of: tuple[int, ...] = ()) -> Wide:
    """The pipeline, where these facts of these deals could not be read."""
    moves = [move for move in MOVES if not (set(unknown) & set(STAGED) and move["key"] in of)]
    wide = pipeline(DEALS, moves)
    here = pl.col("key").is_in(list(of))
    masks = {f"{fact}__known": ~here if fact in unknown else pl.lit(value=True) for fact in FACTS if "__" not in fact}
    blanked = [pl.when(~here).then(fact).alias(fact) for fact in unknown]
    return Wide(wide.frame.with_columns(*blanked, **masks), wide.as_of, wide.moves)


def without(of: tuple[int, ...]) -> Wide:
    """The pipeline as if these deals did not exist."""
    whole, here = org(), pl.col("key").is_in(list(of))
    return Wide(whole.frame.filter(~here), whole.as_of, whole.moves.filter(~here))


def values(wide: Wide, window: str) -> dict:
    found = values_of(wide, by=("owner",), window=Window(window), targets=TARGETS, date_moves=DATE_MOVES)
    return {(value.id, *value.dims.values()): value for value in found if None not in value.dims.values()}


@pytest.mark.parametrize("window", ["all", "90d"])
@pytest.mark.parametrize("of", [(0,), (2,), (4,), (1, 3), (0, 1, 2, 3, 4)])
@pytest.mark.parametrize("facts", UNKNOWN.values(), ids=UNKNOWN)
def test_no_kpi_gives_the_figure_of_the_other_deals_without_saying_what_it_leaves_out(facts, of, window):
    known, now, others = values(org(), window), values(org(facts, of), window), values(without(of), window)
    for key, value in now.items():
        unlike = key in others and others[key].value != known[key].value
        if unlike and value.value == others[key].value:
            assert value.why, key
            assert value.why != others[key].why, key


@pytest.mark.parametrize("facts", UNKNOWN.values(), ids=UNKNOWN)
def test_where_a_fact_is_unknown_of_every_deal_no_kpi_that_rests_on_it_is_zero(facts):
    known, now = values(org(), "all"), values(org(facts, (0, 1, 2, 3, 4)), "all")
    for entry in KPIS:
        value = now[entry,]
        if value.value != known[entry,].value:
            assert (value.value, bool(value.why)) == (None, True), entry


def test_a_pipeline_of_unknown_state_has_no_value_and_says_how_many_deals_it_leaves_out():
    value = value_of(org(STATE, (0, 1, 2, 3, 4)), "pipeline_value")
    assert (value.value, value.numerator, value.n) == (None, None, 0)
    assert value.why == "5 deals of unknown state left out"


def test_a_pipeline_of_partly_unknown_state_is_given_with_what_it_leaves_out():
    value = value_of(org(STATE, (1,)), "pipeline_value")
    assert (value.value, value.why) == (100, "1 deal of unknown state left out")


def test_a_group_says_how_many_deals_might_be_its_own():
    groups = value_of(org(("owner",), (1,)), "pipeline_value", by="owner")
    assert (groups["Ann"].value, groups["Ann"].why) == (100, "1 deal of unknown owner left out")
    assert (groups[None].value, groups[None].why) == (200, "1 deal of unknown owner among them")


def test_a_closed_deal_without_a_day_is_left_out_of_a_window_and_said():
    value = value_of(org(("closed_on", "close_date"), (2,)), "win_rate_closed", window=Window("90d"))
    assert (value.numerator, value.denominator) == (1, 2)
    assert value.why == "1 deal without a day of closing left out"


def test_velocity_says_which_won_deals_its_averages_leave_out():
    value = value_of(org(("amount_home",), (2,)), "pipeline_velocity_closed_per_day")
    assert value.why.startswith("1 won deal without an amount at home left out; over 322 days, because the earliest")


def test_a_deal_of_unknown_stage_is_said_by_the_stage_kpis():
    value = value_of(org(STAGED, (0,)), "stage_conversion_ever", by="stage")["discovery"]
    assert value.why == "1 deal of unknown stage left out"


@pytest.mark.parametrize("dim", ["month", "quarter", "year", "fiscal_quarter", "fiscal_year"])
def test_by_period_every_kpi_says_what_it_leaves_out(dim):
    unsure = values_of(org(("close_date", "closed_on", "created"), (0, 2)), by=[dim])
    groups = [value for value in unsure if value.id == "win_rate_closed" and value.dims]
    assert groups
    assert all("unknown" in value.why for value in groups)
