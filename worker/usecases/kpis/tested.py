"""`kpis test`: the KPIs of files, checked against what each connection knows, and tried by their examples."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from model.errors import SettingsProblem
from policies.files import Here
from worker.pipeline.measuring import read_sound
from worker.usecases.kpis.dictionary import UNREAD
from worker.usecases.kpis.examples import failing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from model.errors import Problem
    from model.kpi_definition import KpiDefinition
    from model.sync import Description
    from worker.wiring import Services

NEVER: Final = "'{name}' was never read; `sluicegate connection check {name}` reads its fields and values."


@dataclass
class Tested:
    """The KPIs without a mistake, the examples that fail, every mistake, and the connections that were checked."""

    definitions: tuple[KpiDefinition, ...] = ()
    failed: list[Problem] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    connections: tuple[str, ...] = ()


def descriptions(services: Services, only: str = "") -> dict[str, Description]:
    """What each connection that was read knows; `only`: of that one. Raises SettingsProblem where it was never read."""
    names = [only] if only else list(services.settings.connections)
    if only:
        services.connection(only)
    stored = {name: services.store.connections.description(name) for name in names}
    found = {name: description for name, description in stored.items() if description is not None}
    if only and not found:
        raise SettingsProblem(NEVER.format(name=only))
    return found


def tested(texts: Mapping[str, bytes], known: Mapping[str, Description], names: Sequence[str]) -> Tested:
    """Check files against each connection and run the examples that can run; without connections, by the facts alone.

    `names`: all connections of the settings. A mistake that only some connections see names them.
    """
    wrong: dict[Problem, list[str]] = {}
    found, by_name = Tested(connections=tuple(known)), dict[str, "KpiDefinition"]()
    for name, description in known.items() or [("", UNREAD)]:
        definitions, problems = read_sound(texts, description, Here(name, tuple(names)))
        for one in problems:
            wrong.setdefault(one, []).append(name)
        found.failed += [one for one in failing(definitions) if one not in found.failed]
        by_name |= {one.name: one for one in definitions}
    found.definitions = tuple(by_name.values())
    found.problems = [_on(one, at, len(known)) for one, at in wrong.items()]
    return found


def _on(problem: Problem, names: list[str], of: int) -> Problem:
    return problem if len(names) >= of else replace(problem, text=f"{problem.text} (on {', '.join(names)})")
