"""The memory: SQLite or PostgreSQL. `Store` is the only door; SQL stays in this folder."""

from store.fence import Lease
from store.history import Raw, Story, Teller, Turns, story_at
from store.history.touches import TouchRule
from store.mirror.pages import Kept
from store.pushes.queue import Batch, patch_hash
from store.store import Store
from store.verdicts.pauses import MANY_ACTIONS, VANISHED, Approval

__all__ = [
    "MANY_ACTIONS",
    "VANISHED",
    "Approval",
    "Batch",
    "Kept",
    "Lease",
    "Raw",
    "Store",
    "Story",
    "Teller",
    "TouchRule",
    "Turns",
    "patch_hash",
    "story_at",
]
