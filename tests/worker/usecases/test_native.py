"""`policies native`: gates as validation rules refuse the moves that the judge finds missed, and no others."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import product

import pytest

from connectors.salesforce.setup.fields import EXEMPT
from model.calibration import Calibration
from model.errors import SettingsProblem
from model.previous_verdict import PreviousVerdict
from model.sync import Description, Source
from policies.judging.context import Context
from policies.judging.judge import judge
from policies.judging.rules import rules_of
from tests.connectors.native.formulas import Save
from tests.worker.archive import DAY, GIVEN, NAME, NOW, archive, crm_stage, deal, moved
from worker.cli.main import main
from worker.pipeline.session import Session, read_once
from worker.pipeline.slices import parts
from worker.usecases.native import native

TWO = b"""version: 1
processes:
  - id: partners
    applies_to: pipeline = 'Partners' and amount < 5000
    stages:
      - {id: talk, names: {salesforce: [discovery]}, exit: [
          {id: fit, title: Fit, require: budget_confirmed, fix: Ask, binds_from: 2026-01-01}]}
      - {id: won, names: {salesforce: [Closed Won]}, entry: [
          {id: paid, title: Paid, require: terms_agreed, fix: Collect, binds_from: 2026-01-01}]}
  - id: sales
    stages:
      - {id: discovery, names: {salesforce: [Discovery]}, exit: [
          {id: need, title: Need, require: need_confirmed, fix: Ask, binds_from: 2026-01-01}]}
      - {id: proposal, names: {salesforce: [Proposal, Quote]},
         entry: [{id: budget, title: Budget, require: budget_confirmed, fix: Ask, binds_from: 2026-01-01}],
         exit: [{id: terms, title: Terms, require: terms_agreed, fix: Settle, binds_from: 2026-01-01}]}
      - {id: negotiation, names: {salesforce: [Negotiation]}, entry: [
          {id: big, title: Big, require: amount >= 500 or terms_agreed, fix: Ask, binds_from: 2026-01-01},
          {id: late, title: Late, require: terms_agreed, fix: Ask, binds_from: 2027-01-01}]}
      - {id: won, names: {salesforce: [Closed Won]}, entry: [
          {id: signed, title: Signed, require: terms_agreed and need_confirmed, fix: Sign, binds_from: 2026-01-01}]}
    lost_names: {salesforce: [Parked]}
"""
YES = ("budget_confirmed", "need_confirmed", "terms_agreed")
STAGES = ("Discovery", "Proposal", "Quote", "Negotiation", "Closed Won", "Closed Lost", "Parked", "Elsewhere")
FIELDS = {"budget_confirmed": "Budget__c", "need_confirmed": "Need__c", "terms_agreed": "Terms__c"}
SOURCES = {name: Source(field, "boolean", field) for name, field in FIELDS.items()}
SOURCES |= {"amount": Source("Amount", "currency"), "stage_name": Source("StageName", "picklist")}


def described(**more):
    return Description(
        mapped=GIVEN | set(YES), writes={}, types=dict.fromkeys(YES, "yes/no"), currency="USD", sources=SOURCES | more
    )


@pytest.fixture
def kept(tmp_path):
    with archive(tmp_path) as made:
        made.store.connections.keep_description(NAME, described())
        stages = [crm_stage("Discovery") | {"id": name, "name": name, "label": name} for name in STAGES]
        ends = {"Closed Won": {"is_closed": True, "is_won": True}, "Closed Lost": {"is_closed": True}}
        made.keep(NOW, crm_stage=[stage | ends.get(stage["name"], {}) for stage in stages])
        yield made


def test_rules_refuse_exactly_the_moves_that_the_judge_finds_missed(kept):
    ticks = [dict.fromkeys(YES, False), dict.fromkeys(YES, True), {**dict.fromkeys(YES, False), "need_confirmed": True}]
    amounts, pipelines = (None, 100, 9000), (None, "Partners")
    cases = list(product(STAGES, STAGES, ticks, amounts, pipelines))
    for n, (start, end, ticked, amount, pipeline) in enumerate(cases):
        ends = {"is_closed": end.startswith("Closed"), "is_won": end == "Closed Won"}
        one = deal(str(n), stage_name=end, facts=ticked, amount=amount, pipeline=pipeline, **ends)
        moves = [moved(str(n), one["created"], start), moved(str(n), NOW - 2 * DAY, end)]
        kept.keep(NOW, opportunity=[one], stage_change=moves[: 1 + (start != end)])
    answer = native(kept.services, NAME, {"two.yaml": TWO})
    assert answer["unsaid"] == ()
    missed = missed_by_the_judge(kept)
    refused = {
        (n, rule["criterion"])
        for n, (start, end, ticked, amount, pipeline) in enumerate(cases)
        for rule in answer["rules"]
        if saved(start, end, ticked, amount, pipeline).fires(rule["formula"])
    }
    assert refused == missed
    assert len(missed) > 200
    assert {criterion for _, criterion in missed} == {rule["criterion"] for rule in answer["rules"]} - {LATE}


LATE = "sales/negotiation/late"


def saved(start, end, ticked, amount, pipeline):
    fields = {FIELDS[name]: value for name, value in ticked.items()}
    record = {"Amount": amount, "RecordType.Name": pipeline, **fields}
    return Save(record | {"StageName": end}, record | {"StageName": start}, today=(NOW - 2 * DAY).date())


def missed_by_the_judge(kept):
    session = Session(kept.services, NAME, NOW)
    description = kept.store.connections.description(NAME)
    policies = read_once({"two.yaml": TWO}, description)
    found = set()
    for part in parts(session, policies, description, Calibration()):
        verdict = judge(part.wide, policies, PreviousVerdict(), Context())
        ids = dict(part.wide.frame.select("key", "id").iter_rows())
        for rule in rules_of(policies):
            broken = verdict.frame.filter(rule.broken)["key"] if rule.place else []
            found |= {(int(ids[key]), rule.id) for key in broken}
    return found


def rules_by_criterion(answer):
    return {rule["criterion"]: rule["formula"] for rule in answer["rules"]}


def test_our_user_a_new_deal_and_a_deal_that_stays_are_left_alone(kept):
    formula = rules_by_criterion(native(kept.services, NAME, {"two.yaml": TWO}))["sales/discovery/need"]
    move = saved("Discovery", "Proposal", dict.fromkeys(YES, False), 9000, None)
    assert move.fires(formula)
    own = Save(move.after, move.before, permissions=frozenset({EXEMPT}))
    made = Save(move.after, None)
    stays = Save(move.after, move.after)
    assert [one.fires(formula) for one in (own, made, stays)] == [False, False, False]


def test_a_gate_that_binds_from_a_later_day_waits_for_it(kept):
    formula = rules_by_criterion(native(kept.services, NAME, {"two.yaml": TWO}))[LATE]
    move = saved("Discovery", "Negotiation", dict.fromkeys(YES, False), 9000, None)
    later = Save(move.after, move.before, today=move.today + timedelta(days=60))
    assert [move.fires(formula), later.fires(formula)] == [False, True]


def unsaid(kept, text):
    answer = native(kept.services, NAME, {"a.yaml": text})
    return {one["criterion"]: one["why"] for one in answer["unsaid"]}


def test_a_claim_that_cannot_be_expressed_silences_every_gate_of_every_process(kept):
    why = unsaid(kept, TWO.replace(b"amount < 5000", b"segment = 'smb'"))
    assert len(why) == 8
    assert {reason for reasons in why.values() for reason in reasons} == {"no field is mapped for segment"}


def test_a_standing_criterion_and_one_that_no_move_passes_are_no_rule(kept):
    why = unsaid(kept, TWO.replace(b"title: Need,", b"title: Need, holds: while_in,"))
    assert ["as long as a deal is in the stage" in reason for reason in why["sales/discovery/need"]] == [True]
    why = unsaid(
        kept, TWO.replace(b"[Closed Won]}, entry: [\n          {id: paid", b"[Gone]}, entry: [\n          {id: paid")
    )
    assert why == {}, "a won stage that the file does not name is still the last one"
    first = TWO.replace(b"salesforce: [Discovery]}, exit:", b"salesforce: [Discovery]}, entry:")
    assert "no forward move" in unsaid(kept, first)["sales/discovery/need"][0]


def test_a_formula_over_the_limit_is_reported_not_cut(kept):
    names = b" or ".join(b"amount = %d" % n for n in range(140))
    why = unsaid(kept, TWO.replace(b"require: budget_confirmed", b"require: " + names))
    assert "and 3,900 are the most" in why["partners/talk/fit"][0]


def test_names_of_rules_are_short_and_differ():
    from connectors.salesforce.setup.native import rule_name

    long = [f"enterprise-new-business/technical-validation/success-criteria-{n}" for n in range(50)]
    names = {rule_name(path) for path in long}
    assert len(names) == 50
    assert max(map(len, names)) <= 40
    assert rule_name("a-b/c/d") == "SG_a_b_c_d"


def test_without_a_pull_a_process_or_a_crm_a_sentence_says_so(kept, tmp_path):
    with pytest.raises(SettingsProblem, match="There is no process 'sails'; the files have partners, sales"):
        native(kept.services, NAME, {"two.yaml": TWO}, "sails")
    kept.store.connections.keep_description(NAME, Description(mapped=GIVEN, writes={}))
    with pytest.raises(SettingsProblem, match="connection check acme"):
        native(kept.services, NAME, {"two.yaml": TWO})
    (tmp_path / "other").mkdir()
    with archive(tmp_path / "other", kind="tables") as report, pytest.raises(SettingsProblem, match="exported report"):
        native(report.services, NAME, {"two.yaml": TWO})


@pytest.fixture
def ask(kept, tmp_path, capsys, monkeypatch):
    """The command, on the archive's store."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sluicegate.toml").write_text(f'[connections.{NAME}]\nkind = "salesforce"\n')
    (tmp_path / "two.yaml").write_bytes(TWO)

    def printed_by(*words):
        with pytest.raises(SystemExit) as ended:
            main(["policies", "native", "two.yaml", "--connection", NAME, *words])
        assert not ended.value.code
        return capsys.readouterr().out

    return printed_by


def test_the_command_says_what_an_admin_pastes_and_that_nothing_was_sent(ask, kept):
    before = kept.dump()
    text = ask("--process", "sales")
    assert text.startswith("Nothing was sent")
    assert "Rule name: SG_sales_discovery_need\nError condition formula:\nAND(\n" in text
    assert "Error message: Settle" in text
    assert "partners/" not in text
    assert kept.dump() == before


def test_scripts_get_the_same_in_json(ask):
    answer = json.loads(ask("--json"))
    assert [answer["kind"], len(answer["rules"]), answer["table"], answer["unsaid"]] == ["salesforce", 8, [], []]
    assert set(answer["rules"][0]) == {
        "criterion", "process", "stage", "side", "mode", "title", "require", "name", "formula", "message",
    }  # fmt: skip
