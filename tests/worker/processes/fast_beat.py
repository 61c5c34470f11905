"""`sluicegate` with a beat that sends each run every second: `python -m tests.worker.processes.fast_beat …`."""

import sys

import worker.app
from worker.cli import main

worker.app.beat_schedule = lambda settings: {
    f"{name} incremental": {"task": "sluicegate.run", "schedule": 1.0, "args": [name]} for name in settings.connections
}
worker.app.ONE_BEAT["beat_max_loop_interval"] = 1

if __name__ == "__main__":
    sys.exit(main())
