import pytest

from model.helpers.words import many


@pytest.mark.parametrize(
    ("count", "noun", "expected"),
    [
        (1, "process", "1 process"), (2, "process", "2 processes"), (0, "policy", "0 policies"),
        (1, "criterion", "1 criterion"), (3, "criterion", "3 criteria"), (1200, "deal", "1,200 deals"),
        (2, "day", "2 days"), (2, "open deal", "2 open deals"),
    ],
)  # fmt: skip
def test_one_is_one_and_more_are_more(count, noun, expected):
    assert many(count, noun) == expected
