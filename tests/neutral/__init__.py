"""A sales organisation that belongs to no CRM: what happened in it, event by event, for the seeds of every sandbox."""

from tests.neutral.events import KINDS, Event, read_events, write_events
from tests.neutral.lives import random_lives
from tests.neutral.stories import Story, read_stories

__all__ = ["KINDS", "Event", "Story", "random_lives", "read_events", "read_stories", "write_events"]
