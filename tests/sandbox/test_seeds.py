import json
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from sandbox.salesforce import SYNC, Clock, labels, new_org, seed
from sandbox.salesforce.records.activities import rolled
from sandbox.salesforce.seeds import LABELS, QUIET_TEAM
from tests.seeds.maven.salesforce import seed_from_csv

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
TODAY, STAMP = "2026-11-15", "2026-11-15T12:00:00.000+0000"


def rows(org, entity):
    return list(org.tables[entity].alive())


def test_each_label_has_at_least_fifty_deals_on_either_side(big):
    counts = Counter((name, value) for planted in labels(big).values() for name, value in planted.items())
    assert all(counts[name, value] >= 50 for name in LABELS for value in (True, False))


def test_labels_are_of_living_open_deals_and_stand_in_the_rows(big):
    deals, users = big.tables["Opportunity"].rows, big.tables["User"].rows
    with_role = {r["OpportunityId"] for r in rows(big, "OpportunityContactRole")}
    pushes = Counter(h["OpportunityId"] for h in rows(big, "OpportunityFieldHistory") if h["Field"] == "CloseDate")
    for deal_id, planted in labels(big).items():
        deal = deals[deal_id]
        assert not deal["IsClosed"]
        assert not deal["IsDeleted"]
        assert planted["past_close_date"] == (deal["CloseDate"] < TODAY)
        assert planted["no_amount"] == (deal["Amount"] is None)
        assert planted["no_contact_role"] == (deal_id not in with_role)
        assert planted["inactive_owner"] != users[deal["OwnerId"]]["IsActive"]
        assert ("in_qualification_30d" in planted) == (deal["StageName"] == "Qualification")
        assert planted["pushed_often"] == (pushes[deal_id] >= 4)


def test_nothing_that_has_happened_lies_ahead_and_stamps_agree(big):
    for entity in ("Opportunity", "OpportunityHistory", "OpportunityFieldHistory", "Task", "Event", "User"):
        for row in rows(big, entity):
            assert row["CreatedDate"] <= row.get("LastModifiedDate", row["CreatedDate"]) <= STAMP
            assert row["CreatedDate"] <= row.get("SystemModstamp", row["CreatedDate"]) <= STAMP
    for task in rows(big, "Task"):
        assert task["IsClosed"] == (task["CompletedDateTime"] is not None)


def test_history_begins_with_the_creation_and_ends_with_the_deal_as_it_stands(big):
    for deal in rows(big, "Opportunity"):
        history = sorted(
            big.tables["OpportunityHistory"].where("OpportunityId", deal["Id"]),
            key=lambda h: (h["CreatedDate"], h["Id"]),
        )
        first, last = history[0], history[-1]
        assert first["CreatedDate"] == deal["CreatedDate"]
        assert (last["StageName"], last["CloseDate"]) == (deal["StageName"], deal["CloseDate"])
        assert last["Amount"] == deal["Amount"]


def test_activity_fields_follow_the_documented_rule_and_some_lie_ahead(big):
    deals = rows(big, "Opportunity")
    for deal in deals:
        assert rolled(big, deal["Id"], with_open=True).items() <= deal.items()
    assert any(deal["LastActivityDate"] and deal["LastActivityDate"] > TODAY for deal in deals)


def test_the_org_has_what_makes_real_orgs_hard(big):
    deals, users = rows(big, "Opportunity"), big.tables["User"].rows
    names = Counter(d["Name"] for d in deals)
    stages = [s["MasterLabel"] for s in sorted(rows(big, "OpportunityStage"), key=lambda s: s["SortOrder"])]
    won, lost = stages.index("Closed Won"), stages.index("Closed Lost")
    moves = [
        (stages.index(h["OldValue"]), stages.index(h["NewValue"]))
        for h in rows(big, "OpportunityFieldHistory")
        if h["Field"] == "StageName"
    ]
    quiet = {u["Id"] for u in users.values() if u["Department"] == QUIET_TEAM}
    assert {d["CurrencyIsoCode"] for d in deals} == {"USD", "EUR", "JPY"}
    assert any(not users[d["OwnerId"]]["IsActive"] for d in deals)
    assert any(count > 1 for count in names.values())
    assert any(b > a + 1 and b < won for a, b in moves)
    assert any(b < a < won for a, b in moves)
    assert any(a == lost and b < won for a, b in moves)
    assert any(d["IsDeleted"] for d in big.tables["Opportunity"].rows.values())
    assert any(d["AccountId"] is None for d in deals)
    assert any(not a["Name"].isascii() for a in rows(big, "Account"))
    assert not any(t["OwnerId"] in quiet for t in rows(big, "Task") + rows(big, "Event"))


def test_the_same_seed_gives_the_same_rows_and_another_gives_others():
    def made(number):
        org = new_org()
        seed(org, 40, number, NOW)
        return {name: table.rows for name, table in org.tables.items() if name != "Organization"}

    assert made(1) == made(1) != made(2)


@pytest.fixture
def maven(maven_folder):
    org = new_org()
    return org, seed_from_csv(org, maven_folder)


def test_the_maven_files_keep_their_blanks_and_name_every_invention(maven):
    org, invented = maven
    deals = {d["Source_Id__c"]: d for d in rows(org, "Opportunity")}
    assert [deals[k]["StageName"] for k in ("AAA", "BBB", "CCC")] == ["Won", "Engaging", "Prospecting"]
    assert (deals["BBB"]["AccountId"], deals["BBB"]["Product__c"], deals["BBB"]["Amount"]) == (None, None, None)
    assert (deals["AAA"]["IsWon"], deals["AAA"]["Amount"], deals["AAA"]["CloseDate"]) == (True, 1054.0, "2017-03-01")
    values = {(i.source_id, i.field) for i in invented}
    assert {("BBB", "CloseDate"), ("CCC", "CloseDate"), ("CCC", "CreatedDate")} <= values
    assert ("AAA", "CloseDate") not in values


def test_the_maven_files_give_a_history_from_their_two_dates(maven):
    org, _ = maven
    won = next(d for d in rows(org, "Opportunity") if d["Source_Id__c"] == "AAA")
    history = org.tables["OpportunityHistory"].where("OpportunityId", won["Id"])
    assert [(h["StageName"], h["CreatedDate"][:10]) for h in history] == [
        ("Engaging", "2017-01-02"),
        ("Won", "2017-03-01"),
    ]
    child = next(a for a in rows(org, "Account") if a["Name"] == "Child")
    assert org.tables["Account"].rows[child["ParentId"]]["Name"] == "Parent"


def test_the_command_prints_where_it_is_and_how_to_log_in():
    command = [sys.executable, "-m", "sandbox", "salesforce", "--deals", "20", "--as-of", "2026-11-15T12:00:00Z"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        try:
            answer = json.loads(process.stdout.readline())
            login = next(one for one in answer["logins"] if one["username"] == SYNC)
            form = {"grant_type": "client_credentials", **{k: login[k] for k in ("client_id", "client_secret")}}
            with requests.Session() as session:
                session.trust_env = False
                url = answer["url"] + "/services/oauth2/token"
                assert session.post(url, data=form, verify=answer["ca_file"]).json()["token_type"] == "Bearer"
        finally:
            process.terminate()


def test_a_stopped_clock_goes_on_when_moved():
    clock = Clock(NOW)
    assert clock.now() == NOW
    clock.run()
    assert clock.fixed is None
    assert abs((clock.now() - NOW).total_seconds()) < 5


def test_touch_labels_stand_in_the_tasks_and_meetings(big):
    svc = big.logins.of(SYNC).user_id
    touched = {}
    for row in rows(big, "Task") + rows(big, "Event"):
        at = row.get("CompletedDateTime") or row.get("ActivityDateTime")
        if at and at <= STAMP and row["CreatedById"] != svc and row.get("TaskSubtype") != "ListEmail":
            touched[row["WhatId"]] = max(touched.get(row["WhatId"], ""), at[:10])
    for deal_id, planted in labels(big).items():
        last = touched.get(deal_id, "")
        if "no_activity_14d" in planted:
            assert planted["no_activity_14d"] == (last <= "2026-11-01")
        if planted.get("untouched_60d") is False:
            assert max(last, big.tables["Opportunity"].rows[deal_id]["CreatedDate"][:10]) > "2026-09-16"
