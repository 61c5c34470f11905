"""The counts of a page that was kept."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kept:
    """The counts of a page; `vanished`: marked as vanished; `held_back`: deals that the limit kept from it.

    `returned`: deals that came back or took over what belonged to another, so that their children are to be read again.
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    field_changes: int = 0
    aside: int = 0
    vanished: int = 0
    held_back: int = 0
    returned: tuple[str, ...] = ()

    def __add__(self, other: Kept) -> Kept:
        """The sum of both."""
        return Kept(*(getattr(self, name) + getattr(other, name) for name in Kept.__dataclass_fields__))
