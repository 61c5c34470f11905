"""The TOML file and the line of each setting, so that a message can name the place of a mistake."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from model.errors import SettingsProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

AT: Final = re.compile(r"(.*) \(at line (\d+), column (\d+)\)", re.DOTALL)
TABLE: Final = re.compile(r"\s*\[+(.+?)\]+\s*(#.*)?")
ASSIGNED: Final = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
MOST, LONGEST = 200_000, 8_000
"""Size limits of the file and of a line, in bytes. A private key on one line has about 3,300."""


@dataclass(frozen=True)
class ConfigFile:
    """The values of the file, and the line of each table and key by its path."""

    path: Path
    raw: dict[str, Any]
    lines: Mapping[tuple[str, ...], int] = field(repr=False)

    def place(self, setting: tuple[str, ...], *, absent: bool = False) -> str | None:
        """FILE:LINE of a setting, or with `absent` of the table that lacks it. None if it is not from this file."""
        line = self.lines.get(setting) or (self.lines.get(setting[:-1]) if absent else None)
        return f"{self.path}:{line}" if line else None


def read_config(path: Path) -> ConfigFile:
    """Read the file. Raises SettingsProblem with line and column if it is not TOML."""
    text = _text(path)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        found = AT.fullmatch(str(e))
        place, why = (f"{path}:{found[2]}:{found[3]}", found[1]) if found else (str(path), str(e))
        raise SettingsProblem(f"{place}: this is not TOML: {why.replace(chr(10), ' ')}.") from None
    except RecursionError:
        raise SettingsProblem(f"{path}: brackets stand too deep in each other.") from None
    except ValueError:  # Python limits the digits of a number
        raise SettingsProblem(f"{path}: a number has too many digits.") from None
    return ConfigFile(path, raw, dict(_lines(text)))


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise SettingsProblem(f"There is no config file {path}; `sluicegate init DIR` writes one.") from None
    except OSError as e:
        raise SettingsProblem(f"The config file {path} cannot be read: {e.strerror}.") from None
    if len(raw) > MOST:
        raise SettingsProblem(f"The config file {path} has {len(raw):,} bytes; {MOST:,} are the most.")
    long = next((number for number, line in enumerate(raw.split(b"\n"), 1) if len(line) > LONGEST), None)
    if long:
        raise SettingsProblem(f"{path}:{long}: a line has at most {LONGEST:,} bytes; name a file in place of the text.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        line = raw.count(b"\n", 0, e.start) + 1
        raise SettingsProblem(f"{path}:{line}: this is not UTF-8; save the file as UTF-8.") from None


def _lines(text: str) -> Iterator[tuple[tuple[str, ...], int]]:
    """Paths with their lines, in order. The last line wins for a repeated path, which TOML refuses anyway."""
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.split("\n"), 1):
        if found := TABLE.fullmatch(line):
            table = _keys(found[1])
            yield table, number
        elif found := ASSIGNED.match(line):
            yield (*table, *_keys(found[1])), number


def _keys(dotted: str) -> tuple[str, ...]:
    """Split a dotted key: `connections."my org"` gives (connections, my org). Empty if it is not a key."""
    try:
        here: Any = tomllib.loads(f"{dotted} = 1")
    except tomllib.TOMLDecodeError:
        return ()
    keys = []
    while isinstance(here, dict):
        key, here = next(iter(here.items()))
        keys.append(key)
    return tuple(keys)
