"""`worker`, `beat` and `web`: the processes that keep everything current and say so. `worker` is `worker start`."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Final

import typer

from worker.cli.common import Json, ShortGroup, asked, say, tell

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from worker.settings import Settings

WAITING: Final = "Waiting for runs of {names}, {processes} at a time. A line appears here for each run. Ctrl-C stops."
ALONE: Final = ("--without-gossip", "--without-mingle")
"""Workers do not talk to each other: the store has what they share."""
PROGRAM = "worker.cli"
"""The module that `worker --with-beat` starts for its beat."""


WithWeb = Annotated[bool, typer.Option("--with-web", help="also serve metrics and health, as `web` does")]


class StartsByDefault(ShortGroup):
    """`worker --with-beat` is short for `worker start --with-beat`."""

    default = "start"


group = typer.Typer(
    cls=StartsByDefault,
    rich_markup_mode=None,
    help="Run scheduled work, and see who works. `start` is optional.\n\n"
    "Example: sluicegate --config sluicegate.toml worker --with-beat",
)


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(group, name="worker")
    app.command()(beat)
    app.command()(web)


@group.command()
def status(context: typer.Context, as_json: Json = False) -> None:
    """Show workers and beats, and of each connection its last good run, what is due, what runs and what waits.

    Example: sluicegate worker status
    """
    from worker.cli.screen.status import show_status
    from worker.watching.status import status as answer

    found = answer(asked(context).services())
    say(found, as_json, lambda: show_status(found))


@group.command()
def start(
    context: typer.Context,
    concurrency: Annotated[int, typer.Option(help="processes; 0: as configured")] = 0,
    pool: Annotated[str, typer.Option(help="prefork, threads or solo")] = "prefork",
    with_beat: Annotated[
        bool, typer.Option("--with-beat", help="also send the scheduled runs, for one machine")
    ] = False,
    with_web: WithWeb = False,
) -> None:
    """Run scheduled work until stopped. `start` is optional.

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
    config, own = asked(context).config, [*(["beat"] if with_beat else []), *(["web"] if with_web else [])]
    with embedded_broker(settings), _beside(config, settings, "worker", own):
        make_app(settings, asked(context).settings).worker_main(arguments)


def _beside(config: Path | None, settings: Settings, us: str, commands: Sequence[str]) -> ExitStack:
    """Processes that run these commands for as long as this one."""
    from worker.broker import data_folder
    from worker.started_processes import Kept

    given = ["--config", str(config)] if config else []
    running = ExitStack()
    for command in commands:
        file = data_folder(settings) / f"{us}-{command}.pid"
        running.enter_context(Kept([sys.executable, "-m", PROGRAM, *given, command], file))
    return running


def beat(context: typer.Context, with_web: WithWeb = False) -> None:
    """Send the scheduled runs to the workers; several may run, and each run is sent once.

    Example: sluicegate --config sluicegate.toml beat
    """
    from worker.app import make_app
    from worker.broker import embedded_broker

    settings = asked(context).settings()
    with embedded_broker(settings), _beside(asked(context).config, settings, "beat", ["web"] if with_web else []):
        make_app(settings, asked(context).settings).Beat(loglevel="WARNING", quiet=True).run()


def web(context: typer.Context) -> None:
    """Serve `/metrics` for Prometheus, `/healthz` (this process lives), `/readyz` (store and broker can be reached).

    Also takes webhooks of CRMs at `/webhooks/KIND/CONNECTION`.

    Example: sluicegate --config sluicegate.toml web
    """
    from worker.app import make_app, sender_of
    from worker.current_settings import Current
    from worker.log import start_logging
    from worker.watching.web import serve

    settings = asked(context).settings()
    start_logging()
    services = Current(settings, asked(context).settings)
    serve(services, settings, sender_of(make_app(settings), settings, services).tick_noted)
