"""What is answered: the findings CSV, which is this connection's own record."""

import csv
from datetime import date

import pytest

from connectors.tables.findings import RULES, read_findings
from model.errors import SettingsProblem
from model.sync import OUR_FIELDS, Patch

FLAGGED = {"score": 70, "reasons": "No touch since 3 Nov 2026\nNo next step", "flagged_since": date(2026, 11, 17)}


def test_findings_are_one_row_a_deal_with_its_id_and_our_fields(reports):
    connector = reports.open()
    outcomes = connector.push([Patch("A3", FLAGGED), Patch("A4", {"score": 100})])
    assert [(outcome.id, outcome.kind) for outcome in outcomes] == [("A3", "written"), ("A4", "written")]
    with connector.settings.findings_path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["id", *OUR_FIELDS]
    assert [(row["id"], row["score"], row["flagged_since"]) for row in rows] == [
        ("A3", "70", "2026-11-17"),
        ("A4", "100", ""),
    ]
    assert rows[0]["reasons"] == "No touch since 3 Nov 2026\nNo next step"


def test_what_was_written_is_read_back_and_a_later_patch_changes_only_its_fields(reports):
    connector = reports.open()
    connector.push([Patch("A3", FLAGGED)])
    connector.push([Patch("A3", {"score": 55, "reasons": None})])
    own = connector.read(["A3"]).records["opportunity"][0]["ours"]
    assert (own["score"], own["reasons"], own["flagged_since"]) == (55, None, "2026-11-17")


def test_fields_that_are_not_our_own_are_never_written(reports):
    connector = reports.open()
    connector.push([Patch("A3", {"score": 1, "amount": 9, "pause_until": date(2026, 1, 1)})])
    assert set(read_findings(connector.settings.findings_path)["A3"]) == set(OUR_FIELDS) == set(RULES)


def test_a_deal_the_report_no_longer_has_is_gone(reports):
    connector = reports.open()
    assert [outcome.kind for outcome in connector.push([Patch("ZZ", {"score": 1})])] == ["gone"]
    assert connector.read(["ZZ"]).records["opportunity"] == [{"id": "ZZ", "gone": "vanished"}]


def test_somebody_elses_file_is_never_overwritten(reports):
    path = reports.file("mine.csv", "my,own,list\n1,2,3\n")
    connector = reports.open(findings=path)
    with pytest.raises(SettingsProblem, match="is no findings file of ours and is not overwritten"):
        connector.push([Patch("A3", {"score": 1})])
    assert path.read_text() == "my,own,list\n1,2,3\n"


def test_the_report_itself_is_never_written(reports):
    connector = reports.open()
    before = connector.settings.opportunities.read_bytes()
    connector.push([Patch("A3", FLAGGED)])
    assert connector.settings.opportunities.read_bytes() == before
    assert sorted(path.name for path in reports.folder.iterdir()) == ["deals-findings.csv", "deals.csv"]


def test_a_finding_that_somebody_edited_is_read_again_though_the_report_stands_still(reports):
    connector = reports.open()
    connector.push([Patch("A3", FLAGGED)])
    cursor = list(connector.pull({}))[-1].cursor
    path = connector.settings.findings_path
    path.write_text(path.read_text(encoding="utf-8-sig").replace("70", "99"), encoding="utf-8-sig")
    read = [deal for page in connector.pull({"report": cursor}) for deal in page.records.get("opportunity", [])]
    assert next(deal for deal in read if deal["id"] == "A3")["ours"]["score"] == 99
