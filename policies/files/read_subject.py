"""The subject of a policy, and what a policy about that subject cannot have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from model.subjects import OPPORTUNITIES, SUBJECTS
from policies.files.yaml_tree import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model.subjects import Subject
    from policies.files.node_reader import Sheet
    from policies.files.yaml_tree import Node

NOT_JUDGED: Final = "accounts are not judged; a policy about an account has mode: off"
NO_RECORD: Final = "is for flags on a record, and a policy about a {} puts none there; leave it out"
ON_RECORD: Final = ("pausable", "grace_days", "at_most_share", "rollout", "actions")
"""Keys that say when a flag goes onto a record, and what happens then."""


def read_subject(sheet: Sheet, values: Mapping[str, Node]) -> Subject:
    """The subject among the values of a policy's keys; keys that make no sense for it are noted."""
    subject = SUBJECTS[sheet.word(values.get("subject"), tuple(SUBJECTS), "subject") or OPPORTUNITIES.name]
    if subject.on_record:
        return subject
    mode = values.get("mode")
    said = mode.value if isinstance(mode, Text) else "warn"
    if not subject.judged and said != "off":
        sheet.note(values["subject"], NOT_JUDGED)
    if subject.judged and isinstance(mode, Text) and said == "enforce":
        sheet.note(mode, f"a policy about a {subject.name} has no actions to enforce; write warn")
    for key in ON_RECORD:
        node = values.get(key)
        if node is not None and not (isinstance(node, Text) and node.value == "false"):
            sheet.note(node, f"{key} {NO_RECORD.format(subject.name)}")
    return subject
