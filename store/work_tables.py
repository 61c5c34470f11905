"""The tables of Sluicegate's own work: runs, verdicts, patches, KPI values, frozen days, calibrations."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from model.subjects import OPPORTUNITIES
from store.codec import Day, Instant, Json, Money, Packed, YesNo, name
from store.mirror_tables import BIG, metadata

NUDGE: Final = "nudge"  # the kind of a run that reads some deals by id
UNDO: Final = "undo"  # the kind of a run that restores what another run wrote


def _of(connection: bool = True) -> list[sa.Column[int]]:
    """The connection column, first in a key by connection."""
    return [sa.Column("connection", sa.Integer, primary_key=connection, autoincrement=False, nullable=False)]


run = sa.Table(
    "run", metadata,
    sa.Column("id", BIG, primary_key=True),
    *_of(connection=False),
    sa.Column("as_of", Instant, nullable=False),
    sa.Column("policy_digest", sa.Text, nullable=False),
    sa.Column("calibration", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("trigger", sa.Text),  # by hand or schedule
    sa.Column("started_at", Instant),
    sa.Column("ended_at", Instant),
    sa.Column("judged", YesNo),  # whether its verdict is still kept
    sa.Column("step", sa.Text),  # what it does: pull, judge, measure, push; stays as it was when the run ended
    sa.Column("state", sa.Text),  # a RunState; null while it runs. The next lease ends the row of a killed run.
    sa.Column("reason", sa.Text),
    sa.Column("counts", Json),
    sa.Column("measured_with", Json),  # of a run that measured: file or setting to a digest of it
)  # fmt: skip


def _finding() -> list[sa.Column[Any]]:
    return [
        *_of(),
        sa.Column("key", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("policy", name(), primary_key=True),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("since", Day),
        sa.Column("first_seen", Day),
        sa.Column("unknown_since", Instant),
        sa.Column("shown", YesNo),
        sa.Column("flag", sa.Text),
        # the table of the record; a policy is about one subject, so that it need not be part of the key
        sa.Column("subject", name(), nullable=False, server_default=OPPORTUNITIES.table),
    ]


def _deal_verdict() -> list[sa.Column[Any]]:
    return [
        *_of(),
        sa.Column("key", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("score", sa.BigInteger),
        sa.Column("score_reason", sa.Text),
        sa.Column("gate", sa.Text),
        sa.Column("detail", sa.Text),
        sa.Column("name", sa.Text),  # from here on: the labels of the deal
        sa.Column("pipeline", sa.Text),
        sa.Column("stage_name", sa.Text),
        sa.Column("owner", sa.Text),
        sa.Column("is_open", YesNo),
    ]


def _began(*, past: bool) -> sa.Column[Any]:
    """The run that began the row."""
    return sa.Column("began", sa.BigInteger, primary_key=past, autoincrement=False, nullable=False)


def _past(table: str, columns: list[sa.Column[Any]]) -> sa.Table:
    """Rows that held from the run `began` to the run `ended`."""
    ended = sa.Column("ended", sa.BigInteger, nullable=False)
    index = sa.Index(f"{table}_ended", "connection", "ended")
    return sa.Table(table, metadata, *columns, _began(past=True), ended, index)


finding = sa.Table("finding", metadata, *_finding(), _began(past=False))
finding_past = _past("finding_past", _finding())
deal_verdict = sa.Table("deal_verdict", metadata, *_deal_verdict(), _began(past=False))
deal_verdict_past = _past("deal_verdict_past", _deal_verdict())

breach = sa.Table(
    "breach", metadata,
    *_of(),
    sa.Column("key", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("criterion", name(), primary_key=True),
    sa.Column("side", name(), primary_key=True),
    sa.Column("moved_at", Instant, primary_key=True),
    sa.Column("met_on", Day),
    sa.Column("ended", sa.Text),
    sa.Column("first_judged", Instant),
    sa.Column("moved_on", Day),  # null: judged before gates were judged by history
    sa.Column("logged_late", YesNo),
)  # fmt: skip

first_run = sa.Table(
    "first_run", metadata,
    *_of(),
    sa.Column("id", name(), primary_key=True),  # of a policy or criterion
    sa.Column("day", Day, nullable=False),
)  # fmt: skip

pause = sa.Table(
    "pause", metadata,
    *_of(),
    sa.Column("key", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("asked", Day),
    sa.Column("until", Day, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("began", Day, nullable=False),
    sa.Column("stage_name", sa.Text),
    sa.Column("owner_id", sa.Text),
    sa.Column("ended", Day),
)  # fmt: skip

approval = sa.Table(
    "approval", metadata,
    *_of(),
    sa.Column("policy", name(), primary_key=True),
    sa.Column("revision", name(), primary_key=True),
    sa.Column("up_to", sa.BigInteger, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("used", Instant),  # when it let a change through; it is valid once
)  # fmt: skip

_STANDS = sa.text("undone IS NOT NULL")
push_state = sa.Table(
    "push_state", metadata,
    *_of(),
    sa.Column("key", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("sent", Json),  # the last written values by field
    sa.Column("put_back_at", Instant),
    sa.Column("last_patched_closed", YesNo),
    sa.Column("refused_hash", sa.Text),
    sa.Column("refused_at", Instant),
    sa.Column("locked_at", Instant),
    sa.Column("undone", Json),  # the undo runs that left the record as it stands, oldest first; null: none did
    sa.Index("push_state_undone", "connection", sqlite_where=_STANDS, postgresql_where=_STANDS),
)  # fmt: skip

batch = sa.Table(
    "batch", metadata,
    sa.Column("id", BIG, primary_key=True),
    *_of(connection=False),
    sa.Column("run", sa.BigInteger, nullable=False),
    sa.Column("state", name(), nullable=False),  # ready, sending, done
    sa.Column("not_before", Instant),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("claimed_at", Instant),
    sa.Column("process", sa.Text),  # of a worker that joined the run and sends it
    sa.Column("until", Instant),  # when the right of that worker lapses; null for the run's own process
    sa.Column("calls", sa.Integer),  # what that worker called
    sa.Column("clears", YesNo),  # its patches only take flags off, so it goes first and is given up last
    sa.Index("batch_state", "connection", "state", "id"),
)  # fmt: skip

patch = sa.Table(
    "patch", metadata,
    sa.Column("id", BIG, primary_key=True),
    *_of(connection=False),
    sa.Column("run", sa.BigInteger, nullable=False),
    sa.Column("batch", sa.BigInteger, nullable=False),
    sa.Column("key", sa.BigInteger, nullable=False),
    sa.Column("deal", name(), nullable=False),
    sa.Column("before", Packed, nullable=False),
    sa.Column("after", Packed, nullable=False),
    sa.Column("closed", YesNo),  # whether it is the last one of a deal that the verdict saw closed
    sa.Column("outcome", sa.Text),  # a patch with an outcome is a receipt
    sa.Column("reason", sa.Text),
    sa.Column("overwritten", YesNo),
    sa.Column("at", Instant),
    sa.Index("patch_batch", "batch"),
    sa.Index("patch_run", "connection", "run"),
)  # fmt: skip

action = sa.Table(
    "action", metadata,
    sa.Column("id", BIG, primary_key=True),
    *_of(connection=False),
    sa.Column("key", name(), nullable=False),  # its permanent id here and in the CRM
    sa.Column("deal_key", sa.BigInteger, nullable=False),
    sa.Column("deal", name(), nullable=False),
    sa.Column("policy", name(), nullable=False),
    sa.Column("kind", name(), nullable=False),
    sa.Column("since", Day),
    sa.Column("state", name(), nullable=False),
    sa.Column("act", Packed, nullable=False),  # the Task or Move that is sent
    sa.Column("record", sa.Text),  # the task's id in the CRM
    sa.Column("run", sa.BigInteger, nullable=False),
    sa.Column("tried_at", Instant),
    sa.Column("flag_ended", YesNo, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.UniqueConstraint("connection", "key", name="action_key"),
)  # fmt: skip

action_receipt = sa.Table(
    "action_receipt", metadata,
    sa.Column("id", BIG, primary_key=True),
    *_of(connection=False),
    sa.Column("action", sa.BigInteger, nullable=False),
    sa.Column("run", sa.BigInteger, nullable=False),
    sa.Column("step", sa.Text, nullable=False),  # do, close, undo
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("before", Packed, nullable=False),
    sa.Column("after", Packed, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index("action_receipt_action", "connection", "action"),
)  # fmt: skip

kpi_value = sa.Table(
    "kpi_value", metadata,
    sa.Column("run", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
    *_of(connection=False),
    sa.Column("id", name(), nullable=False),
    sa.Column("row", Packed, nullable=False),
    sa.Index("kpi_value_connection", "connection", "run"),
)  # fmt: skip

frozen = sa.Table(
    "frozen", metadata,
    *_of(),
    sa.Column("day", Day, primary_key=True),
    sa.Column("key", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("stage_name", sa.Text),
    sa.Column("amount", Money),
    sa.Column("currency", sa.Text),
    sa.Column("close_date", Day),
    sa.Column("owner_id", sa.Text),
    sa.Column("is_closed", YesNo),
    sa.Column("score", sa.BigInteger),
    sa.Column("flags", sa.Text),  # JSON list of policy ids
    sa.Column("gate", sa.Text),
    sa.Column("facts", sa.Text),  # JSON object: known facts that are not blank, and `unknown`: names of facts
    sqlite_with_rowid=False,
)  # fmt: skip

frozen_night = sa.Table(
    "frozen_night", metadata,
    *_of(),
    sa.Column("day", Day, primary_key=True),
    sa.Column("run", sa.BigInteger),  # which measured the night's KPI values
    sa.Column("as_of", Instant, nullable=False),
    sa.Column("policy_digest", sa.Text, nullable=False),
    sa.Column("calibration", sa.Text, nullable=False),
    sa.Column("kpi_revision", sa.Text, nullable=False),
    sa.Column("deals", sa.Integer, nullable=False),
)  # fmt: skip

calibration = sa.Table(
    "calibration", metadata,
    sa.Column("id", BIG, primary_key=True),
    *_of(connection=False),
    sa.Column("on_day", Day, nullable=False),
    sa.Column("medians", Json, nullable=False),
    sa.Column("floor_days", sa.Integer, nullable=False),
    sa.Column("accepted_on", Day),
)  # fmt: skip

job = sa.Table(
    "job", metadata,
    *_of(),
    sa.Column("name", name(), primary_key=True),  # incremental, full, …
    sa.Column("due", Instant, nullable=False),  # the newest occasion
    sa.Column("sent_at", Instant),  # null: it is still to be sent
    sa.Column("not_before", Instant),  # an attempt put it off until then
    sa.Column("until", Instant),  # how long the attempt under way is taken to be alive
    sa.Column("ended_at", Instant),  # null while the occasion is open
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("process", sa.Text),  # of the attempt under way: host, boot, pid and start
    sa.Column("set_aside", sa.Text),  # why nobody works on it any more; stays until an attempt comes through
)  # fmt: skip

policy_set = sa.Table(
    "policy_set", metadata,
    sa.Column("digest", name(), primary_key=True),
    sa.Column("files", Json, nullable=False),  # file name to text
    sa.Column("kept_at", Instant, nullable=False),  # when it was last in force
)  # fmt: skip

stage_evidence = sa.Table(
    "stage_evidence", metadata,
    *_of(),
    sa.Column("as_of", Instant, nullable=False),
    sa.Column("answer", Json, nullable=False),  # the answer of `policies evidence`
)  # fmt: skip
