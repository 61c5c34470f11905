"""The memory: SQLite or PostgreSQL. `Store` is the only door; SQL stays in this folder."""

from store.fence import Lease
from store.mirror import Kept
from store.pauses import MANY_ACTIONS, VANISHED, Approval
from store.queue import Batch, patch_hash
from store.store import Store
from store.story import Story, Teller, Turns
from store.touches import TouchRule

__all__ = [
    "MANY_ACTIONS",
    "VANISHED",
    "Approval",
    "Batch",
    "Kept",
    "Lease",
    "Store",
    "Story",
    "Teller",
    "TouchRule",
    "Turns",
    "patch_hash",
]
