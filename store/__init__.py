"""What Sluicegate keeps, on SQLite or PostgreSQL. Other packages import from here only; SQL stays in this folder."""

from store.actions import Step
from store.approvals import MANY_ACTIONS, UNDONE, VANISHED, Approval
from store.database import AWAY
from store.erasure.people import PREFIX, Person
from store.fence import Lease, is_dead, this_process
from store.frozen import Revisions
from store.history import HistoryBuilder, PastRows, Raw, UnrecordedChanges, past_rows_at
from store.history.touches import TouchRule
from store.kpis import Measured
from store.mirror.kept import Kept
from store.mirror.shares import Claimed, Collected
from store.pushes.pushes import Batch
from store.pushes.receipts import patch_hash
from store.pushes.restored import Restored, flags_in
from store.runs.calls import Reported, Used
from store.runs.connections import description_text
from store.runs.jobs import MOST_ATTEMPTS, Job, Occasion, Turn
from store.runs.nudges import Nudge
from store.runs.run_end import DONE, KILLED, NO_ACCOUNT, RunEnd
from store.store import Store
from store.verdicts.due import JUDGED, DueDeals, LastJudging
from store.watch.health import Health, free_bytes, try_write
from store.watch.processes import Kind, Process
from store.work_rows import Joined, WorkRows
from store.work_tables import UNDO

__all__ = [
    "AWAY",
    "DONE",
    "JUDGED",
    "KILLED",
    "MANY_ACTIONS",
    "MOST_ATTEMPTS",
    "NO_ACCOUNT",
    "PREFIX",
    "UNDO",
    "UNDONE",
    "VANISHED",
    "Approval",
    "Batch",
    "Claimed",
    "Collected",
    "DueDeals",
    "Health",
    "HistoryBuilder",
    "Job",
    "Joined",
    "Kept",
    "Kind",
    "LastJudging",
    "Lease",
    "Measured",
    "Nudge",
    "Occasion",
    "PastRows",
    "Person",
    "Process",
    "Raw",
    "Reported",
    "Restored",
    "Revisions",
    "RunEnd",
    "Step",
    "Store",
    "TouchRule",
    "Turn",
    "UnrecordedChanges",
    "Used",
    "WorkRows",
    "description_text",
    "flags_in",
    "free_bytes",
    "is_dead",
    "past_rows_at",
    "patch_hash",
    "this_process",
    "try_write",
]
