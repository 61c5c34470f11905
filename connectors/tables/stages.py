"""Open, won or lost: by the settings, by yes/no columns, by a status column, by the words of the stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.tables.headers import end_in_words, says_open

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.tables.headers import End
    from connectors.tables.settings import TablesSettings


def named_end(text: str, settings: TablesSettings) -> End | None:
    """What the settings say of a stage or status."""
    word = text.strip().casefold()
    ends: tuple[tuple[End, tuple[str, ...]], ...] = (
        ("won", settings.won), ("lost", settings.lost), ("open", settings.open),
    )  # fmt: skip
    return next((end for end, words in ends if word in {one.strip().casefold() for one in words}), None)


def end_of_word(text: str, settings: TablesSettings) -> End | None:
    """What the settings say of a stage or status, else its own words; None where neither says anything."""
    return named_end(text, settings) or end_in_words(text)


def end_of(values: Mapping[str, Any], settings: TablesSettings) -> End | None:
    """How a deal stands; None where its status is a word that nobody knows.

    The settings go before yes/no columns, those before the status, the status before the stage's words.
    """
    status, stage = values.get("status") or "", values.get("stage_name") or ""
    named = named_end(stage, settings) or named_end(status, settings)
    return named or _by_yes_no(values) or _by_words(status, stage, values)


def _by_yes_no(values: Mapping[str, Any]) -> End | None:
    won, closed = values.get("is_won"), values.get("is_closed")
    if won:
        return "won"
    if closed is False:
        return "open"
    if closed and won is False:
        return "lost"
    return None


def _by_words(status: str, stage: str, values: Mapping[str, Any]) -> End | None:
    ends = [end for end in (end_in_words(status), end_in_words(stage)) if end]
    how = next((end for end in ends if end != "closed"), None)
    if how and not says_open(status):
        return how
    if ends or values.get("is_closed"):
        return _by_probability(values) if not says_open(status) else "open"
    return "open" if not status or says_open(status) or status == stage else None


def _by_probability(values: Mapping[str, Any]) -> End:
    """A deal that is only marked as closed is won at probability 1 and lost at 0."""
    ends: dict[float, End] = {1.0: "won", 0.0: "lost"}
    return ends.get(values.get("probability", -1.0), "closed")
