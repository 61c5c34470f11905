"""Policy files are read whole, or every problem of every file is reported with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.errors import PolicyProblem
from policies.files import read_policies
from policies.trying.examples import run_examples
from tests.policies.reader.files import HEAD, POLICY, PROCESS, policy, problems, read

HERE = Path(__file__).parent


def test_ten_broken_policies_are_reported_in_one_pass_with_place_and_correction():
    found = problems((HERE / "ten_broken.yaml").read_text("utf-8"))
    assert found == (HERE / "ten_broken.txt").read_text("utf-8").splitlines()
    assert len(found) == 10


def test_the_problems_of_all_files_come_together():
    with pytest.raises(PolicyProblem) as refused:
        read_policies({"b.yaml": "version: 2\n", "a.yaml": policy(points="many"), "c.yaml": "a: [1"})
    assert [problem.file for problem in refused.value.problems] == ["a.yaml", "b.yaml", "c.yaml"]


def test_a_policy_is_read_with_the_defaults_of_the_contract():
    (one,) = read(policy()).policies
    assert (one.mode, one.pausable, one.blank, one.topic, one.applies_to) == ("warn", False, "false", "", None)
    assert (one.severity, one.points, one.file, one.line) == ("warning", 15, "a.yaml", 3)
    assert one.facts == {"last_activity"}


@pytest.mark.parametrize("style", [">-\n", "|\n", "\n"])
def test_a_mistake_inside_a_block_has_the_line_and_column_it_stands_in(style):
    text = policy(flag_if=f"{style}      is_open\n      and   amout > 3\n\n      and ownr = 'x'")
    assert problems(text) == [
        "a.yaml:7:13: flag_if: unknown fact 'amout'; did you mean 'amount'?",
        "a.yaml:9:11: flag_if: unknown fact 'ownr'; did you mean 'owner'?",
    ]


def test_quotes_and_escapes_do_not_move_a_place():
    assert problems(policy(flag_if="\"owner = '\\u00e9' or amout > 3\"")) == [
        "a.yaml:5:35: flag_if: unknown fact 'amout'; did you mean 'amount'?"
    ]
    assert problems(policy(flag_if="'owner = ''it'' or amout > 3'")) == [
        "a.yaml:5:33: flag_if: unknown fact 'amout'; did you mean 'amount'?"
    ]


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("actions", "[task]", "an action is a map of keys and values, not a text"),
        ("grace_days", "-3", "grace_days is -3; it lies between 0 and 90"),
        ("at_most_share", "30", "at_most_share is a share between 0 and 1 such as 0.3, not 30"),
        ("at_most_share", "30%", "at_most_share is a share between 0 and 1 such as 0.3, not 30%"),
        ("rollout", "all", "rollout is everyone, or names teams, owners, pipelines; it is not 'all'"),
        ("rollout", "{team: [west]}", "did you mean 'teams'?"),
        ("rollout", "{teams: []}", "rollout names nobody; write everyone, or name teams, owners, pipelines"),
        ("modes", "[{where: segmnt = 'smb', mode: warn}]", "did you mean 'segment'?"),
        ("modes", "[{where: is_open, mode: loud}]", "mode is one of off, observe, warn, enforce, not 'loud'"),
        ("waivers", "[]", "waivers stand at the top of a file, beside policies, and name the policy they excuse"),
        ("calendar", "lunar", "calendar is one of calendar, business, not 'lunar'"),
        ("zone", "Europe/Berlin", "this version does not do it; leave the key out"),
        ("subject", "account", "accounts are not judged; a policy about an account has mode: off"),
        ("subject", "leed", "subject is one of opportunity, lead, account, won deal, not 'leed'; did you mean 'lead'?"),
        ("severity", "high", "severity is one of info, warning, critical, not 'high'"),
        ("points", "101", "points is 101; it lies between 0 and 100"),
        ("points", "'10'", "points is a whole number, not a text"),
        ("title", "x" * 81, "has 81 characters; 80 are the most"),
        ("title", "15", "a policy's title is a text, not a number; put it in quotes: '15'"),
        ("id", "No;Activity", "an id has small letters and digits"),
        ("pausable", "yes", "pausable is true or false, not 'yes'"),
        ("flag_if", "[is_open]", "flag_if is a text, not a list"),
        ("fix", None, "a policy has no 'fix'; add it"),
        ("flags_if", "is_open", "unknown key 'flags_if' in a policy; did you mean 'flag_if'?"),
        ("examples", "{flagged: [{last_activity: 2026-11-01}]}", "needs as_of"),
        ("examples", "{flagged: [{last_actvity: 2026-11-01, as_of: 2026-11-15}]}", "did you mean 'last_activity'?"),
        ("examples", "{flagged: [{amount: big, as_of: 2026-11-15}]}", "amount is a number, not a text"),
    ],
)
def test_a_wrong_entry_is_reported_in_words(key, value, says):
    found = problems(policy(**{key: value}))
    assert len(found) == 1
    assert says in found[0]


def test_a_policy_says_whether_its_days_are_business_days():
    (plain,), (working,) = read(policy()).policies, read(policy(calendar="business")).policies
    assert (
        working.flag_if.tree
        == read(policy(flag_if="business_days_since(last_activity) >= 14")).policies[0].flag_if.tree
    )
    assert (working.flag_if.english() != plain.flag_if.english(), working.revision != plain.revision) == (True, True)


def test_an_opportunity_is_a_subject():
    assert read(policy(subject="opportunity")).policies


def test_a_policy_about_an_account_is_read_while_it_is_off():
    (one,) = read(policy(subject="account", mode="off")).policies
    assert (one.subject, one.mode) == ("account", "off")


def test_won_deals_are_a_subject_in_every_mode_but_enforce():
    assert [read(policy(subject="won deal", mode=mode)).policies[0].mode for mode in ("off", "observe", "warn")]
    (no_actions, *_) = problems(policy(subject="won deal", mode="enforce"))
    assert no_actions.endswith("a policy about a won deal has no actions to enforce; write warn")


def test_examples_of_a_policy_about_won_deals_are_won_unless_they_say_otherwise():
    values = {"subject": "won deal", "flag_if": "amount < 5", "mode": "observe"}
    good = "{flagged: [{amount: 4}], clear: [{amount: 5}], not_applicable: [{amount: 4, is_won: false}]}"
    assert run_examples(read(policy(**values, examples=good))) == []
    (wrong,) = run_examples(read(policy(**values, examples="{flagged: [{amount: 4, is_won: false}]}")))
    assert wrong.text == "no-activity: this example should be flagged, but it is clear"


def test_an_example_to_which_the_policy_does_not_apply_says_what_it_leaves_out():
    values = {"applies_to": "is_open and pipeline = 'New'", "flag_if": "amount is blank"}
    (found,) = run_examples(read(policy(**values, examples="{flagged: [{is_open: true, amount: null}]}")))
    assert found.text == (
        "no-activity: this example should be flagged, but it is clear: applies_to does not hold for it; "
        "the example does not give pipeline"
    )
    (other,) = run_examples(read(policy(**values, examples="{flagged: [{is_open: true, pipeline: Old}]}")))
    assert other.text.endswith("but it is clear: applies_to does not hold for it")


def test_another_name_of_a_fact_is_known_in_an_example_as_in_a_condition():
    (found,) = problems(policy(flag_if="contact_count < 2", examples="{flagged: [{contacts: 1}]}"))
    assert found.endswith("unknown fact 'contacts'; did you mean 'contact_count'?")


def test_a_pause_is_refused_where_no_record_carries_a_flag():
    (refused,) = problems(policy(subject="won deal", pausable="true"))
    assert refused.endswith("a policy about a won deal puts none there; leave it out")
    assert read(policy(subject="won deal", pausable="false"))


def test_what_means_the_same_has_the_same_digest():
    plain = read(policy(applies_to="is_open and touched"))
    spread = policy(applies_to="is_open   AND touched").replace("\n    ", "\n\n    # a remark\n    ")
    assert read(spread).digest == plain.digest
    assert read(policy(applies_to="is_open and touched", points="16")).digest != plain.digest
    assert read(policy(applies_to="is_open or touched")).policies[0].revision != plain.policies[0].revision


def test_filler_of_file_and_policy_changes_the_meaning():
    text = policy(flag_if="next_step is blank", examples="{flagged: [{next_step: Later}]}")
    assert run_examples(read(text))
    assert not run_examples(read(text.replace("policies:", "filler: [later]\npolicies:")))
    assert not run_examples(read(policy(
        flag_if="next_step is blank", filler="[LATER]", examples="{flagged: [{next_step: Later}]}"
    )))  # fmt: skip


def test_an_example_that_does_not_hold_is_reported_with_its_line():
    text = policy(examples="{flagged: [{last_activity: 2026-11-02, as_of: 2026-11-15}]}")
    assert [str(problem) for problem in run_examples(read(text))] == [
        "a.yaml:10:26: no-activity: this example should be flagged, but it is clear"
    ]


def test_an_unknown_fact_makes_an_example_unknown():
    (found,) = run_examples(read(policy(examples="{clear: [{last_activity: unknown, as_of: 2026-11-15}]}")))
    assert found.text == "no-activity: this example should be clear, but it is unknown"


def test_the_example_of_the_design_is_read_as_it_stands():
    known = read((HERE / "design.yaml").read_text("utf-8"))
    assert [one.id for one in known.policies] == ["no-activity", "negotiation-over-expected"]
    assert [one.mode for one in known.policies] == ["warn", "observe"]
    assert run_examples(known) == []


def test_mapped_facts_and_picklists_are_known_when_they_are_given():
    assert "unknown fact 'tier'" in problems(policy(applies_to="tier = 'gold'"))[0]
    assert read(policy(applies_to="tier = 'gold'"), types={"tier": "choice"}, choices={"tier": ("Gold", "Silver")})
    found = problems(policy(applies_to="segment = 'SBM'"), choices={"segment": ("SMB", "Enterprise")})
    assert found == ["a.yaml:10:27: applies_to: 'SBM' is not a value of segment; did you mean 'SMB'?"]


def test_expected_days_bring_a_policy_in_observe_that_a_written_one_replaces():
    one = PROCESS.format(id="new", days=14)
    (made,) = read(f"{HEAD}processes:{one}").policies
    assert (made.id, made.mode, made.generated) == ("demo-over-expected", "observe", True)
    assert made.applies_to.text == "(pipeline = 'new') and is_open and stage = 'demo'"
    written = POLICY.replace("no-activity", "demo-over-expected")
    (own,) = read(f"{HEAD}policies:{written}processes:{one}").policies
    assert (own.mode, own.generated) == ("warn", False)


def test_two_processes_with_one_stage_id_have_a_policy_each():
    both = PROCESS.format(id="new", days=14) + PROCESS.format(id="renewal", days=21)
    assert [one.id for one in read(f"{HEAD}processes:{both}").policies] == [
        "new-demo-over-expected", "renewal-demo-over-expected",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("expected_days: [7, 14]", "expected_days: [14, 7]", "two numbers, the lower first"),
        ("id: won", "id: demo", "the stage 'demo' stands twice"),
        ("[Closed Won]", "[Demo]", "the salesforce stage 'Demo' stands in two stages"),
        ("pipeline = 'new'", "stage = 'demo'", "a process claims deals before stage is known"),
        ("salesforce: [Demo]", "saleforce: [Demo]", "unknown key 'saleforce' in names; did you mean 'salesforce'?"),
        (
            "stages:\n      - {id: demo",
            "stages: []\n    x:\n      - {id: demo",
            "a process has stages; the last is Won",
        ),
    ],
)
def test_a_wrong_process_is_reported_in_words(old, new, says):
    text = HEAD + "processes:" + PROCESS.format(id="new", days=14)
    assert old in text
    assert any(says in problem for problem in problems(text.replace(old, new)))


def test_only_one_process_may_take_what_no_other_claims():
    claim = "    applies_to: pipeline = '{id}'\n"
    both = [PROCESS.replace(claim, "").format(id=name, days=14) for name in ("new", "renewal")]
    assert problems(f"{HEAD}processes:{''.join(both)}") == [
        "a.yaml:8:5: 'renewal' and 'new' both take the deals that no other process claims; give one an applies_to"
    ]


def test_two_processes_with_one_claim_are_refused():
    both = PROCESS.format(id="new", days=14) + PROCESS.format(id="new", days=21).replace("id: new", "id: newer")
    assert problems(f"{HEAD}processes:{both}") == [
        "a.yaml:9:5: 'newer' and 'new' claim the same deals; a deal belongs to one process"
    ]


def test_a_stage_limit_of_the_process_that_takes_the_rest_leaves_the_deals_of_the_others_alone():
    rest = PROCESS.replace("    applies_to: pipeline = '{id}'\n", "").format(id="rest", days=14)
    made = read(f"{HEAD}processes:{PROCESS.format(id='new', days=21)}{rest}").policies
    assert {one.id: one.applies_to.text for one in made} == {
        "new-demo-over-expected": "(pipeline = 'new') and is_open and stage = 'demo'",
        "rest-demo-over-expected": "not ((pipeline = 'new')) and is_open and stage = 'demo'",
    }
