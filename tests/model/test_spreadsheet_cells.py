import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.helpers.spreadsheet_cells import NUMBER, RUNS, inert, unescaped


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1-A1", "-A1", "@SUM(A1)", "\tx"])
def test_what_begins_like_a_formula_is_shown_not_run(text):
    assert inert(text) == "'" + text


@given(st.text())
def test_every_text_comes_back_as_it_was(text):
    if not text.startswith("'"):
        assert unescaped(inert(text)) == text
    if not NUMBER.fullmatch(text):
        assert not inert(text).startswith(RUNS)


@pytest.mark.parametrize("number", ["-1", "-1250.50", "-1e-05"])
def test_a_number_below_zero_stays_a_number(number):
    assert inert(number) == number
