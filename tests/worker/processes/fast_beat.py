"""`sluicegate` with a beat that sends each run every second: `python -m tests.worker.processes.fast_beat …`."""

import sys
from datetime import timedelta

import worker.app
import worker.cli.services
from worker.cli import main
from worker.schedule.plan import Every, Planned

worker.app.planned = lambda _settings: (Planned("incremental", "run", Every(timedelta(seconds=1)), at_once=True),)
worker.app.TICK_SECONDS = 0.5
worker.cli.services.PROGRAM = "tests.worker.processes.fast_beat"

if __name__ == "__main__":
    sys.exit(main())
