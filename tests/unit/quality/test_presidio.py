"""Presidio as a judge of spans: types, overlaps, languages, and that nothing is fetched."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from agent.errors import ConfigError, DataError
from agent.quality.beside import load_rival
from agent.quality.measure import Opinion
from agent.quality.presidio import TYPES, PresidioJudge, installed_models, spans_of
from streams.cli import main
from tests.bench.pii import beside, growth_exponent
from tests.bench.pii_quality import main as bench_quality
from tests.unit.quality.builders import PII_ROWS, write

TEXT = "Anna Lee wrote from anna.lee@example.org, card 4111 1111 1111 1111."


class Result(NamedTuple):
    """What Presidio's results are read for."""

    entity_type: str
    start: int
    end: int
    score: float


@pytest.fixture(scope="module")
def judge() -> PresidioJudge:
    return PresidioJudge()


@pytest.fixture(scope="module")
def patterns() -> PresidioJudge:
    return PresidioJudge("patterns")


def found(opinion: Opinion, text: str) -> list[tuple[str, str]]:
    return [(span.type, text[span.start : span.end]) for span in opinion.spans]


def test_names_come_from_the_model_and_values_from_the_patterns(judge: PresidioJudge, patterns: PresidioJudge) -> None:
    values = [("EMAIL", "anna.lee@example.org"), ("CARD", "4111 1111 1111 1111")]
    assert found(judge.judge([TEXT])[0], TEXT) == [("NAME", "Anna Lee"), *values]
    assert found(patterns.judge([TEXT])[0], TEXT) == values
    assert judge.version.startswith("presidio-analyzer@")
    assert installed_models("en")[0] in judge.version
    assert (judge.name, patterns.name) == ("presidio", "presidio:patterns")


def test_one_opinion_for_each_text_whatever_stands_in_it(judge: PresidioJudge, patterns: PresidioJudge) -> None:
    texts = ["", "\ud800 and a lone surrogate before anna.lee@example.org", "请联系 anna.lee@example.org 🙂", TEXT]
    for one in (judge, patterns):
        opinions = one.judge(texts, (), "zh")
        assert [opinion.flagged for opinion in opinions] == [False, True, True, True]
        assert [("EMAIL", "anna.lee@example.org") in found(*pair) for pair in zip(opinions, texts, strict=True)] == [
            False, True, True, True
        ]  # fmt: skip
        assert [found(one.judge([text])[0], text) for text in texts] == [
            found(*pair) for pair in zip(opinions, texts, strict=True)
        ]


def test_a_text_that_spacy_does_not_take_is_said(judge: PresidioJudge) -> None:
    with pytest.raises(DataError, match="at most 1000000 characters"):
        judge.judge(["x" * 1_000_001])


def test_of_overlapping_results_the_surest_stays_then_the_longest() -> None:
    opinion = spans_of(
        [
            Result("PHONE_NUMBER", 0, 9, 0.4),
            Result("US_SSN", 0, 9, 0.85),
            Result("PERSON", 20, 25, 0.85),
            Result("PERSON", 20, 30, 0.85),
            Result("DATE_TIME", 40, 60, 0.95),
            Result("IP_ADDRESS", 41, 50, 0.6),
            Result("EMAIL_ADDRESS", 70, 70, 1.0),
        ]
    )
    assert [(span.start, span.end, span.type) for span in opinion] == [
        (0, 9, "NATIONAL_ID"), (20, 30, "NAME"), (41, 50, "IP")
    ]  # fmt: skip


def test_types_are_those_of_the_contract() -> None:
    contract = {"NAME", "EMAIL", "PHONE", "NATIONAL_ID", "CARD", "BANK_ACCOUNT", "ADDRESS", "IP", "IM_ACCOUNT",
                "LICENCE_ID", "MEDICAL_ID", "PLATE", "SECRET"}  # fmt: skip
    assert set(TYPES.values()) <= contract


@pytest.mark.parametrize("name", ["presidio:no_such_model", "presidio:/nowhere"])
def test_a_missing_model_is_refused_and_not_downloaded(name: str) -> None:
    with pytest.raises(ConfigError, match="no installed spaCy package"):
        load_rival(name, "pii")


@pytest.mark.parametrize(("name", "task"), [("presidio", "toxicity"), ("profanity-check", "pii"), ("", "pii")])
def test_judges_of_another_task_are_refused(name: str, task: str) -> None:
    with pytest.raises(ConfigError, match="--beside takes"):
        load_rival(name, task)  # type: ignore[arg-type]


_OFFLINE = """
import socket, sys
class Refused(OSError): pass
def refuse(*_args, **_more): sys.exit("reached for the network")
socket.create_connection = socket.getaddrinfo = socket.socket.connect = refuse
import tldextract
from agent.quality.presidio import PresidioJudge
judge = PresidioJudge("patterns")
(opinion,) = judge.judge(["mail anna.lee@example.org or a@b.nosuchsuffix"])
print([(span.type, span.start) for span in opinion.spans])
assert [each.name for each in judge._batches.analyzer_engine.registry.recognizers].count("EmailRecognizer") == 1
"""
_ABSENT = """
import sys
sys.modules["presidio_analyzer"] = None
from agent.errors import ConfigError
from agent.quality.beside import load_rival
try:
    load_rival("presidio", "pii")
except ConfigError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("program", "said"),
    [(_OFFLINE, "[('EMAIL', 5)]"), (_ABSENT, "presidio is not installed; pip install presidio-analyzer")],
    ids=["offline", "absent"],
)
def test_nothing_is_fetched_and_absence_is_said(program: str, said: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(said)


# ---------------------------------------------------------------- the command and the bench


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pii").mkdir()
    write(tmp_path / "pii" / "mine.jsonl", PII_ROWS)
    write(tmp_path / "pii" / "pii_zh_synthetic.jsonl", PII_ROWS[:2])
    return tmp_path


def test_evaluate_shows_both_beside_each_other(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["evaluate", str(folder / "pii"), "--task", "pii", "--beside", "presidio:patterns", "--bootstrap", "0"]
    assert main([*words, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    beside = figures["beside"]["presidio:patterns"]
    assert beside["n"] == figures["n"] == 8
    assert set(beside["files"]) == {"mine", "pii_zh_synthetic"}
    assert beside["by_type"]["EMAIL"]["f1"] == figures["by_type"]["EMAIL"]["f1"] == 1.0
    assert beside["by_type"]["NAME"]["recall"] == 0.0
    assert beside["texts_per_second"] > 0.0
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "F1 by type, beside each other" in out
    assert out.count("texts/s") == 3
    assert not any(str(row["text"]) in out for row in PII_ROWS)


def test_one_file_is_shown_beside_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["evaluate", str(folder / "pii" / "mine.jsonl"), "--task", "pii", "--beside", "presidio:patterns"]
    page = folder / "report.html"
    assert main([*words, "--bootstrap", "0", "--report", str(page)]) == 0
    assert capsys.readouterr().out.count("texts/s") == 1
    assert page.read_text(encoding="utf-8").count("<h3>By type</h3>") == 2


def test_the_bench_says_what_misses_a_demand(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--open", str(folder), "--presidio", "patterns", "--bootstrap", "0"]
    assert bench_quality([*words, "--json"]) == 0
    demands = json.loads(capsys.readouterr().out)["demands"]
    assert [demand["met"] for demand in demands] == [True, True, True]
    rows = [{"text": "The runner in lane 7", "spans": [{"start": 19, "end": 20, "type": "NATIONAL_ID"}]}]
    write(folder / "pii" / "pii_zh_synthetic.jsonl", rows)
    assert bench_quality(words) == 0
    out = capsys.readouterr().out
    assert "pii_zh_synthetic NATIONAL_ID: recall" in out


@pytest.mark.parametrize(("power", "linear"), [(0.9, True), (1.0, True), (1.1, True), (1.3, False), (2.0, False)])
def test_the_speed_bench_tells_a_quadratic_cost_from_a_linear_one(power: float, linear: bool) -> None:
    found = growth_exponent([(size, 1e-6 * size**power) for size in (100_000, 400_000)])
    assert found == {"exponent": power, "linear": linear}


def test_the_speed_bench_says_whether_a_target_is_reached() -> None:
    def busy(some: Sequence[str]) -> int:
        return sum(1 for text in some for _ in range(100 * len(text)))

    line = beside("mine", ["ab" * 50] * 10, lambda some: len(some), {"presidio": busy, "presidio_patterns": len})
    assert (line["texts"], line["bytes"]) == (10, 1000)
    assert (line["presidio"]["target"], line["presidio"]["reached"]) == (200.0, True)
    for name in ("presidio", "presidio_patterns"):
        assert line[name]["reached"] is (line[name]["ratio"] >= line[name]["target"])
