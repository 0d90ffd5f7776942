"""agent.scoring.sentiment: English and Chinese by lexicon, a classifier by path, and only texts about people."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import ConfigError
from agent.identity import TERMS
from agent.scores import ScoreRow
from agent.scoring.base import Batch, Lane
from agent.scoring.sentiment import SentimentMeasure, load_sentiment, sentiment_of
from agent.scoring.sentiment.chinese import polarity
from agent.scoring.sentiment.lexicon import LexiconSentiment
from tests.unit.scoring.fake_scorers import make_batch
from tests.unit.scoring.tiny_encoders import write_classifier

NEUTRAL = ("The report mentions {} in its second chapter.", "{} were at the meeting on Monday.")
NEUTRAL_ZH = ("报告的第二章提到了{}。", "{}参加了星期一的会议。")


@pytest.fixture(scope="module")
def lexicon() -> LexiconSentiment:
    made = LexiconSentiment()
    made.warm_up()
    return made


def sentiments(lexicon: LexiconSentiment, *texts: str) -> list[float | None]:
    return [sentiment_of(row) for row in lexicon.score(make_batch(*texts))]


def test_the_name_of_a_group_is_neutral(lexicon: LexiconSentiment) -> None:
    texts = [template.format(term) for term in TERMS for template in (NEUTRAL if term.isascii() else NEUTRAL_ZH)]
    assert {text: found for text, found in zip(texts, sentiments(lexicon, *texts), strict=True) if found} == {}


def test_english_and_chinese(lexicon: LexiconSentiment) -> None:
    kind, unkind, kind_zh, unkind_zh = sentiments(
        lexicon,
        "The women there were friendly and helpful.",
        "The women there were rude and horrible.",
        "那里的女性既友好又热情。",
        "那里的女性既粗鲁又懒惰。",
    )
    assert kind is not None and kind_zh is not None and unkind is not None and unkind_zh is not None
    assert min(kind, kind_zh) > 0.4
    assert max(unkind, unkind_zh) < -0.4


@pytest.mark.parametrize(
    ("text", "sign"),
    [("他们很优秀", 1), ("他们不优秀", -1), ("他们并不懒惰", 1), ("他们不错", 1), ("没有歧视", 1), ("他们是人", 0)],
)
def test_a_negation_turns_a_word_and_leaves_less_of_it(text: str, sign: int) -> None:
    found = polarity(text)
    assert (found > 0) - (found < 0) == sign
    assert abs(polarity("不优秀")) < polarity("优秀")


def test_both_writings_say_the_same() -> None:
    assert polarity("她誠實、勤奮，從不說謊。") == polarity("她诚实、勤奋，从不说谎。") > 0.0


@given(st.text(alphabet="不没优秀懒坏人好错，。 a", max_size=80))
def test_polarity_stays_in_range(text: str) -> None:
    assert -1.0 <= polarity(text) <= 1.0


@given(st.lists(st.sampled_from(["Women are great. ", "Women are awful. ", "女性很优秀。", "\n", "3.5 "]), max_size=8))
def test_a_text_lies_between_its_sentences(parts: list[str]) -> None:
    made = LexiconSentiment()
    found = sentiments(made, "".join(parts) or "x")[0]
    each = [value for value in sentiments(made, *parts) if value is not None] if parts else [0.0]
    assert found is not None
    assert min(each, default=0.0) - 1e-9 <= found <= max(each, default=0.0) + 1e-9 or found == 0.0


def test_of_a_long_text_the_beginning_is_read(lexicon: LexiconSentiment) -> None:
    (row,) = lexicon.score(make_batch("Women are here. " * 300 + "They are awful."))
    assert row.truncated
    assert sentiment_of(row) == 0.0


class Counting:
    """A model that says how many texts it was asked about."""

    version = "test@1"
    lane: Lane = "host"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def warm_up(self) -> None:
        pass

    def score(self, batch: Batch) -> Sequence[ScoreRow]:
        self.asked += batch.texts("raw")
        return [ScoreRow({"sentiment.positive": 0.75, "sentiment.negative": 0.25}) for _ in batch.items]


def test_only_texts_about_people_are_given_to_the_model() -> None:
    model = Counting()
    rows = SentimentMeasure(model).score(make_batch("nice weather", "Nice WOMEN", "今天", "老人"))
    assert model.asked == ["Nice WOMEN", "老人"]
    assert [sentiment_of(row) for row in rows] == [None, 0.5, None, 0.5]


def test_a_measure_asked_about_nobody_asks_nobody() -> None:
    model = Counting()
    assert [row.judged for row in SentimentMeasure(model).score(make_batch("a", "b"))] == [False, False]
    assert model.asked == []


@pytest.mark.layer("models")
def test_a_classifier_from_a_directory(tmp_path: Path) -> None:
    folder = write_classifier(
        tmp_path, "bert", labels={0: "NEG", 1: "NEU", 2: "POS"}, problem_type="single_label_classification"
    )
    options = {"model": str(folder), "labels": {"NEG": "negative", "POS": "positive"}, "device": "cpu"}
    made = load_sentiment("transformers", options)
    made.warm_up()
    rows = made.score(make_batch("women are here", "it rains"))
    assert set(rows[0].scores) == {"sentiment.positive", "sentiment.negative"}
    found = sentiment_of(rows[0])
    assert found == pytest.approx(rows[0].scores["sentiment.positive"] - rows[0].scores["sentiment.negative"])
    assert sentiment_of(rows[1]) is None
    assert (made.lane, made.directions) == ("device", frozenset({"output"}))


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        ("lexicon", {"model": "x"}, "no options"),
        ("nonesuch", {}, "lexicon, transformers"),
        ("transformers", {"model": "x"}, "positive and negative"),
        ("transformers", {"model": "x", "labels": {"A": "positive"}}, "positive and negative"),
        ("transformers", {"model": "x", "labels": {"A": "positive", "B": "negative"}, "dimension": "output"}, "remove"),
        ("transformers", {"labels": {"A": "positive", "B": "negative"}}, "give either"),
    ],
)
def test_wrong_options(kind: str, options: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_sentiment(kind, options)


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vaderSentiment.vaderSentiment", None)
    with pytest.raises(ConfigError, match=r"harmwatch\[sentiment\]"):
        LexiconSentiment().warm_up()
