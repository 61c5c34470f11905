"""One interface to every local CRM: deals, edits, calls and faults.

Values are given by canonical names (name, amount, close_date, next_step, stage, owner) and by our names (score,
flag_ids, …); any other name is a field of the CRM.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from connectors.protocol import Connector


class Clock(Protocol):
    """The CRM's own clock; it stands until it is moved."""

    def now(self) -> datetime: ...
    def set(self, now: datetime) -> Any: ...
    def forward(self, by: timedelta) -> Any: ...


@dataclass(frozen=True)
class Write:
    """One write that our user sent: our field → value as the CRM got it; `outcome` is ok or the refusal's code."""

    id: str
    values: dict[str, Any]
    outcome: str


@dataclass(frozen=True)
class Job:
    """A task on a deal; `by_us`: our user made it."""

    id: str
    title: str
    text: str
    owner: str
    due: str
    done: bool
    deleted: bool
    by_us: bool


class CrmDriver(Protocol):
    """One CRM with a rep who works in it."""

    kind: str
    first_stage: str
    second_stage: str
    won: str
    lost: str
    waited: list[float]

    @property
    def clock(self) -> Clock: ...
    @property
    def faults(self) -> Any:
        """Faults on demand, by the names of this CRM's own sandbox."""

    pushes: str
    """How the path of a push ends."""

    @property
    def calls(self) -> list[dict[str, Any]]:
        """Every call, as the CRM logged it."""

    def asked_by_id(self, call: dict[str, Any]) -> str:
        """The ids of deals that a call asks for by id alone; "" for any other call."""

    def connector(self, **changes: Any) -> Connector: ...
    def deal(self, name: str = "Acme", **values: Any) -> str: ...
    def edit(self, deal: str, user: str = "", **values: Any) -> None: ...
    def clone(self, deal: str) -> str: ...
    def call(self, deal: str) -> None:
        """A rep logs a call that took place now."""

    def contact(self, deal: str, role: str) -> None:
        """A buyer of this role is put on the deal."""

    def delete(self, deal: str) -> None: ...
    def owner_works(self, deal: str) -> bool:
        """Whether the deal's owner is still active."""

    def renewable(self) -> dict[str, Any]:
        """Settings with a token that expires and can be renewed."""

    def expire(self) -> None:
        """Expire every token."""

    def record(self, deal: str) -> dict[str, Any]:
        """Our fields as they stand: our name → value, None where empty."""

    def entered(self, deal: str) -> dict[str, Any]:
        """The values that people entered: canonical name → value."""

    def theirs(self) -> dict[str, dict[str, Any]]:
        """The values of each existing deal that are not our own and that no save changes by itself."""

    def writes(self) -> list[Write]: ...
    def seed(self, deals: int, number: int) -> dict[str, dict[str, bool]]:
        """Make a realistic pipeline; returns the planted defects of each open deal."""

    def seed_leads(self, leads: int) -> dict[str, dict[str, bool]]:
        """Make realistic leads; returns the planted defects of each open one."""

    def let_reps_edit_ours(self) -> None: ...
    def let_reps_pause(self) -> None:
        """An admin lets reps edit the two pause fields."""

    def hide(self, column: str) -> None:
        """Our user may no longer read a column, such as amount."""

    def show(self, column: str) -> None: ...
    def stop_activities(self, how: str) -> None:
        """The feed of activities ends: its reads are refused, or its objects are hidden."""

    def fault(self, name: str, what: str = "", **more: Any) -> Any:
        """Add a fault, once unless `count` gives another number (None: for ever).

        `what` it affects: deals, activities, push, api (all but the login), "" (all). Names that every CRM knows:
        drop, drop_after, truncate, garbage, hang, bad_gateway, gateway_timeout, unavailable, daily_limit, too_many,
        token_ended.
        """

    def admin(self) -> dict[str, Any]:
        """Settings that let `provision` act as an admin."""

    def erase(self, deal: str) -> None:
        """Delete the deal for good, without a trace."""

    def restore(self, deal: str) -> None: ...
    def allow(self, calls: int, used: int = 0) -> None:
        """The CRM's daily calls, and how many are used."""

    def let_us_act(self) -> None:
        """An admin provisions, and gives our user what tasks need."""

    def tasks(self, deal: str) -> list[Job]:
        """The tasks on a deal, deleted ones too."""

    def complete(self, task: str) -> None:
        """The rep completes a task."""

    def give(self, task: str, owner: str) -> None:
        """The rep gives the task to somebody else."""

    def drop(self, task: str) -> None:
        """The rep deletes a task."""

    def refuse_tasks(self) -> None:
        """A rule of an admin refuses tasks without a priority of their own kind."""

    def take_tasks(self) -> None:
        """The rule is gone."""

    def rep(self, name: str, team: str) -> str:
        """Another rep of a team: the id that owns deals."""

    def person(self, name: str) -> str:
        """A user's or owner's id by a part of the name."""

    def flag(self, deal: str, field: str, value: Any) -> None:
        """What stands in one of the CRM's own fields, put there past all rules."""

    def custom(self, field: str, label: str, kind: str = "yes/no", *, on: str = "deal") -> str:
        """A field of deals (or leads) that an admin made, of a fact's type: its name in this CRM."""

    new_lead: str
    """The status of a lead that nobody has touched; `given_up` that of one that was."""
    given_up: str

    def lead(self, name: str = "Ada", **values: Any) -> str:
        """A lead of Acme that a rep enters, with status and source by our names."""

    def edit_lead(self, lead: str, **values: Any) -> None: ...
    def flag_lead(self, lead: str, field: str, value: Any) -> None:
        """What stands in one of the CRM's own fields of a lead, put there past all rules."""

    def call_lead(self, lead: str, user: str = "") -> None:
        """Somebody logs a call with a lead that took place now."""

    def convert_lead(self, lead: str) -> None: ...
    def merge_leads(self, winner: str, loser: str) -> None: ...
    def delete_lead(self, lead: str) -> None: ...
    def record_of_lead(self, lead: str) -> dict[str, Any]:
        """A lead as it stands in the CRM."""

    def hide_leads(self) -> None:
        """Our user may no longer read leads."""
