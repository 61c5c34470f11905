"""Words that a believable org is made of; many are not ASCII on purpose."""

from __future__ import annotations

FIRST = (
    "Zoë", "Liam", "Søren", "María", "Hiroshi", "Anaïs", "Jürgen", "Olivia", "Błażej", "Chloé", "Noor", "Ivan",
    "Priya", "Émile", "Åsa", "Tomás", "Yuki", "Amara", "Ngọc", "Desmond", "Ólafur", "Fatima", "Marek", "Grace",
)  # fmt: skip
LAST = (
    "Müller", "O'Brien", "García", "Tanaka", "Łukasz", "Nguyễn", "Sørensen", "Okafor", "Dubois", "Kovač", "Smith",
    "Ferreira", "Ivanova", "Haddad", "Lindqvist", "Rossi", "Çelik", "Park", "Novák", "Baptiste", "Weiß", "Singh",
)  # fmt: skip
COMPANY = (
    "Nordwind", "Café Lumière", "Kitano", "Blue Harbor", "Acmé", "Vértice", "Hohenfels", "Redwood", "Pacífico",
    "Stella Maris", "Orion", "Żubr", "Cascade", "Granite", "Sakura", "Fjord", "Meridian", "Copperfield", "Ngamba",
)  # fmt: skip
KIND = ("GmbH", "Ltd", "Inc", "S.A.", "K.K.", "AB", "Group", "Partners", "Holdings", "& Søn")
WHAT = (
    "Expansion", "Renewal", "Platform", "Pilot", "Rollout", "Migration", "Analytics", "Support plan",
    "Upgrade – Phase 2",
)  # fmt: skip
STEPS = (
    "Send revised quote", "Call procurement about terms", "Demo with the CFO – bring ROI sheet",
    "Security review on Thursday",
    "Get signature", "Meet économique buyer", "Share reference customer", "Agree success criteria",
)  # fmt: skip
FILLER = ("tbd", "TBD", "n/a", ".", "-")
ISSUES = ("Legal wants a cap on liability", "Data residency", "Price above budget", "Competing project")
TEAMS = (
    ("Enterprise East", "Americas"),
    ("Mid-Market", "Americas"),
    ("EMEA North", "EMEA"),
    ("EMEA South", "EMEA"),
    ("Field West", "Pacific"),
)
QUIET_TEAM = "Field West"
"""The team that logs nothing."""
