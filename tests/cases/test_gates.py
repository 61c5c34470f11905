"""Gates are the same whenever a run looks, and as an oracle of a few lines says."""

import random

import pytest

from tests.cases.gates import DAY, HOUR, START, compared, drawn, wanted

DAYS = 6
END = START + DAYS * DAY


@pytest.fixture(scope="module")
def lives():
    chance = random.Random(3)  # noqa: S311 - the same deals every time
    return [drawn(chance, n, DAYS) for n in range(40)]


def test_the_drawn_deals_meet_miss_and_take_back_their_gates(lives):
    ends = list(wanted(lives, END).values())
    kinds = {("met" if met else "missed", ended) for met, ended in ends}
    assert kinds == {("met", None), ("met", "met_late"), ("missed", None), ("missed", "taken_back")}
    assert len(ends) > 60


@pytest.mark.parametrize("kind", ["salesforce", "hubspot"])
@pytest.mark.parametrize(
    "runs", [[END], [START + 2 * DAY, END], [START + n * DAY for n in range(DAYS + 1)]], ids=["once", "late", "daily"]
)
def test_a_run_that_comes_late_finds_the_gates_of_one_that_came_each_day(lives, kind, runs):
    assert list(compared(lives, runs, kind)) == []


def test_runs_of_every_few_hours_find_them_too(lives):
    runs = [START + 3 * n * HOUR for n in range(17)]
    assert list(compared(lives, runs, "salesforce")) == []
