"""A neutral event file in each CRM, judged by one policy file on four days.

Beside 158 of the deals stands a verdict that was written by hand from the design; of all deals both CRMs say the same.
`python -m tests.cases.neutral` takes 2,000 deals, this test a part of them.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.cases import neutral
from tests.cases.neutral_differences import differences
from tests.cases.neutral_verdicts import Spoken, wrong_in
from tests.neutral.events import KINDS, read_events, write_events

CRMS = {"salesforce": neutral.salesforce, "hubspot": neutral.hubspot}
STORIES = {story.id: story for story in neutral.stories() if "verdict" in story.beside}
DEALS = 600
"""Of the 2,000, the stories and the first lives."""
FEWEST = 3


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """What each CRM's runs came to, on the same event file."""
    events = read_events(write_events(neutral.event_file(DEALS)))
    found = {}
    for name, local in CRMS.items():
        with local(tmp_path_factory.mktemp(name)) as (services, player):
            found[name] = neutral.judged(services, player, events)
    return found


@pytest.mark.parametrize("crm", CRMS)
@pytest.mark.parametrize("story", STORIES)
def test_a_crm_says_what_was_written_by_hand(both, crm, story):
    found = Spoken.of(STORIES[story])
    assert wrong_in(found, [run.get(story) for run in both[crm].deals]) == []


def test_both_say_the_same_of_each_deal_on_each_day_on_the_record_and_in_every_kpi(both):
    one, other = both.values()
    assert differences(one, other) == []
    assert len(one.deals[-1]) > 0.98 * DEALS
    assert len(one.kpis) > 500


def test_the_event_file_has_every_kind_of_event_and_the_stories_every_rule_thrice():
    events = neutral.event_file(DEALS)
    assert {event.what for event in events} == KINDS.keys()
    assert len({event.deal for event in events} - {""}) == DEALS
    shown = Counter(rule for story in STORIES.values() for rule in story.beside["shows"])
    assert {rule: count for rule, count in shown.items() if count < FEWEST} == {}


def test_each_story_says_why():
    assert [story.id for story in STORIES.values() if not story.beside.get("why")] == []


def test_an_event_file_reads_as_it_was_written_and_names_the_line_that_is_no_event():
    events = neutral.event_file(300)
    lines = list(write_events(events))
    assert read_events(lines) == events
    with pytest.raises(ValueError, match="line 2: "):
        read_events([lines[0], '{"at": "2026-11-02T09:00:00+00:00", "actor": "rep", "deal": "x", "what": "sang"}'])
