"""Missing cells by group."""

from __future__ import annotations

import random
from typing import Any

import pytest

from agent.assess.bias.columns import ColumnTexts, is_missing
from agent.assess.bias.groups import Attributes
from agent.assess.bias.missing import MissingValues
from agent.windows.intervals import cautious_share, newcombe, z_value
from tests.unit.assess.bias.builders import feed, rows_of


def figures(rows: list[dict[str, Any]], protected: list[str]) -> dict[str, Any]:
    texts = ColumnTexts()
    analysis = MissingValues(texts, Attributes(texts, protected))
    feed(analysis, rows)
    return analysis.figures()


@pytest.mark.parametrize("text", ["", "NA", "n/a", "NaN", "null", "?", "-", "缺失"])
def test_what_is_missing(text: str) -> None:
    assert is_missing(text)


@pytest.mark.parametrize("text", ["unknown", "0", "no", "North", "?!", "未知"])
def test_what_is_not(text: str) -> None:
    assert not is_missing(text)


def test_a_planted_difference_is_found_with_its_interval() -> None:
    rows = rows_of(
        sex=["f"] * 400 + ["m"] * 400,
        income=["?"] * 120 + ["5"] * 280 + [""] * 40 + ["5"] * 360,
        age=["1"] * 800,
    )
    found = figures(rows, ["sex"])
    assert found["columns"]["income"] == {"missing": 160, "share": 0.2}
    assert found["columns"]["age"]["missing"] == 0
    (gap,) = found["gaps"]
    assert (gap["column"], gap["attribute"], gap["most_missing"], gap["least_missing"]) == ("income", "sex", "f", "m")
    z = z_value(0.95)
    expected = newcombe(0.3, cautious_share(0.3, 400, z), 0.1, cautious_share(0.1, 400, z))
    assert gap["difference"]["value"] == pytest.approx(0.2)
    assert gap["difference"]["interval"] == pytest.approx(list(expected))
    assert gap["significant"]


def test_columns_that_json_lines_lacked_at_first_were_missing() -> None:
    rows = [{"sex": "fm"[number % 2]} for number in range(150)]
    rows += [{"sex": "fm"[number % 2], "late": "x" if number % 2 else ""} for number in range(200)]
    rows += [{"sex": "f"}] * 50
    found = figures(rows, ["sex"])
    assert found["columns"]["late"]["missing"] == 150 + 100 + 50
    (gap,) = found["gaps"]
    assert gap["rates"]["f"] == {"rows": 225, "value": 1.0, "interval": [pytest.approx(0.983, abs=0.001), 1.0]}
    assert gap["rates"]["m"]["value"] == pytest.approx(75 / 175)


def test_cells_missing_at_random_give_few_false_alarms() -> None:
    draw = random.Random(11)
    alarms = 0
    for _ in range(100):
        rows = [
            {"sex": draw.choice("fm"), **{name: "" if draw.random() < 0.2 else "x" for name in "abcdef"}}
            for _ in range(300)
        ]
        alarms += any(gap["significant"] for gap in figures(rows, ["sex"])["gaps"])
    # The stated rate is 5 %; 12 or more of 100 have a probability below 0.5 %.
    assert alarms < 12
