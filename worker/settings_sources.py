"""What is wrong with the environment or with the secrets folder, where their texts cannot be read at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PREFIX: Final = "SLUICEGATE_"
FOLDER: Final = "SLUICEGATE_SECRETS_DIR"


def source_trouble(environment: Mapping[str, str], error: Exception) -> str:
    """A sentence that names the variable or the secrets file, and never what stands in it."""
    folder = environment.get(FOLDER, "")
    files = list(_files(Path(folder))) if folder else []
    if unreadable := next((path for path in files if _text(path) is None), None):
        return f"{FOLDER}: the file {unreadable} cannot be read as UTF-8 text; save it as UTF-8."
    given = {name: text for name, text in environment.items() if name.upper().startswith(PREFIX) and name != FOLDER}
    if wrong := _no_json(given.items(), error):
        return f"{wrong}: this is no valid JSON; a value that begins with {{ or [ must be."
    if wrong := _no_json(((path.name, _text(path) or "") for path in files), error):
        return f"{FOLDER}: the file {Path(folder) / wrong} holds no valid JSON."
    return f"{FOLDER}: {folder} is no folder of secrets that can be read."


def _no_json(texts: Iterable[tuple[str, str]], error: Exception) -> str:
    """The name of the first text that should be JSON and is none; "" where there is none."""
    fields = {part.upper() for part in str(error).split('"')[1::2]}
    for name, text in texts:
        whole = name.upper().removeprefix(PREFIX).partition("__")[0] in fields
        if (whole or text.lstrip()[:1] in ("{", "[")) and not _is_json(text):
            return name
    return ""


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))


def _text(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
