"""What every connector does. The contract suite in tests/contracts/ runs against each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from model.actions import Act, Receipt
    from model.sync import Budget, Cursor, Description, Draft, Look, Outcome, Page, Patch, Remark, Share


class Sharing(Protocol):
    """A first load in shares, which several workers read at once. A `pull` comes after it. Raises as `pull` does."""

    def plan(self, cursors: Mapping[str, Cursor]) -> list[Share]:
        """Shares of what was never read; none where it is little."""

    def split(self, text: str) -> list[str]:
        """Smaller shares in place of a share, as texts; none where it is small enough to be read."""

    def pages(self, text: str, after: str) -> Iterator[tuple[Page, str]]:
        """The pages of a share, each with a mark from which on it can be read later; `after`: such a mark, or blank."""


class Connector(Protocol):
    """Access to one CRM connection. One object a process, made after fork; not safe between threads."""

    batch_size: int
    """Most patches that one `push` takes."""

    @property
    def calls(self) -> int:
        """HTTP calls sent so far by this object."""

    def describe(self, *, subjects: Collection[str] = ()) -> Description:
        """What can be read and written here; raises AccessRefused, RetryLater.

        `subjects`: the tables of other subjects that can be read, too; deals are always described.
        """

    def pull(
        self, cursors: Mapping[str, Cursor], *, full: bool = False, subjects: Collection[str] = ()
    ) -> Iterator[Page]:
        """Pages from the end of `cursors` (stream → cursor); `full` reads all and gives what is `present`.

        `subjects`: also the records of these tables and what is logged on them; where they may not be read, their feeds
        do not come.
        A page is kept before the next but one is made: a connector may count on it. Raises RetryLater, BudgetSpent,
        AccessRefused between pages: what was kept stays kept.
        """

    @property
    def sharing(self) -> Sharing | None:
        """How several workers read a first load at once; None where one reader does all."""

    def read(self, ids: Sequence[str]) -> Page:
        """These deals as they stand now; ids that are gone come back with `gone` set."""

    def again(self, aside: Mapping[str, Sequence[str]]) -> Iterator[Page]:
        """Records that an earlier pass set aside, as they stand now: table → ids. `Page.asked` names those looked for.

        Records of tables that may not be read are not looked for. Raises as `pull` does.
        """

    def children(self, ids: Sequence[str]) -> Iterator[Page]:
        """What hangs on these deals as it stands now: activities, contact roles, histories.

        Asked for deals that came back, were merged into, or have a new account: no stamp tells of their children.
        Raises as `pull` does.
        """

    def whole(self, ids: Sequence[str]) -> Iterator[Page]:
        """These deals as they stand now, with all that hangs on them; ids that are gone come back with `gone` set.

        Nothing is searched for, and no page has a cursor. Raises as `pull` does.
        """

    def look(self, seen: str) -> Look:
        """What was changed lately by others than us, where the CRM can say so cheaply; `seen`: of the look before.

        Raises as `pull` does.
        """

    def deals_with(self, activities: Sequence[str]) -> Collection[str]:
        """Ids of the deals on which these activities are now. Raises as `pull` does."""

    def push(self, patches: Sequence[Patch]) -> list[Outcome]:
        """Send at most `batch_size` patches; one outcome each, in order. Fields outside `writes` are never sent.

        Raises RetryLater when the whole call may or may not have been applied: read again before sending again.
        """

    def act(self, acts: Sequence[Act]) -> list[Receipt]:
        """Do at most `batch_size` acts beyond our fields; one receipt each, in order. Safe to repeat.

        An operation's key is looked up first, so that a call with a lost reply makes nothing twice.
        `Description.acts` names the supported operations. Raises RetryLater if it is not known what was done.
        """

    def draft(self) -> Draft:
        """Mappings and processes to start from, as the org's own fields and stages suggest them."""

    def budget(self) -> Budget:
        """Calls used and allowed by the CRM's last reply."""

    def check(self, now: datetime, *, subjects: Collection[str] = ()) -> list[Remark]:
        """Sentences: what works, what is missing, what to do; `subjects`: also of these tables."""

    def provision(self, export: Path | None = None) -> list[Remark]:
        """Make our fields, permission sets and rules in the CRM, or write them below `export` for an admin."""
