"""A worker with a parent that evaluated a frame, run by test_guard.py: with the guard, or without it."""

import sys
from pathlib import Path

import polars as pl
from celery import Celery, signals

from worker.fork_guard import refuse_to_fork

socket, marker, guarded = sys.argv[1:4]
app = Celery("hanging", broker=f"redis+socket://{socket}")
app.conf.update(worker_hijack_root_logger=False, task_ignore_result=True, broker_connection_retry_on_startup=True)


def evaluate() -> int:
    """Work that makes Polars' thread pool, or waits for it for ever after a fork."""
    frame = pl.DataFrame({"deal": range(10_000), "amount": range(10_000)})
    return frame.lazy().filter(pl.col("amount") > 5).group_by("deal").agg(pl.col("amount").sum()).collect().height


@app.task(name="count")
def count() -> None:
    """Leave a mark once a frame was evaluated in the child."""
    Path(marker).write_text(str(evaluate()))


if guarded == "warm":
    evaluate()
elif guarded == "guarded":
    evaluate()
    signals.worker_before_create_process.connect(refuse_to_fork, weak=False)
else:
    signals.worker_before_create_process.connect(refuse_to_fork, weak=False)
app.send_task("count")
app.worker_main(["worker", "--concurrency=1", "--pool=prefork", "--loglevel=ERROR"])
