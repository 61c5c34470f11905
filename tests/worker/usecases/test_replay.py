"""`policies replay` and `tune`: what became of flagged deals, with intervals, from what was known each day."""

import json
import random
from datetime import date, timedelta

import pytest

from model.errors import SettingsProblem
from tests.worker.archive import DAY, NAME, NOW, archive, call, changed, deal, moved, owner
from worker.cli.main import main
from worker.usecases.replay import replay, tune

FIRST, LAST = date(2026, 8, 1), date(2026, 10, 31)
PACK = b"""version: 1
policies:
  - {id: planted, title: Planted, applies_to: is_open, flag_if: segment = 'risky',
     severity: info, points: 1, fix: f, owner: o}
  - {id: noise, title: Noise, applies_to: is_open, flag_if: segment = 'noise',
     severity: info, points: 1, fix: f, owner: o}
  - {id: discounted, title: Discounted, applies_to: is_open, flag_if: discount_percent > 20,
     severity: info, points: 1, fix: f, owner: o}
  - {id: no-step, title: No step, applies_to: is_open, flag_if: next_step is blank,
     severity: info, points: 1, fix: f, owner: o}
  - {id: quiet, title: Quiet, applies_to: is_open, flag_if: days_since(last_activity) >= 14,
     severity: info, points: 1, fix: f, owner: o}
  - {id: unmapped, title: U, applies_to: is_open, flag_if: not need_confirmed,
     severity: info, points: 1, fix: f, owner: o}
"""


def noon(day):
    """That noon in New York, in summer."""
    return NOW.replace(year=day.year, month=day.month, day=day.day, hour=16)


def lived(kept, id_, *, made, ended=None, lost=True, **changes):
    """A deal seen from its first day to its end, which a pull saw too."""
    opened = deal(id_, created=noon(made), last_edit=noon(made), modified=noon(made), **changes)
    kept.keep(noon(made), opportunity=[opened], stage_change=[moved(id_, noon(made), "Discovery")])
    if ended:
        stage, at = "Closed Lost" if lost else "Closed Won", noon(ended) - timedelta(hours=3)
        closed = opened | {"stage_name": stage, "is_closed": True, "is_won": not lost, "last_edit": at, "modified": at}
        kept.keep(at, opportunity=[closed], stage_change=[moved(id_, at, stage)])


def row(answer, policy):
    return next(row for row in answer["policies"] if row["policy"] == policy)


@pytest.fixture
def kept(tmp_path):
    with archive(tmp_path) as made:
        made.describe(segment="text", discount_percent="number")
        yield made


def test_a_planted_precision_is_found_within_its_interval_and_noise_has_no_lift(kept):
    draw = random.Random(4)  # noqa: S311 - the same deals every time
    for n in range(300):
        segment = ("risky", "noise", "noise", "plain", "plain", "plain")[n % 6]
        lost = draw.random() < (0.4 if segment == "risky" else 0.15)
        made = FIRST + draw.randrange(40) * DAY
        lived(
            kept, f"d{n}", made=made, ended=made + (5 + draw.randrange(40)) * DAY, lost=lost, facts={"segment": segment}
        )
    answer = replay(kept.services, NAME, {"p.yaml": PACK}, FIRST, LAST)
    planted, noise = row(answer, "planted"), row(answer, "noise")
    assert planted["deals_flagged"] == 50
    assert planted["precision"]["low"] <= 0.4 <= planted["precision"]["high"]
    assert planted["lift"]["low"] > 1
    assert noise["deals_flagged"] == 100
    assert noise["lift"]["low"] <= 1 <= noise["lift"]["high"]


def test_a_handful_of_deals_is_counted_as_by_hand(kept):
    lived(kept, "lost", made=date(2026, 8, 3), ended=date(2026, 9, 2), next_step=None)
    lived(kept, "won", made=date(2026, 8, 3), ended=date(2026, 8, 23), lost=False, next_step=None)
    lived(kept, "open", made=date(2026, 10, 22), next_step=None)
    lived(kept, "lost-with-step", made=date(2026, 8, 3), ended=date(2026, 8, 13))
    lived(kept, "won-with-step", made=date(2026, 8, 3), ended=date(2026, 8, 13), lost=False)
    push = changed("won", noon(date(2026, 8, 10)), "close_date", "2026-08-31", "2026-12-31")
    kept.keep(NOW, field_change=[push])
    found = row(replay(kept.services, NAME, {"p.yaml": PACK}, FIRST, LAST), "no-step")
    assert {name: found[name] for name in ("flags", "deals_flagged", "lost", "won", "slipped", "open")} == {
        "flags": 3, "deals_flagged": 3, "lost": 1, "won": 1, "slipped": 1, "open": 1,
    }  # fmt: skip
    assert (found["deals_unflagged"], found["unflagged_lost"], found["unflagged_won"]) == (2, 1, 1)
    assert found["flagged_deal_days"] == 30 + 20 + 10
    assert found["deal_days"] == 30 + 20 + 10 + 10 + 10
    assert found["median_warning_days"] == 30
    assert found["lift"]["value"] == 1
    # one rep had open deals from 3 August to 2 September and from 22 October on: 40 days
    assert found["flags_per_rep_week"] == pytest.approx(3 / (40 / 7))


def test_a_flag_that_comes_back_is_counted_twice_and_the_deal_once(kept):
    lived(kept, "d", made=date(2026, 8, 3), ended=date(2026, 10, 2))
    kept.keep(NOW, activity=[call("c", "d", noon(date(2026, 8, 25)))])
    found = row(replay(kept.services, NAME, {"p.yaml": PACK}, FIRST, LAST), "quiet")
    assert (found["flags"], found["deals_flagged"]) == (2, 1)
    assert found["flagged_deal_days"] == 8 + 24  # 17 to 24 August; 8 September to 1 October
    assert found["median_warning_days"] == (date(2026, 10, 2) - date(2026, 8, 17)).days


def test_a_next_step_filled_in_after_the_loss_changes_no_past_day(kept):
    for n in range(4):
        lived(kept, f"d{n}", made=date(2026, 8, 3), ended=date(2026, 9, 2), next_step=None)
    before = replay(kept.services, NAME, {"p.yaml": PACK}, FIRST, LAST)
    at = noon(date(2026, 9, 20))
    for n in range(4):
        kept.keep(at, opportunity=[deal(
            f"d{n}", created=noon(date(2026, 8, 3)), stage_name="Closed Lost", is_closed=True, next_step="Too late",
            last_edit=at, modified=at,
        )])  # fmt: skip
    after = replay(kept.services, NAME, {"p.yaml": PACK}, FIRST, LAST)
    assert row(after, "no-step") == row(before, "no-step")
    assert row(after, "no-step")["deals_flagged"] == 4


def test_a_policy_with_facts_that_have_no_past_is_listed_and_not_counted_as_clear(kept):
    late = noon(date(2026, 11, 10))
    for n in range(6):  # seen for the first time after the window, and edited in between
        found = deal(
            f"d{n}", created=noon(date(2026, 8, 3)), last_edit=late, modified=late, facts={"discount_percent": "5"}
        )
        kept.keep(late, opportunity=[found], stage_change=[moved(f"d{n}", found["created"], "Discovery")])
    answer = replay(kept.services, NAME, {"p.yaml": PACK}, FIRST, LAST)
    no_past = {row["policy"]: row for row in answer["no_past"]}
    assert no_past["discounted"]["facts"] == ["discount_percent"]
    assert no_past["discounted"]["recorded_since"].startswith("2026-11-10")
    assert "discounted" not in {row["policy"] for row in answer["policies"]}
    assert "quiet" in {row["policy"] for row in answer["policies"]}
    assert answer["dormant"] == ["unmapped"]


def test_a_policy_on_silence_that_is_dark_where_a_team_logs_nothing_says_so(kept):
    kept.keep(noon(date(2026, 8, 1)), owner=[owner("rep", team="North")])
    for n in range(30):
        lived(kept, f"d{n}", made=date(2026, 8, 3), owner_id="rep")
    (no_past,) = replay(kept.services, NAME, {"p.yaml": PACK}, FIRST, LAST)["no_past"]
    assert no_past["facts"] == []
    assert no_past["why"] == "the teams logged on less than 30% of their open deals (activity.min_coverage)"


def test_under_half_of_the_days_judged_there_is_no_lift(kept):
    for n in range(20):
        lived(
            kept,
            f"seen{n}",
            made=date(2026, 8, 3),
            ended=date(2026, 8, 13),
            lost=n % 2 == 0,
            facts={"segment": "risky"},
        )
    late = noon(date(2026, 11, 10))
    for n in range(20):
        result = deal(f"late{n}", created=noon(date(2026, 8, 3)), last_edit=late, modified=late, facts={"segment": "x"})
        kept.keep(late, opportunity=[result], stage_change=[moved(f"late{n}", result["created"], "Discovery")])
    found = row(replay(kept.services, NAME, {"p.yaml": PACK}, FIRST, LAST), "planted")
    assert 0 < found["judged_share"] < 0.5
    assert not found["enough_history"]
    assert found["lift"] is None
    assert found["precision"] is None


def test_nothing_is_written_and_the_crm_is_not_asked(kept):
    lived(kept, "d", made=date(2026, 8, 3), ended=date(2026, 9, 2))
    before = kept.dump()
    replay(kept.services, NAME, {"p.yaml": PACK}, FIRST, LAST)
    tune(kept.services, NAME, {"p.yaml": PACK}, "quiet", [7, 14])
    assert kept.dump() == before


def test_tune_tells_each_limit_as_a_replay_of_a_policy_with_that_limit_would(kept):
    for n in range(5):
        lived(kept, f"d{n}", made=date(2026, 8, 3), ended=date(2026, 9, 2) + n * DAY, lost=n < 3)
        kept.keep(NOW, activity=[call(f"c{n}", f"d{n}", noon(date(2026, 8, 5 + 3 * n)))])
    answer = tune(kept.services, NAME, {"p.yaml": PACK}, "quiet", [7, 14, 21], FIRST, LAST)
    assert [row["limit"] for row in answer["policies"]] == [7, 14, 21]
    for found in answer["policies"]:
        limit = found.pop("limit")
        alone = replay(kept.services, NAME, {"p": PACK.replace(b">= 14", b">= %d" % limit)}, FIRST, LAST)
        assert found | {"policy": "quiet"} == row(alone, "quiet")


@pytest.mark.parametrize(
    ("policy", "says"),
    [("no-step", "exactly one number, and it has none"), ("nobody", "no policy 'nobody'.*planted, noise")],
)
def test_what_cannot_be_tuned_is_refused_in_a_sentence(kept, policy, says):
    with pytest.raises(SettingsProblem, match=says):
        tune(kept.services, NAME, {"p.yaml": PACK}, policy, [7, 14])


def test_a_window_that_cannot_be_is_refused(kept):
    with pytest.raises(SettingsProblem, match="has not passed yet"):
        replay(kept.services, NAME, {"p.yaml": PACK}, FIRST, NOW.date())
    with pytest.raises(SettingsProblem, match="lies after"):
        replay(kept.services, NAME, {"p.yaml": PACK}, LAST, FIRST)


def test_a_connection_without_deals_has_nothing_to_tell(kept):
    answer = replay(kept.services, NAME, {"p.yaml": PACK}, FIRST, LAST)
    assert (answer["deal_days"], answer["policies"], answer["no_past"]) == (0, [], [])


def test_the_commands_answer_in_json_and_in_a_table(kept, tmp_path, capsys, monkeypatch):
    lived(kept, "d", made=date(2026, 8, 3), ended=date(2026, 9, 2), next_step=None)
    (tmp_path / "p.yaml").write_bytes(PACK)
    monkeypatch.setattr("worker.cli.common.Asked.services", lambda *_a, **_k: kept.services)
    window = ["--connection", NAME, "--from", "2026-08-01", "--to", "2026-10-31"]
    found = run(["policies", "replay", str(tmp_path / "p.yaml"), *window, "--json"], capsys)
    assert row(json.loads(found), "no-step")["lost"] == 1
    assert "no-step" in run(["policies", "replay", str(tmp_path / "p.yaml"), *window], capsys)
    table = run(["policies", "tune", "quiet", str(tmp_path / "p.yaml"), "--over", "7, 21", *window], capsys)
    assert "21" in table
    with pytest.raises(SystemExit, match="2"):
        main(["policies", "tune", "quiet", str(tmp_path / "p.yaml"), "--over", "7;21", *window])


def run(arguments, capsys):
    with pytest.raises(SystemExit, match="0"):
        main(arguments)
    return capsys.readouterr().out


def test_policies_about_other_subjects_are_named_as_not_replayed(kept):
    one = b"  - {id: %s, title: H, subject: won deal, mode: %s, flag_if: amount < 5, severity: info, points: 1,"
    pairs = ((b"handed-over", b"warn"), (b"idle", b"off"))
    text = PACK + b"".join(one % pair + b" fix: f, owner: o}\n" for pair in pairs)
    lived(kept, "won", made=FIRST, ended=FIRST + 5 * DAY, lost=False)
    answer = replay(kept.services, NAME, {"p.yaml": text}, FIRST, LAST)
    (left_out,) = answer["not_replayed"]
    assert (left_out["policy"], left_out["subject"]) == ("handed-over", "won deal")
    assert "handed-over" not in str([answer["policies"], answer["no_past"], answer["dormant"]])
    with pytest.raises(SettingsProblem, match="'handed-over' is about a won deal"):
        tune(kept.services, NAME, {"p.yaml": text}, "handed-over", [1, 2], FIRST, LAST)
