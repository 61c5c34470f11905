"""Files that we write: whole or not at all, and never through a link that somebody planted at a name of ours."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from model.errors import SettingsProblem

_PUBLIC: Final = 0o644


def replace_file(path: Path, content: bytes, mode: int = _PUBLIC) -> None:
    """Put a file in place at once: a reader or a crash sees the old one or the new one. An existing one keeps its mode.

    A link at `path` is replaced, not followed. Raises SettingsProblem where nothing can be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".new")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(handle)
            if path.is_file() and not path.is_symlink():
                shutil.copymode(path, beside)
            else:
                Path(beside).chmod(mode)
            Path(beside).replace(path)
        except BaseException:  # also at Ctrl-C, no half-written file is left behind
            with suppress(OSError):
                Path(beside).unlink()
            raise
    except OSError as error:
        raise _unwritten(path, error) from None


def new_file(path: Path, content: bytes, mode: int = _PUBLIC) -> None:
    """Write a file that is not there yet. Raises SettingsProblem where it, or a link of that name, is there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode), "wb") as file:
            file.write(content)
    except FileExistsError:
        raise SettingsProblem(f"{path} is there already and is not overwritten; move it away.") from None
    except OSError as error:
        raise _unwritten(path, error) from None


def _unwritten(path: Path, error: OSError) -> SettingsProblem:
    return SettingsProblem(f"{path} cannot be written: {error.strerror or type(error).__name__}.")
