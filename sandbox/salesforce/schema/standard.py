"""Standard objects as text: `Name prefix`, then a field a line, read by `schema.parse_field`."""

from __future__ import annotations

DEALS = """
Opportunity 006
AccountId reference(Account)
Name string(120) required
Description textarea(32000) nofilter
StageName picklist() required
Amount currency(18,2)
Probability percent(3,0)
ExpectedRevenue currency(18,2) ro
TotalOpportunityQuantity double(18,2)
CloseDate date required
Type picklist(New Customer|Existing Customer - Upgrade|Existing Customer - Replacement)
NextStep string(255)
LeadSource picklist(Web|Phone Inquiry|Partner Referral|Purchased List|Other)
IsClosed boolean ro
IsWon boolean ro
ForecastCategory picklist(Omitted|Pipeline|BestCase|Forecast|Closed) ro restricted
ForecastCategoryName picklist(Omitted|Pipeline|Best Case|Commit|Closed)
CampaignId reference(Campaign)
HasOpportunityLineItem boolean ro
OwnerId reference(User)
LastActivityDate date ro
PushCount int(8) ro
LastStageChangeDate datetime ro
FiscalQuarter int(8) ro
FiscalYear int(8) ro
Fiscal string(6) ro
ContactId reference(Contact) createonly
LastAmountChangedHistoryId reference(OpportunityHistory) ro
LastCloseDateChangedHistoryId reference(OpportunityHistory) ro
HasOpenActivity boolean ro
HasOverdueTask boolean ro

OpportunityHistory 008 ro
OpportunityId reference(Opportunity) ro
StageName picklist() ro
Amount currency(18,2) ro
ExpectedRevenue currency(18,2) ro
CloseDate date ro
Probability percent(3,0) ro
ForecastCategory picklist(Omitted|Pipeline|BestCase|MostLikely|Forecast|Closed) ro
PrevAmount currency(18,2) ro
PrevCloseDate date ro

OpportunityFieldHistory 017 ro
OpportunityId reference(Opportunity) ro
Field picklist() ro
DataType picklist() ro
OldValue anyType ro nofilter
NewValue anyType ro nofilter

OpportunityContactRole 00K
OpportunityId reference(Opportunity) required createonly
ContactId reference(Contact) required
Role picklist(Business User|Decision Maker|Economic Buyer|Evaluator|Executive Sponsor|Influencer|Other)
IsPrimary boolean

OpportunityStage 01J ro
MasterLabel string(255) ro
ApiName string(255) ro
IsActive boolean ro
SortOrder int ro
IsClosed boolean ro
IsWon boolean ro
ForecastCategory picklist() ro
ForecastCategoryName picklist() ro
DefaultProbability percent(3,0) ro
Description textarea(1000) ro

ProcessInstance 04g ro
ProcessDefinitionId reference(ProcessDefinition) ro
TargetObjectId reference(Opportunity) ro
Status picklist(Pending|Approved|Rejected|Removed) ro
CompletedDate datetime ro
SubmittedById reference(User) ro
"""

ACCOUNTS = """
Account 001
MasterRecordId reference(Account) ro
Name string(255) required
Type picklist(Prospect|Customer - Direct|Customer - Channel|Channel Partner / Reseller|Other)
ParentId reference(Account)
Industry picklist(Banking|Consulting|Education|Energy|Finance|Healthcare|Manufacturing|Media|Retail|Other)
AnnualRevenue currency(18,0)
NumberOfEmployees int(8)
BillingCountry string(80)
Website url(255)
Description textarea(32000) nofilter
OwnerId reference(User)
LastActivityDate date ro

Contact 003
MasterRecordId reference(Contact) ro
AccountId reference(Account)
LastName string(80) required
FirstName string(40)
Name string(121) ro
Title string(128)
Email email(80)
Phone phone(40)
OwnerId reference(User)
LastActivityDate date ro

RecordType 012
Name string(80) required
DeveloperName string(80) required
SobjectType picklist() required
IsActive boolean
Description string(255)
"""

LEADS = """
Lead 00Q
MasterRecordId reference(Lead) ro
LastName string(80) required
FirstName string(40)
Name string(121) ro
Company string(255) required
Title string(128)
Email email(80)
Phone phone(40)
LeadSource picklist(Web|Phone Inquiry|Partner Referral|Purchased List|Other)
Status picklist(Open - Not Contacted|Working - Contacted|Closed - Converted|Closed - Not Converted) \
default=Open_-_Not_Contacted
Rating picklist(Hot|Warm|Cold)
Industry string(40)
OwnerId reference(User,Group)
IsConverted boolean ro
ConvertedDate date ro
ConvertedAccountId reference(Account) ro
ConvertedContactId reference(Contact) ro
ConvertedOpportunityId reference(Opportunity) ro
IsUnreadByOwner boolean
LastActivityDate date ro

LeadStatus 01Q ro
MasterLabel string(255) ro
ApiName string(255) ro
SortOrder int ro
IsDefault boolean ro
IsConverted boolean ro

Group 00G ro
Name string(40) ro
DeveloperName string(80) ro
Type picklist(Regular|Queue|Role) ro
"""

ACTIVITIES = """
Task 00T
WhoId reference(Contact,Lead)
WhatId reference(Opportunity,Account)
AccountId reference(Account) ro
Subject combobox(255)
ActivityDate date
Status picklist(Not Started|In Progress|Completed|Waiting on someone else|Deferred) default=Not_Started
Priority picklist(High|Normal|Low) default=Normal
OwnerId reference(User)
Description textarea(32000) nofilter
IsClosed boolean ro
IsHighPriority boolean ro
IsArchived boolean ro
IsRecurrence boolean
CallType picklist(Internal|Inbound|Outbound)
CallDurationInSeconds int(8)
CallDisposition string(255)
TaskSubtype picklist(Task|Email|ListEmail|Cadence|Call|LinkedIn) createonly default=Task
CompletedDateTime datetime ro

TaskStatus 01T ro
MasterLabel string(255) ro
ApiName string(255) ro
SortOrder int ro
IsDefault boolean ro
IsClosed boolean ro

Event 00U
WhoId reference(Contact,Lead)
WhatId reference(Opportunity,Account)
AccountId reference(Account) ro
Subject combobox(255)
Location string(255)
IsAllDayEvent boolean
ActivityDateTime datetime
ActivityDate date
StartDateTime datetime
EndDateTime datetime
EndDate date ro
DurationInMinutes int(8)
Description textarea(32000) nofilter
OwnerId reference(User)
Type picklist(Email|Meeting|Other|Call)
EventSubtype picklist(Event) createonly default=Event
ShowAs picklist(Busy|OutOfOffice|Free) default=Busy
IsPrivate boolean
IsArchived boolean ro
IsRecurrence boolean ro
IsGroupEvent boolean ro
"""

MONEY = """
CurrencyType 01L
IsoCode picklist() required createonly
ConversionRate double(18,6) required
DecimalPlaces int required
IsActive boolean
IsCorporate boolean ro

DatedConversionRate 04w
IsoCode picklist() required createonly
StartDate date required
NextStartDate date ro
ConversionRate double(18,6) required
"""
