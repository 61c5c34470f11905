"""Policy files for the fuzzer: made from the reader's own keys, mutants of what ships, spliced bytes, soups."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from model.facts import FACTS
from policies.files.read_examples import CRITERION_KEYS, POLICY_KEYS
from policies.files.read_policy import POLICY
from policies.files.read_process import CRITERION, PROCESS, STAGE
from policies.files.reader import FILE
from policies.files.vocabulary import FACT
from tests.policies.fuzz.conditions import Conditions
from tests.policies.reader.bad_input import BAD
from tests.policies.reader.mutants import Mutator
from tests.policies.reader.test_mutants import pieces
from worker.packs import pack_texts

if TYPE_CHECKING:
    import random

SCALARS = (
    "", "a", "tbd", "yes", "true", "null", "~", "0", "1", "-1", "1.5", "1e3", "0x1f", "0o7", "1_000", ".inf",
    "2026-11-03", "2026-02-30", "9" * 30, "won", "demo", "lost", "unknown", "'", '"', "a: b", "- a", "#", "&a", "*a",
    "!!str x", "|", ">", "%YAML 1.1", "@", "`", "x" * 5_000, "é", "\u200b", "\x07", "\ud800", "\u2028", "everyone",
    "opportunity", "enforce",
)  # fmt: skip
SIGNS = (
    "&a ", "*a", "!!x ", "!<tag:x> ", "? ", "- ", ": ", ":", "|", "|2\n", ">-\n", "%YAML 1.2\n", "---\n", "...\n",
    "\t", "\n\t", '"\\x', '"\\u12', "'", '"', "\ufeff", "{", "}", "[", "]", ",", "#", " #", "\r", "\r\n", "\n",
    "\x85", "\u2028", "\x00", "<<: ", "  ", "\x1b[31m", "null", "~", "𝕏",
)  # fmt: skip
KEYS = {
    "file": FILE, "policy": POLICY, "process": PROCESS, "stage": STAGE, "criterion": CRITERION, "fact": FACT,
    "policy examples": POLICY_KEYS, "criterion examples": CRITERION_KEYS,
}  # fmt: skip
INSIDE = {
    "policies": "policy", "processes": "process", "stages": "stage", "entry": "criterion", "exit": "criterion",
}  # fmt: skip
CONDITIONS = ("flag_if", "applies_to", "require", "where")


class Files:
    """Draws files, as text or bytes; `random` decides everything."""

    def __init__(self, dice: random.Random) -> None:
        self.random = dice
        self.conditions = Conditions(dice)
        self.mutator = Mutator(0)
        self.mutator.random = dice
        self.pieces = list(pieces())
        self.whole = [text.decode() for text in pack_texts().values()]
        self.bad = [one[0] if isinstance(one, tuple) else one for one in BAD.values()]

    def made(self) -> str:
        """A file from the keys that the reader knows, in flow or block style."""
        tree = self.map("file", 0)
        if self.random.random() < 0.9:
            tree["version"] = 1
        if self.random.random() < 0.5:
            return json.dumps(tree, ensure_ascii=self.random.random() < 0.5)
        return "\n".join(_block(tree, 0)) + "\n"

    def map(self, what: str, depth: int) -> dict[str, Any]:
        keys = KEYS[what]
        picked = [name for name in keys if keys[name].required or self.random.random() < 0.25]
        if self.random.random() < 0.1:
            picked.append(self.random.choice(("x", "", "<<", "id", "Id", "stages", *FACTS)))
        return {name: self.value(name, what, depth + 1) for name in picked if self.random.random() < 0.97}

    def value(self, name: str, what: str, depth: int) -> Any:
        if self.random.random() < 0.08 or depth > 8:
            return self.scalar()
        if name in CONDITIONS:
            return self.conditions.any() if self.random.random() < 0.3 else self.conditions.grown()
        if name in INSIDE:
            return [self.map(INSIDE[name], depth) for _ in range(self.random.randint(0, 3))]
        if name == "examples":
            return self.map(f"{'policy' if what == 'policy' else 'criterion'} examples", depth)
        return self.example(name) if name in POLICY_KEYS | CRITERION_KEYS else self.plain(name)

    def example(self, name: str) -> list[Any]:
        if name in POLICY_KEYS:
            return [self.facts() for _ in range(self.random.randint(0, 2))]
        return [{self.day(): self.facts() | {"enter": self.word()} for _ in range(2)}]

    def plain(self, name: str) -> Any:
        right: dict[str, Any] = {
            "id": self.random.choice(("a", "b-c", "won", "demo", "lost")), "points": self.random.randint(-5, 120),
            "severity": self.random.choice(("info", "warning", "critical", "bad")), "version": 1,
            "names": {self.random.choice(("salesforce", "hubspot", "tables", "sap")): [self.word()]},
            "expected_days": [self.random.randint(0, 30), self.random.randint(0, 60)],
            "filler": [self.word(), self.scalar()],
            "facts": {self.random.choice(("acv", "X", "owner")): {"type": self.word(), "meaning": "M"}},
            "pausable": self.random.random() < 0.5, "mode": self.random.choice(("off", "observe", "warn", "enforce")),
            "lost_names": {"salesforce": [self.word()]}, "holds": self.random.choice(("once", "while_in")),
            "binds_from": self.day(),
        }  # fmt: skip
        return right.get(name, self.word())

    def facts(self) -> dict[str, Any]:
        names = self.random.choices((*FACTS, "as_of", "nonsense"), k=self.random.randint(0, 4))
        return {name: self.random.choice((self.scalar(), True, 3, self.day(), [self.word()])) for name in names}

    def day(self) -> str:
        return f"2026-{self.random.randint(1, 13):02}-{self.random.randint(1, 31):02}"

    def word(self) -> str:
        return self.random.choice(("Demo", "won", "demo", "number", "text", "date", "a b", "Call", self.scalar()))

    def scalar(self) -> Any:
        return self.random.choice(SCALARS)

    def mutant(self) -> str:
        """A piece of a pack, or now and then a whole one, with mistakes such as people make."""
        text = self.random.choice(self.whole if self.random.random() < 0.02 else self.pieces)
        for _ in range(self.random.randint(1, 3)):
            found = self.mutator.mutant(text)
            text = found.text if found else text
        return text

    def spliced(self) -> str | bytes:
        """A file with signs of YAML and pieces of others put in, taken out, cut off."""
        text = self.random.choice((*self.pieces, self.made()))
        for _ in range(self.random.randint(1, 5)):
            at = self.random.randrange(len(text) + 1)
            to = at + self.random.choice((0, 0, 1, 2, 10, 200))
            other = self.random.choice(self.pieces)
            start = self.random.randrange(len(other))
            put = (
                self.random.choice(SIGNS),
                self.scalar(),
                other[start : start + self.random.randint(1, 400)],
                "",
                text[at:to] * 3,
            )
            text = text[:at] + self.random.choice(put) + text[to:]
        text = text[: self.random.randrange(len(text) + 1)] if self.random.random() < 0.1 else text
        return text if self.random.random() < 0.5 else self.bytes_of(text)

    def bytes_of(self, text: str) -> bytes:
        data = bytearray(text.encode(self.random.choice(("utf-8", "utf-8", "utf-16", "latin-1")), "replace"))
        for _ in range(self.random.choice((0, 1, 3)) if data else 0):
            data[self.random.randrange(len(data))] = self.random.randrange(256)
        return bytes(data)

    def soup(self) -> str | bytes:
        many = self.random.choice((1, 3, 10, 50, 3_000))
        if self.random.random() < 0.4:
            return self.random.randbytes(many)
        words = (*SIGNS, *SCALARS, *FILE, *POLICY, *STAGE)
        return "".join(self.random.choices(words, k=many))

    def known(self) -> str | bytes:
        """One of the kinds of bad input that are listed, bent a little."""
        text = self.random.choice(self.bad)
        if isinstance(text, bytes) or len(text) > 20_000:
            return text
        at = self.random.randrange(len(text) + 1)
        return text[:at] + self.random.choice(SIGNS) + text[at + self.random.randint(0, 3) :]


def _block(node: Any, depth: int) -> list[str]:
    """A tree in block style; scalars stand as they are, right or wrong."""
    pad = "  " * depth
    if isinstance(node, dict):
        return [line for name, value in node.items() for line in _entry(f"{pad}{name}:", value, depth)] or [
            f"{pad}{{}}"
        ]
    if isinstance(node, list):
        return [line for value in node for line in _entry(f"{pad}-", value, depth)] or [f"{pad}[]"]
    return [f"{pad}{json.dumps(node) if isinstance(node, bool) else node}"]


def _entry(start: str, value: Any, depth: int) -> list[str]:
    if isinstance(value, dict | list) and value:
        return [start, *_block(value, depth + 1)]
    return [f"{start} {_block(value, 0)[0]}"]
