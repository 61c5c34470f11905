"""A gate's formula set as a rule in a local org: reps are stopped where the gate is missed, our own writes are not."""

from dataclasses import replace

import pytest

from sandbox.salesforce import SYNC, Rule
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.events import edit_as
from sandbox.salesforce.schema import parse_field
from sandbox.salesforce.setup import profile_set
from tests.connectors.native.formulas import Save
from tests.crm_drivers.salesforce import ADMIN
from tests.worker.governed import FLAGS, governed
from worker.usecases.native import native

GATE = b"""version: 1
processes:
  - id: sales
    stages:
      - {id: prospecting, names: {salesforce: [Prospecting]}, exit: [
          {id: terms, title: Terms, require: terms_agreed and next_step is not blank, fix: Settle the terms}]}
      - {id: qualification, names: {salesforce: [Qualification]}}
      - {id: won, names: {salesforce: [Closed Won]}}
policies:
  - {id: no-amount, title: No amount, flag_if: amount is blank, severity: warning, points: 10, fix: Enter, owner: o}
"""


def set_by_the_admin(org, rule):
    """A validation rule with the formula's text in it, as Setup would keep it."""

    def hook(old, new, actor):
        save = Save(dict(new), old and dict(old), permissions=actor.custom_permissions)
        return rule["message"] if save.fires(rule["formula"]) else None

    org.rules[rule["name"]] = Rule("Opportunity", hook)


def test_a_rule_stops_a_rep_where_the_gate_is_missed_and_leaves_our_writes_alone(tmp_path):
    with governed(tmp_path, "salesforce") as team:
        org = team.sales.org
        org.add_field("Opportunity", parse_field("Terms_Agreed__c boolean"))
        for profile in ("Standard User", "Integration User"):
            org.grant(profile_set(org, profile), "Opportunity", "Terms_Agreed__c", edit=True)
        login = team.sales.server.login(ADMIN)
        admin = {"consumer_key": login.client_id, "consumer_secret": login.client_secret}
        mapped = {"terms_agreed": {"field": "Terms_Agreed__c"}}
        connector = team.sales.connector(fields=mapped, admin=admin, budget_share=1.0)
        connector.provision()
        team.services = replace(team.services, connect=lambda _name: connector, policy_texts=lambda: {"a.yaml": GATE})
        deal = team.deal("Acme")
        team.run()
        answer = native(team.services, "acme", {"a.yaml": GATE})
        assert [one["criterion"] for one in answer["rules"]] == ["sales/prospecting/terms"]
        set_by_the_admin(org, answer["rules"][0])

        with pytest.raises(ApiError, match="Settle the terms"):
            team.edit(deal, stage="Qualification")
        team.edit(deal, next_step="Call", amount=None)
        with pytest.raises(ApiError, match="Settle the terms"):
            team.edit(deal, stage="Closed Won")
        team.sales.edit(deal, Terms_Agreed__c=True)
        team.edit(deal, stage="Qualification")
        assert team.sales.row(deal)["StageName"] == "Qualification"

        assert team.run().outcomes["refused"] == 0
        assert team.on_record(deal)[FLAGS] == ";no-amount;"
        other = team.deal("Other")
        edit_as(org, SYNC, "Opportunity", other, {"StageName": "Qualification"})
        assert team.sales.row(other)["StageName"] == "Qualification"
