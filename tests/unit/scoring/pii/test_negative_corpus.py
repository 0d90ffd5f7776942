"""What bench/negatives measures on a hundred thousand texts, on ten thousand: false findings of each kind."""

from __future__ import annotations

import pytest

from agent.scoring.pii import PiiScorer
from agent.scoring.pii.packs import load_recognizers
from tests.bench.negatives import CHECKED, false_findings, negative_texts, upper_limit

TEXTS = 10_000
MOST_OF_A_TYPE = 5


@pytest.fixture(scope="module")
def found() -> tuple[dict[str, int], dict[str, int]]:
    return false_findings(PiiScorer(), negative_texts(TEXTS))


def test_numbers_with_check_digits_are_found_in_at_most_one_text(found: tuple[dict[str, int], dict[str, int]]) -> None:
    by_recognizer = found[1]
    assert set(CHECKED) <= {recognizer.name for recognizer in load_recognizers()}
    assert {name: by_recognizer[name] for name in CHECKED if by_recognizer[name] > 1} == {}


def test_every_type_is_seldom_found(found: tuple[dict[str, int], dict[str, int]]) -> None:
    assert {kind: count for kind, count in found[0].items() if count > MOST_OF_A_TYPE} == {}


def test_the_texts_are_the_same_each_time_and_differ_among_themselves() -> None:
    texts = list(negative_texts(500))
    assert texts == list(negative_texts(500))
    assert len(set(texts)) > 480


def test_upper_limit_is_that_of_clopper_and_pearson() -> None:
    assert upper_limit(0, 100) == pytest.approx(1 - 0.05 ** (1 / 100))  # the rule of three, exactly
    assert upper_limit(5, 5) == 1.0
    assert upper_limit(1, 100) > upper_limit(0, 100)
