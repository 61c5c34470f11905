"""Secrets and names of customers are planted everywhere, and searched for in logs, errors, pages and findings."""

from __future__ import annotations

import contextlib
import io
import json
import logging
from dataclasses import dataclass
from typing import Any

import pytest
from billiard.einfo import ExceptionWithTraceback
from billiard.exceptions import WorkerLostError
from billiard.util import get_logger

from store import Occasion
from tests.worker.governed import NAME, governed, with_connector
from tests.worker.watching.clinic import Clinic
from worker.log import start_logging, stop_logging
from worker.pipeline.run import run
from worker.schedule import take_turn
from worker.watching.exposition import exposition
from worker.watching.status import status
from worker.watching.web import readiness

CUSTOMER, TOKEN = "Ünlü Holding Kft", "tok-hush-0815"


@pytest.fixture
def written():
    """What is logged, while it is."""
    out = io.StringIO()
    with contextlib.redirect_stderr(out):
        start_logging()
        yield out
        stop_logging()
        logging.getLogger().handlers.clear()
        get_logger().handlers.clear()


def lines(written: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


@dataclass
class Broken:
    """A connector in which something goes wrong with a customer's record."""

    door: Any
    error: Exception

    def __getattr__(self, name: str) -> Any:
        return getattr(self.door, name)

    def push(self, patches: Any) -> Any:
        raise self.error


@pytest.fixture(params=["salesforce", "hubspot"])
def team(request, tmp_path):
    with governed(tmp_path, request.param) as opened:
        yield opened


def message(team: Any) -> Occasion:
    return Occasion(NAME, "incremental", team.services.clock())


def nothing_is_in(text: str) -> bool:
    return CUSTOMER not in text and "Holding" not in text and TOKEN not in text


def test_no_line_of_the_log_names_a_customer_and_each_line_of_a_run_names_run_and_job(team, written):
    deal = team.deal(CUSTOMER, amount=10, next_step=f"Call {CUSTOMER}")
    team.driver.call(deal)
    asked = message(team)
    take_turn(team.services, asked, lambda: run(team.services, NAME))
    ended = [line for line in lines(written) if line["event"] == "run ended"]
    assert [(line["run"], line["connection"], line["job"], line["due"], line["attempt"]) for line in ended] == [
        (1, NAME, "incremental", asked.due.isoformat(), 1)
    ]
    assert nothing_is_in(written.getvalue())


def test_a_crm_that_quotes_the_customer_in_a_refusal_is_logged_by_its_code_alone(tmp_path, written):
    with governed(tmp_path) as team:
        deal = team.deal(CUSTOMER, amount=10)
        team.sales.org.faults.add(
            how="record",
            code="FIELD_CUSTOM_VALIDATION_EXCEPTION",
            message=f"{CUSTOMER} is not ready",
            ids=(deal,),
            count=None,
        )
        report = team.run()
    (ended,) = [line for line in lines(written) if line["event"] == "run ended"]
    assert any(CUSTOMER in reason for reason in report.reasons), "people who ask for the run read the CRM's words"
    assert ended["begun"] == ["refused: FIELD_CUSTOM_VALIDATION_EXCEPTION"]
    assert nothing_is_in(written.getvalue())


def test_an_error_that_nobody_foresaw_is_logged_by_its_place_and_not_by_its_text(team, written):
    team.deal(CUSTOMER, amount=10)
    broken = with_connector(team, Broken(team.services.connect(NAME), ValueError(f"{CUSTOMER} has {TOKEN}")))
    with pytest.raises(ValueError, match=CUSTOMER) as raised:
        take_turn(broken.services, message(team), lambda: run(broken.services, NAME))
    logging.getLogger("celery.app.trace").error(
        "Task %(name)s raised: %(exc)s", {"name": "run", "exc": repr(raised.value)}, exc_info=raised.value
    )
    *_, last = lines(written)
    assert last["event"] == "celery.app.trace: an error that nobody foresaw"
    assert last["exception"].endswith("in push\nValueError")
    assert nothing_is_in(written.getvalue())


def test_a_killed_process_of_the_pool_is_told_as_that_and_every_line_of_a_library_is_json(written):
    lost = ExceptionWithTraceback(WorkerLostError("Worker exited prematurely: signal 9 (SIGKILL) Job: 3."), None)
    logging.getLogger("celery.worker.request").error("Task handler raised error: %r", lost, exc_info=lost)
    get_logger().error("Process %r exited", "ForkPoolWorker-1")
    killed, process = lines(written)
    assert killed["event"] == "a process of the worker has ended in the middle of a job"
    assert "signal 9 (SIGKILL)" in killed["why"]
    assert process["event"] == "Process 'ForkPoolWorker-1' exited"


def test_pages_status_and_doctor_name_no_customer(team):
    team.deal(CUSTOMER, amount=10)
    team.run()
    clinic = Clinic(team)
    found = [one.text for one in clinic.examined()]
    text, _ = exposition(lambda: team.services)
    ready = readiness(lambda: team.services, lambda: None)
    shown = [*found, text.decode(), json.dumps(status(team.services)), json.dumps(ready)]
    assert [page for page in shown if not nothing_is_in(page)] == []


def test_a_secret_that_the_crm_sends_back_is_in_no_line_and_in_no_finding(tmp_path, written):
    with governed(tmp_path, "hubspot") as team:
        secret = team.services.connect(NAME).settings.access_token.get_secret_value()
        del team.driver.portal.tokens.by_text[secret]
        with contextlib.suppress(Exception):
            take_turn(team.services, message(team), lambda: run(team.services, NAME))
        found = [one.text for one in Clinic(team).examined()]
        kept = json.dumps([row["reason"] for row in team.services.store.runs.latest(NAME)])
    assert "Check access_token of connection acme." in written.getvalue()
    assert secret not in "\n".join([written.getvalue(), kept, *found])
