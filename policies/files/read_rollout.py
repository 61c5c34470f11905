"""How far a policy reaches: its mode by deal, and whom it is rolled out to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from model.process import Rollout
from policies.files.node_reader import Key, kind
from policies.files.policy import ModeCase
from policies.files.read_mode import read_mode
from policies.files.yaml_tree import Text
from policies.language.condition import Condition, parse_condition

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.files.node_reader import Sheet
    from policies.files.vocabulary import Rules, Vocabulary
    from policies.files.yaml_tree import Node

EVERYONE: Final = "everyone"
OPEN_TO: Final = {"teams": "team", "owners": "owner", "pipelines": "pipeline"}
"""What a rollout names, and the fact that says whether a deal is meant."""
ROLLOUT: Final = {name: Key() for name in OPEN_TO}
MODE_CASE: Final = {"where": Key(required=True), "mode": Key(required=True)}


def read_modes(
    sheet: Sheet, node: Node | None, words: Vocabulary, rules: Rules, lacks: Sequence[str], *, acts: bool
) -> tuple[ModeCase, ...]:
    """The cases of `modes`; `lacks`: kinds of examples that are not there, `acts`: whether the policy has actions."""
    cases = []
    for item in sheet.entries(node, "modes"):
        values = sheet.fields(item, MODE_CASE, "a case of modes")
        where = words.condition(sheet, values.get("where"), "where", rules)
        mode = read_mode(sheet, values.get("mode"), lacks, acts=acts)
        if where is not None:
            cases.append(ModeCase(where, mode))
    return tuple(cases)


def read_rollout(sheet: Sheet, node: Node | None, words: Vocabulary) -> Rollout | None:
    """Whom a policy is open to: `everyone`, or lists of teams, owners and pipelines; None where the key is absent."""
    if node is None:
        return None
    if isinstance(node, Text):
        if node.value != EVERYONE:
            said = f"'{node.value}'" if node.value else kind(node)
            sheet.note(node, f"rollout is {EVERYONE}, or names {', '.join(OPEN_TO)}; it is not {said}")
        return Rollout()
    before = len(sheet.problems)
    values = sheet.fields(node, ROLLOUT, "rollout")
    parts = [part for name, fact in OPEN_TO.items() for part in _named(sheet, values.get(name), name, fact, words)]
    if not parts and len(sheet.problems) == before:
        sheet.note(node, f"rollout names nobody; write {EVERYONE}, or name {', '.join(OPEN_TO)}")
    if not parts:
        return Rollout()
    where = parse_condition(" or ".join(parts), words.facts)
    return Rollout(where if isinstance(where, Condition) else None)


def _named(sheet: Sheet, node: Node | None, name: str, fact: str, words: Vocabulary) -> Iterator[str]:
    """A comparison for each team, owner or pipeline; what the CRM does not know is noted at its place."""
    for item in sheet.entries(node, name):
        said = sheet.text(item, f"each of {name}")
        if said is None:
            continue
        part = "{} = '{}'".format(fact, said.replace("'", "''"))
        found = parse_condition(part, words.facts)
        if isinstance(found, list):
            sheet.note(item, f"{name}: {found[0].text}")
        else:
            yield part
