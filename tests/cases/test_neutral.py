"""A neutral event file in each CRM: the verdicts are those that were written by hand beside the stories."""

from __future__ import annotations

import pytest

from tests.cases import neutral
from tests.cases.neutral_verdicts import Spoken, wrong_in

STORIES = {story.id: story for story in neutral.stories() if "verdict" in story.beside}


@pytest.fixture(scope="module")
def salesforce(tmp_path_factory):
    with neutral.salesforce(tmp_path_factory.mktemp("salesforce")) as (services, player):
        yield neutral.judged(services, player, [event for story in neutral.stories() for event in story.events])


@pytest.mark.parametrize("story", STORIES)
def test_salesforce_says_what_was_written_by_hand(salesforce, story):
    said = Spoken.of(STORIES[story])
    assert wrong_in(said, [run.get(story) for run in salesforce.deals]) == []
