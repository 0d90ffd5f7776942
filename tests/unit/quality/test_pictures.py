"""Pictures and pages: made of any data, self-contained, and without a text of the data."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import numpy as np
import pytest

from agent.clock import ManualClock
from agent.quality.bootstrap import Bootstrap
from agent.quality.calibrate import Wanted, calibrate
from agent.quality.evaluate import evaluate
from agent.quality.measure import Judged
from agent.quality.plots import calibration_pictures, span_pictures, text_pictures
from agent.quality.report import calibration_report, evaluation_report
from agent.quality.rows import LabelledFile, LabelledRow
from tests.unit.quality.builders import FixedJudge, judged

PNG = b"\x89PNG\r\n\x1a\n"


def normal(count: int = 400, lang: str = "en") -> Judged:
    rng = np.random.default_rng(0)
    scores = np.concatenate([rng.beta(2, 5, count), rng.beta(5, 2, count)])
    return judged([0] * count + [1] * count, scores.tolist(), lang=lang)


def test_two_classes_give_four_pictures_and_equal_data_equal_ones() -> None:
    # A code that no font has and that matplotlib could take for a formula.
    texts = Judged.pooled([normal(), normal(20, "$x^$"), normal(20, "中文")])
    pictures = text_pictures(texts, 0.5)
    assert set(pictures) == {"precision_recall", "reliability", "roc", "scores"}
    assert all(picture.startswith(PNG) for picture in pictures.values())
    assert text_pictures(texts, 0.5) == pictures


@pytest.mark.parametrize("labels", [[0, 0], [1], []])
def test_one_class_or_none_has_no_curves(labels: list[int]) -> None:
    assert set(text_pictures(judged(labels, [0.5] * len(labels)), None)) == {"scores"}


@pytest.mark.parametrize("scores", [[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]])
def test_two_texts_are_enough_for_curves(scores: list[float]) -> None:
    assert len(text_pictures(judged([0, 1], scores), 0.5)) == 4


def test_types_are_drawn_even_where_a_figure_is_null() -> None:
    by_type = {"NAME": {"precision": None, "recall": 0.0, "f1": 0.0}, "EMAIL": {"precision": 1, "recall": 1, "f1": 1}}
    assert span_pictures(by_type)["types"].startswith(PNG)
    assert span_pictures({})["types"].startswith(PNG)


def assert_self_contained(page: str) -> None:
    assert page.startswith("<!doctype html>")
    assert "://" not in page
    assert "<script" not in page
    assert "default-src 'none'" in page
    sources = re.findall(r'(?:src|href)="([^"]{0,30})', page)
    assert sources
    assert all(source.startswith("data:image/png;base64,") for source in sources)


def test_a_report_holds_names_escaped_and_no_text() -> None:
    rows = [
        LabelledRow(text="zqxjkvbp", lang="<b>", label=1, category="<img src=x>"),
        LabelledRow(text="other zqxjkvbp", lang="en", label=0, category="plain"),
    ]
    judge = FixedJudge({"zqxjkvbp": 0.9, "other zqxjkvbp": 0.1})
    done = evaluate([LabelledFile("a&b", rows, 1)], judge, "toxicity", ManualClock(), bootstrap=Bootstrap(20))
    figures = done.figures()
    page = evaluation_report(figures, text_pictures(done.pooled, 0.5), "2026-11-25T00:00:00Z")
    assert_self_contained(page)
    assert "zqxjkvbp" not in page
    assert "<img src=x>" not in page
    assert "&lt;img src=x&gt;" in page
    assert "a&amp;b" in page
    with_rival = figures | {"beside": {"rival": figures}}
    assert "<h2>rival</h2>" in evaluation_report(with_rival, {}, "")


def test_a_calibration_report_says_what_was_found() -> None:
    texts = Judged.pooled([normal(), normal(20, "zh")])
    found = calibrate(
        texts, ["own"], 0, FixedJudge({}), Wanted("toxicity", 0.01, per_lang=True), Bootstrap(50), ManualClock()
    )
    page = calibration_report(found, calibration_pictures(texts, None, found.threshold.raw))
    assert_self_contained(page)
    assert f"{found.threshold.value:.4f}" in page
    assert "zh (20)" in page
    assert "Expected calibration error" in page


_BLOCKED = """
import sys
for name in [name for name in sys.modules if name.startswith("matplotlib")]:
    del sys.modules[name]
sys.modules["matplotlib"] = None
from tests.unit.quality.builders import judged
from agent.errors import ConfigError
from agent.quality.plots import text_pictures
try:
    text_pictures(judged([0, 1], [0.1, 0.9]), 0.5)
except ConfigError as error:
    print(error)
"""


def test_without_matplotlib_the_error_says_what_to_install() -> None:
    done = subprocess.run([sys.executable, "-c", _BLOCKED], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "pictures need matplotlib, which is not installed; pip install 'harmwatch[plots]'\n"


def test_pyplot_is_never_loaded() -> None:
    code = (
        "import json, sys\nfrom tests.unit.quality.builders import judged\n"
        "from agent.quality.plots import text_pictures\n"
        "before = 'matplotlib' in sys.modules\ntext_pictures(judged([0, 1], [0.1, 0.9]), 0.5)\n"
        "print(json.dumps([before, 'matplotlib' in sys.modules, 'matplotlib.pyplot' in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert json.loads(done.stdout) == [False, True, False]
