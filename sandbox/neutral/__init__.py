"""A sales organisation that belongs to no CRM: what happened in it, event by event, for the seeds of every sandbox."""

from sandbox.neutral.events import KINDS, Event, read_events, write_events
from sandbox.neutral.lives import random_lives
from sandbox.neutral.stories import Story, read_stories

__all__ = ["KINDS", "Event", "Story", "random_lives", "read_events", "read_stories", "write_events"]
