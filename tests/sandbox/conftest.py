"""A small org behind a real TLS port, and clients of several users."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

import pytest
import requests
from simple_salesforce import Salesforce

from sandbox.salesforce import ADMIN, SYNC, Clock, Running, add_user, new_org, seed, serve

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)

MAVEN = {
    "accounts.csv": "account,sector,year_established,revenue,employees,office_location,subsidiary_of\n"
    "Parent,retail,1990,10.5,5,Kenya,\nChild,medical,1999,1,7,United States,Parent\n",
    "sales_teams.csv": "sales_agent,manager,regional_office\nAnna Snelling,Dustin Brinkmann,Central\n",
    "sales_pipeline.csv": "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"
    "AAA,Anna Snelling,GTX,Child,Won,2017-01-02,2017-03-01,1054\n"
    "BBB,Anna Snelling,,,Engaging,2017-05-01,,\n"
    "CCC,Anna Snelling,GTX,Parent,Prospecting,,,\n",
}


class Client:
    """A logged-in simple-salesforce, as it comes."""

    def __init__(self, running: Running, username: str) -> None:
        self.session = requests.Session()
        self.session.verify, self.session.trust_env = running.ca_file, False
        login = running.login(username)
        form = {
            "grant_type": "client_credentials",
            "client_id": login.client_id,
            "client_secret": login.client_secret,
        }
        self.token = self.session.post(running.url + "/services/oauth2/token", data=form).json()
        self.sf = Salesforce(
            session_id=self.token["access_token"],
            instance_url=self.token["instance_url"],
            session=self.session,
            version="60.0",
        )

    def collection(self, records, method="PATCH", **more):
        body = {"records": records, **more}
        return self.sf.restful("composite/sobjects", method=method, json=body)


@pytest.fixture
def org():
    made = new_org(clock=Clock(NOW))
    add_user(made, "rep@acme.example", "Zoë", "Müller", "Standard User")
    return made


@pytest.fixture
def running(org):
    with serve(org) as server:
        yield server


@pytest.fixture
def login(running):
    opened = []

    def enter(username):
        opened.append(Client(running, username))
        return opened[-1]

    yield enter
    for client in opened:
        client.session.close()


@pytest.fixture
def admin(login):
    return login(ADMIN)


@pytest.fixture
def sync(login):
    return login(SYNC)


@pytest.fixture
def rep(login):
    return login("rep@acme.example")


@pytest.fixture
def deal(admin):
    numbers = count(1)

    def make(**values):
        base = {"Name": f"Deal {next(numbers)}", "StageName": "Prospecting", "CloseDate": "2026-12-01"}
        return admin.sf.Opportunity.create({**base, **values})["id"]

    return make


@pytest.fixture(scope="session")
def big():
    made = new_org()
    seed(made, 2_000, as_of=NOW)
    return made


@pytest.fixture(scope="session")
def big_server(big):
    with serve(big) as server:
        yield server


@pytest.fixture
def login_to_big(big_server):
    client = Client(big_server, SYNC)
    yield client
    client.session.close()


@pytest.fixture
def maven_folder(tmp_path):
    for name, text in MAVEN.items():
        (tmp_path / name).write_text(text)
    return tmp_path
