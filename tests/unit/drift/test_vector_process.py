"""Detectors of vectors in a process of their own: what they find, what they do not hold up, and how they end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from agent.drift.vector_process import VectorWatch
from agent.drift.watch import DriftWatch, Series, WatchPlan
from agent.errors import ConfigError

WAIT_SECONDS = 300.0
PLAN = WatchPlan((), (), 200, 1e-3, 3_600.0, 2, 2, ("alibi_mmd",))
EVERYBODY = Series("chat", "output.embedding")
ENVIRONMENT = {**os.environ, "PYTHONPATH": ":".join(path for path in sys.path if path)}


@pytest.fixture
def watch() -> Iterator[VectorWatch]:
    made = VectorWatch(PLAN)
    yield made
    made.close()


def vectors(n: int, mean: float = 0.0, seed: int = 0) -> list[np.ndarray]:
    return list(np.random.default_rng(seed).normal(mean, 1.0, (n, 5)).astype(np.float32))


@pytest.mark.layer("drift")
@pytest.mark.slow
def test_a_change_is_reported_for_the_series_that_has_it(watch: VectorWatch) -> None:
    women = EVERYBODY._replace(attribute="gender", group="female")
    assert all(watch.offer(women, vector, 0.0) for vector in vectors(200))
    assert all(watch.offer(EVERYBODY, vector, 0.0) for vector in vectors(199))
    assert watch.join(WAIT_SECONDS)
    assert list(watch.reports()) == []
    assert [(series, name) for series, name, _ in watch.readings()] == [(women, "alibi_mmd")]
    for vector in vectors(60, mean=2.0, seed=2):
        watch.offer(women, vector, 0.0)
    watch.offer(women, np.zeros(7, np.float32), 0.0)  # of another length than the others
    assert watch.join(WAIT_SECONDS)
    assert set(watch.reports()) == {(women, "alibi_mmd")}
    assert [reading.observations for _, _, reading in watch.readings()] == [60]
    # More series than places: not watched, and not held against those that are.
    assert watch.offer(Series("chat", "input.embedding"), vectors(1)[0], 0.0)
    assert watch.join(WAIT_SECONDS)


@pytest.mark.layer("drift")
def test_what_comes_while_it_is_not_ready_is_dropped_and_nobody_waits(watch: VectorWatch) -> None:
    """Its libraries take seconds to load: longer than this takes, and nothing is read until then."""
    taken = [watch.offer(EVERYBODY, vector, 0.0) for vector in vectors(60_000)]
    assert taken[:500] == [True] * 500
    assert not all(taken)
    assert not watch.join(0.0)


@pytest.mark.layer("drift")
def test_a_child_that_ends_is_said_once_and_takes_no_more(watch: VectorWatch, caplog: pytest.LogCaptureFixture) -> None:
    watch.offer(EVERYBODY, vectors(1)[0], 0.0)
    assert watch._child is not None
    watch._child.kill()
    assert not watch.join(WAIT_SECONDS)
    assert [watch.offer(EVERYBODY, vector, 0.0) for vector in vectors(3)] == [False] * 3
    watch.close()
    assert [record.message for record in caplog.records] == ["drift.vectors_not_watched exit_code=-9"]


@pytest.mark.layer("drift")
def test_a_worker_that_is_gone_leaves_no_child_behind() -> None:
    """The child has this pipe for its errors: reading to its end is waiting for the child's."""
    program = """
import os, numpy as np
from agent.drift.vector_process import VectorWatch
from agent.drift.watch import Series, WatchPlan
watch = VectorWatch(WatchPlan((), (), 200, 1e-3, 3600.0, 2, 2, ("alibi_mmd",)))
for _ in range(900):
    watch.offer(Series("chat", "x.embedding"), np.zeros(300, np.float32), 0.0)
os._exit(7)
"""
    parent = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, env=ENVIRONMENT)
    parent.communicate(timeout=WAIT_SECONDS)
    assert parent.returncode == 7


def test_without_alibi_detect_it_is_said_at_once() -> None:
    program = """
import sys
from importlib.machinery import PathFinder
real = PathFinder.find_spec
PathFinder.find_spec = classmethod(lambda cls, name, *more: None if name == "alibi_detect" else real(name, *more))
from agent.drift.vector_process import VectorWatch
from agent.drift.watch import WatchPlan
from agent.errors import ConfigError
try:
    VectorWatch(WatchPlan(vectors=("alibi_lsdd",)))
except ConfigError as error:
    print(error)
"""
    there = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=ENVIRONMENT)
    assert there.stdout == (
        "drift: alibi_lsdd needs alibi-detect (Business Source Licence 1.1): pip install 'harmwatch[drift]'\n"
    )


def test_detectors_of_vectors_are_fed_with_vectors() -> None:
    with pytest.raises(ConfigError, match="cusum is not fed with a vector"):
        DriftWatch(WatchPlan(vectors=("cusum",)))
    plain = DriftWatch(WatchPlan(first=20))
    for vector in vectors(50):
        assert plain.observe(EVERYBODY, vector, 0.0) == []
    assert list(plain.readings()) == []
