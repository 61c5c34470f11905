from datetime import timedelta

import pytest

from sandbox.hubspot import events

REP = "rep@acme.example"
SEARCH = "/crm/v3/objects/deals/search"


@pytest.fixture(autouse=True)
def fast(portal):
    portal.settings.searches = 0


def body(*filters, **more):
    return {"filterGroups": [{"filters": list(filters)}], "properties": ["dealname"], **more}


def f(name, operator, value=None, **more):
    return {"propertyName": name, "operator": operator, **({} if value is None else {"value": value}), **more}


@pytest.fixture
def names(raw):
    def found(*filters, **more):
        answer = raw.post(SEARCH, body(*filters, **{"limit": 200, **more}))
        assert answer.status_code == 200, answer.text
        return [r["properties"]["dealname"] for r in answer.json()["results"]]

    return found


@pytest.fixture
def three(deal):
    deal(dealname="Alpha Pilot", amount="10", hs_priority="low", closedate="2026-12-01T00:00:00Z")
    deal(dealname="Beta Rollout", amount="9", hs_priority="high")
    deal(dealname="gamma pilot", dealstage="closedwon")


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        ([f("amount", "GT", "9")], ["Alpha Pilot"]),
        ([f("amount", "GTE", "9")], ["Alpha Pilot", "Beta Rollout"]),
        ([f("amount", "LT", "10")], ["Beta Rollout"]),
        ([f("amount", "BETWEEN", "9.5", highValue="11")], ["Alpha Pilot"]),
        ([f("dealname", "EQ", "ALPHA PILOT")], ["Alpha Pilot"]),
        ([f("dealname", "IN", values=["alpha pilot"])], ["Alpha Pilot"]),
        ([f("dealname", "IN", values=["Alpha Pilot"])], []),
        ([f("dealname", "CONTAINS_TOKEN", "PILOT")], ["Alpha Pilot", "gamma pilot"]),
        ([f("dealname", "CONTAINS_TOKEN", "roll*")], ["Beta Rollout"]),
        ([f("dealname", "NOT_CONTAINS_TOKEN", "pilot")], ["Beta Rollout"]),
        ([f("hs_priority", "EQ", "LOW")], []),
        ([f("hs_priority", "EQ", "low")], ["Alpha Pilot"]),
        ([f("hs_priority", "NEQ", "low")], ["Beta Rollout"]),
        ([f("hs_priority", "NOT_IN", values=["high"])], ["Alpha Pilot"]),
        ([f("amount", "HAS_PROPERTY")], ["Alpha Pilot", "Beta Rollout"]),
        ([f("amount", "NOT_HAS_PROPERTY")], ["gamma pilot"]),
        ([f("hs_is_closed", "EQ", "true")], ["gamma pilot"]),
        ([f("closedate", "GTE", "2026-11-30"), f("amount", "EQ", "10.0")], ["Alpha Pilot"]),
    ],
)
def test_operators(names, three, filters, wanted):
    assert names(*filters) == wanted


def test_groups_are_alternatives_and_sorts_go_either_way(raw, three):
    groups = [{"filters": [f("amount", "EQ", "9")]}, {"filters": [f("dealstage", "EQ", "closedwon")]}]
    sorts = [{"propertyName": "dealname", "direction": "DESCENDING"}]
    answer = raw.post(SEARCH, {"filterGroups": groups, "sorts": sorts, "properties": ["dealname"]}).json()
    assert [r["properties"]["dealname"] for r in answer["results"]] == ["gamma pilot", "Beta Rollout"]
    assert raw.post(SEARCH, {"query": "pilot"}).json()["total"] == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": 201},
        {"sorts": ["amount", "dealname"]},
        {"filterGroups": [{"filters": [f("amount", "EQ", "1")]}] * 6},
        {"filterGroups": [{"filters": [f("amount", "EQ", "1")] * 7}]},
        {"filterGroups": [{"filters": [f("amount", "EQ", "1")] * 5}] * 4},
        {"filterGroups": [{"filters": [f("amount", "HAS_PROPERTY", "x")]}]},
        {"filterGroups": [{"filters": [f("amount", "LIKE", "x")]}]},
        {"filterGroups": [{"filters": [f("no_such", "EQ", "x")]}]},
        {"filterGroups": [{"filters": [f("amount", "GT", "many")]}]},
        {"filterGroups": [{"filters": [f("amount", "IN", "1")]}]},
        {"query": "x" * 3001},
        {"after": "10000"},
        {"after": "9900", "limit": 200},
    ],
)
def test_what_goes_beyond_the_limits_or_makes_no_sense_is_refused(raw, three, wrong):
    answer = raw.post(SEARCH, wrong)
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


def test_pages_go_by_offset_and_ids_window_past_the_cap(raw, deal):
    ids = [deal() for _ in range(25)]
    first = raw.post(SEARCH, {"limit": 10}).json()
    assert (first["total"], first["paging"]["next"]["after"]) == (25, "10")
    last = raw.post(SEARCH, {"limit": 10, "after": "20"}).json()
    assert "paging" not in last
    sorts = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
    window = raw.post(SEARCH, body(f("hs_object_id", "GT", ids[19]), sorts=sorts, limit=3)).json()
    assert [r["id"] for r in window["results"]] == ids[20:23]
    assert window["total"] == 5


def test_a_change_is_found_only_after_a_while(portal, names, deal):
    mine = deal(dealname="Late", hs_next_step="old")
    portal.settle()
    portal.settings.index_lag = 30
    events.edit_as(portal, REP, "deals", mine, {"dealname": "New"})
    fresh = deal(dealname="Fresh")
    assert names() == ["Late"]
    portal.clock.forward(timedelta(seconds=30))
    assert names() == ["New", "Fresh"]
    events.delete_as(portal, REP, "deals", fresh)
    assert names() == ["New"]


def test_a_bulk_edit_gives_every_deal_one_identical_timestamp(portal, raw, deal):
    for _ in range(30):
        deal()
    portal.clock.forward(timedelta(hours=1, milliseconds=123))
    assert events.bulk_edit(portal, REP, {"hs_priority": "high"}) == 30
    same = raw.post(SEARCH, body(f("hs_lastmodifieddate", "EQ", "2026-11-15T13:00:00.123Z"), limit=1)).json()
    by_number = raw.post(SEARCH, body(f("hs_lastmodifieddate", "GTE", str(portal.clock.ms())), limit=1)).json()
    assert same["total"] == by_number["total"] == 30


def test_searches_are_limited_for_all_apps_of_the_portal_together_and_carry_no_headers(portal, running, raw):
    import requests

    portal.settings.searches = 5
    other = {"authorization": f"Bearer {running.other_token}"}
    answers = [raw.post(SEARCH, {}) for _ in range(3)]
    with requests.Session() as session:
        session.trust_env = False
        answers += [session.post(running.url + SEARCH, json={}, headers=other, timeout=10) for _ in range(3)]
    assert [a.status_code for a in answers] == [200] * 5 + [429]
    assert answers[-1].json()["policyName"] == "SECONDLY"
    assert not [name for a in answers for name in a.headers if name.lower().startswith("x-hubspot-ratelimit")]
    portal.clock.forward(timedelta(seconds=1))
    assert raw.post(SEARCH, {}).status_code == 200
