"""agent.scoring.canary.generate: fresh canaries can be registered, and are found in their sentences."""

from __future__ import annotations

from agent.scoring.canary.finder import CanaryFinder
from agent.scoring.canary.generate import fresh_canaries
from tests.unit.scoring.canary.builders import KEYS, file_of


def test_fresh_canaries_differ_and_are_found_in_their_sentences() -> None:
    fresh = list(fresh_canaries(300))
    assert len({one.value for one in fresh}) == 300
    assert {one.language for one in fresh} == {"en", "zh"}
    finder = CanaryFinder(file_of([one.value for one in fresh]).canaries, KEYS)
    for one, hits in zip(fresh, finder.find([one.sentence for one in fresh]).hits, strict=True):
        ((start, end, _),) = hits
        assert one.sentence[start:end] == one.value


def test_one_language_may_be_asked_for() -> None:
    assert {one.language for one in fresh_canaries(10, ["zh"])} == {"zh"}


def test_values_are_not_shown_by_accident() -> None:
    (one,) = fresh_canaries(1)
    assert one.value not in repr(one)
