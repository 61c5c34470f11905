"""The JSON Schema of policy files, for editors, made from the reader's own keys; it does not check conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from model.facts import FACTS
from model.subjects import SUBJECTS
from policies.files.modes_and_actions import EVERYONE, MODE_CASE, ROLLOUT, TASK_OWNERS
from policies.files.modes_and_actions import MOST_DAYS as MOST_DAYS_BEFORE
from policies.files.node_reader import Key
from policies.files.own_kpis.entry import KPI
from policies.files.own_kpis.schema import kinds_of_kpis, kpi_schema
from policies.files.policy import MODES, SEVERITIES
from policies.files.read_examples import AS_OF, CRITERION_KEYS, ENTER, MOST_DAYS, POLICY_KEYS, SCENARIOS
from policies.files.read_policy import CALENDARS, MOST_GRACE, POLICY
from policies.files.read_process import CRITERION, HOLDS, MAX_DAYS, MAX_FIX, MAX_TITLE, MAX_WEIGHT, PROCESS, STAGE
from policies.files.reader import FILE
from policies.files.schema_parts import condition, identifier, text, texts, whole
from policies.files.vocabulary import BLANK_RULES, FACT, MAX_MEANING, NAME, TYPES
from policies.files.waivers import MAX_REASON, WAIVER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from model.facts import FactType

Schema: TypeAlias = "dict[str, Any]"
DAY: Final = r"^\d{4}-\d\d-\d\d$"
EXAMPLE_VALUES: Final[Mapping[FactType, Schema]] = {
    "yes/no": {"enum": [True, False, None, "unknown"]},
    "number": {"anyOf": [{"type": "number"}, {"enum": [None, "unknown"]}]},
    "money": {"anyOf": [{"type": "number"}, {"enum": [None, "unknown"]}]},
    "date": {"anyOf": [{"type": "string", "pattern": DAY}, {"enum": [None, "unknown"]}]},
    "text": {"type": ["string", "null"]},
    "choice": {"type": ["string", "null"]},
    "list": {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"enum": [None, "unknown"]}]},
}
"""Values that an example may give a fact, by the fact's type."""


def json_schema(kinds: Sequence[str]) -> Schema:
    """The whole schema, in draft 7, which most editors support; `kinds` of connections are the keys of stage names."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Sluicegate policies",
        **_map(FILE, _file()),
        "definitions": {
            "policy": {**_map(POLICY, _policy()), "allOf": [_accounts_are_off(), _enforcing_acts()]},
            "process": _map(PROCESS, _process(kinds)),
            "stage": _map(STAGE, _stage(kinds)),
            "criterion": {**_map(CRITERION, _criterion()), "allOf": [_enforcing_acts()]},
            "waiver": _map(WAIVER, _waiver()),
            "kpi": {**_map(KPI, kpi_schema(_state(), condition("Deals"))), "allOf": kinds_of_kpis()},
        },
    }


def _map(keys: Mapping[str, Key], values: Mapping[str, Schema]) -> Schema:
    """A map with these keys; those that this version refuses are left out."""
    taken = {name: key for name, key in keys.items() if not key.refusal}
    required = [name for name, key in taken.items() if key.required]
    known = {name: values[name] for name in taken}
    return {"type": "object", "properties": known, "required": required, "additionalProperties": False}


def _file() -> dict[str, Schema]:
    fact = _map(FACT, {"type": {"enum": list(TYPES)}, "meaning": text("In words of the business", MAX_MEANING)})
    return {
        "version": {"const": 1, "description": "The format's version"},
        "filler": texts("Texts that count as blank, as in [tbd, n/a]"),
        "facts": {
            "type": "object",
            "propertyNames": {"pattern": f"^{NAME.pattern}$", "not": {"enum": list(FACTS)}},
            "additionalProperties": fact,
            "description": "Facts of your own: the names that [connections.NAME.fields] maps fields to",
        },
        "rollout": _rollout(),
        "waivers": _list("waiver"),
        "policies": _list("policy"),
        "processes": _list("process"),
        "kpis": _list("kpi"),
    }


def _common() -> dict[str, Schema]:
    """What policies and criteria share."""
    return {
        "id": identifier("Names it in results and on records; never change it"),
        "title": text("What a rep reads on the record", MAX_TITLE),
        "severity": {"enum": list(SEVERITIES)},
        "points": whole(100, "What it costs of the 100"),
        "fix": text("The one act that clears it", MAX_FIX),
        "source": text("Where the rule comes from", 1000),
        "blank": {"enum": list(BLANK_RULES), "description": "What a comparison on a blank is; false by default"},
        "filler": texts("More texts that count as blank here"),
        "mode": _mode(),
    }


def _policy() -> dict[str, Schema]:
    return _common() | {
        "applies_to": condition("Which deals it is about; absent: all"),
        "flag_if": condition("When such a deal is flagged"),
        "owner": text("Who answers for the rule", 1000),
        "topic": identifier("Policies that measure the same neglect; only the dearest costs points"),
        "modes": {"type": "array", "items": _map(MODE_CASE, {"where": condition("Deals"), "mode": _mode()})},
        "calendar": {"enum": list(CALENDARS), "description": "Whether days_since counts every day or business days"},
        "rollout": _rollout(),
        "grace_days": whole(MOST_GRACE, "Days that a broken deal has before it is flagged"),
        "at_most_share": {
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "description": "The share of its open deals that may change within a week before a person looks at it",
        },
        "pausable": {"type": "boolean", "description": "Whether a rep's pause holds for it"},
        "subject": {"enum": list(SUBJECTS), "description": "What it is about; accounts are not judged"},
        "actions": _actions(_TASKS),
        "examples": _examples(POLICY_KEYS),
    }


def _mode() -> Schema:
    meaning = (
        "off: not judged; observe: judged and listed; warn: on the record, and it costs points; "
        "enforce: as warn, and its actions are done"
    )
    return {"enum": list(MODES), "description": meaning}


def _rollout() -> Schema:
    named = _map(ROLLOUT, {name: {**texts(f"{name.capitalize()} it is open to"), "minItems": 1} for name in ROLLOUT})
    meaning = "Whose deals it is open to; elsewhere it is observed"
    return {"anyOf": [{"const": EVERYONE}, {**named, "minProperties": 1}], "description": meaning}


def _waiver() -> dict[str, Schema]:
    return {
        "policy": text("A policy's id, or process/stage/criterion", 200),
        "deals": {**texts("Ids of the deals in the CRM"), "minItems": 1},
        "where": condition("The deals, instead of their ids"),
        "connection": text("The connection it holds on; absent: any", 1000),
        "until": {"type": "string", "pattern": DAY, "description": "Its last day"},
        "reason": text("Why", MAX_REASON),
        "approved_by": text("Who answers for it", 1000),
    }


def _accounts_are_off() -> Schema:
    other = {"properties": {"subject": {"const": "account"}}, "required": ["subject"]}
    return {"if": other, "then": {"properties": {"mode": {"const": "off"}}, "required": ["mode"]}}


def _enforcing_acts() -> Schema:
    enforcing = {"properties": {"mode": {"const": "enforce"}}, "required": ["mode"]}
    return {"if": enforcing, "then": {"required": ["actions", "examples"]}}


def _process(kinds: Sequence[str]) -> dict[str, Schema]:
    return {
        "id": identifier("Names the process"),
        "title": text("What people call it", MAX_TITLE),
        "applies_to": condition("Which deals it claims; absent: those that no other process claims"),
        "stages": {**_list("stage"), "minItems": 1, "description": "In order; the last is Won"},
        "lost_names": _names("What each CRM calls the stages that lose a deal", kinds),
        "source": text("Where the process comes from", 1000),
        "rollout": _rollout(),
        "filler": texts("More texts that count as blank here"),
    }


def _stage(kinds: Sequence[str]) -> dict[str, Schema]:
    day = {"type": "integer", "minimum": 0, "maximum": MAX_DAYS}
    return {
        "id": identifier("Names the stage in conditions: stage = 'proposal'"),
        "names": _names("What each CRM calls the stage, former names too", kinds),
        "expected_days": {"type": "array", "items": day, "minItems": 2, "maxItems": 2},
        "weight": {
            "type": "number",
            "minimum": 0,
            "maximum": MAX_WEIGHT,
            "description": "How much a deal here counts in stage-weighted velocity",
        },
        "entry": {**_list("criterion"), "description": "True at or after the move in"},
        "exit": {**_list("criterion"), "description": "True at or after the move out"},
    }


def _criterion() -> dict[str, Schema]:
    return _common() | {
        "require": condition("What must be true"),
        "holds": {
            "enum": list(HOLDS),
            "description": "once: at the move; while_in: as long as the deal is in the stage",
        },
        "binds_from": {"type": "string", "pattern": DAY, "description": "Moves before this day bind nothing"},
        "actions": _actions([*_TASKS, _MOVE_BACK]),
        "examples": _examples(CRITERION_KEYS),
    }


def _actions(kinds: list[Schema]) -> Schema:
    what = "What is done beyond our own fields while the mode is enforce"
    return {"type": "array", "minItems": 1, "items": {"anyOf": kinds}, "description": what}


def _task(owner: str, least: int) -> Schema:
    days = {"type": "integer", "minimum": least, "maximum": MOST_DAYS_BEFORE}
    return {
        "type": "object", "properties": {"task": {"const": owner}, "after_days": days},
        "required": ["task", "after_days"] if least else ["task"], "additionalProperties": False,
    }  # fmt: skip


_TASKS: Final = [_task(owner, int(owner == "manager")) for owner in TASK_OWNERS]
_MOVE_BACK: Final[Schema] = {
    "type": "object", "properties": {"move_back": {"const": True}}, "required": ["move_back"],
    "additionalProperties": False,
}  # fmt: skip


def _state() -> Schema:
    facts = {name: {**EXAMPLE_VALUES[fact.type], "description": fact.meaning} for name, fact in FACTS.items()}
    return {"type": "object", "properties": facts}


def _examples(keys: Mapping[str, Key]) -> Schema:
    facts = _state()["properties"]
    state = _state() | {"properties": facts | {AS_OF: {"type": "string", "pattern": DAY}}}
    day = _state() | {"properties": facts | {ENTER: identifier("The stage that the deal enters, or lost")}}
    course = {
        "type": "object", "propertyNames": {"pattern": DAY}, "additionalProperties": day, "minProperties": 1,
        "maxProperties": MOST_DAYS, "description": "What happens to a deal, day by day",
    }  # fmt: skip
    return _map(keys, {name: {"type": "array", "items": course if name in SCENARIOS else state} for name in keys})


def _names(what: str, kinds: Sequence[str]) -> Schema:
    return _map(dict.fromkeys(kinds, Key()), {kind: texts(f"In {kind}") for kind in kinds}) | {"description": what}


def _list(of: str) -> Schema:
    return {"type": "array", "items": {"$ref": f"#/definitions/{of}"}}
