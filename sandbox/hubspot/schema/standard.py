"""The properties that each object type has from the start."""

from __future__ import annotations

from typing import Any, Final

from sandbox.hubspot.schema.definitions import Group, Property

GROUPS: Final = {
    "deals": ("dealinformation", "Deal information"),
    "contacts": ("contactinformation", "Contact information"),
    "companies": ("companyinformation", "Company information"),
    "calls": ("call", "Call information"),
    "emails": ("email", "Email information"),
    "meetings": ("meeting", "Meeting information"),
    "notes": ("note", "Note information"),
    "tasks": ("task", "Task information"),
}
DEFAULTS: Final[dict[str, tuple[str, ...]]] = {
    "deals": ("amount", "closedate", "createdate", "dealname", "dealstage", "hs_lastmodifieddate", "hs_object_id",
              "pipeline"),
    "contacts": ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
    "companies": ("createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"),
}  # fmt: skip
"""What is returned where nothing is asked for."""
_RECORD = """
hs_object_id number number r
hs_object_source string text r
hs_object_source_id string text r
hs_object_source_label string text r
hs_object_source_detail_1 string text r
hs_object_source_user_id number number r
hs_created_by_user_id number number r
hs_updated_by_user_id number number r
hs_merged_object_ids enumeration checkbox r
hubspot_owner_id enumeration select o
hubspot_owner_assigneddate datetime date r
hubspot_team_id enumeration select
hs_createdate datetime date r
"""
_ACTIVITY = """
notes_last_updated datetime date c
notes_last_contacted datetime date c
notes_next_activity_date datetime date c
num_notes number number c
num_contacted_notes number number c
hs_latest_meeting_activity datetime date c
"""
_ENGAGEMENT = """
hs_timestamp datetime date
hs_lastmodifieddate datetime date r
hs_created_by number number r
hs_body_preview string text r
"""
_OWN: Final = {
    "deals": """
dealname string text
amount number number $
closedate datetime date
createdate datetime date
hs_lastmodifieddate datetime date r
dealstage enumeration radio
pipeline enumeration select
dealtype enumeration radio newbusiness=New_Business existingbusiness=Existing_Business
description string textarea
hs_priority enumeration select low=Low medium=Medium high=High
hs_next_step string text
hs_next_step_updated_at datetime date c
closed_lost_reason string textarea
closed_won_reason string textarea
deal_currency_code enumeration select
hs_exchange_rate number number c
amount_in_home_currency number number c
hs_deal_stage_probability number number
hs_projected_amount number number c
hs_projected_amount_in_home_currency number number c
hs_closed_amount number number c
hs_closed_amount_in_home_currency number number c
hs_forecast_probability number number
hs_forecast_amount number number c
hs_manual_forecast_category enumeration select OMIT=Not_forecasted PIPELINE=Pipeline BEST_CASE=Best_case COMMIT=Commit \
CLOSED=Closed_won
hs_is_closed bool booleancheckbox c
hs_is_closed_won bool booleancheckbox c
hs_is_closed_lost bool booleancheckbox c
hs_is_open_count number number c
days_to_close number number c
hs_is_stalled bool booleancheckbox c
hs_is_stalled_after_timestamp datetime date c
hs_has_empty_conditional_stage_properties bool booleancheckbox c
num_associated_contacts number number c
hs_primary_associated_company number number c
""",
    "contacts": """
firstname string text
lastname string text
email string text u
phone string phonenumber
jobtitle string text
company string text
createdate datetime date
lastmodifieddate datetime date r
lifecyclestage enumeration radio subscriber=Subscriber lead=Lead marketingqualifiedlead=Marketing_Qualified_Lead \
salesqualifiedlead=Sales_Qualified_Lead opportunity=Opportunity customer=Customer evangelist=Evangelist other=Other
hs_lifecyclestage_subscriber_date datetime date r
hs_lifecyclestage_lead_date datetime date r
hs_lifecyclestage_marketingqualifiedlead_date datetime date r
hs_lifecyclestage_salesqualifiedlead_date datetime date r
hs_lifecyclestage_opportunity_date datetime date r
hs_lifecyclestage_customer_date datetime date r
hs_lifecyclestage_evangelist_date datetime date r
hs_lifecyclestage_other_date datetime date r
hs_lead_status enumeration radio NEW=New OPEN=Open IN_PROGRESS=In_Progress OPEN_DEAL=Open_Deal \
UNQUALIFIED=Unqualified ATTEMPTED_TO_CONTACT=Attempted_to_Contact CONNECTED=Connected BAD_TIMING=Bad_Timing
hs_analytics_source enumeration select ORGANIC_SEARCH=Organic_Search PAID_SEARCH=Paid_Search REFERRALS=Referrals \
DIRECT_TRAFFIC=Direct_Traffic OFFLINE=Offline_Sources
hubspotscore number number r
hs_buying_role enumeration checkbox BLOCKER=Blocker BUDGET_HOLDER=Budget_Holder CHAMPION=Champion \
DECISION_MAKER=Decision_Maker END_USER=End_User EXECUTIVE_SPONSOR=Executive_Sponsor INFLUENCER=Influencer OTHER=Other
associatedcompanyid number number c
""",
    "companies": """
name string text
domain string text
industry string text
city string text
country string text
annualrevenue number number
numberofemployees number number
createdate datetime date
hs_lastmodifieddate datetime date r
hs_parent_company_id number number r
""",
    "calls": """
hs_call_title string text
hs_call_body string html
hs_call_duration number number
hs_call_direction enumeration select INBOUND=Inbound OUTBOUND=Outbound
hs_call_disposition string text
hs_call_status enumeration select BUSY=Busy CALLING_CRM_USER=Calling CANCELED=Canceled COMPLETED=Completed \
CONNECTING=Connecting FAILED=Failed IN_PROGRESS=In_progress MISSED=Missed NO_ANSWER=No_answer QUEUED=Queued \
RINGING=Ringing
hs_call_to_number string text
""",
    "emails": """
hs_email_subject string text
hs_email_text string textarea
hs_email_html string html
hs_email_direction enumeration select EMAIL=Email INCOMING_EMAIL=Incoming_email FORWARDED_EMAIL=Forwarded_email
hs_email_status enumeration select BOUNCED=Bounced FAILED=Failed SCHEDULED=Scheduled SENDING=Sending SENT=Sent
hs_email_logged_from string text
hs_sequence_id number number
""",
    "meetings": """
hs_meeting_title string text
hs_meeting_body string html
hs_internal_meeting_notes string html
hs_meeting_location string text
hs_meeting_start_time datetime date
hs_meeting_end_time datetime date
hs_meeting_outcome enumeration select SCHEDULED=Scheduled COMPLETED=Completed RESCHEDULED=Rescheduled NO_SHOW=No_show \
CANCELED=Canceled
hs_activity_type string text
""",
    "notes": "hs_note_body string html",
    "tasks": """
hs_task_subject string text
hs_task_body string html
hs_task_status enumeration select NOT_STARTED=Not_started IN_PROGRESS=In_progress WAITING=Waiting COMPLETED=Completed \
DEFERRED=Deferred
hs_task_type enumeration select TODO=To-do CALL=Call EMAIL=Email MEETING=Meeting LINKED_IN=LinkedIn
hs_task_priority enumeration select NONE=None LOW=Low MEDIUM=Medium HIGH=High
hs_task_completion_date datetime date r
hs_task_is_completed number number c
""",
}
_MORE = {"deals": _RECORD + _ACTIVITY, "contacts": _RECORD + _ACTIVITY, "companies": _RECORD + _ACTIVITY}


def standard(kind: str, at: int) -> tuple[Group, dict[str, Property]]:
    """The group and the properties of an object type, made at this instant."""
    name, label = GROUPS[kind]
    lines = (_OWN[kind] + _MORE.get(kind, _RECORD + _ENGAGEMENT)).strip().splitlines()
    made = [parse_property(line, name, at) for line in lines if line.strip()]
    return Group(name, label), {each.name: each for each in made}


def parse_property(line: str, group: str, at: int = 0, **more: Any) -> Property:
    """`name type fieldType flags options`: r read only, c calculated, u unique, o an owner, $ money; value=Label."""
    name, kind, field_type, *rest = line.split()
    flags = {word for word in rest if "=" not in word}
    made = Property(name, kind, field_type, label=name.replace("_", " ").capitalize(), group=group, created=at)
    made.updated, made.calculated, made.read_only = at, "c" in flags, "r" in flags
    made.unique, made.hidden = "u" in flags, False
    made.currency_property = "deal_currency_code" if "$" in flags else None
    made.external_options, made.refers_to = "o" in flags, "OWNER" if "o" in flags else None
    made.options = options([tuple(word.split("=", 1)) for word in rest if "=" in word])
    for key, value in more.items():
        setattr(made, key, value)
    return made


def options(pairs: list[Any]) -> list[dict[str, Any]]:
    """Options of (value, label), in this order."""
    return [
        {"label": label.replace("_", " "), "value": value, "displayOrder": place, "hidden": False, "description": ""}
        for place, (value, label) in enumerate(pairs)
    ]
