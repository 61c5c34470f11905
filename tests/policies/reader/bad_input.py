"""Every kind of bad input that a person could write into a policy file, by what it is called."""

from __future__ import annotations

WON = "      - {id: won, names: {salesforce: [Closed Won]}}\n"
DEMO = "      - {id: demo, names: {salesforce: [Demo]}}\n"
OFFER = "      - {id: offer, names: {salesforce: [Offer]}}\n"
EXIT = "{id: x, title: X, require: terms_agreed, fix: F"


def policy(flag_if="amount is blank", more=""):
    keys = ["title: A", f"flag_if: {flag_if}", "severity: info", "points: 1", "fix: F", "owner: o"]
    return "version: 1\npolicies:\n  - id: a\n    " + "\n    ".join(keys + [more] * bool(more)) + "\n"


def process(stages=DEMO + WON, claim="", more=""):
    text = f"    applies_to: {claim}\n" if claim else ""
    return f"version: 1\nprocesses:\n  - id: sales\n{text}    stages:\n{stages}{more}"


def two(one, other):
    second = process(claim=other).replace("version: 1\nprocesses:\n", "").replace("id: sales", "id: other")
    return process(claim=one) + second


def with_policy(flag_if, more=""):
    return process() + policy(flag_if, more).removeprefix("version: 1\n")


def gate(examples):
    return process(
        f"      - {{id: demo, names: {{salesforce: [Demo]}}, exit: [{EXIT}, examples: {examples}}}]}}\n" + WON
    )


BAD = {
    # names that nobody knows
    "a fact": policy("amuont is blank"),
    "a fact in an example": policy(more="examples: {flagged: [{amuont: 3}]}"),
    "a stage": with_policy("stage = 'dmo'"),
    "a stage that a deal was created in": with_policy("created_in_stage = 'offer'"),
    "a stage in an example": with_policy("stage = 'demo'", "examples: {flagged: [{stage: dmo}]}"),
    "a stage in a gate's example": gate("{met: [{2026-01-01: {enter: demo}, 2026-01-02: {enter: offer}}]}"),
    "a pipeline": (policy("pipeline = 'Nwe business'"), {"pipeline": ("New business", "Renewals")}),
    "a record type": (policy("record_type in ('New', 'Rnewal')"), {"record_type": ("New", "Renewal")}),
    "a currency": policy("currency = 'EURO'"),
    "a currency that the CRM does not have": (policy("currency = 'GBP'"), {"currency": ("EUR", "USD")}),
    "an amount with its currency": policy("amount > 5000€"),
    "amounts in unlike currencies": policy("amount > amount_home"),
    "a calendar": policy(more="calendar: de-BY"),
    "an owner of a policy that is blank": policy().replace("owner: o", "owner: ''"),
    "a function": policy("age(created) > 3"),
    "a CRM": process("      - {id: demo, names: {pipedrive: [Demo]}}\n" + WON),
    "a key": policy(more="sevrity: info"),
    "a severity": policy().replace("severity: info", "severity: high"),
    "a version": policy().replace("version: 1", "version: 2"),
    # two processes for one deal
    "two claims alike": two("pipeline = 'A'", "pipeline = 'A'"),
    "two claims alike in other words": two("pipeline = 'A' and amount > 5", "amount > 5 and pipeline = 'A'"),
    "a claim within another": two("pipeline in ('A', 'B')", "pipeline = 'A'"),
    "claims that meet at their limit": two("amount >= 5000", "amount between 100 and 5000"),
    "claims that meet in a blank": two("segment is blank or segment = 'smb'", "not segment = 'smb'"),
    "two processes for the rest": two("", ""),
    "a claim on what the process itself says": process(claim="stage = 'won'"),
    # stages in no order
    "a stage twice": process(DEMO + OFFER + DEMO.replace("[Demo]", "[Demo 2]") + WON),
    "a CRM's stage in two stages": process(DEMO + OFFER.replace("Offer", "' demo '") + WON),
    "a CRM's stage twice in one": process(DEMO.replace("[Demo]", "[Demo, demo]") + WON),
    "a stage that is open and lost": process(more="    lost_names: {salesforce: [demo]}\n"),
    "Won before the end": process(WON + DEMO),
    "Lost as a stage": process(DEMO.replace("id: demo", "id: lost") + WON),
    "a stage without a name": process("      - {id: demo, names: {}}\n" + WON),
    "a stage whose names are none": process("      - {id: demo, names: {salesforce: []}}\n" + WON),
    "a stage that names the next one": process("      - {id: demo, next: won, names: {salesforce: [Demo]}}\n" + WON),
    "a stage with a number": process("      - {id: demo, order: 2, names: {salesforce: [Demo]}}\n" + WON),
    "a process without stages": process("      []\n"),
    "days that run backwards": process(
        "      - {id: demo, names: {salesforce: [Demo]}, expected_days: [9, 7]}\n" + WON
    ),
    "a course that runs backwards": gate("{met: [{2026-01-02: {enter: demo}, 2026-01-01: {enter: won}}]}"),
    "a criterion twice": process(
        f"      - {{id: demo, names: {{salesforce: [Demo]}}, entry: [{EXIT}}}], exit: [{EXIT}}}]}}\n" + WON
    ),
    "a policy twice": policy() + policy().removeprefix("version: 1\npolicies:\n"),
    # too much
    "brackets 200 deep": policy("(" * 200 + "is_open" + ")" * 200),
    "not 200 deep": policy("not (" * 200 + "is_open" + ")" * 200),
    "a condition of 100 KB": policy(" and ".join(["amount > 1"] * 8_000)),
    "11,000 terms joined by and": policy(" and ".join(["is_open"] * 11_000)),
    "350 terms joined by and": policy(" and ".join(["is_won"] * 350)),
    "30 sums": policy("amount > " + " + ".join(["1"] * 30)),
    "a number of 3,000 digits": policy("amount > " + "9" * 3_000),
    "a file of 300 KB": policy() + "# a comment\n" * 25_000,
    "lists 90,000 deep": "[" * 90_000,
    "20,000 values": "filler: [" + "a, " * 20_000 + "]",
    "a bomb of aliases": "a: &a [1, 1]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "an alias of itself": "a: &a [*a]\n",
    "a merge key": "version: 1\npolicies:\n  - {<<: {id: a}}\n",
    "a tag": "version: !!python/object:os.system x\n",
    # no YAML, or no text
    "a key twice": policy(more="points: 2"),
    "a tab": "version: 1\npolicies:\n\t- id: x\n",
    "a tab after spaces": "version: 1\npolicies:\n  - id: x\n    \ttitle: A\n",
    "a byte order mark": "\ufeff" + policy(),
    "latin-1 after a letter of UTF-8": "é: ".encode() + "é".encode("latin-1"),
    "latin-1": policy().replace("title: A", "title: Müller").encode("latin-1"),
    "utf-16": policy().encode("utf-16"),
    "a line end of another age": "version: 1\rpolicies: []\n",
    "a line end that no editor shows": "version: 1\u2028policies: []\n",
    "a null character": "version: 1 \x00\n",
    "an open quote": "version: 1\nfiller: ['a\npolicies: []\n",
    "an open bracket": "version: 1\nfiller: [a\npolicies: []\n",
    "two documents": policy() + "---\n" + policy(),
    "an empty file": "",
    "a list for a file": "- version: 1\n",
    "a yes of YAML 1.1": policy(more="pausable: yes"),
    "a condition that is a list": policy("[is_open]"),
    "an empty condition": policy("''"),
    "a mistake in a file with Windows line ends": policy("amuont is blank").replace("\n", "\r\n"),
}
