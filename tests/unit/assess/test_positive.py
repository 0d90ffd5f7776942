"""Which label is the positive one, by name."""

from __future__ import annotations

import pytest

from agent.assess.positive import PositiveLabel


@pytest.mark.parametrize(
    ("named", "label", "positive"),
    [
        ("1", "1", True),
        ("1.0", "1", True),
        ("1", "1.0", True),
        ("1", "01", True),
        ("-1", "-1.0", True),
        ("1,000", "1000", True),
        ("1", "0", False),
        ("1", "-1", False),
        ("1", "10", False),
        ("True", "true", True),
        ("true", "TRUE", True),
        ("false", "False", True),
        ("true", "1", False),
        ("1", "true", False),
        ("yes", "yes", True),
        ("yes", "Yes", False),  # what is neither number nor truth value is compared as it is written
        ("是", "是", True),
        ("", "", False),
        ("1", "", False),
        # A float could not tell these apart.
        ("9007199254740993", "9007199254740992", False),
        ("9007199254740993", "9007199254740993", True),
        ("1e400", "1e401", False),
        ("nan", "nan", True),
    ],
)
def test_a_label_is_the_positive_one_as_text_number_or_truth_value(named: str, label: str, positive: bool) -> None:
    found = PositiveLabel(named)
    assert found.holds(label) is positive
    assert found.holds(label) is positive  # remembered
    assert found.value == named


def test_what_is_remembered_is_bounded_and_the_answer_is_not() -> None:
    found = PositiveLabel("5000.0")
    assert [number for number in range(10_000) if found.holds(str(number))] == [5000]
    assert len(found._known) == 200
