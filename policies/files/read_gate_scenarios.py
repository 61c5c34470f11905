"""Courses: examples of a gate that tell what happens to a deal, day by day."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from policies.files.policy import Course, Day
from policies.files.read_values import read_facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.files.node_reader import Sheet
    from policies.files.vocabulary import Vocabulary
    from policies.files.yaml_tree import Node

ENTER: Final = "enter"
LOST: Final = "lost"
START: Final = "2026-11-02: {enter: STAGE}"
MOST_DAYS: Final = 20
BY_MOVES: Final = frozenset({
    "stage", "stage_name", "stage_order", "created_in_stage", "stage_since", "days_in_stage", "days_in_visit",
    "is_open", "is_won", "is_lost", "created", "reopened_on", "closed_on",
})  # fmt: skip
"""Facts that the moves of a course give by themselves."""


def read_course(sheet: Sheet, node: Node, words: Vocabulary, stages: Sequence[str]) -> Course:
    """The course at a node: a map from days to what happens on them."""
    days: list[Day] = []
    before = len(sheet.problems)
    for key, value in sheet.pairs(node, "an example of a gate"):
        on = sheet.day(key, "a day of an example")
        if on and days and on <= days[-1].on:
            sheet.note(key, f"the days of an example stand in order; {on} comes after {days[-1].on}")
        days.append(_day(sheet, value, on or date.min, words, stages))
    if (not days or days[0].enter in {None, LOST}) and len(sheet.problems) == before:
        sheet.note(node, f"an example of a gate starts with the stage a deal is created in, as in {START}")
    if len(days) > MOST_DAYS:
        sheet.note(node, f"an example of a gate has {len(days)} days; {MOST_DAYS} are the most")
    return Course(tuple(days), sheet.file, node.line, node.column)


def _day(sheet: Sheet, node: Node, on: date, words: Vocabulary, stages: Sequence[str]) -> Day:
    enter, values = None, []
    for key, value in sheet.pairs(node, "what happens on a day"):
        if key.value == ENTER:
            enter = sheet.word(value, (*stages, LOST), "the stage entered")
        elif key.value in BY_MOVES:
            sheet.note(key, f"{key.value} follows from the moves; say {ENTER}: STAGE on the day of the move")
        else:
            values.append((key, value))
    return Day(on, enter, *read_facts(sheet, values, words, ENTER))
