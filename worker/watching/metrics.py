"""The metrics by name. The pages and the alert rules are checked against this list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CONNECTION: Final = ("connection",)


@dataclass(frozen=True)
class Metric:
    """One metric. A counter only grows; a gauge is what stands now."""

    name: str
    meaning: str
    labels: tuple[str, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether it is a counter."""
        return self.name.endswith("_total")


METRICS: Final = (
    Metric("sluicegate_store_up", "1 where the store can be read; where it is 0 there are no other metrics"),
    Metric("sluicegate_store_free_bytes", "bytes left on the disk of a SQLite store"),
    Metric("sluicegate_processes_alive", "processes that are alive, of each kind: worker, beat", ("kind",)),
    Metric("sluicegate_beat_look_age_seconds", "seconds since a beat last looked at the schedule"),
    Metric("sluicegate_runs_total", "runs that ended, by how they ended", ("connection", "state")),
    Metric("sluicegate_run_seconds_total", "seconds that these runs took", ("connection", "state")),
    Metric("sluicegate_last_run", "1 for the state in which the newest run ended", ("connection", "state")),
    Metric("sluicegate_last_good_sync_age_seconds", "seconds since a run last came through", CONNECTION),
    Metric("sluicegate_sync_interval_seconds", "seconds between two incremental runs", CONNECTION),
    Metric("sluicegate_connection_paused", "1 where somebody has paused the connection", CONNECTION),
    Metric("sluicegate_run_age_seconds", "seconds for which a process has held the connection", CONNECTION),
    Metric("sluicegate_lease_age_seconds", "seconds since the holder renewed its lease; over 40 it lapsed", CONNECTION),
    Metric("sluicegate_jobs", "scheduled jobs: waiting, put off, under way, done, set aside", ("connection", "state")),
    Metric("sluicegate_job_wait_seconds", "seconds for which the oldest waiting job has been due", CONNECTION),
    Metric("sluicegate_nudges_waiting", "records on which somebody works that wait to be read at once", CONNECTION),
    Metric("sluicegate_nudge_wait_seconds", "seconds for which the oldest of them has waited", CONNECTION),
    Metric("sluicegate_feed_age_seconds", "seconds since a feed was read to its end", ("connection", "feed")),
    Metric("sluicegate_patches_total", "patches by outcome: written, refused, locked, …", ("connection", "outcome")),
    Metric("sluicegate_held", "what waits for a person since the newest run", CONNECTION),
    Metric("sluicegate_records_set_aside", "records that could not be read", CONNECTION),
    Metric("sluicegate_calls_24h", "calls to the CRM in the last 24 hours", CONNECTION),
    Metric("sluicegate_budget_calls", "the connection's share of the CRM's daily calls", CONNECTION),
    Metric("sluicegate_budget_left_calls", "calls of the share that are left", CONNECTION),
)  # fmt: skip
