"""`policies diff` on 40 deals written by hand: who would gain and lose which flag, and nothing is written."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from model.errors import PolicyProblem, SettingsProblem
from tests.worker.archive import DAY, NAME, NOW, Archive, archive, call, deal, moved
from worker.cli.main import main
from worker.usecases.diff import diff

OLD = b"""version: 1
policies:
  - {id: quiet, title: Quiet for 14 days, applies_to: is_open, flag_if: days_since(last_activity) >= 14,
     severity: warning, points: 10, fix: Call, owner: ops}
  - {id: no-amount, title: No amount, applies_to: is_open, flag_if: amount is blank,
     severity: warning, points: 10, fix: Enter one, owner: ops}
  - {id: late, title: Close date has passed, applies_to: is_open, flag_if: days_since(close_date) > 0,
     severity: warning, points: 10, fix: Move it, owner: ops, mode: observe}
"""
NEW = b"""version: 1
policies:
  - {id: quiet, title: Quiet for 21 days, applies_to: is_open and amount >= 500,
     flag_if: days_since(last_activity) >= 21,
     severity: warning, points: 10, fix: Call, owner: ops}
  - {id: late, title: Close date has passed, applies_to: is_open, flag_if: days_since(close_date) > 0,
     severity: warning, points: 10, fix: Move it, owner: ops}
  - {id: no-step, title: No next step, applies_to: is_open, flag_if: next_step is blank,
     severity: warning, points: 10, fix: Write one, owner: ops, mode: observe}
  - {id: in-debt, title: Over the discount, applies_to: is_open, flag_if: discount_percent > 30,
     severity: warning, points: 10, fix: Ask, owner: ops}
"""

PASSED = date(2026, 11, 15)
TODAY = date(2026, 11, 16)
FORTY = [
    # id, last touched days ago, what else stands on the deal; then (gained, lost) as it must come out
    *((f"fresh-{n}", 3, {}, (), ()) for n in range(8)),
    ("thirteen-days", 13, {}, (), ()),
    ("fourteen-days", 14, {}, (), ("quiet",)),
    *((f"fifteen-{n}", 15, {}, (), ("quiet",)) for n in range(4)),
    ("twenty-days", 20, {}, (), ("quiet",)),
    ("twenty-one-days", 21, {}, (), ()),
    *((f"thirty-{n}", 30, {}, (), ()) for n in range(3)),
    ("thirty-and-small", 30, {"amount": Decimal(499)}, (), ("quiet",)),
    ("thirty-at-the-limit", 30, {"amount": Decimal(500)}, (), ()),
    ("thirty-without-amount", 30, {"amount": None}, (), ("no-amount", "quiet")),
    *((f"no-amount-{n}", 2, {"amount": None}, (), ("no-amount",)) for n in range(3)),
    ("passed", 2, {"close_date": PASSED}, ("late",), ()),
    ("closes-today", 2, {"close_date": TODAY}, (), ()),
    ("passed-and-fifteen", 15, {"close_date": PASSED}, ("late",), ("quiet",)),
    *((f"no-step-{n}", 2, {"next_step": None}, ("no-step",), ()) for n in range(3)),
    ("dots", 2, {"next_step": "."}, (), ()),
    ("all-of-it", 40, {"amount": None, "next_step": None, "close_date": PASSED}, ("late", "no-step"),
     ("no-amount", "quiet")),
    ("unread-step", 2, {"next_step": None, "unread": ["next_step"]}, (), ()),
    ("unread-amount", 2, {"amount": None, "unread": ["amount"]}, (), ()),
    ("unread-amount-and-quiet", 30, {"amount": None, "unread": ["amount"]}, (), ()),
    ("won", 40, {"stage_name": "Closed Won", "is_closed": True, "is_won": True, "amount": None}, (), ()),
    *((f"lost-{n}", 40, {"stage_name": "Closed Lost", "is_closed": True, "amount": None}, (), ()) for n in range(2)),
    ("deleted", 40, {"gone": "deleted", "next_step": None}, (), ()),
]  # fmt: skip


@pytest.fixture
def forty(tmp_path):
    with archive(tmp_path) as kept:
        for id_, days, found, _, _ in FORTY:
            one = deal(id_, **found)
            history = [moved(id_, one["created"], one["stage_name"])]
            touches = [call(f"c-{id_}", id_, NOW - days * DAY)]
            kept.keep(NOW, opportunity=[one], stage_change=history, activity=touches)
        yield kept


def pairs(answer, kind):
    return sorted((row["id"], row["policy"]) for row in answer[kind])


def test_each_deal_gains_and_loses_exactly_what_was_written_by_hand(forty):
    assert len(FORTY) == 40
    answer = diff(forty.services, NAME, {"old.yaml": OLD}, {"new.yaml": NEW})
    assert pairs(answer, "gained") == sorted((id_, policy) for id_, _, _, gains, _ in FORTY for policy in gains)
    assert pairs(answer, "lost") == sorted((id_, policy) for id_, _, _, _, losses in FORTY for policy in losses)


def test_a_flag_that_the_new_policy_cannot_judge_stays_and_is_reported(forty):
    answer = diff(forty.services, NAME, {"old.yaml": OLD}, {"new.yaml": NEW})
    assert pairs(answer, "unknown") == [("unread-amount-and-quiet", "quiet")]


def test_counts_are_reported_for_each_policy_and_what_no_field_is_mapped_for(forty):
    answer = diff(forty.services, NAME, {"old.yaml": OLD}, {"new.yaml": NEW})
    assert {row.pop("policy"): list(row.values()) for row in answer["policies"]} == {
        # before, after, gained, lost, unknown, cannot_judge
        "quiet": [16, 5, 0, 10, 1, 2],
        "late": [3, 3, 3, 0, 0, 0],
        "no-step": [0, 4, 4, 0, 0, 1],
        "no-amount": [5, 0, 0, 5, 0, 0],
    }
    assert answer["dormant"] == {"old": [], "new": ["in-debt"]}


def test_the_same_policies_change_nothing(forty):
    answer = diff(forty.services, NAME, {"old.yaml": OLD}, {"other-name.yaml": OLD + b"# a comment\n"})
    assert [answer[kind] for kind in ("gained", "lost", "unknown")] == [[], [], []]
    assert len(set(answer["digests"].values())) == 1


def test_neither_store_nor_crm_is_written_or_even_asked(forty):
    before = forty.dump()
    diff(forty.services, NAME, {"old.yaml": OLD}, {"new.yaml": NEW})
    assert forty.dump() == before


def test_slices_tell_what_the_whole_tells(forty):
    whole = diff(forty.services, NAME, {"old.yaml": OLD}, {"new.yaml": NEW})
    assert diff(replace(forty.services, slice_deals=7), NAME, {"old.yaml": OLD}, {"new.yaml": NEW}) == whole


def test_a_mistake_in_either_file_is_reported_with_its_place(forty):
    with pytest.raises(PolicyProblem, match=r"new.yaml:3:.*amount"):
        diff(forty.services, NAME, {"old.yaml": OLD}, {"new.yaml": NEW.replace(b"amount >=", b"amuont >=")})


def test_a_connection_that_was_never_pulled_is_named(tmp_path):
    made = Archive(tmp_path)
    with made.store.database.writing() as sql:
        sql.run("UPDATE connection SET description = NULL")
    with pytest.raises(SettingsProblem, match="sluicegate pull acme"):
        diff(made.services, NAME, {"old.yaml": OLD}, {"new.yaml": NEW})
    made.store.close()


def test_the_command_reads_files_and_answers_in_json(forty, tmp_path, capsys, monkeypatch):
    (tmp_path / "old.yaml").write_bytes(OLD)
    (tmp_path / "new.yaml").write_bytes(NEW)
    monkeypatch.setattr("worker.cli.common.Asked.services", lambda *_a, **_k: forty.services)
    arguments = ["policies", "diff", str(tmp_path / "old.yaml"), str(tmp_path / "new.yaml"), "--connection", NAME]
    with pytest.raises(SystemExit, match="0"):
        main([*arguments, "--json"])
    assert len(json.loads(capsys.readouterr().out)["gained"]) == 7
    with pytest.raises(SystemExit, match="0"):
        main(arguments)
    assert "thirty-and-small" in capsys.readouterr().out


WON = b"""version: 1
policies:
  - {id: cheap-win, title: Cheap, subject: won deal, flag_if: amount < LIMIT, severity: info, points: 1,
     fix: Sell more, owner: ops}
"""


def test_flags_of_won_deals_come_and_go_with_their_policies(tmp_path):
    with archive(tmp_path) as kept:
        won = {"stage_name": "Closed Won", "is_closed": True, "is_won": True}
        kept.keep(NOW, opportunity=[
            deal("cheap", **won, amount=Decimal(40)), deal("dear", **won, amount=Decimal(400)),
            deal("open", amount=Decimal(40)),
            deal("lost", stage_name="Closed Lost", is_closed=True, is_won=False, amount=Decimal(40)),
        ])  # fmt: skip
        sets = [{"p.yaml": WON.replace(b"LIMIT", limit)} for limit in (b"50", b"500")]
        answer = diff(kept.services, NAME, *sets)
        assert pairs(answer, "gained") == [("dear", "cheap-win")]
        assert pairs(answer, "lost") == []
        assert pairs(diff(kept.services, NAME, {"p.yaml": b"version: 1"}, sets[0]), "gained") == [
            ("cheap", "cheap-win")
        ]
        assert pairs(diff(kept.services, NAME, sets[0], {"p.yaml": b"version: 1"}), "lost") == [("cheap", "cheap-win")]


IDLE = b"""version: 1
facts:
  score: {type: number, meaning: Points}
policies:
  - {id: idle, title: Idle, subject: lead, applies_to: is_open, flag_if: days_since(last_activity) > LIMIT,
     severity: info, points: 1, fix: Call, owner: ops}
  - {id: low, title: Low, subject: lead, flag_if: score < 5, severity: info, points: 1, fix: Drop it, owner: ops}
"""


def lead(id_, days, **changes):
    """An open lead that nobody has touched since it was made, so many days ago."""
    made = NOW - days * DAY
    return {
        "id": id_, "name": f"Lead {id_}", "company": "Acme", "source": None, "status": "New", "owner_id": "u1",
        "is_converted": False, "converted_on": None, "created": made, "last_edit": made, "modified": made,
        "modified_by": "u1", "facts": {}, "unread": [], "gone": None, "merged_into": None,
    } | changes  # fmt: skip


def test_flags_of_leads_come_and_go_with_their_policies(tmp_path):
    with archive(tmp_path) as kept:
        kept.describe_leads()
        leads = [lead("two", 2), lead("nine", 9), lead("done", 9, is_converted=True)]
        kept.keep(NOW, lead=leads, opportunity=[deal("d")], feeds=["leads", "lead_activities"])
        before = kept.dump()
        sets = [{"p.yaml": IDLE.replace(b"LIMIT", limit)} for limit in (b"30", b"7")]
        answer = diff(kept.services, NAME, *sets)
        assert pairs(answer, "gained") == [("nine", "idle")]
        assert answer["gained"][0]["owner"] == "Rep u1"
        assert answer["dormant"] == {"old": ["low"], "new": ["low"]}
        assert pairs(diff(kept.services, NAME, sets[1], {"p.yaml": OLD}), "lost") == [("nine", "idle")]
        assert kept.dump() == before
