"""`worker` and `beat`: the two processes that keep everything current."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Final

import typer

from worker.cli.common import asked, tell

if TYPE_CHECKING:
    from pathlib import Path

    from worker.settings import Settings
    from worker.started_processes import Kept

WAITING: Final = "Waiting for runs of {names}, {processes} at a time. A line appears here for each run. Ctrl-C stops."
ALONE: Final = ("--without-gossip", "--without-mingle")
"""Workers do not talk to each other: the store has what they share."""
PROGRAM = "worker.cli"
"""The module that `worker --with-beat` starts for its beat."""


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(worker)
    app.command()(beat)


def worker(
    context: typer.Context,
    concurrency: Annotated[int, typer.Option(help="processes; 0: as configured")] = 0,
    pool: Annotated[str, typer.Option(help="prefork, threads or solo")] = "prefork",
    with_beat: Annotated[
        bool, typer.Option("--with-beat", help="also send the scheduled runs, for one machine")
    ] = False,
) -> None:
    """Run scheduled work until stopped.

    Example: sluicegate --config sluicegate.toml worker --with-beat
    """
    from worker.settings import share_cores

    settings = asked(context).settings()
    processes = concurrency or settings.schedule.concurrency
    share_cores(processes)
    from worker.app import make_app
    from worker.broker import embedded_broker

    arguments = ["--quiet", "worker", f"--concurrency={processes}", f"--pool={pool}", "--loglevel=WARNING", *ALONE]
    if sys.stderr.isatty():
        tell(WAITING.format(names=", ".join(settings.connections), processes=processes), err=True)
    with embedded_broker(settings), _own_beat(asked(context).config, settings) if with_beat else nullcontext():
        make_app(settings).worker_main(arguments)


def _own_beat(config: Path | None, settings: Settings) -> Kept:
    """A beat that runs for as long as this worker."""
    from worker.broker import data_folder
    from worker.started_processes import Kept

    given = ["--config", str(config)] if config else []
    return Kept([sys.executable, "-m", PROGRAM, *given, "beat"], data_folder(settings) / "worker-beat.pid")


def beat(context: typer.Context) -> None:
    """Send the scheduled runs to the workers; several may run, and each run is sent once.

    Example: sluicegate --config sluicegate.toml beat
    """
    from worker.app import make_app
    from worker.broker import embedded_broker

    settings = asked(context).settings()
    with embedded_broker(settings):
        make_app(settings).Beat(loglevel="WARNING", quiet=True).run()
