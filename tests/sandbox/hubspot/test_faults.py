import pytest
import requests
from hubspot.crm.deals import ApiException
from urllib3.exceptions import MaxRetryError, ProtocolError

from sandbox.hubspot import events

REP = "rep@acme.example"
DEALS = "/crm/v3/objects/deals"


@pytest.mark.parametrize(
    ("name", "status", "category"),
    [
        ("ten_secondly", 429, "RATE_LIMITS"),
        ("daily", 429, "RATE_LIMITS"),
        ("internal_error", 500, "INTERNAL_ERROR"),
        ("token_expired", 401, "EXPIRED_AUTHENTICATION"),
        ("invalid_token", 401, "INVALID_AUTHENTICATION"),
        ("missing_scopes", 403, "MISSING_SCOPES"),
        ("locked", 423, "LOCKED"),
        ("migrating", 477, "MIGRATION"),
    ],
)
def test_a_named_fault_answers_once_with_its_body(portal, raw, name, status, category):
    portal.faults.add(name)
    answer = raw.get(DEALS)
    assert (answer.status_code, answer.json()["category"], answer.json()["status"]) == (status, category, "error")
    assert raw.get(DEALS).status_code == 200


def test_a_limit_fault_names_its_policy_and_a_migration_says_how_long(portal, raw):
    portal.faults.add("secondly")
    assert raw.get(DEALS).status_code == 200
    assert raw.post(f"{DEALS}/search", {}).json()["policyName"] == "SECONDLY"
    portal.faults.add("migrating")
    assert raw.get(DEALS).headers["Retry-After"] == "2"


@pytest.mark.parametrize(
    ("name", "status"), [("bad_gateway", 502), ("unavailable", 503), ("gateway_timeout", 504), ("edge_timeout", 524)]
)
def test_a_gateway_answers_in_html(portal, raw, name, status):
    portal.faults.add(name)
    answer = raw.get(DEALS)
    assert (answer.status_code, answer.text[:6]) == (status, "<html>")


def test_a_token_that_expires_in_the_middle_stays_expired(portal, running):
    token = portal.tokens.refresh()
    headers = {"authorization": f"Bearer {token.text}"}
    with requests.Session() as session:
        session.trust_env = False
        portal.faults.add("token_expired", after=1)
        got = [session.get(running.url + DEALS, headers=headers, timeout=10).status_code for _ in range(3)]
    assert got == [200, 401, 401]


def test_a_dropped_line_leaves_nothing_done_and_a_dropped_reply_leaves_it_done(portal, client, deal):
    mine = deal()
    body = {"inputs": [{"id": mine, "properties": {"hs_next_step": "written"}}]}
    for name, step in (("drop", None), ("drop_after", "written")):
        portal.faults.add(name, method="POST")
        with pytest.raises(ProtocolError):
            client.crm.deals.batch_api.update(body)
        assert portal.shelves["deals"].find(mine).props.get("hs_next_step") == step


def test_a_cut_body_is_tried_again_by_the_library_and_then_reported(portal, client):
    portal.faults.add("truncate", count=None)
    with pytest.raises(MaxRetryError):
        client.crm.deals.basic_api.get_page()


def test_a_success_that_is_no_json_looks_like_an_empty_page_to_the_library(portal, client, deal):
    deal()
    portal.faults.add("garbage")
    assert client.crm.deals.basic_api.get_page().results is None


def test_a_record_fault_hits_its_record_and_refuses_the_batch(portal, raw, deal):
    first, second = deal(), deal()
    portal.faults.add("row_lock", ids=(second,), entity="deals")
    body = {"inputs": [{"id": i, "properties": {"hs_next_step": "n"}} for i in (first, second)]}
    assert raw.post(f"{DEALS}/batch/update", body).status_code == 423
    assert "hs_next_step" not in portal.shelves["deals"].find(first).props
    assert raw.post(f"{DEALS}/batch/update", body).status_code == 200


def test_a_slow_answer_outlasts_a_clients_patience(portal, client):
    portal.faults.add("hang", seconds=0.5, count=4)
    with pytest.raises(MaxRetryError):
        client.crm.deals.basic_api.get_page(_request_timeout=(1, 0.1))


def test_the_librarys_own_errors_carry_status_and_body(portal, client, deal):
    with pytest.raises(ApiException) as caught:
        client.crm.deals.basic_api.update(deal(), {"properties": {"nothing": "x"}})
    assert (caught.value.status, "PROPERTY_DOESNT_EXIST" in caught.value.body) == (400, True)


def test_another_process_drives_the_server_by_its_control_door(portal, running, raw, deal):
    mine, twin = deal(), deal()

    def post(name, body=None):
        return raw.post(f"/__sandbox__/{name}", body or {}).json()

    post("faults", {"name": "internal_error"})
    assert raw.get(DEALS).status_code == 500
    assert post("clock", {"forward_seconds": 60})["now"] == "2026-11-15T12:01:00+00:00"
    assert post("edit", {"user": REP, "id": mine, "values": {"hs_next_step": "Call"}}) == {"id": mine}
    made = post(
        "create", {"user": REP, "entity": "notes", "values": {"hs_note_body": "Hi"}, "links": {"deals": [mine]}}
    )
    assert portal.shelves["notes"].find(made["id"]) is not None
    assert post("log_meeting", {"user": REP, "deals": mine, "at": "2026-11-20T12:00:00+00:00"})["result"]
    assert post("bulk_edit", {"user": REP, "values": {"hs_priority": "low"}}) == {"result": 2}
    assert post("settings", {"daily": 10, "used": 3})["used"] == 3
    post("merge_deals", {"user": REP, "winner": mine, "loser": twin})
    post("archive_stage", {"stage": "contractsent"})
    post("take_scope", {"scope": "crm.objects.owners.read"})
    assert raw.get("/crm/v3/owners").status_code == 403
    rule = {"name": "paper", "when": {"dealstage": "appointmentscheduled"}, "required": ["description"]}
    assert post("rule", rule) == {"rules": ["paper"]}
    assert raw.patch(f"{DEALS}/{mine}", {"properties": {"amount": "1"}}).status_code == 400
    assert post("rule", {"name": "paper"}) == {"rules": []}
    log = raw.get("/__sandbox__/log").json()["writes"]
    assert (log[-1]["outcome"], log[-1]["values"]) == ("VALIDATION_ERROR", {"amount": "1"})
    calls = raw.get("/__sandbox__/calls").json()["calls"]
    assert (calls[-1]["method"], calls[-1]["app"], calls[-1]["outcome"]) == ("PATCH", "Pipeline sync", "400")
    assert raw.get("/__sandbox__/logins").json()["token"] == running.token
    assert "ghost" in post("edit", {"user": "ghost", "id": mine, "values": {}})["error"]
    assert "No such control" in post("explode")["error"]
    assert events.record_of(portal, "deals", twin).merged_into == int(mine)
