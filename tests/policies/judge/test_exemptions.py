"""What keeps a broken policy off a deal's record: where it is observed, who waived it, and time to mend it."""

from datetime import date

import orjson
import pytest

from model.previous_verdict import PreviousVerdict
from model.process import Rollout
from policies.files import ModeCase, Waiver
from policies.judging.context import Context
from policies.judging.judge import judge
from policies.reporting.exemption_reasons import exemption_sentences
from policies.reporting.report import report_on
from tests.policies.judge import views
from tests.policies.judge.build import blank, compare, criterion, day, moves, policies, policy, process, wide, yes

STALE = {"id": "006A", "last_activity": date(2026, 11, 3), "team": "West", "owner": "Ann", "next_step": None}
WEST = Rollout(compare("team", "=", "west"))
GUARDED = Context(open_to_all=False)
UNTIL = date(2026, 11, 30)


def judged(*deals, rules, context=None, previous=None, **more):
    return judge(wide(*deals, **more), policies(*rules), previous or PreviousVerdict(), context or Context())


def flags(v):
    return [orjson.loads(flag) for flag in views.findings(v)["flag"]]


def exemptions(v):
    return [flag.get("excuse") and flag["excuse"]["why"] for flag in flags(v)]


def waiver(**fields):
    given = {"policy": "no-activity", "until": UNTIL, "reason": "In court", "approved_by": "Joan", "deals": ("006A",)}
    return Waiver(**given | fields)


def test_without_a_rollout_a_policy_is_only_observed_unless_it_is_open_to_all():
    v = judged(STALE, rules=[policy()], context=GUARDED)
    assert (exemptions(v), views.findings(v)["shown"].to_list()) == (["observed"], [False])
    assert views.scores(v).row(0) == (1, None, "every policy is only observed here")
    assert views.findings(judged(STALE, rules=[policy()]))["shown"].to_list() == [True]


def test_a_rollout_opens_a_policy_to_the_teams_it_names():
    east, nobody = STALE | {"team": "East"}, STALE | {"team": None}
    v = judged(STALE, east, nobody, rules=[policy(rollout=WEST)], context=GUARDED)
    assert views.findings(v)["shown"].to_list() == [True, False, False]
    assert views.scores(v)["score"].to_list() == [85, None, None]
    assert [flag["mode"] for flag in flags(v)] == ["warn", "observe", "observe"]


def test_a_rollout_to_everyone_opens_it_and_one_by_an_unread_team_does_not():
    hidden = STALE | {"unknown": ["team"]}
    v = judged(hidden, rules=[policy(rollout=Rollout()), policy("no-step", blank("next_step"), rollout=WEST)],
               context=GUARDED)  # fmt: skip
    assert views.findings(v).select("policy", "shown").rows() == [("no-activity", True), ("no-step", False)]


def test_where_the_team_can_no_longer_be_read_nothing_goes_off_a_record_and_no_flag_comes_on():
    rules = [policy(rollout=WEST), policy("no-step", blank("next_step"), rollout=WEST)]
    stepped, east = STALE | {"next_step": "Demo"}, STALE | {"team": "East"}
    before = judged(stepped, east, rules=rules, context=GUARDED)
    hidden = [STALE | {"unknown": ["team"], "next_step": None}, east | {"unknown": ["team"]}]
    after = judged(*hidden, rules=rules, context=GUARDED, previous=views.previous(before))
    shown = views.findings(after).filter("shown").select("key", "policy").rows()
    assert shown == [(1, "no-activity")]
    assert views.scores(after)["score"].to_list() == views.scores(before)["score"].to_list() == [85, None]
    mended = judged(hidden[0] | {"last_activity": date(2026, 12, 1)}, rules=rules, context=GUARDED,
                    previous=views.previous(after))  # fmt: skip
    assert views.scores(mended)["score"].to_list() == [100]


def test_a_rollout_counts_where_it_is_named_though_the_connection_is_open_to_all():
    v = judged(STALE | {"team": "East"}, rules=[policy(rollout=WEST)])
    assert exemptions(v) == ["observed"]


def test_what_is_only_observed_on_a_deal_does_not_count_in_its_coverage():
    unreadable = STALE | {"team": "East", "unknown": ["last_activity"]}
    v = judged(unreadable, rules=[policy(points=90, rollout=WEST), policy("no-step", blank("next_step"), points=10)])
    assert views.scores(v)["score"].to_list() == [90]


def test_the_first_case_that_holds_says_the_mode():
    cases = (
        ModeCase(compare("owner", "=", "bob"), "off"),
        ModeCase(compare("team", "=", "west"), "observe"),
    )
    east, bob = STALE | {"team": "East"}, STALE | {"owner": "Bob"}
    v = judged(STALE, east, bob, rules=[policy(modes=cases)])
    assert v.frame["no-activity.applies"].to_list() == [True, True, False]
    assert [(flag["mode"], flag["shown"]) for flag in flags(v)] == [("observe", False), ("warn", True)]


def test_a_policy_that_is_off_may_warn_in_one_segment():
    cases = (ModeCase(compare("team", "=", "west"), "warn"),)
    v = judged(STALE, STALE | {"team": "East"}, rules=[policy(mode="off", modes=cases)])
    assert views.findings(v).select("key", "shown").rows() == [(1, True)]
    assert views.scores(v)["score"].to_list() == [85, 100]


def test_a_case_on_an_unknown_fact_leaves_the_policys_own_mode():
    cases = (ModeCase(compare("team", "=", "west"), "off"),)
    v = judged(STALE | {"unknown": ["team"]}, rules=[policy(modes=cases)])
    assert views.findings(v)["shown"].to_list() == [True]


def test_a_waived_deal_costs_nothing_and_says_who_waived_it_until_when():
    v = judged(STALE, STALE | {"id": "006B"}, rules=[policy()], context=Context(waivers=(waiver(),)))
    assert views.findings(v)["shown"].to_list() == [False, True]
    assert views.scores(v)["score"].to_list() == [100, 85]
    assert flags(v)[0]["excuse"] == {
        "why": "waived", "until": "2026-11-30", "text": "Waived until 30 Nov 2026 by Joan: In court",
    }  # fmt: skip
    assert exemption_sentences(v)[1] == ["No activity: waived until 30 Nov 2026."]


def test_of_two_waivers_the_one_that_ends_last_says_until_when():
    both = waiver(until=date(2026, 11, 25)), waiver(until=date(2026, 12, 31), reason="Still in court")
    v = judged(STALE, rules=[policy()], context=Context(waivers=both))
    assert exemption_sentences(v)[1] == ["No activity: waived until 31 Dec 2026."]
    assert flags(v)[0]["excuse"]["text"] == "Waived until 31 Dec 2026 by Joan: Still in court"


@pytest.mark.parametrize(("on", "shown"), [("2026-11-30", False), ("2026-12-01", True)])
def test_a_waiver_holds_through_its_last_day_and_not_a_day_longer(on, shown):
    v = judged(STALE, rules=[policy()], context=Context(waivers=(waiver(),)), on=day(on))
    assert views.findings(v)["shown"].to_list() == [shown]


def test_a_waiver_by_condition_excuses_the_deals_it_surely_holds_for():
    by_owner = waiver(deals=(), where=compare("owner", "=", "ann"))
    v = judged(STALE, STALE | {"owner": "Bob"}, STALE | {"unknown": ["owner"]}, rules=[policy()],
               context=Context(waivers=(by_owner,)))  # fmt: skip
    assert views.findings(v)["shown"].to_list() == [False, True, True]


def test_a_waived_criterion_is_no_part_of_the_gate():
    found = process(discovery=((), (criterion("pain", yes("pain_identified")),)))
    gone_on = moves(1, "2026-11-01 discovery", "2026-11-05 proposal")
    path = "sales/discovery/pain"
    deal = {"id": "006A", "stage": "proposal", "pain_identified": False}
    first = {path: day("2026-10-01")}
    for waivers, gate, score in [((), "breached", 90), ((waiver(policy=path),), "clear", 100)]:
        v = judge(
            wide(deal, moves=gone_on), policies(processes=(found,)), PreviousVerdict(), Context(7, first, waivers)
        )
        assert (views.gates(v)["gate"].item(), views.scores(v)["score"].item()) == (gate, score)
    waiting = wide({"id": "006A", "pain_identified": False}, moves=moves(1, "2026-11-01 discovery"))
    v = judge(waiting, policies(processes=(found,)), PreviousVerdict(), Context(7, first, (waiver(policy=path),)))
    assert (views.gates(v)["gate"].item(), orjson.loads(views.deals(v)["detail"].item())["missing"]) == ("clear", [])


def test_grace_gives_a_broken_deal_its_days_from_when_it_was_first_found():
    rules = [policy(grace_days=3)]
    previous, shown = PreviousVerdict(), []
    for on in ("2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23"):
        v = judged(STALE, rules=rules, previous=previous, on=day(on))
        previous, shown = views.previous(v), [*shown, views.findings(v)["shown"].item()]
    assert shown == [False, False, False, True]
    assert exemptions(judged(STALE, rules=rules)) == ["grace"]


def test_a_flag_past_its_grace_gets_no_other_grace_because_its_fact_was_unreadable_for_a_day():
    previous, shown = PreviousVerdict(), []
    unreadable = STALE | {"unknown": ["last_activity"]}
    for on, deal in [("2026-11-20", STALE), ("2026-11-23", STALE), ("2026-11-24", unreadable), ("2026-11-25", STALE)]:
        v = judged(deal, rules=[policy(grace_days=3)], previous=previous, on=day(on))
        previous, shown = views.previous(v), [*shown, views.findings(v)["shown"].item()]
    assert shown == [False, True, True, True]


def test_what_stands_in_grace_says_the_same_every_day():
    first = judged(STALE, rules=[policy(grace_days=3)])
    second = judged(STALE, rules=[policy(grace_days=3)], previous=views.previous(first), on=day("2026-11-21"))
    assert views.findings(second).equals(views.findings(first))


@pytest.mark.parametrize(
    ("taken_over", "shown"),
    [("2026-11-06", True), ("2026-11-09", False), ("2026-10-01", True)],  # ten business days before Fri 20 Nov
)
def test_a_new_owner_has_ten_business_days_before_a_missing_touch_is_flagged(taken_over, shown):
    deal = STALE | {"owner_since": day(taken_over), "created": date(2026, 9, 1)}
    v = judged(deal, rules=[policy()], context=Context(owner_grace=10))
    assert views.findings(v)["shown"].to_list() == [shown]


def test_who_had_the_deal_from_the_start_is_no_new_owner_and_other_policies_do_not_wait():
    mine = STALE | {"owner_since": date(2026, 11, 18), "created": date(2026, 11, 18)}
    handed = STALE | {"owner_since": date(2026, 11, 18), "created": date(2026, 9, 1), "next_step": None}
    rules = [policy(), policy("no-step", blank("next_step"))]
    v = judged(mine | {"next_step": "x"}, handed, rules=rules, context=Context(owner_grace=10))
    assert views.findings(v).select("key", "policy", "shown").rows() == [
        (1, "no-activity", True), (2, "no-activity", False), (2, "no-step", True),
    ]  # fmt: skip


def test_an_excused_flag_of_an_unreadable_fact_leaves_the_record():
    seen = judged(STALE, rules=[policy()])
    unreadable = judged(STALE | {"unknown": ["last_activity"]}, rules=[policy()], previous=views.previous(seen),
                  context=Context(waivers=(waiver(),)))  # fmt: skip
    assert views.findings(unreadable).select("status", "shown").rows() == [("unknown", False)]


def test_a_waived_deal_that_cannot_be_judged_says_that_it_is_waived():
    v = judged(STALE | {"unknown": ["last_activity"]}, rules=[policy()], context=Context(waivers=(waiver(),)))
    assert "No activity: waived until 30 Nov 2026." in orjson.loads(views.deals(v)["detail"].item())["checked"]


def test_the_ledger_still_adds_up_to_the_score():
    rules = [policy(), policy("no-step", blank("next_step"), points=20)]
    v = judged(STALE, rules=rules, context=Context(waivers=(waiver(),)))
    assert sum(points for _, points in views.ledger(report_on(v), 1)) == views.scores(v)["score"].item() == 80
