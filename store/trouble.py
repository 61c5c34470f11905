"""What a database's errors mean to an operator. Their own texts may carry rows of customers or parts of a password."""

from __future__ import annotations

import errno
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from model.errors import RetryLater, StoreProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from model.errors import SluicegateError

FULL: Final = "The disk that holds the store is full. Free some space there; nothing that was kept is lost."
READ_ONLY: Final = "The store cannot be written: its file or its disk is read-only."
_SENTENCES: Final[dict[str, SluicegateError]] = {
    "SQLITE_FULL": StoreProblem(FULL),
    "53100": StoreProblem(FULL),
    "SQLITE_READONLY": StoreProblem(READ_ONLY),
    "25006": StoreProblem(READ_ONLY),
    "SQLITE_CORRUPT": StoreProblem("The store's file is damaged. Restore it from a backup; a full run fills it again."),
    "SQLITE_NOTADB": StoreProblem("The file that [store] url names is no SQLite database."),
    "SQLITE_IOERR": StoreProblem("The disk that holds the store reports an error; it may be full or broken."),
    "SQLITE_BUSY": RetryLater("Another process has kept the store locked for 30 seconds."),
    "40": RetryLater("The database rolled back a transaction in favour of another one."),
    "53": RetryLater("The store is short of connections or memory."),
    "55P03": RetryLater("Another process keeps a part of the store locked."),
    "57014": RetryLater("The database cancelled a statement."),
}
_PHRASES: Final = {
    "password authentication failed": "the server refuses the user or the password",
    "no password supplied": "the server asks for a password and the url has none",
    "does not exist": "the server has no such user or database",
    "resolve host": "its host cannot be found",
    "translate host": "its host cannot be found",
    "refused": "nothing listens at its host and port",
    "timeout": "its host does not answer",
    "unable to open": "there is no such folder, or our user may not write there",
}
"""What connecting may fail of: words of the database's text → ours."""
_AWAY: Final = ("08", "57P")
"""How PostgreSQL's codes begin where the server went away."""


_STATEMENT: Final = ("SQLITE_ERROR", "SQLITE_MISUSE")
"""Codes of a statement that is wrong in itself; their texts name tables and columns and hold no row."""
_CANNOT_OPEN: Final = "SQLITE_CANTOPEN"


class StoreFault(Exception):
    """A statement that the database refuses; names the kind of error alone."""


@contextmanager
def spoken() -> Iterator[None]:
    """Raise what an error of the database means, without its text; one that says that it is away stays as it is."""
    try:
        yield
    except Exception as error:
        if not isinstance(error, sa.exc.DBAPIError | sqlite3.Error) and not type(error).__module__.startswith(
            "psycopg"
        ):
            raise
        said = meaning(error)
        if isinstance(said, RetryLater):
            raise
        raise said from None


def meaning(error: Exception) -> Exception:
    """The error to raise for one of the database or of the disk."""
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, OSError):
        return StoreProblem(FULL) if cause.errno == errno.ENOSPC else StoreFault(str(cause.strerror).lower())
    code = str(getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or "")
    if known := next((said for begin, said in _SENTENCES.items() if code.startswith(begin)), None):
        return type(known)(str(known))
    if code.startswith(_AWAY) or (type(cause).__name__ == "OperationalError" and (not code or code == _CANNOT_OPEN)):
        why = next((said for words, said in _PHRASES.items() if words in str(cause)), "it has ended the connection")
        return RetryLater(f"The store cannot be reached: {why}.")
    why = f": {str(cause).splitlines()[0]}" if code in _STATEMENT or code.startswith("42") else ""
    return StoreFault(f"the database refuses a statement: {type(cause).__name__} {code}{why}".rstrip())
