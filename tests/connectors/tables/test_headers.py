"""Which line is the header, and what each column holds."""

from datetime import UTC, datetime

import pytest

from connectors.tables.columns import guess
from model.errors import SettingsProblem
from tests.connectors.tables.fixtures import PIPELINE, aside, deals

TITLES = "Open pipeline\n\n"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            ("Opportunity ID,Opportunity Name,Stage,Amount,Amount Currency,Close Date,Created Date,Opportunity Owner,"
            "Account Name,Probability (%),Lead Source,Type,Next Step,Last Activity,Last Modified Date,Closed,Won"),
            {"id": "Opportunity ID", "name": "Opportunity Name", "stage_name": "Stage", "amount": "Amount",
             "currency": "Amount Currency", "close_date": "Close Date", "created": "Created Date",
             "owner": "Opportunity Owner", "account": "Account Name", "probability": "Probability (%)",
             "source": "Lead Source", "deal_type": "Type", "next_step": "Next Step", "activity_hint": "Last Activity",
             "last_edit": "Last Modified Date", "is_closed": "Closed", "is_won": "Won"},
        ),
        (
            "Record ID,Deal Name,Deal Stage,Pipeline,Close Date,Create Date,Deal owner,Amount,Associated Company",
            {"id": "Record ID", "name": "Deal Name", "stage_name": "Deal Stage", "pipeline": "Pipeline",
             "close_date": "Close Date", "created": "Create Date", "owner": "Deal owner", "amount": "Amount",
             "account": "Associated Company"},
        ),
        (
            ("Deal - ID,Deal - Title,Deal - Stage,Deal - Status,Deal - Value,Deal - Currency,Deal - Owner,"
            "Deal - Organization,Deal - Expected close date,Deal - Deal created"),
            {"id": "Deal - ID", "name": "Deal - Title", "stage_name": "Deal - Stage", "status": "Deal - Status",
             "amount": "Deal - Value", "currency": "Deal - Currency", "owner": "Deal - Owner",
             "account": "Deal - Organization", "close_date": "Deal - Expected close date",
             "created": "Deal - Deal created"},
        ),
        (
            ("(Do Not Modify) Opportunity,Topic,Potential Customer,Est. Close Date,Est. Revenue,Pipeline Phase,"
            "Probability,Owner,Created On,Modified On,Status"),
            {"id": "(Do Not Modify) Opportunity", "name": "Topic", "account": "Potential Customer",
             "close_date": "Est. Close Date", "amount": "Est. Revenue", "stage_name": "Pipeline Phase",
             "probability": "Probability", "owner": "Owner", "created": "Created On", "last_edit": "Modified On",
             "status": "Status"},
        ),
    ],
    ids=["Salesforce", "HubSpot", "Pipedrive", "Dynamics"],
)  # fmt: skip
def test_common_exports_are_known_by_their_headers(headers, expected):
    assert guess(headers.split(",")) == expected


def test_a_header_that_means_a_date_is_passed_over_when_its_cells_are_none():
    assert guess(["id", "close"], [{"id": "1", "close": "yes"}]) == {"id": "id"}


def test_the_settings_name_a_column_and_a_fact_of_ones_own(reports):
    text = "Nr,Phase,Rev,Sec Review,Headcount\n7,Demo,5,yes,120\n"
    connector = reports.open(
        text,
        fields={"id": "Nr", "stage": "Phase", "amount": "Rev", "security_review": "Sec Review", "staff": "Headcount"},
    )
    assert deals(connector)["7"]["facts"] == {"security_review": True, "staff": 120}
    assert connector.describe().types == {"security_review": "yes/no", "staff": "number"}


def test_a_header_that_is_not_there_is_an_error_that_lists_those_that_are(reports):
    sentence = r"opportunities has no column 'Valeu' \(named for amount\); it has: opportunity_id"
    with pytest.raises(SettingsProblem, match=sentence):
        reports.open(fields={"amount": "Valeu"}).describe()


def test_a_report_without_ids_is_refused_with_what_to_write(reports):
    connector = reports.open("name,stage\nx,Open\n")
    with pytest.raises(SettingsProblem, match=r"no column reads as id; name it in \[connections.desk.fields\]"):
        connector.describe()
    assert connector.check(datetime(2018, 1, 1, tzinfo=UTC))[0].level == "missing"


TITLED = """Pipeline report
"As of 15 Nov 2026, all open deals"
Filtered by:,Stage,not equal to,Closed

"""


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_titles_above_the_header_are_passed_over_and_reported(reports, mark):
    connector = reports.open(TITLED + PIPELINE.replace(",", mark))
    assert list(deals(connector)) == ["A1", "A2", "A3", "A4"]
    remarks = [remark.text for remark in connector.check(datetime(2018, 1, 1, tzinfo=UTC))]
    assert remarks[0].endswith(f"4 rows, utf-8, parted by {'tab' if mark == chr(9) else mark!r}.")
    assert remarks[1].startswith("deals.csv: the header is line 5, below 'Pipeline report'; 'As of 15 Nov 2026")


def test_lines_are_counted_from_the_top_of_the_file(reports):
    connector = reports.open(TITLED + PIPELINE + "A9,M,G,C,Won,2017-02-01,soon,5\n")
    assert aside(connector) == ["line 10: close_date 'soon' is no date"]
    connector = reports.open("sep=;\n" + PIPELINE.replace(",", ";") + "A9;M;G;C;Won;2017-02-01;soon;5\n")
    assert aside(connector) == ["line 7: close_date 'soon' is no date"]


def test_headers_that_only_the_settings_know_are_found_below_titles(reports):
    connector = reports.open(TITLED + "Nr,Phase\n7,Demo\n", fields={"id": "Nr", "stage": "Phase"})
    assert list(deals(connector)) == ["7"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("Grand Total,,,,,,,1054", "'Grand Total' is a total of the report, not a deal"),
        ("Total,5", "'Total' is a total of the report, not a deal"),
        (",,,,Subtotal,,,99", "'Subtotal' is a total of the report, not a deal"),
        ("Totals (4 records),,,,,,,", "'Totals (4 records)' is a total of the report, not a deal"),
        ("A9,,,,,,,1054", "has neither stage nor name, so it is no deal"),
        (
            '"Copyright (c) 2026, all rights reserved"',
            "has only 'Copyright (c) 2026, all rights reserved', so it is no deal",
        ),
        (PIPELINE.splitlines()[0], "repeats the header, so it is no deal"),
    ],
)
def test_what_a_report_adds_below_its_deals_is_no_deal(reports, line, why):
    connector = reports.open(PIPELINE + "\n" + line + "\n")
    assert aside(connector) == [f"line 7: {why}"]
    assert list(connector.pull({}, full=True))[-1].present["opportunity"] == set(deals(connector))


def test_a_customer_with_a_name_that_begins_like_a_total_is_a_deal(reports):
    connector = reports.open("id,name,stage\n1,Total Wine renewal,Demo\n2,Total,Demo\n3,Sum,\n")
    assert list(deals(connector)) == ["1", "2"]
    assert aside(connector) == ["line 4: 'Sum' is a total of the report, not a deal"]
