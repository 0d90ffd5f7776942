"""Figures of labelled texts: by hand, and what is null."""

from __future__ import annotations

import numpy as np
import pytest

from agent.clock import ManualClock
from agent.errors import ConfigError, DataError, OutOfDeviceMemory
from agent.quality.bootstrap import Bootstrap
from agent.quality.evaluate import evaluate, flat
from agent.quality.figures import text_figures
from agent.quality.functional import functional_figures
from agent.quality.measure import Judged, ScorerJudge
from agent.quality.rows import LabelledFile, LabelledRow
from agent.scores import ScoreRow
from agent.scoring.base import Batch
from tests.builders import WordScorer
from tests.unit.quality.builders import FixedJudge, judged

NONE = Bootstrap(0)


def test_figures_by_hand() -> None:
    found = text_figures(judged([1, 1, 1, 0, 0], [0.9, 0.6, 0.2, 0.7, 0.1]), 0.5, NONE)
    assert (found["n"], found["positives"]) == (5, 3)
    assert (found["precision"], found["recall"]) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert (found["f1"], found["fpr"], found["threshold"]) == (pytest.approx(2 / 3), 0.5, 0.5)
    assert found["auroc"] == pytest.approx(4 / 6)
    assert found["average_precision"] == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    assert set(found["intervals"].values()) == {None}


def test_positives_alone_give_a_recall_and_nothing_that_compares() -> None:
    found = text_figures(judged([1, 1], [0.9, 0.1]), 0.5, Bootstrap(50))
    assert found["recall"] == 0.5
    for name in ("auroc", "average_precision", "recall_at_1pct_fpr", "f1", "precision", "fpr"):
        assert found[name] is None
        assert found["intervals"][name] is None


@pytest.mark.parametrize(("count", "low"), [(20, 0.899), (250, 0.99)])
def test_a_ranking_without_a_fault_has_an_interval(count: int, low: float) -> None:
    found = text_figures(judged([1] * count + [0] * count, [0.9] * count + [0.1] * count), 0.5, Bootstrap(50))
    assert found["auroc"] == 1.0
    assert found["intervals"]["auroc"] == [pytest.approx(low, abs=0.01), 1.0]
    assert found["intervals"]["average_precision"] is None


def test_negatives_alone_give_a_false_positive_rate() -> None:
    found = text_figures(judged([0, 0, 0, 0], [0.9, 0.1, 0.1, 0.1]), 0.5, NONE)
    assert found["fpr"] == 0.25
    assert (found["recall"], found["f1"], found["precision"]) == (None, None, None)


def test_no_text_flagged_has_no_precision_but_an_f1_of_zero() -> None:
    found = text_figures(judged([1, 0], [0.3, 0.1]), 0.5, NONE)
    assert (found["precision"], found["recall"], found["f1"]) == (None, 0.0, 0.0)


def rows_of(*pairs: tuple[str, int], **over: str) -> list[LabelledRow]:
    return [LabelledRow(text=text, label=label, **over) for text, label in pairs]  # type: ignore[arg-type]


def test_batches_hold_one_language_and_results_come_back_in_order() -> None:
    texts = [f"{lang}{number}" for number in range(5) for lang in ("en", "zh")]
    rows = [LabelledRow(text=text, lang=text[:2], label=int(text[2:]) % 2) for text in texts]
    judge = FixedJudge({text: int(text[2:]) / 10 for text in texts})
    done = evaluate([LabelledFile("f", rows, 0)], judge, "toxicity", ManualClock(), batch=3, bootstrap=NONE)
    assert [len({text[:2] for text in batch}) for batch in judge.batches] == [1, 1, 1, 1]
    assert [len(batch) for batch in judge.batches] == [3, 2, 3, 2]
    assert done.parts[0].scores.tolist() == [int(text[2:]) / 10 for text in texts]


def test_speed_is_figured_per_language() -> None:
    clock = ManualClock()

    class Slow(FixedJudge):
        def judge(self, texts, contexts=(), lang=""):  # type: ignore[no-untyped-def]
            clock.advance(2.0 if texts[0].startswith("zh") else 0.5)
            return super().judge(texts)

    rows = [LabelledRow(text=text, lang=text[:2], label=0) for text in ("en1", "en2", "zh1")]
    judge = Slow(dict.fromkeys(("en1", "en2", "zh1"), 0.0))
    found = evaluate([LabelledFile("f", rows, 0)], judge, "toxicity", clock, bootstrap=NONE).figures()
    assert found["texts_per_second"] == pytest.approx(3 / 2.5)
    assert found["by_lang"]["en"]["texts_per_second"] == pytest.approx(4.0)
    assert found["by_lang"]["zh"]["texts_per_second"] == pytest.approx(0.5)


def test_several_files_are_shown_alone_and_pooled() -> None:
    judge = FixedJudge({"a": 0.9, "b": 0.1, "c": 0.6})
    files = [LabelledFile("one", rows_of(("a", 1), ("b", 0)), 2), LabelledFile("two", rows_of(("c", 0)), 0)]
    found = evaluate(files, judge, "toxicity", ManualClock(), bootstrap=NONE).figures()
    assert (found["n"], found["positives"], found["unlabelled"], found["auroc"]) == (3, 1, 2, 1.0)
    assert {name: part["n"] for name, part in found["files"].items()} == {"one": 2, "two": 1}
    assert found["files"]["two"]["auroc"] is None
    assert [(name, lang, part["n"]) for name, lang, part in flat(found)] == [
        ("one", "und", 2), ("two", "und", 1), ("pooled", "und", 3)
    ]  # fmt: skip


def test_a_text_is_positive_when_any_category_reaches_its_own_threshold() -> None:
    class TwoScorer(WordScorer):
        def score(self, batch: Batch) -> list[ScoreRow]:
            return [ScoreRow({"mild": 0.6, "grave": 0.2} if text == "a" else {"mild": 0.5, "grave": 0.4})
                    for text in batch.texts("raw")]  # fmt: skip

    scorer = TwoScorer(words={"x": "mild", "y": "grave"})
    judge = ScorerJudge(scorer, {"mild": 0.7, "grave": 0.3})
    assert scorer.warm
    first, second = judge.judge(["a", "b"])
    assert (first.score, first.flagged) == (0.6, False)
    assert (second.score, second.flagged) == (0.5, True)
    found = evaluate(
        [LabelledFile("f", rows_of(("a", 0), ("b", 1)), 0)], judge, "toxicity", ManualClock(), bootstrap=NONE
    ).figures()
    assert (found["threshold"], found["thresholds"]) == (None, {"mild": 0.7, "grave": 0.3})
    assert (found["recall"], found["fpr"]) == (1.0, 0.0)


def test_spans_under_their_threshold_do_not_count() -> None:
    judge = ScorerJudge(WordScorer(), {"toxicity": 1.0})
    assert [len(opinion.spans) for opinion in judge.judge(["awful", "fine"])] == [1, 0]


def test_a_full_device_is_given_half_of_the_batch() -> None:
    class Small(WordScorer):
        def score(self, batch: Batch) -> list[ScoreRow]:
            if len(batch) > 2:
                raise OutOfDeviceMemory("full")
            return super().score(batch)

    found = ScorerJudge(Small(), {}).judge(["awful", "b", "c", "awful d", "e"])
    assert [opinion.flagged for opinion in found] == [True, False, False, True, False]


def test_wrong_directions_and_thresholds_are_refused() -> None:
    with pytest.raises(ConfigError, match="does not judge the direction output"):
        ScorerJudge(WordScorer(directions=("input",)), {}, "output")
    with pytest.raises(ConfigError, match="no category colour; there are toxicity"):
        ScorerJudge(WordScorer(), {"colour": 0.5})
    # Of the worker's configuration; it concerns passages and tool results, which labelled texts are not.
    attacks = WordScorer("adversarial", {"awful": "adversarial"}, "adversarial", directions=("input",))
    assert ScorerJudge(attacks, {"adversarial.indirect": 0.9}).thresholds == {"adversarial": 0.5}
    with pytest.raises(ConfigError, match=r"no category words\.indirect; there are toxicity"):
        ScorerJudge(WordScorer(), {"words.indirect": 0.9})


def test_scores_that_are_no_numbers_stop_the_work() -> None:
    judge = FixedJudge({"a": float("nan")})
    with pytest.raises(DataError, match="no numbers"):
        evaluate([LabelledFile("f", rows_of(("a", 1)), 0)], judge, "toxicity", ManualClock(), bootstrap=NONE)


def test_functionalities_of_one_class_have_recall_or_specificity() -> None:
    texts = judged([1, 1, 1, 0, 0, 1, 0], [0.9, 0.9, 0.1, 0.1, 0.9, 0.9, 0.1])
    names = ["slur", "slur", "slur", "counter", "counter", None, None]
    kinds = [None, None, None, "ignored", None, "mixed", "mixed"]
    rows = [LabelledRow(text="x", label=1, functionality=name, category=kind)
            for name, kind in zip(names, kinds, strict=True)]  # fmt: skip
    found = functional_figures(Judged(rows, texts.labels, texts.scores, texts.flagged, texts.spans, {}))
    assert set(found) == {"slur", "counter"}
    assert (found["slur"]["figure"], found["slur"]["n"], found["slur"]["value"]) == (
        "recall", 3, pytest.approx(2 / 3)
    )  # fmt: skip
    assert (found["counter"]["figure"], found["counter"]["value"]) == ("specificity", 0.5)
    assert found["slur"]["interval"] == pytest.approx([0.2077, 0.9385], abs=1e-3)


def test_pooling_adds_times_and_rows() -> None:
    first, second = judged([1], [0.5]), judged([0, 0], [0.1, 0.2], lang="zh")
    pooled = Judged.pooled([first, second])
    assert pooled.langs == ["en", "zh"]
    assert np.array_equal(pooled.of_lang("zh").scores, [0.1, 0.2])
    assert pooled.per_second is None
