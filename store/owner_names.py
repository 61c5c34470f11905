"""The names of owners as they are shown: two people of one name by name and login, or by name and id."""

from __future__ import annotations

from typing import Final

NAME: Final = """CASE WHEN count(*) OVER (PARTITION BY connection, name) > 1
    THEN name || ' (' || coalesce(username, id) || ')' ELSE name END"""
OWNERS: Final = f"(SELECT connection, id, team, {NAME} AS name FROM owner)"
"""In place of the table `owner` where only names and teams are wanted."""
