"""The report's side files: owners, activities, stage history, products."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from connectors.tables.activities import NO_DEAL, rows
from connectors.tables.headers import NEEDED, SYNONYMS, known_headers, listed, mapping
from connectors.tables.people import spelled
from connectors.tables.reading import understand
from connectors.tables.sheets import read_sheet
from model.errors import SettingsProblem
from model.sync import SetAside

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from connectors.tables.activities import Deals
    from connectors.tables.people import People
    from connectors.tables.reading import Table
    from connectors.tables.settings import TablesSettings
    from connectors.tables.sheets import Row
    from model.records import Record

SAMPLE: Final = 50


def open_table(name: str, path: Path, settings: TablesSettings, order: str | None = None) -> Table:
    """A file with its columns understood; raises SettingsProblem where a column it cannot do without is missing.

    `order`: how the report writes dates.
    """
    sheet = read_sheet(path, known_headers(name, settings.named(name)), settings.encoding)
    columns = mapping(name, sheet.headers, settings.named(name), [row.cells for row in sheet.rows[:SAMPLE]])
    for needed in NEEDED[name]:
        if needed not in columns.found:
            key = needed if name == "opportunities" else f"{name}.{needed}"
            raise SettingsProblem(
                f"{path}:{sheet.header_line}: no column reads as {needed}; name it in "
                f"[connections.{settings.name}.fields] as {key!r} = 'HEADER' (check: --map {key}=HEADER). "
                f"Headers there: {listed(sheet.headers)}."
            )
    if name == "opportunities":
        _check_stage_entered(sheet.headers, settings)
        if settings.activities and (header := columns.found.pop("reported_last_activity", None)):
            columns.found["activity_hint"] = header
    return understand(name, sheet, columns, settings, order)


def _check_stage_entered(headers: tuple[str, ...], settings: TablesSettings) -> None:
    for stage, header in settings.stage_entered.items():
        if header not in headers:
            raise SettingsProblem(f"opportunities has no column {header!r} (stage_entered of {stage}).")


def owners(table: Table, aside: list[SetAside]) -> list[Record]:
    """Owners by their id; where the file has none, by their name, and two of one name by name and login."""
    read = [(row, reading.values) for row, reading in rows(table, aside, "owner")]
    names = Counter(spelled(values["name"]) for _, values in read if values["name"])
    found: dict[str, Record] = {}
    for row, values in read:
        name, login = values["name"], values.get("username")
        key = values.get("id") or (f"{name} ({login})" if name and login and names[spelled(name)] > 1 else name)
        if key is None or key in found:
            why = "has no name" if key is None else f"names {key!r} again; the first is kept"
            aside.append(_aside("owner", table, row, why))
            continue
        found[key] = {column: value for column, value in values.items() if column != "manager"} | {"id": key}
        if "manager" in values:
            found[key]["manager_id"] = values["manager"]
    return list(found.values())


def _aside(kind: str, table: Table, row: Row, why: object) -> SetAside:
    return SetAside(kind, f"{table.name} line {row.line}", f"line {row.line}: {why}")


def history(
    table: Table, deals: Deals, people: People, created: Mapping[str, Any], aside: list[SetAside]
) -> list[Record]:
    """Stage changes; the stage a deal's first row came from is the one it was created in."""
    by_deal: dict[str, list[dict[str, Any]]] = {}
    for row, reading in rows(table, aside, "stage_change"):
        values = reading.values
        deal, _, why = deals.meant(values, people)
        why = next(iter(reading.unread.values()), why)
        if not why and not (values["stage_name"] and values["at"]):
            why = "has no stage or date"
        if deal is None or why:
            aside.append(_aside("stage_change", table, row, why or NO_DEAL))
            continue
        by_deal.setdefault(deal, []).append(values)
    return [row for deal, rows in by_deal.items() for row in _changes(deal, rows, created.get(deal))]


def _changes(deal: str, rows: list[dict[str, Any]], created: Any) -> list[Record]:
    rows = sorted(rows, key=lambda values: values["at"])
    steps = [(values["at"], values["stage_name"]) for values in rows]
    start = rows[0].get("from_stage")
    if start and created is not None and created <= steps[0][0]:
        steps.insert(0, (created, start))
    return [
        {"id": f"{deal}:{place}:{stage}", "opportunity_id": deal, "at": at + timedelta(microseconds=place),
         "stage_name": stage, "actor_id": None}
        for place, (at, stage) in enumerate(steps)
    ]  # fmt: skip


def products(path: Path) -> frozenset[str]:
    """The product names of a product list: its column `product` or `name`, else its first."""
    sheet = read_sheet(path)
    wanted = SYNONYMS["opportunities"]["product"] + ("name",)
    header = next((header for header in sheet.headers if header.lower() in wanted), sheet.headers[0])
    return frozenset(sheet.column(header))
