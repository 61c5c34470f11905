"""What held when deals came into a stage, by their history; and the KPIs that use it."""

import json
from datetime import date, timedelta

import polars as pl
import pytest

from model.errors import SettingsProblem
from policies.judging.rules import live
from policies.trying.entry_evidence import AT_ENTRY, asked_at_entry, at_entry, entries
from tests.worker.archive import DAY, NAME, NOW, archive, changed, deal, moved, owner
from tests.worker.generated import drawn
from tests.worker.pipeline.test_past import past_of, that_day
from worker.cli.main import main
from worker.pipeline.measuring import USUAL
from worker.usecases.entry_evidence import evidence
from worker.usecases.kpis.answer import measured
from worker.usecases.nightly import freeze

PACK = b"""version: 1
processes:
  - id: deals
    stages:
      - {id: discovery, names: {salesforce: [Discovery]}, exit: [{id: criteria, title: Evaluation criteria known,
         require: decision_criteria_known, fix: Ask}]}
      - {id: proposal, names: {salesforce: [Proposal]}, entry: [{id: step, title: Next step written,
         require: next_step is not blank, fix: Write it}]}
      - {id: negotiation, names: {salesforce: [Negotiation]}}
      - {id: won, names: {salesforce: [Closed Won]}}
policies: []
"""
ENTRY = NOW - 20 * DAY


@pytest.fixture
def kept(tmp_path):
    with archive(tmp_path) as made:
        made.describe(decision_criteria_known="yes/no")
        made.services = made.services.__class__(**{**vars(made.services), "policy_texts": lambda: {"p.yaml": PACK}})
        made.keep(NOW - 60 * DAY, owner=[owner("u1", name="Ann"), owner("u2", name="Bob")])
        yield made


def came_in(kept, id_, rep, *, known, at=ENTRY, **changes):
    """A deal that was seen in Discovery, and is moved to Proposal by its owner."""
    before = deal(id_, owner_id=rep, facts={"decision_criteria_known": False}, **changes)
    kept.keep(before["created"], opportunity=[before], stage_change=[moved(id_, before["created"], "Discovery")])
    after = before | {"stage_name": "Proposal", "last_edit": at, "modified": at,
                      "facts": {"decision_criteria_known": known}}  # fmt: skip
    kept.keep(at, opportunity=[after], stage_change=[moved(id_, at, "Proposal")])
    return after


def stage_evidence(kept, stage="proposal", **days):
    answer = evidence(kept.services, NAME, **days)
    (found,) = [one for one in answer["stages"] if one["stage"] == stage]
    return found, {one["criterion"]: one for one in found["criteria"]}


def test_two_reps_who_differ_make_the_stage_and_its_conversion_untrusted(kept):
    for rep, hits in (("u1", 9), ("u2", 2)):
        for n in range(10):
            came_in(kept, f"{rep}-{n}", rep, known=n < hits)
    stage, criteria = stage_evidence(kept)
    assert not stage["trusted"]
    assert (
        stage["why"] == "'Evaluation criteria known' held at entry on 9 of 10 deals of Ann, and on 2 of 10 deals of Bob"
    )
    assert not criteria["deals/proposal/step"]["differs"]
    kpis = measured(kept.services, NAME, USUAL)
    place = {"process": "deals", "stage": "proposal"}
    here = [kpi for kpi in kpis if kpi["dims"] == place]
    conversions = {kpi["id"]: kpi for kpi in here if kpi["id"].startswith("stage_conversion_")}
    assert len(conversions) == 5
    assert all(kpi["trusted"] is False and "UNTRUSTED: 'Evaluation" in kpi["why"] for kpi in conversions.values())
    assert [kpi["id"] for kpi in kpis if "trusted" in kpi and kpi["dims"] != place] == []


def test_the_answer_before_is_replaced(kept):
    for rep, hits in (("u1", 9), ("u2", 2)):
        for n in range(10):
            came_in(kept, f"{rep}-{n}", rep, known=n < hits)
    assert not stage_evidence(kept)[0]["trusted"]
    evidence(kept.services, NAME, date(2026, 11, 10))
    assert [kpi for kpi in measured(kept.services, NAME, USUAL) if "trusted" in kpi] == []


def test_what_is_filled_in_later_was_not_there_at_entry(kept):
    after = came_in(kept, "d1", "u1", known=False)
    later = ENTRY + 5 * DAY
    kept.keep(later, opportunity=[after | {"facts": {"decision_criteria_known": True}, "last_edit": later,
                                           "modified": later, "owner_id": "u2"}])  # fmt: skip
    owners = stage_evidence(kept)[1]["deals/discovery/criteria"]["owners"]
    assert [(one["owner"], one["known"], one["met"]) for one in owners] == [("Ann", 1, 0)], "of the owner at entry"


def test_what_is_filled_in_by_the_next_noon_was_there(kept):
    after = came_in(kept, "d1", "u1", known=False, at=ENTRY + timedelta(hours=1))
    soon = ENTRY + timedelta(hours=20)
    kept.keep(soon, opportunity=[after | {"facts": {"decision_criteria_known": True}, "last_edit": soon,
                                          "modified": soon}])  # fmt: skip
    assert stage_evidence(kept)[1]["deals/discovery/criteria"]["met"] == 1


def test_a_value_that_nobody_recorded_for_that_day_is_unknown(kept):
    first_seen = deal("d1", stage_name="Proposal", last_edit=NOW - 3 * DAY, modified=NOW - 3 * DAY,
                      facts={"decision_criteria_known": True})  # fmt: skip
    moves = [moved("d1", NOW - 60 * DAY, "Discovery"), moved("d1", ENTRY, "Proposal")]
    kept.keep(NOW - 2 * DAY, opportunity=[first_seen], stage_change=moves,
              field_change=[changed("d1", NOW - 50 * DAY, "next_step", None, "Call them")])  # fmt: skip
    criteria = stage_evidence(kept)[1]
    assert (criteria["deals/discovery/criteria"]["known"], criteria["deals/discovery/criteria"]["unknown"]) == (0, 1)
    assert criteria["deals/discovery/criteria"]["share"] is None
    assert criteria["deals/proposal/step"]["met"] == 1, "of this one there is a history"


def test_only_first_entries_of_the_window_count(kept):
    came_in(kept, "before", "u1", known=True, at=NOW - 40 * DAY)
    after = came_in(kept, "again", "u1", known=True, at=NOW - 30 * DAY)
    for n, stage in ((25, "Discovery"), (20, "Proposal")):
        at = NOW - n * DAY
        kept.keep(at, opportunity=[after | {"stage_name": stage, "last_edit": at, "modified": at}],
                  stage_change=[moved("again", at, stage)])  # fmt: skip
    assert stage_evidence(kept)[1]["deals/discovery/criteria"]["known"] == 2
    since = (NOW - 35 * DAY).date()
    assert stage_evidence(kept, first=since)[1]["deals/discovery/criteria"]["known"] == 1


def test_nothing_but_the_answer_is_written_and_the_nightly_freeze_tells_it_anew(kept):
    came_in(kept, "d1", "u1", known=True)
    before = kept.dump()
    evidence(kept.services, NAME)
    assert {line.split('"')[1] for line in set(kept.dump()) - set(before) if "INSERT" in line} == {"stage_evidence"}
    with kept.store.database.writing() as sql:
        sql.run("DELETE FROM stage_evidence")
    freeze(kept.services, NAME)
    assert kept.store.kpis.entry_evidence(NAME)["stages"][0]["stage"] == "proposal"


def test_a_criterion_without_a_field_is_dormant_and_no_entries_are_none(kept):
    kept.keep(NOW, opportunity=[deal("d1")])
    kept.describe()
    answer = evidence(kept.services, NAME)
    assert (answer["dormant"], answer["stages"]) == (["deals/discovery/criteria"], [])
    with pytest.raises(SettingsProblem, match="has not passed yet"):
        evidence(kept.services, NAME, None, NOW.date())


def day_by_day(past):
    """AT_ENTRY out of a snapshot of each day: the first day on which a deal is seen in a stage."""
    seen, found = set(), []
    for n, at in enumerate(past.instants):
        _, wide = that_day(past, at)
        rules = [rule for rule in live(past.policies, wide)[0] if rule.place]
        for (process, stage), asked in asked_at_entry(rules).items():
            here = (pl.col("process") == process) & (pl.col("stage") == stage) & pl.col("is_open")
            known = pl.col("stage_since__known")
            rows = wide.frame.with_columns(
                fresh=((pl.col("as_of_date") - pl.col("stage_since")).dt.total_days() <= 1) & known,
                **{f"!{rule.id}": rule.condition.polars(wide) for rule in asked},
            ).filter(here)
            for row in rows.iter_rows(named=True):
                if (row["key"], process, stage) not in seen:
                    found += [(row["key"], n, process, stage, row["_owner_id"], bool(row["fresh"]), rule.id,
                               row[f"!{rule.id}"]) for rule in asked]  # fmt: skip
                    seen.add((row["key"], process, stage))
    return sorted(row for row in found if row[5])


@pytest.mark.parametrize("seed", [1, 2])
def test_each_entry_is_what_a_snapshot_of_that_day_gives(tmp_path, seed):
    with drawn(tmp_path, seed, deals=120) as made:
        past = past_of(made)
        parts = [part for days in past.days_by_period()
                 for part in at_entry(days, asked_at_entry([r for r in live(past.policies, days.wide)[0] if r.place]),
                                      past.scope)]  # fmt: skip
        own = entries(parts)
        assert own.schema == AT_ENTRY
        assert sorted(own.rows()) == day_by_day(past)
        assert own.height > 5


def test_people_see_shares_by_rep_and_the_word(kept, capsys, monkeypatch):
    for rep, hits in (("u1", 9), ("u2", 2)):
        for n in range(10):
            came_in(kept, f"{rep}-{n}", rep, known=n < hits)
    monkeypatch.setattr("worker.cli.common.Asked.services", lambda _self, *, quiet=True: kept.services)
    with pytest.raises(SystemExit):
        main(["policies", "evidence", "--connection", NAME])
    shown = capsys.readouterr().out
    assert "deals/proposal: UNTRUSTED" in shown
    assert "held at entry on 9 of 10 deals of Ann" in shown
    with pytest.raises(SystemExit):
        main(["policies", "evidence", "--connection", NAME, "--json"])
    assert json.loads(capsys.readouterr().out)["stages"][0]["trusted"] is False
