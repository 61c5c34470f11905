"""KPIs of companies where a figure easily misleads: partial targets, teams, two packs, unknown states, fiscal years.

Each is a report with its side files, run and asked as an operator does.
"""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

import policies
from model.errors import SettingsProblem
from worker.pipeline.measuring import KpiQuestion
from worker.pipeline.run import run
from worker.settings import read_settings
from worker.usecases.kpis import kpis
from worker.wiring import wire

AS_OF = datetime(2026, 11, 16, 17, tzinfo=UTC)
NAME = "acme"
HEADER = "Id,Stage,Amount,Close Date,Created Date,Owner"
PACKS = Path(policies.__file__).parent / "packs"
PEOPLE = "owner,team\nAnn,North\nBen,North\nCid,South\nDee,\n"


@pytest.fixture
def company(tmp_path):
    """Makes a company of lines of deals, and answers questions about its KPIs: {(id, groups…): row}."""
    opened = []

    def made(deals, *, settings="", files="", header=HEADER, packs=(), **side):
        for name, text in {"deals": "\n".join((header, *deals)), **side}.items():
            (tmp_path / f"{name}.csv").write_text(text)
        named = "".join(f'{name} = "{name}.csv"\n' for name in side if name in {"people", "targets"})
        paths = ", ".join(f'"{PACKS / pack}.yaml"' for pack in packs)
        (tmp_path / "sluicegate.toml").write_text(
            (f"[policies]\npaths = [{paths}]\n" if packs else "")
            + f'[connections.{NAME}]\nkind = "tables"\nsandbox = true\ntimezone = "UTC"\n{settings}\n{named}'
            + f'[connections.{NAME}.files]\nopportunities = "deals.csv"\n{files}'
        )
        services = replace(wire(read_settings(tmp_path / "sluicegate.toml")), clock=lambda: AS_OF)
        opened.append(services)
        run(services, NAME, full=True)
        return lambda by=(), window="": {
            (row["id"], *row["dims"].values()): row
            for row in kpis(services, NAME, KpiQuestion((by,) if by else (), window or "365d"))
        }

    yield made
    for services in opened:
        services.store.close()


DUE = [
    "1,Proposal,300,2026-12-01,2026-10-01,Ann",
    "2,Proposal,900,2026-12-01,2026-10-01,Ben",
    "3,Proposal,400,2026-12-01,2026-10-01,Cid",
    "4,Proposal,5000,2026-12-01,2026-10-01,Dee",
    "5,Closed Won,250,2026-10-20,2026-09-01,Ann",
    "6,Closed Won,700,2026-10-20,2026-09-01,Ben",
]
TARGETS = "owner,team,period,amount,currency\nAnn,,2026-Q4,1000,USD\n,South,2026-Q4,500,USD\n"


def test_partial_targets_are_covered_by_the_deals_of_those_who_have_one(company):
    ask = company(DUE, people=PEOPLE, targets=TARGETS)
    whole = ask()["pipeline_coverage",]
    assert (whole["numerator"], whole["denominator"], round(whole["value"], 4)) == ("700", "1500", 0.4667)
    assert "2 " in whole["why"]
    owners = {key[1]: row["value"] for key, row in ask(("owner",)).items() if key[0] == "pipeline_coverage" and key[1:]}
    assert {owner: owners[owner] for owner in ("Ann", "Ben", "Cid", "Dee")} == {
        "Ann": 0.3, "Ben": None, "Cid": None, "Dee": None,
    }  # fmt: skip


def test_teams_come_from_the_people_file_and_count_those_with_a_target(company):
    by_team = company(DUE, people=PEOPLE, targets=TARGETS)(("team",))
    assert [by_team["pipeline_coverage", team]["value"] for team in ("North", "South")] == [0.3, 0.8]
    assert by_team["quota_attainment", "North"]["value"] == 0.25
    assert by_team["pipeline_coverage_remaining", "North"]["value"] == 0.4
    assert by_team["pipeline_value", "North"]["value"] == "1200"


@pytest.mark.parametrize("named", ["Zed,", ",Nowhere"])
def test_a_target_of_somebody_unknown_is_an_error_with_its_line(company, named):
    with pytest.raises(SettingsProblem, match=r"targets\.csv:3: "):
        company(DUE, people=PEOPLE, targets=f"owner,team,period,amount\nAnn,,2026-Q4,1\n{named},2026-Q4,1\n")()


def test_like_named_stages_of_two_packs_are_two_rows(company):
    deals = [
        *(f"M{n},Closed Won,10,2026-10-01,2026-09-01,Ann,400" for n in range(3)),
        "M3,Discovery,10,2026-12-01,2026-09-01,Ann,400",
        "E0,Closed Won,10,2026-10-01,2026-09-01,Ann,4000",
        *(f"E{n},Discovery,10,2026-12-01,2026-09-01,Ann,4000" for n in range(1, 4)),
    ]
    keys = [line.split(",")[0] for line in deals]
    history = "Id,New Stage,Date\n" + "".join(f"{key},Discovery,2026-09-01\n" for key in keys)
    history += "".join(f"{key},Closed Won,2026-10-01\n" for key in ("M0", "M1", "M2", "E0"))
    ask = company(
        deals, header=f"{HEADER},Employees", packs=("mid-market", "enterprise"), history=history,
        files=f'history = "history.csv"\n[connections.{NAME}.fields]\nemployees = "Employees"\n',
    )  # fmt: skip
    ever = {key[1:]: row for key, row in ask(("stage",)).items() if key[0] == "stage_conversion_ever" and key[1:]}
    assert {group: (row["value"], row["n"]) for group, row in ever.items()} == {
        ("mid-market", "discovery"): (0.75, 4), ("enterprise", "discovery"): (0.25, 4),
    }  # fmt: skip


def test_where_nobody_knows_what_is_open_every_value_is_null_with_a_why(company):
    deals = [f"{n},Sorting,100,2026-10-01,2026-09-01,Ann,Quuxed" for n in range(5)]
    known = "5,Sorting,5000,2026-10-01,2026-09-01,Ann,Lost"  # makes it a column of statuses, and is out of scope
    scope = 'kpi_scope = "amount < 1000"'
    ask = company([*deals, known], header=f"{HEADER},Status", people=PEOPLE, targets=TARGETS, settings=scope)
    for by in ((), ("owner",), ("stage",), ("quarter",)):
        rows = ask(by, "2026-Q4")
        assert rows
        assert {key: row["value"] for key, row in rows.items() if row["value"] is not None} == {}
        assert [key for key, row in rows.items() if not row.get("why")] == []


def test_a_fiscal_year_from_february_parts_january_from_february_and_the_calendar_does_not(company):
    deals = [
        "1,Closed Won,100,2026-01-31,2026-01-05,Ann",
        "2,Closed Won,200,2026-02-01,2026-01-05,Ann",
        "3,Proposal,400,2027-01-20,2026-01-05,Ann",
        "4,Proposal,800,2027-02-20,2026-01-05,Ann",
    ]
    targets = "owner,period,amount,currency\nAnn,FY2027-Q4,1000,USD\n"
    ask = company(deals, settings="fiscal_year_starts = 2", people=PEOPLE, targets=targets)
    won = {key[1]: row["value"] for key, row in ask(("fiscal_quarter",)).items() if key[0] == "won_value" and key[1:]}
    assert {quarter: won[quarter] for quarter in ("FY2026-Q4", "FY2027-Q1")} == {"FY2026-Q4": "100", "FY2027-Q1": "200"}
    assert ask(("quarter",))["won_value", "2026-Q1"]["value"] == "300"
    assert ask((), "2026-Q1")["won_value",]["value"] == "300"
    assert ask((), "FY2027-Q1")["won_value",]["value"] == "200"
    assert ask((), "fiscal_year")["won_value",]["value"] == "200"
    assert ask((), "year")["won_value",]["value"] == "300"
    assert ask()["pipeline_coverage",]["value"] == 0.4
