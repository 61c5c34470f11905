"""The door that patches leave by: fields listed under `writes`, each deal once, no more than one call takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from model.sync import Patch

Value = TypeVar("Value")


def check_patches(patches: Sequence[Patch], writes: Mapping[str, str], most: int) -> None:
    """Raise ValueError for what must not be sent; nothing has been sent then."""
    if len(patches) > most:
        raise ValueError(f"{len(patches)} patches are more than the {most} of one batch.")
    if len({patch.id for patch in patches}) < len(patches):
        raise ValueError("A batch names the same deal twice.")
    foreign = sorted({name for patch in patches for name in patch.fields} - set(writes))
    if foreign:
        raise ValueError(f"Not listed under writes, so never sent: {', '.join(foreign)}.")


def without(
    sent: Mapping[str, Mapping[str, Value]], failed: Mapping[str, Collection[str]], known: Collection[str]
) -> dict[str, dict[str, Value]]:
    """Of what was sent (deal → field → value) the deals that `failed` by some fields, with those that are left."""
    return {
        deal: {name: value for name, value in sent[deal].items() if name in known and name not in names}
        for deal, names in failed.items()
    }


def nothing_left(patch: Patch) -> str:
    """Why a patch of which nothing can be sent is refused."""
    names = ", ".join(sorted(patch.fields)) or "nothing"
    return f"none of its fields can be written ({names}); run connection check"
