"""A cascade in the pipeline: sums of weights are what would have been counted had everything been looked at."""

from __future__ import annotations

import json
from collections import Counter
from threading import Event
from typing import Any, cast
from zlib import crc32

import msgspec
import pytest

from agent.clock import ManualClock
from agent.config import CoreConfig, validate
from agent.config_cascade import DoubtfulConfig
from agent.errors import ConfigError, ScorerError
from agent.events import InferenceEvent, Payload, TextPart
from agent.joining import Origin
from agent.metrics import Metrics, new_registry
from agent.overload.controller import LagSeen
from agent.pipeline import RecordOutcome, build_pipeline
from agent.scores import ScoreRow, Verdict
from agent.scoring import load_scorer
from agent.scoring.base import Batch, Scorer
from agent.scoring.cascade import CascadeScorer
from agent.windows.harm import HarmMeasurement
from tests.builders import WordScorer, make_event

SHARE = 0.25
ROUNDS = 1600


class Fragile(WordScorer):
    """Fails on one word."""

    def score(self, batch: Batch) -> list[ScoreRow]:
        if any("boom" in text for text in batch.texts("raw")):
            raise ScorerError("it broke")
        return super().score(batch)


class Shades(WordScorer):
    """Finds every second text doubtful that it does not suspect."""

    def _row(self, text: str) -> ScoreRow:
        row = super()._row(text)
        return row if row.scores or crc32(text.encode()) % 2 else ScoreRow({"toxicity": 0.4})


class Bench:
    """A pipeline over a cascade of words, and one scorer of secrets that sees everything."""

    def __init__(
        self,
        share: float = SHARE,
        key: str = "a key of more than sixteen bytes",
        doubtful: DoubtfulConfig | None = None,
        **sections: Any,
    ) -> None:
        self.clock = ManualClock(1_700_000_000.0)
        self.metrics = Metrics(new_registry(), clock=self.clock)
        self.heavy = Fragile("words", {"bad": "toxicity", "sly": "toxicity"})
        self.screen = Shades("words", {"bad": "toxicity", "odd": "toxicity"})
        self.cascade = CascadeScorer(cast(Scorer, self.heavy), cast(Scorer, self.screen), 0.5, share, doubtful)
        secrets = WordScorer("secrets", {"key": "pii.secret"}, "privacy")
        config = validate(
            CoreConfig,
            {"evidence": {"hash_key": key}, "windows": {"windows_seconds": [60.0]}, "identity": {"scorer": "words"}}
            | sections,
            "test",
        )
        self._scored = Event()
        self.pipeline = build_pipeline(
            config,
            metrics=self.metrics,
            clock=self.clock,
            scorers=[cast(Scorer, self.cascade), cast(Scorer, secrets)],
            on_done=self._scored.set,
        )
        self.offset = 0

    def submit(self, *events: InferenceEvent) -> list[RecordOutcome]:
        """A record each; what comes of all of them."""
        outcomes: list[RecordOutcome] = []
        for event in events:
            while self.pipeline.full:
                outcomes += self.settle()
            self.pipeline.submit(Origin("t", 0, self.offset), self.clock.now(), [event])
            self.offset += 1
        return outcomes + self.settle()

    def settle(self) -> list[RecordOutcome]:
        outcomes: list[RecordOutcome] = []
        while self.pipeline.in_flight:
            self._scored.clear()
            outcomes += self.pipeline.poll(drain=True)
            assert not self.pipeline.in_flight or self._scored.wait(20.0)
        return outcomes

    def total(self, name: str, *labels: str) -> float:
        return sum(value for key, value in self.metrics.rows(name).items() if set(labels) <= set(key))

    def harm(self) -> HarmMeasurement:
        reading = next(r for r in self.pipeline.windows.total_measurements() if r.model == "chat")
        found: HarmMeasurement = reading.results["harm"]
        return found

    def estimates(self) -> tuple[float, float, float]:
        """Findings, harmful events, scored events: by the counters."""
        return (
            self.total("harmwatch_findings_total", "toxicity"),
            self.total("harmwatch_harmful_events_total", "output"),
            self.total("harmwatch_scored_events_total", "output"),
        )


def call(name: str, text: str | None, answer: str | None) -> InferenceEvent:
    return make_event(inference_id=name, text=text, answer=answer)


def several(name: str, *answers: str) -> InferenceEvent:
    return make_event(inference_id=name, output=Payload(texts=tuple(TextPart(each, "assistant") for each in answers)))


def calls_of(shape: str, r: int) -> list[InferenceEvent]:
    name = f"{shape}-{r}"
    if shape == "repeated":
        return [call(f"{name}-{n}", f"q {r} {n}", f"sly {r}") for n in range(3)]
    if shape == "apart":
        return [call(name, f"sly {r}", None), call(name, None, f"fine {r}")]
    if shape == "apart, caught":
        return [call(name, f"fine q {r}", None), call(name, None, f"bad {r}")]
    if shape == "both, apart":
        return [call(name, f"sly in {r}", None), call(name, None, f"bad out {r}")]
    whole = {
        "paired": (f"fine {r}", f"sly {r}"),
        "both": (f"sly i {r}", f"bad o {r}"),
        "caught": (f"bad {r}", f"fine {r}"),
        "odd": (f"odd {r}", f"fine {r}"),
        "echo": (f"sly echo {r}", f"sly echo {r}"),
        "other dimension": (f"sly d {r}", f"key {r}"),
    }
    if shape == "several":
        return [several(name, f"fine s {r}", f"sly one {r}", f"sly two {r}", f"odd {r}")]
    return [call(name, *whole[shape])]


#: By shape: findings of toxicity, events harmful so, events.
TRUTH = {
    "paired": (1, 1, 1),
    "both": (2, 1, 1),
    "caught": (1, 1, 1),
    "odd": (0, 0, 1),
    "echo": (2, 1, 1),
    "several": (1, 1, 1),
    "repeated": (3, 3, 3),
    "apart": (1, 1, 1),
    "apart, caught": (1, 1, 1),
    "other dimension": (1, 1, 1),
}


@pytest.mark.parametrize("doubtful", [None, DoubtfulConfig(threshold=0.3, share=0.6)], ids=["one share", "two"])
@pytest.mark.parametrize("shape", list(TRUTH))
def test_the_mean_over_many_draws_is_the_truth(shape: str, doubtful: DoubtfulConfig | None) -> None:
    bench = Bench(doubtful=doubtful)
    for r in range(ROUNDS):
        bench.submit(*calls_of(shape, r))
    findings, harmful, events = (total / ROUNDS for total in bench.estimates())
    true_findings, true_harmful, true_events = TRUTH[shape]
    assert events == true_events  # counted, never estimated
    # Four standard errors at the most: a draw has the variance (1 - p) / p = 3, three of them as many each.
    margin = 4.0 * (3.0 * max(1, true_harmful) ** 2 / ROUNDS) ** 0.5
    assert harmful == pytest.approx(true_harmful, abs=margin)
    assert findings == pytest.approx(true_findings, abs=margin * max(1, true_findings))
    harm = bench.harm()
    assert harm.harmful["output"] == pytest.approx(harmful * ROUNDS)
    assert harm.categories.get("output", {}).get("toxicity", 0.0) + harm.categories.get("input", {}).get(
        "toxicity", 0.0
    ) == pytest.approx(findings * ROUNDS)
    union = 1 if shape == "other dimension" else true_harmful
    assert harm.harmful_any / ROUNDS == pytest.approx(union, abs=1e-9 if shape == "other dimension" else margin)
    seen = bench.total("harmwatch_cascade_texts_total", "certain") + bench.total(
        "harmwatch_cascade_texts_total", "audited"
    )
    if shape in ("paired", "apart"):
        assert bench.heavy.texts_scored == seen < ROUNDS  # of two texts each


def test_halves_that_do_not_meet_are_counted_too_often_by_as_much_as_the_page_says() -> None:
    """The first half was missed and the second was caught: 1 + (1 - p) at the most."""
    bench = Bench()
    for r in range(ROUNDS):
        bench.submit(*calls_of("both, apart", r))
    _, harmful, events = bench.estimates()
    assert events == ROUNDS
    assert harmful / ROUNDS == pytest.approx(2.0 - SHARE, abs=0.15)


@pytest.mark.parametrize("beside", ["another half that is caught", "a finding that leads to nothing"])
def test_an_action_weighs_what_the_findings_weigh_that_led_to_it(beside: str) -> None:
    """It weighed 1 as soon as anything of the call was certain: a quarter of the flags were counted."""
    bench = Bench(policy={"rules": [{"category": "pii.secret", "action": "allow"}]})
    for r in range(ROUNDS):
        words = (f"sly {r}", f"bad {r}") if beside.startswith("another") else (f"sly key {r}", f"fine {r}")
        bench.submit(call(f"c-{r}", *words))
    flags = bench.total("harmwatch_actions_total", "input", "flag")
    assert flags / ROUNDS == pytest.approx(1.0, abs=4.0 * (3.0 / ROUNDS) ** 0.5)


def test_what_is_missed_is_estimated_and_what_is_found_is_counted() -> None:
    bench = Bench()
    for r in range(ROUNDS):
        bench.submit(call(f"a-{r}", f"fine {r}", f"sly {r}"), call(f"b-{r}", f"odd {r}", f"bad {r}"))
    found = {part: bench.total("harmwatch_cascade_found_total", part) for part in ("certain", "audited")}
    missed = bench.total("harmwatch_cascade_missed_total")
    assert found["certain"] == ROUNDS
    assert missed == pytest.approx(3.0 * found["audited"])
    assert missed + found["audited"] == pytest.approx(ROUNDS, rel=0.2)
    texts = {part: bench.total("harmwatch_cascade_texts_total", part) for part in ("certain", "audited", "passed")}
    assert texts["certain"] == 2 * ROUNDS
    assert texts["audited"] + texts["passed"] == 2 * ROUNDS
    assert bench.total("harmwatch_scored_total", "words") == 4 * ROUNDS
    assert bench.total("harmwatch_missing_scores_total", "words") == 0.0
    assert bench.total("harmwatch_harmful_event_excess_total") == pytest.approx(12.0 * found["audited"])


def verdicts_of(bench: Bench, *events: InferenceEvent) -> list[Verdict]:
    return [verdict for outcome in bench.submit(*events) for verdict in outcome.verdicts]


def test_a_verdict_says_who_did_not_look_and_what_a_finding_stands_for() -> None:
    bench = Bench()
    told: Counter[str] = Counter()
    for r in range(60):
        question, answer = verdicts_of(bench, call(f"v-{r}", f"bad {r}", f"sly {r}"))
        plain = json.loads(msgspec.json.encode(question))
        assert "screened" not in plain and "weights" not in plain
        assert plain["scores"]["words"] == 1.0 and "weight" not in plain["findings"][0]
        plain = json.loads(msgspec.json.encode(answer))
        assert plain["scores"]["secrets"] == 0.0 and plain["missing"] == []
        if "screened" in plain:
            told["passed"] += 1
            assert plain["screened"] == ["words"] and "words" not in plain["scores"]
            assert "weights" not in plain and plain["findings"] == [] and plain["action"] == "allow"
        else:
            told["audited"] += 1
            assert plain["weights"] == {"words": 4.0}
            assert plain["findings"][0]["weight"] == 4.0 and plain["scores"]["words"] == 1.0
        assert msgspec.json.decode(msgspec.json.encode(answer), type=Verdict) == answer
    assert min(told["passed"], told["audited"]) > 5


def test_scores_of_halves_that_were_seen_whole_alone_make_the_distribution() -> None:
    bench = Bench()
    for r in range(ROUNDS):
        bench.submit(several(f"s-{r}", f"bad {r}", f"fine {r}"))
    count, _ = bench.metrics.timings("harmwatch_score")["chat", "output", "toxicity"]
    audited = bench.total("harmwatch_cascade_texts_total", "audited")
    # The second text has been seen in audited calls alone; inputs are texts too.
    assert 0.7 * ROUNDS < count < 1.3 * ROUNDS
    assert audited < ROUNDS


def test_group_gaps_are_of_audited_calls_alone() -> None:
    bench = Bench(identity={"scorer": "words", "min_group": 2})
    for r in range(400):
        bench.submit(call(f"g-{r}", None, f"women are bad {r}" if r % 2 else f"men are fine {r}"))
    state = bench.pipeline.windows.totals("chat")["identity"]
    assert 20 < state["gender women"][0] < 90 and state["gender women"][2] == state["gender women"][0]
    assert 20 < state["gender men"][0] < 90 and state["gender men"][2] == 0.0
    assert bench.total("harmwatch_identity_mentions_total") == 400.0


def test_lots_follow_the_call_and_the_key() -> None:
    looked = [
        {
            verdict.inference_id
            for n in range(80)
            for verdict in verdicts_of(bench, call(f"k-{n}", None, f"fine {n}"))
            if not verdict.screened
        }
        for bench in (Bench(), Bench(), Bench(key="another key of sixteen bytes"))
    ]
    assert looked[0] == looked[1] != looked[2]


def test_overload_and_audit_are_drawn_independently() -> None:
    from agent.overload.inclusion import AUDIT, Lots

    first, second = Lots(b"k" * 32), Lots(b"k" * 32, AUDIT)
    pairs = [(first.draw("s", str(n)) < 0.5, second.draw("s", str(n)) < 0.5) for n in range(2000)]
    assert 430 < sum(one and other for one, other in pairs) < 570


def test_without_a_cascade_no_lot_is_drawn() -> None:
    clock = ManualClock(0.0)
    pipeline = build_pipeline(
        CoreConfig(), metrics=Metrics(new_registry(), clock=clock), clock=clock, scorers=[WordScorer()]
    )
    assert pipeline._lots is None


def test_a_text_on_which_the_scorer_fails_is_missing_and_costs_no_other() -> None:
    bench = Bench()
    found = {
        verdict.inference_id: verdict
        for verdict in verdicts_of(
            bench,
            call("b", None, "bad boom"),
            call("bad", None, "bad"),
            *(call(f"f{n}", None, f"fine {n}") for n in range(9)),
        )
    }
    assert [one.reason for one in found["b"].missing] == ["error"]
    assert "words" not in found["b"].scores and not found["b"].screened
    assert [finding.category for finding in found["bad"].findings] == ["toxicity"]
    assert not any(found[f"f{n}"].missing for n in range(9))
    assert bench.total("harmwatch_scored_events_total", "output") == 10.0  # the one that failed is none of them


def test_thresholds_that_are_revised_hold_for_what_was_drawn_and_a_policy_that_wants_all_is_refused() -> None:
    bench = Bench(share=1.0 / 4.0, key="k" * 32)
    drawn = next(n for n in range(100) if verdicts_of(bench, call(f"t-{n}", None, f"sly {n}"))[0].findings)
    config = CoreConfig.model_validate({"policy": {"rules": [{"category": "toxicity", "action": "mask"}]}})
    with pytest.raises(ConfigError, match="masks or blocks"):
        bench.pipeline.rules.revise(config)
    assert verdicts_of(bench, call("known", None, f"sly {drawn}"))[0].findings  # the rules in force stay
    found = bench.total("harmwatch_cascade_found_total")
    low = CoreConfig.model_validate({"scorers": {"words": {"kind": "ngrams", "thresholds": {"toxicity": 1.0}}}})
    bench.pipeline.rules.revise(low)
    assert verdicts_of(bench, call("known too", None, f"sly {drawn}"))[0].findings[0].threshold == 1.0
    assert bench.total("harmwatch_cascade_found_total") == found + 1.0


def test_the_built_in_screen_spares_the_scorer_most_harmless_texts_and_no_insult() -> None:
    heavy = WordScorer("toxicity", {"idiot": "toxicity"})
    screen = load_scorer("toxicity", {}, "ngrams")
    clock = ManualClock(1_700_000_000.0)
    metrics = Metrics(new_registry(), clock=clock)
    pipeline = build_pipeline(
        CoreConfig(),
        metrics=metrics,
        clock=clock,
        scorers=[cast(Scorer, CascadeScorer(cast(Scorer, heavy), screen, 0.5, 0.05))],
    )
    for n in range(200):
        insult = n % 20 == 0
        answer = f"You are a stupid idiot, number {n}." if insult else f"The train to room {n} leaves at noon."
        pipeline.submit(Origin("t", 0, n), 0.0, [call(f"b-{n}", None, answer)])
    pipeline.close()
    assert len(pipeline.join(20.0)) == 200
    pipeline.terminate()
    assert 10 <= heavy.texts_scored < 60
    assert metrics.rows("harmwatch_findings_total")["chat", "output", "output", "toxicity"] == 10.0
    assert metrics.rows("harmwatch_scored_events_total")["chat", "output"] == 200.0
    stages = {stage for (stage,) in metrics.timings("harmwatch_stage_seconds")}
    assert {"score_toxicity", "score_toxicity_screen", "score_toxicity_heavy"} <= stages


def test_under_overload_weights_multiply_and_the_mean_is_the_truth() -> None:
    bench = Bench(overload={"lag_budget_seconds": 10.0})
    sampler = bench.pipeline.sampler
    assert sampler is not None
    for look in range(4):
        for n in range(50):
            bench.submit(call(f"before-{look}-{n}", None, f"fine {look} {n}"))
        bench.clock.advance(1.0)
        sampler.look(LagSeen(bench.clock.monotonic(), 9.0))
    assert sampler.is_sampling
    _, _, before = bench.estimates()
    verdicts = verdicts_of(bench, *(call(f"o-{n}", None, f"sly {n}") for n in range(2 * ROUNDS)))
    found = [verdict for verdict in verdicts if verdict.findings]
    findings, harmful, scored = bench.estimates()
    assert {verdict.findings[0].weight for verdict in found} == {4.0}
    assert min(verdict.weight for verdict in found) > 1.0
    assert harmful == findings == pytest.approx(sum(4.0 * verdict.weight for verdict in found))
    assert scored - before == pytest.approx(sum(verdict.weight for verdict in verdicts))
    heaviest = 4.0 * max(verdict.weight for verdict in verdicts)
    assert harmful == pytest.approx(2 * ROUNDS, abs=4.0 * (heaviest * 2 * ROUNDS) ** 0.5)
