"""`kpis test`: the KPIs of files, checked against what each connection knows, and tried by their examples."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from model.errors import PolicyProblem, SettingsProblem
from worker.pipeline.measuring import read_own
from worker.usecases.kpis.dictionary import UNREAD
from worker.usecases.kpis.examples import failing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model.errors import Problem
    from model.kpi_definition import KpiDefinition
    from model.sync import Description
    from worker.wiring import Services

NEVER: Final = "'{name}' was never read; `sluicegate connection check {name}` reads its fields and values."


@dataclass
class Tested:
    """The KPIs of the files, the examples that fail, and the connections that the files were checked against."""

    definitions: tuple[KpiDefinition, ...] = ()
    failed: list[Problem] = field(default_factory=list)
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


def tested(texts: Mapping[str, bytes], known: Mapping[str, Description]) -> Tested:
    """Check files against each connection and run their examples; without connections, against the facts alone.

    Raises PolicyProblem with every mistake. One that only some connections see names them.
    """
    wrong: dict[Problem, list[str]] = {}
    found = Tested(connections=tuple(known))
    for name, description in known.items() or [("", UNREAD)]:
        try:
            found.definitions = read_own(texts, description)
            found.failed += [one for one in failing(found.definitions) if one not in found.failed]
        except PolicyProblem as problem:
            for one in problem.problems:
                wrong.setdefault(one, []).append(name)
    if wrong:
        raise PolicyProblem([_on(one, names, len(known)) for one, names in wrong.items()])
    return found


def _on(problem: Problem, names: list[str], of: int) -> Problem:
    return problem if len(names) >= of else replace(problem, text=f"{problem.text} (on {', '.join(names)})")
