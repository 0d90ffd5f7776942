"""The score cache: bounded, recent texts stay, texts are never kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import ConfigError
from agent.scores import ScoreRow, TextSpan
from agent.scoring.cache import ScoreCache

ROW = ScoreRow({"toxicity": 0.5})


def test_rows_come_back_by_text_and_scorer() -> None:
    cache = ScoreCache(10)
    digest = cache.digest("hello")
    other = ScoreRow({"pii": 0.1})
    cache.put(digest, "toxicity", ROW)
    cache.put(digest, "pii", other)
    assert dict(cache.rows(cache.digest("hello"))) == {"toxicity": ROW, "pii": other}
    assert dict(cache.rows(cache.digest("hello "))) == {}


def test_counts() -> None:
    cache = ScoreCache(10)
    cache.put(cache.digest("a"), "s", ROW)
    cache.rows(cache.digest("a"))
    cache.rows(cache.digest("b"))
    assert (cache.hits, cache.lookups) == (1, 2)


def test_the_least_recently_used_text_leaves_first() -> None:
    cache = ScoreCache(2)
    for text in ("a", "b"):
        cache.put(cache.digest(text), "s", ROW)
    cache.rows(cache.digest("a"))
    cache.put(cache.digest("c"), "s", ROW)
    assert len(cache) == 2
    assert cache.rows(cache.digest("a"))
    assert not cache.rows(cache.digest("b"))


def test_another_scorer_of_a_known_text_evicts_nothing() -> None:
    cache = ScoreCache(2)
    for text in ("a", "b"):
        cache.put(cache.digest(text), "s", ROW)
    cache.put(cache.digest("b"), "t", ROW)
    assert cache.rows(cache.digest("a"))


def test_zero_entries_turn_it_off() -> None:
    cache = ScoreCache(0)
    cache.put(cache.digest("a"), "s", ROW)
    assert len(cache) == 0
    assert not cache.rows(cache.digest("a"))


def test_a_negative_bound_is_refused() -> None:
    with pytest.raises(ConfigError):
        ScoreCache(-1)


def test_truncated_rows_are_kept() -> None:
    cache = ScoreCache(2)
    row = ScoreRow({}, truncated=True)
    cache.put(cache.digest("a"), "s", row)
    assert cache.rows(cache.digest("a"))["s"].truncated


def test_rows_with_very_many_spans_are_not_kept() -> None:
    cache = ScoreCache(2)
    spans = tuple(TextSpan(i, i + 1, "pii.email", "EMAIL") for i in range(1000))
    cache.put(cache.digest("a"), "pii", ScoreRow({"pii.email": 1.0}, spans))
    assert len(cache) == 0


def test_digests_are_keyed_per_cache() -> None:
    assert ScoreCache(1).digest("a") != ScoreCache(1).digest("a")


@given(st.lists(st.text(st.characters(exclude_categories=())), max_size=20, unique=True))
def test_different_texts_have_different_digests(texts: list[str]) -> None:
    cache = ScoreCache(1)
    assert len({cache.digest(text) for text in texts}) == len(texts)
    assert all(len(cache.digest(text)) == 16 for text in texts)


def test_what_was_being_scored_when_it_was_cleared_is_never_found_again() -> None:
    cache = ScoreCache(10)
    before = cache.digest("text")
    cache.put(before, "words", ScoreRow({"toxicity": 1.0}))
    cache.clear()
    cache.put(before, "words", ScoreRow({"toxicity": 0.5}))
    assert cache.digest("text") != before
    assert cache.rows(cache.digest("text")) == {}
