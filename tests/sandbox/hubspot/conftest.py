"""A small portal behind a real port, and clients of several apps."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

import hubspot
import pytest
import requests

from sandbox.hubspot import Clock, Settings, add_owner, add_pipeline, events, new_portal, serve

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
REP, OTHER = "rep@acme.example", "other@acme.example"
PARTNER = [
    ("partnerlead", "Lead", 0.1),
    ("a1b2-c3d4", "Talks", 0.5),
    ("partnerwon", "Won", 1.0),
    ("partnerlost", "Lost", 0.0),
]


class Raw:
    """Calls without a library: what really goes over the line."""

    def __init__(self, url, token):
        self.url, self.session = url, requests.Session()
        self.session.trust_env = False
        self.session.headers["authorization"] = f"Bearer {token}"

    def __call__(self, method, path, body=None, **more):
        return self.session.request(method, self.url + path, json=body, timeout=10, **more)

    def get(self, path, **params):
        return self("GET", path, params=params)

    def post(self, path, body=None):
        return self("POST", path, body)

    def patch(self, path, body):
        return self("PATCH", path, body)


@pytest.fixture
def portal():
    made = new_portal(Settings(index_lag=0), Clock(NOW))
    add_owner(made, REP, "Zoë", "Müller", teams=[("77", "EMEA")])
    add_owner(made, OTHER, "Liam", "Park")
    add_pipeline(made, "partner", "Partner", PARTNER)
    return made


@pytest.fixture
def running(portal):
    with serve(portal) as server:
        yield server


@pytest.fixture
def client(running):
    return hubspot.Client.create(access_token=running.token, host=running.url)


@pytest.fixture
def raw(running):
    made = Raw(running.url, running.token)
    yield made
    made.session.close()


@pytest.fixture
def admin(running):
    made = Raw(running.url, running.admin_token)
    yield made
    made.session.close()


@pytest.fixture
def deal(portal):
    numbers = count(1)

    def make(**values):
        base = {"dealname": f"Deal {next(numbers)}", "dealstage": "appointmentscheduled"}
        return events.create_as(portal, REP, "deals", {**base, **values})

    return make
