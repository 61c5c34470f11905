"""What a new user mistypes and no file can tell, in every CRM: a stage as the CRM calls it, a deal by its name."""

from tests.worker.governed import NAME, live, rolled_out
from worker.cli.screen.rendering import show_verdict
from worker.usecases.answers import explain
from worker.usecases.connection import check

PROCESS = """version: 1
processes:
  - id: sales
    stages:
      - id: first
        names: {KIND: ['FIRST']}
        exit: [{id: named, title: Next step written, require: next_step is not blank, fix: Write it down}]
      - {id: won, names: {KIND: [Signed and sealed]}}
"""
RULES = """policies:
  - {id: no-amount, title: No amount, applies_to: is_open, flag_if: amount is blank, severity: warning, points: 15,
     fix: Enter the amount, owner: ops}
"""
WAIVER = "waivers:\n  - {policy: no-amount, deals: ['DEAL'], until: 2030-01-31, reason: In court, approved_by: Joan}\n"


def under(team, first, more=""):
    text = PROCESS.replace("KIND", team.driver.kind).replace("FIRST", first) + RULES + more
    mine = live(team, rolled_out({"sales.yaml": text.encode()}))
    mine.run()
    return mine


def warned(mine, about):
    remarks = [remark for remark in check(mine.services, NAME) if about in remark.text]
    return [remark.text for remark in remarks if remark.level == "warning"]


def test_a_stage_the_crm_calls_otherwise_is_reported_by_the_check_and_by_explain(team, capsys):
    deal = team.deal(amount=5)
    mine = under(team, "Not its name")
    stage = mine.verdict(deal)["stage"]
    standing, unheard = warned(mine, "Process sales")
    assert standing.startswith(f"Process sales: 1 open deal stands in the stage '{stage}', which the process does not")
    assert unheard == "Process sales, stage first: the CRM has no stage 'Not its name'."
    show_verdict(explain(mine.services, NAME, deal) | {"ledger": []})
    printed = capsys.readouterr().out
    assert f"The gate is unknown: the process that claims the deal names no stage '{stage}'." in printed
    mistyped = under(team, stage[:-1] + "x")
    assert warned(mistyped, "stage first")[0].endswith(f"; did you mean '{stage}'?")
    right = under(team, stage)
    assert warned(right, "Process sales") == []
    show_verdict(explain(right.services, NAME, deal) | {"ledger": []})
    assert "The gate is unknown" not in capsys.readouterr().out


def test_explain_says_that_no_process_claims_a_deal_and_what_the_record_says_under_checked(team, capsys):
    deal = team.deal(amount=5)
    other = PROCESS.replace("- id: sales", "- id: sales\n    applies_to: name = 'Elsewhere'")
    mine = live(team, rolled_out({"sales.yaml": (other.replace("KIND", team.driver.kind) + RULES).encode()}))
    mine.run()
    show_verdict(explain(mine.services, NAME, deal))
    printed = capsys.readouterr().out
    assert "The gate is unknown: no process claims this deal." in printed
    assert "Checked: No process claims this deal." in printed


def test_a_waiver_that_names_a_deal_by_its_name_is_reported_by_the_check(team):
    deal = team.deal("Geneva")
    (found,) = warned(under(team, "Any", WAIVER.replace("DEAL", "Geneva")), "the waiver of")
    assert found.endswith(f"the waiver of no-amount names no deal of '{NAME}' by Geneva; it takes ids.")
    assert warned(under(team, "Any", WAIVER.replace("DEAL", deal)), "the waiver of") == []
