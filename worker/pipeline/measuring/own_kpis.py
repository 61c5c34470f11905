"""The KPIs that users define in policy files: those in force on a connection."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from model.errors import PolicyProblem, SettingsProblem
from model.helpers.words import many

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kpis.dictionary import Kpi
    from model.kpi_definition import KpiDefinition
    from model.sync import Description
    from worker.pipeline.session import Pairs, Session

LAST: Final = "The KPIs of your files have {n}, so the last valid ones are measured. First: {first}"
NONE: Final = "The KPIs of your files have {n}, and no valid ones were read before, so only the shipped ones are measured. First: {first}"  # noqa: E501 - one sentence for people
HINT: Final = " `sluicegate kpis test` lists them all."


@dataclass(frozen=True)
class OwnKpis:
    """Definitions in force. `remarks`: a sentence where the files have mistakes."""

    definitions: tuple[KpiDefinition, ...] = ()
    remarks: tuple[str, ...] = ()

    def kpis(self) -> dict[str, Kpi]:
        """The shipped KPIs, then these."""
        from kpis.catalogue import SHIPPED
        from kpis.custom import custom

        return {**SHIPPED, **custom(self.definitions, SHIPPED)}


def own_kpis(session: Session, description: Description) -> OwnKpis:
    """The KPIs of the policy files, or the last valid ones where the files have mistakes. Never stops a run."""
    store = session.store.policy_sets
    try:
        texts = session.services.policy_texts()
        found = read_own(texts, description)
    except (PolicyProblem, SettingsProblem) as problem:
        last = _still_valid(store.latest_kpis() or {}, description)
        return OwnKpis(last, (_remark(problem, LAST if last else NONE),))
    if found or store.latest_kpis():
        files = {file: text.decode("utf-8") for file, text in texts.items()}
        digest = blake2b(repr(sorted(files.items())).encode(), digest_size=6).hexdigest()
        store.keep_kpis(digest, files, session.services.clock())
    return OwnKpis(found)


def _still_valid(files: Mapping[str, str], description: Description) -> tuple[KpiDefinition, ...]:
    """The KPIs of files that were valid once; none where the connection no longer has a fact that they name."""
    try:
        return read_own({file: text.encode() for file, text in files.items()}, replace(description, choices={}))
    except PolicyProblem:
        return ()


def _remark(problem: Exception, text: str) -> str:
    problems = problem.problems if isinstance(problem, PolicyProblem) else (str(problem),)
    return text.format(n=many(len(problems), "mistake"), first=f"{problems[0]}.".replace("..", ".")) + HINT


def read_own(texts: Mapping[str, bytes], description: Description) -> tuple[KpiDefinition, ...]:
    """The KPIs in these files, checked against the CRM's facts and values. Raises PolicyProblem."""
    return _read(tuple(texts.items()), tuple(description.types.items()), tuple(description.choices.items()))


@lru_cache(maxsize=8)
def _read(texts: tuple[tuple[str, bytes], ...], types: Pairs, choices: Pairs) -> tuple[KpiDefinition, ...]:
    if not any(b"kpis" in text for _, text in texts):
        return ()
    from kpis.catalogue import SHIPPED
    from policies.files import read_kpis

    return read_kpis(dict(texts), types=dict(types), choices=dict(choices), shipped=tuple(SHIPPED))
