"""The training command on a tiny synthetic data set, and the pieces that it is made of."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import ModelError
from agent.models import attack_templates, attacks, insults, templates
from agent.models.card import write_card
from agent.models.dataset import Row, family_of, folds_of, read_rows, row_weights
from agent.models.figures import figures, group_figures
from agent.models.fit import build_design, fit_linear, length_bins
from agent.models.train import Settings, main, train_task
from agent.quality.fitting import fit_platt
from agent.quality.ranking import auc, auc_interval
from agent.scoring.ngrams import FeatureSpec, LinearNgramModel, NgramFeaturizer

SPEC = FeatureSpec(bucket_bits=12, window=80, overlap=16)
SMALL = Settings(
    spec=SPEC, penalties=(1e-5, 1e-4), ignore_length=(False, True), folds=3, selection_rows=200, selection_bits=11,
    iterations=20, selection_iterations=10,
)  # fmt: skip
ANIMALS = ("otter", "heron", "badger", "lynx", "水獭", "苍鹭", "狗獾", "猞猁")


def make_rows(count: int = 240) -> list[Row]:
    rows: list[Row] = []
    for number in range(count):
        animal, label = ANIMALS[number % len(ANIMALS)], (number // len(ANIMALS)) % 2
        lang = "en" if animal.isascii() else "zh"
        if lang == "en":
            text = f"the {animal} number {number} is {'grumpy and rude' if label else 'calm and kind'}"
        else:
            text = f"第{number}只{animal}{'脾气很坏' if label else '十分温和'}"
        rows.append(Row(text, lang, label, f"set_{number % 5}"))
    return rows


def write_file(folder: Path, task: str, rows: list[Row]) -> None:
    with gzip.open(folder / f"{task}.jsonl.gz", "wt", encoding="utf-8") as stream:
        for number, row in enumerate(rows):
            item = {"id": f"{row.group}:{number}", "text": row.text, "lang": row.lang, "label": row.label}
            stream.write(json.dumps({**item, "category": "x", "source": "own"}) + "\n")


def test_training_gives_a_loadable_artefact_that_separates(tmp_path: Path) -> None:
    rows = make_rows()
    model, report = train_task("toxicity", rows, SMALL)
    model.save(tmp_path / "toxicity.npz")
    loaded = LinearNgramModel.load(tmp_path / "toxicity.npz")
    scores = loaded.predict(NgramFeaturizer(loaded.spec)([row.text for row in rows]))
    labels = np.array([row.label for row in rows])
    assert scores[labels == 1].min() > scores[labels == 0].max()
    assert 0.0 <= loaded.threshold <= 1.0
    assert len(report["selection"]) == 4
    assert report["held_aside"]["all"]["auc"] > 0.95
    assert set(report["in_domain"]["by_lang"]) == {"en", "zh"}


def test_the_threshold_is_set_on_benign_sets_that_are_held_aside() -> None:
    # One label in seven is wrong: where classes are told apart without fail every threshold is good.
    rows = [replace(row, label=row.label ^ (number % 7 == 0)) for number, row in enumerate(make_rows(1200))]
    parts = (("set_0",), ("set_1", "set_2"))
    settings = replace(SMALL, target_fpr=0.5, worst_set_fpr=0.01, benign_parts=parts, calibrate_aside=True)
    model, report = train_task("adversarial", rows, settings)
    loose, careless = train_task("adversarial", rows, replace(settings, worst_set_fpr=1.0))
    deciding, before = report["deciding"], careless["deciding"]
    assert set(deciding["by_source"]) == {"set_0", "set_1", "set_2"}
    assert deciding["all"]["positives"] == 0
    # Ties at the threshold and its rounding cost a text or two.
    assert max(figures["fpr"] for figures in deciding["by_source"].values()) < 0.04
    assert max(figures["fpr"] for figures in before["by_source"].values()) > 0.3
    assert model.threshold > loose.threshold
    np.testing.assert_array_equal(model.weights, loose.weights)


def test_training_is_reproducible() -> None:
    (one, _), (two, _) = (train_task("toxicity", make_rows(), SMALL) for _ in range(2))
    np.testing.assert_array_equal(one.weights, two.weights)
    assert (one.threshold, one.slope, one.intercept) == (two.threshold, two.slope, two.intercept)


def test_the_card_says_what_the_report_says(tmp_path: Path) -> None:
    rows = make_rows()
    model, report = train_task("adversarial", rows, SMALL)
    write_card(tmp_path / "card.md", model, {**report, "bytes": 1234}, rows)
    text = (tmp_path / "card.md").read_text(encoding="utf-8")
    assert f"**{model.threshold}**" in text
    for word in ("Data and licences", "Known failures", "How to reproduce", "`set_1`", "`zh`"):
        assert word in text
    assert rows[0].text not in text


def test_the_command_fails_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path), "--out", str(tmp_path / "out"), "--task", "toxicity", "--json"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "toxicity.jsonl.gz" in captured.err.replace("\n", "")
    with pytest.raises(SystemExit) as exit_code:
        main(["--out", str(tmp_path)])
    assert exit_code.value.code == 2


def test_reading_turns_harmful_requests_into_non_attacks(tmp_path: Path) -> None:
    write_file(tmp_path, "adversarial", [Row("a", "en", 0, "s"), Row("b", "en", 1, "s"), Row("c", "zh", 2, "s")])
    rows = read_rows(tmp_path, "adversarial", seed=1)
    assert [(row.text, row.label) for row in rows[:3]] == [("a", 0), ("b", 1), ("c", 0)]
    assert any(row.group == attack_templates.SOURCE for row in rows)


def test_unreadable_rows_are_refused_without_their_text(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "toxicity.jsonl.gz", "wt", encoding="utf-8") as stream:
        stream.write('{"text": "private words"}\n')
    with pytest.raises(ModelError, match="no valid id") as caught:
        read_rows(tmp_path, "toxicity", seed=1)
    assert "private" not in str(caught.value)


def test_a_family_is_held_aside_as_a_whole() -> None:
    groups = ["tox_zh_cold", "tox_zh_cold_traindev", "other"] * 4
    rows = [Row(str(number), "zh", number % 2, group) for number, group in enumerate(groups)]
    fold = folds_of(rows, 2)
    families: dict[str, set[int]] = {family_of(row.group): set() for row in rows}
    for row, index in zip(rows, fold.tolist(), strict=True):
        families[family_of(row.group)].add(index)
    assert families.keys() == {"cold", "other"}
    assert all(len(indices) == 1 for indices in families.values())
    assert len(set(fold.tolist())) == 2


def test_weights_tame_large_sources_and_lopsided_classes() -> None:
    rows = [Row("x", "en", int(number % 10 != 0), "large") for number in range(1000)]
    rows += [Row("x", "en", number % 2, "small") for number in range(50)]
    weights = row_weights(rows, soft_cap=100)
    assert weights[:1000].sum() == pytest.approx((1000 * 100) ** 0.5)
    assert weights[1000:].sum() == pytest.approx(50)
    assert weights[0] > weights[1]


def test_own_groups_have_a_cap_of_their_own() -> None:
    rows = [Row("x", "en", number % 2, group) for group in ("own_x", "other") for number in range(400)]
    weights = row_weights(rows, soft_cap=400, own_cap=100)
    assert weights[:400].sum() == pytest.approx((400 * 100) ** 0.5)
    assert weights[400:].sum() == pytest.approx(400)


def test_disguised_rows_are_left_to_the_layers_that_undo_disguises(tmp_path: Path) -> None:
    write_file(tmp_path, "adversarial", [Row("a", "en", 1, "gen_adv_obfuscated"), Row("b", "en", 1, "s")])
    rows = read_rows(tmp_path, "adversarial", seed=1)
    assert [row.text for row in rows if not row.group.startswith("own_")] == ["b"]
    assert {row.group for row in rows} >= set(attacks.GROUPS)


@pytest.mark.parametrize(
    "rows",
    [templates.generate(3), insults.generate(3), attack_templates.generate(3)],
    ids=["templates", "insults", "attacks"],
)
def test_own_sentences_are_balanced_filled_in_and_unique(rows: list[templates.TemplateRow]) -> None:
    texts = [row.text for row in rows]
    assert len(set(texts)) == len(texts) > 1000
    for lang in ("en", "zh"):
        labels = [row.label for row in rows if row.lang == lang]
        assert 0.35 < sum(labels) / len(labels) < 0.65
    assert not any(mark in text for text in texts for mark in ("{g}", "{b}", "{x}", "{o}", "{t}"))


def test_own_sentences_depend_on_the_seed_alone() -> None:
    assert templates.generate(5) == templates.generate(5)
    assert insults.generate(5) != insults.generate(6)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=40))
def test_auc_counts_pairs(points: list[tuple[bool, int]]) -> None:
    labels = np.array([int(label) for label, _ in points])
    scores = np.array([float(score) for _, score in points])
    positives, negatives = scores[labels == 1], scores[labels == 0]
    if not len(positives) or not len(negatives):
        assert auc(labels, scores) is None
        return
    wins = (positives[:, None] > negatives).mean() + 0.5 * (positives[:, None] == negatives).mean()
    assert auc(labels, scores) == pytest.approx(float(wins))
    interval = auc_interval(labels, scores)
    assert interval is not None
    assert 0.0 <= interval[0] <= wins + 1e-9 and wins - 1e-9 <= interval[1] <= 1.0


def test_figures_are_null_where_undefined() -> None:
    only_positive = figures(np.array([1, 1]), np.array([0.2, 0.9]), 0.5)
    assert only_positive == {"n": 2, "positives": 2, "auc": None, "interval": None, "recall": 0.5, "fpr": None}
    grouped = group_figures([Row("a", "en", 1, "s"), Row("b", "zh", 0, "s")], np.array([0.9, 0.1]), 0.5)
    assert grouped["all"]["auc"] == 1.0
    assert grouped["by_lang"]["zh"]["fpr"] == 0.0


def test_the_design_agrees_with_the_runtime() -> None:
    texts = ["short", "a rather long text that needs more than one window to be read, 中文也有一些，" * 4, "中文"]
    design = build_design(texts, SPEC)
    labels = np.array([1.0, 0.0, 1.0])
    linear = fit_linear(design, labels, np.ones(3), 1e-4, 10)
    scale = float(np.abs(linear.weights).max()) / 32767
    weights = np.rint(linear.weights / scale).astype(np.int32)
    shape = linear.shape.astype(np.float32)
    model = LinearNgramModel("m", "1", 0.5, SPEC, weights, scale, shape, 1.0, linear.intercept)
    predicted = model.predict(NgramFeaturizer(SPEC)(texts))
    np.testing.assert_allclose(predicted, 1 / (1 + np.exp(-linear.scores(design))), atol=2e-3)


def test_a_coarser_design_is_the_design_of_fewer_bits() -> None:
    texts = ["one text", "另一段文字"]
    merged = build_design(texts, SPEC).coarser(2).grams.toarray()
    direct = build_design(texts, FeatureSpec(bucket_bits=10, window=80, overlap=16)).grams.toarray()
    # Bucket 0 is padding at either size; what falls into the first merged bucket is dropped by the smaller hash.
    np.testing.assert_allclose(merged[:, 1:], direct[:, 1:], rtol=1e-5)


def test_a_length_that_explains_everything_is_left_out() -> None:
    texts = ["kurz wort"] * 30 + ["lang wort " * 12] * 30
    labels = np.array([0.0] * 30 + [1.0] * 30)
    design = build_design(texts, SPEC)
    blind = fit_linear(design, labels, np.ones(60), 1e-2, 30, length_bins(texts))
    naive = fit_linear(design, labels, np.ones(60), 1e-2, 30)
    gap = [float(np.ptp(model.scores(design))) for model in (blind, naive)]
    assert gap[0] < gap[1]


def test_platt_tames_scores_that_are_sure_and_often_wrong() -> None:
    generator = np.random.default_rng(3)
    scores = generator.normal(scale=25.0, size=5000)
    labels = (generator.random(5000) < 1 / (1 + np.exp(-(0.1 * scores + 0.3)))).astype(float)
    slope, intercept = fit_platt(scores, labels, np.ones(5000))
    assert slope == pytest.approx(0.1, abs=0.02)
    assert intercept == pytest.approx(0.3, abs=0.1)


def test_platt_recovers_slope_and_intercept() -> None:
    generator = np.random.default_rng(2)
    scores = generator.normal(size=20_000)
    labels = (generator.random(20_000) < 1 / (1 + np.exp(-(2 * scores - 1)))).astype(float)
    slope, intercept = fit_platt(scores, labels, np.ones(20_000))
    assert slope == pytest.approx(2, abs=0.15)
    assert intercept == pytest.approx(-1, abs=0.1)
