"""streams.live_keys: of every key of the configuration it is known whether it needs a restart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from agent.config import ScorerConfig, validate
from streams.config import WorkerConfig
from streams.live_keys import LIVE_KEYS, changed_keys, is_live

MASK = {"policy": {"default": "mask"}}  # what `topics.filtered` needs
CERTIFICATE = {"web": {"tls": {"cert_file": "/here.pem"}}}
INGEST_CERT = {"ingest": {"tls": {"cert_file": "/cert.pem"}}}
PROXY_CERT = {"proxy": {"tls": {"cert_file": "/cert.pem"}}}
SASL = {"security_protocol": "SASL_PLAINTEXT", "sasl_username": "u", "sasl_password": "p"}

#: Another value for every key. Of a few there must be more than the key itself.
LIVE: dict[str, Any] = {
    "policy.rules": [{"action": "mask", "category": "pii.*"}],
    "policy.default": "allow",
    "policy.on_missing": "mask",
    "policy.messages.en": "[removed]",
    "policy.messages.zh": "[已移除]",
    "scorers.toxicity.thresholds": {"toxicity": 0.3},
    "attacks.outcomes": False,
    "attacks.leak_threshold": 0.4,
    "attacks.success_threshold": 0.4,
    "evidence.enabled": False,
    "evidence.keep_texts": False,
    "evidence.max_chars": 1000,
    "campaigns.suspicious": 0.5,
    "overload.share": 0.5,
    "overload.shares": {"chat": 0.25},
    "overload.lag_budget_seconds": 60.0,
    "overload.models": {"chat": 20.0},
    "overload.min_ratio": 0.1,
    "overload.calm_seconds": 5.0,
    "reload.watch_seconds": 0,
    "log_level": "DEBUG",
}
RESTART: dict[str, Any] = {
    "scorers.toxicity.enabled": False,
    "scorers.toxicity.kind": "ngrams",
    "scorers.toxicity.options": {"threshold": 0.4},
    "scorers.toxicity.calibration": "/elsewhere.json",
    "scorers.toxicity.cascade": {"screen": "ngrams"},
    "batching.max_texts": 9,
    "batching.max_tokens": 9,
    "batching.max_wait_seconds": 9,
    "executor.deadline_seconds": 9,
    "executor.cache_entries": 9,
    "windows.pane_seconds": 9,
    "windows.windows_seconds": [9],
    "windows.allowed_lateness_seconds": 9,
    "windows.max_models": 9,
    "windows.models": ["loan"],
    "windows.min_count": 9,
    "windows.min_group": 9,
    "windows.favourable": {"loan": ["yes"]},
    "evidence.hash_key": "another key",
    "explain.findings": True,
    "explain.max_evaluations": 9,
    "explain.evaluations_per_second": 9,
    "explain.max_seconds": 9,
    "attacks.passages": False,
    "bias.attributes": ["age"],
    "bias.groups": {"age": ["old"]},
    "bias.intersections": [["age", "sex"]],
    "bias.score_thresholds": {"loan": 0.4},
    "bias.ert_hours": 9,
    "bias.tolerated_ratio": 0.8,
    "drift.enabled": True,
    "drift.features": ["output.*"],
    "drift.attributes": ["age"],
    "drift.numbers": ["ks"],
    "drift.categories": ["fisher"],
    "drift.reference": "/elsewhere.npz",
    "drift.first": 99,
    "drift.ert_hours": 9,
    "drift.events_per_hour": 9,
    "drift.max_series": 9,
    "drift.max_models": 9,
    "drift.embeddings.encoder": "built_in",
    "drift.embeddings.share": 0.9,
    "drift.embeddings.directions": ["input"],
    "drift.embeddings.components": 9,
    "drift.embeddings.detectors": ["alibi_mmd"],
    "drift.embeddings.max_series": 9,
    "identity.enabled": False,
    "identity.scorer": "ngrams",
    "identity.min_group": 9,
    "identity.sentiment.kind": "lexicon",
    "identity.sentiment.options": {"labels": {}},
    "join.max_entries": 9,
    "join.max_chars": 9,
    "join.ttl_seconds": 9,
    "labels.max_waiting": 9,
    "labels.max_early": 9,
    "labels.early_seconds": 9,
    "consistency.max_questions": 9,
    "campaigns.enabled": False,
    "campaigns.kinds": ["burst"],
    "campaigns.min_events": 9,
    "campaigns.window_seconds": 9,
    "campaigns.quiet_seconds": 9,
    "campaigns.similarity": 0.5,
    "campaigns.ert_hours": 9,
    "campaigns.max_clusters": 99,
    "campaigns.max_tenants": 9,
    "metrics.max_series": 999,
    "metrics.max_models": 9,
    "kafka.bootstrap_servers": "elsewhere:9092",
    "kafka.group_id": "another",
    "kafka.worker_name": "another",
    "kafka.auto_offset_reset": "latest",
    "kafka.session_timeout_seconds": 9,
    "kafka.security_protocol": "SSL",
    "kafka.sasl_mechanism": "SCRAM-SHA-512",
    "kafka.sasl_username": "another",
    "kafka.sasl_password": "another",
    "kafka.sasl_password_file": "/elsewhere",
    "kafka.oauth_token_file": "/elsewhere",
    "kafka.oauth_token_url": "https://elsewhere/token",
    "kafka.oauth_client_id": "another",
    "kafka.oauth_client_secret": "another",
    "kafka.oauth_client_secret_file": "/elsewhere",
    "kafka.oauth_scope": "another",
    "kafka.oauth_ca_file": "/elsewhere.pem",
    "kafka.ssl_ca_file": "/elsewhere.pem",
    "kafka.ssl_cert_file": "/elsewhere.pem",
    "kafka.ssl_key_file": "/elsewhere.pem",
    "kafka.ssl_key_password": "another",
    "kafka.ssl_key_password_file": "/elsewhere",
    "kafka.ssl_check_hostname": False,
    "topics.events": ["another"],
    "topics.labels": "another",
    "topics.verdicts": "another",
    "topics.evidence": "another",
    "topics.panes": "another",
    "topics.decisions": "another",
    "topics.dlq": "another",
    "topics.audit": None,
    "topics.feedback": None,
    "topics.filtered": "another",
    "topics.sanitised": "another",
    "topics.formats": {"inference.events": "openai"},
    "topics.create_missing": False,
    "topics.replication_factor": 1,
    "topics.verdict_partitions": 9,
    "tap.max_poll_records": 9,
    "tap.max_in_flight_records": 9,
    "tap.max_unflushed_records": 9,
    "tap.max_unflushed_bytes": 9,
    "tap.max_record_bytes": 9,
    "tap.commit_interval_seconds": 9,
    "tap.drain_seconds": 9,
    "tap.revoke_seconds": 9,
    "tap.sink_patience_seconds": 9,
    "tap.rewind_records": 9,
    "tap.stall_seconds": 9,
    "dead_letters.max_consecutive": 9,
    "dead_letters.max_ratio": 0.9,
    "dead_letters.ratio_records": 9,
    "trust.public_keys": ["RW" + "A" * 54],
    "trust.require": True,
    "trust.monotonic": True,
    "trust.record": "/elsewhere.json",
    "worker.processes": 2,
    "web.host": "0.0.0.0",
    "web.port": 9,
    "web.token": "sixteen characters",
    "web.tokens_file": "/elsewhere.yaml",
    "web.tls.cert_file": "/elsewhere.pem",
    "web.tls.key_file": "/elsewhere.pem",
    "web.tls.key_password": "another",
    "web.tls.client_ca_file": "/elsewhere.pem",
    "web.limits.address_requests_per_second": 9,
    "web.limits.token_requests_per_second": 9,
    "web.limits.wrong_tokens_per_minute": 9,
    "ingest.spool_directory": "/elsewhere",
    "ingest.spool_max_bytes": 99_999,
    "ingest.pending_bytes": 99_999,
    "ingest.max_record_bytes": 9999,
    "ingest.kafka_patience_seconds": 9,
    "ingest.retry_seconds": 9,
    "ingest.host": "0.0.0.0",
    "ingest.port": 9,
    "ingest.token": "sixteen characters",
    "ingest.token_file": "/elsewhere",
    "ingest.tls.cert_file": "/elsewhere.pem",
    "ingest.tls.key_file": "/elsewhere.pem",
    "ingest.tls.key_password": "another",
    "ingest.tls.client_ca_file": "/elsewhere.pem",
    "ingest.topic": "another",
    "ingest.max_body_bytes": 9999,
    "ingest.bodies_bytes": 9_999_999,
    "ingest.body_seconds": 9,
    "ingest.max_connections": 99,
    "ingest.drain_seconds": 9,
    "proxy.host": "0.0.0.0",
    "proxy.port": 9,
    "proxy.tls.cert_file": "/elsewhere.pem",
    "proxy.tls.key_file": "/elsewhere.pem",
    "proxy.tls.key_password": "another",
    "proxy.tls.client_ca_file": "/elsewhere.pem",
    "proxy.upstream": "http://elsewhere:9",
    "proxy.upstream_ca_file": "/elsewhere.pem",
    "proxy.preserve_host": True,
    "proxy.max_connections": 9,
    "proxy.max_head_bytes": 9999,
    "proxy.max_idle_servers": 9,
    "proxy.connect_seconds": 9,
    "proxy.head_seconds": 9,
    "proxy.idle_seconds": 9,
    "proxy.client_seconds": 9,
    "proxy.response_seconds": 9,
    "proxy.server_idle_seconds": 9,
    "proxy.drain_seconds": 9,
    "proxy.tap.sink": "core",
    "proxy.tap.topic": "another",
    "proxy.tap.source": "another",
    "proxy.tap.ids": "request",
    "proxy.tap.routes": ["/another"],
    "proxy.tap.max_body_bytes": 9999,
    "proxy.tap.max_held_bytes": 9999,
    "proxy.tap.max_backlog_bytes": 9999,
    "proxy.tap.max_queue_bytes": 9999,
    "proxy.tap.stop_seconds": 9,
    "proxy.tap.spool_directory": "/elsewhere",
    "proxy.tap.spool_max_bytes": 99_999,
    "proxy.tap.pending_bytes": 99_999,
    "proxy.tap.max_record_bytes": 9999,
    "proxy.tap.kafka_patience_seconds": 9,
    "proxy.tap.retry_seconds": 9,
}
BESIDE: dict[str, dict[str, Any]] = {
    "kafka.sasl_password_file": {},
    "kafka.ssl_key_file": {"kafka": {"ssl_cert_file": "/somewhere.pem"}},
    "topics.filtered": MASK,
    **dict.fromkeys(("web.tls.key_file", "web.tls.key_password", "web.tls.client_ca_file"), CERTIFICATE),
    **dict.fromkeys(("ingest.tls.key_file", "ingest.tls.key_password", "ingest.tls.client_ca_file"), INGEST_CERT),
    **dict.fromkeys(("proxy.tls.key_file", "proxy.tls.key_password", "proxy.tls.client_ca_file"), PROXY_CERT),
    "trust.require": {"trust": {"public_keys": ["RW"]}},
    "trust.monotonic": {"trust": {"public_keys": ["RW"], "require": True, "record": "/here.json"}},
    "drift.embeddings.detectors": {"drift": {"embeddings": {"encoder": "built_in"}}},
}


def every_key(section: type[BaseModel], path: str = "") -> Iterator[str]:
    for name, field in section.model_fields.items():
        if f"{path}{name}" == "scorers":
            yield from every_key(ScorerConfig, "scorers.toxicity.")
        elif isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from every_key(field.annotation, f"{path}{name}.")
        else:
            yield f"{path}{name}"


def merged(*plain: dict[str, Any]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for each in plain:
        for name, value in each.items():
            whole[name] = merged(whole.get(name, {}), value) if isinstance(value, dict) else value
    return whole


def nested(key: str, value: Any) -> dict[str, Any]:
    for step in reversed(key.split(".")):
        value = {step: value}
    return value  # type: ignore[no-any-return]


def configured(*plain: dict[str, Any]) -> WorkerConfig:
    return validate(WorkerConfig, merged({"kafka": {"worker_name": "w1"}}, *plain), "test")


def test_of_every_key_it_is_written_down_whether_it_needs_a_restart() -> None:
    assert sorted([*LIVE, *RESTART]) == sorted(every_key(WorkerConfig))
    assert {key.replace(".toxicity.", ".<name>.") for key in LIVE} == set(LIVE_KEYS)


@pytest.mark.parametrize(("key", "value"), [*LIVE.items(), *RESTART.items()], ids=[*LIVE, *RESTART])
def test_a_changed_key_is_named_and_known_to_be_live_or_not(key: str, value: Any) -> None:
    base = BESIDE.get(key, {"kafka": SASL} if key.startswith("kafka.sasl") else {})
    change = nested(key, value)
    assert changed_keys(configured(base), configured(base, change)) == [key]
    assert changed_keys(configured(base, change), configured(base, change)) == []
    assert is_live(key) is (key in LIVE)


def test_a_scorer_that_stands_in_one_file_alone_is_one_key_and_needs_a_restart() -> None:
    more = {"scorers": {"canary": {"enabled": False, "thresholds": {"pii.canary": 0.4}}}}
    assert changed_keys(configured(), configured(more)) == ["scorers.canary"]
    assert changed_keys(configured(more), configured()) == ["scorers.canary"]
    assert not is_live("scorers.canary")


@pytest.mark.parametrize(
    ("old", "new", "differs"),
    [
        ("{a: 1, b: 2}", "{b: 2, a: 1}", False),
        ("{a: 1}", "{a: true}", True),
        ("{a: [1, 2]}", "{a: [1, 2.0]}", True),
        ("{a: .nan}", "{a: .nan}", False),
        ("{a: {b: [x]}}", "{a: {b: [x]}}", False),
        ("{a: {b: [x]}}", "{a: {b: [x, x]}}", True),
        ("{a: xy}", "{a: [x, y]}", True),
    ],
)
def test_options_are_compared_by_value_and_type(old: str, new: str, differs: bool) -> None:
    before, after = (configured({"scorers": {"toxicity": {"options": yaml.safe_load(text)}}}) for text in (old, new))
    assert changed_keys(before, after) == (["scorers.toxicity.options"] if differs else [])


def test_secrets_are_compared_and_not_shown() -> None:
    (named,) = changed_keys(configured({"web": {"token": "a" * 16}}), configured({"web": {"token": "b" * 16}}))
    assert named == "web.token"
