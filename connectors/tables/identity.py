"""Which texts name one deal: Salesforce writes an id with 15 letters or with 18, and letter case counts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from connectors.shared.record_ids import full_id
from connectors.tables.cells import BadValue, is_blank

if TYPE_CHECKING:
    from collections.abc import Iterable

POWER: Final = re.compile(r"\d[.,]\d+E[+-]?\d+|\d+E\+\d+")
"""What a spreadsheet makes of a long number in a narrow column."""
LONGEST: Final = 255
OPPORTUNITY_PREFIX: Final = "006"


def same_id(text: str) -> str:
    """The one form of an id: two texts name one record where their forms are equal."""
    stripped = text.strip()
    return full_id(stripped) or stripped


def deal_id(text: str) -> str:
    """The id under which a deal is kept: of a Salesforce opportunity all 18 letters, as the next export may have it."""
    return same_id(text) if text.startswith(OPPORTUNITY_PREFIX) else text


def check_id(text: str) -> None:
    """Raises BadValue where a text cannot tell its deal from others."""
    if is_blank(text):
        raise BadValue("has no id")
    if POWER.fullmatch(text):
        raise BadValue(
            f"has the id {text}, which a spreadsheet shortened, so nobody can tell which deal it is; "
            "export again with the column as text"
        )
    if len(text) > LONGEST:
        raise BadValue(f"has an id of {len(text):,} characters; {LONGEST} are the most")


class Ids:
    """The deals of a report by their ids in every form."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._by_form: dict[str, str] = {same_id(one): one for one in ids}
        self._shapes = {_shape(one) for one in self._by_form.values()}

    def find(self, text: Any) -> str | None:
        """The id as the report writes it; None where the text is no id of it."""
        return self._by_form.get(same_id(text)) if isinstance(text, str) else None

    def looks_like_one(self, text: str) -> bool:
        """Whether a text is built as the ids are, so that it names a deal that the report does not have."""
        return bool(shape := _shape(text)) and shape in self._shapes


def _shape(text: str) -> str:
    """What ids of one kind have in common; nothing for a text with blanks or without digits."""
    if re.search(r"\s", text) or not re.search(r"\d", text):
        return ""
    if full_id(text):
        return text[:3]
    return re.sub(r"[0-9a-fA-F-]*\d[0-9a-fA-F-]*", "9", text)
