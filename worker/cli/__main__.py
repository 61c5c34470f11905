"""`python -m worker.cli`: the same as `sluicegate`."""

from worker.cli import main

main()
