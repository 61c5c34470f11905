"""The demo governs both local CRMs by the same policies, and each vendor's own library reads our fields back."""

import contextlib
import io
import json

import pytest

from worker.cli.demo import demo
from worker.usecases.answers import neglects


@pytest.fixture(scope="module")
def answer(tmp_path_factory):
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        demo(tmp_path_factory.mktemp("demo"), 60, as_json=True)
    return json.loads(out.getvalue())


@pytest.mark.parametrize("kind", ["salesforce", "hubspot"])
def test_every_open_deal_is_written_once_and_the_second_run_is_quiet(answer, kind):
    first, second = answer[kind]["run"], answer[kind]["second_run"]
    assert first["outcomes"]["written"] == first["open_deals"] > 20
    assert (second["patches"], second["stopped"]) == (0, "")
    assert any(kpi["id"] == "pipeline_value" and kpi["value"] for kpi in answer[kind]["kpis"])


@pytest.mark.parametrize(
    ("kind", "name", "count"),
    [("salesforce", "Name", "Sluicegate_Flag_Count__c"), ("hubspot", "dealname", "sluicegate_flag_count")],
)
def test_the_vendor_s_library_reads_what_the_verdict_says(answer, kind, name, count):
    record = answer[kind]["read_back"]["record"]
    deals = [deal for deal in answer[kind]["flagged"] if deal["name"] == record[name]]
    assert any(float(record[count]) == len(neglects(deal["flags"])) > 0 for deal in deals)
