"""One policy with other limits, each a policy of its own, so that a replay can compare them."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from model.errors import SettingsProblem
from model.subjects import SUBJECTS
from policies.files import revision
from policies.language import Compare, Const, walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.files import PolicySet
    from policies.language import Node


def tuned(policies: PolicySet, id_: str, limits: Sequence[int]) -> PolicySet:
    """The set with `id_` alone, once for each limit as `ID@LIMIT`; in mode off it is judged all the same.

    Raises SettingsProblem where the policy is not there, or its flag_if has not exactly one number to compare with.
    """
    policy = next((policy for policy in policies.policies if policy.id == id_), None)
    if policy is None:
        known = ", ".join(policy.id for policy in policies.policies)
        raise SettingsProblem(f"There is no policy '{id_}' in these files; they have {known or 'none'}.")
    if why := SUBJECTS[policy.subject].no_replay:
        raise SettingsProblem(f"'{id_}' is about a {policy.subject}: {why}, so it has no tuning.")
    number = _number(id_, policy.flag_if.tree)
    mode = "observe" if policy.mode == "off" else policy.mode
    found = tuple(
        replace(
            policy, id=f"{id_}@{limit}", mode=mode,
            flag_if=replace(policy.flag_if, tree=_with(policy.flag_if.tree, number, Const(Decimal(limit), str(limit)))),
        )
        for limit in limits
    )  # fmt: skip
    only = replace(policies, policies=found, processes=tuple(_gateless(process) for process in policies.processes))
    return replace(only, digest=revision(only))


def _gateless(process: Any) -> Any:
    """The process without criteria: its stages are still asked for."""
    return replace(process, stages=tuple(replace(stage, entry=(), exit=()) for stage in process.stages))


def _number(id_: str, tree: Node) -> Const:
    """The only number that the condition compares with."""
    sides = [side for node in walk(tree) if isinstance(node, Compare) for side in (node.left, node.right)]
    found = [side for side in sides if isinstance(side, Const) and isinstance(side.value, Decimal)]
    if len(found) != 1:
        numbers = f"{len(found)} of them" if found else "none"
        raise SettingsProblem(
            f"'{id_}' cannot be tuned: flag_if must compare with exactly one number, and it has {numbers}. "
            "Replay a copy with other numbers instead."
        )
    return found[0]


def _with(node: Any, old: Const, new: Const) -> Any:
    """The tree with one constant in the place of another."""
    if node is old:
        return new
    if isinstance(node, tuple):
        return tuple(_with(part, old, new) for part in node)
    if is_dataclass(node) and not isinstance(node, type):
        return replace(node, **{one.name: _with(getattr(node, one.name), old, new) for one in fields(node)})
    return node
