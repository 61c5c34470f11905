"""Waivers written into the text of a policy file, and ended there: everything else in it stays as people wrote it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from ruamel.yaml import YAML

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

EMPTY: Final = "version: 1\n"
LIST: Final = "waivers"


def added(text: str, said: Mapping[str, Any]) -> str:
    """The text of a good file (or of none) with one more waiver, the last."""
    text = text or EMPTY
    found = _list(text)
    if found is None:
        whole = text if text.endswith("\n") else f"{text}\n"
        return _ends_as(text, f"{whole}{LIST}:\n{_block(said, 2)}\n")
    if found.flow_style:
        joint = ", " if found.value else ""
        at = _end(found.value[-1]) if found.value else found.start_mark.index + 1
        return f"{text[:at]}{joint}{{{', '.join(_entries(said))}}}{text[at:]}"
    at = text.find("\n", _end(found))
    whole, at = (f"{text}\n", len(text) + 1) if at < 0 else (text, at + 1)
    return _ends_as(text, f"{whole[:at]}{_block(said, found.start_mark.column)}\n{whole[at:]}")


def ended(text: str, policy: str, deal: str, today: date) -> tuple[str, int]:
    """The text with the waivers of a policy (or what they say of one deal) ended by yesterday; how many those were."""
    found = _list(text)
    entries = [_fields(node) for node in found.value] if found is not None else []
    meant = [entry for entry in entries if _is_meant(entry, policy, deal, today)]
    for entry in reversed(meant):  # from the end, so that the places before stay what they are
        if deal and len(entry["deals"].value) > 1:
            text = _without(text, entry["deals"], deal)
        else:
            until = entry["until"]
            text = _with(text, until, (today - timedelta(days=1)).isoformat())
    return text, len(meant)


def _is_meant(entry: Mapping[str, Any], policy: str, deal: str, today: date) -> bool:
    named = not deal or ("deals" in entry and deal in [one.value for one in entry["deals"].value])
    return entry["policy"].value == policy and named and entry["until"].value >= today.isoformat()


def _without(text: str, deals: Any, deal: str) -> str:
    """The text without one of several deals of a list."""
    kept = [text[one.start_mark.index : _end(one)] for one in deals.value if one.value != deal]
    if deals.flow_style:
        return _with(text, deals, f"[{', '.join(kept)}]")
    lines = text.splitlines(keepends=True)
    gone = {one.start_mark.line for one in deals.value if one.value == deal}
    return "".join(line for number, line in enumerate(lines) if number not in gone)


def _with(text: str, node: Any, words: str) -> str:
    return text[: node.start_mark.index] + words + text[_end(node) :]


def _list(text: str) -> Any:
    """The node of the waivers; None where the file has none."""
    return _fields(YAML(typ="safe", pure=True).compose(text)).get(LIST)


def _fields(node: Any) -> dict[str, Any]:
    return {key.value: value for key, value in node.value}


def _end(node: Any) -> int:
    """Where the last word of a node ends; a block's own end lies behind the comments that follow it."""
    if isinstance(node.value, list) and not node.flow_style:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _block(said: Mapping[str, Any], column: int) -> str:
    joint = "\n" + " " * (column + 2)
    return " " * column + "- " + joint.join(_entries(said))


def _entries(said: Mapping[str, Any]) -> Iterator[str]:
    for key, value in said.items():
        if value:
            yield f"{key}: {_written(value)}"


def _written(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_quoted, value))}]"
    return _quoted(value) if isinstance(value, str) else str(value)


def _quoted(text: str) -> str:
    return "'" + " ".join(text.split()).replace("'", "''") + "'"


def _ends_as(text: str, changed: str) -> str:
    """The changed text with the line ends of the text."""
    return changed.replace("\r\n", "\n").replace("\n", "\r\n") if "\r\n" in text else changed
