"""The dictionary: every KPI with what it means, and the KPIs of files that have mistakes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from model.errors import PolicyProblem, SettingsProblem
from model.sync import Description
from policies.files import Here
from worker.pipeline.measuring import OwnKpis, own_kpis, read_own, refused
from worker.pipeline.session import Session

if TYPE_CHECKING:
    from kpis.dictionary import Kpi
    from worker.wiring import Services

UNREAD: Final = Description(frozenset(), {})
"""Of a connection that was never read."""
NEVER: Final = (
    " '{name}' was never read, so its own facts and values are not known yet; `sluicegate connection check {name}` "
    "reads them."
)


@dataclass
class Dictionary:
    """KPIs of all connections by id. `refused`: those that stand in a file with mistakes, with why."""

    kpis: dict[str, Kpi]
    refused: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def add(self, own: OwnKpis, where: str) -> None:
        """Add the KPIs of a connection; `where` says which one it is, where there are several."""
        self.kpis = {**self.kpis, **own.kpis()}
        for name, why in own.refused.items():
            self.refused.setdefault(name, f"{where}{why}")
        self.remarks += [f"{where}{remark}" for remark in own.remarks]


def dictionary_of(services: Services) -> Dictionary:
    """The shipped KPIs, then those of users on each connection."""
    from kpis.catalogue import SHIPPED

    names, found = list(services.settings.connections), Dictionary(dict(SHIPPED))
    for name in names:
        found.add(_own(services, name), f"On {name}: " if len(names) > 1 else "")
    if not names:
        found.add(_unread(services, ""), "")
    return found


def _own(services: Services, name: str) -> OwnKpis:
    description = services.store.connections.description(name)
    if description is None:
        return _unread(services, name)
    return own_kpis(Session(services, name, services.clock()), description)


def _unread(services: Services, name: str) -> OwnKpis:
    """The KPIs of the files as far as they can be checked without a CRM."""
    texts, note = dict[str, bytes](), NEVER.format(name=name) if name else ""
    try:
        texts = services.policy_texts()
        return OwnKpis(read_own(texts, UNREAD, Here(name, tuple(services.settings.connections))))
    except (PolicyProblem, SettingsProblem) as problem:
        why = {kpi: text + note for kpi, text in refused(texts, problem).items()}
        return OwnKpis((), (str(problem) + note,), why)


def find_with(own: OwnKpis | Dictionary, word: str) -> Kpi:
    """The KPI that a word names. Raises SettingsProblem with the ids it could mean, or with its mistakes in a file."""
    from kpis.catalogue import find

    kpis = own.kpis() if isinstance(own, OwnKpis) else own.kpis
    if word in own.refused and word not in kpis:
        raise SettingsProblem(own.refused[word])
    try:
        return find(word, kpis)
    except SettingsProblem as problem:
        raise SettingsProblem(" ".join((str(problem), *own.remarks))) from None


def dictionary(services: Services) -> dict[str, Any]:
    """Every KPI with what it is for: the shipped ones, then those of users; `mistakes`: what is wrong in files."""
    found = dictionary_of(services)
    return {"kpis": [entry(kpi) for kpi in found.kpis.values()], "mistakes": mistakes(found)}


def mistakes(found: Dictionary) -> list[str]:
    """A sentence for each KPI that has mistakes, else those on the files."""
    return list(found.refused.values()) or found.remarks


def one_entry(services: Services, word: str) -> dict[str, Any]:
    """The dictionary entry of a KPI. Raises SettingsProblem with the ids that a word could mean."""
    found = dictionary_of(services)
    kpi = find_with(found, word)
    return {**entry(kpi), **({"mistakes": found.refused[kpi.id]} if kpi.id in found.refused else {})}


def entry(kpi: Kpi) -> dict[str, Any]:
    """A dictionary entry as JSON."""
    from kpis.reference_page import ROWS

    rows = {row: getattr(kpi, row) for row in ROWS}
    return {"id": kpi.id, "title": kpi.title, **rows, "needs": list(kpi.needs), "by": kpi.by}
