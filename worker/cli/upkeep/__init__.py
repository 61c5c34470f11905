"""Commands that look after the store of a connection: remove it, forget a person, show its budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.cli.upkeep import budget, forget, prune, remove

if TYPE_CHECKING:
    import typer


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line; those of one connection stand under `connection`."""
    budget.add_to()
    prune.add_to()
    remove.add_to()
    forget.add_to(app)
