"""Two CRMs that sync with each other carry the same deals: one connection owns them, and they count once."""

from dataclasses import replace

import pytest

from model.errors import SettingsProblem
from sandbox.salesforce.events import delete_as
from tests.worker.governed import NAME, governed, measuring
from worker.pipeline.run import run
from worker.settings import connection_settings
from worker.usecases.answers import deals
from worker.usecases.kpis import kpis
from worker.wiring import connector_for

REPORT = "opportunity_id,name,owner,deal_stage,close_date,amount,salesforce_id\n{}"


@pytest.fixture
def team(tmp_path):
    with governed(tmp_path) as opened:
        yield measuring(opened)


def beside(team, folder, rows: str, **changes):
    """The same services with a second connection, with a CRM that carries ids of the first one's deals."""
    (folder / "hub.csv").write_text(REPORT.format(rows))
    files = {"opportunities": folder / "hub.csv"}
    given = {"fields": {"linked_id": "salesforce_id"}, "linked_to": NAME} | changes
    hub = connection_settings({"kind": "tables", "sandbox": True, "files": files, **given})
    first = team.services
    settings = first.settings.model_copy(update={"connections": {**first.settings.connections, "hub": hub}})

    def connect(name: str):
        return first.connect(name) if name == NAME else connector_for(settings, name)

    return replace(first, settings=settings, connect=connect)


def test_a_deal_that_both_crms_carry_is_judged_and_counted_by_the_connection_that_owns_it(team, tmp_path):
    shared, gone = team.sales.deal("Shared", Amount=100), team.sales.deal("Deleted in Salesforce")
    rows = f"H1,Shared,Bo,Prospecting,2026-12-31,100,{shared}\nH2,Own,Bo,Prospecting,2026-12-31,40,\n"
    rows += f"H3,Left over,Bo,Prospecting,2026-12-31,7,{gone}\n"
    services = beside(team, tmp_path, rows)
    team.run()
    delete_as(team.sales.org, "rep@acme.example", "Opportunity", gone)
    team.run()
    run(services, "hub")
    assert {deal["id"] for deal in deals(services, "hub") if deal["score"] is not None or deal["flags"]} == {"H2", "H3"}
    (value,) = [k for k in kpis(services, "hub", only="pipeline_value") if not k["dims"]]
    assert (float(value["value"]), value["n"]) == (47, 2)


def test_an_id_of_15_letters_links_to_the_deal_of_its_18(team, tmp_path):
    services = beside(team, tmp_path, f"H1,Shared,Bo,Prospecting,2026-12-31,100,{team.sales.deal('Shared')[:15]}\n")
    team.run()
    run(services, "hub")
    assert [deal["id"] for deal in deals(services, "hub") if deal["score"] is not None or deal["flags"]] == []


def test_a_link_without_the_field_that_carries_it_is_a_wrong_setting(team, tmp_path):
    services = beside(team, tmp_path, "H1,Shared,Bo,Prospecting,2026-12-31,100,x\n", fields={})
    with pytest.raises(SettingsProblem, match="map it as linked_id under"):
        run(services, "hub")
