"""Seeded mutations of a policy file: typos, swapped keys, wrong types. Each tells the line it changed."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

KEY = re.compile(r"(?<![\w'.-])([a-z_]+): ")
CONDITION = re.compile(r"^\s*(?:- )?(?:applies_to|flag_if|require): (.+)$")
WORD = re.compile(r"(?<!')\b[a-z_]{4,}\b(?!')")
FREE = re.compile(r"source:|title:|fix:")
KINDS = {"salesforce", "hubspot", "tables"}
LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = {"severity": "info warning critical", "mode": "observe", "pausable": "true", "is_open": "true false"}
WRONG = {
    "points": ["many", "'10'", "[10]", "10.5", "101", "-1", "1_0", "true", ""],
    "title": ["15", "[a, b]", "{a: b}", "true", "", "''"],
    "fix": ["7", "[Call]", "null"],
    "severity": ["3", "[warning]", "high"],
    "flag_if": ["3", "[is_open]", "true", "''", "is_open and", "amount > 'x'", "{is_open: true}"],
    "applies_to": ["12", "[is_open]", "amount", "stage = 'negotation'", "false"],
    "require": ["5", "[touched]", "amount + 1", "touched = 'yes'"],
    "owner": ["12", "[revops]", "true"],
    "id": ["'No Activity'", "15", "[x]", "a;b", "Ünder"],
    "topic": ["3", "[a]", "'two words'"],
    "mode": ["enforce", "loud", "[warn]"],
    "pausable": ["yes", "'true'", "1"],
    "is_open": ["maybe", "1", "[true]"],
    "as_of": ["yesterday", "2026-13-01", "15.11.2026"],
    "expected_days": ["30", "[30]", "[30, 7]", "[a, b]", "[1, 2, 3]", "{least: 1}"],
    "examples": ["none", "[]", "3"],
    "names": ["Prospecting", "[Prospecting]", "{sap: [x]}", "{salesforce: Prospecting}"],
    "exit": ["none", "{id: x}"],
    "version": ["2", "'1'", "one", "[1]"],
    "filler": ["tbd", "[1]", "{a: b}"],
}


@dataclass(frozen=True)
class Mutant:
    kind: str
    text: str
    line: int


class Mutator:
    def __init__(self, seed):
        self.random = random.Random(seed)  # noqa: S311  # repeatable cases

    def mutant(self, text):
        """One mutant of the file, or None where the drawn kind finds nothing to change."""
        often = [self.key_typo, self.word_typo, self.wrong_type]
        seldom = [self.swapped_names, self.swapped_lines, self.doubled_line, self.lost_line, self.lost_sign]
        kinds = [*often, *often, *seldom, self.choice_typo, self.comment, self.bad_indent]
        kind = self.random.choice(kinds)
        lines = text.split("\n")
        found = kind(lines)
        return found and Mutant(kind.__name__, "\n".join(found[0]), found[1] + 1)

    def typo(self, word):
        at = self.random.randrange(len(word))
        letter = self.random.choice(LETTERS)
        changed = self.random.choice([
            word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:], word[:at] + letter + word[at + 1 :],
            word[: max(at - 1, 0)] + word[max(at - 1, 0) : at + 1][::-1] + word[at + 1 :],
        ])  # fmt: skip
        return changed if changed != word else word + letter

    def spot(self, lines, pattern, *, group=1, within=lambda line: True):
        spots = [
            (number, match.span(group))
            for number, line in enumerate(lines)
            if within(line) and not line.lstrip().startswith("#")
            for match in pattern.finditer(line)
        ]
        return self.random.choice(spots) if spots else None

    def replaced(self, lines, spot, word):
        number, (start, end) = spot
        changed = lines[number][:start] + word + lines[number][end:]
        return [*lines[:number], changed, *lines[number + 1 :]], number

    def key_typo(self, lines):
        spot = self.spot(lines, KEY, within=lambda line: not FREE.search(line))
        return spot and self.replaced(lines, spot, self.typo(lines[spot[0]][slice(*spot[1])]))

    def word_typo(self, lines):
        conditions = [(number, match) for number, line in enumerate(lines) if (match := CONDITION.match(line))]
        if not conditions:
            return None
        number, match = self.random.choice(conditions)
        words = list(WORD.finditer(match[1]))
        if not words:
            return None
        word = self.random.choice(words)
        start = match.start(1)
        return self.replaced(lines, (number, (start + word.start(), start + word.end())), self.typo(word.group()))

    def choice_typo(self, lines):
        key = self.random.choice(list(WORDS))
        spot = self.spot(lines, re.compile(rf"\b{key}: (\w+)"))
        return spot and self.replaced(lines, spot, self.typo(lines[spot[0]][slice(*spot[1])]))

    def wrong_type(self, lines):
        key = self.random.choice(list(WRONG))
        spot = self.spot(lines, re.compile(rf"^\s*(?:- )?{key}: (.+)$"))
        spot = spot or self.spot(lines, re.compile(rf"\b{key}: (\w[\w-]*)"))
        return spot and self.replaced(lines, spot, self.random.choice(WRONG[key]))

    def neighbours(self, lines):
        plain = re.compile(r"^ {4,}[a-z_]+: \S")
        pairs = [
            n for n in range(len(lines) - 1)
            if plain.match(lines[n]) and plain.match(lines[n + 1]) and indent(lines[n]) == indent(lines[n + 1])
            and "source:" not in lines[n] + lines[n + 1]
        ]  # fmt: skip
        return self.random.choice(pairs) if pairs else None

    def swapped_lines(self, lines):
        number = self.neighbours(lines)
        return number and ([*lines[:number], lines[number + 1], lines[number], *lines[number + 2 :]], number)

    def swapped_names(self, lines):
        number = self.neighbours(lines)
        if not number or {"title", "fix"} & (keys := {one.split(":")[0].strip() for one in lines[number : number + 2]}):
            return None
        if {"owner", "topic"} <= keys or len(keys & KINDS) > 1:  # another file, and a right one
            return None
        (a, b), (c, d) = lines[number].split(":", 1), lines[number + 1].split(":", 1)
        return [*lines[:number], f"{c}:{b}", f"{a}:{d}", *lines[number + 2 :]], number

    def doubled_line(self, lines):
        spot = self.spot(lines, re.compile(r"^ {4,}([a-z_]+): \S.*$"))
        return spot and ([*lines[: spot[0]], lines[spot[0]], *lines[spot[0] :]], spot[0])

    def lost_line(self, lines):
        spot = self.spot(lines, re.compile(r"^ {4,}(fix|flag_if|owner|require): \S.*$"))
        start = spot and max(n for n in range(spot[0]) if lines[n].lstrip().startswith("- "))
        return spot and ([*lines[: spot[0]], *lines[spot[0] + 1 :]], start)

    def lost_sign(self, lines):
        spot = self.spot(lines, re.compile(r"([{}\[\]'])"), within=lambda line: not FREE.search(line))
        return spot and self.replaced(lines, spot, "")

    def comment(self, lines):
        number = self.random.randrange(len(lines))
        return [*lines[:number], "# a remark", "", *lines[number:]], number

    def bad_indent(self, lines):
        spot = self.spot(lines, re.compile(r"^( {4,})[a-z_]+: \S.*$"))
        return spot and self.replaced(lines, spot, " " * (indent(lines[spot[0]]) - 1))


def indent(line):
    return len(line) - len(line.lstrip())
