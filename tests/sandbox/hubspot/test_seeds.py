import json
import subprocess
import sys
import tomllib
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from sandbox.hubspot import Clock, labels, new_portal, seed, serve
from sandbox.hubspot.clock import iso, moment
from sandbox.hubspot.config import config
from sandbox.hubspot.records.engagements import rolled
from sandbox.hubspot.seeds import LABELS, QUIET_TEAM
from sandbox.hubspot.seeds.people import OLD_STAGE
from tests.seeds.maven.hubspot import seed_from_csv

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
STAMP = moment("2026-11-15T12:00:00Z")


@pytest.fixture(scope="module")
def big():
    made = new_portal(clock=Clock(NOW))
    seed(made, 2_000)
    return made


def touches(portal, deal):
    """Instants of what counts: done by people, held, not sent by a sequence."""
    for kind in ("calls", "emails", "meetings", "tasks"):
        for number in portal.links.of("deals", deal.id, kind):
            row = portal.shelves[kind].rows[number].props
            dead = row.get("hs_meeting_outcome") == "CANCELED" or row.get("hs_task_status") == "NOT_STARTED"
            if row["hs_object_source"] != "INTEGRATION" and "hs_sequence_id" not in row and not dead:
                yield moment(row["hs_timestamp"])


def test_each_label_has_at_least_fifty_deals_on_either_side(big):
    counts = Counter((name, value) for planted in labels(big).values() for name, value in planted.items())
    assert all(counts[name, value] >= 50 for name in LABELS for value in (True, False))


def test_labels_are_of_living_open_deals_and_stand_in_the_records(big):
    for key, planted in labels(big).items():
        deal = big.shelves["deals"].find(key)
        props, stage = deal.props, big.stages[deal.props["dealstage"]][1]
        pushes = [v.value for v in deal.history["closedate"]]
        assert (props["hs_is_closed"], deal.archived_at) == ("false", None)
        assert planted["past_close_date"] == (props["closedate"] < "2026-11-15")
        assert planted["no_amount"] == ("amount" not in props)
        assert planted["no_contact_role"] == (not big.links.of("deals", deal.id, "contacts"))
        assert planted["inactive_owner"] == big.owners[props["hubspot_owner_id"]].archived
        assert ("in_qualification_30d" in planted) == (stage.label in {"Appointment Scheduled", "Qualification"})
        assert planted["pushed_often"] == (len(pushes) > 4)


def test_touch_labels_stand_in_the_engagements(big):
    for key, planted in labels(big).items():
        deal = big.shelves["deals"].find(key)
        last = max([at for at in touches(big, deal) if at <= STAMP], default=0)
        if "no_activity_14d" in planted:
            assert planted["no_activity_14d"] == (last < moment("2026-11-01T12:00:00Z"))


def test_histories_begin_with_the_creation_and_end_with_the_deal_as_it_stands(big):
    for deal in big.deals():
        for name in ("dealstage", "closedate", "hubspot_owner_id"):
            versions = deal.history[name]
            assert versions[0].at == deal.created
            assert versions[-1].value == deal.props[name]
            assert [v.at for v in versions] == sorted(v.at for v in versions)
            assert versions[-1].at <= STAMP
        assert iso(deal.updated) == deal.props["hs_lastmodifieddate"] <= "2026-11-15T12:00:00Z"


def test_roll_ups_are_what_hubspot_would_make_of_the_engagements(big):
    assert all(rolled(big, "deals", deal, STAMP).items() <= deal.props.items() for deal in big.deals())
    ahead = [deal for deal in big.deals() if deal.props.get("hs_latest_meeting_activity", "") > "2026-11-16"]
    assert ahead


def test_the_portal_has_what_makes_real_portals_hard(big):
    deals = list(big.deals())
    quiet = {owner.id for owner in big.owners.values() if owner.teams and owner.teams[0][1] == QUIET_TEAM}
    stages = [[v.value for v in deal.history["dealstage"]] for deal in deals]
    assert {deal.props.get("deal_currency_code") for deal in deals} == {None, "EUR", "JPY"}
    assert len({deal.props["pipeline"] for deal in deals}) == 2
    assert any(OLD_STAGE in path for path in stages)
    assert any("closedlost" in path[:-1] for path in stages)
    assert any(big.owners[deal.props["hubspot_owner_id"]].archived for deal in deals)
    assert any(not big.links.of("deals", deal.id, "companies") for deal in deals)
    assert any(deal.archived_at for deal in big.shelves["deals"].rows.values())
    assert max(Counter(deal.props["dealname"] for deal in deals).values()) > 1
    assert any("budget_confirmed" not in deal.props for deal in deals)
    assert not any(deal.props.get("num_notes") for deal in deals if deal.props["hubspot_owner_id"] in quiet)


def test_the_same_seed_gives_the_same_records_and_another_gives_others():
    def made(number):
        portal = new_portal(clock=Clock(NOW))
        seed(portal, 40, number)
        return {kind: [r.props for r in shelf.rows.values()] for kind, shelf in portal.shelves.items()}

    assert made(1) == made(1) != made(2)


def test_the_maven_files_keep_their_blanks_name_every_invention_and_give_a_history(maven_folder):
    portal = new_portal()
    invented = seed_from_csv(portal, maven_folder)
    deals = {deal.props["source_id"]: deal for deal in portal.deals()}
    assert [deals[k].props["dealstage"] for k in ("AAA", "BBB", "CCC")] == ["won", "engaging", "prospecting"]
    assert not {"product", "amount"} & deals["BBB"].props.keys()
    assert deals["AAA"].props["hs_is_closed_won"] == "true"
    assert [(v.value, iso(v.at)) for v in deals["AAA"].history["dealstage"]] == [
        ("engaging", "2017-01-02T12:00:00Z"),
        ("won", "2017-03-01T18:00:00Z"),
    ]
    values = {(i.source_id, i.field) for i in invented}
    assert {("BBB", "closedate"), ("CCC", "closedate"), ("CCC", "createdate")} <= values
    assert ("AAA", "closedate") not in values


def test_the_command_prints_where_it_is_and_how_to_get_in():
    command = [sys.executable, "-m", "sandbox", "hubspot", "--deals", "20", "--as-of", "2026-11-15T12:00:00Z"]
    root = Path(__file__).parents[3]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        try:
            answer = json.loads(process.stdout.readline())
            with requests.Session() as session:
                session.trust_env = False
                headers = {"authorization": f"Bearer {answer['token']}"}
                page = session.get(answer["url"] + "/crm/v3/objects/deals?limit=100", headers=headers, timeout=10)
                assert len(page.json()["results"]) == 20
        finally:
            process.terminate()


def test_the_config_names_the_portal_and_its_tokens(big):
    with serve(big) as running:
        made = tomllib.loads(config(running))["connections"]["hubspot"]
    assert (made["base_url"], made["access_token"]) == (running.url, running.token)
    assert made["admin"]["access_token"] == running.admin_token
