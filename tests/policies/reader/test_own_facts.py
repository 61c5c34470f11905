"""Facts that a policy file declares for itself."""

import pytest

from model.errors import PolicyProblem
from policies.files import read_policies
from tests.policies.reader.files import policy, problems, read

FACTS = "facts: {employees: {type: number, meaning: Staff of the buyer}}\n"


def with_facts(text, facts=FACTS):
    return text.replace("policies:", f"{facts}policies:")


def test_a_file_may_bring_facts_of_its_own():
    (one,) = read(with_facts(policy(applies_to="employees >= 1000"))).policies
    assert one.applies_to.types == {"employees": "number"}
    assert read(with_facts(policy(applies_to="employees >= 1000")), types={"employees": "money"}).policies


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ("facts: {employees: {type: numbr, meaning: Staff}}\n", "yes/no, number, money, date, list, not 'numbr'"),
        ("facts: {employees: {type: number}}\n", "a fact has no 'meaning'; add it"),
        ("facts: {amount: {type: money, meaning: Amount}}\n", "amount is a standard fact; it needs no declaration"),
        ("facts: {Staff Count: {type: number, meaning: Staff}}\n", "'Staff Count' is no name for a fact"),
        ("facts: [employees]\n", "facts is a map of keys and values, not a list"),
    ],
)
def test_a_fact_declared_wrongly_is_reported_in_words(facts, says):
    (found,) = problems(with_facts(policy(), facts))
    assert says in found


def test_a_fact_has_one_type_in_all_files_and_on_the_connection():
    one, other = with_facts(policy()), with_facts(policy(id="other"), FACTS.replace("number", "date"))
    with pytest.raises(PolicyProblem) as refused:
        read_policies({"a.yaml": one, "b.yaml": other})
    assert [str(p) for p in refused.value.problems] == [
        "b.yaml:2:9: employees is date here, and number in another file; let both say the same"
    ]
    (found,) = problems(one, types={"employees": "text"})
    assert found == "a.yaml:2:9: employees is number here, and text on this connection; let both say the same"
