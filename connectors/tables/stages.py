"""Open, won or lost: by yes/no columns, by a status column, by the words of the stage."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.tables.settings import TablesSettings

End: TypeAlias = Literal["open", "won", "lost"]
LOST_WORDS: Final = frozenset(
    {"lost", "disqualified", "canceled", "cancelled", "abandoned", "verloren", "perdu", "perdido"}
)
WON_WORDS: Final = frozenset({"won", "gewonnen", "gagné", "ganado"})


def end_of_word(text: str, settings: TablesSettings) -> End:
    """What a stage's or a status's own words say; words named in the settings go first."""
    if settings.won or settings.lost:
        named = text.strip().lower()
        if named in {word.lower() for word in settings.won}:
            return "won"
        if named in {word.lower() for word in settings.lost}:
            return "lost"
    words = set(re.findall(r"[^\W\d_]+", text.lower()))
    if words & LOST_WORDS and not settings.lost:
        return "lost"
    return "won" if words & WON_WORDS and not settings.won else "open"


def end_of(values: Mapping[str, Any], settings: TablesSettings) -> End:
    """How a deal stands; a yes/no column goes before the status, the status before the stage's words.

    A stage that is only marked "closed" is won at probability 1 and lost at 0.
    """
    if values.get("is_won"):
        return "won"
    if values.get("is_closed") is not None and values.get("is_won") is not None:
        return "lost" if values["is_closed"] else "open"
    for column in ("status", "stage_name"):
        end = end_of_word(values.get(column) or "", settings)
        if end != "open":
            return end
    if "close" in (values.get("stage_name") or "").lower() and values.get("probability") in {0.0, 1.0}:
        return "won" if values["probability"] == 1.0 else "lost"
    return "open"
