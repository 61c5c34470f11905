"""A report as a RevOps person exports it, read as a pipeline."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from model.errors import SettingsProblem
from model.facts import FACTS
from tests.connectors.tables.fixtures import PIPELINE, PRODUCTS, TEAMS, aside, deals, noted, records

ENTERED = {"Engaging": "engage_date", "Won": "close_date", "Lost": "close_date"}


def test_a_plain_export_needs_no_mapping(reports):
    read = deals(reports.open(zone="America/New_York"))
    assert [(d["is_closed"], d["is_won"]) for d in read.values()] == [
        (True, True), (True, False), (False, False), (False, False),
    ]  # fmt: skip
    won = read["A1"]
    assert (won["amount"], won["currency"], won["close_date"]) == (Decimal(1054), "USD", date(2017, 3, 1))
    assert won["created"] == datetime(2016, 10, 20, 17, tzinfo=UTC)  # noon in New York by winter time
    assert (won["owner_id"], won["account_id"], won["facts"]) == ("Moses Frase", "Cancity", {"product": "GTXPro"})


def test_the_close_date_and_amount_of_an_open_deal_are_blank_and_not_unknown(reports):
    still_open = deals(reports.open())["A3"]
    assert still_open["close_date"] is None
    assert still_open["amount"] is None
    assert still_open["unread"] == []


def test_facts_without_a_column_are_dormant(reports):
    mapped = reports.open().describe().mapped
    assert {"amount", "amount_home", "close_date", "created", "is_won", "owner", "product", "stage"} <= mapped
    assert not mapped & {"next_step", "probability", "last_activity", "days_in_stage", "closed_on", "team", "region"}
    assert mapped <= {*FACTS, "product"}


def test_stage_entry_columns_are_a_stage_history(reports):
    connector = reports.open(stage_entered=ENTERED)
    moves = [
        (c["opportunity_id"], c["stage_name"], c["at"].date().isoformat()) for c in records(connector, "stage_change")
    ]
    assert moves == [
        ("A1", "Engaging", "2016-10-20"), ("A1", "Won", "2017-03-01"),
        ("A2", "Engaging", "2016-10-25"), ("A2", "Lost", "2017-03-11"), ("A3", "Engaging", "2017-11-02"),
    ]  # fmt: skip
    assert {"days_in_stage", "closed_on", "stage_since"} <= connector.describe().mapped
    assert list(connector.pull({}))[-1].feeds == {"stage_history"}


def test_dirt_is_reported_row_by_row(reports):
    connector = reports.open(products=reports.file("products.csv", PRODUCTS))
    assert [note.reason for note in connector.notes()] == [
        "line 2: product 'GTXPro' is not in the product list; 'GTX Pro' is",
        "line 4: open deal without account",
        "line 5: open deal without account",
        "line 5: open deal without engage_date",
    ]
    assert "'GTXPro'" not in str(reports.open().notes())


def test_check_says_in_sentences_how_the_file_was_read(reports):
    remarks = [
        remark.text
        for remark in reports.open(owners=reports.file("teams.csv", TEAMS)).check(datetime(2018, 1, 1, tzinfo=UTC))
    ]
    assert "4 deals: 2 open, 1 won, 1 lost." in remarks
    assert "1 owner without a deal: Carl Lin." in remarks
    assert "deals.csv: 'engage_date' is taken as the day a deal was created." in remarks
    assert any(text.endswith("4 rows, utf-8, parted by ','.") for text in remarks)
    assert any(text.startswith("Facts that no column holds: name, pipeline") for text in remarks)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("A9,M,G,C,Won,2017-02-31,2017-03-01,5", "line 6: engage_date '2017-02-31' is no day of the calendar"),
        ("A9,M,G,C,Won,2017-02-01,soon,5", "line 6: close_date 'soon' is no date"),
        ("A9,M,G,C,Won,2017-02-01,2017-03-01,a lot", "line 6: close_value 'a lot' is no amount"),
        (",M,G,C,Won,2017-02-01,2017-03-01,5", "line 6: has no id"),
        ("A1,M,G,C,Won,2017-02-01,2017-03-01,5", "line 6: repeats the id of line 2; that line is kept"),
        ("A9,M,G,C,Won", "line 6: has 5 cells where the header has 8"),
    ],
)
def test_a_bad_row_is_set_aside_with_its_line_and_reason_and_the_rest_goes_on(reports, line, reason):
    connector = reports.open(PIPELINE + line + "\n")
    assert aside(connector) == [reason]
    assert list(deals(connector)) == ["A1", "A2", "A3", "A4"]


def test_a_deal_with_a_bad_row_has_not_vanished(reports):
    pages = list(reports.open(PIPELINE + "A9,M,G,C,Won,2017-02-31,,5\n").pull({}, full=True))
    assert pages[-1].present["opportunity"] == {"A1", "A2", "A3", "A4", "A9"}


def test_an_unchanged_report_is_not_read_again_and_a_changed_one_is(reports):
    connector = reports.open()
    cursor = list(connector.pull({}))[-1].cursor
    assert [page.records for page in connector.pull({"report": cursor})] == [{}]
    assert len(list(connector.pull({"report": cursor}, full=True))) > 1
    changed = reports.open(PIPELINE.replace("1054", "1055"))
    assert len(list(changed.pull({"report": cursor}))) > 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_the_encoding_is_found_and_reported(reports, encoding):
    connector = reports.open("Deal ID;Deal Name;Deal Stage;Amount\n1;Müller – Söhne;Won;5\n", encoding)
    assert deals(connector)["1"]["name"] == "Müller – Söhne"
    remarks = connector.check(datetime(2018, 1, 1, tzinfo=UTC))[0].text
    assert remarks.endswith(
        f"1 row, {encoding.removesuffix('-le') if encoding == 'utf-16' else encoding}, parted by ';'."
    )


def test_quoted_newlines_keep_the_lines_counted(reports):
    text = 'id,name,stage,amount\n1,"Two\nlines",Open,5\n2,Next,Open,oops\n'
    connector = reports.open(text)
    assert deals(connector)["1"]["name"] == "Two\nlines"
    assert aside(connector) == ["line 4: amount 'oops' is no amount"]


def test_an_unclosed_quote_is_an_error_with_its_line(reports):
    with pytest.raises(SettingsProblem, match=r"deals.csv:3: the record that starts here is no CSV"):
        deals(reports.open('id,name,stage\n1,fine,Open\n2,"never closed,Open\n'))


@pytest.mark.parametrize(
    ("header", "cells", "ends"),
    [
        ("id,stage", ["1,Closed Won", "2,8 - Closed/Lost", "3,Demo", "4,Wonder"], ["won", "lost", "open", "open"]),
        ("id,stage,status", ["1,Demo,Won", "2,Demo,Lost", "3,Demo,Open"], ["won", "lost", "open"]),
        ("id,stage,closed,won", ["1,Signed,1,1", "2,Signed,1,0", "3,Signed,0,0"], ["won", "lost", "open"]),
        ("id,stage,probability", ["1,Closed,100%", "2,Closed,0%", "3,Demo,0%"], ["won", "lost", "open"]),
    ],
    ids=["stage words", "status", "yes/no", "probability"],
)
def test_how_a_deal_ended_is_read_from_what_the_report_has(reports, header, cells, ends):
    read = deals(reports.open("\n".join([header, *cells]) + "\n")).values()
    assert [("won" if d["is_won"] else "lost") if d["is_closed"] else "open" for d in read] == ends


def test_named_stages_go_before_words(reports):
    read = deals(reports.open("id,stage\n1,Signed\n2,Dead\n3,Won back\n", won=("signed",), lost=("dead",)))
    assert [(d["is_closed"], d["is_won"]) for d in read.values()] == [(True, True), (True, False), (False, False)]


def test_notes_count_what_an_independent_reading_counts(reports):
    assert noted(reports.open()) == {"open deal without account": 2, "open deal without engage_date": 1}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"PK\x03\x04\x14\x00", r"deals.csv is a workbook, not a CSV; save it as CSV UTF-8"),
        (b"\xff\xfei\x00d\x00,", r"deals.csv begins as utf-16-le and is none at byte \d+; export it as CSV UTF-8"),
        (b"id,stage\n1,De\0mo\n" + b" " * 3, r"deals.csv:2: a NUL character stands here"),
        (b"id,stage\n1,Demo\n" * 20 + b"2,De\0mo\n", r"deals.csv:41: a NUL character stands here"),
    ],
)
def test_what_is_no_csv_is_reported_in_a_sentence(reports, content, expected):
    connector = reports.open()
    connector.settings.opportunities.write_bytes(content)
    with pytest.raises(SettingsProblem, match=expected):
        connector.describe()


def test_a_report_is_read_once_however_often_it_is_asked_and_anew_when_it_changed(reports):
    connector = reports.open()
    assert connector.describe() == connector.describe()
    first = connector.notes()
    assert connector.notes() is not None
    reports.file("deals.csv", PIPELINE + "A9,Moses Frase,MG Special,,Prospecting,,,\n")
    assert len(connector.notes()) == len(first) + 2


def test_a_list_of_headers_in_a_sentence_stays_short(reports):
    headers = ",".join(f"c{n}" + "x" * 100 for n in range(500))
    with pytest.raises(SettingsProblem, match=r"and 460 more") as found:
        reports.open(f"{headers}\n").describe()
    assert len(str(found.value)) < 2_500


def test_an_amount_beyond_all_money_is_set_aside(reports):
    connector = reports.open("id,stage,amount\n1,Demo," + "9" * 40 + "\n")
    assert aside(connector)[0].endswith("has more than 20 digits before the point")


def test_a_folder_or_a_device_is_no_report(reports):
    with pytest.raises(SettingsProblem, match="is no file; give the path of the exported CSV"):
        reports.open(owners=reports.folder).describe()
