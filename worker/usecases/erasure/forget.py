"""`forget owner|contact`: what is known of a person becomes a pseudonym, and stays one at the next pull."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from connectors.registry import crm
from model.errors import SettingsProblem
from model.helpers.words import did_you_mean, many
from store import Person
from worker.pipeline.running import leased

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from store import Store
    from worker.wiring import Services

LONG: Final = 15
"""An id of at least so many letters is replaced in texts, too. A shorter one may be an ordinary word."""
NO_OWNER: Final = "'{name}' has no owner with the id, login or name '{given}'{hint}"
SAME_NAME: Final = "{n} of the same name stay as they are; texts that name them may have changed too."
ON_RECORD: Final = (
    "{n} may show the name in Sluicegate's fields in the CRM. The next run writes the pseudonym over it on open deals."
)
IN_FILES: Final = "{file} names the person. Take the name out: the store keeps the text of policy files."
NO_NAME: Final = "The store keeps no names of contacts. Give those to be looked for in texts with --also."
THE_CRM: Final = "The CRM's own records, backups and logs are not touched."


@dataclass(frozen=True)
class Forgotten:
    """What became of a person. `rows`: table → number of changed rows."""

    connection: str
    kind: str
    pseudonym: str
    rows: dict[str, int]
    remarks: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """As docs/contract.md has it."""
        return vars(self)


def forget_owner(services: Services, name: str, given: str, also: Sequence[str] = ()) -> Forgotten:
    """Forget an owner by id, login or name. Raises SettingsProblem, ConnectionBusy."""
    return _forget(services, name, lambda: _owner(services, name, given, also))


def forget_contact(services: Services, name: str, given: str, also: Sequence[str] = ()) -> Forgotten:
    """Forget a contact by id or mail address. Raises SettingsProblem, ConnectionBusy."""
    return _forget(services, name, lambda: _contact(services, name, given, also))


def _forget(services: Services, name: str, find: Callable[[], tuple[Person, list[str]]]) -> Forgotten:
    services.connection(name)
    with leased(services, name, services.clock(), paused_too=True) as session:
        person, remarks = find()
        assert session.lease is not None  # noqa: S101 - leased gives one
        pseudonym, rows = services.store.people.forget(name, person, services.clock(), session.lease)
    if shown := rows.get("push_state"):
        remarks.append(ON_RECORD.format(n=many(shown, "deal")))
    remarks += [IN_FILES.format(file=file) for file in _files_with(services, name)]
    return Forgotten(name, person.kind, pseudonym, rows, [*remarks, THE_CRM])


def _owner(services: Services, name: str, given: str, also: Sequence[str]) -> tuple[Person, list[str]]:
    """The owner, and a sentence where others have the same name."""
    form, owners = crm(services.connection(name).kind).same_id, services.store.mirror.records(name, "owner")
    wanted = given.strip().casefold()
    found = [one for one in owners if form(one["id"]) == form(given)] or [
        one for one in owners if wanted in {(one["username"] or "").casefold(), (one["name"] or "").casefold()}
    ]
    if len(found) != 1:
        known = [one["name"] for one in owners if one["name"]]
        hint = "; give the id, because several have that name." if found else did_you_mean(given, known) or "."
        raise SettingsProblem(NO_OWNER.format(name=name, given=given, hint=hint))
    owner = found[0]
    same = sum(one["name"] == owner["name"] for one in owners) - 1
    names = tuple(text for text in (owner["name"], owner["username"]) if text)
    remarks = [SAME_NAME.format(n=many(same, "owner"))] if same and owner["name"] else []
    return Person("owner", owner["id"], (owner["id"],), names, (*_long(owner["id"]), *also)), remarks


def _contact(services: Services, name: str, given: str, also: Sequence[str]) -> tuple[Person, list[str]]:
    """The contact; of a mail address also the names of leads that have it."""
    remarks = [] if also else [NO_NAME]
    if "@" in given:
        leads = tuple(_leads_of(services.store, name, given))
        return Person("contact", given.strip().casefold(), (), leads, (given, *also)), remarks
    id_ = crm(services.connection(name).kind).same_id(given)
    return Person("contact", id_, (id_,), (), (*_long(id_), *also)), remarks


def _long(id_: str) -> tuple[str, ...]:
    """An id that is also looked for in texts, with and without the letters that some CRMs add to it."""
    return (id_, id_[:LONG]) if len(id_) >= LONG and not id_.isdigit() else ()


def _leads_of(store: Store, name: str, address: str) -> Iterator[str]:
    """Names of the leads that have this mail address in a mapped field."""
    for text, facts in store.people.leads(name):
        values = orjson.loads(facts or "{}").values()
        if any(isinstance(value, str) and value.casefold() == address.strip().casefold() for value in values):
            yield text


def _files_with(services: Services, name: str) -> Iterator[str]:
    """Files beside the settings that name somebody who was forgotten."""
    marks = services.store.people.marks(name)
    connection = services.connection(name)
    paths = [getattr(connection, one) for one in type(connection).model_fields]
    texts = dict(services.policy_texts())
    texts |= {str(path): _bytes(services.settings.path(path)) for path in paths if isinstance(path, Path)}
    for file, text in texts.items():
        plain = text.decode("utf-8", "replace")
        if marks and any(marks.text(part) != part for line in plain.splitlines() for part in (line, *line.split(","))):
            yield file


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
