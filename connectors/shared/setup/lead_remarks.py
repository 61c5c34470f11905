"""Sentences of `connection check` on leads, whatever the CRM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.sync import Remark

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def readable(what: str, *, readable: bool, to_read: str) -> Iterator[Remark]:
    """Whether the records can be read; `to_read`: what lets us."""
    if readable:
        yield Remark("ok", f"A policy names leads; {what} can be read.")
    else:
        yield Remark("missing", f"A policy names leads, and {what} cannot be read; {to_read}.")


def fields(hidden: Iterable[tuple[str, str]]) -> Iterator[Remark]:
    """Fields and the facts or columns they were to give, which cannot be read."""
    for path, name in hidden:
        yield Remark("missing", f"{path} ({name} of leads) cannot be read: leads are unknown in it.")


def logged(*, readable: bool, to_read: str) -> Iterator[Remark]:
    """Whether what is logged on leads can be read."""
    if readable:
        yield Remark("ok", "What is logged on leads can be read.")
    else:
        yield Remark("missing", f"What is logged on leads cannot be read; {to_read}.")
