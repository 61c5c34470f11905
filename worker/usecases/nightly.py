"""Nightly: freeze the day's pipeline so that past weeks stay as they were, and renew evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import orjson
import polars as pl

from model.facts import FACTS, KNOWN
from store import Revisions
from worker.pipeline.measuring import own_kpis
from worker.pipeline.running import leased
from worker.pipeline.slices import parts
from worker.usecases.entry_evidence import kept as keep_evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from model.sync import Description
    from model.wide import Wide
    from worker.pipeline.session import Session
    from worker.wiring import Services


def freeze(services: Services, name: str) -> int:
    """Freeze open and newly closed deals under today's date, and renew the evidence. Returns the number of deals.

    Raises ConnectionBusy while something else works on the connection: a night shows one moment.
    """
    zone, now = ZoneInfo(services.connection(name).timezone), services.clock()
    with leased(services, name, now, paused_too=True) as session:
        description = services.store.connections.description(name)
        if description is None:
            return 0
        frozen = freeze_night(session, description, now.astimezone(zone).date())
    keep_evidence(session, session.policies_in_force(description))
    return frozen


def freeze_night(session: Session, description: Description, night: date) -> int:
    """Freeze deals with their facts and verdict, and the newest KPI values, with the revisions they are from."""
    from kpis.catalogue import revision

    store, name = session.store, session.name
    judged = store.decisions.newest(name)
    by = (judged.digest, judged.calibration) if judged else ("", "")
    revisions = Revisions(*by, revision(own_kpis(session, description).kpis()))
    count = store.frozen.freeze(name, night, session.as_of, revisions, session.lease)
    keys = store.frozen.keys(name, night)
    policies = (judged and session.policies_of(judged.digest, description)) or session.policies_in_force(description)
    calibration = store.connections.current_calibration(name, judged.as_of if judged else session.as_of)
    for part in parts(session, policies, description, calibration):
        store.frozen.keep_facts(name, night, facts_of(part.wide, keys), session.lease)
    return count


def facts_of(wide: Wide, keys: Sequence[int]) -> Iterator[tuple[int, str]]:
    """Key and facts of these deals as JSON: known facts that are not blank, and under `unknown` the others' names."""
    facts = [name for name in wide.frame.columns if name in FACTS or name in wide.labels]
    masked = [name for name in facts if name in wide.masked and name not in wide.dormant]
    lost = pl.concat_list(pl.when(~pl.col(name + KNOWN)).then(pl.lit(name)) for name in masked).list.drop_nulls()
    known = [pl.when(name + KNOWN).then(name).alias(name) if name in wide.masked else pl.col(name) for name in facts]
    rows = wide.frame.filter(pl.col("key").is_in(keys)).select("key", *known, unknown=lost if masked else pl.lit([]))
    for row in rows.iter_rows(named=True):
        key = row.pop("key")
        yield key, orjson.dumps({name: value for name, value in row.items() if value is not None}, default=str).decode()
