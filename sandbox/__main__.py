"""`python -m sandbox salesforce|hubspot`: starts a local CRM and prints where it is, as one line of JSON."""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tempfile
import threading
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def main(arguments: list[str] | None = None) -> None:
    """Serve until the process is ended or its standard input closes."""
    parser = argparse.ArgumentParser(prog="python -m sandbox")
    parser.add_argument("crm", choices=["salesforce", "hubspot"])
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--deals", type=int, default=0, help="how many opportunities to make up")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same org")
    parser.add_argument("--unlimited", action="store_true", help="hubspot: no limits of calls, for measuring")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer, for measuring")
    parser.add_argument("--as-of", type=_instant, help="ISO instant with zone; the server's clock stops there")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix=f"sandbox-{asked.crm}-") as folder:
        started, stop = (_hubspot if asked.crm == "hubspot" else _salesforce)(asked, Path(folder))
        gc.freeze()  # the CRM stays as long as the process: no collection needs to look at it again
        sys.stdout.write(json.dumps(started) + "\n")
        sys.stdout.flush()
        try:
            threading.Event().wait()
        finally:
            stop()


def _salesforce(asked: argparse.Namespace, folder: Path) -> tuple[dict[str, Any], Callable[[], None]]:
    from sandbox.salesforce import new_org, seed
    from sandbox.salesforce.api.control import logins
    from sandbox.salesforce.serving import start

    org = new_org()
    if asked.deals:
        seed(org, asked.deals, asked.seed, asked.as_of)
    org.faults.latency = asked.latency
    running = start(org, folder, asked.port)
    return {"url": running.url, "ca_file": running.ca_file, **logins(org)}, running.stop


def _hubspot(asked: argparse.Namespace, folder: Path) -> tuple[dict[str, Any], Callable[[], None]]:
    from sandbox.hubspot import Settings, new_portal, seed
    from sandbox.hubspot.api.control import logins
    from sandbox.hubspot.serving import start

    del folder
    portal = new_portal(Settings(window=0, daily=0, searches=0) if asked.unlimited else None)
    if asked.deals:
        seed(portal, asked.deals, asked.seed, asked.as_of)
    portal.faults.latency = asked.latency
    running = start(portal, asked.port)
    return {"url": running.url, **logins(portal)}, running.stop


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise argparse.ArgumentTypeError("needs a zone, such as 2026-11-15T00:00:00Z")
    return found


if __name__ == "__main__":
    main()
