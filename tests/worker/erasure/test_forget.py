"""`forget`: a person's name, mail address and id are nowhere afterwards, and the next pull does not bring them back."""

import json
import re
from dataclasses import replace

import pytest

from model.errors import ConnectionBusy, SettingsProblem
from store.mirror_tables import metadata
from tests.worker.governed import NAME, governed
from worker.cli.common import to_json
from worker.usecases.answers import deals, explain, runs
from worker.usecases.audit.changelog import Asked, changelog
from worker.usecases.audit.history import history
from worker.usecases.erasure.forget import forget_contact, forget_owner
from worker.usecases.kpis import kpis
from worker.usecases.nightly import freeze

POLICIES = b"""version: 1
policies:
  - {id: of-zelda, title: Zelda owns it, applies_to: is_open, flag_if: owner = 'Zelda Lee', severity: warning,
     points: 10, fix: Ask Zelda Lee, owner: ops}
"""
CRMS = ["salesforce", "hubspot"]


@pytest.fixture(params=CRMS)
def team(tmp_path, request):
    """A deal that changed hands to Zelda Lee, with her name in texts, judged, measured, written and frozen."""
    with governed(tmp_path, request.param) as opened:
        opened.services = replace(opened.services, policy_texts=lambda: {"p.yaml": POLICIES})
        opened.zelda = opened.driver.rep("Zelda", "West")
        opened.deal_id = opened.deal("Zelda's deal", next_step="Zelda Lee calls zelda@acme.example tomorrow")
        opened.run()
        opened.later(hours=1)
        opened.edit(opened.deal_id, owner=opened.zelda)
        opened.driver.contact(opened.deal_id, "Decision Maker")
        opened.driver.call(opened.deal_id)
        opened.run(full=True)
        freeze(opened.services, NAME)
        yield opened


def cells(team):
    """Every text in every table, with its place."""
    with team.services.store.database.reading() as sql:
        for table in metadata.sorted_tables:
            for row in sql.rows(f'SELECT * FROM "{table.name}"'):
                for column, cell in zip(table.c, row, strict=True):
                    if isinstance(cell, str):
                        yield f"{table.name}.{column.name}", cell


def places(team, *texts):
    """Where one of the texts stands, as a word of its own."""
    words = re.compile("|".join(rf"(?<!\w){re.escape(text)}(?!\w)" for text in texts), re.IGNORECASE)
    return sorted({f"{place}: {cell[:80]}" for place, cell in cells(team) if words.search(cell)})


def outputs(team):
    """What the commands that show people print."""
    services = team.services
    found = [
        deals(services, NAME), explain(services, NAME, team.deal_id), runs(services),
        changelog(services, NAME, Asked()), history(services, NAME), kpis(services, NAME),
    ]  # fmt: skip
    return to_json(found)


def test_an_owner_is_nowhere_after_being_forgotten_and_the_next_pulls_bring_nobody_back(team):
    texts = ("Zelda Lee", "zelda@acme.example", str(team.zelda))
    assert places(team, *texts)
    assert "Zelda Lee" in outputs(team)
    found = forget_owner(team.services, NAME, "zelda@acme.example")
    assert found.pseudonym.startswith("forgotten-")
    assert places(team, *texts) == []
    team.later(hours=1)
    team.edit(team.deal_id, amount=7)
    team.run()
    team.run(full=True)
    freeze(team.services, NAME)
    policy_texts = [place for place in places(team, *texts) if not place.startswith("policy_set")]
    assert policy_texts == []
    printed = outputs(team)
    assert not [text for text in texts if text.lower() in printed.lower()]
    assert found.pseudonym in printed


def test_the_deals_receipts_and_flags_of_a_forgotten_owner_stay_under_the_pseudonym(team):
    before, sent = team.verdict(team.deal_id), changelog(team.services, NAME, Asked())["changes"]
    found = forget_owner(team.services, NAME, str(team.zelda))
    after = team.verdict(team.deal_id)
    assert (before["owner"], after["owner"], after["team"]) == ("Zelda Lee", found.pseudonym, before["team"])
    assert [flag["policy"] for flag in after["flags"]] == [flag["policy"] for flag in before["flags"]]
    assert len(changelog(team.services, NAME, Asked())["changes"]) == len(sent)
    assert "p.yaml names the person" in " ".join(found.remarks)


def test_the_record_in_the_crm_loses_the_name_by_the_next_write(team):
    assert "Zelda Lee" in json.dumps(team.on_record(team.deal_id), default=str)
    forget_owner(team.services, NAME, "Zelda Lee")
    team.services = replace(
        team.services, policy_texts=lambda: {"p.yaml": POLICIES.replace(b"Ask Zelda Lee", b"Ask the owner")}
    )
    team.run()
    assert "Zelda Lee" not in json.dumps(team.on_record(team.deal_id), default=str)


def test_an_owner_whom_nobody_knows_is_refused_with_a_likely_name(team):
    with pytest.raises(SettingsProblem, match="did you mean 'Zelda Lee'"):
        forget_owner(team.services, NAME, "Zelda Le")
    lease = team.services.store.runs.lease(NAME, "a run", team.services.clock(), 600)
    with pytest.raises(ConnectionBusy):
        forget_owner(team.services, NAME, "Zelda Lee")
    team.services.store.runs.release(lease)


def contact_of(team):
    with team.services.store.database.reading() as sql:
        ((contact,),) = sql.rows("SELECT DISTINCT contact_id FROM contact_role WHERE gone IS NULL")
    return contact


def test_a_contact_is_nowhere_after_being_forgotten_and_the_next_full_pull_brings_nobody_back(team):
    contact = contact_of(team)
    found = forget_contact(team.services, NAME, contact, also=["Zelda Lee"])
    assert contact_of(team) == found.pseudonym
    assert [place for place in places(team, contact) if place.startswith(("contact_role", "activity"))] == []
    team.later(hours=1)
    team.run(full=True)
    assert contact_of(team) == found.pseudonym
    roles = [cell for place, cell in cells(team) if place == "contact_role.gone"]
    assert roles == [], "the role under its new id is the one that the CRM has"


def test_a_contacts_mail_address_is_taken_out_of_texts_now_and_at_the_next_pull(team):
    forget_contact(team.services, NAME, "Zelda@acme.example")
    team.later(hours=1)
    team.edit(team.deal_id, next_step="Write to ZELDA@ACME.EXAMPLE again")
    team.run()
    steps = [cell for place, cell in cells(team) if place == "opportunity.next_step"]
    assert steps[0].startswith("Write to forgotten-")
    assert steps[0].endswith(" again")
    assert [place for place in places(team, "zelda@acme.example") if not place.startswith("owner")] == []


def test_words_that_only_contain_a_name_stay(team):
    deal = team.deal("Annual plan of Ann", next_step="Annual review with Ann Bell, annually")
    team.later(minutes=5)
    team.run(full=True)
    found = forget_contact(team.services, NAME, "ann@buyer.example", also=["Ann Bell"])
    (step,) = [row["next_step"] for row in rows(team) if row["id"] == deal]
    assert step == f"Annual review with {found.pseudonym}, annually"


def rows(team):
    with team.services.store.database.reading() as sql:
        return [{"id": id_, "next_step": step} for id_, step in sql.rows("SELECT id, next_step FROM opportunity")]


def test_nothing_of_a_forgotten_owner_is_left_in_the_file_of_the_store(team):
    forget_owner(team.services, NAME, "Zelda Lee")
    folder = team.services.settings.home
    assert not [path.name for path in folder.glob("sluicegate.db*") if b"Zelda Lee" in path.read_bytes()]
