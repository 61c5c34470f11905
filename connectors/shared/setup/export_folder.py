"""Files that a connector writes for an admin's own hands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.sync import Remark

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_files(files: Mapping[str, str], folder: Path) -> list[Remark]:
    """Write path → text below `folder`, replacing what an earlier export wrote there."""
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
    return [Remark("ok", f"{len(files)} files are written below {folder}; its README.md says what to do with them.")]
