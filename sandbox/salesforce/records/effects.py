"""The three moments at which an object can have behaviour of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.salesforce.org import Org
    from sandbox.salesforce.records.table import Row


class Effects:
    """An object without behaviour of its own."""

    def before(self, org: Org, old: Row | None, new: Row, given: set[str]) -> Row:
        """The row as it will be stored; `given` names the fields that the caller wrote."""
        del org, old, given
        return new

    def after(self, org: Org, old: Row | None, new: Row) -> None:
        """Write what follows into other rows."""

    def removed(self, org: Org, user_id: str, old: Row) -> None:
        """Follow a delete."""
