"""Waivers in policy files: read, added to a file's text, and ended there."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from ruamel.yaml import YAML

from model.helpers.words import did_you_mean
from model.subjects import SUBJECTS
from policies.files.node_reader import Key
from policies.files.policy import Waiver
from policies.files.vocabulary import Rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date

    from policies.files.node_reader import NodeReader
    from policies.files.vocabulary import Vocabulary
    from policies.files.yaml_tree import Node


WAIVER: Final = {
    "policy": Key(required=True), "deals": Key(), "where": Key(), "connection": Key(), "until": Key(required=True),
    "reason": Key(required=True), "approved_by": Key(required=True),
}  # fmt: skip
MAX_REASON: Final = 255
NO_REASON: Final = frozenset({"tbd", "tba", "n/a", "na", "none", "unknown", "test", "x", ".", "-", "--", "?"})
"""Texts that are never a reason, in addition to a file's own filler."""


def read_waiver(
    reader: NodeReader, node: Node, words: Vocabulary, filler: tuple[str, ...], known: Mapping[str, str]
) -> Waiver | None:
    """The waiver at a node, None where a problem is noted. `known`: id of each policy and criterion → its subject."""
    before = len(reader.problems)
    values = reader.fields(node, WAIVER, "a waiver")
    policy = reader.text(values.get("policy"), "a waiver's policy")
    if policy and policy not in known:
        reader.note(values["policy"], f"there is no policy or criterion '{policy}'{did_you_mean(policy, known)}")
    elif policy and not SUBJECTS[known[policy]].on_record:
        text = f"'{policy}' is about a {known[policy]}, whose record carries no flag: there is nothing to waive"
        reader.note(values["policy"], text)
    deals = reader.texts(values.get("deals"), "deals")
    where = words.condition(reader, values.get("where"), "where", Rules(filler))
    if ("deals" in values) == ("where" in values) or ("deals" in values and not deals):
        reader.note(node, "a waiver names the deals by their ids in 'deals', or by a condition in 'where'")
    reason = reader.text(values.get("reason"), "a waiver's reason", MAX_REASON)
    if reason and reason.casefold() in NO_REASON | {text.casefold() for text in filler}:
        reader.note(values["reason"], f"'{reason}' is filler and no reason; say why")
    until = reader.day(values.get("until"), "until")
    by = reader.text(values.get("approved_by"), "approved_by")
    connection = reader.text(values.get("connection"), "connection") or ""
    if len(reader.problems) > before or until is None or not (policy and reason and by):
        return None
    return Waiver(policy, until, reason, by, deals, where, connection, reader.file, node.line)


EMPTY: Final = "version: 1\n"
LIST: Final = "waivers"


def add_waiver(text: str, entry: Mapping[str, Any]) -> str:
    """The text of a good file (or of none) with one more waiver, the last."""
    text = text or EMPTY
    found = _list(text)
    if found is None:
        whole = text if text.endswith("\n") else f"{text}\n"
        return _ends_as(text, f"{whole}{LIST}:\n{_block(entry, 2)}\n")
    if found.flow_style:
        joint = ", " if found.value else ""
        at = _end(found.value[-1]) if found.value else found.start_mark.index + 1
        return f"{text[:at]}{joint}{{{', '.join(_entries(entry))}}}{text[at:]}"
    at = text.find("\n", _end(found))
    whole, at = (f"{text}\n", len(text) + 1) if at < 0 else (text, at + 1)
    return _ends_as(text, f"{whole[:at]}{_block(entry, found.start_mark.column)}\n{whole[at:]}")


def end_waivers(
    text: str, policy: str, deal: str, today: date, same_id: Callable[[str], str] = str.strip
) -> tuple[str, int]:
    """The text with a policy's waivers (of one deal, if given) ended yesterday, and how many were ended.

    Two texts name one deal where `same_id` makes them equal.
    """
    found = _list(text)
    entries = [_fields(node) for node in found.value] if found is not None else []
    meant = [
        entry for entry in entries if _is_in_force(entry, policy, today) and (not deal or _named(entry, deal, same_id))
    ]
    for entry in reversed(meant):  # from the end, so that the places before stay what they are
        if deal and len(entry["deals"].value) > len(named := _named(entry, deal, same_id)):
            text = _without(text, entry["deals"], named)
        else:
            until = entry["until"]
            text = _with(text, until, (today - timedelta(days=1)).isoformat())
    return text, len(meant)


def _is_in_force(entry: Mapping[str, Any], policy: str, today: date) -> bool:
    return bool(entry["policy"].value == policy and entry["until"].value >= today.isoformat())


def _named(entry: Mapping[str, Any], deal: str, same_id: Callable[[str], str]) -> list[Any]:
    """The nodes that name a deal, in whichever form."""
    listed = entry["deals"].value if "deals" in entry else ()
    return [one for one in listed if same_id(one.value) == same_id(deal)]


def _without(text: str, deals: Any, named: Sequence[Any]) -> str:
    """The text without some of the deals of a list."""
    kept = [text[one.start_mark.index : _end(one)] for one in deals.value if one not in named]
    if deals.flow_style:
        return _with(text, deals, f"[{', '.join(kept)}]")
    lines = text.splitlines(keepends=True)
    gone = {one.start_mark.line for one in named}
    return "".join(line for number, line in enumerate(lines) if number not in gone)


def _with(text: str, node: Any, words: str) -> str:
    return text[: node.start_mark.index] + words + text[_end(node) :]


def _list(text: str) -> Any:
    """The node of the waivers; None where the file has none."""
    return _fields(YAML(typ="safe", pure=True).compose(text)).get(LIST)


def _fields(node: Any) -> dict[str, Any]:
    return {key.value: value for key, value in node.value}


def _end(node: Any) -> int:
    """Where the last word of a node ends; a block's own end mark is after the comments that follow it."""
    if isinstance(node.value, list) and not node.flow_style:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _block(entry: Mapping[str, Any], column: int) -> str:
    joint = "\n" + " " * (column + 2)
    return " " * column + "- " + joint.join(_entries(entry))


def _entries(entry: Mapping[str, Any]) -> Iterator[str]:
    for key, value in entry.items():
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
