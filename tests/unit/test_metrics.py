"""Asserts on what a scraper sees, never on the store behind it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as parse_plain

from agent.clock import ManualClock
from agent.errors import ConfigError
from agent.metrics import Metrics
from tests.unit.published_metrics import PUBLISHED


class Scrape:
    """A metrics object and what a scraper reads from it."""

    def __init__(self, **budgets: int) -> None:
        self.clock = ManualClock()
        self.registry = CollectorRegistry()
        self.metrics = Metrics(self.registry, clock=self.clock, **budgets)

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, labels)

    def rows(self, name: str) -> dict[tuple[str, ...], float]:
        return {
            tuple(sample.labels.values()): sample.value
            for family in self.registry.collect()
            for sample in family.samples
            if sample.name == name
        }

    def sample_count(self) -> int:
        return sum(len(family.samples) for family in self.registry.collect())


def exercise(metrics: Metrics, model: str = "llama") -> None:
    """Call everything once."""
    metrics.event_decoded(model, "native", 2)
    metrics.scored(model, "output", "toxicity", 3)
    metrics.score(model, "output", "toxicity", 0.97, "4bf92f3577b34da6a3ce929d0e0e4736")
    metrics.scores(model, "input", {"toxicity": 0.0, "pii.email": 1.0})
    metrics.finding(model, "output", "privacy", "pii.email")
    metrics.harmful_event(model, "privacy")
    metrics.scored_event(model, "privacy")
    metrics.passed_by(model, "ordinary")
    metrics.harm_excess(model, "output", 380.0)
    metrics.cascade_texts(model, "toxicity", {"audited": 1.0, "passed": 19.0})
    metrics.cascade_found(model, "toxicity", "audited", 1.0, 19.0)
    metrics.disclosure(model, "pii.email", True)
    metrics.action(model, "output", "mask")
    metrics.decision(model, "gender", "female", "approved", "approved")
    metrics.identity_mention(model, "gender", "women")
    metrics.set_identity_gap(model, "gender", "women", "score_gap", 0.1, 0.05, 0.15)
    metrics.set_identity_sentiment(model, "gender", "women", 0.2, 0.1, 0.3)
    metrics.set_fairness(model, "gender", "spd", -0.1, -0.2, 0.05)
    metrics.set_uncompared(model, "gender", 0.25)
    metrics.set_parity(model, "gender", 14.0, 13.2)
    metrics.parity_alarm(model, "gender", "male", "female")
    metrics.set_drift(model, "mmd", "embedding", 0.4, 0.3)
    metrics.set_bias_hint(model, "gender", "female", "input.features.income", held=True)
    metrics.drift_detected(model, "mmd", "embedding")
    metrics.drift_not_watched("models")
    components = {"privacy": 0.1, "bias": None}
    metrics.set_harm(
        model, "5m", components, {"sum": 0.1}, {"privacy": (0.05, 0.2)}, {"privacy": 99}, {"sum": (0.05, 0.2)}
    )
    metrics.answer(model, refused=True)
    metrics.repeated_question(model)
    metrics.contradiction(model, "numbers")
    metrics.campaign(model, "near_duplicates")
    metrics.set_campaigns(model, "near_duplicates", 1)
    metrics.dead_letter("inference.events", "not_json")
    metrics.missing("toxicity", "deadline", 4)
    metrics.duplicate("native")
    metrics.orphan("kserve")
    metrics.truncated("native")
    metrics.redacted("litellm")
    metrics.late_event("too_late")
    metrics.cache_lookups("hit", 5)
    metrics.commit("ok")
    metrics.label("joined")
    metrics.late_label(model, "gender", "female", "approved", "approved")
    metrics.decisions_awaiting_label(3)
    metrics.decision_given_up()
    metrics.state_left_out("drift")
    metrics.stage("decode", 2e-5)
    metrics.batch("toxicity", "tokens", 32, 4096)
    metrics.event_lag(model, 0.2)
    metrics.consumer_lag("inference.events", 3, 12)
    metrics.last_progress(1_700_000_000.5)
    metrics.partition_progress("inference.events", 3, 1_700_000_000.5)
    metrics.records("inference.events", 2)
    metrics.deleted_unread("inference.events", 3)
    metrics.ready(True)
    metrics.started(1_700_000_000.5)
    metrics.broker_answered(1_700_000_000.5)
    metrics.config_taken(1_700_000_000.5, "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b")
    metrics.config_reload(1_700_000_001.5, applied=False)
    metrics.feedback("output", "toxicity", correct=True)
    metrics.set_feedback("output", "toxicity", 9, 1)
    metrics.queue_depth(7)
    metrics.build_info("0.1.0", "3.11.7")


def test_names_types_and_labels_are_those_of_the_contract() -> None:
    scrape = Scrape()
    exercise(scrape.metrics)
    seen = set()
    for family in scrape.registry.collect():
        name = family.name + ("_total" if family.type == "counter" else "")
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        seen.add((name, family.type, frozenset(labels)))
    published = set()
    for line in PUBLISHED.split("\n"):
        if line:
            name, kind, labels = line.split(" ")
            published.add((name, kind, frozenset(labels.split(",")) - {"-"}))
    assert seen == published


def test_counters_add_up() -> None:
    scrape = Scrape()
    exercise(scrape.metrics)
    exercise(scrape.metrics)
    assert scrape.value("harmwatch_events_total", model="llama", format="native") == 4
    assert scrape.value("harmwatch_missing_scores_total", scorer="toxicity", reason="deadline") == 8
    whom = {"attribute": "gender", "group": "female", "decision": "approved", "label": "approved"}
    assert scrape.value("harmwatch_decisions_total", model="llama", **whom) == 2


def test_no_harm_is_a_zero_where_somebody_looked_and_nothing_where_nobody_did() -> None:
    scrape = Scrape()
    scrape.metrics.scored_event("llama", "output")
    scrape.metrics.scored_event("llama", "privacy")
    scrape.metrics.harmful_event("llama", "privacy")
    scrape.metrics.scored_event("llama", "privacy")
    assert scrape.rows("harmwatch_scored_events_total") == {("llama", "output"): 1, ("llama", "privacy"): 2}
    assert scrape.rows("harmwatch_harmful_events_total") == {("llama", "output"): 0, ("llama", "privacy"): 1}


def test_an_unknown_label_is_empty_and_an_empty_name_is_unknown() -> None:
    scrape = Scrape()
    scrape.metrics.decision("", "gender", "female", "approved")
    assert list(scrape.rows("harmwatch_decisions_total")) == [("unknown", "gender", "female", "approved", "")]


def test_histogram_buckets_are_cumulative_and_their_bounds_inclusive() -> None:
    scrape = Scrape()
    for value in (0.05, 0.050001, 0.95, 1.0, 0.0):
        scrape.metrics.score("m", "input", "c", value)
    where = {"model": "m", "direction": "input", "category": "c"}
    assert scrape.value("harmwatch_score_bucket", **where, le="0.05") == 2
    assert scrape.value("harmwatch_score_bucket", **where, le="0.1") == 3
    assert scrape.value("harmwatch_score_bucket", **where, le="0.95") == 4
    assert scrape.value("harmwatch_score_bucket", **where, le="+Inf") == 5
    assert scrape.value("harmwatch_score_count", **where) == 5
    assert scrape.value("harmwatch_score_sum", **where) == pytest.approx(2.050001)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_does_not_spoil_a_sum(value: float) -> None:
    scrape = Scrape()
    scrape.metrics.score("m", "input", "c", value)
    scrape.metrics.stage("decode", value)
    scrape.metrics.stage("decode", 1.0)
    assert scrape.value("harmwatch_score_sum", model="m", direction="input", category="c") in (None, 0.0)
    assert scrape.value("harmwatch_stage_seconds_sum", stage="decode") == 1.0


def test_clock_skew_counts_as_no_lag() -> None:
    scrape = Scrape()
    scrape.metrics.event_lag("m", -30.0)
    assert scrape.value("harmwatch_event_lag_seconds_sum", model="m") == 0.0
    assert scrape.value("harmwatch_event_lag_seconds_bucket", model="m", le="0.01") == 1


def test_openmetrics_has_exemplars_and_parses() -> None:
    scrape = Scrape()
    exercise(scrape.metrics)
    text = openmetrics.generate_latest(scrape.registry).decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    found = [sample for sample in families["harmwatch_score"].samples if sample.exemplar]
    assert [(s.labels["le"], s.exemplar.labels, s.exemplar.value) for s in found] == [
        ("1.0", {"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"}, 0.97)
    ]
    assert float(found[0].exemplar.timestamp) == scrape.clock.now()
    assert len(families) == len(PUBLISHED.split()) // 3


def test_the_plain_form_has_no_exemplars_and_parses() -> None:
    scrape = Scrape()
    exercise(scrape.metrics)
    text = generate_latest(scrape.registry).decode()
    assert "trace_id" not in text
    assert sum(len(family.samples) for family in parse_plain(text)) == scrape.sample_count()


@pytest.mark.parametrize("trace_id", ["", "a b", "é", "x" * 65, "alice@example.com", 'a"b', "a\nb", "٣"])
def test_only_what_looks_like_a_trace_id_becomes_an_exemplar(trace_id: str) -> None:
    scrape = Scrape()
    scrape.metrics.score("m", "input", "c", 0.5, trace_id)
    scrape.metrics.scores("m", "input", {"d": 0.5}, trace_id)
    assert " # {" not in openmetrics.generate_latest(scrape.registry).decode()


@pytest.mark.parametrize("budget", [500, 2000, 20_000])
def test_series_stay_under_the_budget_under_attack(budget: int) -> None:
    scrape = Scrape(series_budget=budget)
    metrics = scrape.metrics
    n = 30_000
    for i in range(n):
        evil = f"evil-{i}"
        metrics.event_decoded(evil, evil)
        metrics.score(evil, "output", evil, 0.5)
        metrics.decision(evil, f"a{i % 97}", evil, evil, evil)
        metrics.finding(evil, "output", "privacy", evil)
        metrics.consumer_lag(evil, i, 1)
        metrics.dead_letter(evil, evil)
        metrics.set_fairness(evil, evil, "spd", 0.1)
        metrics.event_lag(evil, 1.0)
    assert scrape.sample_count() <= budget
    assert scrape.value("harmwatch_series") == scrape.sample_count()
    for name in ("harmwatch_events_total", "harmwatch_decisions_total", "harmwatch_dead_letters_total"):
        assert sum(scrape.rows(name).values()) == n
    assert sum(scrape.rows("harmwatch_score_count").values()) == n
    assert scrape.rows("harmwatch_other_series_total")[("harmwatch_events_total",)] > n / 2


def test_a_million_models_fold_into_other() -> None:
    scrape = Scrape(model_budget=200)
    for i in range(1_000_000):
        scrape.metrics.event_decoded(f"m{i}", "native")
    rows = scrape.rows("harmwatch_events_total")
    assert len(rows) == 201
    assert rows[("other", "native")] == 1_000_000 - 200


def test_the_pipelines_own_metrics_keep_their_room_under_attack() -> None:
    scrape = Scrape(series_budget=1000)
    for i in range(5000):
        scrape.metrics.score(f"m{i}", "output", f"c{i}", 0.5)
        scrape.metrics.event_decoded(f"m{i}", f"f{i}")
        scrape.metrics.decision(f"m{i}", f"a{i}", f"g{i}", f"d{i}")
    scrape.metrics.dead_letter("inference.events", "not_json")
    scrape.metrics.missing("toxicity", "deadline")
    assert scrape.value("harmwatch_dead_letters_total", topic="inference.events", reason="not_json") == 1
    assert scrape.value("harmwatch_missing_scores_total", scorer="toxicity", reason="deadline") == 1


def test_label_caps() -> None:
    scrape = Scrape()
    for i in range(300):
        scrape.metrics.decision("m", f"a{i}", "g", "d")
        scrape.metrics.decision("m", "a1", f"g{i}", "d")
        scrape.metrics.decision("m", "a2", f"g{i}", "d")
        scrape.metrics.decision("m", "a3", "g", f"d{i}")
    rows = scrape.rows("harmwatch_decisions_total")
    assert len({attribute for _, attribute, *_ in rows}) == 20 + 1
    assert {len({group for _, attribute, group, *_ in rows if attribute == name}) for name in ("a1", "a2")} == {50 + 1}
    assert len({decision for *_, decision, _ in rows}) == 50 + 1
    assert {group for _, attribute, group, *_ in rows if attribute == "other"} == {"other"}


def test_a_gauge_without_a_place_is_not_exposed() -> None:
    scrape = Scrape(model_budget=1)
    for model in ("first", "second"):
        scrape.metrics.set_harm(model, "5m", {"output": 0.5}, {"sum": 0.5})
    assert list(scrape.rows("harmwatch_harm_index")) == [("first", "5m", "sum")]


def test_declared_names_have_their_places_before_traffic() -> None:
    scrape = Scrape(model_budget=2)
    scrape.metrics.declare(models=["ours"], formats=["native"], scorers=["toxicity"])
    for i in range(10):
        scrape.metrics.event_decoded(f"evil-{i}", "native")
    scrape.metrics.event_decoded("ours", "native")
    assert scrape.value("harmwatch_events_total", model="ours", format="native") == 1
    assert scrape.value("harmwatch_duplicates_total", format="native") == 0
    assert scrape.value("harmwatch_missing_scores_total", scorer="toxicity", reason="deadline") == 0


def test_a_forgotten_model_loses_its_gauges_and_keeps_its_counters() -> None:
    scrape = Scrape()
    exercise(scrape.metrics, "old")
    exercise(scrape.metrics, "new")
    scrape.metrics.forget_model("old")
    gauges = {family.name for family in scrape.registry.collect() if family.type == "gauge"}
    models = {
        sample.labels["model"]
        for family in scrape.registry.collect()
        if family.name in gauges
        for sample in family.samples
        if "model" in sample.labels
    }
    assert models == {"new"}
    assert scrape.value("harmwatch_events_total", model="old", format="native") == 2
    assert scrape.value("harmwatch_series") == scrape.sample_count()


def test_a_forgotten_model_gives_its_place_to_a_new_one() -> None:
    scrape = Scrape(model_budget=2)
    for model in ("a", "b"):
        scrape.metrics.event_decoded(model, "native")
        scrape.metrics.set_harm(model, "5m", {"output": 0.5}, {"sum": 0.5})
        scrape.metrics.forget_model(model)
    scrape.metrics.set_harm("a", "5m", {"output": 0.5}, {"sum": 0.5})
    for model in ("c", "d"):
        scrape.metrics.event_decoded(model, "native")
    assert set(scrape.rows("harmwatch_events_total")) == {("a", "native"), ("c", "native"), ("other", "native")}
    assert scrape.value("harmwatch_series") == scrape.sample_count()


def test_none_removes_a_gauge() -> None:
    scrape = Scrape()
    exercise(scrape.metrics)
    scrape.metrics.set_harm("llama", "5m", {"privacy": None}, {"sum": None, "union": math.nan})
    scrape.metrics.set_fairness("llama", "gender", "spd", None)
    scrape.metrics.set_uncompared("llama", "gender", None)
    scrape.metrics.set_drift("llama", "mmd", "embedding", None, None)
    for name in (
        "harmwatch_harm_component",
        "harmwatch_harm_index",
        "harmwatch_harm_index_bound",
        "harmwatch_harm_component_bound",
        "harmwatch_harm_scored",
        "harmwatch_fairness",
        "harmwatch_uncompared_ratio",
        "harmwatch_drift_statistic",
    ):
        assert scrape.rows(name) == {}


def test_a_revoked_partition_has_no_lag() -> None:
    scrape = Scrape()
    scrape.metrics.consumer_lag("t", 0, 5)
    scrape.metrics.consumer_lag("t", 1, 6)
    scrape.metrics.drop_partition("t", 0)
    scrape.metrics.drop_partition("t", 9)
    assert scrape.rows("harmwatch_consumer_lag") == {("t", "1"): 6.0}


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("llama\n3", r"llama\u000a3"),
        ("a\x00b\x7f", r"a\u0000b\u007f"),
        ("\ud800x", r"\ud800x"),
        ("abc\u202edcb", r"abc\u202edcb"),
        ("bot\u00a0a \U000e0041", r"bot\u00a0a \u{e0041}"),
        ("通义千问", "通义千问"),
        ("\u200b", r"\u200b"),
        (r"\u200b", r"\u005cu200b"),
        ("", "unknown"),
        ("x" * 5000, "x" * 103 + "…c59d3c0480cc2d71"),
        ('quo"te\\', 'quo"te\\'),
    ],
)
def test_label_values_are_cleaned(raw: str, shown: str) -> None:
    scrape = Scrape()
    scrape.metrics.event_decoded(raw, "native")
    scrape.metrics.event_decoded(raw, "native")
    assert scrape.rows("harmwatch_events_total") == {(shown, "native"): 2.0}
    scrape.metrics.set_harm(raw, "5m", {"output": 0.5}, {"sum": 0.5})
    scrape.metrics.set_harm(raw, "5m", {"output": None}, {"sum": None})
    assert scrape.rows("harmwatch_harm_index") == {}


@settings(max_examples=200)
@given(st.lists(st.text(st.characters()), max_size=5))
def test_any_text_as_label_can_be_scraped(names: list[str]) -> None:
    scrape = Scrape(series_budget=500)
    for name in names:
        scrape.metrics.decision(name, name, name, name, name)
        scrape.metrics.score(name, "input", name, 0.5, name)
    for _ in text_string_to_metric_families(openmetrics.generate_latest(scrape.registry).decode()):
        pass
    assert sum(scrape.rows("harmwatch_decisions_total").values()) == len(names)


def test_the_registry_refuses_a_second_one() -> None:
    scrape = Scrape()
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        Metrics(scrape.registry, clock=scrape.clock)


@pytest.mark.parametrize("budgets", [{"series_budget": 499}, {"model_budget": 0}])
def test_a_budget_too_small_is_a_configuration_error(budgets: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="must be at least"):
        Scrape(**budgets)
