"""What can never work is said where the server starts, and not waited for."""

from __future__ import annotations

from typing import Any

import pytest

from harmwatch_client import ConfigurationError, Tap


def refused(words: str, make: Any, *arguments: Any, **named: Any) -> None:
    with pytest.raises(ConfigurationError) as error:
        make(*arguments, **named)
    assert words in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:0", "https://ingest:0/v1/events"])
def test_a_port_on_which_nothing_listens(url: str) -> None:
    """It was taken for the scheme's own port."""
    refused("url: nothing listens on port 0", Tap, url)


@pytest.mark.parametrize(
    "host", ["a..b", ".a", "-a", "a-", "a" * 64, "a," + "b", "*", ".".join(["a" * 60] * 5), "[::1", "[::g]", "a%2fb"]
)
def test_hosts_that_are_none(host: str) -> None:
    refused("url: ", Tap, f"http://{host}:9465")


@pytest.mark.parametrize(
    "host", ["ingest", "a_b.ns.svc", "ingest.example.", "127.0.0.1", "[::1]", "[fe80::1%25eth0]", "x" * 63, "1a-2.b"]
)
def test_hosts_that_may_be(host: str) -> None:
    Tap(f"http://{host}:9465").close(0.0)


@pytest.mark.parametrize(
    "servers",
    ["broker:x", "broker:99999", "broker:0", "broker:", "a..b:9092", "a b:9092", "", " ", ":9092", "[::1:9092", "[a]:1",
     "a:1,,b:2", "http://user:secret@broker:9092", None, 5, b"broker:9092", [], ["broker:9092", 5], [None], {}],
)  # fmt: skip
def test_brokers_that_are_none(servers: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^bootstrap_servers: ") as error:
        Tap.kafka(servers)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    "servers",
    [
        "broker",
        "broker:9092",
        "a:1, b:65535",
        ["a:1", "b"],
        ("a:1",),
        "[::1]:9092",
        "[::1]",
        "::1",
        "SASL_SSL://a:9093",
    ],
)
def test_brokers_that_may_be(servers: Any) -> None:
    Tap.kafka(servers).close(0.0)


def test_which_of_the_brokers_is_none_is_said() -> None:
    refused("number 2 of them", Tap.kafka, "a:9092,b:x,c:9092")


@pytest.mark.parametrize("topic", ["inference events", "", ".", "..", "a/b", "a\n", "\u00e4", "a" * 250, None, 5])
def test_topics_that_kafka_never_takes(topic: Any) -> None:
    refused("topic: ", Tap.kafka, "broker:9092", topic=topic)


def test_options_that_the_producer_does_not_have() -> None:
    refused("no argument 'nonsense'", Tap.kafka, "broker:9092", options={"nonsense": 1, "security_protocol": "SSL"})
    refused("options: ", Tap.kafka, "broker:9092", options=5)
    refused("no argument '5'", Tap.kafka, "broker:9092", options={5: 5})
    refused("security_protocol is one of", Tap.kafka, "broker:9092", options={"security_protocol": "TLS"})
    refused("an argument of its own", Tap.kafka, "broker:9092", options={"bootstrap_servers": "other:9092"})
    refused("password_file", Tap.kafka, "broker:9092", options={"sasl_plain_password": "secret"})
    Tap.kafka("broker:9092", options={"security_protocol": "SSL", "compression_type": "gzip"}).close(0.0)


def test_the_environment_is_held_to_the_same() -> None:
    refused("bootstrap_servers: ", Tap.from_environment, {"HARMWATCH_TAP_KAFKA": "broker:x"})
    refused("topic: ", Tap.from_environment, {"HARMWATCH_TAP_KAFKA": "broker", "HARMWATCH_TAP_TOPIC": "a b"})
    refused("url: ", Tap.from_environment, {"HARMWATCH_TAP_URL": "http://127.0.0.1:0"})
