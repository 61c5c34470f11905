"""What became of flags that ended: acted on, not acted on, nobody knows, or too early to say."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from kpis.rules.precision import ENOUGH_ENDED, classed, counted, ended, figures, to_demote, with_says
from model.flag_history import ACTS, DEAL_SPANS, FLAG_SPANS, RUNS

DAY = timedelta(days=1)
START = datetime(2026, 9, 1, 12, tzinfo=UTC)
NOW = START + 60 * DAY
RULES = {"policy": pl.String, "last": pl.Int64, "ended": pl.Int64, "fields": pl.List(pl.String), "moved": pl.Boolean}
NOBODY = pl.Series([], dtype=pl.Int64)


def day(run):
    """One run a day."""
    return START + (run - 1) * DAY


def ended_flags(*rows, lived=((1, True, 1, None),), runs=60, unjudged=()):
    """Flags from (key, policy, status, shown, began, ended)."""
    stood = [(key, policy, status, shown, "warning", began, ended) for key, policy, status, shown, began, ended in rows]
    days = [(run, day(run), "d", "", run not in unjudged) for run in range(1, runs + 1)]
    frames = pl.DataFrame(stood, FLAG_SPANS, orient="row"), pl.DataFrame(list(lived), DEAL_SPANS, orient="row")
    return ended(*frames, pl.DataFrame(days, RUNS, orient="row"))


def flag(began=1, ends=5, key=1, *, policy="amount", status="broken", shown=True):
    return (key, policy, status, shown, began, ends)


def act(run, actor="u1", field="amount", *, value='"5"', key=1, hours=-1):
    return (key, field, day(run) + timedelta(hours=hours), actor, value)


def why(flags, *acts, fields=("amount",), moved=False, now=NOW, copied=NOBODY, machines=("svc",)):
    known = flags.select("policy", "last", "ended").drop_nulls().unique().with_columns(
        fields=pl.lit(list(fields) if fields is not None else None, pl.List(pl.String)), moved=pl.lit(moved),
    )  # fmt: skip
    rules = known.cast(RULES)
    frame = with_says(pl.DataFrame(list(acts), ACTS, orient="row"), ["amount", "next_step"], copied)
    return classed(flags, rules, frame, machines, now, DAY)["why"].to_list()


def test_a_flag_that_changes_its_words_is_one_flag():
    flags = ended_flags(flag(1, 3), flag(3, 4, status="unknown"), flag(4, 7), flag(9, None))
    assert flags.select("began", "ended", "last", "how").rows() == [(1, 7, 6, "passed"), (9, None, None, None)]
    assert flags.select("last_at", "ended_at", "back_at").row(0) == (day(6), day(7), day(9))


def test_the_last_run_before_the_end_is_one_that_judged():
    assert ended_flags(flag(1, 7), unjudged=(5, 6))["last"].to_list() == [4]


@pytest.mark.parametrize(
    ("after", "lived", "how"),
    [
        ((), ((1, True, 1, None),), "passed"),
        ((), ((1, True, 1, 5), (1, False, 5, None)), "closed"),
        ((), ((1, True, 1, 5),), "gone"),
        ((), ((1, False, 1, 5), (1, True, 5, None)), "passed"),
        ((flag(5, None, status="unknown", shown=False),), ((1, True, 1, None),), "unknown"),
        ((flag(5, None, shown=False),), ((1, True, 1, None),), "excused"),
        ((flag(5, None, shown=False),), ((1, True, 1, 5), (1, False, 5, None)), "closed"),
    ],
)
def test_how_a_flag_ended_is_read_from_the_verdict_that_ended_it(after, lived, how):
    assert ended_flags(flag(), *after, lived=lived)["how"].to_list() == [how]


def test_a_persons_change_of_what_the_rule_measures_is_acting_on_it():
    assert why(ended_flags(flag()), act(5)) == ["changed by a person"]
    assert why(ended_flags(flag()), act(5, "user:77")) == ["changed by a person"]


def test_the_last_change_before_the_end_decides():
    assert why(ended_flags(flag()), act(5, hours=-3), act(5, "svc")) == ["changed by an integration or automation"]
    assert why(ended_flags(flag()), act(5, "svc", hours=-3), act(5)) == ["changed by a person"]


@pytest.mark.parametrize("actor", ["svc", "integration:9", "automation:workflow"])
def test_what_a_machine_changes_is_not_acting_on_it(actor):
    assert why(ended_flags(flag()), act(5, actor)) == ["changed by an integration or automation"]


@pytest.mark.parametrize(
    "other",
    [act(5, field="owner_id"), act(5, key=2), act(5, hours=1), act(3, hours=-1)],
    ids=["another field", "another deal", "after the verdict", "long before it"],
)
def test_a_change_that_cannot_have_ended_the_flag_does_not_count(other):
    assert why(ended_flags(flag()), other) == ["nobody changed what it measures"]


def test_a_feed_may_be_a_day_late():
    assert why(ended_flags(flag()), act(4, hours=-23)) == ["changed by a person"]


def test_where_nobody_knows_who_or_what_was_measured_the_flag_is_left_out():
    assert why(ended_flags(flag()), act(5, None)) == ["nobody knows who"]
    assert why(ended_flags(flag()), act(5), fields=None) == ["nobody knows who"]


def test_a_policy_that_moved_is_no_act_even_if_somebody_edits_the_deal():
    assert why(ended_flags(flag()), act(5), moved=True) == ["the policy or its limit moved"]


@pytest.mark.parametrize("text", ['"tbd"', '"T.B.D."', '"."', '" - "', '"n/a"', '"?!"', '""'])
def test_filler_is_no_act(text):
    assert why(ended_flags(flag()), act(5, value=text)) == ["filler or a copied text"]


@pytest.mark.parametrize("text", ['"Call Ann on Monday"', '"Zürich"', '"会議"', "null", None])
def test_what_says_something_and_what_is_emptied_is_no_filler(text):
    assert why(ended_flags(flag()), act(5, value=text)) == ["changed by a person"]


def test_a_step_that_stands_on_several_deals_is_a_copied_text():
    written = act(5, field="next_step", value='"Follow up"')
    assert why(ended_flags(flag()), written, fields=["next_step"]) == ["changed by a person"]
    assert why(ended_flags(flag()), written, fields=["next_step"], copied=pl.Series([1])) == ["filler or a copied text"]


CLOSED = ((1, True, 1, 5), (1, False, 5, None))


def test_closing_the_deal_is_acting_on_its_flags_unless_a_machine_did_it():
    moved = {"field": "stage_name", "value": None}
    assert why(ended_flags(flag(), lived=CLOSED), act(5, **moved)) == ["deal closed"]
    assert why(ended_flags(flag(), lived=CLOSED), act(5, None, **moved)) == ["deal closed"]
    assert why(ended_flags(flag(), lived=CLOSED)) == ["deal closed"]
    assert why(ended_flags(flag(), lived=CLOSED), act(5, "svc", **moved)) == ["changed by an integration or automation"]


def test_a_flag_that_comes_back_within_a_fortnight_was_not_acted_on():
    assert why(ended_flags(flag(), flag(18, None)), act(5)) == ["came back", "stands"]
    assert why(ended_flags(flag(), flag(19, None)), act(5)) == ["changed by a person", "stands"]
    assert why(ended_flags(flag(), flag(18, None, policy="other")), act(5)) == ["changed by a person", "stands"]


def test_under_a_fortnight_it_is_too_early_to_say_whatever_is_known():
    at = day(5) + 14 * DAY
    assert why(ended_flags(flag()), act(5), now=at) == ["changed by a person"]
    assert why(ended_flags(flag()), act(5), now=at - timedelta(seconds=1)) == ["too early to say"]
    assert why(ended_flags(flag()), act(5, "svc"), now=at - DAY) == ["too early to say"]
    assert why(ended_flags(flag(), flag(8, None)), act(5), now=at - DAY) == ["too early to say", "stands"]


def test_the_share_acted_on_has_wilsons_interval():
    # 3 of 10: 0.108 to 0.603, Wilson 1927 by hand
    words = ["changed by a person"] * 2 + ["deal closed"] + ["came back"] * 4 + ["excused or observed"] * 3
    found = counted(pl.Series("why", [*words, "stands", "too early to say", "nobody knows who"]))
    assert found["precision"] == pytest.approx({"value": 0.3, "low": 0.1078, "high": 0.6032}, abs=1e-4)
    counts = ("shown", "ended", "acted_on", "not_acted_on", "came_back", "unclear", "too_early", "standing")
    assert [found[name] for name in counts] == [13, 12, 3, 7, 4, 1, 1, 1]
    assert found["ended"] == found["acted_on"] + found["not_acted_on"] + found["unclear"] + found["too_early"]
    assert counted(pl.Series("why", ["stands"]))["precision"] is None


def test_figures_are_of_flags_that_stand_or_ended_in_the_window():
    flags = pl.DataFrame(
        {
            "key": [1, 2, 3, 4], "policy": ["a", "a", "b", "a"], "severity": ["info", None, "info", "info"],
            "ended_at": [NOW - DAY, NOW - 50 * DAY, None, NOW + DAY], "why": ["came back", "came back", "stands", "x"],
        }
    )  # fmt: skip
    rows = figures(flags, "policy", NOW - 30 * DAY, NOW)
    assert [(row["policy"], row["shown"], row["ended"]) for row in rows] == [("a", 1, 1), ("b", 1, 0)]
    assert [row["severity"] for row in figures(flags, "severity", NOW - 60 * DAY, NOW)] == ["info", None]


@pytest.mark.parametrize(
    ("acted", "of", "demoted"),
    [(2, ENOUGH_ENDED, True), (3, ENOUGH_ENDED, False), (0, ENOUGH_ENDED - 1, False), (0, 0, False), (29, 100, True)],
)
def test_a_rule_under_thirty_percent_is_to_be_demoted_once_enough_reasons_are_known(acted, of, demoted):
    row = {"policy": "a", **counted(pl.Series("why", ["deal closed"] * acted + ["came back"] * (of - acted)))}
    assert to_demote([row]) == (["a"] if demoted else [])
