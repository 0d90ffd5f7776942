"""The metrics of several processes, put together: those of one process that had seen everything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as parse_plain

from agent.clock import ManualClock
from agent.metrics import CATALOGUE, Metrics
from agent.metrics.catalogue import LIMITS
from agent.metrics.merged import MergedMetrics, ProcessLife
from agent.metrics.snapshot import read_snapshot, write_snapshot
from tests.unit.test_metrics import exercise

MODELS = ("chat", "loan", "客服", "a\nb", 'quo"te', "back\\u0041slash", "x" * 200, "other", "")
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def merged(**over: int) -> MergedMetrics:
    return MergedMetrics(CollectorRegistry(), **{"series_budget": 20_000, "model_budget": 200, **over})


def metrics(clock: ManualClock | None = None, **over: int) -> Metrics:
    return Metrics(CollectorRegistry(), clock=clock or ManualClock(), **over)


def counted(source: Metrics | MergedMetrics) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Samples of counters and histograms, as a scraper reads them."""
    found = {}
    for family in parse_plain(source.freeze().text(openmetrics=False)):
        if family.type != "gauge" and not family.name.startswith("harmwatch_other_series"):
            for sample in family.samples:
                found[sample.name, frozenset(sample.labels.items())] = sample.value
    return found


def gauges(source: MergedMetrics, name: str) -> dict[tuple[str, ...], float]:
    return {labels: child.value for labels, child in source._numbers[name].rows()}


@dataclass
class Process:
    """One of several, and what it has told."""

    metrics: Metrics = field(default_factory=metrics)
    life: ProcessLife = field(default_factory=ProcessLife)

    def tell(self, to: MergedMetrics) -> None:
        to.take(self.life, read_snapshot(write_snapshot(self.metrics.freeze())))


def test_every_gauge_says_how_it_is_merged_and_nothing_else_does() -> None:
    for spec in CATALOGUE.values():
        assert (spec.merge is not None) == (spec.kind == "gauge"), spec.name
    by_rule = defaultdict(set)
    for spec in CATALOGUE.values():
        by_rule[spec.merge].add(spec.name)
    assert by_rule["over_limit"] == set(LIMITS)
    assert by_rule["limit"] == set(LIMITS.values())
    for name, limit in LIMITS.items():
        assert CATALOGUE[name].labels == CATALOGUE[limit].labels


Happening = Callable[[Metrics], None]

happenings: st.SearchStrategy[Happening] = st.one_of(
    st.builds(lambda m, n: lambda to: to.event_decoded(m, "native", n), st.sampled_from(MODELS), st.integers(0, 9)),
    st.builds(
        lambda m, v: lambda to: to.score(m, "output", "toxicity", v, TRACE), st.sampled_from(MODELS), st.floats(0, 1)
    ),
    st.builds(lambda m, w: lambda to: to.scored_event(m, "privacy", w), st.sampled_from(MODELS), st.floats(1, 50)),
    st.builds(lambda v: lambda to: to.stage("decode", v), st.floats(0, 100)),
    st.builds(lambda r: lambda to: to.dead_letter("events", r), st.sampled_from(("not_json", "too_deep"))),
    st.builds(lambda d: lambda to: to.decision("loan", "sex", "f", d, ""), st.sampled_from(("yes", "no"))),
)

steps = st.lists(
    st.one_of(
        st.tuples(st.just("happens"), st.integers(0, 2), happenings),
        st.tuples(st.just("tells"), st.integers(0, 2), st.none()),
        st.tuples(st.just("dies"), st.integers(0, 2), st.none()),
    ),
    max_size=60,
)


@settings(max_examples=150)
@given(steps)
def test_the_merge_is_what_one_that_had_seen_everything_would_count(
    what: list[tuple[str, int, Happening | None]],
) -> None:
    one, whole = metrics(), merged()
    processes = [Process() for _ in range(3)]
    before: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
    for kind, number, happening in what:
        process = processes[number]
        if happening is not None:
            happening(process.metrics)
            happening(one)
            continue
        process.tell(whole)
        if kind == "dies":
            processes[number] = Process()
        now = counted(whole)
        assert all(now[place] >= value * (1 - 1e-12) - 1e-12 for place, value in before.items())
        before = now
    for process in processes:
        process.tell(whole)
    expected, found = counted(one), counted(whole)
    assert found.keys() == expected.keys()
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_whole_numbers_stay_whole_and_the_text_is_read_by_both_parsers() -> None:
    whole, processes = merged(), [Process(), Process()]
    for process in processes:
        exercise(process.metrics)
        process.tell(whole)
    whole.merge_gauges([process.life for process in processes])
    frozen = whole.freeze()
    families = {family.name: family for family in text_string_to_metric_families(frozen.text(openmetrics=True))}
    assert {family.name for family in parse_plain(frozen.text(openmetrics=False))} == set(families)
    assert 'harmwatch_events_total{format="native",model="llama"} 4.0' in frozen.text(openmetrics=False)


def test_of_exemplars_the_newest_stays() -> None:
    clock, whole = ManualClock(), merged()
    first, second = Process(metrics(clock)), Process(metrics(clock))
    first.metrics.score("m", "output", "c", 0.97, "a" * 32)
    clock.advance(5.0)
    second.metrics.score("m", "output", "c", 0.98, "b" * 32)
    second.tell(whole)
    first.tell(whole)
    text = whole.freeze().text(openmetrics=True)
    assert "b" * 32 in text
    assert "a" * 32 not in text


def test_the_processes_share_one_budget_and_sums_stay_right() -> None:
    whole = merged(series_budget=600, model_budget=5)
    processes = [Process(metrics(series_budget=600, model_budget=5)) for _ in range(3)]
    for number in range(60):
        processes[number % 3].metrics.event_decoded(f"m{number}", "native")
        processes[number % 3].metrics.score(f"m{number}", "output", "toxicity", 0.5)
        processes[number % 3].tell(whole)
    whole.merge_gauges([process.life for process in processes])
    samples = [s for family in parse_plain(whole.freeze().text(openmetrics=False)) for s in family.samples]
    assert len(samples) == whole.series_in_use <= 600
    events = [s for s in samples if s.name == "harmwatch_events_total"]
    assert sum(s.value for s in events) == 60
    assert len({s.labels["model"] for s in events} - {"other"}) == 5
    scores = [s for s in samples if s.name == "harmwatch_score_count"]
    assert sum(s.value for s in scores) == 60


def test_a_model_that_all_have_forgotten_gives_its_place_to_a_new_one_and_nothing_is_lost_in_totals() -> None:
    whole, process = merged(model_budget=1), Process()
    process.metrics.event_decoded("old", "native", 3)
    process.metrics.set_harm("old", "5m", {"output": 0.1}, {})
    process.tell(whole)
    whole.merge_gauges([process.life])
    process.metrics.forget_model("old")
    process.metrics.event_decoded("new", "native", 2)
    process.tell(whole)
    whole.merge_gauges([process.life])
    process.metrics.event_decoded("newer", "native", 2)
    process.tell(whole)
    assert whole.rows_since_start("harmwatch_events_total") == {("other", "native"): 5.0, ("newer", "native"): 2.0}
    assert whole.total("harmwatch_events_total") == 7


def gauge_lives(**told: list[tuple[bool, dict[tuple[str, ...], float]]]) -> list[ProcessLife]:
    count = max(map(len, told.values()))
    lives = [ProcessLife() for _ in range(count)]
    for name, values in told.items():
        for life, (fresh, by_labels) in zip(lives, values, strict=True):
            life.fresh = fresh
            life.gauges[name] = by_labels
    return lives


def test_each_rule_of_gauges() -> None:
    whole = merged()
    lag = {("t", "0"): 5.0}, {("t", "1"): 7.0}
    other = ("n", "5m", "sum")
    whole.merge_gauges(
        gauge_lives(
            harmwatch_queue_depth=[(True, {(): 3.0}), (True, {(): 4.0})],
            harmwatch_sampling_ratio=[(True, {(): 1.0}), (True, {(): 0.5})],
            harmwatch_shedding=[(True, {(): 0.0}), (True, {(): 1.0})],
            harmwatch_last_progress_timestamp_seconds=[(True, {(): 10.0}), (True, {(): 20.0})],
            harmwatch_consumer_lag=[(True, lag[0]), (True, lag[1])],
            harmwatch_harm_index=[(True, {("m", "5m", "sum"): 0.1}), (True, {("m", "5m", "sum"): 0.9, other: 0.2})],
            harmwatch_parity_evidence=[(True, {("m", "sex"): 5.0}), (True, {("m", "sex"): 3.0})],
            harmwatch_parity_threshold=[(True, {("m", "sex"): 10.0}), (True, {("m", "sex"): 2.0})],
        )
    )  # fmt: skip
    assert gauges(whole, "harmwatch_queue_depth") == {(): 7.0}
    assert gauges(whole, "harmwatch_sampling_ratio") == {(): 0.5}
    assert gauges(whole, "harmwatch_shedding") == {(): 1.0}
    assert gauges(whole, "harmwatch_last_progress_timestamp_seconds") == {(): 20.0}
    assert gauges(whole, "harmwatch_consumer_lag") == {**lag[0], **lag[1]}
    assert gauges(whole, "harmwatch_harm_index") == {("m", "5m", "sum"): 0.1, other: 0.2}
    # Only the second is over its own limit: its statistic and its limit belong together.
    assert gauges(whole, "harmwatch_parity_evidence") == {("m", "sex"): 3.0}
    assert gauges(whole, "harmwatch_parity_threshold") == {("m", "sex"): 2.0}


def test_what_a_process_said_that_no_longer_answers_counts_where_nobody_else_says_anything() -> None:
    whole = merged()
    lives = gauge_lives(
        harmwatch_consumer_lag=[(False, {("t", "0"): 500.0, ("t", "1"): 9.0}), (True, {("t", "0"): 2.0})],
        harmwatch_harm_index=[(False, {("gone", "5m", "sum"): 0.5}), (True, {})],
    )
    whole.merge_gauges(lives)
    assert gauges(whole, "harmwatch_consumer_lag") == {("t", "0"): 2.0, ("t", "1"): 9.0}
    assert gauges(whole, "harmwatch_harm_index") == {}


def test_gauges_of_a_process_that_is_gone_go_with_it_and_names_that_were_written_out_too() -> None:
    whole = merged()
    odd = "\\u000aname"  # as a line break is shown
    whole.merge_gauges(gauge_lives(harmwatch_harm_index=[(True, {(odd, "5m", "sum"): 0.5})]))
    assert gauges(whole, "harmwatch_harm_index") == {(odd, "5m", "sum"): 0.5}
    whole.merge_gauges([])
    assert gauges(whole, "harmwatch_harm_index") == {}


def test_a_name_that_this_version_does_not_know_is_passed_over() -> None:
    whole, life = merged(), ProcessLife()
    content = write_snapshot(metrics().freeze())
    snapshot = read_snapshot(content)
    snapshot.numbers["harmwatch_new_total"] = [((), 1.0)]
    whole.take(life, snapshot)
    assert "harmwatch_new_total" not in whole.freeze().text(openmetrics=False)
