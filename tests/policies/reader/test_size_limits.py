"""Files made to harm the reader: each is refused with a sentence and a place."""

import pytest

from model.errors import PolicyProblem
from policies.files import read_policies
from tests.policies.reader.files import policy

BOMBS = {
    "too large": "a: 1\n" * 50_000,
    "latin-1": "title: Müller".encode("latin-1"),
    "utf-16": policy().encode("utf-16"),
    "byte order mark": "\ufeff" + policy(),
    "tab": "version: 1\npolicies:\n\t- id: x\n",
    "no text": "version: 1 \x00\n",
    "laughs": "a: &a [1, 1]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "tag": "version: !!python/object:os.system x\n",
    "deep brackets": "[" * 90_000,
    "deep lists": "- " * 90_000,
    "many items": "filler: [" + "a, " * 60_000 + "]",
    "two documents": "version: 1\n---\nversion: 1\n",
    "unclosed quote": "version: 1\nfiller: ['a\npolicies: []\n",
    "empty": "",
    "a list": "- version: 1\n",
    "list as key": "? [a]\n: b\n",
    "long condition": policy(flag_if=" and ".join(["is_open"] * 11_000)),
    "escape": policy(title='"\\e[31mred"'),
    "half a character": policy(title='"\\ud800"'),
    "huge points": policy(points="9" * 5_000),
    "huge number": policy(flag_if="amount > " + "9" * 3_000),
    "many nots": policy(flag_if="not " * 900 + "is_open"),
    "cycle": "a: &a [*a]\n",
    "merge key": "version: 1\npolicies:\n  - {<<: {id: a}}\n",
    "colons": "a" + ":" * 100_000,
    "deep condition": policy(flag_if="(" * 1_000 + "is_open" + ")" * 1_000),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_harmful_file_is_refused_with_a_sentence_and_a_place(bomb):
    with pytest.raises(PolicyProblem) as refused:
        read_policies({"bomb.yaml": BOMBS[bomb]})
    first = refused.value.problems[0]
    assert first.line >= 1
    assert first.column >= 1
    assert len(first.text) > 15
