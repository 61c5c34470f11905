"""What the two CRMs would say of themselves where every fact that the packs map has a field of its own."""

from __future__ import annotations

import polars as pl

from model.facts import FACTS
from model.snapshot import CRM_STAGES
from model.sync import Description, Source

GIVEN = frozenset(name for name, fact in FACTS.items() if "mapping" not in fact.needs)
KINDS = {
    "salesforce": {"yes/no": "boolean", "number": "double", "money": "currency", "text": "string", "date": "date"},
    "hubspot": {"yes/no": "bool", "number": "number", "money": "number", "text": "string", "date": "date"},
}
COLUMNS = {
    "salesforce": {
        "next_step": Source("NextStep", "string", "Next Step", 255), "amount": Source("Amount", "currency", "Amount"),
        "close_date": Source("CloseDate", "date", "Close Date"), "source": Source("LeadSource", "picklist", "Source"),
        "deal_type": Source("Type", "picklist", "Type"), "stage_name": Source("StageName", "picklist", "Stage"),
    },
    "hubspot": {
        "next_step": Source("hs_next_step", "string", "Next Step"), "amount": Source("amount", "number", "Amount"),
        "close_date": Source("closedate", "datetime", "Close Date"),
        "source": Source("hs_analytics_source", "enumeration", "Original Source", settable=False),
    },
}  # fmt: skip
SALESFORCE = (
    "Prospecting", "Qualification", "Needs Analysis", "Value Proposition", "Id. Decision Makers", "Perception Analysis",
    "Proposal/Price Quote", "Negotiation/Review", "Closing", "Closed Won", "Closed Lost",
)  # fmt: skip
HUBSPOT = {
    "Sales Pipeline": {
        "appointmentscheduled": "Appointment Scheduled", "qualifiedtobuy": "Qualified To Buy",
        "presentationscheduled": "Presentation Scheduled", "decisionmakerboughtin": "Decision Maker Bought-In",
        "contractsent": "Contract Sent", "closedwon": "Closed Won", "closedlost": "Closed Lost",
    },
    "Renewals": {"r1": "Discovery", "r2": "Proposal", "r3": "Closed Won", "r4": "Closed Lost"},
}  # fmt: skip


def described(kind, policies):
    """The description of a connection that maps whatever these policies need a mapping for."""
    types = {name: fact.type for name, fact in FACTS.items() if "mapping" in fact.needs}
    types |= {name: fact.type for name, fact in policies.declared.items()}
    sources = {name: _source(kind, name, of) for name, of in types.items() if of in KINDS[kind]}
    return Description(
        mapped=GIVEN | types.keys(), writes={}, types=types, sources=COLUMNS[kind] | sources,
        choices={"stage_name": SALESFORCE} if kind == "salesforce" else {},
    )  # fmt: skip


def _source(kind, name, of):
    words = [word.capitalize() for word in name.split("_")]
    return Source("_".join(words) + "__c" if kind == "salesforce" else name, KINDS[kind][of], " ".join(words))


def stages(kind):
    if kind == "salesforce":
        rows = [_stage(None, name, name, n) for n, name in enumerate(SALESFORCE)]
    else:
        rows = [
            _stage(pipeline, name, label, n)
            for pipeline, listed in HUBSPOT.items() for n, (name, label) in enumerate(listed.items())
        ]  # fmt: skip
    return pl.DataFrame(rows, schema=CRM_STAGES)


def _stage(pipeline, name, label, sort):
    return {
        "pipeline": pipeline, "name": name, "label": label, "is_active": True, "is_closed": label.startswith("Closed"),
        "is_won": label == "Closed Won", "probability": None, "sort": sort,
    }  # fmt: skip
