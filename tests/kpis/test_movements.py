"""Movements of a window: deals created, won and lost, and close dates that were moved."""

from datetime import date

import pytest

from kpis.dictionary import DEAL_DIMS
from kpis.window import Window
from tests.kpis.fixtures import deal, pipeline, value_of

Q3 = Window("2026-Q3")
MAY, JULY, AUGUST, SEPTEMBER, OCTOBER, DECEMBER = (date(2026, month, 10) for month in (5, 7, 8, 9, 10, 12))


def of(kpi, deals, moves=(), *, window=Q3, **asked):
    return value_of(pipeline(deals), kpi, window=window, date_moves=moves, **asked)


def test_created_deals_are_those_of_the_window_whatever_became_of_them():
    deals = [deal(amount=5, created=JULY), deal("lost", amount=7, created=AUGUST), deal(amount=9, created=MAY)]
    assert of("created_deals", deals).value == 2
    assert of("created_value", deals).value == 12


def test_created_value_says_what_has_no_amount():
    deals = [deal(amount=5, created=JULY), deal(created=JULY)]
    value = of("created_value", deals)
    assert (value.value, value.why) == (5, "1 created deal without an amount at home left out")
    assert of("created_value", deals[1:]).value is None


def test_a_deal_that_was_closed_before_it_came_into_the_crm_is_not_created_in_the_window():
    migrated = deal("won", amount=5, created=JULY, close_date=MAY)
    value = of("created_deals", [deal(created=JULY), migrated])
    assert (value.value, value.why) == (1, "1 deal created closed left out")


def test_created_value_goes_by_month():
    deals = [deal(amount=5, created=JULY), deal(amount=7, created=AUGUST)]
    months = value_of(pipeline(deals), "created_value", by="month", window=Q3)
    assert {month: value.value for month, value in months.items()} == {"2026-07": 5, "2026-08": 7}


def test_a_period_outside_the_window_is_no_group_and_one_inside_it_is_even_where_nothing_happened():
    deals = [deal("won", 5, closed_on=date(2026, 8, 3)), deal("won", 5, closed_on=date(2026, 11, 3)), deal(amount=5)]
    quiet = deal("lost", 5, closed_on=date(2026, 7, 3))
    months = value_of(pipeline([*deals, quiet]), "won_deals", by="month", window=Q3)
    assert {month: value.value for month, value in months.items() if month} == {"2026-07": 0, "2026-08": 1}


def test_won_and_lost_are_counted_by_the_day_of_closing():
    deals = [
        deal("won", amount=5, closed_on=JULY), deal("won", amount=6, closed_on=MAY),
        deal("lost", amount=7, closed_on=SEPTEMBER), deal("lost", closed_on=SEPTEMBER),
    ]  # fmt: skip
    found = {kpi: of(kpi, deals).value for kpi in ("won_deals", "won_value", "lost_deals", "lost_value")}
    assert found == {"won_deals": 1, "won_value": 5, "lost_deals": 2, "lost_value": 7}


def test_a_close_date_that_moved_there_and_back_again_is_neither_pulled_in_nor_pushed_out_but_was_pushed_once():
    moves = [(0, JULY, SEPTEMBER, DECEMBER), (0, AUGUST, DECEMBER, SEPTEMBER)]
    deals = [deal(amount=5, created=MAY, close_date=SEPTEMBER)]
    found = {kpi: of(kpi, deals, moves).value for kpi in ("pulled_in_value", "pushed_out_value", "push_count")}
    assert found == {"pulled_in_value": 0, "pushed_out_value": 0, "push_count": 1}


def test_only_the_moves_of_the_window_count():
    moves = [(0, MAY, AUGUST, SEPTEMBER), (0, AUGUST, SEPTEMBER, DECEMBER), (0, OCTOBER, DECEMBER, MAY)]
    deals = [deal(amount=5, created=MAY, close_date=MAY)]
    assert of("pushed_out_value", deals, moves).value == 5
    assert of("pulled_in_value", deals, moves).value == 0
    assert of("push_count", deals, moves).value == 1
    assert of("push_count", deals, moves, window=Window("all")).value == 2
    assert of("pulled_in_value", deals, moves, window=Window("all")).value == 5


@pytest.mark.parametrize(
    ("closed_on", "counts"), [(AUGUST, 0), (OCTOBER, 5)], ids=["closed in the window", "closed after it"]
)
def test_a_deal_counts_as_moved_if_it_was_open_when_the_window_ended(closed_on, counts):
    one = deal("won", amount=5, created=MAY, closed_on=closed_on, close_date=closed_on)
    assert of("pushed_out_value", [one], [(0, JULY, SEPTEMBER, DECEMBER)]).value == counts


def test_push_count_mean_is_over_all_open_deals():
    deals = [deal(created=MAY, close_date=DECEMBER), deal(created=JULY), deal(created=OCTOBER), deal("lost")]
    value = of("push_count_mean", deals, [(0, JULY, JULY, AUGUST), (0, AUGUST, AUGUST, DECEMBER)])
    assert (value.value, value.numerator, value.denominator) == (1, 2, 2)


def test_slippage_is_of_the_deals_that_were_due_when_the_window_began():
    deals = [
        deal("won", created=MAY, closed_on=AUGUST, close_date=AUGUST),
        deal(created=MAY, close_date=DECEMBER),  # was due in August, moved in September
        deal(created=MAY, close_date=SEPTEMBER),  # overdue
        deal("lost", created=MAY, closed_on=OCTOBER, close_date=OCTOBER),  # was due in July, lost a month after the end
        deal(created=JULY, close_date=SEPTEMBER),  # not there when the window began
        deal("won", created=MAY, closed_on=SEPTEMBER, close_date=SEPTEMBER),  # was due in December
    ]
    moves = [(1, SEPTEMBER, AUGUST, DECEMBER), (3, OCTOBER, JULY, OCTOBER), (5, SEPTEMBER, DECEMBER, SEPTEMBER)]
    value = of("slippage_rate", deals, moves)
    assert (value.numerator, value.denominator, value.value) == (3, 4, 0.75)
    assert value.answer.interval is not None


def test_slippage_needs_a_window():
    value = of("slippage_rate", [deal(created=MAY, close_date=JULY)], window=Window("all"))
    assert (value.value, value.why) == (None, "slippage needs a window of days, as 2026-Q3 or 90d")


def test_a_deal_of_unknown_history_is_left_out_and_counted():
    wide = pipeline([deal(amount=5, created=MAY, close_date=SEPTEMBER), deal(amount=7, created=MAY, close_date=JULY)])
    object.__setattr__(wide, "frame", wide.frame.with_columns(pushes__known=wide.frame["key"] == 0))
    object.__setattr__(wide, "masked", wide.masked | {"pushes"})
    value = value_of(wide, "pushed_out_value", window=Q3, date_moves=[(0, JULY, JULY, SEPTEMBER)])
    assert (value.value, value.n) == (5, 1)
    assert value.why == "1 deal without the whole history of the close date left out"


def test_without_any_history_nothing_is_said_to_have_moved():
    value = value_of(pipeline([deal(amount=5, created=MAY, close_date=SEPTEMBER)]), "push_count", window=Q3)
    assert (value.value, value.why) == (None, "1 deal without the whole history of the close date left out")


def test_moves_go_by_owner():
    deals = [deal(amount=5, created=MAY, owner="Ann"), deal(amount=7, created=MAY, owner="Bob")]
    moves = [(0, JULY, JULY, AUGUST), (1, JULY, JULY, MAY)]
    owners = value_of(pipeline(deals), "pulled_in_value", by="owner", window=Q3, date_moves=moves)
    assert {owner: value.value for owner, value in owners.items()} == {"Ann": 0, "Bob": 7}


def test_loss_reasons_share_the_lost_deals_of_the_window():
    deals = [
        *[deal("lost", amount=5, closed_on=JULY, loss_reason="price")] * 2,
        deal("lost", amount=7, closed_on=AUGUST, loss_reason="no decision"), deal("lost", closed_on=AUGUST),
        deal("lost", closed_on=MAY, loss_reason="price"),
    ]  # fmt: skip
    found = {
        kpi: value_of(pipeline(deals), kpi, "loss_reason", Q3, dims=(*DEAL_DIMS, "loss_reason"))
        for kpi in ("loss_reason_share", "lost_deals", "lost_value")
    }
    shares = {reason: value.value for reason, value in found["loss_reason_share"].items()}
    assert shares == {"price": 0.5, "no decision": 0.25, None: 0.25}
    assert {value.n for value in found["loss_reason_share"].values()} == {4}
    assert found["lost_deals"]["price"].value == 2
    assert (found["lost_value"]["price"].value, found["lost_value"]["no decision"].value) == (10, 7)


def test_a_share_of_loss_reasons_is_asked_for_by_loss_reason():
    assert of("loss_reason_share", [deal("lost", closed_on=JULY)]).why == "ask by loss_reason"
