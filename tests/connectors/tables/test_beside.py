"""The files beside the report: owners, stage history, activities."""

from datetime import date

from tests.connectors.tables.fixtures import TEAMS, aside, records


def test_an_owners_file_brings_team_and_manager_by_name(reports):
    connector = reports.open(owners=reports.file("teams.csv", TEAMS))
    owners = {owner["id"]: owner for owner in records(connector, "owner")}
    assert owners["Moses Frase"]["team"] == "Central"
    assert owners["Darcel Schlecht"]["manager_id"] == "Melvin Marxen"
    assert "Carl Lin" in owners
    assert "team" in connector.describe().mapped


def test_a_history_file_gives_moves_and_the_stage_of_creation(reports):
    history = reports.file(
        "history.csv",
        "Opportunity ID,From Stage,To Stage,Stage Change Date\n"
        "A1,Demo,Proposal,2017-01-09\nA1,Lead,Demo,2017-01-02\nA1,,,\nZZ,Lead,Demo,2017-01-02\n",
    )
    connector = reports.open(history=history)
    assert [(c["stage_name"], c["at"].date()) for c in records(connector, "stage_change")] == [
        ("Lead", date(2016, 10, 20)), ("Demo", date(2017, 1, 2)), ("Proposal", date(2017, 1, 9)),
    ]  # fmt: skip
    assert aside(connector) == ["line 4: has no stage or date", "line 5: names no deal that the report has"]


def test_activities_are_calls_mails_meetings_and_plans(reports):
    path = reports.file(
        "activities.csv",
        "Deal ID,Activity type,Status,Date,Assigned to\nA3,Phone call,Done,2017-12-01,Moses Frase\n"
        "A3,Meeting,Planned,2018-01-09,Moses Frase\nA3,To do,Open,2018-01-05,Moses Frase\nA3,Fax,Done,2017-12-01,\n",
    )
    connector = reports.open(activities=path)
    assert [(a["kind"], a["state"], a["due"]) for a in records(connector, "activity")] == [
        ("call", "done", date(2017, 12, 1)), ("meeting", "open", date(2018, 1, 9)), ("task", "open", date(2018, 1, 5)),
    ]  # fmt: skip
    assert aside(connector) == ["line 5: 'Fax' is no kind of activity known here"]
    assert {"last_activity", "touches_30d", "next_activity"} <= connector.describe().mapped
