"""Everything recorded of a connection's deals, and what was known of them at any instant."""

from store.history.builder import Story, Teller, Turns, story_at
from store.history.histories import Stories
from store.history.raw import Raw

__all__ = ["Raw", "Stories", "Story", "Teller", "Turns", "story_at"]
