"""A team that switched a shipped pack on, over a local CRM that has a field for each fact the pack asks for."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.facts import FACTS
from model.subjects import LEADS, OPPORTUNITIES, SUBJECTS, Subject
from policies.files import read_policies
from tests.crm_drivers import CRM_DRIVERS
from tests.worker.governed import Governed, services

if TYPE_CHECKING:
    from collections.abc import Iterator

    from model.facts import FactType

PACKS = Path("policies/packs")


def switched_on(pack: str) -> bytes:
    """A shipped pack with every policy that is off on."""
    return (PACKS / pack).read_bytes().replace(b"mode: off", b"mode: warn")


def to_map(text: bytes, subject: Subject) -> dict[str, FactType]:
    """The facts that a file's policies about a subject ask for and only a mapped field gives, with their types."""
    found = read_policies({"pack.yaml": text})
    about = [policy for policy in found.policies if SUBJECTS[policy.subject].table == subject.table]
    asked = frozenset[str]().union(*(policy.facts for policy in about))
    standard = {name: fact.type for name, fact in FACTS.items() if "mapping" in fact.needs}
    known = standard | {name: fact.type for name, fact in found.declared.items()}
    return {name: known[name] for name in sorted(asked & known.keys())}


@contextmanager
def packed(folder: Path, kind: str, text: bytes, **connection: Any) -> Iterator[Governed]:
    """The team; its fields are named as the CRM names them, by fact, in `fields`."""
    with CRM_DRIVERS[kind]() as driver:
        of_deals, of_leads = to_map(text, OPPORTUNITIES), to_map(text, LEADS)
        fields = {fact: driver.custom(fact, fact, type_) for fact, type_ in of_deals.items()}
        of_lead = {fact: driver.custom(fact, fact, type_, on="lead") for fact, type_ in of_leads.items()}
        own = services(driver, folder, fields=fields, lead_fields=of_lead, **connection)
        connector = driver.connector(fields=fields, lead_fields=of_lead, budget_share=1.0)
        own = replace(own, policy_texts=lambda: {"pack.yaml": text}, connect=lambda _name: connector)
        team = Governed(driver, own)
        team.fields, team.lead_fields = fields, of_lead
        try:
            yield team
        finally:
            own.store.close()
