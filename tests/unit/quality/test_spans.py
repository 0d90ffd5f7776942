"""Personal data by spans: matching, what counts, and what does not."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.quality.bootstrap import Bootstrap
from agent.quality.rows import SpanNote
from agent.quality.spans import count_file, match, span_figures, total
from tests.unit.quality.builders import pii_judged

NONE = Bootstrap(0)
spans = st.lists(
    st.tuples(st.integers(0, 12), st.integers(1, 6)).map(lambda pair: SpanNote(pair[0], sum(pair), "NAME")), max_size=5
)


def overlap(one: SpanNote, other: SpanNote) -> float:
    first, second = set(range(one.start, one.end)), set(range(other.start, other.end))
    return len(first & second) / len(first | second)


def best(first: list[SpanNote], second: list[SpanNote]) -> int:
    """The most pairs that there can be, by trying all."""
    short, long = sorted((first, second), key=len)
    return max(
        (sum(overlap(one, other) >= 0.5 for one, other in zip(short, chosen, strict=True))
         for chosen in permutations(long, len(short))), default=0
    )  # fmt: skip


@given(spans, spans)
def test_matching_is_symmetric_one_to_one_and_as_large_as_can_be(first: list[SpanNote], second: list[SpanNote]) -> None:
    pairs = match(first, second)
    assert len(set(pairs.values())) == len(pairs)
    assert all(overlap(first[index], second[other]) >= 0.5 for index, other in pairs.items())
    assert len(pairs) == len(match(second, first)) == best(first, second)


def test_half_of_the_union_is_enough_and_less_is_not() -> None:
    assert match([SpanNote(0, 10)], [SpanNote(0, 5)]) == {0: 0}
    assert match([SpanNote(0, 11)], [SpanNote(0, 5)]) == {}


def test_types_must_agree_and_types_that_are_not_annotated_are_not_judged() -> None:
    texts = pii_judged([([SpanNote(0, 5, "EMAIL")], [(0, 5, "PHONE"), (10, 20, "CARD")], [])])
    found = span_figures(count_file(texts), NONE)
    assert set(found["by_type"]) == {"EMAIL"}
    assert found["micro"] == {
        "precision": None, "recall": 0.0, "f1": 0.0, "support": 1, "strict_f1": 0.0,
        "intervals": dict.fromkeys(("precision", "recall", "f1", "strict_f1")),
    }  # fmt: skip


def test_hits_inside_other_spans_do_not_count() -> None:
    annotated = [SpanNote(0, 5, "NAME")]
    texts = pii_judged([
        (annotated, [(0, 5, "NAME")], []),
        ([], [(10, 15, "NAME")], [SpanNote(8, 15)]),
        ([], [(10, 16, "NAME")], [SpanNote(8, 15)]),
    ])  # fmt: skip
    found = span_figures(count_file(texts), NONE)["micro"]
    assert (found["precision"], found["recall"], found["support"]) == (0.5, 1.0, 1)


def test_a_hit_that_matches_counts_even_inside_of_another_span() -> None:
    texts = pii_judged([([SpanNote(0, 5, "NAME")], [(0, 5, "NAME")], [SpanNote(0, 9)])])
    assert span_figures(count_file(texts), NONE)["micro"]["f1"] == 1.0


def test_strict_needs_equal_bounds() -> None:
    texts = pii_judged([([SpanNote(0, 6, "NAME"), SpanNote(10, 20, "NAME")], [(0, 5, "NAME"), (10, 20, "NAME")], [])])
    found = span_figures(count_file(texts), NONE)["micro"]
    assert (found["f1"], found["strict_f1"]) == (1.0, 0.5)


def test_two_hits_on_one_value_are_one_hit_and_one_false() -> None:
    texts = pii_judged([([SpanNote(0, 10, "NAME")], [(0, 6, "NAME"), (0, 10, "NAME")], [])])
    found = span_figures(count_file(texts), NONE)["micro"]
    assert (found["precision"], found["recall"]) == (0.5, 1.0)


def test_a_type_is_judged_only_in_the_files_that_annotate_it() -> None:
    with_cards = count_file(pii_judged([([SpanNote(0, 5, "CARD")], [(0, 5, "CARD")], [])]))
    without = count_file(pii_judged([([SpanNote(0, 5, "NAME")], [(0, 5, "NAME"), (7, 20, "CARD")], [])]))
    pooled = span_figures(total([with_cards, without], [1, 1]), NONE)
    assert pooled["by_type"]["CARD"]["precision"] == 1.0
    assert pooled["micro"]["support"] == 2


def test_intervals_are_of_texts_and_hold_the_figure() -> None:
    right = ([SpanNote(0, 5, "NAME")], [(0, 5, "NAME")], [])
    wrong = ([SpanNote(0, 5, "NAME")], [(30, 35, "NAME")], [])
    found = span_figures(count_file(pii_judged([right] * 30 + [wrong] * 10)), Bootstrap(500))["micro"]
    for name in ("precision", "recall", "f1"):
        low, high = found["intervals"][name]
        assert found[name] == pytest.approx(0.75)
        assert low < 0.75 < high
        assert 0.15 < high - low < 0.40


def test_a_perfect_share_has_wilsons_interval() -> None:
    right = ([SpanNote(0, 5, "NAME")], [(0, 5, "NAME")], [])
    found = span_figures(count_file(pii_judged([right] * 20)), Bootstrap(100))["micro"]
    assert found["intervals"]["recall"] == pytest.approx([0.8389, 1.0], abs=1e-3)
    assert found["intervals"]["f1"] is None


def test_nothing_annotated_gives_nothing() -> None:
    found = span_figures(count_file(pii_judged([([], [(0, 5, "NAME")], [])])), Bootstrap(10))
    assert found["by_type"] == {}
    assert (found["micro"]["support"], found["micro"]["precision"]) == (0, None)
