"""Columns that tell a protected attribute are found, and none is where there is none."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from agent.assess.bias.columns import ColumnTexts
from agent.assess.bias.encoding import binned, fold_rare, frequent
from agent.assess.bias.foretelling import Foretold, design
from agent.assess.bias.kinds import kind_of, plain_form, tells_rows_apart, tokens_of
from agent.assess.bias.proxies import Proxies
from agent.assess.bias.sampled_texts import SampledTexts
from agent.assess.bias.softmax import SoftmaxRegression, SparseRows
from tests.unit.assess.bias.builders import feed

_WORDS = [f"word{number}" for number in range(60)]


def figures(rows: list[dict[str, Any]], most: int = 20_000) -> dict[str, Any]:
    analysis = Proxies(SampledTexts(ColumnTexts(), most), ["sex"], "y", ["part"])
    feed(analysis, rows)
    return analysis.figures()


def person(draw: random.Random, number: int) -> dict[str, Any]:
    """Nothing in it goes with sex."""
    return {
        "id": f"r{number}",
        "sex": draw.choice("fmm"),
        "part": "train",
        "y": draw.choice("01"),
        "height": f"{draw.gauss(170, 10):.1f}",
        "colour": draw.choice(["red", "blue", "green"]),
        "born": f"{draw.randrange(1950, 2000)}-0{draw.randrange(1, 10)}-1{draw.randrange(10)}",
        "note": " ".join(draw.choices(_WORDS, k=8)),
        "place": f"p{draw.randrange(300)}",
        "gap": "" if draw.random() < 0.3 else "5",
        "same": "x",
    }


def clean(count: int, seed: int) -> list[dict[str, Any]]:
    draw = random.Random(seed)
    return [person(draw, number) for number in range(count)]


def planted(count: int = 3000) -> list[dict[str, Any]]:
    draw = random.Random(5)
    rows = clean(count, 6)
    for row in rows:
        female = row["sex"] == "f"
        row["height"] = f"{draw.gauss(165 if female else 178, 7):.1f}"
        row["colour"] = draw.choice(["red", "red", "blue"] if female else ["green", "blue"])
        row["born"] = f"{draw.randrange(1980, 2000) if female else draw.randrange(1960, 1990)}-01-01"
        row["note"] += " mother" if female and draw.random() < 0.5 else ""
        row["place"] = f"p{draw.randrange(150) + 150 * (female == (draw.random() < 0.8))}"
        row["gap"] = "NA" if draw.random() < (0.6 if female else 0.1) else "5"
        row["copy"] = "W" if female else "M"
    return rows


def test_planted_proxies_of_every_kind_are_found_and_the_rest_is_not() -> None:
    found = figures(planted())
    assert found["left_out"] == ["id", "part"]
    columns = found["by_attribute"]["sex"]["columns"]
    assert {name: part["kind"] for name, part in columns.items()} == {
        "height": "number", "colour": "category", "born": "category", "note": "text", "place": "value",
        "gap": "category", "same": "category", "copy": "category",
    }  # fmt: skip
    assert {name for name, part in columns.items() if not part["proxy"]} == {"same"}
    assert columns["copy"]["cramers_v"] == pytest.approx(1.0)
    assert next(iter(columns)) == "copy"
    model = found["by_attribute"]["sex"]["model"]
    assert model["tells_outright"] == ["copy"]
    assert model["balanced_accuracy"]["value"] > 0.9
    assert model["better_than_chance"]


def test_a_column_that_goes_with_the_label_is_said_to() -> None:
    rows = clean(2000, 1)
    for row in rows:
        row["colour"] = "red" if row["y"] == "1" else "blue"
    found = figures(rows)
    assert found["label_told_by"] == ["colour"]
    columns = found["by_attribute"]["sex"]["columns"]
    assert columns["colour"]["cramers_v_with_label"] == pytest.approx(1.0)
    assert columns["height"]["cramers_v_with_label"] < 0.1


def test_clean_data_give_a_false_alarm_as_rarely_as_stated() -> None:
    alarms = rather_good = 0
    runs = 30
    for seed in range(runs):
        part = figures(clean(400, seed))["by_attribute"]["sex"]
        alarms += any(column["significant"] for column in part["columns"].values())
        rather_good += part["model"]["balanced_accuracy"]["value"] > 0.6
    # The stated rate is 5 %: six or more of 30 have a probability below 0.5 %.
    assert alarms < 6
    assert rather_good < 6


def test_a_sample_is_enough_and_is_said() -> None:
    found = figures(planted(4000), most=1000)
    assert found["sample_rows"] == 1000
    assert found["by_attribute"]["sex"]["columns"]["height"]["proxy"]


def test_groups_too_small_have_no_proxies() -> None:
    rows = clean(300, 0)
    for place, row in enumerate(rows):
        row["sex"] = "f" if place < 20 else "m"
    part = figures(rows)["by_attribute"]["sex"]
    assert (part["groups"], part["columns"], part["model"]) == ({"m": 280}, {}, None)


# ---------------------------------------------------------------- parts


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        ([f"{number}.5" for number in range(100)] + ["?"] * 10, "number"),
        ([f"1,{number:03}" for number in range(100)], "number"),
        ([f"2024-01-{day:02}T0{hour}:00:00" for day in range(1, 29) for hour in range(9)], "date"),
        ([f"2024/0{month}/{day:02}" for day in range(1, 29) for month in range(1, 10)], "date"),
        (["red", "blue"] * 30, "category"),
        (["a rather long sentence about this", "and another one about that thing"] * 30, "category"),
        ([f"the {number}th of many different sentences" for number in range(60)], "text"),
        ([f"第{number}条评论说这家店的服务很好" for number in range(60)], "text"),
        ([f"zip{number}" for number in range(60)], "value"),
        (["", "NA", "?"], "empty"),
        ([], "empty"),
    ],
)  # fmt: skip
def test_kinds_of_columns(texts: list[str], kind: str) -> None:
    assert kind_of(texts) == kind


def test_numbers_of_rows_are_told_by_title_and_values() -> None:
    different = [str(number) for number in range(50)]
    for title in ("id", "row_id", "customerId", "UUID", "Unnamed: 0", "", "订单编号", "index"):
        assert tells_rows_apart(title, different), title
        assert not tells_rows_apart(title, [*different, "7"]), title
    for title in ("amount", "paid", "humid", "key_figure", "valid"):
        assert not tells_rows_apart(title, different), title


def test_words_and_plain_forms() -> None:
    assert tokens_of("The cat, the CAT 12!") == ["the", "cat", "12"]
    assert tokens_of("服务很好") == ["服务", "务很", "很好"]
    assert plain_form("The  cat:\tCAT-12!") == "thecatcat12"
    assert plain_form("") == ""


def test_bins_are_about_equal_and_rare_codes_are_pooled() -> None:
    numbers = np.array([*range(100), np.nan, np.nan], dtype=float)
    counts = np.bincount(binned(numbers))
    assert counts.tolist() == [10] * 10 + [2]
    assert np.bincount(fold_rare(binned(numbers), 5)).tolist() == [12] + [10] * 9
    assert np.bincount(binned(np.array([0.0] * 95 + [1.0] * 5))).tolist() == [95, 5]
    assert np.bincount(frequent([f"v{number}" for number in range(40)])).tolist() == [1] * 30 + [10]
    assert fold_rare(np.array([], dtype=np.int64), 5).size == 0


def test_the_sample_is_drawn_evenly() -> None:
    kept = np.zeros(500)
    for seed in range(400):
        sample = SampledTexts(ColumnTexts(), 25, seed)
        feed(sample, [{"n": number} for number in range(500)], size=70)
        places = [int(text) for text in sample.column("n")]
        assert len(set(places)) == len(sample) == 25
        kept[places] += 1
    # 20 each on average, with a deviation of 4.4: by tenths of the table 1000 with one of about 30.
    assert np.abs(kept.reshape(10, 50).sum(axis=1) - 1000).max() < 120
    assert kept.max() < 45


def test_wide_tables_give_a_smaller_sample_and_late_columns_are_empty_before() -> None:
    sample = SampledTexts(ColumnTexts())
    feed(sample, [{f"c{number}": "x" for number in range(300)}] * 2000)
    assert len(sample) == 400_000 // 300
    feed(sample, [{f"d{number}": "x" for number in range(600)}] * 100)
    assert (len(sample), sample.seen) == (1000, 2100)
    late = SampledTexts(ColumnTexts())
    feed(late, [{"a": "1"}] * 100 + [{"a": "1", "b": "y" * 500}] * 100)
    assert late.column("b") == [""] * 100 + ["y" * 200] * 100


def test_the_regression_is_about_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    codes = [rng.integers(0, 5, 2000) for _ in range(6)]
    score = codes[0] - 0.7 * codes[1] + rng.normal(0, 1.5, 2000)
    labels = np.digitize(score, [0.0, 1.5])
    rows = design(codes, [], 2000)
    dense = np.zeros((2000, rows.width))
    dense[np.repeat(np.arange(2000), rows.lengths), rows.columns] = rows.values
    assert np.linalg.norm(dense, axis=1) == pytest.approx(1.0)
    theirs = LogisticRegression(C=1000.0, class_weight="balanced", max_iter=1000).fit(dense, labels).predict(dense)
    ours = SoftmaxRegression(3).fit(rows, labels).predict(rows)
    assert np.mean(ours == theirs) > 0.95


def test_sparse_products_are_those_of_the_dense_matrix() -> None:
    rows = SparseRows(np.array([0, 2, 1, 0]), np.array([1.0, 2.0, 3.0, 4.0]), np.array([2, 1, 1]), 3)
    dense = np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0], [4.0, 0.0, 0.0]])
    weights = np.arange(6.0).reshape(3, 2)
    assert rows.times(weights).tolist() == (dense @ weights).tolist()
    assert rows.transposed_times(weights).tolist() == (dense.T @ weights).tolist()
    assert rows.take(np.array([2, 0])).times(weights).tolist() == (dense[[2, 0]] @ weights).tolist()


def test_balanced_accuracy_is_the_mean_of_recalls() -> None:
    truth = np.array([0] * 90 + [1] * 10)
    found = Foretold(truth, np.zeros(100, dtype=np.int64), 2)
    assert (found.value, found.chance) == (0.5, 0.5)
    low, high = found.interval
    assert low < 0.5 < high
