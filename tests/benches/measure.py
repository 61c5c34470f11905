"""What a bench reports: rows with a figure, its bound and whether it was met; seconds and memory of this process."""

from __future__ import annotations

import resource
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Row:
    """One line of the table; `met` is None where the issue sets no bound."""

    what: str
    figure: str
    bound: str = ""
    met: bool | None = None
    cpu: float | None = None
    peak_mb: int | None = None


@dataclass
class Took:
    """Seconds of a block, on the clock and of this process's own work (all threads)."""

    wall: float = 0.0
    cpu: float = 0.0


@contextmanager
def took() -> Iterator[Took]:
    """Measures the block."""
    found, wall, cpu = Took(), time.perf_counter(), time.process_time()
    yield found
    found.wall, found.cpu = time.perf_counter() - wall, time.process_time() - cpu


def peak_mb() -> int:
    """The most memory that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def seconds(what: str, found: Took, most: float, *, memory: float | None = None) -> Row:
    """A row for a time and, where given, a memory bound (MB)."""
    bound = f"< {most:g} s" + (f", < {memory:g} MB" if memory else "")
    met = found.wall < most and (memory is None or peak_mb() < memory)
    return Row(what, f"{found.wall:.2f} s", bound, met, found.cpu, peak_mb())
