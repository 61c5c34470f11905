"""Sentences of `connection check` that every CRM needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from connectors.shared.pull.mapping import CrmField, type_of
from connectors.shared.push.our_fields import RULES, names
from model.facts import FACTS
from model.helpers.words import did_you_mean
from model.sync import OUR_FIELDS, ClockRemark, Remark

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
    from datetime import datetime

    from connectors.shared.pull.mapping import Mapped
    from connectors.shared.push.our_fields import Named

FEW: Final = 10
_FEEDS: Final = ("stage_history", "date_history", "contact_roles", "activities")
_TEXTS: Final = ("text", "long_text", "choice")


class Seen(NamedTuple):
    """One of our fields as the CRM has it: its type by the CRM's and by our name, and whether we may edit it."""

    type: str
    kind: str
    editable: bool


def own_fields(settings: Named, seen: Mapping[str, Seen], to_edit: str) -> Iterator[Remark]:
    """Which of our fields are there, with the right type; `to_edit`: what lets us edit one."""
    for our_field, name in names(settings).items():
        field = seen.get(our_field)
        if field is None:
            gone = "does not exist or is hidden from our user; run `connection provision`."
            yield Remark("missing", f"{name} ({our_field}) {gone}")
        elif our_field in OUR_FIELDS and not field.editable:
            yield Remark("missing", f"{name} ({our_field}) may not be edited by our user; {to_edit}.")
        elif not _fits(field.kind, RULES[our_field].type):
            wanted = RULES[our_field].type.replace("_", " ")
            yield Remark("warning", f"{name} ({our_field}) is a {field.type} field; {wanted} is what we write.")
    writable = [our_field for our_field in settings.writes if our_field in seen and seen[our_field].editable]
    if len(writable) == len(settings.writes):
        yield Remark("ok", f"All {len(writable)} fields that we write are there and may be edited.")


def _fits(found: str, wanted: str) -> bool:
    return found == wanted or (found in _TEXTS and wanted in _TEXTS)


def fields_of_facts(
    mapped: Iterable[Mapped[Any]],
    chosen: Container[str],
    optional: Container[str],
    known: Callable[[str], Collection[str]],
) -> Iterator[Remark]:
    """Mapped fields that cannot be read, but for `optional` columns, and `chosen` ones of a wrong type.

    `known`: the paths that may have been meant by one that is not there.
    """
    for one in mapped:
        if one.field is None and one.name not in optional:
            hint = did_you_mean(one.path, known(one.path)) or "."
            yield Remark("missing", f"{one.path} ({one.name}) cannot be read: deals are unknown in it{hint}")
        elif one.field and one.name in chosen:
            yield from _mismatch(one, one.field)


def mapped_facts(known: Iterable[str]) -> Iterator[Remark]:
    """How many facts the connection gives, and which are dormant."""
    found = set(known)
    yield Remark("ok", f"{len(found)} facts are mapped.")
    dormant = [name for name in FACTS if name not in found]
    if dormant:
        yield Remark("note", f"No field is mapped for {', '.join(dormant)}: policies that ask for them are dormant.")


def feeds(found: Iterable[str], to_read: str) -> Iterator[Remark]:
    """Which feeds can be read; `to_read`: what lets us read the others."""
    seen = set(found)
    for feed in _FEEDS:
        name = feed.replace("_", " ")
        if feed in seen:
            yield Remark("ok", f"The feed of {name} can be read.")
        else:
            yield Remark("missing", f"The feed of {name} cannot be read; {to_read}.")


def tasks(offered: bool, lacks: str) -> Iterator[Remark]:
    """Whether policies that enforce can make tasks; `lacks`: what to do where they cannot."""
    if offered:
        yield Remark("ok", "Policies that enforce can make tasks.")
    else:
        yield Remark("note", f"Policies that enforce can make no tasks: {lacks}.")


class Typed(CrmField, Protocol):
    """A field with its type in the CRM's word."""

    @property
    def type(self) -> str:
        """The CRM's word."""


def _mismatch(mapped: Mapped[Any], field: Typed) -> Iterator[Remark]:
    """A field that cannot hold the fact it is mapped to."""
    wanted, gives = type_of(mapped.name, field), field.gives
    if wanted not in (gives, "text", "choice") and not (wanted == "yes/no" and gives == "text"):
        yield Remark("warning", f"{mapped.path} is a {field.type} field, but {mapped.name} is of type {wanted}.")


SKEW: Final = 60.0
"""Seconds by which two clocks may differ."""


def skew(server: datetime, now: datetime, crm: str) -> Iterator[Remark]:
    """A remark if our clock differs from the CRM's; `crm`: the CRM's name."""
    seconds = (server - now).total_seconds()
    if abs(seconds) > SKEW:
        yield ClockRemark("warning", f"This machine's clock is {abs(seconds):.0f} seconds off {crm}'s; set it.")


def budget(used: int | None, allowed: int | None, share: float, account: str, unsaid: str) -> Remark:
    """The day's calls; `account` names who has them ("the org"), `unsaid`: the sentence where the CRM does not say."""
    if used is None or allowed is None:
        return Remark("note", unsaid)
    left, our_share = max(0, allowed - used), int(allowed * share)
    return Remark("ok", f"{left} of {account}'s {allowed} daily calls are left; our share is {our_share}.")


def twins(other: str, name: str, count: int, of: str) -> Iterator[Remark]:
    """Deals that another CRM has, too, because the two are synced: one of them has to be the writer."""
    yield Remark(
        "warning",
        f"{count} of {of} carry the id of {other} in {name}: a sync runs between the two CRMs. Where both are "
        "connections, one must be the writer. To make it the other one, map "
        f'linked_id = "{name}" under fields here and set linked_to to the name of that connection: such deals are '
        "then judged, written and counted there only.",
    )


def few(named: Iterable[str]) -> str:
    """The first names, and how many more there are."""
    every = list(named)
    more = f" and {len(every) - FEW} more" if len(every) > FEW else ""
    return f"{', '.join(every[:FEW])}{more}"
