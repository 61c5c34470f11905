"""The KPIs that users define in policy files: those in force on a connection."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from model.errors import PolicyProblem, SettingsProblem
from model.helpers.words import many

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kpis.dictionary import Kpi
    from model.errors import Problem
    from model.kpi_definition import KpiDefinition
    from model.sync import Description
    from policies.files import Here, RefusedKpi
    from worker.pipeline.session import Pairs, Session

Sound: TypeAlias = "tuple[tuple[KpiDefinition, ...], list[Problem]]"
LAST: Final = "The KPIs of your files have {n}, so the last valid ones are measured. First: {first}"
NONE: Final = "The KPIs of your files have {n}, and no valid ones were read before, so only the shipped ones are measured. First: {first}"  # noqa: E501 - one sentence for people
HINT: Final = " `sluicegate kpis test` lists them all."
UNUSED: Final = "your KPI files are not used while they have mistakes"
SHOWN: Final = 3
"""Mistakes of a KPI that a sentence has."""


@dataclass(frozen=True)
class OwnKpis:
    """Definitions in force. `remarks`: a sentence where the files have mistakes. `refused`: their KPIs, with why."""

    definitions: tuple[KpiDefinition, ...] = ()
    remarks: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)

    def kpis(self) -> dict[str, Kpi]:
        """The shipped KPIs, then these."""
        from kpis.catalogue import SHIPPED
        from kpis.custom import custom

        return {**SHIPPED, **custom(self.definitions, SHIPPED)}


def own_kpis(session: Session, description: Description) -> OwnKpis:
    """The KPIs of the policy files, or the last valid ones where the files have mistakes. Never stops a run."""
    store, texts = session.store.policy_sets, dict[str, bytes]()
    try:
        texts = session.services.policy_texts()
        found = read_own(texts, description, here_of(session))
    except (PolicyProblem, SettingsProblem) as problem:
        last = _still_valid(store.latest_kpis(session.name) or {}, description, here_of(session))
        return OwnKpis(last, (in_short(problem, LAST if last else NONE) + HINT,), refused(texts, problem))
    files = {file: text.decode("utf-8", "replace") for file, text in texts.items()}
    before = store.latest_kpis(session.name)
    if before != files and (found or before):
        digest = blake2b(repr(sorted(files.items())).encode(), digest_size=6).hexdigest()
        store.keep_kpis(session.name, digest, files, session.services.clock())
    return OwnKpis(found)


def here_of(session: Session) -> Here:
    """The session's connection, among those of the settings."""
    from policies.files import Here

    return Here(session.name, tuple(session.services.settings.connections))


def _still_valid(files: Mapping[str, str], description: Description, here: Here) -> tuple[KpiDefinition, ...]:
    """The KPIs of files that were valid once; none where the connection no longer has a fact that they name."""
    try:
        return read_own({file: text.encode() for file, text in files.items()}, replace(description, choices={}), here)
    except PolicyProblem:
        return ()


def in_short(problem: Exception, text: str) -> str:
    """The text with the number of mistakes as `n`, and the first one."""
    problems = problem.problems if isinstance(problem, PolicyProblem) else (str(problem),)
    return text.format(n=many(len(problems), "mistake"), first=f"{problems[0]}.".replace("..", "."))


def refused(texts: Mapping[str, bytes], problem: Exception) -> dict[str, str]:
    """A sentence for each KPI in files that were refused, by its name."""
    from policies.files import refused_kpis

    problems = problem.problems if isinstance(problem, PolicyProblem) else ()
    return {one.name: _why(one, problems) for one in refused_kpis(texts, problems)}


def _why(one: RefusedKpi, problems: tuple[Problem, ...]) -> str:
    what = f"has {many(len(one.problems), 'mistake')}" if one.problems else UNUSED
    return f"{one.name} is in {Path(one.file).name}, but {what}: {_listed(one.problems or problems)}.{HINT}"


def _listed(problems: tuple[Problem, ...]) -> str:
    return "; ".join(f"{one.text} ({one.file}:{one.line})" for one in problems[:SHOWN])


def read_own(texts: Mapping[str, bytes], description: Description, here: Here) -> tuple[KpiDefinition, ...]:
    """The KPIs of `read_sound`. Raises PolicyProblem with every mistake."""
    found, problems = read_sound(texts, description, here)
    if problems:
        raise PolicyProblem(problems)
    return found


def read_sound(texts: Mapping[str, bytes], description: Description, here: Here) -> Sound:
    """The KPIs in these files that have no mistake, checked against the CRM's facts and values, and every mistake."""
    return _read(tuple(texts.items()), tuple(description.types.items()), tuple(description.choices.items()), here)


@lru_cache(maxsize=8)
def _read(texts: tuple[tuple[str, bytes], ...], types: Pairs, choices: Pairs, here: Here) -> Sound:
    if not any(b"kpis" in text for _, text in texts):
        return (), []
    from kpis.catalogue import SHIPPED
    from policies.files import read_sound_kpis

    known = {"types": dict(types), "choices": dict(choices)}
    return read_sound_kpis(dict(texts), **known, shipped=tuple(SHIPPED), here=here)
