"""KPIs that users write in files: ten shipped ones rewritten, and what only these can do."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

import polars as pl
import pytest

from kpis.window import Window
from model.errors import PolicyProblem
from model.wide import Wide
from tests.kpis.custom_kpis import kpis_of, measured, value
from tests.kpis.fixtures import TODAY, deal, pipeline

REWRITTEN = """
version: 1
kpis:
  - name: my_pipeline_value
    label: Pipeline value
    type: simple
    measure: {agg: sum, expr: amount_home}
    filter: is_open
    window: as_of
  - name: my_pipeline_value_weighted
    label: Weighted pipeline value
    type: simple
    measure: {agg: sum, expr: amount_home * probability}
    filter: is_open
    window: as_of
  - name: my_win_rate_closed
    label: Win rate of closed deals
    type: ratio
    numerator: {agg: count, filter: is_won}
    denominator: {agg: count, filter: is_won or is_lost}
    window: closed
  - name: my_win_rate_closed_by_value
    label: Win rate of closed deals by value
    type: ratio
    numerator: {agg: sum, expr: amount_home, filter: is_won}
    denominator: {agg: sum, expr: amount_home}
    window: closed
  - name: my_average_won_value
    label: Average won value
    type: simple
    measure: {agg: average, expr: amount_home}
    filter: is_won
    window: closed
  - name: my_days_to_win_mean
    label: Mean days to win
    type: simple
    measure: {agg: average, expr: days_to_close}
    filter: is_won
    window: closed
  - name: my_days_to_win_median
    label: Median days to win
    type: simple
    measure: {agg: median, expr: days_to_close}
    filter: is_won
    window: closed
  - {name: won, label: Won, type: simple, measure: {agg: count}, filter: is_won, window: closed}
  - {name: closed, label: Closed, type: simple, measure: {agg: count}, window: closed}
  - {name: opened, label: Open, type: simple, measure: {agg: count}, filter: is_open, window: as_of}
  - name: my_velocity
    label: Open pipeline velocity
    type: derived
    expr: opened * my_win_rate_closed * my_average_won_value / my_days_to_win_mean
    metrics: [opened, my_win_rate_closed, my_average_won_value, my_days_to_win_mean]
    unit: money
"""
PAIRS = {
    "my_pipeline_value": "pipeline_value",
    "my_pipeline_value_weighted": "pipeline_value_weighted",
    "my_win_rate_closed": "win_rate_closed",
    "my_win_rate_closed_by_value": "win_rate_closed_by_value",
    "my_average_won_value": "average_won_value",
    "my_days_to_win_mean": "days_to_win_mean",
    "my_days_to_win_median": "days_to_win_median",
}


def generated(deals=400, seed=7, *, imported=True):
    """A pipeline with unknown and blank amounts, undated deals, and deals that were created closed."""
    drawn = Random(seed)  # noqa: S311 - a sample
    rows = []
    for _ in range(deals):
        made = date(2025, 1, 1) + timedelta(days=drawn.randrange(600))
        ended = made + timedelta(days=drawn.randrange(200))
        state = drawn.choice(("open", "won", "lost"))
        amount = drawn.choice((None, 0, drawn.randrange(1, 10_000_000) / 100))
        rows.append(deal(
            state, None if amount is None else f"{amount:.2f}", created=drawn.choice((made, made, None)),
            closed_on=None if state == "open" else drawn.choice((ended, None)),
            owner=drawn.choice(("Ann", "Bob", None)),
            close_date=drawn.choice((ended, ended, made - timedelta(days=9) if imported else ended, None)),
            probability=drawn.choice((None, 0.1, 0.25, 0.9)), amount_home__known=drawn.random() < 0.9,
        ))  # fmt: skip
    return pipeline(rows)


@pytest.mark.parametrize("window", [None, "365d", "2026-Q2", "2026-01-01..2026-03-31"])
def test_shipped_kpis_that_a_user_writes_have_the_values_of_the_shipped_ones(window):
    found = measured(
        generated(), REWRITTEN, by=["owner", "month", ("owner", "quarter")], window=window and Window(window)
    )
    values = {(one.id, *one.dims.items()): one for one in found}
    for mine, shipped in PAIRS.items():
        groups = {key[1:] for key in values if key[0] == shipped}
        assert groups == {key[1:] for key in values if key[0] == mine}
        assert len(groups) > (4 if window else 20)
        for group in groups:
            one, other = values[mine, *group], values[shipped, *group]
            assert one.value == other.value, (mine, group)
            assert (one.n, one.answer.interval, one.few) == (other.n, other.answer.interval, other.few), (mine, group)


def test_the_counts_and_the_velocity_are_those_of_the_shipped_factors():
    values = measured(generated(imported=False), REWRITTEN, window=Window("365d"))
    found = {one.id: one for one in values if not one.dims}
    assert (found["won"].value, found["closed"].value) == (
        found["win_rate_closed"].numerator,
        found["win_rate_closed"].denominator,
    )
    assert found["opened"].value == found["pipeline_velocity_open_per_day"].n
    assert found["my_velocity"].value == found["pipeline_velocity_open_per_day"].value
    assert found["my_velocity"].window == "365d and as_of"


RENEWALS = """
version: 1
kpis:
  - name: renewals
    label: Won among renewals
    type: ratio
    numerator: {agg: count, filter: is_won}
    denominator: {agg: count}
    filter: deal_type = 'Renewal'
    window: closed
    owner: Head of Renewals
    leads: lagging
    category: outcome
"""


def with_types(deals, kinds, known):
    wide = pipeline(deals)
    mask = pl.Series(known, dtype=pl.Boolean)
    frame = wide.frame.with_columns(deal_type=pl.Series(kinds, dtype=pl.String), deal_type__known=mask)
    return Wide(frame, wide.as_of, wide.moves)


def test_a_deal_of_which_nobody_knows_the_filter_is_left_out_and_counted():
    wide = with_types(
        [deal("won"), deal("lost"), deal("won"), deal("won")],
        ["Renewal", "renewal", "New", None],
        [True, True, True, False],
    )
    rate = value(wide, RENEWALS, "renewals")
    assert (rate.value, rate.n, rate.why) == (Fraction(1, 2), 2, "1 deal of unknown deal_type left out")
    assert (rate.kpi.owner, rate.kpi.interval) == ("Head of Renewals", "Wilson's score interval")


def test_where_the_filter_is_unknown_of_every_deal_there_is_no_value():
    rate = value(with_types([deal("won")], [None], [False]), RENEWALS, "renewals")
    assert (rate.value, rate.n, rate.why) == (
        None,
        0,
        "1 deal of unknown deal_type left out; of the others, no such deal in the window",
    )


def test_a_filter_over_a_fact_that_nothing_is_mapped_for_says_so():
    rate = value(pipeline([deal("won")]), RENEWALS, "renewals")
    assert (rate.value, rate.why) == (None, "nothing is mapped for deal_type")


def test_a_deal_of_unknown_scope_is_left_out_of_users_kpis_too():
    wide = with_types([deal("won"), deal("lost")], ["Renewal", "Renewal"], [True, True])
    rate = value(wide, RENEWALS, "renewals", scope=pl.when(pl.col("is_won")).then(statement=True))
    assert (rate.value, rate.n, rate.why) == (1, 1, "1 deal of unknown scope left out")


APART = """
version: 1
kpis:
  - name: pushed_to_open
    label: Pushed deals for each open one
    type: ratio
    numerator: {agg: count, filter: is_lost}
    denominator: {agg: count, filter: is_open}
    window: as_of
"""


def test_a_ratio_of_deals_that_are_not_among_each_other_is_no_share_and_has_no_interval():
    found = value(pipeline([deal("lost"), deal(), deal()]), APART, "pushed_to_open")
    assert (found.value, found.unit, found.answer.interval) == (Fraction(1, 2), "ratio", None)


def test_a_derived_kpi_without_one_of_its_kpis_has_no_value_and_says_which():
    found = value(pipeline([deal(amount=5)]), REWRITTEN, "my_velocity")
    assert found.value is None
    assert "my_win_rate_closed has no value (no such deal in the window)" in found.why


def test_money_stays_exact_to_the_cent():
    wide = pipeline([deal(amount="0.10"), deal(amount="0.20")])
    assert value(wide, REWRITTEN, "my_pipeline_value").value == Decimal("0.30")
    assert value(wide, REWRITTEN, "my_pipeline_value").json()["value"] == "0.3"


def test_deals_created_in_the_window_count_whatever_became_of_them():
    text = "version: 1\nkpis: [{name: made, label: Made, type: simple, measure: {agg: count}, window: created}]\n"
    wide = pipeline([deal("lost", created=TODAY), deal(created=TODAY - timedelta(days=90)), deal("won")])
    found = value(wide, text, "made", window=Window("30d"))
    assert (found.value, found.why) == (1, "1 deal without a day of creation left out")


TEN = """\
version: 1
kpis:
  - name: one
    label: Unknown fact
    type: simple
    measure: {agg: count}
    filter: is_wonn
    window: closed
  - name: two
    label: Unknown aggregate
    type: simple
    measure: {agg: avarage, expr: amount_home}
    window: closed
  - name: three
    label: Own currencies
    type: simple
    measure: {agg: sum, expr: amount}
    window: closed
  - name: four
    label: No denominator
    type: ratio
    numerator: {agg: count, filter: is_won}
    window: closed
  - name: win_rate_closed
    label: A shipped name
    type: simple
    measure: {agg: count}
    window: closed
  - name: six
    lable: Misspelt key
    type: simple
    measure: {agg: count}
    window: closed
  - name: seven
    label: Unknown window
    type: simple
    measure: {agg: count}
    window: close
  - name: eight
    label: Unknown KPI
    type: derived
    expr: three / for
  - name: nine
    label: A text is no number
    type: simple
    measure: {agg: sum, expr: owner}
    window: closed
  - name: ten
    label: An example without a number
    type: simple
    measure: {agg: count}
    window: closed
    examples:
      - {rows: [{is_won: true}], value: many}
"""


OWN_CURRENCY = (
    "amount is in each deal's own currency, and unlike currencies do not add up; write amount_home, the amount in the "
    "home currency"
)
SHIPPED_NAME = "'win_rate_closed' is the name of a shipped KPI, which has one meaning; give yours another name"


def test_ten_mistakes_have_ten_places():
    with pytest.raises(PolicyProblem) as refused:
        kpis_of(TEN)
    assert [str(one) for one in refused.value.problems] == [
        "kpis.yaml:7:13: filter: unknown fact 'is_wonn'; did you mean 'is_won'?",
        "kpis.yaml:12:20: agg of measure is one of count, sum, average, median, not 'avarage'; did you mean 'average'?",
        f"kpis.yaml:17:31: {OWN_CURRENCY}",
        "kpis.yaml:19:5: a KPI of type ratio has no 'denominator'; add it",
        f"kpis.yaml:24:11: {SHIPPED_NAME}",
        "kpis.yaml:30:5: unknown key 'lable' in a KPI; did you mean 'label'?",
        "kpis.yaml:38:13: window is one of closed, created, as_of, not 'close'; did you mean 'closed'?",
        "kpis.yaml:42:19: expr: there is no KPI 'for'; did you mean 'four'?",
        "kpis.yaml:46:31: expr of measure: owner is no number; name a fact of type number or money",
        "kpis.yaml:54:41: the value of an example is a number, or nothing where there is none, not a text",
    ]


def test_words_of_policies_and_of_questions_are_answered_with_the_words_of_kpis():
    text = """version: 1
kpis:
  - {id: x, title: X, by: team, name: Win-Rate, label: X, type: simple, measure: {agg: count}, window: as_of}
"""
    with pytest.raises(PolicyProblem) as refused:
        kpis_of(text)
    assert [one.text.rpartition("; ")[2] for one in refused.value.problems] == [
        "write name:", "write label:", "leave by out, and ask with --by", "write win_rate",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "mistake"),
    [
        ("measure: {agg: count, expr: amount_home}", "agg: count counts deals and takes no expr; say which by filter"),
        ("measure: {agg: sum}", "agg: sum has no 'expr'; add the number of a deal, as expr: amount_home"),
        ("measure: {agg: sum, expr: 5}", "'5' is the same for every deal; name a fact, or use agg: count"),
        ("measure: {agg: median, expr: days_to_close}", "days_to_close stands alone, in a KPI with window: closed"),
        ("measure: {agg: count}, denominator: {agg: count}", "a KPI of type simple takes no 'denominator'"),
        ("measure: {agg: count}, unit: percent", "unit is one of deals, money, share, ratio, days, number"),
    ],
)
def test_what_cannot_be_counted_is_refused(entry, mistake):
    text = f"version: 1\nkpis:\n  - {{name: x, label: X, type: simple, window: as_of, {entry}}}\n"
    with pytest.raises(PolicyProblem) as refused:
        kpis_of(text)
    assert [str(one).split(": ", 1)[1][:40] for one in refused.value.problems] == [mistake[:40]]


def test_a_kpi_that_is_derived_of_itself_is_refused():
    text = """version: 1
kpis:
  - {name: a, label: A, type: derived, expr: b + 1}
  - {name: b, label: B, type: derived, expr: a / 2}
"""
    with pytest.raises(PolicyProblem, match=r"kpis.yaml:3:5: 'a' is derived of itself, by way of b"):
        kpis_of(text)


def test_a_derived_kpi_may_stand_before_the_ones_it_is_made_of():
    text = """version: 1
kpis:
  - {name: twice, label: Twice, type: derived, expr: made * 2}
  - {name: made, label: Made, type: simple, measure: {agg: count}, window: as_of}
"""
    assert value(pipeline([deal(), deal()]), text, "twice").value == 4
