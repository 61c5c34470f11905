"""Policies: one entry of a file each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from policies.files.missing_examples import POLICY_NEEDS, lacking
from policies.files.node_reader import Key
from policies.files.policy import AT_MOST_SHARE, SEVERITIES, Policy
from policies.files.read_actions import read_actions
from policies.files.read_examples import POLICY_KEYS, read_examples
from policies.files.read_mode import read_mode
from policies.files.read_process import MAX_FIX, MAX_TITLE
from policies.files.read_rollout import read_modes, read_rollout
from policies.files.read_subject import read_subject
from policies.files.vocabulary import BLANK_RULES, Rules
from policies.language.tree import in_business_days

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model.process import Rollout
    from policies.files.node_reader import Sheet
    from policies.files.vocabulary import Vocabulary
    from policies.files.yaml_tree import Node

LATER: Final = "this version does not do it; leave the key out"
POLICY: Final = {
    **{name: Key(required=True) for name in ("id", "title", "flag_if", "severity", "points", "fix", "owner")},
    **{name: Key() for name in ("applies_to", "topic", "mode", "pausable", "blank", "filler", "examples", "source")},
    **{name: Key() for name in ("subject", "calendar", "modes", "rollout", "grace_days", "at_most_share", "actions")},
    "zone": Key(refusal=f"zone counts days in another time zone; {LATER}"),
    "waivers": Key(refusal="waivers stand at the top of a file, beside policies, and name the policy they excuse"),
}  # fmt: skip
MOST_GRACE: Final = 90
CALENDARS: Final = ("calendar", "business")
"""How days_since counts: every day, or days that are neither weekend nor holiday of the connection's calendar."""


def read_policy(
    sheet: Sheet, node: Node, vocabularies: Mapping[str, Vocabulary], filler: tuple[str, ...], *,
    rollout: Rollout | None = None,
) -> Policy:  # fmt: skip
    """The policy at a node; a broken part has a harmless stand-in, for its problem is noted. `vocabularies` by
    table; `rollout`: its file's.
    """
    values = sheet.fields(node, POLICY, "a policy")
    subject = read_subject(sheet, values)
    words = vocabularies[subject.table]
    own = sheet.texts(values.get("filler"), "filler")
    rules = Rules((*filler, *own), sheet.word(values.get("blank"), BLANK_RULES, "blank") or "false")
    applies_to = words.condition(sheet, values.get("applies_to"), "applies_to", rules)
    flag_if = words.condition(sheet, values.get("flag_if"), "flag_if", rules)
    if sheet.word(values.get("calendar"), CALENDARS, "calendar") == "business":
        applies_to, flag_if = (one and replace(one, tree=in_business_days(one.tree)) for one in (applies_to, flag_if))
    examples = read_examples(sheet, values.get("examples"), words, [applies_to, flag_if], POLICY_KEYS)
    lacks = lacking(examples, POLICY_NEEDS)
    actions = read_actions(sheet, values.get("actions"), moves=False)
    mode = read_mode(sheet, values.get("mode"), lacks, acts="actions" in values)
    share = sheet.share(values.get("at_most_share"), "at_most_share")
    return Policy(
        id=sheet.id(values.get("id"), "a policy's id") or "",
        title=sheet.text(values.get("title"), "a policy's title", MAX_TITLE) or "",
        flag_if=flag_if,  # type: ignore[arg-type]  # None only beside a noted problem
        severity=sheet.word(values.get("severity"), SEVERITIES, "severity") or "info",
        points=sheet.whole(values.get("points"), "points", 0, 100) or 0,
        fix=sheet.text(values.get("fix"), "fix", MAX_FIX) or "",
        owner=sheet.text(values.get("owner"), "owner") or "",
        applies_to=applies_to,
        topic=sheet.id(values.get("topic"), "a topic") or "",
        subject=subject.name,
        mode=mode,
        modes=read_modes(sheet, values.get("modes"), words, rules, lacks, acts="actions" in values),
        rollout=read_rollout(sheet, values.get("rollout"), words) or rollout if subject.on_record else None,
        grace_days=sheet.whole(values.get("grace_days"), "grace_days", 0, MOST_GRACE) or 0,
        at_most_share=AT_MOST_SHARE if share is None else share,
        actions=actions,
        pausable=sheet.yes(values.get("pausable"), "pausable") or False,
        blank=rules.blank,
        filler=rules.filler,
        examples=examples,
        source=sheet.text(values.get("source"), "source") or "",
        file=sheet.file,
        line=node.line,
    )
