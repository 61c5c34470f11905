"""`chaos`: faults in random order while people edit; afterwards everything must be as if nothing had happened."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from store import AWAY
from tests.bad_days.checks import differences
from tests.bad_days.estate import LAG_SECONDS
from tests.bad_days.faults import Mischief, drawn, wait
from tests.bad_days.people import at_work
from tests.bad_days.supervisor import until
from worker.wiring import now

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from tests.bad_days.estate import Estate


BURST: Final = 10
"""After so many faults a run has to come through before the next one, however slow the machine is."""


def chaos(estate: Estate, asked: Namespace, say: Callable[[str], None]) -> int:
    """Play the faults and say what became of them; 1 where something is not as it must be."""
    mischief, counted, start = Mischief(estate), Counter[str](), time.monotonic()
    end = start + asked.minutes * 60
    with at_work(estate, asked.seed, asked.pause) as teams:
        for fault in drawn(asked.seed, asked.faults, asked.gap, asked.first, tuple(asked.only)):
            if not wait(fault.pause, end):
                say(f"The time is over; --from {fault.number} goes on.")
                break
            what = mischief.play(fault)
            counted[fault.name] += 1
            if counted.total() % BURST == 0:
                _breathe(estate)
            say(f"{time.monotonic() - start:6.1f} s  {fault.number:>4}  {fault.name:<38} {what}")
        mischief.over()
    edits, refused = sum(team.done.total() for team in teams), sum(len(team.faults) for team in teams)
    minutes = (time.monotonic() - start) / 60
    say(f"How the runs ended: {dict(_states(estate))}")
    say(f"{counted.total()} faults, {edits} edits and {refused} refused ones in {minutes:.1f} minutes.")
    since = now()
    seconds = until(lambda: estate.current(since), 600, "everything current")
    say(f"Everything was current {seconds:.0f} s after the last fault had ended.")
    seen = now() + timedelta(seconds=LAG_SECONDS)
    until(lambda: estate.current(seen), 600, "a run that every search can serve")
    until(lambda: not estate.given_up(), 30 * estate.shape.seconds, "what was set aside")
    found = differences(estate)
    for name, times in sorted(counted.items()):
        say(f"{times:>5} × {name}")
    say("\n".join(found) or "Nothing is amiss.")
    return int(bool(found) or seconds > asked.within)


def _breathe(estate: Estate) -> None:
    """Wait until one more run has come through; a database that is away is waited for."""
    done = 0

    def more() -> bool:
        nonlocal done
        try:
            found = _states(estate)["done"]
        except AWAY:
            return False
        done = done or found
        return found > done

    until(more, 900, "a run between the faults")


def _states(estate: Estate) -> Counter[str]:
    runs = [run for one in estate.offices for run in estate.store.runs.latest(one.name, 100_000)]
    return Counter(str(run["state"]) for run in runs)
