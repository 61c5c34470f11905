"""The last good policy set stays in force where nobody is there to mend a file."""

from dataclasses import replace
from pathlib import Path

import pytest

from model.errors import PolicyProblem, SettingsProblem
from tests.policies.reader.bad_input import BAD
from tests.worker.archive import DAY, NAME, NOW, archive
from tests.worker.governed import governed
from worker.pipeline.session import Session
from worker.usecases.steps import judge_only
from worker.wiring import read_policy_files

GOOD = b"""version: 1
policies:
  - {id: no-amount, title: No amount, flag_if: amount is blank, severity: warning, points: 10, fix: Enter, owner: o}
"""


OTHER = "elsewhere"
"""A second connection of the same store."""


def with_policies(team, text):
    team.services = replace(team.services, policy_texts=lambda: {"ours.yaml": text})


def judged(services, name=NAME):
    """The digest by which a connection is judged."""
    return judge_only(services, name, None)["policy_digest"]


def with_a_second_connection(kept, text, **choices):
    """Services over this text, and a second connection that the CRM has described with these values."""
    settings = kept.services.settings
    connections = settings.connections | {OTHER: settings.connections[NAME]}
    described = kept.store.connections.description(NAME)
    kept.store.connections.keep_description(OTHER, replace(described, choices=choices))
    both = settings.model_copy(update={"connections": connections})
    return replace(kept.services, settings=both, policy_texts=lambda: {"ours.yaml": text})


def test_what_another_connection_has_accepted_since_is_not_the_last_good_set_of_this_one(tmp_path):
    partners = GOOD.replace(b"amount is blank", b"pipeline = 'Partners'")
    with archive(tmp_path) as kept:
        good = with_a_second_connection(kept, GOOD, pipeline=("New",))
        digest = judged(good, OTHER)
        newer = replace(good, clock=lambda: NOW + DAY, policy_texts=lambda: {"ours.yaml": partners})
        assert judged(newer) != digest
        session = Session(newer, OTHER, NOW)
        with pytest.raises(PolicyProblem, match="'Partners' is not a value of pipeline"):
            session.policies(session.description())
        assert session.policies_in_force(session.description()).digest == digest


def test_a_set_that_no_run_of_this_connection_has_used_is_not_its_last_good_one(tmp_path):
    with archive(tmp_path) as kept:
        good = with_a_second_connection(kept, GOOD)
        judged(good)
        session = Session(replace(good, policy_texts=lambda: {"ours.yaml": b"version: 1\npolicies: 7\n"}), OTHER, NOW)
        with pytest.raises(PolicyProblem):
            session.policies_in_force(session.description())


def test_a_scheduled_run_goes_on_under_the_last_good_policies(tmp_path):
    with governed(tmp_path) as team:
        deal = team.deal("No amount")
        with_policies(team, GOOD)
        digest = team.run().policy_digest
        with_policies(team, GOOD.replace(b"is blank", b"is blnk"))
        assert team.run(unwatched=True).policy_digest == digest
        assert team.flags(deal) == ["no-amount"]


def test_a_person_reads_of_the_mistake_instead(tmp_path):
    with governed(tmp_path) as team:
        with_policies(team, GOOD)
        team.run()
        with_policies(team, GOOD.replace(b"amount is", b"amuont is"))
        with pytest.raises(PolicyProblem, match=r"ours.yaml:3:.*did you mean 'amount'"):
            team.run()


def test_without_any_good_set_a_scheduled_run_is_refused(tmp_path):
    with governed(tmp_path) as team:
        with_policies(team, b"version: 1\npolicies: [{id: x}]\n")
        with pytest.raises(PolicyProblem):
            team.run(unwatched=True)


def test_no_kind_of_bad_input_ends_the_last_good_set(tmp_path):
    with archive(tmp_path) as kept:
        session = Session(replace(kept.services, policy_texts=lambda: {"ours.yaml": GOOD}), NAME, NOW)
        description = kept.store.connections.description(NAME)
        digest = judged(session.services)
        for name, bad in BAD.items():
            text = bad[0] if isinstance(bad, tuple) else bad
            data = text if isinstance(text, bytes) else text.encode()
            broken = replace(session, services=replace(kept.services, policy_texts=lambda data=data: {"b.yaml": data}))
            seen = replace(description, choices=bad[1]) if isinstance(bad, tuple) else description
            assert broken.policies_in_force(seen).digest == digest, name


def test_a_file_that_is_gone_or_cannot_be_read_does_not_end_it_either(tmp_path, monkeypatch):
    own = tmp_path / "ours.yaml"
    own.write_bytes(GOOD)
    with archive(tmp_path) as kept:
        services = replace(kept.services, policy_texts=lambda: read_policy_files([own]))
        session, description = Session(services, NAME, NOW), kept.store.connections.description(NAME)
        digest = judged(services)
        own.unlink()
        assert session.policies_in_force(description).digest == digest
        with pytest.raises(SettingsProblem, match="There is no policy file"):
            session.policies(description)
        own.symlink_to(own)
        assert session.policies_in_force(description).digest == digest


def test_it_stays_in_force_where_the_crm_no_longer_has_a_value_that_it_names(tmp_path):
    text = GOOD.replace(b"amount is blank", b"pipeline = 'Partners'")
    with archive(tmp_path) as kept:
        session = Session(replace(kept.services, policy_texts=lambda: {"ours.yaml": text}), NAME, NOW)
        had, has = (
            replace(kept.store.connections.description(NAME), choices={"pipeline": (one,)})
            for one in ("Partners", "New")
        )
        kept.store.connections.keep_description(NAME, had)
        digest = judged(session.services)
        with pytest.raises(PolicyProblem, match="'Partners' is not a value of pipeline"):
            session.policies(has)
        assert session.policies_in_force(has).digest == digest


def test_it_stays_in_force_where_a_value_of_leads_is_gone(tmp_path):
    text = GOOD.replace(b"id: no-amount,", b"id: lost-leads, subject: lead,").replace(
        b"amount is blank", b"status = 'Cold'"
    )
    with archive(tmp_path) as kept:
        kept.describe_leads()
        session = Session(replace(kept.services, policy_texts=lambda: {"ours.yaml": text}), NAME, NOW)
        digest = judged(session.services)
        described = session.description()
        offers = {table: replace(offer, choices={"status": ("New",)}) for table, offer in described.offers.items()}
        has = replace(described, offers=offers)
        with pytest.raises(PolicyProblem, match="'Cold' is not a value of status"):
            session.policies(has)
        assert session.policies_in_force(has).digest == digest


def test_a_device_that_never_ends_is_no_policy_file():
    with pytest.raises(SettingsProblem, match="There is no policy file or folder /dev/zero"):
        read_policy_files([Path("/dev/zero")])
