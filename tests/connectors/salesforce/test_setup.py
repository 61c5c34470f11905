"""Setting an org up, by API or as files, and what check and init say about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from connectors.salesforce.settings import DEFAULT_READS, DEFAULT_WRITES
from connectors.salesforce.setup import fields
from model.sync import OUR_FIELDS, READ_FIELDS, Patch
from sandbox.salesforce import ADMIN, SYNC, Rule, Settings
from sandbox.salesforce.events import hide_field
from sandbox.salesforce.schema import parse_field
from sandbox.salesforce.setup import profile_set
from tests.connectors.salesforce.sales import Sales, open_for_business, records

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)


@pytest.fixture
def fresh() -> Iterator[Sales]:
    with open_for_business(Settings(multi_currency=False), provisioned=False) as opened:
        yield opened


def admin(sales: Sales):
    login = sales.server.login(ADMIN)
    return {"consumer_key": login.client_id, "consumer_secret": login.client_secret}


def text_of(remarks, level=None):
    return "\n".join(remark.text for remark in remarks if level in (None, remark.level))


def user_id(sales: Sales, name: str) -> str:
    return next(str(row["Id"]) for row in sales.org.tables["User"].rows.values() if row["Username"] == name)


def test_after_provision_the_sync_user_writes_our_fields_and_only_reads_the_pause(fresh: Sales):
    deal, crm = fresh.deal(), fresh.connector(admin=admin(fresh))
    assert crm.describe().writes == {}
    remarks = crm.provision()
    assert text_of(remarks, "missing") == text_of(remarks, "warning") == ""
    assert set(crm.describe().writes) == set(OUR_FIELDS)
    assert crm.push([Patch(deal, {"score": 80, "reasons": "a\nb", "gate": "ready"})])[0].kind == "written"
    assert set(crm.read([deal]).records["opportunity"][0]["ours"]) == {*OUR_FIELDS, *READ_FIELDS}
    entity = fresh.org.objects["Opportunity"]
    rights = fresh.org.access.fields(user_id(fresh, SYNC), entity)
    assert DEFAULT_READS["pause_until"] in rights


def test_a_permission_that_somebody_narrowed_is_widened_again(fresh: Sales):
    crm = fresh.connector(admin=admin(fresh))
    crm.provision()
    score = f"Opportunity.{DEFAULT_WRITES['score']}"
    table = fresh.org.tables["FieldPermissions"]
    row = next(r for r in table.rows.values() if r["Field"] == score and r["PermissionsEdit"])
    table.put({**row, "PermissionsEdit": False})
    fresh.org.access.changed()
    assert "1 changed now" in text_of(crm.provision())
    assert "score" in crm.describe().writes


def test_where_fields_need_their_object_first_the_sets_let_read_deals_and_accounts(fresh: Sales):
    fresh.org.settings.fields_need_objects = True
    deal, crm = fresh.deal(), fresh.connector(admin=admin(fresh))
    assert text_of(crm.provision(), "missing") == ""
    assert crm.push([Patch(deal, {"score": 80})])[0].kind == "written"
    rights = [(r["SobjectType"], r["PermissionsEdit"]) for r in fresh.org.tables["ObjectPermissions"].alive()]
    reader, sync = [("Account", False), ("Opportunity", False)], [("Account", False), ("Opportunity", True)]
    assert sorted(rights) == sorted(reader + sync)


def test_the_exemption_lets_our_writes_pass_a_rule(fresh: Sales):
    deal, crm = fresh.deal(), fresh.connector(admin=admin(fresh))
    crm.provision()
    fresh.org.rules["Next step"] = Rule(
        "Opportunity", lambda old, new, actor: "Enter a next step.", exempt=fields.EXEMPT
    )
    assert crm.push([Patch(deal, {"score": 80})])[0].kind == "written"


def test_reps_with_the_reader_set_edit_only_the_pause_fields():
    assert {own for own in (*OUR_FIELDS, *READ_FIELDS) if fields.may_edit(fields.READER, own)} == set(READ_FIELDS)
    assert {own for own in (*OUR_FIELDS, *READ_FIELDS) if fields.may_edit(fields.SYNC, own)} == set(OUR_FIELDS)


def test_every_exported_file_is_well_formed_and_says_the_same_as_the_api(sales: Sales, tmp_path, snapshot):
    remarks = sales.connector().provision(export=tmp_path)
    written = {str(path.relative_to(tmp_path)): path for path in tmp_path.rglob("*") if path.is_file()}
    listed = written.pop(".sluicegate-export").read_text()
    assert {line.split("  ")[1] for line in listed.splitlines()} == written.keys()
    assert text_of(remarks).startswith(f"{len(written)} files are written")
    for name, path in written.items():
        if name.endswith(".xml"):
            ET.fromstring(path.read_text())  # noqa: S314 - our own file
    assert {name: path.read_text() for name, path in sorted(written.items())} == snapshot
    assert sales.connector().calls == 0


def test_check_says_that_all_is_well(fresh: Sales):
    crm = fresh.connector(admin=admin(fresh))
    fresh.deal()
    crm.provision()
    remarks = crm.check(NOW)
    text = text_of(remarks)
    assert "Sync Service (svc@acme.example) by client credentials, API version 62.0" in text
    assert "All 11 fields that we write are there" in text
    assert "daily calls are left" in text
    assert "segment" in text_of(remarks, "note")
    assert text_of(remarks, "missing") == ""


def test_check_names_what_is_missing_and_what_to_do(fresh: Sales):
    hide_field(fresh.org, "Opportunity", "NextStep")
    fresh.org.faults.add(status=404, code="NOT_FOUND", message="no", path="sobjects/Task/describe", count=None)
    text = text_of(fresh.connector().check(NOW), "missing")
    assert "Sluicegate_Score__c (score) does not exist or is hidden" in text
    assert "NextStep (next_step) cannot be read" in text
    assert "activities cannot be read" in text


def test_check_tells_a_slip_in_a_mapped_field_with_what_was_meant_on_parents_too(fresh: Sales):
    fields = {"next_step": "NextStpe", "segment": "Account.Indutsry"}
    text = text_of(fresh.connector(fields=fields).check(NOW), "missing")
    assert "NextStpe (next_step) cannot be read: deals are unknown in it; did you mean 'NextStep'?" in text
    assert "did you mean 'Account.Industry'?" in text


def test_check_names_owners_who_cannot_see_our_fields(sales: Sales):
    sales.deal()
    rights = profile_set(sales.org, "Integration User")
    row = next(s for s in sales.org.tables["PermissionSet"].rows.values() if s["Id"] == rights)
    sales.org.tables["PermissionSet"].put({**row, "PermissionsViewSetup": True})
    sales.org.access.changed()
    assert "1 of 1 active owners of open deals cannot see all our fields: Rita Rep" in text_of(
        sales.connector().check(NOW), "warning"
    )
    reps = profile_set(sales.org, "Standard User")
    for api_name in {**DEFAULT_WRITES, **DEFAULT_READS}.values():
        sales.org.grant(reps, "Opportunity", api_name)
    assert "All 1 active owners" in text_of(sales.connector().check(NOW), "ok")


def test_check_names_formulas_parents_and_a_wrong_clock(sales: Sales):
    sales.org.add_field("Account", parse_field("Segment__c string(40)"))
    sales.org.grant(profile_set(sales.org, "Integration User"), "Account", "Segment__c")
    remarks = sales.connector(fields={"segment": "Account.Segment__c"}).check(NOW + timedelta(minutes=5))
    assert "Account.Segment__c may be up to a day old" in text_of(remarks, "note")
    assert "300 seconds off" in text_of(remarks, "warning")


def test_the_reps_edits_of_the_pause_are_read(sales: Sales):
    deal = sales.deal()
    sales.org.tables["Opportunity"].put({**sales.row(deal), DEFAULT_READS["pause_until"]: "2026-11-20"})
    assert records(sales.connector().pull({}), "opportunity")[deal]["ours"]["pause_until"] == "2026-11-20"


def test_check_tells_deals_that_a_sync_shares_with_hubspot(sales: Sales):
    sales.org.add_field("Opportunity", parse_field("HubSpot_Deal_ID__c string(20)"))
    sales.org.grant(profile_set(sales.org, "Integration User"), "Opportunity", "HubSpot_Deal_ID__c")
    twin = sales.deal("Twin")
    sales.deal("Single")
    sales.org.tables["Opportunity"].put({**sales.row(twin), "HubSpot_Deal_ID__c": "9000000001"})
    text = text_of(sales.connector().check(NOW), "warning")
    assert "1 of 2 open deals carry the id of a HubSpot deal in HubSpot_Deal_ID__c" in text
    assert "set linked_to" in text
