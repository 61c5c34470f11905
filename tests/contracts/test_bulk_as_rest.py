"""A load by Bulk API 2.0 leaves the store that a load page by page leaves, whatever people have entered."""

import sqlite3
from datetime import date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.salesforce import Settings
from sandbox.salesforce.schema import parse_field
from sandbox.salesforce.setup import profile_set
from tests.connectors.salesforce.sales import open_for_business
from tests.support.stores import empty_store

CUSTOM = {
    "Approved__c": "boolean", "Seats__c": "int(8)", "Ratio__c": "double(12,4)", "Rate__c": "double(12,4)",
    "Signed__c": "date",
    "Met__c": "datetime", "Wants__c": "multipicklist(A|B|C)", "Note__c": "textarea(32000) nofilter",
}  # fmt: skip
FIELDS = {
    "approved": "Approved__c", "seats": "Seats__c", "rate": "Rate__c", "signed_on": "Signed__c", "met_on": "Met__c",
    "wants": "Wants__c", "note": "Note__c", "segment": "Account.Segment__c", "met": "Account.CreatedDate",
    "source": "Ratio__c", "deal_type": "Met__c",
}  # fmt: skip
"""The last two are texts made of a number and of an instant."""
ODD = ['He said "no"', "a,b;c", "one\ntwo\r\nthree\rfour", "🙂 é 日本", "=1+1", "  spaces  ", "null", "#N/A", "1.0"]
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
TEXT = st.sampled_from(ODD) | WORDS
TEXTS = st.none() | TEXT
MONEY = (
    st.none()
    | st.sampled_from([0.0, 0.1, 12345678.9, 1e12, -5.55])
    | st.integers(-(10**9), 10**9).map(lambda n: n / 100)
)
DAY = st.dates(date(1990, 1, 1), date(2090, 1, 1)).map(date.isoformat)
DAYS = st.none() | DAY
STAMP = st.datetimes(datetime(2024, 1, 1), datetime(2026, 1, 1)).map(lambda at: f"{at:%Y-%m-%dT%H:%M:%S}.000+0000")
DEALS = st.fixed_dictionaries({
    "Name": TEXT, "NextStep": TEXTS, "Note__c": TEXTS, "Amount": MONEY, "Ratio__c": MONEY, "Rate__c": MONEY,
    "CloseDate": DAY,
    "Signed__c": DAYS, "Met__c": st.none() | STAMP, "CreatedDate": STAMP, "Seats__c": st.none() | st.integers(0, 10**7),
    "Approved__c": st.booleans(), "IsDeleted": st.booleans(), "Wants__c": st.sampled_from([None, "A", "A;C"]),
    "Probability": st.sampled_from([None, 0.0, 10.0, 100.0]), "with_account": st.booleans(),
})  # fmt: skip
KINDS = {"NextStep": "Text", "Note__c": "Text", "Ratio__c": "Double", "Signed__c": "DateOnly", "Approved__c": "Boolean"}
VALUES = {"Text": TEXTS, "Double": MONEY, "DateOnly": DAYS, "Boolean": st.booleans()}
CHANGES = st.sampled_from(sorted(KINDS)).flatmap(
    lambda field: st.tuples(st.just(field), VALUES[KINDS[field]], VALUES[KINDS[field]])
)
TABLES = ("opportunity", "field_change", "activity", "owner", "account", "stage_change")
OF_THE_STORE = {"key", "connection", "seen_at", "first_seen"}
"""What depends on when a row came, and in which order."""


def put(org, drawn, changes):
    """The drawn deals, each with a task, and some history; those of the example before are gone."""
    for name in ("Opportunity", "OpportunityFieldHistory", "OpportunityHistory", "Task"):
        for row in list(org.tables[name].rows):
            org.tables[name].swap(row, None)
    account = org.add("Account", Name="Acme", Segment__c="SMB")["Id"]
    user = next(iter(org.tables["User"].rows))
    ids = []
    for deal in drawn:
        values = {name: value for name, value in deal.items() if name != "with_account"}
        linked = {"AccountId": account} if deal["with_account"] else {}
        ids.append(org.add("Opportunity", StageName="Prospecting", OwnerId=user, **linked, **values)["Id"])
        org.add("Task", WhatId=ids[-1], Subject=deal["NextStep"], OwnerId=user)
    for n, (field, before, after) in enumerate(changes):
        values = {"Field": field, "DataType": KINDS[field], "OldValue": before, "NewValue": after}
        org.add("OpportunityFieldHistory", OpportunityId=ids[n % len(ids)], **values)


def kept(crm, path, clock):
    """Every row that the store holds after a pull, by table; deals are known by their ids."""
    path.unlink(missing_ok=True)
    store = empty_store(path)
    for page in crm.pull({}):
        store.mirror.keep_page("acme", page, seen_at=clock.now(), as_of=clock.now())
    store.close()
    with sqlite3.connect(path) as rows:
        rows.row_factory = sqlite3.Row
        deals = {row["key"]: row["id"] for row in rows.execute("SELECT key, id FROM opportunity")}
        found = {table: [dict(row) for row in rows.execute(f"SELECT * FROM {table} ORDER BY id")] for table in TABLES}
    rows.close()
    return {table: [comparable(row, deals) for row in all_] for table, all_ in found.items()}


def comparable(row, deals):
    values = {name: value for name, value in row.items() if name not in OF_THE_STORE}
    return values | {"deal": deals.get(row.get("key"))}


def test_a_load_by_jobs_leaves_what_a_load_page_by_page_leaves(tmp_path):
    with open_for_business(Settings()) as sales:
        org, mine = sales.org, profile_set(sales.org, "Integration User")
        for name, kind in CUSTOM.items():
            org.add_field("Opportunity", parse_field(f"{name} {kind}"))
            org.grant(mine, "Opportunity", name)
        org.settings.bulk_page = 3
        by_rest, by_jobs = (sales.connector(fields=FIELDS, bulk_above=above) for above in (10_000, 0))

        @settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(DEALS, min_size=8, max_size=16), st.lists(CHANGES, min_size=4, max_size=12))
        def same(drawn, changes):
            put(org, drawn, [*changes, ("Ratio__c", 0.0, 1e12)])
            org.clock.forward(timedelta(hours=2))
            both = [kept(crm, tmp_path / "one.db", org.clock) for crm in (by_rest, by_jobs)]
            assert both[1] == both[0]

        same()
        assert len(org.bulk_made) > 10
        assert org.jobs == {}
