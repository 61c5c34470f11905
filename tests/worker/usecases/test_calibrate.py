"""Calibration: a proposal shows old and new limits side by side before anybody accepts it."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from model.errors import PolicyProblem
from tests.worker.archive import DAY, NAME, NOW, archive, deal, moved, owner
from worker.cli.main import main
from worker.usecases.calibrate import accept, propose
from worker.usecases.steps import judge_only

PACK = b"""version: 1
processes:
  - id: deals
    stages:
      - {id: discovery, names: {salesforce: [Discovery]}, expected_days: [3, 21]}
      - {id: proposal, names: {salesforce: [Proposal]}}
      - {id: won, names: {salesforce: [Closed Won]}}
policies: []
"""


@pytest.fixture
def kept(tmp_path):
    """20 deals left Discovery: 8 for Proposal after 40 days, 12 lost after 10 days and some minutes."""
    with archive(tmp_path, calibration_floor_days=2) as made:
        made.services = made.services.__class__(**{**vars(made.services), "policy_texts": lambda: {"p.yaml": PACK}})
        made.keep(NOW - 60 * DAY, owner=[owner("u1", name="Ann")])
        for n in range(20):
            leaves(made, n, *(("Proposal", 40) if n < 8 else ("Closed Lost", 10)))
        yield made


def leaves(made, n, stage, days):
    began = NOW - 50 * DAY + timedelta(minutes=n)
    left = began + days * DAY
    record = deal(f"d{n}", created=began, stage_name=stage, is_closed=stage == "Closed Lost", modified=left)
    moves = [moved(f"d{n}", began, "Discovery"), moved(f"d{n}", left, stage)]
    made.keep(left, opportunity=[record], stage_change=moves)


def limits(answer):
    names = ("limit_before", "limit_before_from", "limit", "limit_from")
    return {one["stage"]: tuple(one[name] for name in names) for one in answer["medians"]}


def test_a_proposal_shows_the_limit_in_force_beside_its_own(kept):
    proposed = propose(kept.services, NAME)
    assert (proposed["state"], proposed["in_force_before"]) == ("a proposal", None)
    assert limits(proposed) == {
        "discovery": (21, "band", 10, "calibration"),  # 12 of 20 had left by day 10, most of them lost
        "proposal": (None, None, None, None),
    }  # fmt: skip


def test_the_next_proposal_is_shown_against_the_accepted_table(kept):
    propose(kept.services, NAME)
    assert limits(accept(kept.services, NAME))["discovery"] == (21, "band", 10, "calibration")
    again = propose(kept.services, NAME)
    assert again["in_force_before"] == "2026-11-16"
    assert limits(again)["discovery"] == (10, "calibration", 10, "calibration")


def test_a_mistake_in_a_policy_file_does_not_end_the_proposal_of_the_month(kept):
    judge_only(kept.services, NAME, None)
    proposed = propose(kept.services, NAME)
    typo = replace(kept.services, policy_texts=lambda: {"p.yaml": PACK.replace(b"stages:", b"stags:")})
    assert limits(propose(typo, NAME)) == limits(proposed)
    assert accept(typo, NAME)["state"] == "in force"


def test_nothing_is_accepted_where_no_policies_can_be_read(kept):
    propose(kept.services, NAME)
    with pytest.raises(PolicyProblem):
        accept(replace(kept.services, policy_texts=lambda: {"p.yaml": b"version: 1\npolicies: 7\n"}), NAME)
    assert kept.store.connections.current_calibration(NAME, NOW).on is None


def test_people_see_both_limits(kept, capsys, monkeypatch):
    monkeypatch.setattr("worker.cli.common.Asked.services", lambda _self, *, quiet=True: kept.services)
    with pytest.raises(SystemExit):
        main(["calibrate", NAME])
    shown = capsys.readouterr().out
    assert "before (no calibration)" in shown
    assert "21.0 days (expected_days)" in shown
    assert "10.0 days" in shown
    with pytest.raises(SystemExit):
        main(["calibrate", NAME, "--json"])
    assert json.loads(capsys.readouterr().out)["medians"][0]["limit_before"] == 21
