"""A store full of deals, made inside the database by one SQL text for SQLite and PostgreSQL, the same every time.

Each deal has 5 stage events, 10 activities, 3 contact roles and, every second one, a move of its close date.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from model.sync import OUR_FIELDS, Description, FieldRule
from store.codec import day, instant

if TYPE_CHECKING:
    from store import Store
    from store.sql import Sql

NAME = "acme"
AS_OF = datetime(2026, 11, 15, 12, tzinfo=UTC)
STAGES = ("Prospecting", "Qualification", "Needs Analysis", "Proposal/Price Quote", "Negotiation/Review", "Closed Won")
KINDS = ("call", "mail", "meeting", "task")
NOW, TODAY = instant(AS_OF), day(AS_OF.date())
SECOND, DAY = 1_000_000, 86_400
CREATED = NOW - 700 * DAY * SECOND


def draw(row: str, most: int, salt: int) -> str:
    """SQL for a number from 0 to `most` - 1 that depends on the row alone."""
    once = f"((({row}) * {48271 + 2 * 1009 * salt} + {salt}) % 2147483647)"
    return f"({once} * 16807 % 2147483647 * {most} / 2147483647)"


def ago(row: str, days: int, salt: int) -> str:
    """SQL for an instant of the last `days`."""
    return f"({NOW} - {draw(row, days * DAY, salt)} * {SECOND})"


def one_of(choices: tuple[str, ...], index: str) -> str:
    """SQL for one of some texts."""
    return "CASE " + index + "".join(f" WHEN {n} THEN '{c}'" for n, c in enumerate(choices)) + " END"


def ident(prefix: str, row: str) -> str:
    """SQL for a CRM's id."""
    return f"'{prefix}' || CAST(100000000000000 + {row} AS text)"


def fill(store: Store, deals: int, *, closed_percent: int = 30, children: bool = True) -> None:
    """`deals` deals of 400 owners, with all that hangs on them."""
    store.database.connection_key(NAME)
    owner = lambda salt, row="i": ident("005", draw(row, 400, salt))  # noqa: E731
    with store.database.writing() as sql:
        _numbers(sql, deals)
        closed = f"({draw('i', 100, 1)} < {closed_percent})"
        stage = f"CASE WHEN {closed} THEN 5 ELSE {draw('i', 5, 2)} END"
        _insert(sql, "opportunity", "n", {
            "key": "i", "connection": "1", "id": ident("006", "i"), "name": "'Deal, number ' || CAST(i AS text)",
            "stage_name": one_of(STAGES, stage), "is_closed": f"CASE WHEN {closed} THEN 1 ELSE 0 END",
            "is_won": f"CASE WHEN {closed} THEN 1 ELSE 0 END",
            "amount": f"CASE WHEN {draw('i', 10, 3)} > 0 THEN CAST({draw('i', 90000, 4)} AS text) || '.5' END",
            "currency": "'USD'", "close_date": f"{TODAY} + 90 - {draw('i', 120, 5)}", "probability": "0.5",
            "forecast_category": "'pipeline'", "deal_type": "'New Business'",
            "next_step": f"CASE WHEN {draw('i', 3, 6)} > 0 THEN 'Call the buyer' END", "owner_id": owner(7),
            "account_id": ident("001", "i / 2"), "created": str(CREATED),
            "last_edit": ago("i", 60, 8), "modified": ago("i", 60, 8), "modified_by": owner(7), "facts": "'{}'",
            "ours": "'{}'", "first_seen": f"{NOW} - {DAY * SECOND}", "first_edit": ago("i", 60, 8), "seen_at": str(NOW),
        })  # fmt: skip
        if children:
            _children(sql, owner)
        _lists(sql)
    store.connections.keep_description(NAME, description())


def _children(sql: Sql, owner: object) -> None:
    moved = f"{NOW} - (500 - 100 * j) * {DAY * SECOND} - {draw('r', 30 * DAY, 9)} * {SECOND}"
    at = f"CASE WHEN j = 1 THEN {CREATED} ELSE {moved} END"
    text = f"CASE WHEN j < 5 THEN {draw('r', 5, 10)} ELSE 5 END"
    own = "(SELECT stage_name FROM opportunity WHERE key = i)"
    _insert(sql, "stage_change", _times(5), {
        "connection": "1", "key": "i", "at": at, "id": ident("008", "r"), "actor_id": owner(11, "r"),  # type: ignore[operator]
        "stage_name": f"CASE WHEN j < 5 THEN {one_of(STAGES, text)} ELSE {own} END",
    })  # fmt: skip
    meeting, planned = f"({draw('r', 4, 12)} = 2)", f"({draw('r', 20, 13)} = 0)"
    happened = f"CASE WHEN {planned} THEN 2 * {NOW} - {ago('r', 40, 14)} ELSE {ago('r', 200, 14)} END"
    _insert(sql, "activity", _times(10), {
        "connection": "1", "key": "i", "id": ident("00T", "r"), "kind": one_of(KINDS, draw("r", 4, 12)),
        "state": f"CASE WHEN {planned} AND NOT {meeting} THEN 'open' ELSE 'done' END",
        "at": f"CASE WHEN {planned} AND NOT {meeting} THEN NULL ELSE {happened} END",
        "due": f"CASE WHEN {planned} THEN {TODAY} + {draw('r', 40, 15)} - 10 END",
        "created": ago("r", 200, 14), "owner_id": owner(16, "r"), "created_by": owner(16, "r"),  # type: ignore[operator]
        "bulk": f"CASE WHEN {draw('r', 50, 17)} = 0 THEN 1 ELSE 0 END", "possible": "0", "modified": ago("r", 200, 14),
        "gone": f"CASE WHEN {draw('r', 100, 18)} = 0 THEN 'deleted' END",
    })  # fmt: skip
    _insert(sql, "contact_role", _times(3), {
        "connection": "1", "key": "i", "id": ident("00K", "r"), "contact_id": ident("003", "r"),
        "role": one_of(("Economic Buyer", "Champion", "Evaluator", "Other"), draw("r", 4, 19)), "is_primary": "0",
        "created": ago("r", 500, 20),
    })  # fmt: skip
    _insert(sql, "field_change", "n WHERE i % 2 = 0", {
        "connection": "1", "key": "i", "changed_at": ago("i", 300, 21), "id": ident("017", "i"),
        "field": "'close_date'", "before": "'\"2026-06-30\"'", "after": "'\"2026-09-30\"'", "seen_at": str(NOW),
        "origin": "'crm'",
    })  # fmt: skip


def _times(count: int) -> str:
    """Rows (i, j, r): `count` of each deal, j from 1, r counts all of them."""
    values = " UNION ALL ".join(f"SELECT {j} AS j" for j in range(1, count + 1))
    return f"(SELECT i, j, (i - 1) * {count} + j AS r FROM n CROSS JOIN ({values}) v) m"


def _numbers(sql: Sql, most: int) -> None:
    if sql.postgres:
        sql.run(f"CREATE TEMP TABLE n AS SELECT generate_series(1, {most}::bigint) AS i")
        return
    sql.run("CREATE TEMP TABLE n (i INTEGER PRIMARY KEY)")
    up = f"WITH RECURSIVE up (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM up WHERE i < {most})"
    sql.run(f"INSERT INTO n {up} SELECT i FROM up")


def _insert(sql: Sql, table: str, source: str, values: dict[str, str]) -> None:
    query = f"INSERT INTO {table} ({', '.join(values)}) SELECT {', '.join(values.values())} FROM {source}"
    sql.run(query.replace("%", "%%") if sql.postgres else query)


def _lists(sql: Sql) -> None:
    owners = [(1, f"005{100000000000000 + n}", f"Owner {n}", 1, "East" if n % 2 else "West", None) for n in range(400)]
    sql.upsert("owner", ("connection", "id", "name", "is_active", "team", "zone"), owners, ("connection", "id"))
    stages = [(1, name, name, name, 1, int(n == 5), int(n == 5), n) for n, name in enumerate(STAGES)]
    columns = ("connection", "id", "name", "label", "is_active", "is_closed", "is_won", "sort")
    sql.upsert("crm_stage", columns, stages, ("connection", "id"))
    feeds = [(1, feed, NOW) for feed in ("activities", "stage_history", "date_history", "contact_roles")]
    sql.upsert("feed", ("connection", "name", "read_at"), feeds, ("connection", "name"))


def description() -> Description:
    """What an org with all of our fields offers."""
    from model.facts import FACTS

    kinds = {"score": FieldRule("number"), "flag_count": FieldRule("number"), "flagged_since": FieldRule("date")}
    kinds |= {"reasons": FieldRule("long_text", 32_000)}
    given = frozenset(name for name, fact in FACTS.items() if "mapping" not in fact.needs) - {"region"}
    return Description(
        mapped=given, writes={name: kinds.get(name, FieldRule("text", 255)) for name in OUR_FIELDS}, currency="USD"
    )
