"""A connection's past as one frame: a row for each stretch of days on which nothing about a deal was recorded."""

from store.story.stories import Stories
from store.story.teller import Story, Teller, Turns

__all__ = ["Stories", "Story", "Teller", "Turns"]
