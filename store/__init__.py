"""What Sluicegate keeps, on SQLite or PostgreSQL. Other packages import from here only; SQL stays in this folder."""

from store.actions import Step
from store.approvals import MANY_ACTIONS, UNDONE, VANISHED, Approval
from store.database import AWAY
from store.fence import Lease, is_dead, this_process
from store.frozen import Revisions
from store.health import Health, free_bytes, try_write
from store.history import HistoryBuilder, PastRows, Raw, UnrecordedChanges, past_rows_at
from store.history.touches import TouchRule
from store.kpis import Measured
from store.mirror.kept import Kept
from store.pushes.pushes import Batch
from store.pushes.receipts import patch_hash
from store.pushes.restored import Restored, flags_in
from store.runs.jobs import MOST_ATTEMPTS, Job, Occasion, Turn
from store.runs.processes import Kind, Process
from store.runs.run_end import DONE, KILLED, NO_ACCOUNT, RunEnd
from store.store import Store
from store.work_tables import UNDO

__all__ = [
    "AWAY",
    "DONE",
    "KILLED",
    "MANY_ACTIONS",
    "MOST_ATTEMPTS",
    "NO_ACCOUNT",
    "UNDO",
    "UNDONE",
    "VANISHED",
    "Approval",
    "Batch",
    "Health",
    "HistoryBuilder",
    "Job",
    "Kept",
    "Kind",
    "Lease",
    "Measured",
    "Occasion",
    "PastRows",
    "Process",
    "Raw",
    "Restored",
    "Revisions",
    "RunEnd",
    "Step",
    "Store",
    "TouchRule",
    "Turn",
    "UnrecordedChanges",
    "flags_in",
    "free_bytes",
    "is_dead",
    "past_rows_at",
    "patch_hash",
    "this_process",
    "try_write",
]
