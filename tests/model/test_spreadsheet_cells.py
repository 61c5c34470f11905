import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.helpers.spreadsheet_cells import RUNS, inert, unescaped


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\tx"])
def test_what_begins_like_a_formula_is_shown_not_run(text):
    assert inert(text) == "'" + text


@given(st.text())
def test_every_text_comes_back_as_it_was(text):
    if not text.startswith("'"):
        assert unescaped(inert(text)) == text
    assert not inert(text).startswith(RUNS)
