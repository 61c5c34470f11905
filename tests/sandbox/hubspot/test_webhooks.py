"""The portal sends signed webhooks as HubSpot's documents say: up to a hundred at once, late, twice, in any order."""

import json
import threading
from contextlib import contextmanager

import pytest
from hubspot.utils.signature import Signature
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from sandbox import serving
from sandbox.hubspot import ADMIN, events
from sandbox.hubspot.activity import log_call

SECRET = "app-secret"


class Receiver:
    """Keeps what it gets; `answers` are the statuses of the first requests, 204 for all others."""

    def __init__(self, answers=()):
        self.bodies, self.signed, self.answers, self.url = [], [], list(answers), ""
        self.enough, self.wanted = threading.Event(), 1

    async def take(self, request):
        body, headers = await request.body(), request.headers
        stamp = headers["x-hubspot-request-timestamp"]
        expected = Signature.get_signature(SECRET, body.decode(), "v3", self.url, "POST", stamp)
        self.signed.append(expected == headers["x-hubspot-signature-v3"])
        status = self.answers.pop(0) if self.answers else 204
        if status == 204:
            self.bodies.append(json.loads(body))
        if sum(map(len, self.bodies)) >= self.wanted:
            self.enough.set()
        return Response(status_code=status)

    def events(self, wanted):
        self.wanted = wanted
        if sum(map(len, self.bodies)) < wanted:
            assert self.enough.wait(60)
        return [event for body in self.bodies for event in body]


@contextmanager
def receiving(portal, answers=(), **how):
    receiver = Receiver(answers)
    app = Starlette(routes=[Route("/hook", receiver.take, methods=["POST"])])
    port, stop = serving.start(app, name="receiver")
    receiver.url = f"http://127.0.0.1:{port}/hook"
    portal.webhooks.subscribe(url=receiver.url, secret=SECRET, **{"wait": 0.05, "again": 0.05, "twice": 0.0, **how})
    try:
        yield receiver
    finally:
        portal.webhooks.subscribe(url="")
        stop()


def named(found):
    return {(event["subscriptionType"], event.get("propertyName", "")) for event in found}


def test_what_happens_to_deals_and_activities_is_sent_and_signed(portal):
    with receiving(portal) as receiver:
        deal = events.create_as(portal, ADMIN, "deals", {"dealname": "Acme", "dealstage": "appointmentscheduled"})
        call = log_call(portal, ADMIN, deal)
        contact = events.create_as(portal, ADMIN, "contacts", {"lastname": "Buyer"})
        events.link(portal, "deals", deal, "contacts", contact)
        other = events.create_as(portal, ADMIN, "deals", {"dealname": "Twin", "dealstage": "appointmentscheduled"})
        events.merge_deals(portal, ADMIN, deal, other)
        events.delete_as(portal, ADMIN, "calls", call)
        events.restore(portal, "calls", call)
        found = receiver.events(16)
    assert {("deal.creation", ""), ("deal.propertyChange", "dealname"), ("object.creation", ""), ("deal.merge", ""),
            ("object.deletion", ""), ("object.restore", ""), ("deal.associationChange", ""),
            ("object.associationChange", "")} <= named(found)  # fmt: skip
    assert all(receiver.signed)
    (merge,) = (event for event in found if event["subscriptionType"] == "deal.merge")
    assert (merge["primaryObjectId"], merge["mergedObjectIds"]) == (int(deal), [int(other)])
    (made,) = (event for event in found if event["subscriptionType"] == "object.creation")
    assert (made["objectTypeId"], made["objectId"], made["changeSource"]) == ("0-48", int(call), "CRM_UI")


def test_events_come_a_hundred_at_once_and_some_of_them_twice(portal):
    deal = events.create_as(portal, ADMIN, "deals", {"dealname": "Acme", "dealstage": "appointmentscheduled"})
    with receiving(portal, wait=0.5, twice=0.5) as receiver:
        for n in range(150):
            events.edit_as(portal, ADMIN, "deals", deal, {"dealname": f"Acme {n}"})
        found = receiver.events(180)
    ids = [event["eventId"] for event in found]
    assert max(map(len, receiver.bodies)) <= 100
    assert len(set(ids)) < len(ids)
    assert ids != sorted(ids)


@pytest.mark.parametrize("status", [500, 401])
def test_what_is_not_taken_is_sent_again(portal, status):
    deal = events.create_as(portal, ADMIN, "deals", {"dealname": "Acme", "dealstage": "appointmentscheduled"})
    with receiving(portal, [status, status]) as receiver:
        events.edit_as(portal, ADMIN, "deals", deal, {"dealname": "Acme again"})
        (event,) = receiver.events(1)
    assert event["attemptNumber"] == 2
