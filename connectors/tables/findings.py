"""The findings CSV: one row a deal, its id and our fields. It is this connection's record of what was written."""

from __future__ import annotations

import csv
import hashlib
import io
from typing import TYPE_CHECKING, Final

from connectors.shared.files import replace_file
from model.errors import SettingsProblem
from model.helpers.spreadsheet_cells import inert, unescaped
from model.sync import OUR_FIELDS, FieldRule, canonical

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from model.sync import FieldValue

RULES: Final[dict[str, FieldRule]] = {
    "score": FieldRule("number", 3),
    "flag_count": FieldRule("number", 4),
    "worst_severity": FieldRule("choice"),
    "top_flag": FieldRule("text", 80),
    "flag_ids": FieldRule("text", 255),
    "reasons": FieldRule("long_text", 32_000),  # a spreadsheet's cell holds 32,767
    "gate": FieldRule("choice"),
    "missing": FieldRule("text", 255),
    "next_act": FieldRule("text", 255),
    "flagged_since": FieldRule("date"),
    "checked": FieldRule("text", 255),
}
HEADER: Final = ("id", *OUR_FIELDS)
FOREIGN: Final = "{} is no findings file of ours and is not overwritten; name another or move it."


def read_findings(path: Path) -> dict[str, dict[str, FieldValue]]:
    """Deal → our fields as written; empty where there is no file yet. Raises SettingsProblem for a foreign file."""
    if not path.exists():
        return {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) != HEADER:
                raise SettingsProblem(FOREIGN.format(path))
            return {
                unescaped(row["id"]): {name: _value(name, row[name] or "") for name in OUR_FIELDS} for row in reader
            }
    except (UnicodeDecodeError, csv.Error):
        raise SettingsProblem(FOREIGN.format(path)) from None
    except OSError as error:
        raise SettingsProblem(f"{path} cannot be read ({error.strerror}); name a file for the findings.") from error


def digest(written: Mapping[str, Mapping[str, FieldValue]]) -> str:
    """Names what stands in the findings, whatever the order of rows."""
    return hashlib.blake2b(repr(sorted(written.items())).encode(), digest_size=16).hexdigest()


def _value(name: str, text: str) -> FieldValue:
    """One of our fields; None where it is blank, or was made into something that it cannot hold."""
    if not text:
        return None
    rule = RULES[name]
    try:
        return canonical(rule, int(text) if rule.type == "number" else unescaped(text))
    except ValueError:
        return None


def write_findings(path: Path, rows: Mapping[str, Mapping[str, FieldValue]]) -> None:
    """The whole file anew, put in place at once: a reader or a crash sees the old file or the new one."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for deal in sorted(rows):
        writer.writerow([inert(deal), *(_text(rows[deal].get(name)) for name in OUR_FIELDS)])
    try:
        replace_file(path, text.getvalue().encode("utf-8-sig"))  # the mark makes spreadsheets read UTF-8
    except OSError as error:
        raise SettingsProblem(
            f"{path} cannot be written ({error.strerror}); name another file for the findings."
        ) from error


def _text(value: FieldValue) -> str:
    return "" if value is None else inert(value) if isinstance(value, str) else str(value)
