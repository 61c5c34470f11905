"""`python -m sandbox salesforce`: starts a local org and prints where it is, as one line of JSON."""

from __future__ import annotations

import argparse
import dataclasses
import gc
import json
import sys
import tempfile
import threading
from datetime import datetime
from pathlib import Path

from sandbox.salesforce import new_org, seed, seed_from_csv
from sandbox.salesforce.serving import Running, start


def main(arguments: list[str] | None = None) -> None:
    """Serve until the process is ended or its standard input closes."""
    parser = argparse.ArgumentParser(prog="python -m sandbox")
    parser.add_argument("crm", choices=["salesforce"])
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--deals", type=int, default=0, help="how many opportunities to make up")
    parser.add_argument("--csv", type=Path, help="a folder with the Maven CRM files, instead of made-up deals")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same org")
    parser.add_argument("--as-of", type=_instant, help="ISO instant with zone; the server's clock stops there")
    asked = parser.parse_args(arguments)
    org = new_org()
    if asked.csv:
        seed_from_csv(org, asked.csv)
    elif asked.deals:
        seed(org, asked.deals, asked.seed, asked.as_of)
    gc.freeze()  # the org stays as long as the process: no collection needs to look at it again
    with tempfile.TemporaryDirectory(prefix="sandbox-salesforce-") as folder:
        running = start(org, Path(folder), asked.port)
        sys.stdout.write(json.dumps(greeting(running)) + "\n")
        sys.stdout.flush()
        try:
            threading.Event().wait()
        finally:
            running.stop()


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise argparse.ArgumentTypeError("needs a zone, such as 2026-11-15T00:00:00Z")
    return found


def greeting(running: Running) -> dict[str, object]:
    """What a client must know: url, CA file, logins, and the key that signs JWTs."""
    logins = [dataclasses.asdict(login) for login in running.org.logins.all]
    key = running.org.logins.private_key
    return {"url": running.url, "ca_file": running.ca_file, "logins": logins, "private_key": key}


if __name__ == "__main__":
    main()
