"""The shipped gates, as an admin of either CRM gets them to paste or to set."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from connectors.hubspot.setup.native import native as hubspot
from connectors.salesforce.setup.native import native as salesforce
from policies.files import read_policies
from tests.connectors.native.crm_orgs import described, stages
from tests.connectors.native.formulas import parsed
from worker.cli.native import as_text
from worker.packs import pack_texts

MADE = {"salesforce": salesforce, "hubspot": hubspot}
SETS = {
    "starter": ("starter.yaml",),
    "segments": ("starter.yaml", "enterprise.yaml", "mid-market.yaml", "smb.yaml"),
    "pipelines": ("lead-funnel.yaml", "five-stages.yaml", "starter.yaml"),
}


def made(kind, packs):
    texts = {name: text for name, text in pack_texts().items() if name in SETS[packs]}
    policies = read_policies(texts)
    assert set(texts) == set(SETS[packs])
    return asdict(MADE[kind](policies, described(kind, policies), stages(kind)))


@pytest.mark.parametrize("packs", ["starter", "segments"])
@pytest.mark.parametrize("kind", MADE)
def test_shipped_gates_in_the_words_of_the_crm(kind, packs, snapshot):
    assert as_text(made(kind, packs)) == snapshot


@pytest.mark.parametrize("packs", SETS)
def test_every_formula_can_be_read_and_asks_for_the_exemption_first(packs):
    rules = made("salesforce", packs)["rules"]
    assert len(rules) > 10
    for rule in rules:
        call, name, args = parsed(rule["formula"])
        assert (call, name) == ("call", "AND")
        assert args[0] == ("call", "NOT", [("field", "$Permission.Sluicegate_Sync_Exempt")])
        assert len(rule["formula"]) <= 3900


@pytest.mark.parametrize("packs", SETS)
@pytest.mark.parametrize("kind", MADE)
def test_each_criterion_is_expressed_whole_or_listed_with_its_reasons(kind, packs):
    answer = made(kind, packs)
    whole = {rule["criterion"] for rule in answer["rules"]}
    whole |= {one["criterion"] for row in answer["table"] for one in row["why"] if one["enforced"] == "whole"}
    left = {one["criterion"] for one in answer["unsaid"]}
    assert not whole & left
    texts = {name: text for name, text in pack_texts().items() if name in SETS[packs]}
    policies = read_policies(texts)
    every = {
        f"{process.id}/{stage.id}/{one.id}"
        for process in policies.processes for stage in process.stages for one in (*stage.entry, *stage.exit)
        if one.mode != "off"
    }  # fmt: skip
    assert whole | left == every
    assert all(one["why"] for one in answer["unsaid"])
