"""The tables of docs/contract.md name the keys that the code answers with, and no others."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from kpis.answers import Answer
from kpis.catalogue import SHIPPED
from kpis.values import KpiValue
from model.errors import SluicegateError
from policies.language.tokens import FUNCTIONS
from worker.cli.common import EXIT_CODES
from worker.pipeline.report import Report
from worker.usecases.answers import deal_json, lead_json, run_json
from worker.watching.findings import TOPICS, Finding, FindingLevel

PAGE = (Path(__file__).parents[2] / "docs" / "contract.md").read_text()
STORED_DEAL = dict.fromkeys(("id", "name", "pipeline", "stage_name", "score", "score_reason", "detail")) | {
    **dict.fromkeys(("amount", "currency", "close_date", "owner", "team")), "is_open": True, "flags": [], "unknown": [],
}  # fmt: skip
STORED_LEAD = dict.fromkeys(("id", "name", "company", "source", "status", "owner", "created", "is_converted"), None) | {
    "broken": [],
    "unknown": [],
}


class Stored(dict):
    """A row of the store with any column."""

    def __missing__(self, _):
        return None


class Instant:
    """Stands for the instant of a stored run."""

    def isoformat(self):
        return "2026-11-15T12:00:00+00:00"


def section(heading):
    return re.split(r"^#{2,3} ", PAGE.split(f"### {heading}\n")[1], flags=re.MULTILINE)[0]


def keys_of(text, head):
    table = text.split(f"| {head} |")[1].split("\n\n")[0]
    cells = re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE)
    return {key for cell in cells for key in re.findall(r"`(\w+)`", cell)}


def test_the_run_table_has_every_key_of_a_report():
    assert keys_of(section("`run`"), "key") == set(Report().to_json())


@pytest.mark.parametrize("key", ["outcomes", "actions", "seconds"])
def test_the_run_table_names_what_its_objects_count(key):
    row = next(line for line in section("`run`").splitlines() if line.startswith(f"| `{key}`"))
    assert set(re.findall(r"`(\w+)`", row)) - {key} == set(getattr(Report(), key))


def test_the_deal_table_has_every_key_of_a_deal():
    assert keys_of(section("`deals`"), "key of a deal") == set(deal_json(STORED_DEAL))


def test_the_section_on_leads_has_every_key_of_a_lead():
    named = set(re.findall(r"`(\w+)`", section("`leads`")))
    assert set(lead_json(STORED_LEAD, ())) <= named


def test_the_run_list_has_every_key_of_a_run():
    row = Stored(id=1, as_of=Instant(), counts={})
    assert keys_of(section("`runs`"), "key of a run") == set(run_json(row))


def test_the_doctor_table_has_every_key_of_a_finding_and_every_topic_and_level():
    text = section("`doctor`")
    assert keys_of(text, "key of a finding") == set(Finding("store", "ok", "").to_json())
    assert {*TOPICS, *get_args(FindingLevel)} <= set(re.findall(r"`([\w ]+)`", text))


def test_the_kpi_table_has_every_key_of_a_value():
    kpi = SHIPPED["win_rate_closed"]
    at = datetime(2026, 11, 15, tzinfo=UTC)
    value = KpiValue(kpi, {}, Answer(None, why="why"), "share", "all", None, None, at, currency="USD")
    added_by_the_run = {"without_excused", "trusted", "rate_date", "scope", "where", "benchmark", "not_by", "no_value"}
    assert keys_of(section("`kpis`"), "key of a value") == set(value.json()) | added_by_the_run


def test_the_language_has_every_function():
    assert set(re.findall(r"`(\w+)\((?:date|text)\)`", PAGE)) == set(FUNCTIONS)


def test_the_exit_codes_are_those_of_the_errors():
    table = PAGE.split("## Exit codes")[1]
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    assert {*EXIT_CODES.values(), 0, 1, 4, 70} == codes
    assert all(issubclass(error, SluicegateError) for error in EXIT_CODES)
