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

TEMPLATE = """\
# An exported report, where the CRM has no API; docs/reports.md has all files and headers:
# [connections.report]
# kind = "tables"
# timezone = "UTC"
# currency = "USD"
#
# [connections.report.files]
# opportunities = "exports/deals.csv"   # a row a deal
# owners = "exports/owners.csv"         # these may be left out
# activities = "exports/activities.csv"
# history = "exports/history.csv"
"""
_PATHS = ("opportunities", "owners", "activities", "history", "products", "findings")
_WORDS = ("stage_entered", "won", "lost", "open", "dates", "decimal", "encoding")


class FilesSettings(Closed):
    """An exported report and its side files."""

    opportunities: Path = Field(description="CSV or XLSX with a row a deal")
    owners: Path | None = Field(None, description="owners with team and manager")
    activities: Path | None = Field(None, description="activities")
    history: Path | None = Field(None, description="stage changes")
    products: Path | None = Field(None, description="products, to check their names")
    findings: Path | None = Field(None, description="where the findings go; absent: beside the report")
    stage_entered: dict[str, str] = Field(default_factory=dict, description="stage = header of its entry date")
    won: tuple[str, ...] = Field((), description="stages that mean won, beside those whose words say so")
    lost: tuple[str, ...] = Field((), description="stages that mean lost, beside those whose words say so")
    open: tuple[str, ...] = Field((), description="stages and statuses that mean open, whatever their words say")
    dates: Literal["dmy", "mdy", "ymd"] | None = Field(None, description="order of day, month and year")
    decimal: Literal[".", ","] | None = Field(None, description="the decimal sign")
    encoding: str | None = Field(None, description="of the CSV files, such as windows-1250; absent: found out")


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
