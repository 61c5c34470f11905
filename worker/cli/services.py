"""`worker` and `beat`: the two processes that keep everything current."""

from __future__ import annotations

from typing import Annotated

import typer

from worker.cli.common import asked


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

    arguments = ["worker", f"--concurrency={processes}", f"--pool={pool}", "--loglevel=WARNING"]
    with embedded_broker(settings):
        make_app(settings).worker_main([*arguments, *(["--beat"] if with_beat else [])])


def beat(context: typer.Context) -> None:
    """Send the scheduled runs to the workers; with Redis several may run, one of them sends.

    Example: sluicegate --config sluicegate.toml beat
    """
    from worker.app import make_app
    from worker.broker import embedded_broker

    settings = asked(context).settings()
    with embedded_broker(settings):
        make_app(settings).Beat(loglevel="WARNING").run()
