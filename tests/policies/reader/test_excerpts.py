"""What a file says of one entry, as it is written there."""

from policies.files import entry_texts

FILE = """version: 1  # our own
policies:
  - id: first
    title: One  # a remark

    flag_if: >-
      amount is blank
  # about the second
  - {id: second, title: Two,
     flag_if: is_open}
processes:
  - id: deals
    stages:
      - id: offer
        exit:
          - {id: signed, require: is_won}
          -
            id: paid
            require: is_won
      - {id: won, entry: [{id: happy, require: is_won}]}
"""


def test_each_entry_is_its_lines_and_nothing_of_the_next_one():
    found = entry_texts({"ours.yaml": FILE, "more.yaml": "policies:\n- id: last\n  title: End"})
    assert found["first"] == ("- id: first\n  title: One  # a remark\n\n  flag_if: >-\n    amount is blank")
    assert found["second"] == "- {id: second, title: Two,\n   flag_if: is_open}"
    assert found["deals/offer/signed"] == "- {id: signed, require: is_won}"
    assert found["deals/offer/paid"] == "id: paid\nrequire: is_won"
    assert "happy" in found["deals/won/happy"]
    assert found["last"] == "- id: last\n  title: End"
    assert len(found) == 6


def test_what_cannot_be_read_has_no_entries():
    assert (
        entry_texts({"a.yaml": "policies: [", "b.yaml": "just text", "c.yaml": "policies: {id: x}\nprocesses: [1]"})
        == {}
    )
