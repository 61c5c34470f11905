"""The fuzzer of CRM replies by its first few inputs, so that it can always be started; it is run for longer by hand."""

from __future__ import annotations

import contextlib

import pytest

from model.errors import SluicegateError
from sandbox.web import Reply
from tests.connectors.fuzz.fuzz import fuzz
from tests.crm_drivers import CRM_DRIVERS


@pytest.mark.parametrize("kind", CRM_DRIVERS)
def test_a_clean_run_puts_right_what_twisted_replies_did(kind, tmp_path):
    report = fuzz(kind, 1, lambda number: number < 4, tmp_path)
    assert report.faults == {}
    assert (report.inputs, sum(report.exits.values())) == (4, 4)
    assert sum(report.twists.values()) > 0


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_makes_the_local_server_print_nothing(status, capfd):
    with CRM_DRIVERS["hubspot"]() as office:
        office.faults.twist = lambda _asked, reply: Reply({"results": []}, status, reply.headers, reply.kind)
        with contextlib.suppress(SluicegateError):
            office.connector().describe()
    assert capfd.readouterr().err == ""
