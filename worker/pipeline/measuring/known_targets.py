"""The targets file of a connection, with its owners and teams as the deals have them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from model.errors import SettingsProblem
from model.helpers.words import likely
from worker import side_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from worker.pipeline.session import Session


@dataclass(frozen=True)
class Known:
    """Owners by name, login or id, and teams, each in small letters; `team_of`: the team of an owner."""

    owners: Mapping[str, tuple[str, ...]]
    teams: Mapping[str, str]
    team_of: Mapping[str, str | None]

    def owner(self, word: str) -> str:
        """The owner's name as the deals have it. Raises ValueError with what is wrong."""
        found = self.owners.get(word.casefold(), ())
        if not found:
            names = sorted({name for names in self.owners.values() for name in names})
            raise ValueError(f"no owner is called '{word}'{likely(word, names)}")
        if len(found) > 1:
            raise ValueError(f"'{word}' names {len(found)} owners; write one of {', '.join(sorted(found))}.")
        return found[0]

    def team(self, word: str) -> str:
        """The team as the deals have it. Raises ValueError with what is wrong."""
        if word.casefold() not in self.teams:
            raise ValueError(f"no owner is in a team '{word}'{likely(word, sorted(self.teams.values()))}")
        return self.teams[word.casefold()]


def targets(session: Session, deals: pl.DataFrame) -> pl.DataFrame | None:
    """The targets file as a frame, or None. Raises SettingsProblem for an owner or a team that nobody knows.

    `deals` has the columns owner and team. The team of an owner's target is the owner's, as the deals have it.
    """
    from kpis.targets import TARGETS

    if session.connection.targets is None:
        return None
    path, known = session.services.settings.path(session.connection.targets), _known(session, deals)
    rows = side_files.all_of([partial(_named, path, row, known) for row in side_files.targets(path)])
    return pl.DataFrame(rows, schema=TARGETS)


def _named(path: Path, row: dict[str, Any], known: Known) -> dict[str, Any]:
    line = row.pop("line")
    try:
        team = known.team(row["team"]) if row["team"] else None
        if row["owner"] is None:
            return {**row, "team": team}
        owner = known.owner(row["owner"])
    except ValueError as e:
        raise SettingsProblem(f"{path}:{line}: {e}") from None
    return {**row, "owner": owner, "team": known.team_of.get(owner) if known.teams else team}


def _known(session: Session, deals: pl.DataFrame) -> Known:
    records = session.store.mirror.records(session.name, "owner")
    alike = Counter(record["name"] for record in records)
    owners: dict[str, set[str]] = {}
    team_of: dict[str, str | None] = {}
    for record in records:
        login = record["username"] or record["id"]
        shown = f"{record['name']} ({login})" if alike[record["name"]] > 1 else record["name"]
        team_of[shown] = record["team"]
        for word in (record["name"], shown, record["username"], record["id"]):
            owners.setdefault((word or "").casefold(), set()).add(shown)
    for person in _people(session):
        for shown in owners.setdefault(person["owner"].casefold(), {person["owner"]}):
            team_of[shown] = person["team"] or team_of.get(shown)
    for owner, team in deals.select("owner", "team").unique().drop_nulls("owner").iter_rows():
        owners.setdefault(owner.casefold(), {owner})
        team_of[owner] = team or team_of.get(owner)
    names = {word: tuple(found) for word, found in owners.items() if word}
    return Known(names, _small(team for team in team_of.values() if team), team_of)


def _people(session: Session) -> list[dict[str, Any]]:
    path = session.connection.people
    return side_files.people(session.services.settings.path(path)) if path else []


def _small(words: Iterable[str]) -> dict[str, str]:
    return {word.casefold(): word for word in words}
