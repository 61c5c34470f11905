"""What Sluicegate keeps, on SQLite or PostgreSQL. Other packages import from here only; SQL stays in this folder."""

from store.actions import Step
from store.approvals import MANY_ACTIONS, VANISHED, Approval
from store.fence import Lease
from store.history import Raw, Story, Teller, Turns, story_at
from store.history.touches import TouchRule
from store.mirror.pages import Kept
from store.pushes.pushes import Batch
from store.pushes.receipts import patch_hash
from store.store import Store

__all__ = [
    "MANY_ACTIONS",
    "VANISHED",
    "Approval",
    "Batch",
    "Kept",
    "Lease",
    "Raw",
    "Step",
    "Store",
    "Story",
    "Teller",
    "TouchRule",
    "Turns",
    "patch_hash",
    "story_at",
]
