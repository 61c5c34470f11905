"""What the tests' door of every local CRM can do: logs, faults, the clock, labels."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from sandbox import web
from sandbox.web import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


Body: TypeAlias = dict[str, Any]


class World(web.World, Protocol):
    """What the door for tests needs of a CRM."""

    writes: list[Any]
    """Each attempted write, as a dataclass."""
    calls: list[dict[str, Any]]
    labels: dict[str, dict[str, bool]]


_W = TypeVar("_W", bound=World)
Actions: TypeAlias = "Mapping[tuple[str, str], Callable[[_W, Body], Any]]"


def act(world: _W, method: str, name: str, body: Callable[[], Body], actions: Actions[_W]) -> Reply:
    """POST a JSON body to an action, GET a log; unknown names are 404, wrong bodies 400."""
    action = actions.get((method, name))
    if action is None:
        return Reply({"error": f"No such control; there are: {sorted(f'{m} {n}' for m, n in actions)}"}, 404)
    try:
        return Reply(action(world, body()))
    except Exception as error:  # noqa: BLE001 - the test that asked gets whatever was wrong
        return Reply({"error": f"{type(error).__name__}: {error}"}, 400)


def _log(world: World, body: Body) -> Any:
    return {"writes": [dataclasses.asdict(w) for w in world.writes[int(body.get("start", 0)) :]]}


def _fault(world: World, body: Body) -> Any:
    if "ids" in body:
        body["ids"] = tuple(body["ids"])
    made = world.faults.add(**body)
    return {"waiting": len(world.faults.waiting), "how": made.how}


def _clear(world: World, _: Body) -> Any:
    world.faults.clear()
    return {}


def _clock(world: World, body: Body) -> Any:
    """`{"set": instant}` stops it, `{"forward_seconds": n}` moves it, `{"run": true}` lets it go on."""
    if "set" in body:
        world.clock.set(datetime.fromisoformat(body["set"]))
    if "forward_seconds" in body:
        world.clock.forward(timedelta(seconds=body["forward_seconds"]))
    if body.get("run"):
        world.clock.run()
    return {"now": world.clock.now().isoformat()}


COMMON: dict[tuple[str, str], Callable[[Any, Body], Any]] = {
    ("GET", "log"): _log,
    ("GET", "calls"): lambda world, body: {"calls": world.calls[int(body.get("start", 0)) :]},
    ("GET", "faults"): lambda world, _: {"waiting": world.faults.listed()},
    ("POST", "faults"): _fault,
    ("DELETE", "faults"): _clear,
    ("GET", "clock"): _clock,
    ("POST", "clock"): _clock,
    ("GET", "labels"): lambda world, _: {"labels": world.labels},
}
