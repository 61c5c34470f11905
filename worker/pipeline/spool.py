"""Values on disk, so that memory holds one of them at a time."""

from __future__ import annotations

import pickle
import shutil
import weakref
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")


class Spool(Generic[T]):
    """Values in the order in which they were added; a single one stays in memory.

    Further ones lie in files of a private temporary folder, which goes with the spool.
    """

    def __init__(self) -> None:
        self._only: list[T] = []
        self._folder: Path | None = None
        self._count = 0

    def add(self, value: T) -> None:
        """Put a value behind the others."""
        if self._count == 0:
            self._only = [value]
        else:
            if self._folder is None:
                self._folder = Path(mkdtemp(prefix="sluicegate-"))
                weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
                self._write(self._folder / "0", self._only.pop())
            self._write(self._folder / str(self._count), value)
        self._count += 1

    def __len__(self) -> int:
        """How many values there are."""
        return self._count

    def __iter__(self) -> Iterator[T]:
        """Each value, read anew where it lies on disk."""
        if self._folder is None:
            yield from self._only
        else:
            yield from (self._read(self._folder / str(number)) for number in range(self._count))

    def _write(self, path: Path, value: T) -> None:
        with path.open("wb") as file:
            pickle.dump(value, file, protocol=pickle.HIGHEST_PROTOCOL)

    def _read(self, path: Path) -> T:
        with path.open("rb") as file:
            value: T = pickle.load(file)  # noqa: S301 - written by this process into its own private folder
            return value
