"""agent.scoring.cascade and how its rows are settled: who is looked at, what is remembered, what a look counts for."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from agent.clock import ManualClock
from agent.config import CoreConfig, ScorerConfig, validate
from agent.config_cascade import DoubtfulConfig
from agent.errors import ConfigError, ScorerError
from agent.metrics import Metrics, new_registry
from agent.pipeline import build_pipeline, build_scorers
from agent.pipeline.build import watched_features
from agent.scores import ScoreRow
from agent.scoring import load_scorer
from agent.scoring.base import Batch, Scorer, ScoringItem
from agent.scoring.cache import ScoreCache
from agent.scoring.cascade import CascadeScorer, cascaded
from agent.scoring.executor import Executor
from agent.scoring.explained import ExplainedScorer
from tests.builders import WordScorer
from tests.unit.scoring.fake_scorers import WAIT_SECONDS, make_item

SHARE = 0.25
HEAVY = {"bad": "toxicity", "sly": "toxicity"}
SCREEN = {"bad": "toxicity", "odd": "toxicity"}


def item(text: str, lot: float = 1.0) -> ScoringItem:
    made = make_item(text)
    made.lot = lot
    return made


class Broken(WordScorer):
    def score(self, batch: Batch) -> list[ScoreRow]:
        raise ScorerError("it broke")


def cascade(heavy: Any = None, screen: Any = None, share: float = SHARE) -> CascadeScorer:
    return CascadeScorer(
        heavy or WordScorer("words", HEAVY), screen or WordScorer("words", SCREEN), 0.5, share, clock=ManualClock()
    )


def seen(scorer: CascadeScorer) -> int:
    return cast(WordScorer, scorer.heavy).texts_scored


def test_the_heavy_scorer_sees_what_is_suspicious_and_what_is_drawn() -> None:
    scorer = cascade()
    texts = [("bad", 0.9), ("sly", 0.1), ("sly too", 0.9), ("odd", 0.1), ("fine", 0.24), ("fine too", 0.25)]
    rows = scorer.score(Batch([item(text, lot) for text, lot in texts]))
    assert [row.passed for row in rows] == [False, False, True, False, False, True]
    assert [row.weight for row in rows] == [1.0, 4.0, 4.0, 1.0, 4.0, 4.0]
    assert [row.judged for row in rows] == [not row.passed for row in rows]
    assert [row.scores.get("toxicity", 0.0) for row in rows] == [1.0, 1.0, 0.0, 0.0, 0.0, 0.0]
    assert seen(scorer) == 4


def test_nothing_suspicious_and_nothing_drawn_costs_no_call_of_the_heavy_scorer() -> None:
    scorer = cascade(heavy=Broken("words", HEAVY))
    assert all(row.passed for row in scorer.score(Batch([item("fine", 0.9), item("sly")])))


@given(st.lists(st.tuples(st.sampled_from(["bad", "sly", "odd", "fine", ""]), st.floats(0.0, 1.0)), min_size=1))
def test_a_row_does_not_depend_on_neighbours(texts: list[tuple[str, float]]) -> None:
    scorer = cascade()
    together = scorer.score(Batch([item(*each) for each in texts]))
    assert list(together) == [scorer.score(Batch([item(*each)]))[0] for each in texts]


def test_a_share_of_one_looks_at_everything_and_weighs_nothing() -> None:
    rows = cascade(share=1.0).score(Batch([item("sly", 0.99), item("bad", 0.5)]))
    assert [(row.passed, row.weight, row.scores) for row in rows] == [(False, 1.0, {"toxicity": 1.0})] * 2


@pytest.mark.parametrize("lots", [0.0, 0.99, 1.0])
def test_when_the_screen_fails_everything_is_looked_at(lots: float, caplog: pytest.LogCaptureFixture) -> None:
    scorer = cascade(screen=Broken("words", SCREEN))
    for _ in range(3):
        rows = scorer.score(Batch([item("sly", lots), item("fine", lots)]))
        assert [(row.passed, row.weight) for row in rows] == [(False, 1.0)] * 2
    assert [record.message.split()[0] for record in caplog.records] == ["screen_failed"]  # once a minute


class Grades(WordScorer):
    def __init__(self, grades: Sequence[float]) -> None:
        super().__init__("words", SCREEN)
        self._grades = grades

    def highest(self, batch: Batch) -> NDArray[np.float64]:
        return np.array(self._grades, np.float64)


def test_a_screen_that_grades_whole_batches_makes_no_rows_and_nonsense_is_looked_at() -> None:
    scorer = cascade(screen=Grades([0.5, 0.49, float("nan")]))
    assert [row.passed for row in scorer.score(Batch([item("a"), item("b"), item("c")]))] == [False, True, False]
    assert cast(Grades, scorer.screen).texts_scored == 0
    scorer = cascade(screen=Grades([0.5]))
    assert not any(row.passed for row in scorer.score(Batch([item("a"), item("b")])))


def test_of_doubtful_texts_a_larger_share_is_looked_at_by_the_same_lots() -> None:
    doubtful = DoubtfulConfig(threshold=0.3, share=0.5)
    grades = [0.5, 0.49, 0.3, 0.3, 0.29, 0.29]
    heavy, screen = cast(Scorer, WordScorer("words", HEAVY)), cast(Scorer, Grades(grades))
    scorer = CascadeScorer(heavy, screen, 0.5, SHARE, doubtful, ManualClock())
    lots = [0.9, 0.4, 0.49, 0.5, 0.24, 0.25]
    rows = scorer.score(Batch([item("sly", lot) for lot in lots]))
    assert [row.passed for row in rows] == [False, False, False, True, False, True]
    assert [row.weight for row in rows] == [1.0, 2.0, 2.0, 2.0, 4.0, 4.0]
    wrapped = scorer.around(lambda heavy: heavy)
    assert [row.weight for row in wrapped.score(Batch([item("sly", lot) for lot in lots]))] == [1, 2, 2, 2, 4, 4]


def test_what_the_screen_did_not_read_in_full_is_not_cleared() -> None:
    class Short(WordScorer):
        def score(self, batch: Batch) -> list[ScoreRow]:
            return [ScoreRow({}, truncated=True), ScoreRow({}, judged=False), ScoreRow({})]

    rows = cascade(screen=Short("words", SCREEN)).score(Batch([item("a"), item("b"), item("c")]))
    assert [row.passed for row in rows] == [False, False, True]


def test_a_heavy_scorer_that_fails_fails_the_call() -> None:
    with pytest.raises(ScorerError):
        cascade(heavy=Broken("words", HEAVY)).score(Batch([item("bad")]))

    class Few(WordScorer):
        def score(self, batch: Batch) -> list[ScoreRow]:
            return []

    with pytest.raises(ScorerError, match="number of rows"):
        cascade(heavy=Few("words", HEAVY)).score(Batch([item("bad")]))


def test_it_is_the_heavy_scorer_to_everybody_else_and_says_what_screens() -> None:
    scorer = cascade()
    assert (scorer.name, scorer.lane, scorer.thresholds) == ("words", "host", {"toxicity": 0.5})
    assert scorer.version == "test@1+screen.test@1"
    scorer.warm_up()
    assert cast(WordScorer, scorer.heavy).warm and cast(WordScorer, scorer.screen).warm
    scorer.score(Batch([item("bad")]))
    assert set(scorer.take_stages()) == {"screen", "heavy"}
    assert not scorer.take_stages()


class Rig:
    """An executor over one cascade."""

    def __init__(self, cache_entries: int = 1000) -> None:
        self.scorer = cascade()
        self.cache = ScoreCache(cache_entries)
        self._done = threading.Event()
        self._executor = Executor([cast(Scorer, self.scorer)], 60.0, self.cache, ManualClock(), on_done=self._done.set)

    def rows(self, *texts: tuple[str, float]) -> list[tuple[bool, float]]:
        """Of one batch: whether each text was passed, and what its row weighs."""
        self._done.clear()
        assert self._executor.offer(Batch([item(text, lot) for text, lot in texts]), "count")
        assert self._done.wait(WAIT_SECONDS)
        (result,) = self._executor.poll()
        rows = [cast(ScoreRow, answers["words"]) for answers in result.rows]
        return [(row.passed, row.weight) for row in rows]


PASSED, DRAWN, CERTAIN = (True, 4.0), (False, 4.0), (False, 1.0)


def test_a_text_in_several_calls_is_drawn_by_the_first_whose_lot_is_low_and_known_from_then_on() -> None:
    rig = Rig()
    assert rig.rows(("sly", 0.9), ("sly", 0.2), ("sly", 0.1), ("sly", 0.9)) == [PASSED, DRAWN, CERTAIN, CERTAIN]
    assert seen(rig.scorer) == 1
    assert rig.rows(("sly", 0.9), ("sly", 0.1)) == [CERTAIN, CERTAIN]  # from the cache
    assert seen(rig.scorer) == 1


def test_places_of_one_call_are_drawn_together() -> None:
    assert Rig().rows(("sly", 0.2), ("sly", 0.1), ("sly", 0.2)) == [DRAWN, CERTAIN, DRAWN]


def test_what_is_passed_is_not_remembered() -> None:
    rig = Rig()
    assert rig.rows(("sly", 0.9), ("sly", 0.8)) == [PASSED, PASSED]
    assert len(rig.cache) == 0
    assert rig.rows(("sly", 0.1)) == [DRAWN]
    assert rig.rows(("odd", 0.9), ("odd", 0.1)) == [CERTAIN, CERTAIN]
    assert {row.weight for text in ("sly", "odd") for row in rig.cache.rows(rig.cache.digest(text)).values()} == {1.0}


def test_without_a_cache_each_batch_draws_anew() -> None:
    rig = Rig(cache_entries=0)
    assert [rig.rows(("sly", 0.1)), rig.rows(("sly", 0.9))] == [[DRAWN], [PASSED]]


@pytest.mark.parametrize(
    ("scorers", "message"),
    [
        ({"pii": {"cascade": {"screen": "ngrams"}}}, "cannot fill it|redacted"),
        ({"toxicity": {"cascade": {"screen": "nonesuch"}}}, "no kind is called 'nonesuch'"),
        ({"toxicity": {"cascade": {"screen": {"kind": "ngrams", "speed": 2}}}}, "no option 'speed'"),
        ({"toxicity": {"cascade": {"screen": "builtin"}}}, "is the scorer that it is to screen for"),
        ({"toxicity": {"cascade": {"screen": "encoder"}}}, "is the scorer that it is to screen for"),
        ({"toxicity": {"kind": "ngrams", "cascade": {"screen": "ngrams"}}}, "is the scorer that it is to screen for"),
        ({"adversarial": {"cascade": {"screen": "ngrams"}}}, "adversarial"),
        ({"groundedness": {"cascade": {"screen": "ngrams"}}}, "groundedness"),
    ],
)
def test_a_cascade_that_makes_no_sense_is_refused_in_one_line(scorers: dict[str, Any], message: str) -> None:
    config = validate(CoreConfig, {"scorers": scorers}, "test")
    with pytest.raises(ConfigError, match=message) as refused:
        build_scorers({name: config.scorers[name] for name in scorers})
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("heavy", "screen", "message"),
    [
        (WordScorer("canary", HEAVY), WordScorer("canary", SCREEN), "redacted"),
        (WordScorer("w", HEAVY, "privacy"), WordScorer("w", SCREEN, "privacy"), "redacted"),
        (WordScorer("w", HEAVY, "adversarial"), WordScorer("w", SCREEN, "adversarial"), "attacks"),
        (WordScorer("w", HEAVY), WordScorer("w", SCREEN, "privacy"), "judges privacy, and output is to be screened"),
        (WordScorer("w", HEAVY), WordScorer("w", SCREEN, directions=["input"]), "judges input texts alone"),
    ],
)
def test_scorers_that_do_not_go_together(heavy: WordScorer, screen: WordScorer, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        cascade(heavy, screen)


@pytest.mark.parametrize(
    "section",
    [
        {"doubtful": {"threshold": 0.3, "share": 0.1}},
        {"doubtful": {"threshold": 0.2, "share": 0.01}},
        {"doubtful": {"threshold": 0.2}},
        {"threshold": 0.0},
        {"threshold": 1.1},
        {"audit_share": 0.0},
        {"audit_share": 2},
        {"screen": 1},
        {"other": 1},
    ],
)
def test_values_out_of_range_and_unknown_keys_are_refused(section: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        validate(CoreConfig, {"scorers": {"toxicity": {"cascade": {"screen": "ngrams"} | section}}}, "test")
    with pytest.raises(ConfigError):
        validate(CoreConfig, {"scorers": {"toxicity": {"cascade": {}}}}, "test")


def test_the_screen_is_named_or_described() -> None:
    short = ScorerConfig.model_validate({"cascade": {"screen": "ngrams"}})
    long = ScorerConfig.model_validate({"cascade": {"screen": {"kind": "ngrams", "options": {"threshold": 0.2}}}})
    inline = ScorerConfig.model_validate({"cascade": {"screen": {"kind": "ngrams", "threshold": 0.2}}})
    assert long == inline != short
    scorer = cascaded(load_scorer("toxicity", {}), short)
    assert isinstance(scorer, CascadeScorer) and scorer.screen.name == scorer.heavy.name == "toxicity"


@pytest.mark.parametrize(
    "policy",
    [
        {"default": "mask"},
        {"rules": [{"category": "tox*", "action": "block"}]},
        {"rules": [{"dimension": "output", "action": "mask", "model": "chat*"}]},
        {"rules": [{"category": "toxicity", "action": "flag", "min_score": 0.9}], "default": "block"},
        {"rules": [{"category": "toxicity", "action": "flag", "model": "a"}], "default": "block"},
    ],
)
def test_nothing_may_be_masked_or_blocked_by_what_a_cascade_finds(policy: dict[str, Any]) -> None:
    config = validate(CoreConfig, {"policy": policy}, "test")
    metrics = Metrics(new_registry(), clock=ManualClock())
    scorers = [cast(Scorer, cascade()), cast(Scorer, WordScorer("secrets", {"key": "secret"}, "privacy"))]
    with pytest.raises(ConfigError, match=r"scorers\.words\.cascade: the policy masks or blocks"):
        build_pipeline(config, metrics=metrics, clock=ManualClock(), scorers=scorers)
    # The same policy stands where the rest of the categories is concerned alone.
    first = {"category": "toxicity", "action": "flag"}
    relaxed = {"rules": [first, {"category": "secret", "action": "mask"}, *policy.get("rules", [])]} | {
        key: value for key, value in policy.items() if key != "rules"
    }
    config = validate(CoreConfig, {"policy": relaxed}, "test")
    assert build_pipeline(config, metrics=metrics, clock=ManualClock(), scorers=scorers).rules


def test_explanations_are_made_inside_where_no_screen_is_in_the_way() -> None:
    config = validate(CoreConfig, {"explain": {"findings": True}}, "test")
    scorer = cascade()
    pipeline = build_pipeline(
        config,
        metrics=Metrics(new_registry(), clock=ManualClock()),
        clock=ManualClock(),
        scorers=[cast(Scorer, scorer)],
    )
    (running,) = pipeline._executor._scorers
    assert isinstance(running, CascadeScorer) and isinstance(running.heavy, ExplainedScorer)


def test_drift_knows_which_scores_are_a_fair_sample() -> None:
    features = watched_features(CoreConfig(), [cast(Scorer, cascade())])
    assert features._audits == {"words": SHARE}
