"""Object types, property definitions and groups."""

from sandbox.hubspot.schema.standard import GROUPS, parse_property

__all__ = ["GROUPS", "parse_property"]
