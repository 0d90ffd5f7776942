"""Texts: many, distinct, filled, and an echo repeats what the user wrote."""

from __future__ import annotations

import random
import re

import pytest

from agent.scoring.pii import PiiScorer
from streams.demo import texts

PERSONAL = re.compile(
    r"[^\s@]+@example\.(?:com|org|net)|(?<![0-9])1[3-9][0-9]{9}(?![0-9])|AKIA[A-Z0-9]{16}|[0-9]{17}[0-9X]"
)
CHINESE = re.compile("[一-鿿]")


def test_there_are_many_templates() -> None:
    assert texts.template_count() >= 150


def test_more_than_a_hundred_thousand_distinct_messages_come_out() -> None:
    rng = random.Random(11)
    seen: set[str] = set()
    for number in range(115_000):
        seen.update(texts.benign(rng, texts.LANGUAGES[number % 2], texts.TOPICS[number % 5]))
    assert len(seen) >= 100_000


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_slot_is_filled(language: texts.Language) -> None:
    rng = random.Random(7)
    filled: list[str] = []
    for _ in range(300):
        filled += [texts.toxic(rng, language), *texts.leak(rng, language), *texts.attack(rng, language)]
        filled += texts.echo(rng, language)
        for topic in texts.TOPICS:
            filled += texts.benign(rng, language, topic)
    for text in filled:
        assert text
        assert "{" not in text
        assert "}" not in text
        assert bool(CHINESE.search(text)) == (language == "zh")


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_a_leak_is_new_in_the_answer_and_an_echo_is_not(language: texts.Language) -> None:
    rng = random.Random(8)
    for _ in range(300):
        question, answer = texts.leak(rng, language)
        assert PERSONAL.search(answer)
        assert not PERSONAL.search(question)
        question, answer = texts.echo(rng, language)
        assert PERSONAL.findall(answer) == PERSONAL.findall(question) != []


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_the_agents_own_scorer_sees_every_leak_and_nothing_else(language: texts.Language) -> None:
    scorer = PiiScorer()
    scorer.warm_up()
    rng = random.Random(9)
    for _ in range(200):
        question, answer = texts.leak(rng, language)
        assert scorer.score_text(answer).scores
        assert not scorer.score_text(question).scores
        harmless = [texts.toxic(rng, language), texts.attack(rng, language).question]
        for topic in texts.TOPICS:
            harmless += texts.benign(rng, language, topic)
        assert not any(scorer.score_text(text).scores for text in harmless)


def test_benign_texts_hold_no_personal_data() -> None:
    rng = random.Random(5)
    for number in range(5_000):
        for text in texts.benign(rng, texts.LANGUAGES[number % 2], texts.TOPICS[number % 5]):
            assert not PERSONAL.search(text)


def test_the_same_seed_gives_the_same_texts() -> None:
    assert texts.benign(random.Random(3), "en", "coding") == texts.benign(random.Random(3), "en", "coding")
