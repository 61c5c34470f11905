"""`check FILE.csv`: what is odd about a report is listed row by row."""

import json
from datetime import UTC, datetime

import pytest

from worker.cli import main
from worker.usecases.check_report import check_file

AS_OF = datetime(2026, 11, 15, 12, tzinfo=UTC)
REPORT = (
    "Id,Deal,Stage,Account,Amount,Close Date\n"
    "1,Fine,Prospecting,Acme,100,2026-12-01\n"
    "2,Nobody's,Prospecting,,100,2026-12-01\n"
    "3,Strange,Prospecting,Acme,a lot,2026-12-01\n"
)


def test_people_read_of_each_row_set_aside_once_and_of_no_setting_that_is_not_there(tmp_path, capsys):
    report = tmp_path / "report.csv"
    report.write_text(f"Pipeline report\n\n{REPORT}Grand Total,,,,300,\n")
    with pytest.raises(SystemExit) as ended:
        main(["check", str(report), "--as-of", "2026-11-15"])
    printed = capsys.readouterr().out
    assert ended.value.code == 1
    assert printed.count("'a lot'") == printed.count("Grand Total") == 1
    assert "1 row set aside" in printed
    assert "line 7: 'Grand Total' is a total of the report, not a deal" in printed
    assert "exported_at" not in printed


def test_rows_set_aside_and_odd_rows_are_reported_with_their_lines(tmp_path):
    report = tmp_path / "report.csv"
    report.write_text(REPORT)
    files = {"opportunities": report, "owners": None, "products": None, "findings": None}
    answer = check_file(files, {}, policies=None, currency="USD", zone="UTC", as_of=AS_OF).to_json()
    assert [(row["id"], row["reason"]) for row in answer["notes"]] == [
        ("2", "line 3: open deal without Account"), ("3", "line 4: Amount 'a lot' is no amount"),
    ]  # fmt: skip
    assert answer["aside"] == []


def test_silence_is_judged_where_the_activities_are_given_with_the_report(tmp_path, capsys):
    report, calls = tmp_path / "report.csv", tmp_path / "calls.csv"
    report.write_text(REPORT.replace("Close Date", "Close Date,Created").replace("12-01", "12-01,2026-10-01"))
    calls.write_text("Deal,Date,Type\n1,2026-10-20,Call\n2,2026-11-14,Call\n")
    with pytest.raises(SystemExit):
        main(["check", str(report), "--activities", str(calls), "--as-of", "2026-11-15", "--json"])
    counts = {one["policy"]: one for one in json.loads(capsys.readouterr().out)["policies"]}
    assert (counts["no-activity"]["broken"], counts["no-activity"]["passed"]) == (2, 1)


def test_a_report_is_judged_where_the_secrets_of_connections_stand_in_the_environment(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SLUICEGATE_CONNECTIONS__HUB__ACCESS_TOKEN", "pat-secret")
    monkeypatch.setenv("SLUICEGATE_STORE__URL", "sqlite:////nowhere/at/all.db")
    report = tmp_path / "report.csv"
    report.write_text(REPORT)
    with pytest.raises(SystemExit) as ended:
        main(["check", str(report), "--as-of", "2026-11-15"])
    assert ended.value.code == 0
    assert "pat-secret" not in "".join(capsys.readouterr())


def test_the_first_answer_is_the_dearest_flagged_deals_and_then_the_counts(tmp_path, capsys):
    report = tmp_path / "report.csv"
    rows = "".join(f"D{n},Deal {n},Proposal,{n}00,2026-10-01,2026-01-01\n" for n in range(1, 13))
    report.write_text(f"Id,Deal Name,Stage,Amount,Close Date,Last Activity\n{rows}")
    with pytest.raises(SystemExit):
        main(["check", str(report), "--as-of", "2026-11-15"])
    told = capsys.readouterr().out
    assert "12 deals flagged, the 10 dearest" in told
    assert told.index("Deal 12 (D12)") < told.index("Deal 11 (D11)") < told.index("past-close-date")
    assert "Deal 2 (D2)" not in told
    assert "(+1)" in told
    assert told.count("docs/reports.md") == 1


def test_a_report_of_which_nothing_is_judged_names_no_findings_file(tmp_path, capsys):
    report = tmp_path / "report.csv"
    report.write_text("Id,Deal,Stage\n1.23457E+10,A,Open\n")
    with pytest.raises(SystemExit) as ended:
        main(["check", str(report)])
    assert ended.value.code == 1
    assert "No findings were written" in capsys.readouterr().out


def test_a_negotiation_whose_owner_the_report_names_is_not_flagged_for_want_of_one(tmp_path, capsys):
    report, calls, moves = tmp_path / "report.csv", tmp_path / "calls.csv", tmp_path / "moves.csv"
    report.write_text(
        "Id,Deal,Stage,Owner,Next Step,Created\n1,A,Negotiation,Ann,Send the contract,2026-08-01\n"
        "2,B,Negotiation,,Send the contract,2026-08-01\n"
    )
    calls.write_text("Deal,Date,Type\n1,2026-11-10,Call\n2,2026-11-10,Call\n")
    moves.write_text("Deal,From Stage,To Stage,Date\n1,Proposal,Negotiation,2026-09-01\n")
    with pytest.raises(SystemExit):
        main(
            [
                "check",
                str(report),
                "--activities",
                str(calls),
                "--history",
                str(moves),
                "--as-of",
                "2026-11-15",
                "--json",
            ]
        )
    deals = {deal["id"]: deal for deal in json.loads(capsys.readouterr().out)["deals"]}
    flags = {key: {flag["policy"] for flag in deal["flags"]} for key, deal in deals.items()}
    assert "stalled-negotiation" not in flags["1"]


def test_a_column_without_a_value_is_a_blank_fact_of_the_type_that_the_policy_asks_for(tmp_path, capsys):
    report, rules = tmp_path / "report.csv", tmp_path / "rules.yaml"
    report.write_text("Id,Deal,Stage,Sec Review\n1,A,Proposal,\n2,B,Proposal,\n")
    rules.write_text(
        "version: 1\npolicies:\n  - {id: review, title: No review, flag_if: not security_review, severity: info,\n"
        "     points: 1, fix: Do it, owner: ops}\n"
    )
    given = ["--map", "security_review=Sec Review", "--policies", str(rules), "--as-of", "2026-11-15", "--json"]
    with pytest.raises(SystemExit):
        main(["check", str(report), *given])
    (review,) = json.loads(capsys.readouterr().out)["policies"]
    assert (review["policy"], review["broken"]) == ("review", 2)
