"""The report's side files: owners, activities, stage history, products."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connectors.tables.columns import NEEDED, SYNONYMS, known_headers, listed, mapping
from connectors.tables.reading import Table, understand
from connectors.tables.sheet import read_sheet
from connectors.tables.values import BadValue
from model.errors import SettingsProblem
from model.sync import SetAside

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from connectors.tables.settings import TablesSettings
    from connectors.tables.sheet import Row
    from model.records import Record

SAMPLE = 50
NO_DEAL = "names no deal that the report has"
KINDS = {"call": "call", "phone": "call", "email": "mail", "mail": "mail", "meeting": "meeting", "event": "meeting",
         "appointment": "meeting", "note": "note", "task": "task", "to do": "task"}  # fmt: skip
DONE = frozenset({"done", "completed", "complete", "closed", "held", "sent", "yes", "true", "logged"})
CANCELLED = frozenset({"cancelled", "canceled", "no show", "no-show", "rescheduled"})


def open_table(name: str, path: Path, settings: TablesSettings) -> Table:
    """A file with its columns understood; raises SettingsProblem where a column it cannot do without is missing."""
    sheet = read_sheet(path, known_headers(name, settings.named(name)))
    columns = mapping(name, sheet.headers, settings.named(name), [row.cells for row in sheet.rows[:SAMPLE]])
    if name == "opportunities" and "owner" not in columns and "owner_id" in columns:
        columns["owner"] = columns["owner_id"]
    if name == "opportunities" and "account" not in columns and "account_id" in columns:
        columns["account"] = columns["account_id"]
    for needed in NEEDED[name]:
        if needed not in columns:
            key = needed if name == "opportunities" else f"{name}.{needed}"
            raise SettingsProblem(
                f"{path}:{sheet.header_line}: no column reads as {needed}; name it in "
                f"[connections.{settings.name}.fields] as {key!r} = 'HEADER' (check: --map {key}=HEADER). "
                f"Headers there: {listed(sheet.headers)}."
            )
    if name == "opportunities":
        _check_stage_entered(sheet.headers, settings)
    return understand(name, sheet, columns, settings)


def _check_stage_entered(headers: tuple[str, ...], settings: TablesSettings) -> None:
    for stage, header in settings.stage_entered.items():
        if header not in headers:
            raise SettingsProblem(f"opportunities has no column {header!r} (stage_entered of {stage}).")


def _rows(table: Table, aside: list[SetAside], kind: str) -> Iterator[tuple[Row, dict[str, Any]]]:
    for row in table.sheet.rows:
        try:
            yield row, table.read(row)
        except BadValue as error:
            aside.append(_aside(kind, table, row, error))


def owners(table: Table, aside: list[SetAside]) -> dict[str, Record]:
    """Owners by id, which is their name where the file has no id."""
    found: dict[str, Record] = {}
    for row, values in _rows(table, aside, "owner"):
        key = values.get("id") or values["name"]
        if key is None or key in found:
            why = "has no name" if key is None else f"names {key!r} again; the first is kept"
            aside.append(_aside("owner", table, row, why))
            continue
        found[key] = {column: value for column, value in values.items() if column != "manager"} | {"id": key}
        if "manager" in values:
            found[key]["manager_id"] = values["manager"]
    return found


def activities(table: Table, deals: Collection[str], aside: list[SetAside]) -> list[Record]:
    """Logged calls, mails, meetings, notes and tasks; without a status column all of them happened."""
    found = []
    for row, values in _rows(table, aside, "activity"):
        kind = next((kind for word, kind in KINDS.items() if word in (values["kind"] or "").lower()), None)
        if kind is None or values["opportunity_id"] not in deals:
            why = f"{values['kind']!r} is no kind of activity known here" if kind is None else NO_DEAL
            aside.append(_aside("activity", table, row, why))
            continue
        state = _state(values["state"]) if "state" in values else "done"
        due = values.get("due") or (values["at"].date() if values["at"] else None)
        found.append({
            "id": values.get("id") or _name(row), "opportunity_id": values["opportunity_id"], "kind": kind,
            "state": state, "at": None if kind == "task" and state == "open" else values["at"], "due": due,
            "created": values.get("created") or values["at"], "owner_id": values.get("owner"),
            "bulk": False, "possible": False, "gone": None,
        })  # fmt: skip
    return found


def _state(text: str | None) -> str:
    word = (text or "").strip().lower()
    return "done" if word in DONE else "cancelled" if word in CANCELLED else "open"


def _name(row: Row) -> str:
    cells = "\x1f".join(row.cells.values())
    return hashlib.blake2b(f"{cells}\x1f{row.line}".encode(), digest_size=8).hexdigest()


def _aside(kind: str, table: Table, row: Row, why: object) -> SetAside:
    return SetAside(kind, f"{table.name} line {row.line}", f"line {row.line}: {why}")


def history(table: Table, created: Mapping[str, Any], aside: list[SetAside]) -> list[Record]:
    """Stage changes; the stage a deal's first row came from is the one it was created in."""
    by_deal: dict[str, list[dict[str, Any]]] = {}
    for row, values in _rows(table, aside, "stage_change"):
        if values["opportunity_id"] not in created or not values["stage_name"] or not values["at"]:
            why = "has no stage or date" if values["opportunity_id"] in created else NO_DEAL
            aside.append(_aside("stage_change", table, row, why))
            continue
        by_deal.setdefault(values["opportunity_id"], []).append(values)
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
