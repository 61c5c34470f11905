"""Runs on an org with more rows than are read page by page."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.salesforce.connector import SalesforceConnector
from model.errors import ConnectionBusy
from tests.worker.governed import NAME, governed, with_connector
from worker.pipeline.heartbeat import LEASE_SECONDS

DEALS = 12


@pytest.fixture
def team(tmp_path):
    """Everything with more than three rows comes by query jobs, five rows a part."""
    with governed(tmp_path) as opened:
        opened.sales.org.settings.bulk_page = 5
        for n in range(DEALS):
            opened.deal(f"Deal {n}", amount=10 + n)
        opened.later(minutes=30)
        yield with_connector(opened, opened.driver.connector(budget_share=1.0, bulk_above=3))


def jobs_made(team):
    return len(team.sales.org.bulk_made)


def test_a_run_by_query_jobs_leaves_the_verdicts_and_records_of_a_run_page_by_page(team, tmp_path):
    report = team.run()
    assert (report.exit_code, jobs_made(team) > 0, team.sales.org.jobs) == (0, True, {})
    shown, verdicts = team.all_on_record(), [team.verdict(deal) for deal in sorted(team.theirs())]
    (tmp_path / "other").mkdir()
    with governed(tmp_path / "other") as plain:
        for n in range(DEALS):
            plain.deal(f"Deal {n}", amount=10 + n)
        plain.later(minutes=30)
        plain.run()
        assert plain.all_on_record() == shown
        assert [plain.verdict(deal) for deal in sorted(plain.theirs())] == verdicts


def test_a_run_that_waits_too_long_is_stopped_and_the_next_one_comes_through(team):
    stays = team.sales.org.faults.add("job_stays", entity="Opportunity")
    report = team.run()
    assert (report.exit_code, report.deals) == (3, 0)
    assert "The next run goes on with it." in report.stopped
    assert report.resumes_at == team.services.clock() + timedelta(minutes=5)
    stays.code = None
    made = jobs_made(team)
    report = team.run()
    assert (report.exit_code, report.deals, team.sales.org.jobs) == (0, DEALS, {})
    assert jobs_made(team) == made + 1, "the history's job; that of the deals is the same"


def test_whoever_watches_sees_how_much_is_made_ready(team):
    seen = []
    team.sales.org.faults.add("job_stays", entity="Opportunity")
    team.services = replace(team.services, progress=lambda what, count: seen.append((what, count)))
    team.run()
    assert ("made ready by the CRM", 0) in seen


def test_every_call_of_a_load_counts(team):
    report = team.run()
    sent = team.services.connect(NAME).calls
    assert (report.calls, team.services.store.calls.count(NAME, team.services.clock())) == (sent, sent)


def test_a_run_that_lost_its_lease_stops_waiting_and_leaves_the_job_to_the_other(team):
    team.sales.org.faults.add("job_stays", entity="Opportunity")
    store, taken = team.services.store, []

    def slept(_seconds):
        if not taken:
            team.later(seconds=LEASE_SECONDS + 1)
            taken.append(store.runs.lease(NAME, "another run", team.services.clock(), LEASE_SECONDS))

    settings = team.sales.settings(budget_share=1.0, bulk_above=3)
    team = with_connector(team, SalesforceConnector(settings, clock=team.driver.clock.now, sleep=slept))
    with pytest.raises(ConnectionBusy):
        team.run()
    assert len(team.sales.org.jobs) == 1
    assert store.mirror.cursors(NAME)["opportunity.bulk"].text.count(next(iter(team.sales.org.jobs))) == 1


def test_an_org_without_bulk_is_run_page_by_page_and_the_report_says_so_once(team):
    team.sales.org.faults.add("bulk_off", count=None)
    report = team.run()
    assert (report.exit_code, report.deals) == (0, DEALS)
    assert sum("Bulk API 2.0 does not give them" in remark for remark in report.remarks) == 1


def test_a_full_run_by_query_jobs_finds_what_was_erased(team):
    team.run()
    lost = min(team.theirs())
    team.driver.erase(lost)
    team.later(hours=1)
    assert team.run(full=True).exit_code == 0
    assert lost not in team.services.store.mirror.ids(NAME)
