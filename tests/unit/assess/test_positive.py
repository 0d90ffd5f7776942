"""Which label is the positive one, by name."""

from __future__ import annotations

import pytest

from agent.assess.positive import USUAL, PositiveLabel


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


def assumed(*labels: str) -> str | None:
    found = PositiveLabel()
    for label in labels:
        found.holds(label)
    assert found.assumed
    return found.value


@pytest.mark.parametrize(
    ("positive", "negative"),
    [
        ("1", "0"), ("1", "-1"), ("1.0", "0.0"), ("1", "0.0"), ("true", "false"), ("True", "False"), ("yes", "no"),
        ("YES", "no"), ("y", "N"), ("T", "F"), ("Positive", "negative"), ("approved", "denied"),
        ("approved", "rejected"), ("Approved", "Declined"), ("accepted", "rejected"), ("pass", "fail"),
        ("granted", "denied"), ("是", "否"), ("通过", "拒绝"), ("批准", "拒绝"),
        ("通过", "未通过"), ("通過", "拒絕"), ("批准", "拒絕"),
    ],
)  # fmt: skip
def test_of_two_values_the_usual_one_is_positive(positive: str, negative: str) -> None:
    assert assumed(positive, negative, positive) == assumed(negative, "", positive) == positive
    found = PositiveLabel()
    assert (found.holds(negative), found.holds(positive), found.holds("")) == (False, True, False)


def test_a_value_that_is_written_in_several_ways_is_one_and_shown_as_it_came_first() -> None:
    assert assumed("no", "Yes", "NO", "yes") == "Yes"
    assert assumed("0", "1.0", "1", "0.00") == "1.0"


@pytest.mark.parametrize(
    "labels",
    [
        (),  # an empty column
        ("", ""),
        ("1", "1"),
        ("0", "0.0"),
        ("1", "0", "-1"),
        ("yes", "no", "maybe"),
        ("yes", "no", "N/A"),  # who is neither must not count as a no
        ("1", "2"),
        ("m", "f"),
        ("good", "bad"),
        ("true", "0"),
        ("approved", "fail"),
        ("通过", "否"),
        ("+", "-"),
    ],
)
def test_of_other_values_none_is_positive(labels: tuple[str, ...]) -> None:
    assert assumed(*labels) is None


def test_no_value_is_positive_here_and_negative_there() -> None:
    opposites = {value for values in USUAL.values() for value in values}
    assert not opposites & set(USUAL)


def test_a_column_of_texts_is_given_up_at_its_third() -> None:
    found = PositiveLabel()
    assert not found.ruled_out
    found.holds("1")
    found.holds("0")
    assert not found.ruled_out
    found.holds("2")
    assert found.ruled_out
    assert found.value is None
    assert not PositiveLabel("1").ruled_out


def test_what_was_named_is_not_assumed() -> None:
    found = PositiveLabel("no")
    assert (found.holds("yes"), found.holds("no"), found.value, found.assumed) == (False, True, "no", False)
