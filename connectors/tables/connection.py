"""An exported report in the config file, and its reader's settings."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - pydantic reads it when the class is made
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from connectors.shared.connection import Closed, ConnectionSettings
from connectors.shared.opening import mapped
from model.errors import SettingsProblem

if TYPE_CHECKING:
    from connectors.shared.opening import Opening
    from connectors.tables.settings import TablesSettings

_PATHS = ("opportunities", "owners", "activities", "history", "products", "findings")
_WORDS = ("stage_entered", "won", "lost", "dates", "decimal")


class FilesSettings(Closed):
    """An exported report and its side files."""

    opportunities: Path = Field(description="CSV with a row a deal")
    owners: Path | None = Field(None, description="CSV of owners with team and manager")
    activities: Path | None = Field(None, description="CSV of activities")
    history: Path | None = Field(None, description="CSV of stage changes")
    products: Path | None = Field(None, description="CSV of products, to check their names")
    findings: Path | None = Field(None, description="where the findings go; absent: beside the report")
    stage_entered: dict[str, str] = Field(default_factory=dict, description="stage = header of its entry date")
    won: tuple[str, ...] = Field((), description="stages that mean won; absent: by their words")
    lost: tuple[str, ...] = Field((), description="stages that mean lost; absent: by their words")
    dates: Literal["dmy", "mdy", "ymd"] | None = Field(None, description="order of day, month and year")
    decimal: Literal[".", ","] | None = Field(None, description="the decimal sign")


class TablesConnection(ConnectionSettings):
    """One report; `fields` may name columns of its other files."""

    names_columns: ClassVar[bool] = True

    kind: Literal["tables"] = Field(description="which connector")
    files: FilesSettings | None = Field(None, description="the exported report")


def reader_settings(connection: TablesConnection, opening: Opening) -> TablesSettings:
    """What the reader takes; raises SettingsProblem where no report is named."""
    from connectors.tables.settings import TablesSettings

    files = connection.files
    if files is None:
        raise SettingsProblem(f"connections.{opening.name}.files.opportunities is missing: name the exported report.")
    paths = {key: getattr(files, key) for key in _PATHS}
    values: dict[str, Any] = {key: opening.home / path if path else None for key, path in paths.items()}
    values |= {key: getattr(files, key) for key in _WORDS}
    fields = {fact: mapped(field)["field"] for fact, field in connection.fields.items()}
    return TablesSettings(
        name=opening.name, fields=fields, currency=connection.currency or "USD", zone=connection.timezone, **values
    )
