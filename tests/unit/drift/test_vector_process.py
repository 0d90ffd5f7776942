"""Detectors of vectors in a process of their own: what they find, what they do not hold up, and how they end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from agent.drift.base import Reading
from agent.drift.series import Series
from agent.drift.vector_process import Told, VectorWatch, write_frame
from agent.drift.watch import DriftWatch, WatchPlan
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
    assert {watch.offer(women, vector, 0.0) for vector in vectors(200)} == {"taken"}
    assert {watch.offer(EVERYBODY, vector, 0.0) for vector in vectors(199)} == {"taken"}
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
    assert watch.offer(women._replace(group="male"), vectors(1)[0], 0.0) == "no_place"
    # Everybody's are: the group gives way, and nothing is known of it any more, here as there.
    assert watch.offer(Series("chat", "input.embedding"), vectors(1)[0], 0.0) == "taken"
    assert list(watch.readings()) == []
    assert watch.offer(women, vectors(1)[0], 0.0) == "no_place"
    assert watch.join(WAIT_SECONDS)
    list(watch.reports())
    assert list(watch.readings()) == []


@pytest.mark.layer("drift")
def test_what_comes_while_it_is_not_ready_is_dropped_and_nobody_waits(watch: VectorWatch) -> None:
    """Its libraries take seconds to load: longer than this takes, and nothing is read until then."""
    taken = [watch.offer(EVERYBODY, vector, 0.0) for vector in vectors(60_000)]
    assert taken[:500] == ["taken"] * 500
    assert set(taken) == {"taken", "busy"}
    assert not watch.join(0.0)


@pytest.mark.layer("drift")
def test_a_child_that_ends_is_said_once_and_takes_no_more(watch: VectorWatch, caplog: pytest.LogCaptureFixture) -> None:
    watch.offer(EVERYBODY, vectors(1)[0], 0.0)
    assert watch._child is not None
    watch._child.kill()
    assert not watch.join(WAIT_SECONDS)
    assert [watch.offer(EVERYBODY, vector, 0.0) for vector in vectors(3)] == ["error"] * 3
    watch.close()
    assert [record.message for record in caplog.records] == ["drift.vectors_not_watched exit_code=-9"]


def test_what_a_child_that_has_ended_knew_is_no_reading() -> None:
    """Nor does a child end unseen that says what makes no sense."""
    watch = VectorWatch(PLAN)
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        watch.places.admit(EVERYBODY)
        known = msgspec.msgpack.encode(Told(EVERYBODY, [], [("alibi_mmd", Reading(1.0, 2.0, 3, 0))]))
        for frame in (known, b"\xc1 no message"):
            write_frame(child.stdin, frame)
        watch._read(child)
        assert list(watch.reports()) == []
        assert list(watch.readings()) == []
        assert watch.offer(EVERYBODY, vectors(1)[0], 0.0) == "error"


def test_readings_are_those_of_the_last_answer_and_of_who_has_a_place() -> None:
    watch = VectorWatch(PLAN._replace(max_models=1))
    watch.places.admit(EVERYBODY)
    reading = ("alibi_mmd", Reading(1.0, 2.0, 3, 0))
    watch._told += [Told(EVERYBODY, [], [reading]), Told(Series("gone", "output.embedding"), [], [reading])]
    assert list(watch.reports()) == []
    assert list(watch.readings()) == [(EVERYBODY, *reading)]
    watch._told.append(Told(EVERYBODY, [], []))
    assert list(watch.reports()) == []
    assert list(watch.readings()) == []


@pytest.mark.layer("drift")
def test_nothing_is_imported_from_the_current_folder(tmp_path: Path) -> None:
    program = """
from agent.drift.vector_process import VectorWatch
from agent.drift.watch import Series, WatchPlan
import numpy as np
watch = VectorWatch(WatchPlan((), (), 200, 1e-3, 3600.0, 2, 2, ("alibi_mmd",)))
watch.offer(Series("chat", "output.embedding"), np.zeros(3, np.float32), 0.0)
assert watch.join(60.0)
watch.close()
"""
    for name in ("agent", "msgspec"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("open('imported', 'w').close()\n")
    command = [sys.executable, "-P", "-c", program]
    ran = subprocess.run(command, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True)
    assert not (tmp_path / "imported").exists()
    assert ran.returncode == 0, ran.stderr


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
