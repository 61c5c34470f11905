"""From the store to wide frames, slice by slice, with a connection's settings and side files laid over them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from model.calendars.business_days import holidays_of
from model.calibration import Calibration
from model.deal_keys import ALL_DEALS
from model.judging_options import FILLER, Setting
from model.snapshot import RATES, columns
from model.subjects import OPPORTUNITIES
from model.widening.activity_facts import coverage
from model.widening.copied_next_steps import copied, steps
from model.widening.widen import widen
from store import TouchRule
from worker import side_files
from worker.pipeline.home_currency import home_of, leads_home
from worker.pipeline.linked_deals import owned_elsewhere, without
from worker.scopes import check_values, facts_of, parsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from model.deal_keys import DealKeys
    from model.snapshot import Snapshot
    from model.subjects import Subject
    from model.sync import Description, Offer
    from model.wide import Wide
    from policies.files import PolicySet
    from policies.language import Condition
    from worker.pipeline.session import Session

HOLIDAY_YEARS: Final = 3
EVERYTHING: Final = None
PEOPLE_FACTS: Final = frozenset({"team", "region"})


@dataclass(frozen=True)
class Part:
    """Some of a connection's deals, widened. `in_scope` leaves out the open deals outside the connection's scope."""

    keys: DealKeys
    snapshot: Snapshot
    wide: Wide
    in_scope: Wide


def parts(session: Session, policies: PolicySet, description: Description, calibration: Calibration) -> Iterator[Part]:
    """The connection's deals in slices by key, widened as of the session's instant."""
    for shot in shots(session, description, policies):
        yield widened(session, shot, policies, description, calibration)


@dataclass(frozen=True)
class Shot:
    """What the store knows of some of a connection's deals; no `teams` and `copies`: these are all deals there are."""

    keys: DealKeys
    snapshot: Snapshot
    teams: pl.DataFrame | None
    copies: pl.Series | None = None


def shots(session: Session, description: Description, *sets: PolicySet) -> Iterator[Shot]:
    """The connection's deals in slices by key, as the store holds them, to be judged by these sets of policies."""
    claims = claimed_by(sets)
    slices = session.store.history.slices(session.name, session.services.slice_deals)

    def read(keys: DealKeys) -> Snapshot:
        return snapshot_of(session, description, keys, claims)

    first = first_pass(map(read, slices)) if len(slices) > 1 else (None, None)
    for keys in slices:
        yield Shot(keys, read(keys), *first)


def snapshot_of(session: Session, description: Description, keys: DealKeys, claims: Sequence[str] = ()) -> Snapshot:
    """What the store knows of some deals, with the people and rates files laid over it."""
    touch = touch_rule(session, description)
    shot = session.store.history.snapshot(
        session.name, session.as_of, touch=touch, keys=keys, claims=claims, fields=description.history
    )  # fmt: skip
    return overlaid(session, shot, description)


def shot_of(session: Session, description: Description, subject: Subject) -> Shot:
    """What the store knows of a subject other than deals, all at once."""
    touch = touch_rule(session, description)
    snapshot = session.store.history.snapshot(session.name, session.as_of, touch=touch, subject=subject)
    return Shot(ALL_DEALS, overlaid(session, snapshot, description), None)


def first_pass(parts: Iterable[Snapshot]) -> tuple[pl.DataFrame, pl.Series]:
    """What needs all deals: how much each team logs, and which deals share a next step with another of the owner."""
    written: list[pl.DataFrame] = []

    def noted() -> Iterator[Snapshot]:
        for part in parts:
            written.append(steps(part.deals))
            yield part

    teams = coverage(noted())
    return teams, copied(pl.concat(written), FILLER)


def widened(
    session: Session, shot: Shot, policies: PolicySet, description: Description, calibration: Calibration
) -> Part:
    """A slice as these policies' processes see it, under the connection's own ways."""
    subject = shot.snapshot.subject
    late = replace(setting_of(session, description, subject), feeds_late=late_feeds(session, shot.snapshot.feeds))
    wide = widen(shot.snapshot, policies.processes, calibration, late, shot.teams, copies=shot.copies)
    wide = replace(wide, dormant=wide.dormant | unmapped(session, description, subject))
    if not subject.on_record:
        return Part(shot.keys, shot.snapshot, wide, wide)
    wide = without(wide, owned_elsewhere(session))
    return Part(shot.keys, shot.snapshot, wide, in_scope(wide, scope_of(session, description)))


def claimed_by(sets: Iterable[PolicySet]) -> list[str]:
    """The facts by which processes claim deals."""
    processes = [process for policies in sets for process in policies.processes]
    asked = {fact for process in processes if process.applies_to for fact in process.applies_to.facts}
    return sorted(asked)


def setting_of(session: Session, description: Description, subject: Subject = OPPORTUNITIES) -> Setting:
    """The judging options of a connection for a subject, as `widen` takes them."""
    connection, offer = session.connection, description.of(subject.table)
    fields = connection.fields if subject.on_record else connection.lead_fields
    return Setting(
        kind=connection.kind,
        currency=home_of(session, description).currency,
        zone=connection.timezone,
        holidays=holidays_of(connection.calendar, years_about(session.as_of)) if connection.calendar else (),
        mapped=frozenset(offer.types),
        types=offer.types,
        labels=labels(description, connection.fields) if subject.on_record else {},
        columns=offered(subject, offer.mapped),
        hidden=frozenset() if subject.on_record else hidden(subject, offer, fields),
        closed=frozenset(status.strip().casefold() for status in connection.leads.closed),
        when_blank={fact: f.when_blank for fact, f in fields.items() if not isinstance(f, str)},
        min_coverage=connection.activity.min_coverage,
        our_ids=description.own_users,
        integration_ids=integration_ids(session),
    )


def labels(description: Description, mapped: Iterable[str]) -> dict[str, str]:
    """What the CRM calls the fields that the settings map facts to."""
    sources = {fact: description.sources[fact] for fact in mapped if fact in description.sources}
    return {fact: source.label for fact, source in sources.items() if source.label}


def hidden(subject: Subject, offer: Offer, fields: Iterable[str]) -> frozenset[str]:
    """Mapped facts that have an unreadable field now: unknown, not dormant."""
    return offer.mapped & set(fields) - offer.types.keys() - subject.columns.keys()


def unmapped(session: Session, description: Description, subject: Subject = OPPORTUNITIES) -> frozenset[str]:
    """Facts that neither the CRM nor the people file can give here; `widen` decides about facts with a feed."""
    filed, offer = PEOPLE_FACTS if session.connection.people else frozenset(), description.of(subject.table)
    fed = {name for name, fact in subject.facts.items() if not subject.feeds.isdisjoint(fact.needs)}
    return frozenset(subject.facts) - offer.mapped - filed - offer.types.keys() - fed


def offered(subject: Subject, mapped: frozenset[str]) -> frozenset[str]:
    """Columns of a record that the connection gives: those of the facts that it names, and those that are no fact."""
    fact_of = {"is_closed": "is_open", "owner_id": "owner"}
    return frozenset(c for c in subject.columns if (fact := fact_of.get(c, c)) not in subject.facts or fact in mapped)


def touch_rule(session: Session, description: Description) -> TouchRule:
    """Which activities count as a touch on this connection."""
    return TouchRule(description.own_users | integration_ids(session), session.connection.activity.roll_up)


def integration_ids(session: Session) -> frozenset[str]:
    """Ids of the users that the connection lists as integrations, by login or id."""
    listed = {login.casefold() for login in session.connection.integration_users}
    owners = session.store.mirror.records(session.name, "owner")
    return frozenset(
        owner["id"] for owner in owners if listed & {str(owner[k] or "").casefold() for k in ("id", "username", "name")}
    )


def years_about(as_of: datetime) -> range:
    """Years with holidays that can matter to a day count."""
    return range(as_of.year - HOLIDAY_YEARS, as_of.year + HOLIDAY_YEARS)


def late_feeds(session: Session, feeds: Any) -> frozenset[str]:
    """Feeds that were last read longer ago than the connection allows: their facts are unknown."""
    oldest = session.as_of - timedelta(hours=session.connection.activity.stale_after_hours)
    return frozenset(feed for feed, read_at in feeds.items() if read_at < oldest)


def overlaid(session: Session, snapshot: Snapshot, description: Description) -> Snapshot:
    """The snapshot with the people and rates files laid over what the CRM says.

    Rates of the CRM that lead to another currency than the connection's are left out.
    """
    connection, path = session.connection, session.services.settings.path
    useful = leads_home(home_of(session, description), description)
    owners, rates = overlaid_owners(session, snapshot.owners), snapshot.rates if useful else snapshot.rates.clear()
    if connection.rates:
        filed = pl.DataFrame(side_files.rates(path(connection.rates)), schema_overrides=RATES).select(RATES.names())
        rates = pl.concat([filed, rates.filter(~pl.col("currency").is_in(filed["currency"].unique().to_list()))])
    return replace(snapshot, owners=owners, rates=rates)


def overlaid_owners(session: Session, owners: pl.DataFrame) -> pl.DataFrame:
    """OWNERS with the people file laid over what the CRM says."""
    people = session.connection.people
    return with_people(owners, side_files.people(session.services.settings.path(people))) if people else owners


def with_people(owners: pl.DataFrame, people: list[dict[str, Any]]) -> pl.DataFrame:
    """Owners with their rows of the people file laid over them. A blank there leaves the CRM's value."""
    names = dict(zip(owners["name"], owners["id"], strict=True))
    rows = [{**person, "manager_id": names.get(person.pop("manager"))} for person in map(dict, people)]
    kept = ("team", "region", "zone", "start_date", "manager_id")
    filed = pl.DataFrame(rows, schema=columns({"owner": pl.String(), **{name: owners.schema[name] for name in kept}}))
    filed = filed.unique("owner", keep="last")
    joined = owners.join(filed, left_on="name", right_on="owner", how="left", suffix="_filed", maintain_order="left")
    return joined.with_columns(pl.coalesce(f"{column}_filed", column).alias(column) for column in kept).select(
        owners.columns
    )


def scope_of(session: Session, description: Description) -> Condition | None:
    """The connection's scope as a condition; raises SettingsProblem with what is wrong in it."""
    return next(iter(parsed(scope_text(session), facts_of(description))), EVERYTHING)


def scope_text(session: Session) -> dict[str, str]:
    """The connection's scope by its place."""
    return {f"connections.{session.name}.scope": session.connection.scope}


def check_scope(session: Session, policies: PolicySet, description: Description) -> None:
    """Raise SettingsProblem for a value in the scope that neither the CRM lists nor any deal has."""
    deals = (part.wide for part in parts(session, policies, description, Calibration()))
    check_values(scope_text(session), facts_of(description, policies.processes), deals)


def in_scope(wide: Wide, scope: Condition | None) -> Wide:
    """Closed deals, and the open ones that the scope surely claims."""
    if scope is None:
        return wide
    claimed = scope.polars(wide).fill_null(value=False)
    return replace(wide, frame=wide.frame.filter(~pl.col("is_open").fill_null(value=False) | claimed))
