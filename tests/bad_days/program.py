"""`sluicegate` as a machine of the bench starts it: its jobs are due every few seconds, and it has a name of its own.

BAD_DAYS in the environment is `MACHINE SECONDS FOLDER`. A machine with a name cannot see whether processes of another
one live, as on real machines. A file in FOLDER with the name of a connection has its runs end their process.
"""

import os
import signal
import socket
import sys
from datetime import timedelta
from pathlib import Path

import worker.app
import worker.cli.services
from worker.cli import main
from worker.schedule.plan import Every, Planned

MACHINE, SECONDS, FOLDER = os.environ.get("BAD_DAYS", f"{socket.gethostname()} 20 /nowhere").split()
WATCHED = {"unwatched": True}


def due(times):
    """A job is due every so many intervals."""
    return Every(timedelta(seconds=int(SECONDS) * times))


JOBS = (
    Planned("incremental", "run", due(1), WATCHED, at_once=True),
    Planned("full", "run", due(7), {"full": True, **WATCHED}),
    Planned("snapshot", "freeze", due(11)),
    Planned("prune", "prune", due(13)),
)
ordinary = worker.app.run


def run(services, name, **options):
    """A run, unless it ends its process."""
    if (Path(FOLDER) / name).exists():
        os.kill(os.getpid(), signal.SIGKILL)
    return ordinary(services, name, **options)


if __name__ == "__main__":
    socket.gethostname = lambda: MACHINE
    worker.app.run, worker.app.planned = run, lambda _settings: JOBS
    worker.cli.services.PROGRAM = "tests.bad_days.program"
    sys.exit(main())
