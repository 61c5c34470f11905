"""The facts that a report gives, and sentences about how it was read."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from connectors.tables.deal import facts_of
from connectors.tables.findings import RULES
from connectors.tables.pipeline import fact_types
from model.facts import FACTS
from model.helpers.words import many
from model.sync import Description, Remark

if TYPE_CHECKING:
    from connectors.tables.connector import Export
    from connectors.tables.pipeline import Pipeline
    from connectors.tables.reading import Table
    from connectors.tables.settings import TablesSettings

NEVER: Final = frozenset({"owner_since", "pushes", "pushes_over_month_end"})
"""Facts that no export has."""
LINES: Final = 5
SHOWN: Final = 60
NONE_CLOSED: Final = (
    "No deal reads as won or lost. If some are, name the stages that close: won = ['Signed'], lost = ['Dead'] under "
    "files in the config (check: --won Signed --lost Dead)."
)
AGE: Final = "The report does not say when it was made: ages are counted to today, or to the day that --as-of names."


def description(
    table: Table, owners: Table | None, pipeline: Pipeline, feeds: frozenset[str], settings: TablesSettings
) -> Description:
    """The facts that the files have columns for; the rest are dormant."""
    return Description(
        mapped=mapped_facts(table, owners, pipeline, feeds),
        writes=RULES,
        choices={"stage_name": tuple(stage["name"] for stage in pipeline.stages.values())},
        types=fact_types(table),
        currency=settings.currency,
        zone=settings.zone,
    )


def mapped_facts(table: Table, owners: Table | None, pipeline: Pipeline, feeds: frozenset[str]) -> frozenset[str]:
    """A fact is mapped by a column of its own, or when all it needs is there."""
    own = frozenset(facts_of(table.columns))
    have = set(table.columns) | feeds | {"is_closed", "is_won"}
    have |= {"owner_id"} if "owner" in table.columns else set()
    have |= {"currency"} if any(deal.get("currency") for deal in pipeline.deals) else set()
    mapped = {fact.name for fact in FACTS.values() if fact.needs and have.issuperset(fact.needs)}
    of_owners = frozenset(owners.columns) if owners else frozenset()
    absent = {"team"} - of_owners - set(table.columns) | {"region"} - of_owners
    absent |= set() if "is_active" in of_owners else {"owner_is_active"}
    absent |= set() if "currency" in have else {"amount_home"}
    return frozenset(mapped - absent - NEVER | own)


def pipeline_remarks(export: Export, mapped: frozenset[str], settings: TablesSettings) -> list[Remark]:
    """What became of the rows, what is dormant, and what was noted about them."""
    pipeline = export.pipeline
    remarks = _ends(pipeline)
    if "amount" in mapped and "amount_home" not in mapped:
        remarks.append(
            Remark("missing", "No column, sign or setting says the currency; set currency = 'USD' or the like.")
        )
    remarks += _foreign(pipeline, settings)
    idle = sorted(str(owner["name"]) for owner in export.owners if owner["id"] not in pipeline.owners)
    if idle:
        remarks.append(Remark("note", f"{many(len(idle), 'owner')} without a deal: {', '.join(idle)}."))
    if export.namesakes:
        text = "The owners file has several people of one name, and the report does not say whose deals these are:"
        remarks.append(Remark("warning", f"{text} {', '.join(export.namesakes)}. Add a column Owner ID to the report."))
    if settings.exported_at is None:
        remarks.append(Remark("note", AGE))
    for text, count, lines in _grouped(pipeline):
        remarks.append(Remark("note", f"{many(count, 'row')}: {text}{_lines(lines)}."))
    if pipeline.unread:
        shown = "; ".join(row.reason for row in pipeline.unread[:LINES])
        count = len(pipeline.unread)
        text = f"{many(count, 'cell')} could not be read, so their facts are unknown: {shown}{_more(count)}."
        remarks.append(Remark("warning", text))
    dormant = sum(name not in mapped for name in FACTS)
    return [*remarks, Remark("note", f"{many(dormant, 'fact')} no column holds; docs/facts.md lists them all.")]


def _ends(pipeline: Pipeline) -> list[Remark]:
    """How many deals are open, won and lost, and on which words that rests."""
    closed = sum(deal["is_closed"] is True for deal in pipeline.deals)
    won = sum(deal["is_won"] is True for deal in pipeline.deals)
    lost = sum(deal["is_closed"] is True and deal["is_won"] is False for deal in pipeline.deals)
    unknown = len(pipeline.deals) - won - lost - sum(deal["is_closed"] is False for deal in pipeline.deals)
    doubtful = f", {unknown} of which nobody can say" if unknown else ""
    still = len(pipeline.deals) - won - lost - unknown
    remarks = [Remark("ok", f"{many(len(pipeline.deals), 'deal')}: {still} open, {won} won, {lost} lost{doubtful}.")]
    if pipeline.unknown_ends:
        words = ", ".join(f"{word!r} ({count})" for word, count in pipeline.unknown_ends.most_common(LINES))
        first = next(iter(pipeline.unknown_ends))
        text = f"Words that say neither open, won nor lost, with their deals, which are not judged: {words}. Name each"
        text += f" under files in the config, such as lost = [{first!r}] (check: --lost {first!r}, --won, --open)."
        remarks.append(Remark("warning", text))
    open_stages = Counter(str(d.get("stage_name")) for d in pipeline.deals if d["is_closed"] is False)
    if open_stages:
        listed = ", ".join(f"{stage} ({count})" for stage, count in open_stages.most_common(SHOWN))
        remarks.append(Remark("note", f"Stages read as open, with their deals: {listed}."))
    return [*remarks, Remark("warning", NONE_CLOSED)] if pipeline.deals and not closed + unknown else remarks


def _foreign(pipeline: Pipeline, settings: TablesSettings) -> list[Remark]:
    """Which currencies other than the connection's own the deals have."""
    foreign = Counter(
        str(deal["currency"]) for deal in pipeline.deals
        if deal.get("currency") and deal["currency"] != settings.currency
    )  # fmt: skip
    if not foreign:
        return []
    told = ", ".join(f"{code} ({count})" for code, count in foreign.most_common())
    text = f"Deals in other currencies than {settings.currency}: {told}. They count in sums only where rates are given."
    return [Remark("note", text)]


def aside_remarks(pipeline: Pipeline) -> list[Remark]:
    """What was set aside: how many rows, and the first of them."""
    if not pipeline.aside:
        return []
    shown = "; ".join(row.reason for row in pipeline.aside[:LINES])
    count = len(pipeline.aside)
    return [Remark("warning", f"{many(count, 'row')} set aside: {shown}{_more(count)}.")]


def _grouped(pipeline: Pipeline) -> list[tuple[str, int, list[str]]]:
    """Notes by what they say, most frequent first, with the lines they stand on."""
    reasons = [note.reason.split(": ", 1) for note in pipeline.notes]
    counts = Counter(text for _, text in reasons)
    return [(text, count, [line for line, other in reasons if other == text]) for text, count in counts.most_common()]


def _more(count: int) -> str:
    return f" and {count - LINES} more" if count > LINES else ""


def _lines(lines: list[str]) -> str:
    return f" ({', '.join(lines[:LINES])}{_more(len(lines))})"
