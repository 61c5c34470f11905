"""Files that a connector writes for an admin's own hands."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from connectors.shared.files import replace_file
from model.errors import SettingsProblem
from model.sync import Remark

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LIST: Final = ".sluicegate-export"
"""The file that names what an export wrote, with a digest of each file."""


def write_files(files: Mapping[str, str], folder: Path) -> list[Remark]:
    """Write path → text below `folder`. An earlier export's files are replaced; anything else there is left alone.

    Raises SettingsProblem, before anything is written, for a file that no export wrote and for a link.
    """
    known = _written_before(folder)
    for path, text in files.items():
        _mind(folder, path, text, known)
    for path, text in files.items():
        replace_file(folder / path, text.encode())
    listed = known | {path: _digest(text.encode()) for path, text in files.items()}
    replace_file(folder / LIST, "".join(f"{digest}  {path}\n" for path, digest in sorted(listed.items())).encode())
    return [Remark("ok", f"{len(files)} files are written below {folder}; its README.md says what to do with them.")]


def _mind(folder: Path, path: str, text: str, known: Mapping[str, str]) -> None:
    target = folder / path
    between = [folder / part for part in list(target.relative_to(folder).parents)[:-1]]
    if link := next((place for place in (target, *between) if place.is_symlink()), None):
        raise SettingsProblem(f"{link} is a link; nothing is written through it. Remove it, or name another folder.")
    if not target.exists():
        return
    there = _digest(target.read_bytes()) if target.is_file() else ""
    if there not in (_digest(text.encode()), known.get(path)):
        raise SettingsProblem(
            f"{target} was not written by an export, or was changed since, and is not overwritten; move it away, or "
            "name another folder."
        )


def _written_before(folder: Path) -> dict[str, str]:
    """Path → digest of the files that earlier exports wrote."""
    listed = folder / LIST
    if listed.is_symlink() or not listed.is_file():
        return {}
    lines = (line.partition("  ") for line in listed.read_text("utf-8", errors="replace").splitlines())
    return {path: digest for digest, _, path in lines}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
