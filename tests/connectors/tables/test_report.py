"""A report as a RevOps person exports it, read as a pipeline."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from connectors.tables.connector import TablesConnector
from model.errors import SettingsProblem
from model.facts import FACTS
from tests.connectors.tables.fixtures import PIPELINE, PRODUCTS, TEAMS, aside, deals, noted, records, unread

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


def test_dirt_is_told_row_by_row(reports):
    connector = reports.open(products=reports.file("products.csv", PRODUCTS))
    assert [note.reason for note in connector.notes()] == [
        "line 2: product 'GTXPro' is not in the product list; 'GTX Pro' is",
        "line 4: open deal without account",
        "line 5: open deal without account",
        "line 5: open deal without engage_date",
    ]
    assert "'GTXPro'" not in str(reports.open().notes())


def test_check_says_in_sentences_how_the_file_was_read(reports):
    said = [
        remark.text
        for remark in reports.open(owners=reports.file("teams.csv", TEAMS)).check(datetime(2018, 1, 1, tzinfo=UTC))
    ]
    assert "4 deals: 2 open, 1 won, 1 lost." in said
    assert "1 owner without a deal: Carl Lin." in said
    assert "deals.csv: 'engage_date' is taken as the day a deal was created." in said
    assert any(text.endswith("4 rows, utf-8, parted by ','.") for text in said)
    assert any("facts no column holds; docs/facts.md" in text for text in said)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (",M,G,C,Won,2017-02-01,2017-03-01,5", "line 6: has no id"),
        ("A1,M,G,C,Won,2017-02-01,2017-03-01,5", "line 6: repeats the id of line 2; that line is kept"),
        ("A9,M,G,C,Won,2017-02-01,2017-03-01,1,234", "line 6: has 1 more filled cells than the header"),
        ('A9,"M,G,C,Won,2017-02-01,2017-03-01,5', "line 6: is no CSV"),
    ],
)
def test_a_row_that_cannot_be_told_apart_is_set_aside_and_the_rest_goes_on(reports, line, reason):
    connector = reports.open(PIPELINE + line + "\n")
    assert [why[: len(reason)] for why in aside(connector)] == [reason]
    assert list(deals(connector)) == ["A1", "A2", "A3", "A4"]


@pytest.mark.parametrize(
    ("line", "unknown", "reason"),
    [
        ("A9,M,G,C,Won,2017-02-31,2017-03-01,5", ["created"], "engage_date '2017-02-31' is no day of the calendar"),
        ("A9,M,G,C,Won,2017-02-01,soon,5", ["close_date"], "close_date 'soon' is no date"),
        ("A9,M,G,C,Won,2017-02-01,2017-03-01,a lot", ["amount"], "close_value 'a lot' is no amount"),
        ("A9,M,G,C,Won,2017-02-01,2017-03-01,1e30", ["amount"], "close_value '1e30' has more than 20 digits"),
        ("A9,M,G,C,Won,2017-02-01,2017-03-01,Infinity", ["amount"], "close_value 'Infinity' is no amount"),
        ("A9,M,G,C,Won,2017-02-01", ["amount", "close_date"], "has no cell for close_value"),
    ],
)
def test_a_cell_that_cannot_be_read_makes_its_fact_unknown_and_keeps_the_deal(reports, line, unknown, reason):
    connector = reports.open(PIPELINE + line + "\n")
    assert aside(connector) == []
    assert deals(connector)["A9"]["unread"] == unknown
    assert unread(connector)[0].startswith(f"line 6: {reason}")


def test_a_deal_whose_row_is_bad_has_not_vanished(reports):
    pages = list(reports.open(PIPELINE + "A9,M,G,C,Won,2017-02-01,,5,6\n").pull({}, full=True))
    assert pages[-1].present["opportunity"] == {"A1", "A2", "A3", "A4", "A9"}


def test_an_unchanged_report_is_not_read_again_and_a_changed_one_is(reports):
    connector = reports.open()
    cursor = list(connector.pull({}))[-1].cursor
    assert [page.records for page in connector.pull({"report": cursor})] == [{}]
    assert len(list(connector.pull({"report": cursor}, full=True))) > 1
    changed = reports.open(PIPELINE.replace("1054", "1055"))
    assert len(list(changed.pull({"report": cursor}))) > 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_the_encoding_is_found_and_told(reports, encoding):
    connector = reports.open("Deal ID;Deal Name;Deal Stage;Amount\n1;Müller – Söhne;Won;5\n", encoding)
    assert deals(connector)["1"]["name"] == "Müller – Söhne"
    told = connector.check(datetime(2018, 1, 1, tzinfo=UTC))[0].text
    assert told.endswith(f"1 row, {encoding.removesuffix('-le') if encoding == 'utf-16' else encoding}, parted by ';'.")


def test_quoted_newlines_keep_the_lines_counted(reports):
    text = 'id,name,stage,amount\n1,"Two\nlines",Open,5\n2,Next,Open,oops\n'
    connector = reports.open(text)
    assert deals(connector)["1"]["name"] == "Two lines"
    assert unread(connector) == ["line 4: amount 'oops' is no amount"]


def test_quotes_that_mysql_escapes_are_read_and_a_line_that_is_no_csv_costs_only_itself(reports):
    connector = reports.open(
        'id,name,stage\n1,"Pipe 4\\" steel",Open\n2,"never closed,Open\n3,"C:\\",Open\n4,Last,Open\n'
    )
    assert [(key, deal["name"]) for key, deal in deals(connector).items()] == [
        ("1", 'Pipe 4" steel'), ("3", "C:\\"), ("4", "Last"),
    ]  # fmt: skip
    assert [why[:18] for why in aside(connector)] == ["line 3: is no CSV "]


@pytest.mark.parametrize(
    ("encoding", "name", "owner"),
    [
        ("cp932", "日立製作所", "山田"),
        ("cp1250", "Łódź – zakład", "Grażyna Żółć"),
        ("cp1251", "Договор", "Иван Петров"),
        ("gb18030", "中国石油", "华为技术"),
    ],
)
def test_letters_of_another_encoding_are_guessed_with_a_warning_or_read_as_the_settings_say(
    reports, encoding, name, owner
):
    text = f"id;name;stage;owner\n1;{name};Won;{owner}\n"
    guessed, named = reports.open(text, encoding), reports.open(text, encoding, encoding=encoding)
    for connector in (guessed, named):
        assert (deals(connector)["1"]["name"], deals(connector)["1"]["owner_id"]) == (name, owner)
    assert any("which is a guess" in remark.text for remark in guessed.remarks())
    assert not any("which is a guess" in remark.text for remark in named.remarks())


def test_a_broken_byte_in_a_utf_8_file_costs_one_letter(reports):
    connector = reports.open()
    connector.settings.opportunities.write_bytes(
        "id,name,stage\n1,Müller,Open\n2,Zoë,Open\n".encode()[:-6] + b"\xff,Open\n"
    )
    assert deals(connector)["1"]["name"] == "Müller"
    assert any("1 character could not be read" in remark.text for remark in connector.remarks())


def test_an_encoding_that_is_none_is_an_error(reports):
    with pytest.raises(SettingsProblem, match="encoding = 'klingon' is no encoding known here"):
        TablesConnector(replace(reports.open().settings, encoding="klingon")).describe()


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


def test_named_stages_go_before_words_and_leave_other_words_their_meaning(reports):
    text = "id,stage\n1,Signed\n2,Parked\n3,Won back\n4,Closed Lost\n5,Closed Won\n"
    read = deals(reports.open(text, won=("signed",), lost=("parked",), open=("Won back",)))
    assert [how(d) for d in read.values()] == ["won", "lost", "open", "lost", "won"]


def how(deal):
    return {(True, True): "won", (True, False): "lost", (False, False): "open"}.get((deal["is_closed"], deal["is_won"]))


def test_a_status_that_nobody_knows_is_never_open_and_told_with_its_deals(reports):
    connector = reports.open(
        "id,stage,status\n1,Demo,Open\n2,Demo,Dormant\n3,Demo,Dormant\n4,Closed,Open?\n5,Closed,\n"
    )
    assert [how(deal) for deal in deals(connector).values()] == ["open", None, None, "open", None]
    assert any("'Dormant' (2)" in remark.text for remark in connector.remarks())


def test_notes_count_what_an_independent_reading_counts(reports):
    assert noted(reports.open()) == {"open deal without account": 2, "open deal without engage_date": 1}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04\x14\x00", r"deals.csv is a damaged workbook or an archive"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, r"deals.csv is a workbook that cannot be opened"),
        (b"%PDF-1.7", r"deals.csv is a PDF, not a table"),
        (b"<html><body><table><tr><th>Id</th></tr></table>", r"deals.csv is a web page named .csv"),
        (b'<?xml version="1.0"?><Workbook>', r"deals.csv is XML named .csv"),
        (b'[{"id": 1}]', r"deals.csv is JSON named .csv"),
        (b"id,stage\n1,De\0\0\0mo\n" * 20, r"deals.csv:2: this is no text"),
    ],
)
def test_what_is_no_csv_is_told_in_a_sentence(reports, content, said):
    connector = reports.open()
    connector.settings.opportunities.write_bytes(content)
    with pytest.raises(SettingsProblem, match=said):
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
    with pytest.raises(SettingsProblem, match=r"and 460 more") as told:
        reports.open(f"{headers}\n").describe()
    assert len(str(told.value)) < 2_500


def test_a_giant_cell_and_a_stray_nul_cost_no_deal(reports):
    connector = reports.open("id,stage,name\n1,Demo," + "x" * 200_000 + "\n2,Demo,Be\0ta\n")
    assert len(deals(connector)["1"]["name"]) == 32_767
    assert deals(connector)["2"]["name"] == "Be\ufffdta"


def test_ids_that_a_spreadsheet_shortened_are_set_aside_each_with_that_reason(reports):
    connector = reports.open("id,name,stage\n1.23457E+10,A,Open\n1.23457E+10,B,Open\n12345678901,C,Open\n")
    assert list(deals(connector)) == ["12345678901"]
    assert ["which a spreadsheet shortened" in why for why in aside(connector)] == [True, True]


def test_an_id_of_15_letters_and_of_18_is_one_deal_and_letter_case_counts(reports):
    text = "id,name,stage\n0065g00000AbCdE,A,Open\n0065g00000AbCdEAAV,A again,Open\n0065g00000AbCde,B,Open\n"
    calls = reports.file(
        "calls.csv", "Deal,Date,Type\n0065g00000AbCdE,2017-12-01,Call\n0065g00000AbCdEAAV,2017-12-02,Call\n"
    )
    connector = reports.open(text, activities=calls)
    assert [deal["name"] for deal in deals(connector).values()] == ["A", "B"]
    assert {one["opportunity_id"] for one in records(connector, "activity")} == {"0065g00000AbCdEAAV"}


def test_a_folder_or_a_device_is_no_report(reports):
    with pytest.raises(SettingsProblem, match="is no file; give the path of the exported report"):
        reports.open(owners=reports.folder).describe()
