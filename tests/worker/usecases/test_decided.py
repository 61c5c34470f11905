"""A day's verdict can be printed again, whatever the policies, the deal and the code's other answers say since."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from model.errors import SettingsProblem
from tests.worker.governed import NAME, governed
from worker.cli.screen.rendering import show_decision
from worker.usecases.answers import explain
from worker.usecases.decided import decided, last_instant
from worker.usecases.erasure.prune import prune

RULES = """version: 1
policies:
  - id: small
    title: Small
    flag_if: amount < 100 or amount is blank
    severity: warning
    points: 10
    fix: Check the amount
    owner: ops
  - {id: no-step, title: No next step, flag_if: next_step is blank, severity: info, points: 5, fix: Write one,
     owner: ops, mode: observe}
"""  # fmt: skip


def ruled(team, text):
    team.services = replace(team.services, policy_texts=lambda: {"ours.yaml": text.encode()})


def as_json(answer):
    """What `--json` prints of a verdict, byte for byte."""
    return json.dumps({part: answer[part] for part in ("deal", "ledger")}, ensure_ascii=False, default=str, indent=2)


@pytest.mark.parametrize("kind", ["salesforce", "hubspot"])
def test_a_verdict_is_printed_again_byte_for_byte_after_the_policies_changed_twice(kind, tmp_path):
    with governed(tmp_path, kind) as team:
        deal = team.deal("Acme – Ünïcode", amount=5)
        rows = []
        for text in (
            RULES,
            RULES.replace("100", "3").replace("Small", "Tiny"),
            RULES.replace("points: 10", "points: 90"),
        ):
            ruled(team, text)
            team.run()
            rows.append((team.services.clock(), as_json(explain(team.services, NAME, deal)), text))
            team.later(days=1)
            team.edit(deal, name=f"Renamed {len(rows)}")
        assert [f"Renamed {n}" in then for n, (_, then, _) in enumerate(rows)] == [False, True, True]
        for instant, then, text in rows:
            found = decided(team.services, NAME, deal, instant.isoformat())
            assert as_json(found) == then
            assert found["decision"]["policies"] == {"ours.yaml": text}
            day = instant.astimezone(team.zone).date().isoformat()
            assert as_json(decided(team.services, NAME, deal, day)) == then
        assert len({then for _, then, _ in rows}) == 3
        assert (
            len({decided(team.services, NAME, deal, at.isoformat())["decision"]["policy_digest"] for at, *_ in rows})
            == 3
        )


def test_a_comment_added_later_does_not_change_the_text_of_that_day(tmp_path):
    with governed(tmp_path) as team:
        deal = team.deal("Acme", amount=5)
        for text in (RULES, f"# asked for by sales\n{RULES}"):
            ruled(team, text)
            team.run()
        now = team.services.clock().isoformat()
        assert decided(team.services, NAME, deal, now)["decision"]["policies"] == {"ours.yaml": RULES}


def test_a_day_before_the_first_judgement_says_since_when_there_are_decisions(tmp_path):
    with governed(tmp_path) as team:
        with pytest.raises(SettingsProblem, match=r"'acme' was never judged; `sluicegate judge acme` does it\."):
            decided(team.services, NAME, "006", "2026-01-01")
        deal = team.deal("Acme", amount=5)
        team.run()
        since = f"{team.services.clock().astimezone(team.zone):%Y-%m-%d %H:%M}"
        with pytest.raises(
            SettingsProblem, match=f"Nothing was decided by 2020-01-01: 'acme' has decisions since {since} E"
        ):
            decided(team.services, NAME, deal, "2020-01-01")


def test_a_deal_that_came_later_was_not_judged_then(tmp_path):
    with governed(tmp_path) as team:
        team.deal("First", amount=5)
        team.run()
        before = team.services.clock().isoformat()
        team.later(hours=1)
        second = team.deal("Second", amount=5)
        team.run()
        with pytest.raises(SettingsProblem, match=f"Deal {second} was not judged in the verdict of .*not known yet"):
            decided(team.services, NAME, second, before)
        with pytest.raises(SettingsProblem, match="has no deal 006nobody"):
            decided(team.services, NAME, "006nobody", before)


def test_a_deal_that_was_deleted_since_can_still_be_explained(tmp_path):
    with governed(tmp_path) as team:
        deal = team.deal("Acme", amount=5)
        team.run()
        at, then = team.services.clock().isoformat(), as_json(explain(team.services, NAME, deal))
        team.later(hours=1)
        team.driver.delete(deal)
        team.run(full=True)
        assert as_json(decided(team.services, NAME, deal, at)) == then
        assert as_json(decided(team.services, NAME, deal[:15], at)) == then


def test_a_dry_run_decides_nothing(tmp_path):
    with governed(tmp_path) as team:
        deal = team.deal("Acme", amount=5)
        team.run()
        at = team.services.clock()
        team.later(hours=1)
        team.edit(deal, amount=900)
        team.run(dry_run=True)
        assert (
            decided(team.services, NAME, deal, team.services.clock().isoformat())["decision"]["as_of"] == at.isoformat()
        )


def test_decisions_are_kept_for_as_long_as_the_settings_say(tmp_path):
    with governed(tmp_path) as team:
        deal = team.deal("Acme", amount=5)
        team.run()
        first = team.services.clock().isoformat()
        team.later(days=10)
        team.edit(deal, amount=900)
        team.run()
        team.later(days=1090)
        prune(team.services, NAME)
        assert decided(team.services, NAME, deal, first)["deal"]["score"] is not None
        team.later(days=10)
        prune(team.services, NAME)
        with pytest.raises(SettingsProblem, match="has decisions since"):
            decided(team.services, NAME, deal, first)
        assert decided(team.services, NAME, deal, team.services.clock().isoformat())["deal"]["id"] == deal


def test_people_read_the_policy_of_each_flag_as_it_was_then(tmp_path, capsys):
    with governed(tmp_path) as team:
        deal = team.deal("Acme", amount=5)
        ruled(team, RULES)
        team.run()
        show_decision(decided(team.services, NAME, deal, team.services.clock().isoformat()))
        printed = capsys.readouterr().out
        assert "by run 1 under policies" in printed
        assert "small at that time:\n- id: small\n  title: Small\n" in printed
        assert "To clear it: Check the amount." in printed


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("2026-11-22", datetime(2026, 11, 23, 5, tzinfo=UTC) - timedelta(microseconds=1)),
        ("2026-11-01", datetime(2026, 11, 2, 5, tzinfo=UTC) - timedelta(microseconds=1)),  # clocks go back that night
        ("2026-03-08", datetime(2026, 3, 9, 4, tzinfo=UTC) - timedelta(microseconds=1)),
        ("2026-11-22T08:00:00Z", datetime(2026, 11, 22, 8, tzinfo=UTC)),
        ("2026-11-22T08:00", datetime(2026, 11, 22, 13, tzinfo=UTC)),
    ],
)
def test_a_date_means_its_last_instant_in_the_connections_zone(text, means):
    assert last_instant(text, "America/New_York") == means


def test_what_is_no_date_is_refused():
    with pytest.raises(SettingsProblem, match="'lately' is no date or instant"):
        last_instant("lately", "UTC")
