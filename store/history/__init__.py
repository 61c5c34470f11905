"""History: everything recorded about a connection's deals, and what was known at any instant."""

from store.history.builder import HistoryBuilder, PastRows, UnrecordedChanges, past_rows_at
from store.history.history import History
from store.history.raw import Raw

__all__ = ["History", "HistoryBuilder", "PastRows", "Raw", "UnrecordedChanges", "past_rows_at"]
