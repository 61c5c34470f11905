"""A session: the connection, its description, the policies in force and the instant, shared by a run's steps."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from connectors.registry import KINDS
from model.errors import PolicyProblem, SettingsProblem
from model.facts import FACTS
from model.subjects import OPPORTUNITIES, OTHERS, TABLES
from model.sync import Offer
from worker.log import log
from worker.pipeline.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from connectors.protocol import Connector
    from connectors.shared.connection import ConnectionSettings
    from model.facts import FactType
    from model.subjects import Subject
    from model.sync import Description
    from policies.files import PolicySet
    from store import Lease, Store
    from worker.wiring import Services

NAMES = r"subject[\"']?\s*:\s*[\"']?{}\b"
Pairs: TypeAlias = tuple[tuple[str, Any], ...]

BLANK_TYPES: Final[tuple[FactType, ...]] = ("text", "yes/no", "number", "date")
"""What a column without a value may be, the likeliest first."""


@dataclass(frozen=True)
class Session:
    """One piece of work on one connection, as of one instant."""

    services: Services
    name: str
    as_of: datetime
    lease: Lease | None = None
    patience: Patience = field(default_factory=Patience, repr=False, compare=False)
    confirm: Callable[[], None] = field(default=lambda: None, repr=False, compare=False)
    """Raises ConnectionBusy where the lease was lost; asked before each call to the CRM."""
    about: dict[str, object] = field(default_factory=dict, repr=False, compare=False)
    """What the log says of a lease that is renewed: the connection, and the run once it has begun."""

    @property
    def store(self) -> Store:
        """The database."""
        return self.services.store

    @property
    def connection(self) -> ConnectionSettings:
        """The connection's settings."""
        return self.services.connection(self.name)

    @property
    def connector(self) -> Connector:
        """The CRM's connector."""
        return self.services.connect(self.name)

    def describe(self) -> Description:
        """Ask the CRM for its description and keep it. Includes other subjects only if a policy file names them."""
        description = self._typed(self.connector.describe(**self.asked(self.named_in_files())))
        self.store.connections.keep_description(self.name, description)
        return description

    def _typed(self, description: Description) -> Description:
        """Give a report's columns without a value the type with which the policies have the fewest mistakes."""
        blank = description.mapped - description.types.keys() - FACTS.keys() if self.connection.kind == "tables" else ()
        for name in sorted(blank):
            tried = [replace(description, types={**description.types, name: kind}) for kind in BLANK_TYPES]
            description = min(tried, key=self._mistakes)
        return description

    def _mistakes(self, description: Description) -> int:
        try:
            read_once(self.services.policy_texts(), description)
        except PolicyProblem as problem:
            return len(problem.problems)
        except SettingsProblem:
            return 0
        return 0

    def named_in_files(self) -> tuple[Subject, ...]:
        """The subjects but deals that a policy file may name. Only reading the policies tells for sure."""
        try:
            texts = self.services.policy_texts().values()
        except SettingsProblem:
            return ()
        names = {subject: NAMES.format(subject.name).encode() for subject in OTHERS}
        return tuple(subject for subject, name in names.items() if any(re.search(name, text) for text in texts))

    @staticmethod
    def asked(subjects: Collection[Subject]) -> dict[str, Any]:
        """What a connector is asked for besides deals, as keyword arguments."""
        return {"subjects": frozenset(subject.table for subject in subjects)} if subjects else {}

    def description(self) -> Description:
        """The stored description. Asks the CRM if there is none."""
        return self.store.connections.description(self.name) or self.describe()

    def policies(self, description: Description) -> PolicySet:
        """The policies in force, checked against this CRM's values. Raises PolicyProblem."""
        texts = self.services.policy_texts()
        found = read_once(texts, description)
        files = {file: text.decode("utf-8") for file, text in texts.items()}
        self.store.policy_sets.keep(found.digest, files, self.services.clock())
        return found

    def policies_in_force(self, description: Description) -> PolicySet:
        """The policies, or those of this connection's last run if the files have mistakes or are missing here."""
        try:
            return self.policies(description)
        except (PolicyProblem, SettingsProblem) as e:
            last = self.store.policy_sets.latest(self.name)
            if last is None:
                raise
            log().error("policy files are wrong; the last good ones stay in force", problems=str(e))
            return self._read_again(last, description)

    def policies_of(self, digest: str, description: Description) -> PolicySet | None:
        """The policies of a run, by their digest; None if their files were not kept or cannot be read any more."""
        files = self.store.policy_sets.files(digest)
        try:
            return None if files is None else self._read_again(files, description)
        except PolicyProblem:
            return None

    @staticmethod
    def _read_again(files: Mapping[str, str], description: Description) -> PolicySet:
        """Files that were valid once. The CRM's values may have changed since, so none is compared with them."""
        offers = {table: replace(offer, choices={}) for table, offer in description.offers.items()}
        texts = {file: text.encode() for file, text in files.items()}
        return read_once(texts, replace(description, choices={}, offers=offers))


def read_once(texts: Mapping[str, bytes], description: Description) -> PolicySet:
    """The policies in these files, cached per process for the same files and CRM. Raises PolicyProblem."""
    offers = (description.of(table) for table in TABLES)
    return _read(tuple(texts.items()), tuple((tuple(o.types.items()), tuple(o.choices.items())) for o in offers))


@lru_cache(maxsize=8)
def _read(texts: tuple[tuple[str, bytes], ...], offers: tuple[tuple[Pairs, Pairs], ...]) -> PolicySet:
    from policies.files import read_policies

    given = {
        table: Offer(types=dict(types), choices=dict(choices))
        for table, (types, choices) in zip(TABLES, offers, strict=True)
    }
    deals = given.pop(OPPORTUNITIES.table)
    return read_policies(dict(texts), choices=deals.choices, types=deals.types, offers=given, kinds=KINDS)


def described(session: Session) -> Description:
    """The description that the store holds. Raises SettingsProblem where the CRM was never asked."""
    found = session.store.connections.description(session.name)
    if found is None:
        raise SettingsProblem(f"'{session.name}' has no deals yet; `sluicegate pull {session.name}` reads them.")
    return found
