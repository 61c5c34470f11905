"""Short names of what policies mean: comments, layout, places and examples do not count."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Final

from policies.language.condition import Condition

SILENT: Final = frozenset(
    {"examples", "file", "line", "revision", "source", "criterion_examples", "digest", "files", "declared", "waivers"}
)
"""Fields that change no verdict and nothing on a record."""
YOUNGER: Final = frozenset({"actions"})
"""Fields that came after the first release: empty ones are left out, so that older policies keep their revisions."""


def revision(value: object) -> str:
    """Twelve hex digits that change with the meaning of a policy, a process or a set of them."""
    return hashlib.blake2b(repr(_plain(value)).encode(), digest_size=6).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, Condition):
        return repr(value.tree), sorted(value.filler), value.blank
    if is_dataclass(value):
        return [
            (one.name, _plain(part)) for one in fields(value) if _counts(one.name, part := getattr(value, one.name))
        ]
    if isinstance(value, Mapping):
        return sorted((key, _plain(part)) for key, part in value.items())
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    return value


def _counts(name: str, value: object) -> bool:
    return name not in SILENT and (name not in YOUNGER or bool(value))
