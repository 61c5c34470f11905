"""Gates as validation rules: one formula a criterion, for an admin to paste. Nothing is sent.

A rule refuses the save where the stage moves forward through the gate, exactly this process claims the deal, the
criterion is surely not met, and the user does not hold our exemption.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Final, cast

from connectors.salesforce.setup.fields import EXEMPT
from connectors.salesforce.setup.formula import Unsayable, constant, formula, quoted
from connectors.salesforce.setup.formula_text import all_of, fn, laid_out, negated
from connectors.salesforce.setup.native_facts import readings
from connectors.shared.setup.native_rules import NOT_SENT, Native, Unsaid, asked_of, judged, require_of
from model.stages import LOST, WON, Meaning, StageNames

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import polars as pl

    from connectors.salesforce.setup.formula import Reading
    from connectors.salesforce.setup.formula_text import Expr
    from model.process import Place, Process
    from model.sync import Description
    from policies.files import PolicySet
    from policies.language import Condition

STAGE: Final = "StageName"
MAX_FORMULA: Final = 3900
MAX_BYTES: Final = 4000
MAX_NAME: Final = 40
MAX_MESSAGE: Final = 255
NOWHERE: Final = 99
"""Rank of a stage that is not the process's, where a move starts."""
STANDING: Final = "it holds as long as a deal is in the stage, and a rule would lock the deals that are there already"
NO_MOVE: Final = "no forward move between the stages that the org has goes through this gate"
NOTES: Final = (
    NOT_SENT,
    f"Each rule leaves holders of the custom permission {EXEMPT} alone; `connection provision` makes it for our user.",
    "A rule refuses the move at once. Sluicegate also accepts a criterion that is met later, or was met before.",
    "TODAY() is the day of the person who saves; Sluicegate counts in the deal owner's time zone.",
    "TRIM() cuts spaces only and LEN() counts some signs twice; tabs at the ends of a text are not seen as blank.",
    f"No rule has over {MAX_FORMULA:,} characters. Salesforce also limits the compiled size, which only it knows.",
)


def native(policies: PolicySet, description: Description, stages: pl.DataFrame, process: str | None = None) -> Native:
    """A rule for each criterion that a formula can say whole, the rest with reasons. `stages`: CRM_STAGES."""
    made = _Maker(policies, description, stages)
    rules, unsaid = [], []
    for place in judged(policies.criteria(), process):
        try:
            rules.append(made.rule(place))
        except Unsayable as error:
            unsaid.append(Unsaid(place.id, require_of(place).text, error.reasons))
    return Native(tuple(rules), unsaid=tuple(unsaid), notes=NOTES if rules else NOTES[:1])


class _Maker:
    def __init__(self, policies: PolicySet, description: Description, stages: pl.DataFrame) -> None:
        self.policies = policies
        self.known: Mapping[str, Reading | str] = readings(description, asked_of(policies))
        names = dict.fromkeys((*stages["name"].drop_nulls(), *description.choices.get("stage_name", ())))
        self.stages, self.names = stages, tuple(names)

    def rule(self, place: Place) -> dict[str, Any]:
        """The rule of one criterion; raises Unsayable."""
        criterion = place.criterion
        text = laid_out(self.formula(place))
        if len(text) > MAX_FORMULA or len(text.encode()) > MAX_BYTES:
            raise Unsayable((f"its formula has {len(text):,} characters, and {MAX_FORMULA:,} are the most",))
        return {
            "criterion": place.id, "process": place.process.id, "stage": place.stage, "side": place.side,
            "mode": criterion.mode, "title": criterion.title, "require": require_of(place).text,
            "name": rule_name(place.id), "formula": text, "message": criterion.fix[:MAX_MESSAGE],
        }  # fmt: skip

    def formula(self, place: Place) -> Expr:
        criterion = place.criterion
        if criterion.holds == "while_in":
            raise Unsayable((STANDING,))
        parts = [*self.claim(place.process), lambda: formula(require_of(place), self.known, wanted=False)]
        conditions: list[Expr] = []
        reasons: list[str] = []
        for part in parts:
            try:
                conditions.append(part())
            except Unsayable as error:
                reasons += error.reasons
        moved = self.forward(place)
        if moved is None:
            reasons.append(NO_MOVE)
        if reasons or moved is None:
            raise Unsayable(tuple(dict.fromkeys(reasons)))
        since = [f"TODAY() >= {constant(criterion.binds_from)}"] if criterion.binds_from else []
        return all_of(negated(f"$Permission.{EXEMPT}"), fn("ISCHANGED", STAGE), *since, *moved, *conditions)

    def claim(self, mine: Process) -> list[Any]:
        """That this process claims the deal and no other does, each for certain."""
        return [
            lambda one=one: formula(_claims(one), self.known, wanted=one is mine)
            for one in self.policies.processes if one.applies_to
        ]  # fmt: skip

    def forward(self, place: Place) -> tuple[str, str] | None:
        """That the stage before ranks below the gate and the stage after beyond it; None where no move can do so."""
        entry, order = place.side == "entry", place.order
        to_won = entry and place.last
        ranks = dict(self.ranked(place.process))
        before = {name: rank for name, (rank, ends) in ranks.items() if ends != WON or to_won}
        after = {name: rank for name, (rank, _) in ranks.items()}
        # out of a stage that the process does not know, Lost among them, only Won's own entry criteria bind
        starts = to_won or any(rank < order if entry else rank <= order for rank in before.values())
        if not starts or not any(rank >= order if entry else rank > order for rank in after.values()):
            return None
        start = _case(f"TEXT(PRIORVALUE({STAGE}))", before, 0 if to_won else NOWHERE)
        end = _case(f"TEXT({STAGE})", after, 0)
        return f"{start} {'<' if entry else '<='} {order}", f"{end} {'>=' if entry else '>'} {order}"

    def ranked(self, process: Process) -> Iterator[tuple[str, tuple[int, int]]]:
        """The org's stages that the process knows, each with its order and how it ends."""
        names = StageNames([process], "salesforce", self.stages, (), self.names)
        found: list[tuple[str, Meaning]] = list(zip(self.names, names.meanings, strict=False))
        for name, meaning in sorted(found, key=lambda pair: (pair[1].order or 0, pair[0])):
            if meaning.order is not None and meaning.ends != LOST:
                yield name, (meaning.order, meaning.ends)


def _claims(process: Process) -> Condition:
    return cast("Condition", process.applies_to)


def _case(value: str, ranks: Mapping[str, int], otherwise: int) -> str:
    listed = "".join(f", {quoted(name)}, {rank}" for name, rank in ranks.items())
    return f"CASE({value}{listed}, {otherwise})"


def rule_name(path: str) -> str:
    """A name that Salesforce takes, the same each time and unlike any other criterion's."""
    whole = "SG_" + re.sub("[^A-Za-z0-9]+", "_", path).strip("_")
    if len(whole) <= MAX_NAME:
        return whole
    mark = hashlib.blake2b(path.encode(), digest_size=3).hexdigest()
    return f"{whole[: MAX_NAME - len(mark) - 1].rstrip('_')}_{mark}"
