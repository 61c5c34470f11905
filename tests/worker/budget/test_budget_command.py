"""`connection budget` as operators and scripts see it."""

import json

import pytest

from tests.worker.governed import NAME, governed
from worker.cli.upkeep.budget import show
from worker.usecases.budget import budget


@pytest.mark.parametrize(("kind", "window"), [("salesforce", ""), ("hubspot", "calls of our app in 10 seconds")])
def test_operators_read_calls_by_step_the_share_the_reserve_and_the_order(tmp_path, capsys, kind, window):
    with governed(tmp_path, kind, budget_share=0.1) as team:
        show(budget(team.services, NAME))
        assert "The CRM has not said how many calls a day it allows" in capsys.readouterr().out
        team.driver.allow(10_000)
        team.deal("Acme")
        team.run()
        found = budget(team.services, NAME)
        show(found)
        text = capsys.readouterr().out
    assert f"'acme' made {found.calls} calls in the last 24 hours: pull " in text
    assert f"Our share is 10% of 10,000: 1,000 calls, {1000 - found.calls} left." in text
    assert "The last 500 calls of the CRM (5%) are always left to others." in text
    assert window in text
    shown = [line.split("│")[0].strip() for line in text.splitlines() if "goes on" in line][1:]
    assert (shown[:2], len(shown)) == (
        ["reading at once the deals on which somebody works", "the full read of the night"], 9
    )  # fmt: skip
    answer = json.loads(json.dumps(found.to_json()))
    assert answer["calls"]["last_24_hours"] == sum(answer["calls"]["by_step"].values()) == found.calls
    assert answer["steps"][1] == {
        "step": "full", "what": "the full read of the night", "given_up_at": 600, "given_up": False, "resumes_at": None,
    }  # fmt: skip
    assert (answer["share"]["most"], answer["reserve"]["calls"], answer["resumes_at"]) == (1000, 500, None)
