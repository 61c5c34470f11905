"""What we know of a connection itself: paused, described, calls used; and its calibrations."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from model.calibration import Calibration, Median
from model.errors import SettingsProblem
from model.sync import Description, FieldHistory, FieldRule, Offer, Source
from store import mirror_tables, work_tables
from store.codec import clean, day, instant, json
from store.database import Base

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

table, calibrations, policy_sets = mirror_tables.connection, work_tables.calibration, work_tables.policy_set


@dataclass(frozen=True)
class Paused:
    """Since when a connection is paused, and why."""

    why: str
    at: datetime


class States(Base):
    """Connections and calibrations."""

    def pause(self, connection: str, why: str, at: datetime) -> None:
        """Stop runs of a connection until `resume`."""
        self._set(connection, paused=why, paused_at=at)

    def resume(self, connection: str) -> None:
        """Let runs go on."""
        self._set(connection, paused=None, paused_at=None)

    def paused(self, connection: str) -> Paused | None:
        """None where runs may go."""
        query = sa.select(table.c.paused, table.c.paused_at).where(table.c.name == connection)
        with self.reading() as sql:
            row = sql.tx.execute(query).one_or_none()
        return None if row is None or row.paused is None else Paused(row.paused, row.paused_at)

    def keep_description(self, connection: str, seen: Description) -> None:
        """Remember what the connector said it can do."""
        offers = {table: _listed(asdict(offer)) for table, offer in seen.offers.items()}
        self._set(connection, description=_listed(asdict(seen)) | {"acts": sorted(seen.acts), "offers": offers})

    def description(self, connection: str) -> Description | None:
        """What the connector last said, None where it was never asked."""
        query = sa.select(table.c.description).where(table.c.name == connection)
        with self.reading() as sql:
            kept = sql.tx.execute(query).scalar()
        if kept is None:
            return None
        return Description(**kept | {
            "history": _field_history(kept.get("history")),
            "writes": {field: FieldRule(**rule) for field, rule in kept["writes"].items()},
            "sources": {fact: Source(**source) for fact, source in kept.get("sources", {}).items()},
            "acts": frozenset(kept.get("acts", ())),
            "offers": {table: Offer(**offer | _as_told(offer)) for table, offer in kept.get("offers", {}).items()},
            **_as_told(kept),
        })  # fmt: skip

    def keep_policies(self, digest: str, files: Mapping[str, str], at: datetime) -> None:
        """Remember the policy files that are in force from now; of a digest that was kept before the text stays."""
        with self.writing() as sql:
            sql.run(
                "INSERT INTO policy_set (digest, files, kept_at) VALUES (?, ?, ?)"
                " ON CONFLICT (digest) DO UPDATE SET kept_at = excluded.kept_at",
                *clean((digest, json(dict(files)), instant(at))),
            )

    def policies_of(self, digest: str) -> dict[str, str] | None:
        """The files of a digest by name, None where they were never kept."""
        query = sa.select(policy_sets.c.files).where(policy_sets.c.digest == digest)
        with self.reading() as sql:
            return sql.tx.execute(query).scalar()

    def last_policies(self) -> dict[str, str] | None:
        """The files that were last in force, by name; None where there were none yet."""
        query = sa.select(policy_sets.c.files).order_by(policy_sets.c.kept_at.desc()).limit(1)
        with self.reading() as sql:
            return sql.tx.execute(query).scalar()

    def _set(self, connection: str, **values: object) -> None:
        key = self.connection_key(connection)
        with self.writing() as sql:
            sql.tx.execute(sa.update(table).where(table.c.key == key).values(values))

    def note_calls(self, connection: str, on: date, calls: int) -> int:
        """Add calls to a day's count; the day's count."""
        key = self.connection_key(connection)
        with self.writing() as sql:
            sql.run(
                "INSERT INTO calls (connection, day, used) VALUES (?, ?, ?)"
                " ON CONFLICT (connection, day) DO UPDATE SET used = calls.used + excluded.used",
                *(key, day(on), calls),
            )
            return int(sql.rows("SELECT used FROM calls WHERE connection = ? AND day = ?", key, day(on))[0][0])

    def calls_on(self, connection: str, on: date) -> int:
        """Calls counted on a day."""
        query = "SELECT used FROM calls WHERE connection = ? AND day = ?"
        with self.reading() as sql:
            return sum(used for (used,) in sql.rows(query, self.connection_key(connection), day(on)))

    def propose_calibration(self, connection: str, proposed: Calibration) -> int:
        """Keep a table that nobody has accepted yet; its id. Raises ValueError without a date."""
        if proposed.on is None:
            raise ValueError("a calibration is dated by the day it was made for")
        medians = [[*place, median.days, median.visits] for place, median in proposed.medians.items()]
        values = {
            "connection": self.connection_key(connection), "on_day": proposed.on, "medians": medians,
            "floor_days": proposed.floor_days,
        }  # fmt: skip
        with self.writing() as sql:
            made = sql.tx.execute(sa.insert(calibrations).values(values).returning(calibrations.c.id))
            return int(made.scalar_one())

    def accept_calibration(self, connection: str, on: date, proposal: int | None = None) -> Calibration:
        """Let a proposal (by default the newest) hold from its own day on; raises SettingsProblem without one."""
        mine = (calibrations.c.connection == self.connection_key(connection)) & calibrations.c.accepted_on.is_(None)
        query = sa.select(calibrations).where(mine if proposal is None else mine & (calibrations.c.id == proposal))
        with self.writing() as sql:
            row = sql.tx.execute(query.order_by(calibrations.c.id.desc()).limit(1)).one_or_none()
            if row is None:
                raise SettingsProblem(f"connection {connection!r} has no calibration to accept: run calibrate first")
            sql.tx.execute(sa.update(calibrations).where(calibrations.c.id == row.id).values(accepted_on=on))
        return _calibration(row)

    def proposed_calibration(self, connection: str) -> Calibration | None:
        """The newest table that waits to be accepted."""
        mine = (calibrations.c.connection == self.connection_key(connection)) & calibrations.c.accepted_on.is_(None)
        with self.reading() as sql:
            query = sa.select(calibrations).where(mine).order_by(calibrations.c.id.desc()).limit(1)
            row = sql.tx.execute(query).one_or_none()
        return None if row is None else _calibration(row)

    def current_calibration(self, connection: str, as_of: datetime) -> Calibration:
        """The newest accepted table made for `as_of`'s day or before; an empty one where there is none."""
        mine = (calibrations.c.connection == self.connection_key(connection)) & calibrations.c.accepted_on.is_not(None)
        query = sa.select(calibrations).where(mine, calibrations.c.on_day <= as_of.date())
        with self.reading() as sql:
            order = (calibrations.c.on_day.desc(), calibrations.c.id.desc())
            row = sql.tx.execute(query.order_by(*order).limit(1)).one_or_none()
        return Calibration() if row is None else _calibration(row)


def _field_history(kept: dict[str, Any] | None) -> FieldHistory | None:
    if kept is None:
        return None
    return FieldHistory(frozenset(kept["always"]), frozenset(kept["recent"]), kept["days"])


def _listed(offer: dict[str, Any]) -> dict[str, Any]:
    """An offer as JSON has it: sets and tuples are lists."""
    choices = {fact: list(values) for fact, values in offer["choices"].items()}
    return offer | {"mapped": sorted(offer["mapped"]), "choices": choices}


def _as_told(offer: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of an offer that JSON has as lists."""
    choices = {fact: tuple(values) for fact, values in offer.get("choices", {}).items()}
    return {"mapped": frozenset(offer.get("mapped", ())), "choices": choices}


def _calibration(row: sa.Row[tuple[object, ...]]) -> Calibration:
    medians = {(process, stage): Median(days, visits) for process, stage, days, visits in row.medians}
    return Calibration(row.on_day, medians, row.floor_days)
