"""What is made of a model's judgements: with a model that knows its answers, and with a real one of random weights."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from agent.errors import ModelError
from agent.scoring.grounding import GroundednessScorer
from agent.scoring.grounding.passages import PassageIndex, sentences
from agent.scoring.grounding.transformers_nli import TransformersEntailment
from agent.tokens import estimate_tokens
from tests.unit.scoring.grounding.builders import make_batch, make_item
from tests.unit.scoring.grounding.tiny_nli import POSITIONS, write_tiny_nli

CATEGORY = "misleading.ungrounded"


class WordModel:
    """Entails what it finds in the premise, contradicts what stands there with "never", and is neutral else."""

    def __init__(self) -> None:
        self.warm = 0
        self.pairs: list[tuple[str, str]] = []

    def warm_up(self) -> None:
        self.warm += 1

    def entail(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        self.pairs += pairs
        return np.array([self._judge(*pair) for pair in pairs], np.float32).reshape(-1, 3)

    def _judge(self, premise: str, hypothesis: str) -> tuple[float, float, float]:
        if hypothesis.rstrip(".") in premise:
            return (0.9, 0.1, 0.0)
        return (0.0, 0.1, 0.9) if "never" in premise else (0.0, 1.0, 0.0)


def scorer_with(model: WordModel, **options: object) -> GroundednessScorer:
    return GroundednessScorer(model=model, nli=options)


def score(answer: str, *context: str, **options: object) -> float:
    (row,) = scorer_with(WordModel(), **options).score(make_batch(make_item(answer, *context)))
    return row.scores[CATEGORY]


def test_a_sentence_that_a_passage_entails_is_supported_whatever_the_others_say() -> None:
    assert score("the bread is made of rye", "Today the bread is made of rye", "the bread is never cut") < 0.1


def test_a_contradiction_counts_and_what_is_merely_new_counts_little() -> None:
    assert score("the bread is made of wheat", "our bakers never use it") == pytest.approx(0.9)
    assert score("the bread is made of wheat", "the garden is large") == pytest.approx(0.25)
    assert score("the bread is made of wheat", "the garden is large", neutral_weight=0.6) == pytest.approx(0.6)


def test_the_worst_sentence_counts_and_is_shown() -> None:
    context = "the bread is made of rye. the oven is never cold in winter."
    answer = "the bread is made of rye. the oven is cold today. Shall I go on with the recipe?"
    scorer = scorer_with(WordModel())
    (row,) = scorer.score(make_batch(make_item(answer, "Bread: the bread is made of rye.", context)))
    assert row.scores[CATEGORY] == pytest.approx(0.9)
    (span,) = row.spans
    assert answer[span.start : span.end] == "the oven is cold today."
    assert span.type == "UNSUPPORTED_SENTENCE"
    assert row.explanation == "1 of 2 sentences do not follow from the context"


def test_form_and_meaning_are_joined() -> None:
    (row,) = scorer_with(WordModel()).score(make_batch(make_item("It opens at 9 today.", "The clinic opens at 8.")))
    assert row.scores[CATEGORY] == 1.0
    assert [span.type for span in row.spans] == ["UNSUPPORTED_NUMBER"]


def test_all_pairs_of_a_batch_go_to_the_model_at_once_and_none_twice() -> None:
    model = WordModel()
    items = [make_item("the bread is made of rye.", "the bread is made of rye")] * 3
    rows = scorer_with(model).score(make_batch(*items))
    assert len(model.pairs) == 1
    assert rows[0] == rows[1] == rows[2]


def test_nothing_without_context_reaches_the_model() -> None:
    model = WordModel()
    rows = scorer_with(model).score(make_batch(make_item("the bread is made of rye."), make_item("", "some passage")))
    assert [row.judged for row in rows] == [False, False]
    assert model.pairs == []


def test_more_sentences_than_the_limit_are_said_to_be_cut() -> None:
    answer = "the bread is made of rye. " * 5
    (row,) = scorer_with(WordModel(), max_sentences=2).score(make_batch(make_item(answer, "the bread is made of rye")))
    assert row.truncated


def test_it_moves_to_the_device() -> None:
    scorer = scorer_with(WordModel())
    assert scorer.lane == "device"
    assert scorer.version == "nli@1"


# ---------------------------------------------------------------- passages


def test_passages_have_the_length_and_share_a_sentence() -> None:
    text = " ".join(f"Sentence number {number} speaks of plants." for number in range(100))
    index = PassageIndex([text], tokens=60, most=1000)
    assert len(index.passages) > 5
    assert all(estimate_tokens(passage) <= 60 for passage in index.passages)
    for first, second in pairwise(index.passages):
        assert first.rsplit(". ", 1)[1].rstrip(".") in second
    assert not index.cut


def test_the_best_passages_share_rare_words() -> None:
    index = PassageIndex(["The garden is large.", "The sauna is hot.", "桑拿房很热。", "The garden is green."], 8, 1000)
    assert index.passages[index.best("How hot is the sauna?", 1)[0]] == "The sauna is hot."
    assert index.passages[index.best("桑拿房热吗", 1)[0]] == "桑拿房很热。"
    assert index.best("xyz", 2) == [0, 1]


def test_too_many_passages_are_cut() -> None:
    index = PassageIndex(["A first sentence. A second sentence. " * 50], tokens=8, most=3)
    assert len(index.passages) == 3
    assert index.cut


def test_sentences_cover_the_text() -> None:
    text = "One. Two! 三。四?\n\nFive 5.5 is no end" + "x" * 3000
    found = sentences(text)
    kept = "".join(text[start:end] for start, end in found)
    assert kept == "".join(text.split()).replace("Five5.5isnoend", "Five 5.5 is no end")
    assert all(before[1] <= after[0] for before, after in pairwise(found))
    assert max(end - start for start, end in found) <= 1200


# ---------------------------------------------------------------- a real checkpoint


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_nli(tmp_path_factory.mktemp("nli") / "model")


def load(path: Path, labels: dict[str, int] | None = None, tokens_per_pass: int = 256) -> TransformersEntailment:
    model = TransformersEntailment(str(path), labels, "cpu", 512, tokens_per_pass)
    model.warm_up()
    return model


PAIRS = [
    ("the clinic opens at eight.", "it opens at nine."),
    ("诊所八点开门。", "诊所开门"),
    ("the clinic is not open. " * 40, "dogs are allowed."),
    ("a", "it is not allowed at the clinic. " * 30),
    ("", ""),
    ("\ud800", "🙂"),
]


@pytest.mark.layer("models")
def test_probabilities_stand_in_the_port_s_order(checkpoint: Path) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    judged = load(checkpoint).entail(PAIRS[:1])
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    network = AutoModelForSequenceClassification.from_pretrained(checkpoint).eval()
    with torch.inference_mode():
        contradiction, neutral, entailment = network(**tokenizer(*PAIRS[0], return_tensors="pt")).logits.softmax(-1)[0]
    assert judged[0].tolist() == pytest.approx([float(entailment), float(neutral), float(contradiction)], abs=1e-5)


@pytest.mark.layer("models")
@pytest.mark.parametrize("tokens_per_pass", [1, 100, 10_000])
def test_pairs_are_judged_alone_as_in_company(checkpoint: Path, tokens_per_pass: int) -> None:
    model = load(checkpoint, tokens_per_pass=tokens_per_pass)
    together = model.entail(PAIRS)
    assert together.shape == (len(PAIRS), 3)
    assert together.sum(axis=1) == pytest.approx(np.ones(len(PAIRS)), abs=1e-5)
    for pair, row in zip(PAIRS, together, strict=True):
        assert model.entail([pair])[0] == pytest.approx(row, abs=1e-5)


@pytest.mark.layer("models")
def test_the_premise_is_cut_and_the_sentence_stays(checkpoint: Path) -> None:
    model = load(checkpoint)
    long, hypothesis = "the clinic opens at eight. " * 50, "it opens at nine."
    assert len(long) > 10 * POSITIONS
    assert np.array_equal(model.entail([(long, hypothesis)]), model.entail([(long + "dogs are allowed.", hypothesis)]))


@pytest.mark.layer("models")
def test_labels_are_found_by_name_or_told(tmp_path: Path, checkpoint: Path) -> None:
    unnamed = write_tiny_nli(tmp_path / "unnamed", labels=("LABEL_0", "LABEL_1", "LABEL_2"))
    with pytest.raises(ModelError, match=r"nli\.labels"):
        load(unnamed)
    told = load(unnamed, {"contradiction": 0, "neutral": 1, "entailment": 2})
    assert np.array_equal(told.entail(PAIRS[:2]), load(checkpoint).entail(PAIRS[:2]))
    two_way = load(write_tiny_nli(tmp_path / "two", labels=("entailment", "not_entailment")))
    assert two_way.entail(PAIRS)[:, 2].tolist() == [0.0] * len(PAIRS)


@pytest.mark.layer("models")
def test_what_is_no_checkpoint_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="sequence classifier") as caught:
        load(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.layer("models")
def test_the_scorer_loads_it_by_path_when_it_warms_up(checkpoint: Path) -> None:
    scorer = GroundednessScorer(nli={"model": str(checkpoint), "device": "cpu"})
    scorer.warm_up()
    items = [
        make_item("it opens at nine.", "the clinic opens at eight."),
        make_item("dogs are allowed here", "诊所开门。"),
    ]
    together = scorer.score(make_batch(*items))
    for item, row in zip(items, together, strict=True):
        (alone,) = scorer.score(make_batch(item))
        assert row.judged
        assert alone.scores == pytest.approx(row.scores, abs=1e-5)
        assert alone.spans == row.spans or len(alone.spans) == len(row.spans)
