"""agent.scoring.canary: rows, and how it is configured. What all scorers promise stands in tests/conformance."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.clock import ManualClock
from agent.errors import ConfigError
from agent.events import TextPart
from agent.normalize import normalize
from agent.scores import ScoreRow
from agent.scoring import load_scorer
from agent.scoring.base import Batch, ScoringItem
from agent.scoring.cache import ScoreCache
from agent.scoring.canary import CanaryScorer
from agent.scoring.executor import Executor
from tests.unit.scoring.canary.builders import write_canaries


def score(scorer: CanaryScorer, text: str) -> ScoreRow:
    return scorer.score(Batch([ScoringItem(TextPart(text), "output", normalize)]))[0]


@pytest.fixture
def scorer(tmp_path: Path) -> CanaryScorer:
    return CanaryScorer(**write_canaries(tmp_path, ["13912345678", "alpha7beta", "beta9gamma"], "staff"))


def test_a_row_says_where_and_under_which_label_and_not_what(scorer: CanaryScorer) -> None:
    row = score(scorer, "号码：139-1234-5678。")
    assert dict(row.scores) == {"pii.canary": 1.0}
    assert [(span.start, span.end, span.type) for span in row.spans] == [(3, 16, "CANARY")]
    assert row.explanation == row.spans[0].explanation == "registered canary: staff"


def test_values_that_overlap_share_a_span(scorer: CanaryScorer) -> None:
    row = score(scorer, "an alpha 7 beta 9 gamma")
    assert [(span.start, span.end) for span in row.spans] == [(3, 23)]
    row = score(scorer, "alpha7betabeta9gamma")
    assert [(span.start, span.end) for span in row.spans] == [(0, 10), (10, 20)]


def test_a_clean_text_has_no_score(scorer: CanaryScorer) -> None:
    assert score(scorer, "139-1234-567") == ScoreRow({})


def test_without_a_file_it_is_refused() -> None:
    with pytest.raises(ConfigError, match="harmwatch canaries"):
        load_scorer("canary", {})


def test_another_kind_cannot_take_its_place() -> None:
    with pytest.raises(ConfigError, match="cannot fill it"):
        load_scorer("canary", {}, "ngrams")


def test_what_is_wrong_shows_at_warm_up_in_its_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = write_canaries(tmp_path, ["13912345678"])
    monkeypatch.setenv("HARMWATCH_CANARY_KEY", "another key than that of the file")
    for wrong, complaint in (
        ({"file": options["file"]}, "another key"),
        ({**options, "file": str(tmp_path / "none.json")}, "cannot be read"),
        ({**options, "key": {"env": "NOT_SET_ANYWHERE"}}, "NOT_SET_ANYWHERE is not set"),
    ):
        executor = Executor([CanaryScorer(**wrong)], 1.0, ScoreCache(), ManualClock())
        with pytest.raises(ConfigError, match=complaint):
            executor.warm_up()
