"""What `worker` shows on a terminal: a line for each run, with what is wrong below it."""

import re

from worker.log_lines.screen import line

END = {
    "event": "run ended", "level": "warning", "timestamp": "2026-11-29T12:00:00Z", "connection": "acme", "run": 12,
    "kind": "incremental", "trigger": "schedule", "outcome": "done", "seconds": 3.2, "calls": 1200,
    "counts": {"pulled": 40, "held": 0, "retry_later": 2}, "begun": ["refused: No"],
}  # fmt: skip


def plain(event):
    return re.sub(r"\x1b\[[0-9;]*m", "", line(None, "", event))


def test_a_run_is_one_line_and_new_trouble_stands_below_it():
    first, second = plain(END).splitlines()
    assert first.endswith("run 12 incremental: done, 3.2 s, 1,200 calls, 40 pulled, 2 retry later")
    assert "acme" in first
    assert second.strip() == "begun: refused: No"


def test_any_other_line_says_what_happened_with_its_values():
    event = {"event": "the database is away", "level": "warning", "timestamp": END["timestamp"], "run": 3}
    assert plain(event).endswith("the database is away, run 3")
