"""The people of a report. Who has an id is told apart by it; a name that two people have names neither."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connectors.tables.identity import same_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from model.records import Record


def spelled(name: str) -> str:
    """A name without differences of case and blanks, `Lee, Ann` as `Ann Lee`."""
    last, comma, first = name.partition(",")
    return " ".join((f"{first} {last}" if comma else name).casefold().split())


@dataclass
class People:
    """Everybody that the files name, by id: that of the CRM where the files have it, else the name."""

    by_id: dict[str, Record] = field(default_factory=dict)
    _ids: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, person: Record) -> None:
        """One more person."""
        self.by_id[person["id"]] = person
        for text in {same_id(person["id"]), *(spelled(person[key]) for key in ("name", "username") if person.get(key))}:
            self._ids[text].append(person["id"])

    def find(self, text: Any) -> str | None:
        """The id of the one person whom an id, login or name means; None where it means nobody or several."""
        if not isinstance(text, str) or not text:
            return None
        if text in self.by_id:
            return text if len(self._ids.get(spelled(text), [text])) <= 1 or self._is_id(text) else None
        found = self._ids.get(same_id(text)) or self._ids.get(spelled(text)) or []
        return found[0] if len(found) == 1 else None

    def several(self, text: str) -> int:
        """How many people have this name."""
        return len(self._ids.get(spelled(text), []))

    def _is_id(self, text: str) -> bool:
        return self.by_id[text].get("name") != text


def owners_of(named: Mapping[str, Record], listed: Iterable[Record]) -> tuple[list[Record], list[str], People]:
    """The owners of deals, filled from the owners file, then those without a deal; names that several people have."""
    known, everybody, doubtful = People(), People(), []
    for person in listed:
        known.add(person)
    found: dict[str, Record] = {}
    for key, owner in named.items():
        match = known.find(key) or known.find(owner["name"])
        if match is None and max(known.several(key), known.several(owner["name"])) > 1:
            doubtful.append(str(owner["name"]))
        extra = known.by_id.get(match or "", {})
        found[key] = {**owner, **{column: value for column, value in extra.items() if value is not None}, "id": key}
        known.by_id.pop(match or "", None)
    for person in (*found.values(), *known.by_id.values()):
        everybody.add(person)
    for person in everybody.by_id.values():
        if "manager_id" in person:
            person["manager_id"] = everybody.find(person["manager_id"]) or person["manager_id"]
    return list(everybody.by_id.values()), doubtful, everybody
