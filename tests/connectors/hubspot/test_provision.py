"""Setting a portal up: what is made, what comes back from the archive, what an admin has to settle."""

from __future__ import annotations

import json

import hubspot
import pytest
from hubspot.crm.properties import BatchInputPropertyCreate, PropertyGroupCreate

from model.sync import OUR_FIELDS, READ_FIELDS
from sandbox.hubspot import Settings
from sandbox.hubspot.events import hide_property
from sandbox.hubspot.schema import parse_property as property_of
from tests.connectors.hubspot.portal import PortalDriver, open_for_business


@pytest.fixture
def fresh():
    """A portal before provision."""
    with open_for_business(Settings(), provisioned=False) as opened:
        yield opened


def admin(hub: PortalDriver):
    return hub.connector(admin={"access_token": hub.server.admin_token})


def text_of(remarks, level=None):
    return "\n".join(remark.text for remark in remarks if level in (None, remark.level))


def own_properties(hub: PortalDriver):
    return {n: p for n, p in hub.portal.properties["deals"].items() if n.startswith("sluicegate_")}


def add(hub: PortalDriver, line, **more):
    made = property_of(line, "dealinformation", own=True, **more)
    hub.portal.properties["deals"][made.name] = made
    return made


def test_thirteen_properties_are_made_in_a_group_of_their_own_with_labels_and_help(fresh: PortalDriver):
    text = text_of(admin(fresh).provision())
    assert "13 properties are on deals" in text
    made = own_properties(fresh)
    assert len(made) == len(OUR_FIELDS) + len(READ_FIELDS)
    assert {one.group for one in made.values()} == {"sluicegate"}
    assert fresh.portal.groups["deals"]["sluicegate"].label == "Sluicegate"
    score, gate, reasons = (made[f"sluicegate_{name}"] for name in ("score", "gate", "reasons"))
    assert (score.type, score.field_type, score.label) == ("number", "number", "Hygiene Score")
    assert "It is not a chance of winning." in score.description
    assert gate.values == ["clear", "ready", "waiting", "breached", "unknown"]
    assert (reasons.type, reasons.field_type) == ("string", "textarea")
    assert not any(one.form_field for one in made.values())


def test_the_steps_for_the_record_page_are_printed(fresh: PortalDriver):
    notes = text_of(admin(fresh).provision(), "note")
    for words in ("property list card", "view Flagged deals", "board's cards", "Flags by owner", "Pause Reason"):
        assert words in notes


def test_a_property_from_the_archive_comes_back_and_lacking_options_are_added(fresh: PortalDriver):
    crm = admin(fresh)
    crm.provision()
    gate = fresh.portal.properties["deals"]["sluicegate_gate"]
    gate.options = [{**gate.options[0], "label": "All clear"}, {"label": "Mine", "value": "mine"}]
    hide_property(fresh.portal, "sluicegate_gate")
    remarks = crm.provision()
    assert "Restored from the archive, with what they held: sluicegate_gate." in text_of(remarks, "note")
    assert "Options were added, none taken away: sluicegate_gate." in text_of(remarks, "ok")
    restored = fresh.portal.properties["deals"]["sluicegate_gate"]
    assert restored.values == ["clear", "mine", "ready", "waiting", "breached", "unknown"]
    assert restored.options[0]["label"] == "All clear"
    assert "none taken away" not in text_of(crm.provision())


def test_a_label_that_is_taken_does_not_stop_an_option(fresh: PortalDriver):
    add(fresh, "sluicegate_gate enumeration select CLEAR=Clear")
    assert text_of(admin(fresh).provision(), "missing") == ""
    assert "clear" in fresh.portal.properties["deals"]["sluicegate_gate"].values


def test_a_property_of_another_type_is_reported_and_left_alone(fresh: PortalDriver):
    add(fresh, "sluicegate_score string text")
    found = text_of(admin(fresh).provision(), "missing")
    assert "sluicegate_score is a string property and number is needed" in found
    assert "under writes" in found
    assert fresh.portal.properties["deals"]["sluicegate_score"].type == "string"
    assert len(own_properties(fresh)) == 13


def test_a_property_made_by_somebody_else_meanwhile_is_taken_as_it_is(fresh: PortalDriver):
    crm = admin(fresh)

    def meanwhile(method, path):
        if method == "POST" and path.endswith("properties/deals"):
            add(fresh, "sluicegate_score number number")
        return False

    fresh.portal.faults.add(how="error", when=meanwhile)
    assert text_of(crm.provision(), "missing") == ""
    assert len(own_properties(fresh)) == 13


def test_the_sync_token_alone_is_refused_by_name_of_the_scope(fresh: PortalDriver):
    remarks = fresh.connector().provision()
    assert "crm.schemas.deals.write" in text_of(remarks, "missing")
    assert "or run provision --export DIR" in text_of(remarks, "missing")
    assert own_properties(fresh) == {}


def test_every_exported_file_stands_as_it_was_agreed(hub: PortalDriver, tmp_path, snapshot):
    hub.connector().provision(export=tmp_path)
    written = {path.name: path.read_text() for path in sorted(tmp_path.rglob("*"))}
    listed = written.pop(".sluicegate-export")
    assert {line.split("  ")[1] for line in listed.splitlines()} == written.keys()
    assert written == snapshot


def test_the_exported_bodies_make_the_same_properties_with_the_vendors_own_library(fresh: PortalDriver, tmp_path):
    fresh.connector().provision(export=tmp_path)
    client = hubspot.Client.create(access_token=fresh.server.admin_token, host=fresh.server.url)
    group = json.loads((tmp_path / "group.json").read_text())
    client.crm.properties.groups_api.create("deals", PropertyGroupCreate(name=group["name"], label=group["label"]))
    inputs = json.loads((tmp_path / "properties.json").read_text())["inputs"]
    made = client.crm.properties.batch_api.create("deals", BatchInputPropertyCreate(inputs=inputs))
    assert len(made.results) == 13
    by_hand = {name: (one.type, one.field_type, one.values) for name, one in own_properties(fresh).items()}
    with open_for_business(Settings(), provisioned=False) as other:
        admin(other).provision()
        assert by_hand == {name: (one.type, one.field_type, one.values) for name, one in own_properties(other).items()}
