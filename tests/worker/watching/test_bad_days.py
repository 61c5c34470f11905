"""Bad days: what an operator reads in `doctor`, in the log and in the metrics, word for word."""

from __future__ import annotations

import contextlib
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import trustme
from structlog.testing import capture_logs

from model.errors import StoreProblem
from sandbox import serving
from sandbox.hubspot.events import take_scope
from sandbox.hubspot.serving import PortalDoor
from sandbox.salesforce import SYNC
from sandbox.salesforce.events import hide_field
from sandbox.salesforce.serving import start as serve_org
from sandbox.web import application
from tests.worker.governed import NAME, governed, with_connector
from tests.worker.watching.clinic import Clinic
from tests.worker.watching.test_metrics import scraped
from worker.pipeline.run import run
from worker.wiring import now

FULL = "The disk that holds the store is full. Free some space there; nothing that was kept is lost."


@dataclass
class Day:
    """A team on a bad day, and what is told about it."""

    team: Any
    log: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clinic = Clinic(self.team)

    def run(self) -> None:
        """A scheduled run, whatever becomes of it."""
        with capture_logs() as lines, contextlib.suppress(Exception):
            run(replace(self.team.services, trigger="schedule"), NAME, unwatched=True)
        self.log += [line for line in lines if line["event"] == "run ended"]

    @property
    def logged(self) -> tuple[str, str, str]:
        """Level, state and outcome of the newest line."""
        return self.log[-1]["log_level"], self.log[-1]["state"], self.log[-1]["outcome"]

    def doctor(self) -> list[str]:
        """What is wrong with connections."""
        return [line for line in self.clinic.says("connections") if line.startswith("wrong")]

    def last_run(self) -> list[str]:
        """The state of the newest run, as the metrics have it."""
        return [labels[-1] for labels in scraped(self.team.services) if labels[0] == "sluicegate_last_run"]


@pytest.fixture
def portal(tmp_path):
    with governed(tmp_path, "hubspot") as team:
        team.deal("Acme", amount=10)
        yield Day(team)


@pytest.fixture
def org(tmp_path):
    with governed(tmp_path, "salesforce") as team:
        team.deal("Acme", amount=10)
        yield Day(team)


def test_a_private_apps_token_that_was_revoked(portal):
    tokens = portal.team.driver.portal.tokens
    del tokens.by_text[tokens.sync.text]
    portal.run()
    refused = (
        "HubSpot does not accept our token: Authentication credentials not found. This API supports OAuth 2.0 "
        "authentication and you can find more details at "
        "https://developers.hubspot.com/docs/methods/auth/oauth-overview (INVALID_AUTHENTICATION). "
        "Check access_token of connection acme."
    )
    assert portal.logged == ("error", "refused", refused)
    assert portal.doctor() == [f"wrong: {refused}"]
    assert portal.last_run() == ["refused"]


def test_a_consumer_secret_that_was_revoked(org):
    logins = org.team.sales.org.logins
    logins.all[:] = [replace(login, client_secret="new") if login.username == SYNC else login for login in logins.all]
    org.run()
    refused = (
        "Salesforce refuses the login of connection acme by client_credentials: invalid_client (invalid client "
        "credentials). Check the connected app and its user."
    )
    assert org.logged == ("error", "refused", refused)
    assert org.doctor() == [f"wrong: {refused}"]
    assert org.last_run() == ["refused"]


def test_a_scope_that_was_taken_away(portal):
    portal.run()
    take_scope(portal.team.driver.portal, "crm.objects.deals.write")
    portal.team.deal("Globex", amount=10)
    portal.team.later(hours=1)
    portal.run()
    (said,) = portal.doctor()
    lacks = "Our app lacks the scope crm.objects.deals.write, which writes our properties on deals"
    assert said == f"wrong: {lacks}; add it and sign in again."
    assert portal.logged[:2] == ("error", "refused")
    assert "crm.objects.deals.write" in portal.logged[2]
    assert portal.last_run() == ["refused"]


def test_a_field_that_our_user_may_no_longer_see(org):
    org.run()
    hide_field(org.team.sales.org, "Opportunity", "Sluicegate_Score__c", SYNC)
    org.team.later(hours=1)
    org.run()
    assert org.doctor() == [
        "wrong: Sluicegate_Score__c (score) does not exist or is hidden from our user; run `connection provision`."
    ]


@contextmanager
def over_tls(day: Day, ends: Any):
    """The same CRM behind a certificate that ends then; yields a connector to it."""
    driver = day.team.driver
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        if driver.kind == "salesforce":
            server = serve_org(day.team.sales.org, folder, not_after=ends)
            given, stop = {"login_url": server.url, "ca_file": server.ca_file}, server.stop
        else:
            authority = trustme.CA()
            pem, ca = folder / "server.pem", folder / "ca.pem"
            authority.cert_pem.write_to_path(ca)
            authority.issue_cert("127.0.0.1", not_after=ends).private_key_and_cert_chain_pem.write_to_path(pem)
            door = application(PortalDoor(driver.portal))
            port, stop = serving.start(door, 0, name="tls", ssl_certfile=str(pem), ssl_keyfile=str(pem))
            given = {"base_url": f"https://127.0.0.1:{port}", "ca_file": str(ca)}
        try:
            yield driver.connector(budget_share=1.0, **given)
        finally:
            stop()


@pytest.fixture(params=["salesforce", "hubspot"])
def day(request, tmp_path):
    with governed(tmp_path, request.param) as team:
        team.deal("Acme", amount=10)
        yield Day(team)


def test_a_certificate_that_has_expired(day):
    with over_tls(day, now() - timedelta(days=1)) as connector:
        day.team = day.clinic.team = with_connector(day.team, connector)
        day.run()
        (said,) = day.doctor()
    level, state, outcome = day.logged
    assert said == f"wrong: {outcome}"
    assert (level, state) == ("error", "refused")
    assert outcome.startswith("The certificate of https://127.0.0.1:")
    assert outcome.endswith(
        " has expired. Ask whoever runs it to renew it, and check the proxy if there is one; if it is in ca_file, "
        "replace it."
    )
    assert day.last_run() == ["refused"]


def test_a_certificate_that_ends_in_a_week_is_told_before_it_does(day):
    day.team.driver.clock.set(now())
    ends = now() + timedelta(days=7, hours=1)
    with over_tls(day, ends) as connector:
        day.team = day.clinic.team = with_connector(day.team, connector)
        day.run()
        (said,) = day.clinic.says("certificates")
    assert said == (
        f"warning: The certificate in use ends on {ends:%-d %b %Y}, in 7 days. Ask whoever runs it to renew it, and "
        "check the proxy if there is one; if it is in ca_file, replace it."
    )
    assert day.logged[2] == "done"


def fill_up(services: Any) -> None:
    """From now on the store's file cannot grow: SQLite says that the disk is full."""
    engine = services.store.database.engine
    engine.dispose()

    @sa.event.listens_for(engine, "connect")
    def full(raw: Any, _record: object) -> None:
        raw.execute("PRAGMA max_page_count = 1")


def test_a_disk_that_is_full(org):
    org.run()
    services = org.team.services
    written = len(org.team.writes())
    org.team.later(hours=1)
    for n in range(40):
        org.team.deal(f"Globex {n}", amount=10)
    fill_up(services)
    org.run()
    assert org.logged == ("error", "refused", FULL)
    assert org.clinic.says("store")[0] == f"wrong: {FULL}"
    assert org.team.writes()[written:] == [], "nothing is sent whose receipt could not be kept"
    with pytest.raises(StoreProblem, match="is full"):
        run(services, NAME)
    assert ("sluicegate_store_free_bytes",) in scraped(services), "an alert rule asks it before the disk is full"


def test_the_guide_quotes_what_these_tests_have_seen():
    page = (Path(__file__).parents[3] / "docs" / "watching.md").read_text()
    quotes = (
        "Check access_token of connection acme.", "Check the connected app and its user.",
        "settings of connections have changed",
        "settings are wrong; the last good ones stay in force", "has expired. Ask whoever runs it to renew it",
        "The certificate in use ends on", "Our app lacks the scope crm.objects.deals.write",
        "Sluicegate_Score__c (score) does not exist or is hidden from our user; run `connection provision`.", FULL,
    )  # fmt: skip
    assert [quote for quote in quotes if quote not in page] == []
