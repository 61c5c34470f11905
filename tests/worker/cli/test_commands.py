"""The commands as scripts see them: exit codes and JSON of docs/contract.md, against a local Salesforce."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from policies.files import read_policies
from sandbox.salesforce import SYNC, Org, new_org, seed, serve
from sandbox.salesforce.config import config
from sandbox.salesforce.events import create_as, edit_as
from store import Occasion, Store
from worker.cli.main import main
from worker.packs import copied
from worker.settings import Settings
from worker.wiring import now, policy_texts

if TYPE_CHECKING:
    from pathlib import Path

NAME, REP, PREFIX = "local", "rep101@acme.example", "Sluicegate_"
RUN = {
    "run_id", "as_of", "policy_digest", "pulled", "deals", "open_deals", "findings", "new", "cleared", "held", "waived",
    "unknown", "dormant", "patches", "outcomes", "calls", "seconds",
}  # fmt: skip
OUTCOMES = {"written", "refused", "locked", "retry_later", "gone", "held", "overwritten"}
DEAL = {
    "id", "name", "pipeline", "amount", "currency", "close_date", "stage", "owner", "team", "is_open", "score",
    "score_reason", "gate", "missing", "flags", "unknown",
}  # fmt: skip
FLAG = {"policy", "title", "mode", "severity", "points", "topic", "since", "since_from", "evidence", "fix", "shown"}
KPI = {"id", "dims", "value", "numerator", "denominator", "unit", "window", "n", "as_of"}


@dataclass
class ServedOrg:
    """An operator at the command line, beside the org that they look after."""

    folder: Path
    org: Org
    outputs: dict[str, tuple[int, Any]] = field(default_factory=dict)

    def ask(self, *words: str, config: str = "sluicegate.toml") -> tuple[int, Any]:
        """A command's exit code and its JSON."""
        out = io.StringIO()
        quiet = contextlib.redirect_stderr(io.StringIO())
        with contextlib.redirect_stdout(out), quiet, pytest.raises(SystemExit) as ended:
            main(["--config", str(self.folder / config), *words, "--json"])
        return int(ended.value.code or 0), json.loads(out.getvalue())

    def writes(self) -> int:
        return len([write for write in self.org.writes if write.user == SYNC])

    def store(self) -> Store:
        return Store.open(f"sqlite:///{self.folder / 'sluicegate.db'}")

    def our_values(self) -> list[Any]:
        """Every value of our fields in the org."""
        rows = [row for row in self.org.tables["Opportunity"].rows.values() if not row["IsDeleted"]]
        return [value for row in rows for name, value in row.items() if name.startswith(PREFIX) and value is not None]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A connection that was checked, provisioned and run once."""
    folder, org = tmp_path_factory.mktemp("office"), new_org()
    seed(org, deals=60, seed=7, as_of=now() - timedelta(minutes=30))
    org.clock.run()
    with serve(org) as running:
        (folder / "sluicegate.toml").write_text(config(running))
        made = ServedOrg(folder, org)
        made.outputs["bare check"] = made.ask("connection", "check", NAME)
        made.outputs["provision"] = made.ask("connection", "provision", NAME)
        made.outputs["run"] = made.ask("run", NAME)
        yield made


def test_a_run_answers_with_the_counts_of_the_contract(served):
    code, run = served.outputs["run"]
    assert code == 0
    assert run.keys() >= RUN
    assert run["outcomes"].keys() == OUTCOMES
    assert run["seconds"].keys() == {"pull", "judge", "measure", "push"}
    assert run["outcomes"]["written"] == run["patches"] == served.writes() > 20
    assert run["deals"] > run["open_deals"] >= run["patches"]
    code, again = served.ask("run", NAME)
    assert (code, again["patches"], again["new"], again["cleared"]) == (0, 0, 0, 0)


def test_check_says_what_is_missing_before_provisioning_and_what_works_after(served):
    code, bare = served.outputs["bare check"]
    missing = [remark["text"] for remark in bare["remarks"] if remark["level"] == "missing"]
    assert code == 2
    hidden = "Sluicegate_Score__c (score) does not exist or is hidden from our user; run `connection provision`."
    assert hidden in missing
    code, checked = served.ask("connection", "check", NAME)
    levels = {remark["level"] for remark in checked["remarks"]}
    assert (code, "missing" in levels) == (0, False)
    texts = " ".join(remark["text"] for remark in checked["remarks"])
    assert "Logged in as Sync Service (svc@acme.example)" in texts
    assert "logs almost nothing" in texts
    assert "dormant" in texts


def test_a_deal_s_history_and_what_a_run_sent_are_given_to_an_auditor(served):
    deal = served.ask("deals", NAME, "--top", "1")[1]["deals"][0]["id"]
    code, answer = served.ask("history", NAME, deal)
    assert (code, {row["deal"] for row in answer["stages"]}) == (0, {deal})
    assert all(row["left"] for row in answer["stages"][:-1])
    assert answer["stages"][-1]["left"] is None
    code, sent = served.ask("runs", served.outputs["run"][1]["run_id"], "--changes")
    assert (code, sent["others"]) == (0, [])
    assert len({row["deal"] for row in sent["changes"]}) == served.outputs["run"][1]["patches"]
    assert {row["outcome"] for row in sent["changes"]} == {"written"}
    flags = [row["policies"] for row in sent["changes"] if row["field"] == "flag_ids" and row["after"]]
    assert all(policies.startswith("+") for policies in flags)
    assert sent["proof"].endswith("and no other field.")


def test_check_names_the_facts_that_a_packs_process_needs_before_it_can_claim_a_deal(served):
    text = (served.folder / "sluicegate.toml").read_text("utf-8")
    packs = [str(path) for path in copied(["starter", "enterprise"], served.folder / "segments")]
    (served.folder / "segments.toml").write_text(f"{text}\n[policies]\npaths = {json.dumps(packs)}\n", "utf-8")
    _, checked = served.ask("connection", "check", NAME, config="segments.toml")
    texts = [remark["text"] for remark in checked["remarks"]]
    assert "Process enterprise cannot tell which deals are its own: nothing is mapped for acv, employees." in texts
    assert "Criterion enterprise/closing/signed is dormant: nothing is mapped for contract_signed." in texts


def test_deals_and_an_explanation_have_the_shapes_of_the_contract(served):
    code, found = served.ask("deals", NAME)
    assert (code, found.keys()) == (0, {"deals"})
    assert all(deal.keys() == DEAL for deal in found["deals"])
    stages = {stage.id for stage in read_policies(policy_texts(Settings())).processes[0].stages}
    assert {deal["stage"] for deal in found["deals"] if deal["is_open"]} <= stages
    flags = [flag for deal in found["deals"] for flag in deal["flags"]]
    assert flags
    assert all(flag.keys() >= FLAG for flag in flags)
    assert all(flag["evidence"].keys() == {"fact", "value", "limit", "source", "text"} for flag in flags)
    unknown = [unknown for deal in found["deals"] for unknown in deal["unknown"]]
    assert all(one.keys() == {"policy", "missing", "why"} for one in unknown)
    flagged = served.ask("deals", NAME, "--flagged")[1]["deals"]
    assert {deal["id"] for deal in flagged} == {d["id"] for d in found["deals"] if any(f["shown"] for f in d["flags"])}
    for currency in {deal["currency"] for deal in flagged}:
        amounts = [float(deal["amount"]) for deal in flagged if deal["amount"] and deal["currency"] == currency]
        assert amounts == sorted(amounts, reverse=True)
    team, policy = flagged[0]["team"], flagged[0]["flags"][0]["policy"]
    picked = served.ask("deals", NAME, "--team", team.upper(), "--policy", policy, "--top", "2")[1]["deals"]
    assert 1 <= len(picked) <= 2
    assert all(deal["team"] == team and policy in {f["policy"] for f in deal["flags"]} for deal in picked)
    assert served.ask("deals", NAME, "--owner", "Nobody Here")[0] == 2
    code, result = served.ask("explain", NAME, flagged[0]["id"])
    assert code == 0
    assert result["deal"] == flagged[0]
    assert sum(line["points"] for line in result["ledger"]) == (result["deal"]["score"] or 0)
    code, refused = served.ask("explain", NAME, "006nobody")
    assert (code, refused["exit"]) == (2, 2)
    assert refused["error"] == "'local' has no deal 006nobody; `sluicegate deals local` lists them."


LEADS = """version: 1
policies:
  - {id: waits, title: Waits, subject: lead, flag_if: hours_waiting > 1, severity: info, points: 1, fix: f, owner: o}
"""
LEAD = {
    "id", "name", "company", "source", "status", "owner", "created", "is_converted", "is_open", "flags", "unknown",
}  # fmt: skip


def test_leads_are_listed_with_what_policies_about_them_found(served):
    text = (served.folder / "sluicegate.toml").read_text("utf-8")
    (served.folder / "leads.yaml").write_text(LEADS, "utf-8")
    more = '[policies]\npaths = ["leads.yaml"]\n\n[store]\nurl = "sqlite:///leads.db"\n'
    (served.folder / "leads.toml").write_text(f"{text}\n{more}", "utf-8")
    created = (served.org.clock.now() - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    lead = served.org.add("Lead", Name="Ada", LastName="Ada", Company="Acme", Status="New", CreatedDate=created)["Id"]
    assert served.ask("leads", NAME, config="leads.toml") == (0, {"leads": []})
    assert served.ask("pull", NAME, config="leads.toml")[0] == 0
    code, judged = served.ask("judge", NAME, config="leads.toml")
    assert (code, [(row["policy"], row["broken"]) for row in judged["policies"]]) == (0, [("waits", 1)])
    code, found = served.ask("leads", NAME, "--flagged", config="leads.toml")
    assert (code, [one["id"] for one in found["leads"]]) == (0, [lead])
    (result,) = found["leads"]
    assert result.keys() == LEAD
    assert result["flags"][0].keys() == FLAG | {"subject"}
    assert (result["created"][:16], result["is_open"], result["is_converted"]) == (created[:16], True, False)
    assert served.ask("leads", "nobody", config="leads.toml")[0] == 2


def test_a_decision_and_the_precision_of_rules_have_their_shapes(served):
    deal = served.ask("deals", NAME, "--flagged")[1]["deals"][0]
    code, then = served.ask("explain", NAME, deal["id"], "--at", now().date().isoformat())
    assert (code, then["deal"], then.keys()) == (0, deal, {"deal", "ledger", "decision"})
    assert then["decision"].keys() == {"as_of", "run_id", "policy_digest", "calibration", "policies"}
    assert then["decision"]["policies"]
    code, refused = served.ask("explain", NAME, deal["id"], "--at", "2001-01-01")
    assert (code, "has decisions since" in refused["error"]) == (2, True)
    code, found = served.ask("policies", "precision", "--connection", NAME, "--weeks", "2")
    assert (code, found["weeks"], found["demote"]) == (0, 2, [])
    assert {row["policy"] for row in found["rules"]} >= {flag["policy"] for flag in deal["flags"] if flag["shown"]}
    assert all(row["ended"] == 0 and row["precision"] is None and row["standing"] for row in found["rules"])


def test_kpis_are_given_over_all_and_by_each_single_dimension(served):
    code, found = served.ask("kpis", NAME)
    assert code == 0
    assert all(kpi.keys() >= KPI for kpi in found["kpis"])
    dims = {tuple(kpi["dims"]) for kpi in found["kpis"]}
    assert {(), ("owner",), ("process", "stage")} <= dims
    assert max(map(len, dims - {("process", "stage")})) == 1
    assert all(kpi["value"] is not None or kpi["why"] for kpi in found["kpis"])
    only = served.ask("kpis", NAME, "--only", "pipeline_value", "--window", "90d")[1]["kpis"]
    assert {kpi["id"] for kpi in only} == {"pipeline_value"}
    code, refused = served.ask("kpis", NAME, "--only", "velocity")
    assert code == 2
    assert "pipeline_velocity_open_per_day" in refused["error"]


def test_kpis_answer_two_dimensions_a_condition_and_a_window(served):
    code, found = served.ask("kpis", NAME, "--by", "owner,stage", "--only", "pipeline_value")
    groups = [kpi for kpi in found["kpis"] if kpi["dims"]]
    assert code == 0
    assert {tuple(kpi["dims"]) for kpi in groups} == {("owner", "process", "stage")}
    whole = next(kpi for kpi in found["kpis"] if not kpi["dims"])
    large = served.ask("kpis", NAME, "--where", "amount_home > 50000", "--only", "pipeline_value")[1]["kpis"][0]
    assert 0 < large["n"] < whole["n"]
    quarter = served.ask("kpis", NAME, "--window", "2026-Q3", "--only", "win_rate_closed")[1]["kpis"][0]
    assert (quarter["window_from"], quarter["window_to"]) == ("2026-07-01", "2026-09-30")


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (("--by", "colour"), "'colour' is no dimension"),
        (("--by", "owner,team,stage"), "name one dimension, or two different ones"),
        (("--where", "amonut > 1"), "amount"),
        (("--window", "2026-Q5"), "'2026-Q5' is no window"),
        (("--frozen", "2020-01-01"), "No values of the night of 2020-01-01 are kept"),
    ],
)
def test_a_question_that_kpis_cannot_answer_is_refused_with_what_to_write(served, options, what):
    code, refused = served.ask("kpis", NAME, *options)
    assert code == 2
    assert what in refused["error"]


def test_the_dictionary_is_listed_and_each_kpi_explained(served):
    listed = served.ask("kpis", "list")[1]["kpis"]
    assert "win_rate_closed" in {kpi["id"] for kpi in listed}
    code, entry = served.ask("kpis", "explain", "win_rate_closed")
    assert (code, entry["formula"], entry["leads"]) == (0, "won ÷ (won + lost)", "lagging")
    assert served.ask("kpis", "explain", "win rate")[0] == 2


def test_a_past_day_is_measured_by_what_was_recorded_then(served):
    past = served.ask("kpis", NAME, "--as-of", "2000-01-01", "--only", "pipeline_value")[1]["kpis"]
    assert [kpi["value"] for kpi in past if not kpi["dims"]] in ([], ["0"], [None])


def test_runs_are_listed_and_each_is_kept_with_its_counts(served):
    first = served.outputs["run"][1]
    code, listed = served.ask("runs")
    assert code == 0
    assert str(first["run_id"]) in {str(run.get("id", run.get("run_id"))) for run in listed["runs"]}
    code, one = served.ask("runs", str(first["run_id"]))
    assert (code, one["outcome"], one["counts"]["patches"]) == (0, "done", first["patches"])
    assert served.ask("runs", "999999")[0] == 2


def test_a_preview_shows_old_and_new_values_and_sends_nothing(served):
    deal = create_as(
        served.org, REP, "Opportunity", {"Name": "Fresh", "StageName": "Prospecting", "CloseDate": "2035-12-31"}
    )
    assert served.ask("pull", NAME)[0] == 0
    before, path = served.writes(), served.folder / "changes.csv"
    code, shown = served.ask("push", NAME, "--preview", str(path))
    assert (code, shown["patches"], served.writes()) == (0, 1, before)
    assert shown["by_policy"].keys() >= {"no-amount", "no-next-step"}
    assert [record["name"] for record in shown["records"]] == ["Fresh"]
    rows = {row["field"]: row for row in csv.DictReader(path.read_text("utf-8").splitlines())}
    assert {row["id"] for row in rows.values()} == {deal}
    assert (rows["score"]["old"], rows["worst_severity"]["new"]) == ("", "warning")
    code, report = served.ask("push", NAME)
    assert (code, report["outcomes"]["written"], served.writes()) == (0, 1, before + 1)
    assert str(int(served.org.tables["Opportunity"].rows[deal][f"{PREFIX}Score__c"])) == rows["score"]["new"]


def test_a_calibration_is_proposed_and_in_force_only_when_accepted(served):
    code, proposed = served.ask("calibrate", NAME)
    assert (code, proposed["state"]) == (0, "a proposal")
    code, accepted = served.ask("calibrate", NAME, "--accept")
    assert (code, accepted["state"]) == (0, "in force")
    assert accepted["medians"] == proposed["medians"]
    limits = {"limit", "limit_from", "limit_before", "limit_before_from"}
    assert all(median.keys() == {"process", "stage", "days", "visits", *limits} for median in accepted["medians"])


def test_a_paused_connection_is_left_alone_until_it_is_resumed(served):
    assert served.ask("connection", "pause", NAME) == (0, {"connection": NAME, "paused": True})
    calls = len(served.org.calls)
    for command in (("run",), ("run", "--dry-run"), ("pull",), ("pull", "--full"), ("push",)):
        code, refused = served.ask(command[0], NAME, *command[1:])
        assert code == 2, command
        assert "`sluicegate connection resume local` lets it run again" in refused["error"]
    assert [served.ask(command, NAME)[0] for command in ("judge", "measure", "kpis")] == [0, 0, 0]
    assert len(served.org.calls) == calls
    assert served.ask("actions", "undo", NAME)[0] == 0, "what we wrote can be taken back"
    assert served.ask("connection", "resume", NAME) == (0, {"connection": NAME, "paused": False})
    assert served.ask("run", NAME)[0] == 0


def test_scheduled_work_that_was_set_aside_is_named_by_each_run_until_the_connection_is_resumed(served):
    store, at = served.store(), now()
    store.jobs.give_up(store.jobs.begin(Occasion(NAME, "full", at), at, 40), "it kills its worker", at)
    store.close()
    code, run = served.ask("run", NAME)
    assert (code, run["aside"]) == (1, [{"table": "job", "id": "full", "reason": "it kills its worker"}])
    served.ask("connection", "resume", NAME)
    code, run = served.ask("run", NAME)
    assert (code, run["aside"]) == (0, [])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("run", "nobody"), "nobody"),
        (("run", NAME, "--as-of", "yesterday"), "'yesterday' is no date or instant; write 2026-11-22"),
        (("calibrate", "nobody"), "nobody"),
        (("connection", "clear", "nobody", "--yes"), "nobody"),
    ],
)
def test_a_wrong_argument_is_reported_and_exits_with_2(served, words, expected):
    code, refused = served.ask(*words)
    assert (code, refused["exit"]) == (2, 2)
    assert expected in refused["error"]


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [
        ("America/New_York", "America/Boston", "'America/Boston' is no time zone"),
        ('currency = "USD"', 'currency = "Franken"', "'Franken' is no currency; write its ISO 4217 code, like USD."),
        ("budget_share = 0.9", "budget_shar = 0.9", "is not a setting; did you mean 'budget_share'."),
        ('consumer_secret = "', 'consumer_secret = "not', "invalid_client"),
    ],
)
def test_a_wrong_setting_is_named_and_exits_with_2(served, right, wrong, expected):
    text = (served.folder / "sluicegate.toml").read_text().replace(right, wrong, 1)
    (served.folder / "wrong.toml").write_text(text)
    code, refused = served.ask("run", NAME, config="wrong.toml")
    assert (code, refused["exit"]) == (2, 2)
    assert expected in refused["error"]


def test_a_connection_that_another_run_holds_exits_with_5(served):
    store = served.store()
    lease = store.runs.lease(NAME, "a run", now())
    try:
        code, refused = served.ask("run", NAME)
        assert (code, refused["exit"]) == (5, 5)
        assert "is held by a run since" in refused["error"]
    finally:
        store.runs.release(lease)
        store.close()


def test_several_connections_run_one_after_the_other_and_one_that_fails_stops_no_other(served):
    text = (served.folder / "sluicegate.toml").read_text()
    (served.folder / "two.toml").write_text(text + '\n[connections.report]\nkind = "tables"\n')
    code, answer = served.ask("run", "report", NAME, config="two.toml")
    assert code == 2
    assert list(answer["runs"]) == ["report", NAME]
    assert answer["runs"]["report"]["exit"] == 2
    assert "connections.report.files.opportunities is missing" in answer["runs"]["report"]["error"]
    assert answer["runs"][NAME].keys() >= RUN


def test_a_record_that_is_refused_exits_with_1_and_a_day_without_calls_with_3(served):
    deal = create_as(
        served.org, REP, "Opportunity", {"Name": "Ruled", "StageName": "Prospecting", "CloseDate": "2035-12-31"}
    )
    served.org.faults.add("daily_limit", count=None, path="/services/data")
    code, stopped = served.ask("run", NAME)
    served.org.faults.clear()
    assert (code, "TotalRequests" in stopped["stopped"]) == (3, True)
    rule = {"how": "record", "code": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "Enter a next step."}
    served.org.faults.add(**rule, ids=(deal,), count=None)
    code, refused = served.ask("run", NAME)
    served.org.faults.clear()
    assert (code, refused["outcomes"]["refused"]) == (1, 1)
    assert list(refused["reasons"]) == [
        "A validation rule of the org refuses it: Enter a next step. (FIELD_CUSTOM_VALIDATION_EXCEPTION)"
    ]


def test_clearing_empties_our_fields_everywhere_and_pauses_the_connection(served):
    edit_as(served.org, REP, "Opportunity", next(iter(served.org.labels)), {"NextStep": "Mine"})
    assert served.our_values()
    code, report = served.ask("connection", "clear", NAME, "--yes")
    assert (code, report["outcomes"]["written"]) == (0, report["patches"])
    assert served.our_values() == []
    code, refused = served.ask("run", NAME)
    assert code == 2
    assert "our fields were cleared" in refused["error"]
