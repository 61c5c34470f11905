"""Everything recorded of a connection's deals, and what was known of them at any instant."""

from store.history.builder import Story, Teller, Turns, story_at
from store.history.history import History
from store.history.raw import Raw

__all__ = ["History", "Raw", "Story", "Teller", "Turns", "story_at"]
