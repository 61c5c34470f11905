"""The state of a connection: its pause, description and calibrations."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa

from model.calibration import Calibration, Median
from model.errors import SettingsProblem
from model.sync import Description, FieldHistory, FieldRule, Offer, Source
from store import mirror_tables, work_tables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from store.database import Database

table, calibrations = mirror_tables.connection, work_tables.calibration


@dataclass(frozen=True)
class Paused:
    """Why a connection is paused, and since when."""

    why: str
    at: datetime


@dataclass(frozen=True)
class Connections:
    """The state and the calibrations of connections."""

    database: Database

    def pause(self, connection: str, why: str, at: datetime) -> None:
        """Stop runs of a connection until `resume`."""
        self._set(connection, paused=why, paused_at=at)

    def resume(self, connection: str) -> None:
        """Allow runs again."""
        self._set(connection, paused=None, paused_at=None)

    def paused(self, connection: str) -> Paused | None:
        """The pause of a connection; None if runs are allowed."""
        query = sa.select(table.c.paused, table.c.paused_at).where(table.c.name == connection)
        with self.database.reading() as sql:
            row = sql.tx.execute(query).one_or_none()
        return None if row is None or row.paused is None else Paused(row.paused, row.paused_at)

    def keep_description(self, connection: str, seen: Description) -> None:
        """Keep the connector's description."""
        self._set(connection, description=_as_kept(seen))

    def description(self, connection: str) -> Description | None:
        """The connector's last description; None if there is none."""
        query = sa.select(table.c.description).where(table.c.name == connection)
        with self.database.reading() as sql:
            kept = sql.tx.execute(query).scalar()
        if kept is None:
            return None
        return Description(**kept | {
            "history": _field_history(kept.get("history")),
            "writes": {field: FieldRule(**rule) for field, rule in kept["writes"].items()},
            "sources": {fact: Source(**source) for fact, source in kept.get("sources", {}).items()},
            "acts": frozenset(kept.get("acts", ())),
            "offers": {table: Offer(**offer | _as_offered(offer)) for table, offer in kept.get("offers", {}).items()},
            **_as_offered(kept),
        })  # fmt: skip

    def _set(self, connection: str, **values: object) -> None:
        key = self.database.connection_key(connection)
        with self.database.writing() as sql:
            sql.tx.execute(sa.update(table).where(table.c.key == key).values(values))

    def propose_calibration(self, connection: str, proposed: Calibration) -> int:
        """Keep a calibration as a proposal and return its id; raises ValueError without a date."""
        if proposed.on is None:
            raise ValueError("a calibration is dated by the day it was made for")
        medians = [[*place, median.days, median.visits] for place, median in proposed.medians.items()]
        values = {
            "connection": self.database.connection_key(connection), "on_day": proposed.on, "medians": medians,
            "floor_days": proposed.floor_days,
        }  # fmt: skip
        with self.database.writing() as sql:
            made = sql.tx.execute(sa.insert(calibrations).values(values).returning(calibrations.c.id))
            return int(made.scalar_one())

    def accept_calibration(self, connection: str, on: date, proposal: int | None = None) -> Calibration:
        """Accept a proposal (by default the newest) from its own day on; raises SettingsProblem if there is none."""
        mine = (calibrations.c.connection == self.database.connection_key(connection)) & calibrations.c.accepted_on.is_(
            None
        )
        query = sa.select(calibrations).where(mine if proposal is None else mine & (calibrations.c.id == proposal))
        with self.database.writing() as sql:
            row = sql.tx.execute(query.order_by(calibrations.c.id.desc()).limit(1)).one_or_none()
            if row is None:
                raise SettingsProblem(f"connection {connection!r} has no calibration to accept: run calibrate first")
            sql.tx.execute(sa.update(calibrations).where(calibrations.c.id == row.id).values(accepted_on=on))
        return _calibration(row)

    def accepted_calibrations(self, connection: str) -> list[Calibration]:
        """Every calibration that was accepted, by its day."""
        key, accepted = self.database.connection_key(connection), calibrations.c.accepted_on
        query = sa.select(calibrations).where(calibrations.c.connection == key, accepted.is_not(None))
        with self.database.reading() as sql:
            return [_calibration(row) for row in sql.tx.execute(query.order_by(accepted, calibrations.c.id))]

    def current_calibration(self, connection: str, as_of: datetime) -> Calibration:
        """The newest accepted calibration of `as_of`'s day or before; an empty one if there is none."""
        mine = (
            calibrations.c.connection == self.database.connection_key(connection)
        ) & calibrations.c.accepted_on.is_not(None)
        query = sa.select(calibrations).where(mine, calibrations.c.on_day <= as_of.date())
        with self.database.reading() as sql:
            order = (calibrations.c.on_day.desc(), calibrations.c.id.desc())
            row = sql.tx.execute(query.order_by(*order).limit(1)).one_or_none()
        return Calibration() if row is None else _calibration(row)


def _field_history(kept: dict[str, Any] | None) -> FieldHistory | None:
    if kept is None:
        return None
    return FieldHistory(frozenset(kept["always"]), frozenset(kept["recent"]), kept["days"])


def description_text(seen: Description) -> str:
    """A description as text: equal descriptions have equal texts."""
    return orjson.dumps(_as_kept(seen), default=sorted, option=orjson.OPT_SORT_KEYS).decode()


def _as_kept(seen: Description) -> dict[str, Any]:
    offers = {table: _listed(asdict(offer)) for table, offer in seen.offers.items()}
    return _listed(asdict(seen)) | {"acts": sorted(seen.acts), "offers": offers}


def _listed(offer: dict[str, Any]) -> dict[str, Any]:
    """An offer as JSON has it: sets and tuples are lists."""
    choices = {fact: list(values) for fact, values in offer["choices"].items()}
    return offer | {"mapped": sorted(offer["mapped"]), "choices": choices}


def _as_offered(offer: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of an offer that JSON has as lists."""
    choices = {fact: tuple(values) for fact, values in offer.get("choices", {}).items()}
    return {"mapped": frozenset(offer.get("mapped", ())), "choices": choices}


def _calibration(row: sa.Row[tuple[object, ...]]) -> Calibration:
    medians = {(process, stage): Median(days, visits) for process, stage, days, visits in row.medians}
    return Calibration(row.on_day, medians, row.floor_days)
