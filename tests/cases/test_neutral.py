"""A neutral event file in each CRM: the verdicts are those that were written by hand beside the stories."""

from __future__ import annotations

import pytest

from tests.cases import neutral
from tests.cases.neutral_verdicts import Spoken, wrong_in

CRMS = {"salesforce": neutral.salesforce, "hubspot": neutral.hubspot}
EVENTS = [event for story in neutral.stories() for event in story.events]
STORIES = {story.id: story for story in neutral.stories() if "verdict" in story.beside}


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """What each CRM's runs came to, on the same events."""
    found = {}
    for name, local in CRMS.items():
        with local(tmp_path_factory.mktemp(name)) as (services, player):
            found[name] = neutral.judged(services, player, EVENTS)
    return found


@pytest.mark.parametrize("crm", CRMS)
@pytest.mark.parametrize("story", STORIES)
def test_a_crm_says_what_was_written_by_hand(both, crm, story):
    said = Spoken.of(STORIES[story])
    assert wrong_in(said, [run.get(story) for run in both[crm].deals]) == []
