"""Small parts of the JSON Schema of policy files."""

from __future__ import annotations

from typing import Any, TypeAlias

from policies.files.node_reader import ID, MAX_ID

Schema: TypeAlias = "dict[str, Any]"


def condition(what: str) -> Schema:
    """A condition; `what` it is about."""
    return {"type": ["string", "boolean"], "description": f"{what}: facts, and or not, = != < <= > >=, in, is blank"}


def text(what: str, most: int) -> Schema:
    """A text of one line."""
    return {"type": "string", "minLength": 1, "maxLength": most, "description": what}


def whole(most: int, what: str) -> Schema:
    """A whole number from 0."""
    return {"type": "integer", "minimum": 0, "maximum": most, "description": what}


def texts(what: str) -> Schema:
    """A list of texts."""
    return {"type": "array", "items": {"type": "string"}, "description": what}


def identifier(what: str) -> Schema:
    """An id: small letters and digits, joined by - or _."""
    return {"type": "string", "pattern": f"^{ID.pattern}$", "maxLength": MAX_ID, "description": what}
