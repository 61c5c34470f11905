"""One KPI of a user: an entry under `kpis` of a policy file, in the words of dbt's semantic layer where it has one."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, get_args

from model.facts import FACTS, Fact
from model.helpers.words import did_you_mean
from model.kpi_definition import DAYS_TO_CLOSE, Agg, KpiDefinition, KpiMeasure, KpiWindow
from policies.files.node_reader import Key, NodeReader
from policies.files.own_kpis.examples import read_kpi_examples
from policies.files.read_process import MAX_TITLE
from policies.files.vocabulary import Rules
from policies.files.yaml_tree import MapNode, TextNode
from policies.language import Condition, implied, parse_number

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from model.kpi_definition import Formula
    from policies.files.vocabulary import Vocabulary
    from policies.files.yaml_tree import Node

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,59}")
TYPES: Final = {"simple": ("measure",), "ratio": ("numerator", "denominator"), "derived": ("expr",)}
"""The keys that a KPI of each type has and the others have not."""
OF_DEALS: Final = ("filter", "window")
"""Keys of KPIs that count deals, which a derived one does not."""
COMMON: Final = ("description", "unit", "owner", "leads", "category", "benchmark", "connections", "examples")
KPI: Final = {
    **{name: Key(required=True) for name in ("name", "label", "type")},
    **{name: Key() for name in (*COMMON, *OF_DEALS, "measure", "numerator", "denominator", "expr", "metrics")},
    "id": Key(refusal="the id of a KPI is its name; write name:"),
    "title": Key(refusal="what people call a KPI is its label; write label:"),
    "by": Key(refusal="every KPI is measured by each dimension; leave by out, and ask with --by"),
}
MEASURE: Final = {"agg": Key(required=True), "expr": Key(), "filter": Key()}
AGGS: Final[tuple[Agg, ...]] = get_args(Agg)
OF_RATIOS: Final[tuple[Agg, ...]] = ("count", "sum")
WINDOWS: Final[tuple[KpiWindow, ...]] = get_args(KpiWindow)
UNITS: Final = ("deals", "money", "share", "ratio", "days", "number")
LEADS: Final = ("leading", "lagging")
CATEGORIES: Final = ("activity", "leading", "outcome", "efficiency", "quality")
OWNER: Final = "RevOps"
MAX_DESCRIPTION: Final = 500
OWN_CURRENCY: Final = (
    "amount is in each deal's own currency, and unlike currencies do not add up; write amount_home, the amount in the "
    "home currency"
)
RULES: Final = Rules()


class KpiReader:
    """Reads one entry."""

    def __init__(self, reader: NodeReader, words: Vocabulary, kpis: Collection[str]) -> None:
        self.reader, self.words, self.kpis = reader, words, kpis
        measured = Fact(DAYS_TO_CLOSE, "number", "days", "From creation to closing")
        self.facts = {**words.facts, DAYS_TO_CLOSE: measured}

    def read(self, node: Node) -> KpiDefinition:
        """The KPI at a node; invalid parts get a placeholder, and their problems are noted."""
        reader = self.reader
        values = reader.fields(node, KPI, "a KPI")
        kind = reader.word(values.get("type"), tuple(TYPES), "type")
        if kind and isinstance(node, MapNode):
            self.note_keys(node, values, kind)
        window = reader.word(values.get("window"), WINDOWS, "window") or "as_of"
        condition = self.condition(values.get("filter"), "filter")
        sides = {
            key: side for key in (*TYPES["simple"], *TYPES["ratio"])
            if key in values and (side := self.measure(values[key], key, window))
        }  # fmt: skip
        expr = self.derived(values) if kind == "derived" else None
        one = KpiDefinition(
            name=self.name(values.get("name")),
            label=reader.text(values.get("label"), "label", MAX_TITLE) or "",
            description=reader.text(values.get("description"), "description", MAX_DESCRIPTION) or "",
            type=kind or "simple",  # type: ignore[arg-type]  # a word of TYPES
            sides=sides,
            filter=condition,
            window=window,
            unit="",
            owner=reader.text(values.get("owner"), "owner") or OWNER,
            leads=reader.word(values.get("leads"), LEADS, "leads") or ("leading" if window == "as_of" else "lagging"),
            category=reader.word(values.get("category"), CATEGORIES, "category")
            or ("leading" if window == "as_of" else "outcome"),
            expr=expr,
            nested=_nested(condition, sides),
            benchmark=reader.text(values.get("benchmark"), "benchmark", MAX_DESCRIPTION) or "",
            examples=read_kpi_examples(reader, values.get("examples"), self.words, _counts_days(condition, sides)),
            file=reader.file,
            line=node.line,
            column=node.column,
        )
        return replace(one, unit=reader.word(values.get("unit"), UNITS, "unit") or _unit(one))

    def name(self, node: Node | None) -> str:
        """The KPI's id, which other KPIs may calculate with."""
        name = self.reader.text(node, "a KPI's name") or ""
        if node and name and not NAME.fullmatch(name):
            meant = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
            hint = f"; write {meant}" if NAME.fullmatch(meant) else ""
            self.reader.note(
                node, f"a KPI's name is '{name}'; it has small letters, digits and _, a letter first{hint}"
            )
        return name

    def note_keys(self, node: MapNode, values: Mapping[str, Node], kind: str) -> None:
        """Note keys that the type lacks, and those of other types."""
        for key in (*TYPES[kind], *(("window",) if kind != "derived" else ())):
            if key not in values:
                self.reader.note(node, f"a KPI of type {kind} has no '{key}'; add it")
        own = {*TYPES[kind], *(("metrics",) if kind == "derived" else OF_DEALS)}
        others = {*(key for keys in TYPES.values() for key in keys), "metrics", *OF_DEALS} - own
        for key, _ in node.entries:
            if key.value in others:
                self.reader.note(key, f"a KPI of type {kind} takes no '{key.value}'; it takes {', '.join(sorted(own))}")

    def condition(self, node: Node | None, what: str) -> Condition | None:
        """A condition over facts of deals."""
        return self.words.condition(self.reader, node, what, RULES)

    def measure(self, node: Node, key: str, window: str) -> KpiMeasure | None:
        """What is counted or summed."""
        reader = self.reader
        values = reader.fields(node, MEASURE, key, "{agg: count} or {agg: sum, expr: amount_home}")
        agg = reader.word(values.get("agg"), AGGS if key == "measure" else OF_RATIOS, f"agg of {key}")
        where = self.condition(values.get("filter"), f"filter of {key}")
        expr = self.number(values["expr"], f"expr of {key}", self.facts) if "expr" in values else None
        if agg == "count" and "expr" in values:
            reader.note(values["expr"], "agg: count counts deals and takes no expr; say which deals by filter")
        elif agg and agg != "count" and "expr" not in values:
            reader.note(node, f"agg: {agg} has no 'expr'; add the number of a deal, as expr: amount_home")
        elif expr:
            self.check_facts(values["expr"], expr, window)
        return KpiMeasure(agg, expr if agg != "count" else None, where) if agg else None

    def check_facts(self, node: Node, expr: Formula, window: str) -> None:
        """Note numbers that cannot be aggregated over deals."""
        if not expr.facts:
            self.reader.note(node, f"'{expr.text}' is the same for every deal; name a fact, or use agg: count")
        elif "amount" in expr.facts:
            self.reader.note(node, OWN_CURRENCY)
        elif DAYS_TO_CLOSE in expr.facts and (expr.text != DAYS_TO_CLOSE or window != "closed"):
            self.reader.note(node, f"{DAYS_TO_CLOSE} stands alone, in a KPI with window: closed")

    def number(self, node: Node, what: str, facts: Mapping[str, Fact]) -> Formula | None:
        """A number over facts, or over KPIs."""
        if not isinstance(node, TextNode):
            self.reader.text(node, what)
            return None
        where = (self.reader.file, node.line, node.column)
        found = parse_number(node.value, facts, where=where, locate=node.locate)
        if not isinstance(found, list):
            return found
        self.reader.problems += [replace(one, text=f"{what}: {_of_number(one.text)}") for one in found]
        return None

    def derived(self, values: Mapping[str, Node]) -> Formula | None:
        """The formula over other KPIs; `metrics` names them."""
        if "expr" not in values:
            return None
        numbers = {name: Fact(name, "number", "", name) for name in self.kpis}
        before = len(self.reader.problems)
        expr = self.number(values["expr"], "expr", numbers)
        noted = self.reader.problems[before:]
        self.reader.problems[before:] = [replace(one, text=_of_kpis(one.text)) for one in noted]
        if expr and not expr.facts:
            self.reader.note(values["expr"], "expr names no KPI; write other KPIs by their names, as a / b")
        for item in self.reader.entries(values.get("metrics"), "metrics"):
            name = self.reader.text(item, "each of metrics")
            if name and name not in self.kpis:
                self.reader.note(item, f"there is no KPI '{name}'{did_you_mean(name, self.kpis)}")
            elif name and expr and name not in expr.facts:
                self.reader.note(item, f"expr does not use '{name}'; leave it out, or calculate with it")
        return expr


def _of_number(text: str) -> str:
    return text.replace("the condition", "the number").replace("a condition", "a number")


def _of_kpis(text: str) -> str:
    return text.replace("unknown fact", "there is no KPI")


def _nested(condition: Condition | None, sides: Mapping[str, KpiMeasure]) -> bool:
    """Whether each deal of the numerator is surely one of the denominator."""
    if not sides.keys() >= {*TYPES["ratio"]}:
        return False
    part, whole = (sides[key].filter for key in TYPES["ratio"])
    given = [one.tree for one in (condition, part) if isinstance(one, Condition)]
    return not isinstance(whole, Condition) or implied(whole.tree, given)


def _counts_days(condition: Condition | None, sides: Mapping[str, KpiMeasure]) -> Iterator[Any]:
    """The trees in which a function of days makes examples need a day."""
    for one in (condition, *(part for side in sides.values() for part in (side.filter, side.expr))):
        if one is not None:
            yield one.tree  # type: ignore[union-attr]  # of the language


def _unit(one: KpiDefinition) -> str:
    """The unit that the definition has by itself."""
    sides = [*one.sides.values()]
    if one.type == "derived" or not sides:
        return "number"
    if one.type == "ratio":
        aggs = {side.agg for side in sides}
        return "share" if one.nested and len(aggs) == 1 else "ratio" if len(aggs) == 1 else "number"
    expr = sides[0].expr
    if expr is None:
        return "deals"
    if any(FACTS[name].type == "money" for name in expr.facts if name in FACTS):
        return "money"
    whole = expr.facts == {DAYS_TO_CLOSE} or all(FACTS[name].unit == "days" for name in expr.facts if name in FACTS)
    return "days" if whole and expr.facts <= {*FACTS, DAYS_TO_CLOSE} else "number"
