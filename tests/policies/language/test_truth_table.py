"""The truth table of docs/design.md, by hand: T true, F false, U unknown."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.policies.language.deals import AS_OF, HOLIDAYS, answer, condition, wide
from tests.policies.language.reference import BLANK, UNKNOWN, evaluate

T, F, U = True, False, None
TABLE = [
    # condition, deal, as written, with `blank: unknown`
    ("amount > 10", {"amount": Decimal(11)}, T, T),
    ("amount > 10", {"amount": Decimal(10)}, F, F),
    ("amount > 10", {"amount": BLANK}, F, U),
    ("amount > 10", {"amount": UNKNOWN}, U, U),
    ("not amount > 10", {"amount": BLANK}, T, U),
    ("not amount > 10", {"amount": UNKNOWN}, U, U),
    ("amount != 10", {"amount": BLANK}, F, U),
    ("amount != 10", {"amount": UNKNOWN}, U, U),
    ("amount = 0", {"amount": BLANK}, F, U),
    ("amount is blank", {"amount": BLANK}, T, T),
    ("amount is blank", {"amount": Decimal(0)}, F, F),
    ("amount is blank", {"amount": UNKNOWN}, U, U),
    ("amount is not blank", {"amount": BLANK}, F, F),
    ("amount is not blank", {"amount": Decimal(0)}, T, T),
    ("amount is not blank", {"amount": UNKNOWN}, U, U),
    ("not amount is blank", {"amount": UNKNOWN}, U, U),
    ("next_step is blank", {"next_step": ""}, T, T),
    ("next_step is blank", {"next_step": " \t\u00a0"}, T, T),
    ("next_step is blank", {"next_step": "\u200b"}, T, T),
    ("next_step is blank", {"next_step": " TBD "}, T, T),
    ("next_step is blank", {"next_step": "tbd with Ann"}, F, F),
    ("next_step is not blank", {"next_step": "."}, F, F),
    ("next_step = 'call ann'", {"next_step": "  Call ANN\u200b"}, T, T),
    ("next_step != 'call'", {"next_step": "tbd"}, F, U),
    ("next_step contains 'ann'", {"next_step": "Call Ann"}, T, T),
    ("next_step contains 'ann'", {"next_step": BLANK}, F, U),
    ("next_step contains 'ann'", {"next_step": UNKNOWN}, U, U),
    ("segment in ('smb', 'Mid')", {"segment": "MID"}, T, T),
    ("segment in ('smb', 'Mid')", {"segment": BLANK}, F, U),
    ("segment in ('smb', 'Mid')", {"segment": UNKNOWN}, U, U),
    ("segment not in ('smb')", {"segment": "mid"}, T, T),
    ("segment not in ('smb')", {"segment": BLANK}, F, U),
    ("not segment in ('smb')", {"segment": BLANK}, T, U),
    ("segment not in ('smb')", {"segment": UNKNOWN}, U, U),
    ("pushes between 1 and 3", {"pushes": 3}, T, T),
    ("pushes between 1 and 3", {"pushes": BLANK}, F, U),
    ("pushes between 1 and 3", {"pushes": UNKNOWN}, U, U),
    ("touched", {"touched": True}, T, T),
    ("touched", {"touched": False}, F, F),
    ("touched", {"touched": BLANK}, F, U),
    ("touched", {"touched": UNKNOWN}, U, U),
    ("not touched", {"touched": BLANK}, T, U),
    ("touched = false", {"touched": BLANK}, F, U),
    ("touched and is_open", {"touched": UNKNOWN, "is_open": False}, F, F),
    ("touched and is_open", {"touched": UNKNOWN, "is_open": True}, U, U),
    ("touched and is_open", {"touched": BLANK, "is_open": UNKNOWN}, F, U),
    ("touched or is_open", {"touched": UNKNOWN, "is_open": True}, T, T),
    ("touched or is_open", {"touched": UNKNOWN, "is_open": False}, U, U),
    ("touched or is_open", {"touched": BLANK, "is_open": UNKNOWN}, U, U),
    ("not (touched and is_open)", {"touched": UNKNOWN, "is_open": False}, T, T),
    ("days_since(last_activity) >= 14", {"last_activity": date(2026, 11, 2)}, T, T),
    ("days_since(last_activity) >= 14", {"last_activity": date(2026, 11, 3)}, F, F),
    ("days_since(last_activity) >= 14", {"last_activity": BLANK}, F, U),
    ("days_since(last_activity) is blank", {"last_activity": BLANK}, T, T),
    ("days_until(close_date) < 0", {"close_date": UNKNOWN}, U, U),
    ("business_days_since(last_activity) = 7", {"last_activity": date(2026, 11, 4)}, T, T),
    ("amount / pushes > 1", {"amount": Decimal(5), "pushes": 0}, U, U),
    ("amount / pushes is blank", {"amount": Decimal(5), "pushes": 0}, U, U),
    ("amount / pushes > 1", {"amount": BLANK, "pushes": 0}, F, U),
    ("amount + pushes is blank", {"amount": Decimal(1), "pushes": BLANK}, T, T),
    ("length(next_step) < 5", {"next_step": BLANK}, F, U),
    ("length(next_step) = 4", {"next_step": " call "}, T, T),
    ("owner = next_step_owner", {"owner": BLANK, "next_step_owner": UNKNOWN}, F, U),
    ("contact_roles contains 'cfo'", {"contact_roles": ("Champion", " CFO ")}, T, T),
    ("contact_roles contains 'cfo'", {"contact_roles": ("CFO office",)}, F, F),
    ("contact_roles is blank", {"contact_roles": ()}, T, T),
    ("contact_roles is blank", {"contact_roles": (" ", "tbd")}, T, T),
    ("contact_roles contains 'cfo'", {"contact_roles": UNKNOWN}, U, U),
    ("terms_agreed", {}, U, U),  # unmapped: dormant to the judge, unknown if it is asked all the same
    ("terms_agreed is blank", {}, U, U),
    ("amount is blank or terms_agreed", {"amount": BLANK}, T, T),
]


@pytest.mark.parametrize(("text", "deal", "plain", "strict"), TABLE)
@pytest.mark.parametrize("rule", ["false", "unknown"])
def test_a_condition_answers_as_the_table_says(text, deal, plain, strict, rule):
    wanted = plain if rule == "false" else strict
    rules = {"filler": ["TBD", "."], "blank": rule}
    assert answer(text, deal, **rules) is wanted
    assert evaluate(condition(text, **rules), deal, AS_OF, HOLIDAYS) is wanted


def test_the_table_has_the_sixty_rows_it_promises():
    assert len(TABLE) >= 60


def test_a_chain_of_sums_as_long_as_allowed_grows_by_its_signs_only():
    sums = condition(" + ".join(["pushes"] * 21) + " = 42")
    deal = wide([{"pushes": 2}])
    assert deal.frame.select(answer=sums.polars(deal)).item() is True
    short = condition(" + ".join(["pushes"] * 11) + " = 22")
    sizes = [len(str(one.polars(deal))) for one in (short, sums)]
    assert sizes[1] < 5 * sizes[0]
