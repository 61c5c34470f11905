"""The log as people see it on a terminal: a line for each run."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

COLOURS: Final = {"info": "green", "warning": "yellow", "error": "red", "critical": "red"}
DETAILS: Final = ("begun", "ended", "why", "problems", "exception")
"""Values that are shown below a line."""
HIDDEN: Final = frozenset({"event", "level", "timestamp", "connection", "exc_info", "_record", "_from_structlog"})


def line(_logger: object, _method: str, event: dict[str, Any]) -> str:
    """One event: when, on which connection, and what happened; a run says its outcome, time, calls and counts."""
    from rich.console import Console
    from rich.text import Text

    level = str(event.get("level", "info"))
    at = datetime.fromisoformat(str(event["timestamp"])).astimezone()
    text = Text(f"{at:%H:%M:%S}  {event.get('connection', '')!s:<12}  ")
    text.append(_what(event), COLOURS.get(level, ""))
    for name in DETAILS:
        for detail in _listed(event.get(name)):
            text.append(f"\n{'':10}{name}: {detail}")
    console = Console(force_terminal=True, width=None, highlight=False)
    with console.capture() as captured:
        console.print(text, soft_wrap=True)
    return captured.get().rstrip("\n")


def _what(event: dict[str, Any]) -> str:
    """What happened, in a line."""
    if event["event"] != "run ended":
        more = (f"{name} {value}" for name, value in event.items() if name not in {*HIDDEN, *DETAILS})
        return ", ".join([str(event["event"]), *more])
    counts = [f"{n:,} {what.replace('_', ' ')}" for what, n in event["counts"].items() if n]
    took = f"{event['seconds']} s, {event['calls']:,} calls"
    return ", ".join([f"run {event['run']} {event['kind']}: {event['outcome']}", took, *counts])


def _listed(value: Any) -> list[Any]:
    return [] if not value else value if isinstance(value, list) else [value]
