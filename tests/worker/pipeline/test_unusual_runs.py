"""A run that writes or clears far more than its usual says so in its report."""

import pytest

from tests.worker.enforcing import under
from tests.worker.governed import governed
from worker.pipeline.unusual import FEWEST, LEAST

RULES = """version: 1
policies:
  - {id: no-amount, title: No amount, applies_to: is_open, flag_if: %s, severity: warning, points: 15,
     fix: Enter the amount, owner: ops}
"""


@pytest.fixture
def team(tmp_path):
    with governed(tmp_path) as opened:
        yield under(opened, RULES % "amount is blank")


def more_deals(team):
    for number in range(LEAST + 1):
        team.deal(f"Deal {number}")


def test_a_run_that_writes_or_clears_far_more_than_each_run_before_it_says_so(team):
    for _ in range(FEWEST):
        assert team.run().unusual == []
        team.later(hours=1)
    more_deals(team)
    report = team.run()
    (sentence,) = report.unusual
    assert sentence.startswith(f"This run wrote {LEAST + 1} records, and none of the {FEWEST} runs before it over 0.")
    assert sentence.endswith(f"`sluicegate runs undo {report.run_id}` takes it back.")
    assert report.exit_code == 0
    team.later(hours=1)
    (sentence,) = under(team, RULES % "amount = 1").run().unusual
    assert sentence.startswith(f"This run cleared {LEAST + 1} flags")


def test_the_first_runs_know_of_nothing_usual(team):
    more_deals(team)
    assert team.run().unusual == []
