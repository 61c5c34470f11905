"""Empty SQLite stores: the migrations run once a process, every store after that is a copy."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from store import Store


def empty_store(path: Path) -> Store:
    """A store in a new file, its tables made; one that is there already is opened as it stands."""
    if not path.exists():
        path.write_bytes(_made())
    return Store.open(f"sqlite:///{path}")


@cache
def _made() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        Store.open(f"sqlite:///{path}").close()
        return path.read_bytes()
