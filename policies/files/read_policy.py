"""Policies: one entry of a file each, and what its subject rules out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from model.subjects import OPPORTUNITIES, SUBJECTS
from policies.files.modes_and_actions import read_actions, read_mode, read_modes, read_rollout
from policies.files.node_reader import Key
from policies.files.policy import AT_MOST_SHARE, SEVERITIES, Policy
from policies.files.policy_set import POLICY_NEEDS, missing_kinds
from policies.files.read_examples import POLICY_KEYS, read_examples
from policies.files.read_process import MAX_FIX, MAX_TITLE
from policies.files.vocabulary import BLANK_RULES, Rules
from policies.files.yaml_tree import TextNode
from policies.language import in_business_days

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model.process import Rollout
    from model.subjects import Subject
    from policies.files.node_reader import NodeReader
    from policies.files.vocabulary import Vocabulary
    from policies.files.yaml_tree import Node


NOT_JUDGED: Final = "accounts are not judged; a policy about an account has mode: off"
NO_RECORD: Final = "is for flags on a record, and a policy about a {} puts none there; leave it out"
ON_RECORD: Final = ("pausable", "grace_days", "at_most_share", "rollout", "actions")
"""Keys about flags on a record and what follows from them."""


def read_subject(reader: NodeReader, values: Mapping[str, Node]) -> Subject:
    """The subject among the values of a policy's keys; keys that do not apply to it are noted."""
    subject = SUBJECTS[reader.word(values.get("subject"), tuple(SUBJECTS), "subject") or OPPORTUNITIES.name]
    if subject.on_record:
        return subject
    mode = values.get("mode")
    written = mode.value if isinstance(mode, TextNode) else "warn"
    if not subject.judged and written != "off":
        reader.note(values["subject"], NOT_JUDGED)
    if subject.judged and isinstance(mode, TextNode) and written == "enforce":
        reader.note(mode, f"a policy about a {subject.name} has no actions to enforce; write warn")
    for key in ON_RECORD:
        node = values.get(key)
        if node is not None and not (isinstance(node, TextNode) and node.value == "false"):
            reader.note(node, f"{key} {NO_RECORD.format(subject.name)}")
    return subject


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
    reader: NodeReader, node: Node, vocabularies: Mapping[str, Vocabulary], filler: tuple[str, ...], *,
    rollout: Rollout | None = None,
) -> Policy:  # fmt: skip
    """The policy at a node; invalid parts get a placeholder, and their problems are noted.

    `vocabularies`: by table. `rollout`: its file's.
    """
    values = reader.fields(node, POLICY, "a policy")
    subject = read_subject(reader, values)
    words = vocabularies[subject.table]
    own = reader.texts(values.get("filler"), "filler")
    rules = Rules((*filler, *own), reader.word(values.get("blank"), BLANK_RULES, "blank") or "false")
    applies_to = words.condition(reader, values.get("applies_to"), "applies_to", rules)
    flag_if = words.condition(reader, values.get("flag_if"), "flag_if", rules)
    if reader.word(values.get("calendar"), CALENDARS, "calendar") == "business":
        applies_to, flag_if = (one and replace(one, tree=in_business_days(one.tree)) for one in (applies_to, flag_if))
    examples = read_examples(reader, values.get("examples"), words, [applies_to, flag_if], POLICY_KEYS)
    lacks = missing_kinds(examples, POLICY_NEEDS)
    actions = read_actions(reader, values.get("actions"), moves=False)
    mode = read_mode(reader, values.get("mode"), lacks, acts="actions" in values)
    share = reader.share(values.get("at_most_share"), "at_most_share")
    return Policy(
        id=reader.id(values.get("id"), "a policy's id") or "",
        title=reader.text(values.get("title"), "a policy's title", MAX_TITLE) or "",
        flag_if=flag_if,  # type: ignore[arg-type]  # None only where a problem is noted
        severity=reader.word(values.get("severity"), SEVERITIES, "severity") or "info",
        points=reader.whole(values.get("points"), "points", 0, 100) or 0,
        fix=reader.text(values.get("fix"), "fix", MAX_FIX) or "",
        owner=reader.text(values.get("owner"), "owner") or "",
        applies_to=applies_to,
        topic=reader.id(values.get("topic"), "a topic") or "",
        subject=subject.name,
        mode=mode,
        modes=read_modes(reader, values.get("modes"), words, rules, lacks, acts="actions" in values),
        rollout=read_rollout(reader, values.get("rollout"), words) or rollout if subject.on_record else None,
        grace_days=reader.whole(values.get("grace_days"), "grace_days", 0, MOST_GRACE) or 0,
        at_most_share=AT_MOST_SHARE if share is None else share,
        actions=actions,
        pausable=reader.yes(values.get("pausable"), "pausable") or False,
        blank=rules.blank,
        filler=rules.filler,
        examples=examples,
        source=reader.text(values.get("source"), "source") or "",
        file=reader.file,
        line=node.line,
    )
