"""Exports as other CRMs write them, tried cold: what is a deal, what a column means, whose an activity is."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import xlsxwriter

from tests.connectors.tables.fixtures import aside, deals, records

DAY = datetime(2026, 11, 20, 12, tzinfo=UTC)

PIPEDRIVE = """Deal - ID,Deal - Title,Deal - Organization,Deal - Value,Deal - Currency of Value,Deal - Weighted value,\
Deal - Stage,Deal - Status,Deal - Owner,Deal - Expected close date,Deal - Deal created,Deal - Won time,Deal - Lost time
1,Acme deal,Acme,"12,500",EUR,"6,250",Proposal Made,Open,Ann Lee,2026-12-15,2026-08-14 16:22:19,,
2,Beta deal,Beta,800.50,EUR,800.50,Negotiations Started,Won,Bo Ek,2026-12-31,2026-07-01 10:00:00,2026-10-08 12:00:00,
3,Gamma deal,Gamma,"1,000",EUR,0,Qualified,Lost,Ann Lee,,2026-06-01 10:00:00,,2026-09-01 12:00:00
4,Delta deal,Delta,"2,000",USD,0,Qualified,Deleted,Ann Lee,,2026-06-01 10:00:00,,
"""
ZOHO = """Record Id,Deal Owner.id,Deal Owner,Amount,Deal Name,Closing Date,Account Name.id,Account Name,Stage,\
Created Time
zcrm_48768760001,zcrm_4876876011,Ann Lee,35000.0,Acme rollout,2026-12-31,zcrm_9,Acme,Proposal,2026-08-01 10:11:12
zcrm_48768760002,zcrm_4876876012,Ann Lee,1500.5,Beta renewal,2026-10-31,zcrm_8,Beta,Closed-Lost,2026-08-01 10:11:12
"""
DYNAMICS = """(Do Not Modify) Opportunity,(Do Not Modify) Modified On,Topic,Potential Customer,Est. Close Date,\
Actual Close Date,Est. Revenue,Actual Revenue,Currency,Pipeline Phase,Status,Owner,Created On
3f2504e0-4f89-01,11/12/2026 3:45 PM,Acme,Acme,12/31/2026,,"$12,000.00",,US Dollar,3-Propose,Open,Ann,8/14/2026 9:05 AM
3f2504e0-4f89-02,11/12/2026 3:45 PM,Beta,Beta,11/30/2026,10/2/2026,"$9,000.00","$8,500.00",US Dollar,4-Close,Won,Bo,
3f2504e0-4f89-03,11/12/2026 3:45 PM,Gamma,Gamma,11/13/2026,,"$1,000.00",,Euro,1-Qualify,Open,Ann,7/14/2026 9:05 AM
"""
CLOSE = """id,lead_id,lead_name,status_label,status_type,user_id,user_name,value,value_currency,confidence,\
date_created,date_won
oppo_8H7sjNso7F,lead_1,Acme,Demo Completed,active,user_1,Ann Lee,12000.0,USD,50,2026-08-14T16:22:19.000000+00:00,
oppo_9H7sjNso7F,lead_2,Beta,Won,won,user_1,Ann Lee,5000.0,USD,100,2026-07-14T16:22:19.000000+00:00,2026-10-05
"""
COPPER = """Opportunity Id,Name,Company,Value,Stage,Status,Owned By,Close Date,Win Probability,Created At,Last Stage At
1234567,Acme deal,Acme,"$12,000.00",Proposal,Open,Ann Lee,12/15/2026,60,8/14/2026,9/1/2026
1234568,Beta deal,Beta,"$2,000.00",Demo,Abandoned,Bo Ek,10/15/2026,0,8/14/2026,9/1/2026
1234569,Gamma deal,Gamma,"$3,000.00",Contract,Won,Bo Ek,10/15/2026,100,8/14/2026,9/1/2026
"""


def short(deal):
    end = {True: "won", False: "lost"}.get(deal["is_won"]) if deal["is_closed"] else "open"
    end = None if deal["is_closed"] is None else end
    return end, deal["amount"], deal["currency"], deal.get("close_date")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PIPEDRIVE, [
            ("open", Decimal(12500), "EUR", date(2026, 12, 15)), ("won", Decimal("800.5"), "EUR", date(2026, 10, 8)),
            ("lost", Decimal(1000), "EUR", date(2026, 9, 1)), (None, Decimal(2000), "USD", None),
        ]),
        (ZOHO, [
            ("open", Decimal(35000), "EUR", date(2026, 12, 31)), ("lost", Decimal("1500.5"), "EUR", date(2026, 10, 31)),
        ]),
        (DYNAMICS, [
            ("open", Decimal(12000), "USD", date(2026, 12, 31)), ("won", Decimal(8500), "USD", date(2026, 10, 2)),
            ("open", Decimal(1000), "EUR", date(2026, 11, 13)),
        ]),
        (CLOSE, [("open", Decimal(12000), "USD", None), ("won", Decimal(5000), "USD", date(2026, 10, 5))]),
        (COPPER, [
            ("open", Decimal(12000), "USD", date(2026, 12, 15)), ("lost", Decimal(2000), "USD", date(2026, 10, 15)),
            ("won", Decimal(3000), "USD", date(2026, 10, 15)),
        ]),
    ],
    ids=["Pipedrive", "Zoho", "Dynamics", "Close", "Copper"],
)  # fmt: skip
def test_an_export_needs_no_mapping(reports, text, expected):
    assert [short(deal) for deal in deals(reports.open(text, currency="EUR")).values()] == expected


@pytest.mark.parametrize(
    ("report", "calls", "expected"),
    [
        (PIPEDRIVE, ("Activity - Type,Activity - Done,Activity - Due date,"
                     "Activity - Marked as done time,Activity - Deal\n"
                     "Call,Done,2026-11-05,2026-11-05 10:00:00,Acme deal\nLunch,To do,2026-11-25,,Acme deal\n"),
         [("1", "call", "done", date(2026, 11, 5)), ("1", "meeting", "open", date(2026, 11, 25))]),
        (DYNAMICS, ("Subject,Regarding,Activity Type,Activity Status,Start Date,Due Date\n"
                    "Call,Acme,Phone Call,Completed,11/10/2026 9:00 AM,11/10/2026\nDo,Gamma,Task,Open,,12/5/2026\n"),
         [("3f2504e0-4f89-01", "call", "done", date(2026, 11, 10)),
          ("3f2504e0-4f89-03", "task", "open", date(2026, 12, 5))]),
        (COPPER, "Activity Type,Date,User,Related To\nPhone Call,11/10/2026,Ann Lee,Acme deal\n",
         [("1234567", "call", "done", date(2026, 11, 10))]),
        (ZOHO, ("Call Owner,Subject,Call Type,Related To.id,Related To,Call Start Time,Outgoing Call Status\n"
                "Ann Lee,Ask,Outbound,zcrm_48768760001,Acme rollout,2026-11-18 09:30:00,Completed\n"),
         [("zcrm_48768760001", "call", "done", date(2026, 11, 18))]),
    ],
    ids=["Pipedrive", "Dynamics", "Copper", "Zoho"],
)  # fmt: skip
def test_activities_find_their_deals_by_id_or_name(reports, report, calls, expected):
    connector = reports.open(report, activities=reports.file("calls.csv", calls), exported_at=DAY)
    read = records(connector, "activity")
    assert [(a["opportunity_id"], a["kind"], a["state"], a["due"]) for a in read] == expected
    assert aside(connector) == []


def test_a_plan_without_a_day_of_creation_is_known_from_the_reports_day(reports):
    rows = "1,Meeting,2026-12-02,\n1,Task,,2026-12-05\n1,Call,2026-11-03,\n"
    calls = reports.file("calls.csv", f"Deal,Type,Date,Due date\n{rows}")
    connector = reports.open(PIPEDRIVE, activities=calls, exported_at=DAY)
    assert [one["created"].date() for one in records(connector, "activity")] == [
        date(2026, 11, 20), date(2026, 11, 20), date(2026, 11, 3),
    ]  # fmt: skip


TWINS = "id,name,stage,owner,account\nD1,Renewal,Open,Ann,Acme\nD2,Renewal,Open,Bo,Acme\nD3,Other,Open,Bo,Beta\n"


@pytest.mark.parametrize(
    ("row", "doubtful"),
    [
        ("Renewal,,", {"D1", "D2"}),
        (",Beta,", {"D3"}),
        (",,Bo", {"D2", "D3"}),
        ("D9,Acme,Bo", set()),
        ("Never heard of,,", set()),
    ],
)
def test_an_activity_that_names_no_one_deal_makes_that_of_all_it_may_belong_to_unknown(reports, row, doubtful):
    calls = reports.file("calls.csv", f"Deal,Account,Owner,Type,Date\n{row},Call,2026-11-10\n")
    connector = reports.open(TWINS, activities=calls, exported_at=DAY)
    read = records(connector, "activity")
    assert {one["opportunity_id"] for one in read if one["possible"]} == doubtful
    assert len(aside(connector)) == 1
    planned = reports.file("calls.csv", f"Deal,Account,Owner,Type,Status,Date\n{row},Meeting,Planned,2026-12-10\n")
    hidden = deals(reports.open(TWINS, activities=planned, exported_at=DAY))
    assert {key for key, deal in hidden.items() if "activities" in deal["unread"]} == doubtful


def test_two_people_of_one_name_are_two_owners_and_a_name_alone_means_neither(reports):
    people = reports.file("people.csv", "User ID,Name,Email,Team\nU1,Ann Lee,a@x.com,East\nU2,Ann Lee,b@x.com,West\n")
    by_id = reports.open("id,stage,owner id,owner\n1,Open,U1,Ann Lee\n2,Open,U2,Ann Lee\n", owners=people)
    assert {one["id"]: one["team"] for one in records(by_id, "owner")} == {"U1": "East", "U2": "West"}
    by_name = reports.open("id,stage,owner\n1,Open,Ann Lee\n", owners=people)
    assert next(one for one in records(by_name, "owner") if one["id"] == "Ann Lee").get("team") is None
    assert any("several people of one name" in remark.text for remark in by_name.remarks())


def test_a_grouped_workbook_is_read_with_its_groups_and_without_its_totals(reports):
    path = reports.folder / "grouped.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("About").write(0, 0, "Made by Ann")
        sheet, day = book.add_worksheet("Deals"), book.add_format({"num_format": "yyyy-mm-dd"})
        lines = [
            ["Open pipeline"], ["Stage ↑", "Opportunity ID", "Opportunity Name", "Amount", "Close Date"],
            ["Proposal", 11111111111, "Acme", 1234.567, date(2026, 12, 31)], ["", 11111111112, "Beta", 0.3, ""],
            ["Subtotal", "", "Sum", 3000], ["Negotiation", 11111111113, "Gamma", 5000, ""], ["Total", "", "Count", 3],
        ]  # fmt: skip
        for place, line in enumerate(lines):
            for column, cell in enumerate(line):
                sheet.write(place, column, cell, day if isinstance(cell, date) else None)
    connector = reports.open(PIPEDRIVE, opportunities=path)
    assert [(d["id"], d["stage_name"], d["amount"], d["close_date"]) for d in deals(connector).values()] == [
        ("11111111111", "Proposal", Decimal("1234.567"), date(2026, 12, 31)),
        ("11111111112", "Proposal", Decimal("0.3"), None), ("11111111113", "Negotiation", Decimal(5000), None),
    ]  # fmt: skip
    assert connector.remarks()[0].text.endswith("5 rows, sheet 'Deals'.")
    assert [why.split(": ")[0] for why in aside(connector)] == ["line 5", "line 7"]


@pytest.mark.parametrize(
    "line",
    [
        "Subtotal,,Prospecting,3", "Prospecting Total,,,1200", ",Sum of Amount,,1200",
        "Rep A (3 records),3 deals,,1200",
        "Filtered By:,Show: All,Open,", "ID,NAME,STAGE,AMOUNT", "Generated by Rep A,on 20 Nov,,", ",,合計,1200",
    ],
)  # fmt: skip
def test_lines_that_are_no_deals_are_never_invented_as_deals(reports, line):
    connector = reports.open(f"id,name,stage,amount\n1,Acme,Open,5\n2,Beta,Open,6\n{line}\n3,Gamma,Open,7\n")
    assert list(deals(connector)) == ["1", "2", "3"]
    assert len(aside(connector)) == 1


def test_a_currency_is_that_of_its_column_cell_or_header(reports):
    rows = "id,stage,amount_usd,currency\n1,Open,5,\n2,Open,CHF 5,\n3,Open,5,Euro\n4,Open,5,Moonstones\n"
    read = deals(reports.open(rows, currency="EUR"))
    assert [deal["currency"] for deal in read.values()] == ["USD", "CHF", "EUR", None]
    assert read["4"]["unread"] == ["currency"]
    assert deals(reports.open("id,stage,amount\n1,Open,Rs. 5\n", currency="EUR"))["1"]["unread"] == ["currency"]
