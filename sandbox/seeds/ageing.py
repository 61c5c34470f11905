"""How long a deal may stay in a stage, as the documents of the seven stages say: repeated here so that labels need no
judge. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

EXPECTED: Final = {
    "prospecting": 5, "qualification": 7, "discovery": 14, "demo": 14, "proposal": 21, "negotiation": 30, "closing": 10,
}  # fmt: skip
"""Most days that a stage is expected to take; it stands in for the stage's median where none was measured."""
PLACES: Final = (
    "prospecting", "qualification", "discovery", "demo", "demo", "demo", "proposal", "negotiation", "closing",
)  # fmt: skip
"""Stage of the documents by the index of the CRM's open stage: three stages of the CRM are one demo."""
OVER_EXPECTED: Final = tuple(f"{stage}_over_expected" for stage in EXPECTED)
AGEING_LABELS: Final = ("over_1_5_median", "stuck_twice_median", *OVER_EXPECTED)
_NEAR = 1
"""Days from a limit within which a deal is not labelled."""


def ageing_labels(visits: Sequence[tuple[int | str, int]]) -> dict[str, bool]:
    """Labels by the days that an open deal has spent in its stage; `visits` as in a Plan."""
    stage = _place(visits[-1][0])
    days = sum(stay for place, stay in _stays(visits) if _place(place) == stage)
    limits = {
        f"{stage}_over_expected": EXPECTED[stage],
        "over_1_5_median": 1.5 * EXPECTED[stage],
        "stuck_twice_median": 2 * EXPECTED[stage],
    }
    return {name: days > limit for name, limit in limits.items() if abs(days - limit) > _NEAR}


def _stays(visits: Sequence[tuple[int | str, int]]) -> Iterator[tuple[int | str, int]]:
    """Stage and days of each visit since the deal was created or last opened again, the last one until now."""
    closed = max((n for n, (place, _) in enumerate(visits) if isinstance(place, str)), default=-1)
    spell = visits[closed + 1 :]
    for (place, entered), left in zip(spell, [*(day for _, day in spell[1:]), 0], strict=True):
        yield place, entered - left


def _place(place: int | str) -> str:
    return place if isinstance(place, str) else PLACES[place]
