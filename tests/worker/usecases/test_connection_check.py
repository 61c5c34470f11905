"""`connection check`: what the connector says of the CRM, and what follows for policies and owners."""

from dataclasses import replace

from sandbox.hubspot.events import take_scope
from tests.worker.governed import NAME, governed
from worker.usecases.connection import check


def remark_texts(team, level):
    return [remark.text for remark in check(team.services, NAME) if remark.level == level]


def test_owners_who_log_almost_nothing_and_dormant_policies_are_reported_in_every_crm(team):
    for number in range(4):
        team.deal(f"Silent {number}", amount=10)
    team.later(days=31)
    team.run()
    notes = remark_texts(team, "note")
    assert any("logs almost nothing: 0% of 4 open deals touched in 30 days." in note for note in notes)
    assert any(note.startswith("No field is mapped for") for note in notes)
    assert remark_texts(team, "missing") == []


POLICY = b"""version: 1
policies:
  - id: mine
    title: Mine
    flag_if: owner in ('Rita Rpe', 'RITA REP') and amount is blank
    severity: info
    points: 1
    fix: F
    owner: o
"""


def test_an_owner_whom_the_crm_does_not_have_is_reported_with_its_place(tmp_path):
    with governed(tmp_path, "salesforce") as team:
        team.services = replace(team.services, policy_texts=lambda: {"ours.yaml": POLICY})
        team.deal("Acme")
        team.run()
        rows = [text for text in remark_texts(team, "warning") if "owner" in text and "yaml" in text]
    assert rows == ["ours.yaml:5:14: the CRM has no owner 'Rita Rpe'; did you mean 'Rita Rep'?"]


def test_a_portal_that_shows_us_no_deals_is_reported_scope_by_scope_and_ends_in_no_error(tmp_path):
    with governed(tmp_path, "hubspot") as team:
        for right in ("objects.deals.read", "objects.deals.write", "schemas.deals.read"):
            take_scope(team.driver.portal, f"crm.{right}")
        missing = remark_texts(team, "missing")
    assert [text for text in missing if "lacks the scope crm.objects.deals.read" in text]
    assert missing[-1] == "Our HubSpot app may not read deals; give it the scope crm.objects.deals.read."


BAD = POLICY.replace(b"id: mine", b"id: other").replace(b"amount is blank", b"amuont is blank")


def test_one_bad_policy_file_is_reported_and_the_crm_and_the_other_files_are_checked_all_the_same(tmp_path):
    with governed(tmp_path, "salesforce") as team:
        team.services = replace(team.services, policy_texts=lambda: {"ours.yaml": POLICY})
        team.deal("Acme")
        team.run()
        team.services = replace(team.services, policy_texts=lambda: {"bad.yaml": BAD, "ours.yaml": POLICY})
        missing, notes = remark_texts(team, "missing"), remark_texts(team, "note")
        warned = remark_texts(team, "warning")
    assert [text for text in missing if "bad.yaml:5:" in text and "did you mean 'amount'?" in text]
    assert [text for text in notes if text.startswith("Until bad.yaml is mended no run that you start")]
    assert [text for text in warned if text.startswith("ours.yaml:5:14: the CRM has no owner 'Rita Rpe'")]


def test_policy_files_that_are_all_bad_or_gone_leave_the_check_of_the_crm_as_it_is(team):
    well = len(remark_texts(team, "ok"))
    team.services = replace(team.services, policy_texts=lambda: {"bad.yaml": BAD})
    assert len(remark_texts(team, "ok")) == well
    assert [text for text in remark_texts(team, "note") if text.endswith("of the other policy files: there are none.")]


ASKS = POLICY.replace(b"owner in ('Rita Rpe', 'RITA REP') and amount is blank", b"not budget_confirmed")


def test_a_mapped_fact_that_is_misspelt_by_one_letter_is_reported_with_the_fact_that_a_policy_waits_for(tmp_path):
    with governed(tmp_path, "hubspot") as team:
        settings = team.services.settings
        mapped = settings.connection(NAME).model_copy(update={"fields": {"budget_confirmd": "dealtype"}})
        team.services = replace(
            team.services,
            settings=settings.model_copy(update={"connections": {NAME: mapped}}),
            policy_texts=lambda: {"ours.yaml": ASKS},
        )
        warned = remark_texts(team, "warning")
    text = "maps budget_confirmd, which no policy asks for; did you mean 'budget_confirmed'?"
    assert f"[connections.{NAME}.fields] {text}" in warned
