"""Waivers: one rule excused on some deals until a day, with a reason and the name of who approved it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from model.helpers.words import did_you_mean
from model.subjects import SUBJECTS
from policies.files.node_reader import Key
from policies.files.policy import Waiver
from policies.files.vocabulary import Rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policies.files.node_reader import Sheet
    from policies.files.vocabulary import Vocabulary
    from policies.files.yaml_tree import Node

WAIVER: Final = {
    "policy": Key(required=True), "deals": Key(), "where": Key(), "connection": Key(), "until": Key(required=True),
    "reason": Key(required=True), "approved_by": Key(required=True),
}  # fmt: skip
MAX_REASON: Final = 255
NO_REASON: Final = frozenset({"tbd", "tba", "n/a", "na", "none", "unknown", "test", "x", ".", "-", "--", "?"})
"""Texts that are no reason, whatever a file lists as filler."""


def read_waiver(
    sheet: Sheet, node: Node, words: Vocabulary, filler: tuple[str, ...], known: Mapping[str, str]
) -> Waiver | None:
    """The waiver at a node, None beside a noted problem; `known`: ids of policies and criteria, what each is about."""
    before = len(sheet.problems)
    values = sheet.fields(node, WAIVER, "a waiver")
    policy = sheet.text(values.get("policy"), "a waiver's policy")
    if policy and policy not in known:
        sheet.note(values["policy"], f"there is no policy or criterion '{policy}'{did_you_mean(policy, known)}")
    elif policy and not SUBJECTS[known[policy]].on_record:
        text = f"'{policy}' is about a {known[policy]}, whose record carries no flag: there is nothing to waive"
        sheet.note(values["policy"], text)
    deals = sheet.texts(values.get("deals"), "deals")
    where = words.condition(sheet, values.get("where"), "where", Rules(filler))
    if ("deals" in values) == ("where" in values) or ("deals" in values and not deals):
        sheet.note(node, "a waiver names the deals by their ids in 'deals', or by a condition in 'where'")
    reason = sheet.text(values.get("reason"), "a waiver's reason", MAX_REASON)
    if reason and reason.casefold() in NO_REASON | {text.casefold() for text in filler}:
        sheet.note(values["reason"], f"'{reason}' is filler and no reason; say why")
    until = sheet.day(values.get("until"), "until")
    by = sheet.text(values.get("approved_by"), "approved_by")
    connection = sheet.text(values.get("connection"), "connection") or ""
    if len(sheet.problems) > before or until is None or not (policy and reason and by):
        return None
    return Waiver(policy, until, reason, by, deals, where, connection, sheet.file, node.line)
