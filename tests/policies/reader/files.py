"""Policy files in pieces, and how they are read."""

from __future__ import annotations

import pytest

from connectors.registry import KINDS
from model.errors import PolicyProblem
from policies.files import read_policies

HEAD = "version: 1\n"
POLICY = """
  - id: no-activity
    title: No activity in 14 days
    flag_if: days_since(last_activity) >= 14
    severity: warning
    points: 15
    fix: Log a call
    owner: revops
"""
PROCESS = """
  - id: {id}
    applies_to: pipeline = '{id}'
    stages:
      - {{id: demo, names: {{salesforce: [Demo]}}, expected_days: [7, {days}]}}
      - {{id: won, names: {{salesforce: [Closed Won]}}}}
"""


def read(text, **known):
    return read_policies({"a.yaml": text}, kinds=KINDS, **known)


def problems(text, **known):
    with pytest.raises(PolicyProblem) as refused:
        read(text, **known)
    return [str(problem) for problem in refused.value.problems]


def policy(**changed):
    """A file of one policy with some keys changed, added, or (None) left out."""
    keys = {
        "id": "no-activity", "title": "No activity", "flag_if": "days_since(last_activity) >= 14",
        "severity": "warning", "points": "15", "fix": "Log a call", "owner": "revops", **changed,
    }  # fmt: skip
    lines = [f"{key}: {value}" for key, value in keys.items() if value is not None]
    return f"{HEAD}policies:\n  - " + "\n    ".join(lines) + "\n"
