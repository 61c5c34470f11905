"""Webhooks: HubSpot's are noted, everybody else is refused cheaply, and nothing that is sent enters the log."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import requests
from structlog.testing import capture_logs

from sandbox import serving
from tests.worker.governed import NAME, governed
from worker.watching.web import web_app
from worker.watching.webhooks import LARGEST

SECRET = "3f1b-the-app-s-secret"
PATH = f"/webhooks/hubspot/{NAME}"
EDITED = {"subscriptionType": "deal.propertyChange", "objectId": 42, "propertyName": "amount", "propertyValue": "Ada",
          "changeSource": "CRM_UI", "sourceId": "userId:7", "appId": 9}  # fmt: skip


@dataclass
class Door:
    """The app on a port, and a sender who knows HubSpot's way to sign."""

    team: Any
    url: str

    def post(self, events: Any, path: str = PATH, secret: str = SECRET, uri: str = "", **late: float) -> int:
        body = events if isinstance(events, bytes) else json.dumps(events).encode()
        stamp = str(round((self.team.services.clock() + timedelta(**late)).timestamp() * 1000))
        signed = b"POST" + (uri or self.url + path).encode() + body + stamp.encode()
        mac = base64.b64encode(hmac.digest(secret.encode(), signed, hashlib.sha256)).decode()
        headers = {"X-HubSpot-Signature-v3": mac, "X-HubSpot-Request-Timestamp": stamp}
        return self.raw(body, headers, path)

    def raw(self, body: Any, headers: dict[str, str], path: str = PATH) -> int:
        return requests.post(self.url + path, data=body, headers=headers, timeout=10).status_code

    def begun(self, headers: dict[str, str], part: bytes = b"") -> int:
        """The answer to a request of which only the beginning is sent."""
        line = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=10)
        line.putrequest("POST", PATH)
        for name, value in headers.items():
            line.putheader(name, value)
        line.endheaders(part or None)
        status = line.getresponse().status
        line.close()
        return status

    def noted(self) -> set[tuple[str, str]]:
        found = {(one.kind, one.id) for one in self.team.services.store.nudges.of(NAME, 1000)}
        self.team.services.store.nudges.forget(NAME)
        return found


@contextmanager
def door_of(team: Any):
    woken: list[int] = []
    app = web_app(lambda: team.services, lambda: None, lambda: woken.append(1))
    port, stop = serving.start(app, name="web")
    try:
        yield Door(team, f"http://127.0.0.1:{port}")
    finally:
        stop()


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    with governed(tmp_path_factory.mktemp("web"), "hubspot", webhook_secret=SECRET) as team:
        team.services.store.connections.keep_description(NAME, team.services.connect(NAME).describe())
        with door_of(team) as opened:
            yield opened


CALLED = {"subscriptionType": "object.creation", "objectTypeId": "0-48", "objectId": 7}
MERGED = {
    "subscriptionType": "deal.merge",
    "objectId": 3,
    "primaryObjectId": 1,
    "mergedObjectIds": [2],
    "newObjectId": 3,
}
ENDS = {"fromObjectId": 5, "toObjectId": 6, "associationRemoved": True}
EVENTS = {
    "an edited deal": (EDITED, {("opportunity", "42")}),
    "a deleted deal": ({"subscriptionType": "deal.deletion", "objectId": 42}, {("opportunity", "42")}),
    "a new kind of subscription": (
        {"subscriptionType": "object.propertyChange", "objectTypeId": "0-3", "objectId": 42}, {("opportunity", "42")},
    ),
    "a logged call": (CALLED, {("activity", "call:7")}),
    "a completed task": (CALLED | {"objectTypeId": "0-27"}, {("activity", "task:7")}),
    "a merge": (MERGED, {("opportunity", "1"), ("opportunity", "2"), ("opportunity", "3")}),
    "a contact on a deal": (
        {"subscriptionType": "deal.associationChange", "associationType": "DEAL_TO_CONTACT", **ENDS},
        {("opportunity", "5")},
    ),
    "a deal of a contact": (
        {"subscriptionType": "contact.associationChange", "associationType": "CONTACT_TO_DEAL", **ENDS},
        {("opportunity", "6")},
    ),
    "a call that left a deal": (
        {"subscriptionType": "object.associationChange", "fromObjectTypeId": "0-48", "toObjectTypeId": "0-3", **ENDS},
        {("opportunity", "6")},
    ),
    "our own change": (EDITED | {"changeSource": "INTEGRATION", "sourceId": "9"}, set()),
    "another app's change": (EDITED | {"changeSource": "INTEGRATION", "sourceId": "8"}, {("opportunity", "42")}),
    "a field that we write": (EDITED | {"propertyName": "sluicegate_score"}, set()),
    "a rep's pause": (EDITED | {"propertyName": "sluicegate_pause_until"}, {("opportunity", "42")}),
    "an edited contact": ({"subscriptionType": "contact.propertyChange", "objectId": 4}, set()),
    "ids that are none": (
        [EDITED | {"objectId": odd} for odd in (None, "x", -1, 1.5, {"a": 1}, "9" * 40, "'; --", True)], set(),
    ),
    "no events": (["x", None, 7, {}, {"subscriptionType": 5, "mergedObjectIds": "12"}], set()),
}  # fmt: skip


@pytest.mark.parametrize("what", EVENTS)
def test_an_event_names_the_records_that_are_to_be_read_again(door, what):
    event, expected = EVENTS[what]
    assert door.post(event if isinstance(event, list) else [event]) == 204
    assert door.noted() == expected


def test_duplicates_and_any_order_note_each_record_once(door):
    events = [EDITED, CALLED, EDITED, CALLED | {"attemptNumber": 3}]
    assert [door.post(events), door.post(events[::-1]), door.post([EDITED])] == [204, 204, 204]
    assert door.noted() == {("opportunity", "42"), ("activity", "call:7")}


@pytest.mark.parametrize(
    "given",
    [{"secret": "another"}, {"secret": ""}, {"minutes": -6}, {"minutes": 6}, {"uri": "https://elsewhere.example/x"},
     {"path": "/webhooks/hubspot/nobody"}, {"path": "/webhooks/salesforce/acme"}, {"path": "/webhooks/x/acme"}],
    ids=str,
)  # fmt: skip
def test_what_hubspot_did_not_sign_for_this_address_just_now_is_refused(door, given):
    assert door.post([EDITED], **given) == 401
    assert door.noted() == set()


def test_the_body_is_signed_as_it_came(door):
    stamp = str(round(door.team.services.clock().timestamp() * 1000))
    signed = f"POST{door.url}{PATH}[ ]{stamp}".encode()
    mac = base64.b64encode(hmac.digest(SECRET.encode(), signed, hashlib.sha256)).decode()
    headers = {"X-HubSpot-Signature-v3": mac, "X-HubSpot-Request-Timestamp": stamp}
    assert [door.raw(body, headers) for body in (b"[ ]", b"[]", b"[ ] ")] == [204, 401, 401]
    assert door.post(b"no json at all") == 204


def test_an_address_is_signed_with_some_letters_decoded(door):
    path = f"{PATH}?from=a%3Ab%2Cc%20d"
    assert door.post([EDITED], path=path, uri=f"{door.url}{PATH}?from=a:b,c%20d") == 204
    door.noted()


def test_requests_without_a_signature_are_refused_before_their_body_is_read(door):
    stamp = str(round(door.team.services.clock().timestamp() * 1000))
    for headers in ({}, {"X-HubSpot-Request-Timestamp": stamp}, {"X-HubSpot-Signature-v3": "x"},
                    {"X-HubSpot-Signature-v3": "x", "X-HubSpot-Request-Timestamp": "9" * 30}):  # fmt: skip
        assert door.begun(headers | {"Content-Length": "100"}) == 401


def test_a_huge_body_is_refused_without_being_read_to_its_end(door):
    stamp = str(round(door.team.services.clock().timestamp() * 1000))
    headers = {"X-HubSpot-Signature-v3": "x", "X-HubSpot-Request-Timestamp": stamp}
    assert door.begun(headers | {"Content-Length": str(LARGEST + 1)}) == 413
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    assert door.begun(headers | {"Transfer-Encoding": "chunked"}, chunk * (LARGEST // 65536 + 1)) == 413


def test_nothing_that_is_sent_enters_the_log(door):
    with capture_logs() as lines:
        door.post([EDITED | {"propertyValue": "Ada Lovelace"}])
        door.post([EDITED | {"propertyValue": "Ada Lovelace"}], secret="another")
        door.post([EDITED], path="/webhooks/hubspot/lovelace", secret="another")
    assert "ovelace" not in repr(lines)
    door.noted()


def test_what_a_rep_does_in_the_portal_is_noted(door):
    portal, team = door.team.driver.portal, door.team
    kept = team.deal("Acme")
    portal.webhooks.subscribe(url=door.url + PATH, secret=SECRET, wait=0.01)
    team.driver.call(kept)
    team.edit(kept, amount=5)
    team.driver.contact(kept, "Champion")
    team.driver.delete(team.deal("Gone"))
    wanted = {("opportunity", kept), ("activity", f"call:{max(portal.shelves['calls'].rows)}")}
    store, pause = team.services.store, threading.Event()
    for _ in range(600):
        found = {(one.kind, one.id) for one in store.nudges.of(NAME, 100)}
        if wanted <= found and len(found) == 3:
            break
        pause.wait(0.1)
    portal.webhooks.subscribe(url="")
    assert wanted <= found
    assert len(found) == 3


def test_behind_a_proxy_the_public_address_is_signed(tmp_path):
    with governed(tmp_path, "hubspot", webhook_secret=SECRET) as team:
        web = team.services.settings.web.model_copy(update={"public_url": "https://hooks.acme.example/"})
        settings = team.services.settings.model_copy(update={"web": web})
        object.__setattr__(team.services, "settings", settings)
        team.services.store.connections.keep_description(NAME, team.services.connect(NAME).describe())
        with door_of(team) as door:
            assert door.post([EDITED], uri=f"https://hooks.acme.example{PATH}") == 204
            assert door.post([EDITED]) == 401
