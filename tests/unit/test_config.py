"""Configuration: mistakes become one line, secrets never show."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.yaml_file import load_yaml
from streams.access.clients import client_options
from streams.config import WorkerConfig, load_config


def write(folder: Path, text: str) -> Path:
    path = folder / "harmwatch.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_empty_file_is_all_defaults(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, ""))
    assert config.topics.events == ("inference.events",)
    assert set(config.scorers) == {"pii", "toxicity", "adversarial", "groundedness"}
    assert (config.web.host, config.web.port) == ("127.0.0.1", 9464)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("kafka: [", "is no valid YAML"),
        ("web: {port: 9464, token: ${NAME}}", "at line 1, column 27: put ${...} into quotes inside of { } and [ ]"),
        ("topics:\n  events: [a, ${NAME}]", "at line 2, column 16: put ${...} into quotes"),
        ("- a", "top level must be a mapping"),
        ("kafka: {bootstrap: x}", "kafka.bootstrap: there is no such key"),
        ("batching: {max_texts: 0}", "batching.max_texts"),
        ("batching: {max_wait_seconds: .nan}", "batching.max_wait_seconds"),
        ("bias: {score_thresholds: {m: .nan}}", "bias.score_thresholds.m: Input should be a finite number"),
        ("bias: {score_thresholds: {m: .inf}}", "bias.score_thresholds.m: Input should be a finite number"),
        ("bias: {score_thresholds: {m: yes}}", "bias.score_thresholds: m: must be a number, not true or false"),
        ("web: {port: yes}", "web.port: must be a number, not true or false"),
        ("windows: {min_count: true}", "windows.min_count: must be a number"),
        ("windows: {windows_seconds: [yes, 300]}", "windows.windows_seconds: must be a number"),
        ("tap: {commit_interval_seconds: on}", "tap.commit_interval_seconds: must be a number"),
        ("drift: {events_per_hour: off}", "drift.events_per_hour: must be a number"),
        ("scorers: {toxicity: {thresholds: {toxicity: true}}}", "toxicity: must be a number, not true or false"),
        ("scorers: {toxicity: {thresholds: {toxicity: .nan}}}", "scorers.toxicity.thresholds.toxicity"),
        ("windows: {windows_seconds: [60, 30]}", "must rise strictly"),
        ("kafka: {security_protocol: SASL_SSL}", "SASL needs sasl_username"),
        ("topics: {verdicts: inference.events}", "a name of its own"),
        ("topics: {events: ['no spaces']}", "topics.events.0"),
        ("web: {token: short}", "at least 16"),
        ("web: {token: '${HARMWATCH_NOT_SET}'}", "HARMWATCH_NOT_SET is not set"),
        ("log_level: LOUD", "log_level"),
        ("campaigns: {kinds: burst}", "campaigns.kinds: Input should be a list"),
        ("campaigns: {kinds: []}", "campaigns.kinds: List should have at least 1 item"),
        ("campaigns: [burst]", "campaigns: Input should be a mapping"),
    ],
)
def test_mistakes_are_one_line_that_says_where(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, text))
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_of_too_many_values_is_refused_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "harmwatch.yaml"
    path.write_bytes(b"a: [" + b"1," * 400_000 + b"]")
    tracemalloc.start()
    try:
        with pytest.raises(ConfigError, match="too many values"):
            load_config(path)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 60e6  # read first and counted then it takes four times as much


def test_whole_numbers_are_numbers_and_options_are_the_scorers_own(tmp_path: Path) -> None:
    config = load_config(write(
        tmp_path,
        "bias: {score_thresholds: {m: 1}}\ntap: {commit_interval_seconds: 2}\nmetrics: {max_series: 5000}\n"
        "evidence: {enabled: no}\nscorers: {toxicity: {trust_remote_code: no, thresholds: {toxicity: 1}}}",
    ))  # fmt: skip
    assert config.bias.score_thresholds == {"m": 1.0} and config.tap.commit_interval_seconds == 2.0
    assert not config.evidence.enabled and config.scorers["toxicity"].options == {"trust_remote_code": False}


def test_a_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "absent.yaml")


def test_variables_come_from_the_environment(tmp_path: Path) -> None:
    path = write(tmp_path, "a: {b: ['${NAME}-x', '${OTHER:-y}']}")
    assert load_yaml(path, {"NAME": "n"}) == {"a": {"b": ["n-x", "y"]}}


def test_secrets_never_show(tmp_path: Path) -> None:
    secret = "correct-horse-battery-staple"
    text = f"""
kafka: {{security_protocol: SASL_SSL, sasl_username: u, sasl_password: {secret}}}
web: {{token: {secret}}}
evidence: {{hash_key: {secret}}}
"""
    config = load_config(write(tmp_path, text))
    assert secret not in repr(config)
    assert secret not in str(config.model_dump())
    assert secret not in config.model_dump_json()


def test_a_bad_secret_is_not_quoted_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, "web: {token: hunter2}"))
    assert "hunter2" not in str(caught.value)


def test_a_missing_certificate_is_a_clear_error() -> None:
    config = WorkerConfig.model_validate({"kafka": {"security_protocol": "SSL", "ssl_ca_file": "/nowhere/ca.pem"}})
    with pytest.raises(ConfigError, match=r"kafka\.ssl_"):
        client_options(config.kafka)


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
        "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d]",
        "kafka: &a {x: *a}",
        "kafka: !!int 'secretval'",
        "kafka: !!bool 'secretval'",
        "kafka: 2026-13-45",
        f"kafka: {'9' * 5000}",
        "kafka: {bootstrap_servers: 'secretval:port'}",
        "kafka: {bootstrap_servers: ''}",
        '"a\\n\\nb": 1',
        "kafka: {\u202e: 1}",
        'kafka: {"\\e[31m": "${NAME}"}',
    ],
)
def test_hostile_files_are_one_line_and_never_quoted(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, text))
    assert "secretval" not in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_file_of_another_encoding_is_said_to_be_one(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes("worker: {}\nlog_level: caf\u00e9\n".encode("latin-1"))
    with pytest.raises(ConfigError, match="line 2 is not UTF-8"):
        load_config(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("columns: {a: drop}\nother: 1\ncolumns: {b: drop}\n", "line 3: the key 'columns' stands twice"),
        ("a:\n  b: 1\n  'b': 2\n", "line 3: the key 'b' stands twice"),
        ("a: [{b: 1, b: 2}]\n", "line 1: the key 'b' stands twice"),
    ],
)
def test_a_key_that_stands_twice_is_a_mistake(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        load_yaml(path)


def test_merged_keys_may_be_given_again(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        "base: &base {a: 1, b: 2}\nx: {y: &y {<<: *base, b: 3}}\nmore:\n  <<: *y\n  a: 4\n", encoding="utf-8"
    )
    assert load_yaml(path)["more"]["a"] == 4
