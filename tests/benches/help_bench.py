"""`sluicegate --help`: how long a person waits."""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median

from tests.benches.measure import Row


def run(share: float, *, times: int, folder: str) -> list[Row]:
    """The median of some starts, after one that fills the caches."""
    seconds = []
    for _ in range(times + 1):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "worker.cli", "--help"], stdout=subprocess.DEVNULL, check=True)
        seconds.append(time.perf_counter() - start)
    found = median(seconds[1:])
    return [Row(f"sluicegate --help, median of {times}", f"{found:.2f} s", "< 0.5 s", found < 0.5)]
