"""What init suggests from a portal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.files import read_policies
from sandbox.hubspot import add_pipeline
from sandbox.hubspot.events import archive_stage
from sandbox.hubspot.schema import parse_property as property_of
from worker.usecases.init import processes_text

if TYPE_CHECKING:
    from tests.connectors.hubspot.portal import PortalDriver

PARTNER = [("p-lead", "Lead", 0.1), ("p-won", "Won", 1.0), ("p-talks", "Talks", 0.5), ("p-lost", "Lost", 0.0)]


def test_each_pipeline_is_a_process_with_its_own_stages_in_order_and_won_last(hub: PortalDriver):
    add_pipeline(hub.portal, "partner", "Partner's deals", PARTNER)
    archive_stage(hub.portal, "contractsent")
    sales, partner = hub.connector().draft().processes
    assert sales.stages == (
        "appointmentscheduled", "qualifiedtobuy", "presentationscheduled", "decisionmakerboughtin", "closedwon",
    )  # fmt: skip
    assert partner.stages == ("p-lead", "p-talks", "p-won")
    assert (partner.title, partner.condition) == ("Partner's deals", "pipeline = 'Partner''s deals'")


def test_the_drafted_processes_are_a_policy_file_that_can_be_read(hub: PortalDriver):
    add_pipeline(hub.portal, "partner", "Partner's deals: EMEA #1", PARTNER)
    text = processes_text("hubspot", hub.connector().draft())
    sales, partner = read_policies({"draft.yaml": text}).processes
    assert [stage.id for stage in sales.stages][:2] == ["appointment-scheduled", "qualified-to-buy"]
    assert [stage.names["hubspot"] for stage in partner.stages] == [("p-lead",), ("p-talks",), ("p-won",)]


def test_the_fuller_of_two_likely_properties_is_suggested_and_our_own_never(hub: PortalDriver):
    for line in ("champion_found bool booleancheckbox true=Yes", "old_champion bool booleancheckbox true=Yes"):
        made = property_of(line, "dealinformation", own=True, label="Champion identified")
        hub.portal.properties["deals"][made.name] = made
    for number in range(4):
        hub.deal(f"Deal {number}", old_champion="true", champion_found="true" if number else "")
    hub.later(minutes=1)
    found = {one.fact: one for one in hub.connector().draft().fields}
    assert not any(one.field.startswith("sluicegate_") for one in found.values())
    champion = [one for one in found.values() if "champion" in one.field]
    assert [(one.field, one.filled) for one in champion] in ([], [("old_champion", 1.0)])
