"""Values that pass between the CRM doors, the store and the flows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from model.subjects import OPPORTUNITIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model.facts import FactType
    from model.records import Record

OUR_FIELDS: Final = (
    "score", "flag_count", "worst_severity", "top_flag", "flag_ids", "reasons",
    "gate", "missing", "next_act", "flagged_since", "checked",
)  # fmt: skip
"""Keys of `[writes]`, in the order of the record."""

READ_FIELDS: Final = ("pause_until", "pause_reason")
"""Our fields that reps write and we only read."""

FieldValue: TypeAlias = str | int | date | None
"""What one of our fields may hold; None empties it."""


@dataclass(frozen=True)
class Cursor:
    """How far a stream of one connection was read; `text` is the connector's own JSON and opaque to everyone else."""

    stream: str
    text: str


@dataclass(frozen=True)
class Share:
    """A part of a first load that one worker reads. `text` is the connector's own JSON.

    `ended`: the cursor of the stream once all its shares were read.
    """

    text: str
    ended: Cursor


@dataclass(frozen=True)
class SetAside:
    """A record that could not be read into its canonical form, and why; the rest goes on."""

    table: str
    id: str
    reason: str


@dataclass(frozen=True)
class Look:
    """What a look found: records that somebody changed, each as its table and its id; `seen` is for the next look.

    `more`: so many that not all of them are named.
    """

    records: frozenset[tuple[str, str]] = frozenset()
    seen: str = ""
    more: bool = False


@dataclass(frozen=True)
class Page:
    """One page of a pull, kept in one transaction together with the cursor that covers it.

    `records` maps a table of `model.records.COLUMNS` to its records. `present` (at the end of a full pass only)
    names every id of `table` that the CRM still has, so that the store can mark the rest as vanished. `whole` names,
    for a table of children, the deals or leads of which this page has every row: what else is known was deleted.
    `asked` names, by table, records that were set aside and looked for by id: one that was not found again is gone.
    `feeds` names the feeds (see model/snapshot.py) that were read to their end with this page. `remarks` are sentences
    for the run's report. `prepared`: how many rows the CRM has made ready so far, while it is waited for.
    """

    records: Mapping[str, list[Record]]
    cursor: Cursor | None = None
    aside: tuple[SetAside, ...] = ()
    present: Mapping[str, frozenset[str]] = field(default_factory=dict)
    whole: Mapping[str, frozenset[str]] = field(default_factory=dict)
    asked: Mapping[str, frozenset[str]] = field(default_factory=dict)
    feeds: frozenset[str] = frozenset()
    remarks: tuple[str, ...] = ()
    prepared: int | None = None


@dataclass(frozen=True)
class Patch:
    """New values for our fields of one deal, in the CRM's canonical form; only fields that differ.

    `closed`: it is the last patch of a deal that the verdict saw closed. Its receipt records that, and not the state of
    the deal by then.
    """

    id: str
    fields: Mapping[str, FieldValue]
    before: Mapping[str, FieldValue] = field(default_factory=dict)
    closed: bool = False


OutcomeKind: TypeAlias = Literal["written", "refused", "locked", "retry_later", "gone", "held"]


@dataclass(frozen=True)
class Outcome:
    """What became of one patch; `reason` names the CRM's rule or code in words that an admin can act on."""

    id: str
    kind: OutcomeKind
    reason: str = ""


@dataclass(frozen=True)
class FieldRule:
    """How a CRM keeps one of our fields: what `plan` needs to compare like with like."""

    type: Literal["number", "choice", "text", "long_text", "date"]
    length: int = 0
    scale: int = 0


@dataclass(frozen=True)
class Source:
    """The field that a fact is read from: its name and type in the CRM's words, its label and length there.

    `settable`: people can fill it in. `when_blank`: what the connection's map reads an empty one as (None: blank).
    """

    field: str
    type: str
    label: str = ""
    length: int = 0
    settable: bool = True
    when_blank: bool | str | float | None = None


@dataclass(frozen=True)
class FieldHistory:
    """Fields of a deal that the CRM keeps a history of, whether they ever changed or not.

    `always`: since the deal was created. `recent`: since the oldest row of that field on any deal, and for `days`
    before the deal was first read (None: without a limit).
    """

    always: frozenset[str] = frozenset()
    recent: frozenset[str] = frozenset()
    days: int | None = None


@dataclass(frozen=True)
class Offer:
    """What a connection gives of one subject's records: mapped facts, their types, picklist values; see Description."""

    mapped: frozenset[str] = frozenset()
    types: Mapping[str, FactType] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Description:
    """What a connection can do, as its connector reports it before a run.

    `mapped`: facts it can give (others are dormant). `writes`: our field → rule, only fields that exist, are
    mapped and may be written. `choices`: fact → the CRM's own picklist values. `types`: mapped fact → fact type.
    `user_id`: the CRM user we act as. `currency`: the CRM's own home currency (None: it does not say), `rates_to`: the
    currency to which its exchange rates lead. `sources`: fact → the one field it is read from, where there is one.
    `acts`: the actions that the connection allows, of task and move. `offers`: what subjects other than deals can give,
    by table, where it was asked for. `history`: fields with a known past (None: all with a history row).
    """

    mapped: frozenset[str]
    writes: Mapping[str, FieldRule]
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    types: Mapping[str, FactType] = field(default_factory=dict)
    user_id: str | None = None
    currency: str | None = None
    rates_to: str | None = None
    zone: str | None = None
    sources: Mapping[str, Source] = field(default_factory=dict)
    acts: frozenset[str] = frozenset()
    offers: Mapping[str, Offer] = field(default_factory=dict)
    history: FieldHistory | None = None

    @property
    def own_users(self) -> frozenset[str]:
        """The id of the CRM user we act as, where it is known."""
        return frozenset({self.user_id} if self.user_id else ())

    def of(self, table: str) -> Offer:
        """What is given of the records of a table."""
        if table == OPPORTUNITIES.table:
            return Offer(self.mapped, self.types, self.choices)
        return self.offers.get(table, Offer())


@dataclass(frozen=True)
class Window:
    """A limit of the CRM on calls within seconds, such as "calls of our app in 10 seconds"."""

    what: str
    calls: int


@dataclass(frozen=True)
class Budget:
    """The CRM's daily calls as it last reported them, and how many of them we made; None where it reports none."""

    used: int | None = None
    allowed: int | None = None
    own: int = 0
    windows: tuple[Window, ...] = ()

    @property
    def left(self) -> int | None:
        """Calls left in the whole org's allowance."""
        return None if self.used is None or self.allowed is None else max(0, self.allowed - self.used)


Level: TypeAlias = Literal["ok", "note", "warning", "missing"]


@dataclass(frozen=True)
class Remark:
    """One sentence of `connection check` or `provision`; `missing` means that something will not work."""

    level: Level
    text: str


@dataclass(frozen=True)
class ClockRemark(Remark):
    """A remark about a clock that is wrong."""


@dataclass(frozen=True)
class CertificateRemark(Remark):
    """A remark about a certificate that ends soon."""


@dataclass(frozen=True)
class DraftField:
    """A field that may hold a fact: by its label, and filled on this share of the deals."""

    fact: str
    field: str
    label: str
    filled: float


@dataclass(frozen=True)
class DraftProcess:
    """Stages of one record type or pipeline, in the CRM's order; `condition` claims its deals, "" for all."""

    id: str
    title: str
    condition: str
    stages: tuple[str, ...]  # the CRM's names of open stages, then the won one
    labels: Mapping[str, str] = field(default_factory=dict)  # name → what people see, where the two differ


@dataclass(frozen=True)
class Draft:
    """What `init` suggests from what an org has."""

    fields: tuple[DraftField, ...]
    processes: tuple[DraftProcess, ...]


def canonical(rule: FieldRule, value: Any) -> FieldValue:
    """The value as the CRM would give it back: trimmed, cut, rounded, line ends as LF, "" as None."""
    if value is None:
        return None
    match rule.type:
        case "number":
            return int(round(value))  # noqa: RUF046 - Decimal rounds to int only here
        case "date":
            return value if isinstance(value, date) else date.fromisoformat(str(value)[:10])
        case _:
            text = str(value).strip()
            if "\n" in text:
                text = "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").split("\n"))
            return (text[: rule.length].rstrip() if rule.length else text) or None
