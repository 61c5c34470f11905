"""Fuzzes the reader of policy files and the parser of conditions: no crash, no hang, every rejection has a place."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from connectors.salesforce.setup.formula import Reading, formula
from connectors.salesforce.setup.formula_text import laid_out
from model.errors import PolicyProblem, Problem
from model.facts import FACTS
from policies.files import Example, read_policies
from policies.language import Condition, parse_condition
from policies.reporting import rendering
from policies.trying.examples import wide_of
from tests.connectors.native.formulas import parsed
from tests.policies.fuzz.conditions import Conditions
from tests.policies.fuzz.files import Files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import FrameType

SECONDS = 1.0
"""Processor time that one input may take."""
FILLER = ("tbd", "n/a")
READINGS = {
    name: Reading("Flag__c") if fact.type == "yes/no" else Reading("Field__c", "ISBLANK(Field__c)", "Field__c")
    for name, fact in FACTS.items()
}  # fmt: skip
EMPTY = wide_of([Example({}, date(2026, 11, 3))], {name: fact.type for name, fact in FACTS.items()})


class Hang(Exception):
    """An input took too long."""


class Wrong(Exception):
    """An answer is not what it should be."""


@contextmanager
def limited() -> Iterator[None]:
    """Raises Hang when the block takes more processor time than an input may."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Hang(f"more than {SECONDS:g} s of processor time")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def read_file(text: str | bytes) -> bool:
    """Reads a file; True where it is accepted, False where it is refused as it should be. Raises Wrong."""
    try:
        found = read_policies({"fuzz.yaml": text})
    except PolicyProblem as error:
        placed(error.problems, text, "fuzz.yaml")
        return False
    if read_policies({"fuzz.yaml": text}).digest != found.digest:
        raise Wrong("read twice, it means two things")
    (
        rendering.policies_of(found),
        rendering.processes_of(found),
        rendering.criteria_of(found),
    )  # what `policies show` does
    return True


def read_condition(text: str) -> bool:
    """Parses a condition, and what can be made of it; True where it is accepted. Raises Wrong."""
    found = parse_condition(text, FACTS, filler=FILLER, where=("fuzz", 1, 1))
    if not isinstance(found, Condition):
        placed(tuple(found), text, "fuzz")
        return False
    again = parse_condition(found.text, FACTS, filler=FILLER)
    if again != found:
        raise Wrong(f"its one-line text means something else: {found.text!r}")
    if not found.english().strip() or not found.facts:
        raise Wrong("it asks for nothing, or says nothing in English")
    EMPTY.frame.select(answer=found.polars(EMPTY))
    _ = found.measures
    if not any(kind == "list" for kind in found.types.values()) and "business_days" not in found.text.lower():
        for wanted in (True, False):
            parsed(laid_out(formula(found, READINGS, wanted=wanted)))
    return True


def placed(problems: tuple[Problem, ...], text: str | bytes, file: str) -> None:
    """Raises Wrong where a rejection lacks a place inside the text, or a sentence."""
    lines = (text.decode("utf-8", "replace") if isinstance(text, bytes) else text).split("\n")
    if not problems:
        raise Wrong("refused without a problem")
    for one in problems:
        if one.file != file or not 1 <= one.line <= len(lines):
            raise Wrong(f"its line is not in the file: {one}")
        if not 1 <= one.column <= len(lines[one.line - 1]) + 1:
            raise Wrong(f"its column is not in the line: {one}")
        if len(one.text.split()) < 3 or "\n" in one.text or "Error" in one.text or len(one.text) > 2_000:
            raise Wrong(f"that is no sentence: {one}")


@dataclass
class Report:
    """What came of the inputs, by kind; `findings`: the first input of each kind of fault."""

    accepted: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, str] = (0.0, "")
    findings: dict[str, tuple[str | bytes, Exception]] = field(default_factory=dict)

    @property
    def inputs(self) -> int:
        return self.accepted.total() + self.refused.total() + len(self.findings)


def kinds(seed: int) -> list[tuple[str, Callable[[], Any], Callable[[Any], bool]]]:
    """What is drawn, and what it is given to."""
    dice = random.Random(seed)  # noqa: S311  # repeatable cases
    files, conditions = Files(dice), Conditions(dice)
    return [
        ("files made from the keys", files.made, read_file), ("mutants of packs", files.mutant, read_file),
        ("spliced files", files.spliced, read_file), ("soups of bytes and signs", files.soup, read_file),
        ("listed bad input, bent", files.known, read_file), ("conditions grown", conditions.grown, read_condition),
        ("conditions bent", conditions.bent, read_condition), ("soups of words", conditions.soup, read_condition),
        ("conditions that are deep", conditions.deep, read_condition),
    ]  # fmt: skip


def fuzz(seed: int, going_on: Callable[[int], bool], folder: Path | None = None) -> Report:
    """Draws inputs while `going_on` says so of their number; faults are kept in the report and saved in `folder`."""
    report, drawn = Report(), kinds(seed)
    number = 0
    while going_on(number):
        name, draw, read = drawn[number % len(drawn)]
        number += 1
        text = draw()
        start = time.process_time()
        try:
            with limited():
                accepted = read(text)
        except Exception as error:  # noqa: BLE001  # any fault is what is looked for
            _found(report, name, text, error, folder)
            continue
        (report.accepted if accepted else report.refused)[name] += 1
        report.slowest = max(report.slowest, (time.process_time() - start, name))
    return report


def _found(report: Report, name: str, text: str | bytes, error: Exception, folder: Path | None) -> None:
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{place.tb_lineno}" if place else ""
    key = f"{name}: {type(error).__name__} at {where}"
    if key in report.findings:
        return
    report.findings[key] = (text, error)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
        (folder / f"{len(report.findings)}.input").write_bytes(data)
        (folder / f"{len(report.findings)}.txt").write_text(f"{key}\n{error!r}\n", "utf-8", "backslashreplace")
