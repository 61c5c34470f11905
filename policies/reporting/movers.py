"""Who made the move that missed a criterion: a person, an integration, an automation, or nobody that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import polars as pl

    from policies.judging.verdict import Verdict

TEXTS: Final = {
    "user": "Moved by {name}.",
    "integration": "Moved by an integration{by}.",
    "automation": "Moved by an automation{by}.",
    "unknown": "Who moved it is not known.",
}


class Mover(NamedTuple):
    """Who moved a deal; `how` is one of the actors of model/widening/stage_moves.py."""

    how: str = "unknown"
    name: str | None = None

    @property
    def text(self) -> str:
        """The mover in a sentence."""
        by = f" ({self.name})" if self.name else ""
        return TEXTS[self.how].format(name=self.name or "a person", by=by)

    def to_json(self) -> dict[str, str | None]:
        """As in the evidence of docs/contract.md."""
        return {"how": self.how, "name": self.name}


def bound_with_movers(verdict: Verdict) -> pl.DataFrame:
    """What moves bind, with `actor` and `actor_name` of each move."""
    moves = verdict.wide.moves.select("key", "actor", "actor_name", moved_at="at")
    moves = moves.unique(["key", "moved_at"], keep="last", maintain_order=True)
    return verdict.bound.join(moves, on=["key", "moved_at"], how="left", maintain_order="left")
