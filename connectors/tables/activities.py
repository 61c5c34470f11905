"""The file of activities: what happened, what is planned, and on which deal."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any, Final

from connectors.tables.cells import BadValue
from connectors.tables.identity import Ids
from model.sync import SetAside

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connectors.tables.people import People
    from connectors.tables.reading import Reading, Table
    from connectors.tables.sheets import Row
    from model.records import Record

KINDS: Final = {
    "call": "call", "phone": "call", "voicemail": "call", "email": "mail", "e-mail": "mail", "mail": "mail",
    "sms": "mail", "text message": "mail", "whatsapp": "mail", "linkedin": "mail", "letter": "mail", "chat": "mail",
    "meeting": "meeting", "event": "meeting", "appointment": "meeting", "lunch": "meeting", "dinner": "meeting",
    "demo": "meeting", "visit": "meeting", "webinar": "meeting", "note": "note", "task": "task", "to do": "task",
    "todo": "task", "to-do": "task", "deadline": "task", "follow-up": "task", "follow up": "task", "reminder": "task",
    "inbound": "call", "outbound": "call",
}  # fmt: skip
DONE: Final = frozenset({
    "done", "completed", "complete", "closed", "held", "sent", "yes", "y", "true", "1", "logged", "received",
    "connected", "no answer", "left voicemail", "left live message", "busy", "wrong number", "made", "finished",
})  # fmt: skip
CANCELLED: Final = frozenset({
    "cancelled", "canceled", "no show", "no-show", "rescheduled", "deleted", "missed", "failed", "bounced", "draft",
})  # fmt: skip
OPEN: Final = frozenset({
    "open", "not started", "in progress", "planned", "scheduled", "to do", "todo", "to-do", "no", "n", "false", "0",
    "pending", "upcoming", "waiting on someone else", "waiting for input", "deferred", "not done", "overdue", "",
})  # fmt: skip
NO_DEAL: Final = "names no deal that the report has"


@dataclass
class Doubts:
    """Deals whose activity cannot be known: a plan or a touch of unknown age may be theirs."""

    plans: set[str] = field(default_factory=set)
    possible: dict[str, Record] = field(default_factory=dict)

    def add(self, deal: str, record: Record) -> None:
        """An activity that may belong to the deal. Of touches the newest is enough."""
        if record["state"] == "open" or record["at"] is None:
            self.plans.add(deal)
            return
        known = self.possible.get(deal)
        if known is None or known["at"] < record["at"]:
            self.possible[deal] = record | {"id": f"{record['id']}:{deal}", "opportunity_id": deal, "possible": True}


class Deals:
    """The deals of a report by id, name, account and owner."""

    def __init__(self, deals: Sequence[Record], accounts: dict[str, Record]) -> None:
        self.ids = Ids(deal["id"] for deal in deals)
        self._by: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for deal in deals:
            account = deal.get("account_id")
            texts = (("name", deal.get("name")), ("account", account), ("owner", deal.get("owner_id")),
                     ("account", accounts.get(account or "", {}).get("name")))  # fmt: skip
            for what, text in texts:
                if text and deal["id"] not in self._by[what][_squeezed(text)]:
                    self._by[what][_squeezed(text)].append(deal["id"])

    def meant(self, values: dict[str, Any], people: People) -> tuple[str | None, list[str], str]:
        """The deal that a row of a side file names; or those that it may belong to; or why none."""
        texts = [text for key in ("opportunity_id", "opportunity_name") if (text := values.get(key))]
        if found := next(filter(None, map(self.ids.find, texts)), None):
            return found, [], ""
        named = [self._by["name"].get(_squeezed(text), []) for text in texts]
        if one := next((deals for deals in named if len(deals) == 1), None):
            return one[0], [], ""
        if several := next(filter(None, named), None):
            return None, several, "names several deals"
        if any(map(self.ids.looks_like_one, texts)):
            return None, [], NO_DEAL
        owner = _owner(values, people) or ""
        near = self._by["account"].get(_squeezed(values.get("account") or "")) or self._by["owner"].get(
            _squeezed(owner)
        )
        return None, near or [], NO_DEAL


def _owner(values: dict[str, Any], people: People) -> str | None:
    """The person of a row: by id, else by a name that one person has, else as it is written."""
    texts = [text for key in ("owner_id", "owner") if (text := values.get(key))]
    return next(filter(None, map(people.find, texts)), None) or next(iter(texts), None)


def _squeezed(text: str) -> str:
    return "".join(text.casefold().split())


def activities(
    table: Table, deals: Deals, people: People, aside: list[SetAside], now: datetime | None
) -> tuple[list[Record], Doubts]:
    """Calls, mails, meetings, notes and tasks; without a status column all of them happened. And what is in doubt."""
    found: list[Record] = []
    doubts, kind_of_file = Doubts(), _of_file(table)
    for row, reading in rows(table, aside, "activity"):
        values = reading.values
        deal, near, why = deals.meant(values, people)
        values["kind"] = values.get("kind") or kind_of_file
        record = _record(row, values, people, now)
        if reading.unread:
            why = next(iter(reading.unread.values()))
        elif _kind(values["kind"]) is None:
            why = f"{values['kind']!r} is no kind of activity known here"
        elif record["state"] == "done" and record["at"] is None:
            why = "has no date"
        elif deal and _state(values, now) is None:
            why = f"{values['state']!r} is no status of an activity known here"
        if why:
            aside.append(SetAside("activity", f"activities line {row.line}", f"line {row.line}: {why}"))
            for one in [deal] if deal else near:
                doubts.add(one, record)
            continue
        found.append(record | {"opportunity_id": deal})
    return found, _pruned(doubts, found)


def _pruned(doubts: Doubts, found: list[Record]) -> Doubts:
    """Without the doubts that a later touch settles."""
    sure: dict[str, Any] = {}
    for record in found:
        deal, at = record["opportunity_id"], record["at"]
        if record["state"] == "done" and at and (deal not in sure or sure[deal] < at):
            sure[deal] = at
    doubts.possible = {deal: one for deal, one in doubts.possible.items() if deal not in sure or sure[deal] < one["at"]}
    return doubts


def _record(row: Row, values: dict[str, Any], people: People, now: datetime | None) -> Record:
    kind, state = _kind(values["kind"]) or "note", _state(values, now) or "done"
    at = (values.get("done_at") if state == "done" else None) or values["at"]
    due = values.get("due") or (at.date() if at else None)
    if at is None and due and state == "open":
        at = datetime.combine(due, time(12), UTC)
    waits = kind == "task" and state == "open"
    known_by = now if waits or at is None or (now and at > now) else at
    return {
        "id": values.get("id") or _name(row), "opportunity_id": None, "kind": kind, "state": state,
        "at": None if waits else at, "due": due, "created": values.get("created") or known_by,
        "owner_id": _owner(values, people),
        "bulk": False, "possible": False, "gone": None,
    }  # fmt: skip


def _of_file(table: Table) -> str | None:
    """What all rows are where no column says it: an export of calls, of tasks and so on."""
    if "kind" in table.columns:
        return None
    texts = (table.sheet.path.stem, *(header.split()[0] for header in table.sheet.headers if header.split()))
    return next(filter(_kind, texts), None)


def _kind(text: str | None) -> str | None:
    return next((kind for word, kind in KINDS.items() if word in _words(text)), None)


def _state(values: dict[str, Any], now: datetime | None) -> str | None:
    """done, cancelled or open; None for a word that nobody knows of an activity that lies behind."""
    if "state" not in values:
        return "done" if values["at"] or values.get("done_at") else "open"
    word = _words(values["state"])
    if word in DONE or word in CANCELLED or word in OPEN:
        return "done" if word in DONE else "cancelled" if word in CANCELLED else "open"
    return "open" if now and values["at"] and values["at"] > now else None


def _words(text: str | None) -> str:
    return re.sub(r"[\s_]+", " ", (text or "").strip().casefold())


def _name(row: Row) -> str:
    cells = "\x1f".join(row.cells.values())
    return hashlib.blake2b(f"{cells}\x1f{row.line}".encode(), digest_size=8).hexdigest()


def rows(table: Table, aside: list[SetAside], kind: str) -> Iterator[tuple[Row, Reading]]:
    """The rows of a side file; those that are no CSV, or have more cells than the header, are set aside."""
    for line, fault in table.sheet.faults:
        aside.append(SetAside(kind, f"{table.name} line {line}", f"line {line}: {fault}"))
    for row in table.sheet.rows:
        try:
            yield row, table.read(row)
        except BadValue as error:
            aside.append(SetAside(kind, f"{table.name} line {row.line}", f"line {row.line}: {error}"))
