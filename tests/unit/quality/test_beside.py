"""The judges to measure beside ours."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.quality.beside import NgramFloor, load_rival
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


@pytest.mark.parametrize("name", ["astrology", "ngram-floor", "profanity-check:x", ""])
def test_others_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="--beside takes profanity-check or ngram-floor:"):
        load_rival(name)


def test_a_missing_training_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_rival(f"ngram-floor:{tmp_path / 'absent.jsonl'}")


_BLOCKED = """
import json, sys
sys.modules["sklearn"] = sys.modules["profanity_check"] = None
from agent.errors import ConfigError
from agent.quality.beside import load_rival
said = []
for name in ("profanity-check", "ngram-floor:x.jsonl"):
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
    ]
