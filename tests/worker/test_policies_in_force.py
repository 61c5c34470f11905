"""The last good policy set stays in force where nobody is there to mend a file."""

from dataclasses import replace
from pathlib import Path

import pytest

from model.errors import PolicyProblem, SettingsProblem
from tests.worker.governed import governed
from worker.wiring import read_policy_files

GOOD = b"""version: 1
policies:
  - {id: no-amount, title: No amount, flag_if: amount is blank, severity: warning, points: 10, fix: Enter, owner: o}
"""


def with_policies(team, text):
    team.services = replace(team.services, policy_texts=lambda: {"ours.yaml": text})


def test_a_scheduled_run_goes_on_under_the_last_good_policies(tmp_path):
    with governed(tmp_path) as team:
        deal = team.deal("No amount")
        with_policies(team, GOOD)
        digest = team.run().policy_digest
        with_policies(team, GOOD.replace(b"is blank", b"is blnk"))
        assert team.run(unwatched=True).policy_digest == digest
        assert team.flags(deal) == ["no-amount"]


def test_a_person_is_told_of_the_mistake_instead(tmp_path):
    with governed(tmp_path) as team:
        with_policies(team, GOOD)
        team.run()
        with_policies(team, GOOD.replace(b"amount is", b"amuont is"))
        with pytest.raises(PolicyProblem, match=r"ours.yaml:3:.*did you mean 'amount'"):
            team.run()


def test_without_any_good_set_a_scheduled_run_is_refused(tmp_path):
    with governed(tmp_path) as team:
        with_policies(team, b"version: 1\npolicies: [{id: x}]\n")
        with pytest.raises(PolicyProblem):
            team.run(unwatched=True)


def test_a_device_that_never_ends_is_no_policy_file():
    with pytest.raises(SettingsProblem, match="There is no policy file or folder /dev/zero"):
        read_policy_files([Path("/dev/zero")])
