"""The facts that a report gives, and sentences about how it was read."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from connectors.tables.findings import RULES
from connectors.tables.pipeline import fact_types, facts_of
from model.facts import FACTS
from model.helpers.words import many
from model.sync import Description, Remark

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from connectors.tables.pipeline import Pipeline
    from connectors.tables.reading import Table
    from connectors.tables.settings import TablesSettings
    from connectors.tables.sheet import Sheet
    from model.records import Record

NEVER: Final = frozenset({"owner_since", "pushes", "pushes_over_month_end"})
"""Facts that no export has."""
HINT: Final = (
    "is the CRM's own date, which plans and mass mail move too, and is not taken for the last touch: name a CSV of "
    "activities as files.activities (check: --activities), if policies are to judge silence."
)
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


def reading_remarks(tables: Iterable[Table], settings: TablesSettings) -> list[Remark]:
    """How each file was read: encoding, delimiter, and which column was taken for what."""
    remarks = []
    for table in tables:
        named = settings.named(table.name)
        sheet = table.sheet
        mark = "tab" if sheet.delimiter == "\t" else sheet.delimiter
        guessed = ", ".join(
            f"{column} = {header!r}" for column, header in table.columns.items() if header not in named.values()
        )
        rows = many(len(sheet.rows), "row")
        remarks.append(Remark("ok", f"{sheet.path}: {rows}, {sheet.encoding}, parted by {mark!r}."))
        if sheet.titles:
            remarks.append(Remark("note", f"{sheet.path.name}: {_above(sheet)}."))
        created = table.columns.get("created", "")
        if (
            table.name == "opportunities"
            and created
            and not {"creat", "open"} & {created.lower()[:5], created.lower()[:4]}
        ):
            remarks.append(Remark("note", f"{sheet.path.name}: {created!r} is taken as the day a deal was created."))
        remarks += _hint(table, settings)
        if guessed:
            remarks.append(Remark("note", f"{sheet.path.name}: read by their headers: {guessed}."))
        used = {*table.columns.values(), *settings.stage_entered.values()}
        if unused := [header for header in sheet.headers if header not in used]:
            remarks.append(Remark("note", f"{sheet.path.name}: not used: {', '.join(unused)}."))
    return remarks


def _hint(table: Table, settings: TablesSettings) -> list[Remark]:
    """That a column of the last activity is not taken for touches, where no activities were exported."""
    header = table.columns.get("activity_hint")
    if table.name != "opportunities" or header is None or settings.activities:
        return []
    return [Remark("note", f"{table.sheet.path.name}: {header!r} {HINT}")]


def pipeline_remarks(
    pipeline: Pipeline, owners: Sequence[Record], mapped: frozenset[str], settings: TablesSettings
) -> list[Remark]:
    """What became of the rows, what is dormant, and what was noted about them."""
    closed = sum(bool(deal["is_closed"]) for deal in pipeline.deals)
    won = sum(bool(deal["is_won"]) for deal in pipeline.deals)
    text = f"{many(len(pipeline.deals), 'deal')}: {len(pipeline.deals) - closed} open, {won} won, {closed - won} lost."
    remarks = [Remark("ok", text)]
    if pipeline.deals and not closed:
        remarks.append(Remark("warning", NONE_CLOSED))
    if "amount" in mapped and "amount_home" not in mapped:
        remarks.append(
            Remark("missing", "No column, sign or setting says the currency; set currency = 'USD' or the like.")
        )
    idle = sorted(str(owner["name"]) for owner in owners if owner["id"] not in pipeline.owners)
    if idle:
        remarks.append(Remark("note", f"{many(len(idle), 'owner')} without a deal: {', '.join(idle)}."))
    if settings.exported_at is None:
        remarks.append(Remark("note", AGE))
    for text, count, lines in _grouped(pipeline):
        remarks.append(Remark("note", f"{many(count, 'row')}: {text}{_lines(lines)}."))
    dormant = [name for name in FACTS if name not in mapped]
    return [*remarks, Remark("note", f"Facts that no column holds: {', '.join(dormant)}.")]


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


def _above(sheet: Sheet) -> str:
    """The titles over the header, the first of them quoted."""
    quoted = "; ".join(repr(title[:SHOWN]) for title in sheet.titles[:LINES])
    return f"the header is line {sheet.header_line}, below {quoted}{_more(len(sheet.titles))}"


def _more(count: int) -> str:
    return f" and {count - LINES} more" if count > LINES else ""


def _lines(lines: list[str]) -> str:
    return f" ({', '.join(lines[:LINES])}{_more(len(lines))})"
