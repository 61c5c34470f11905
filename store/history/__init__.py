"""A connection's past as one frame: a row for each stretch of days on which nothing about a deal was recorded."""

from store.history.builder import Story, Teller, Turns
from store.history.histories import Stories

__all__ = ["Stories", "Story", "Teller", "Turns"]
