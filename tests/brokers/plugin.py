"""Pytest plugin: brokers as fixtures, and an honest account of the layers that were absent.

Load it from the root conftest: ``pytest_plugins = ["tests.brokers.plugin"]``.

A test that uses one of these fixtures belongs to its layer without further ado. A test that fetches a fixture by name
(``request.getfixturevalue``) marks its parameter: ``pytest.param("kafka", marks=pytest.mark.layer("kafka"))``.

HARMWATCH_REQUIRE_LAYERS=kafka,embedded turns a missing layer from "not run" into an error; CI sets it.
"""

from __future__ import annotations

import gc
import os
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest

from .base import BrokerCluster, LayerAbsent
from .embedded import NoidaBroker
from .layers import LayerLedger, known_layers
from .select import start_real_kafka

__all__ = [
    "embedded_broker", "embedded_cluster", "kafka", "kafka_cluster", "new_topic_name", "not_run", "secured",
    "topic_name",
]  # fmt: skip

_LEDGER = pytest.StashKey[LayerLedger]()
_PROPERTY = "layers"
_LAYER_OF_FIXTURE = {
    "kafka": "kafka",
    "kafka_cluster": "kafka",
    "embedded_broker": "embedded",
    "embedded_cluster": "embedded",
    "secured": "java",
}
#: Layers whose tests hold many sockets.
_LOOKED_AFTER = frozenset({*_LAYER_OF_FIXTURE.values(), "chromium"})


# ---------------------------------------------------------------- layers


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "layer(name): an optional part of the environment that the test needs")
    names = frozenset(name.strip() for name in os.environ.get("HARMWATCH_REQUIRE_LAYERS", "").split(",")) - {""}
    config.stash[_LEDGER] = LayerLedger(required=names)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if unknown := config.stash[_LEDGER].required - set(known_layers()):
        raise pytest.UsageError(f"HARMWATCH_REQUIRE_LAYERS: no layer {sorted(unknown)}, there are {known_layers()}")
    for item in items:
        for fixture in getattr(item, "fixturenames", ()):
            if fixture in _LAYER_OF_FIXTURE:
                item.add_marker(pytest.mark.layer(_LAYER_OF_FIXTURE[fixture]))
        if unnamed := set(_layers_of(item)) - set(known_layers()):
            raise pytest.UsageError(f"{item.nodeid}: no layer {sorted(unnamed)}, there are {known_layers()}")


def _layers_of(item: pytest.Item) -> list[str]:
    return sorted({str(name) for marker in item.iter_markers("layer") for name in marker.args})


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    names = _layers_of(item)
    if not names:
        return
    # On the report, so that the process that prints the summary counts it also under pytest-xdist.
    item.user_properties.append((_PROPERTY, ",".join(names)))
    ledger = item.config.stash[_LEDGER]
    for name in names:
        if (reason := ledger.absence(name)) is not None:
            _not_run(ledger, name, reason)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """What a test leaves open fails that test, and not the one in which it happens to be collected."""
    yield
    if not _LOOKED_AFTER.isdisjoint(_layers_of(item)):
        gc.collect()


def not_run(config: pytest.Config, layer: str, reason: str) -> NoReturn:
    """For a test that lacks a part of its layer: not run, or failed where the layer is required."""
    _not_run(config.stash[_LEDGER], layer, reason)


def _not_run(ledger: LayerLedger, name: str, reason: str) -> NoReturn:
    if name in ledger.required:
        pytest.fail(f"layer {name} is required and absent: {reason}", pytrace=False)
    pytest.skip(f"layer {name} is absent: {reason}")


class _Counter:
    """Hears the reports; an object because `pytest_runtest_logreport` is not given the configuration."""

    def __init__(self, ledger: LayerLedger) -> None:
        self._ledger = ledger

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        names = [name for key, value in report.user_properties if key == _PROPERTY for name in str(value).split(",")]
        reason = ""
        if report.skipped and isinstance(report.longrepr, tuple):
            reason = str(report.longrepr[2]).removeprefix("Skipped: ")
        self._ledger.count(names, report.when, report.outcome, reason)


def pytest_sessionstart(session: pytest.Session) -> None:
    session.config.pluginmanager.register(_Counter(session.config.stash[_LEDGER]), "harmwatch-layer-counter")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output[_PROPERTY] = session.config.stash[_LEDGER].descriptions()
        return
    # A required layer that is absent fails the run also when no test that needs it was selected.
    passed = session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    if passed and not session.config.option.collectonly and session.config.stash[_LEDGER].missing_required():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Of pytest-xdist: what a worker found and started, told where the summary is printed."""
    for name, description in getattr(node, "workeroutput", {}).get(_PROPERTY, {}).items():
        node.config.stash[_LEDGER].describe(name, description)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.option.collectonly:
        return
    ledger = config.stash[_LEDGER]
    terminalreporter.section("layers")
    for line in ledger.lines():
        terminalreporter.line(line, red="MISSING" in line or "FAILED" in line, yellow="not run" in line)


# ---------------------------------------------------------------- brokers


@pytest.fixture(scope="session")
def kafka(pytestconfig: pytest.Config) -> Iterator[BrokerCluster]:
    """One real Kafka broker for the whole session. Use topics and groups with names of your own; never stop it."""
    ledger = pytestconfig.stash[_LEDGER]
    try:
        cluster = start_real_kafka()
    except LayerAbsent as absent:
        ledger.mark_absent("kafka", str(absent))
        _not_run(ledger, "kafka", str(absent))
    ledger.describe("kafka", cluster.description)
    try:
        yield cluster
    finally:
        cluster.close()


@pytest.fixture
def kafka_cluster(pytestconfig: pytest.Config) -> Iterator[Callable[..., BrokerCluster]]:
    """Factory of private real clusters that may be killed: ``kafka_cluster(brokers=3)``, started, closed at the end."""
    ledger = pytestconfig.stash[_LEDGER]
    started: list[BrokerCluster] = []

    def start(brokers: int = 1) -> BrokerCluster:
        try:
            cluster = start_real_kafka(brokers, can_break=True)
        except LayerAbsent as absent:
            # Not noted in the ledger: the shared broker may be there (HARMWATCH_KAFKA) though this is not.
            _not_run(ledger, "kafka", str(absent))
        started.append(cluster)
        return cluster

    try:
        yield start
    finally:
        for cluster in started:
            cluster.close()


@pytest.fixture(scope="session")
def secured(pytestconfig: pytest.Config) -> Iterator[Any]:
    """One `SecuredKafka` for the whole session. Use names of your own; it may be restarted."""
    ledger = pytestconfig.stash[_LEDGER]
    try:
        # Not at the top: keys are made with a package of an extra.
        from .secured import SecuredKafka

        cluster = SecuredKafka()
        cluster.start()
    except (LayerAbsent, ModuleNotFoundError) as absent:
        _not_run(ledger, "java", str(absent))
    try:
        yield cluster
    finally:
        cluster.close()


@pytest.fixture(scope="session")
def embedded_broker(pytestconfig: pytest.Config) -> Iterator[BrokerCluster]:
    """One embedded broker (noida-db) for the whole session. Never stop it."""
    with NoidaBroker() as broker:
        pytestconfig.stash[_LEDGER].describe("embedded", broker.description)
        yield broker


@pytest.fixture
def embedded_cluster() -> Iterator[Callable[[], BrokerCluster]]:
    """Factory of private embedded brokers that may be killed, started, closed at the end."""
    started: list[BrokerCluster] = []

    def start() -> BrokerCluster:
        started.append(NoidaBroker().__enter__())
        return started[-1]

    try:
        yield start
    finally:
        for broker in started:
            broker.close()


@pytest.fixture
def new_topic_name(request: pytest.FixtureRequest) -> Callable[[], str]:
    """Factory of names, for topics and consumer groups, that no other test has: Kafka's alphabet, under 60 letters."""
    stem = re.sub(r"[^A-Za-z0-9]+", "-", str(request.node.name))[:40].strip("-")
    return lambda: f"{stem}-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def topic_name(new_topic_name: Callable[[], str]) -> str:
    """One such name."""
    return new_topic_name()
