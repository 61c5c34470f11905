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
    assert "2 rows set aside" in printed
    assert "line 7: 'Grand Total' is a total of the report, not a deal" in printed
    assert "exported_at" not in printed


def test_rows_set_aside_and_odd_rows_are_reported_with_their_lines(tmp_path):
    report = tmp_path / "report.csv"
    report.write_text(REPORT)
    files = {"opportunities": report, "owners": None, "products": None, "findings": None}
    answer = check_file(files, {}, policies=None, currency="USD", zone="UTC", as_of=AS_OF).to_json()
    assert [(row["id"], row["reason"]) for row in answer["notes"]] == [("2", "line 3: open deal without Account")]
    assert [(row["id"], row["reason"]) for row in answer["aside"]] == [("3", "line 4: Amount 'a lot' is no amount")]


def test_silence_is_judged_where_the_activities_are_given_with_the_report(tmp_path, capsys):
    report, calls = tmp_path / "report.csv", tmp_path / "calls.csv"
    report.write_text(REPORT.replace("Close Date", "Close Date,Created").replace("12-01", "12-01,2026-10-01"))
    calls.write_text("Deal,Date,Type\n1,2026-10-20,Call\n2,2026-11-14,Call\n")
    with pytest.raises(SystemExit):
        main(["check", str(report), "--activities", str(calls), "--as-of", "2026-11-15", "--json"])
    counts = {one["policy"]: one for one in json.loads(capsys.readouterr().out)["policies"]}
    assert (counts["no-activity"]["broken"], counts["no-activity"]["passed"]) == (1, 1)


def test_a_report_is_judged_where_the_secrets_of_connections_stand_in_the_environment(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SLUICEGATE_CONNECTIONS__HUB__ACCESS_TOKEN", "pat-secret")
    monkeypatch.setenv("SLUICEGATE_STORE__URL", "sqlite:////nowhere/at/all.db")
    report = tmp_path / "report.csv"
    report.write_text(REPORT)
    with pytest.raises(SystemExit) as ended:
        main(["check", str(report), "--as-of", "2026-11-15"])
    assert ended.value.code == 1
    assert "pat-secret" not in "".join(capsys.readouterr())
