"""Each fuzz target for a moment, by changes that are the same in every run; and that the fuzzer finds what is there."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz import run
from tests.fuzz.bounds import Bounded, TooExpensive
from tests.fuzz.mutate import mutate
from tests.fuzz.run import Outcome, main
from tests.fuzz.targets import TARGETS, Target

#: Those whose inputs cost milliseconds have fewer.
_FEW = {"sanitiser", "adversarial", "pii", "normaliser", "configuration"}


@pytest.fixture(autouse=True)
def _silence_ends_with_the_test() -> Iterator[None]:
    """A target silences what would tell of each damaged input, for its process: here that is all tests'."""
    logger = logging.getLogger("streams.courier")
    before = logger.level
    yield
    logger.setLevel(before)


@pytest.mark.parametrize("name", TARGETS)
def test_no_changed_input_is_a_finding(name: str) -> None:
    target = TARGETS[name]
    runs = 20 if name in _FEW else 150
    seeds = list(target.seeds())
    done, data, error = mutate(Bounded(target), seeds, 4096, seconds=0.0, seed=7, runs=runs)
    assert error is None, (data, error)
    assert done == runs and seeds


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_get_past_what_refuses_them(name: str) -> None:
    # Else the fuzzer sees nothing but the reader's first line.
    target = TARGETS[name]
    check = target.make()
    assert any(check(seed[: target.most_bytes]) for seed in target.seeds())


def test_what_raises_and_what_takes_too_long_is_found() -> None:
    def fails(data: bytes) -> None:
        assert b"null" not in data

    def spins(data: bytes) -> bool:
        started = time.thread_time()
        while b"slow" in data and time.thread_time() - started < 1.5:
            pass
        return True

    _, data, error = mutate(fails, [b"a"], 4096, seconds=60.0, seed=1, runs=None)
    assert data is not None and b"null" in data and isinstance(error, AssertionError)
    bounded = Bounded(Target(lambda: spins, lambda: (b"quick",)))
    bounded(b"quick")
    with pytest.raises(TooExpensive, match="4 bytes took"):
        bounded(b"slow")


def test_the_command_runs_targets_in_processes_of_their_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "crashes"
    arguments = ["--seconds", "0.5", "--targets", "labels", "--engine", "mutate", "--crashes", str(folder)]
    assert main(arguments) == 0
    assert "0 targets with findings" in capsys.readouterr().out
    assert list(folder.iterdir()) == []


def test_a_finding_is_told_with_its_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fuzzed(name: str, command: object, seconds: float, crashes: Path) -> Outcome:
        (crashes / "labels-1").write_bytes(b'{"id"')
        (crashes / "labels-log.txt").write_text("AssertionError: \x1b[31m\n")
        return Outcome(name, seconds=seconds, found="exit code 1" if name == "labels" else "")

    monkeypatch.setattr(run, "_run", fuzzed)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert main(["--targets", "labels", "marks", "--engine", "mutate", "--crashes", str(tmp_path)]) == 1
    assert not list(tmp_path.glob("*.json")), "without --keep nothing is kept: the next run would be shorter for it"
    _, _, told = capsys.readouterr().out.partition("1 targets with findings")
    # Of a machine that is gone, these lines are what is left; none is one that a terminal obeys.
    assert "labels-1 in Base64: eyJpZCI=" in told and "AssertionError: \\x1b[31m" in told and "\x1b" not in told


def test_long_forms_go_on_and_leave_what_reaches_nothing_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    slices: list[str] = []

    def fuzzed(name: str, command: object, seconds: float, crashes: Path) -> Outcome:
        slices.append(name)
        # The third of them is the last in which something new is reached, in its middle.
        return Outcome(name, 1000, seconds, "", min(len(slices), 3), seconds / 2)

    monkeypatch.setattr(run, "_run", fuzzed)
    words = ["--targets", "labels", "--engine", "atheris", "--crashes", str(tmp_path / "c"), "--keep", str(tmp_path)]
    assert main([*words, "--seconds", "240"]) == 0
    assert len(slices) == 2
    assert main([*words, "--seconds", "3600", "--still", "600"]) == 0
    assert len(slices) == 8  # 960 s, of which the last 660 without anything new
    assert "8,000 runs   960.0 s       3 edges, the last after   300 s" in capsys.readouterr().out
    assert main([*words, "--seconds", "1200"]) == 0
    assert len(slices) == 10
