"""Slips of the pen in calls of the tap: no request fails by them, and a type checker finds each."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from clients.python.tests.rig import CLIENT, tapped

from harmwatch_client import Tap
from harmwatch_client.call import Call

SLIPS: dict[str, Callable[[Tap, Any], object]] = {
    "log by position": lambda tap, call: tap.log("x", model="m", input="q"),  # type: ignore[arg-type]
    "log of itself": lambda tap, call: tap.log(model="m", input="q", self=1),
    "call by position": lambda tap, call: tap.call("m", input="q").end(),  # type: ignore[arg-type]
    "call by another name": lambda tap, call: tap.call(model="m", input="q", promt="q").end(),
    "output of nothing": lambda tap, call: call.output(),
    "output of two": lambda tap, call: call.output("x", "y"),
    "output by another name": lambda tap, call: call.output("x", label=1),
    "output twice": lambda tap, call: call.output("x", output="y"),
    "add of nothing": lambda tap, call: call.add(),
    "add of three": lambda tap, call: call.add("x", "y", "z"),
    "add of bytes": lambda tap, call: call.add(b"x"),
    "set by position": lambda tap, call: call.set({"label": 1}),
    "set of another name": lambda tap, call: call.set(nonsense=1),
    "set of itself": lambda tap, call: call.set(self=1),
    "end by another name": lambda tap, call: call.end(foo=1),
    "end by position": lambda tap, call: call.end(True),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_no_slip_raises_and_each_is_counted(slip: str) -> None:
    with tapped() as (tap, ingest):
        call = tap.call(model="m", input="q")
        SLIPS[slip](tap, call)
        if slip.startswith(("log", "call")):
            call = tap.call(model="m", input="q")
        call.end()
        assert tap.flush(30)
        assert tap.stats.mended == 1 and tap.stats.dropped == 0
    assert all(event["input"] == {"text": "q"} for event in ingest.events)
    if slip.startswith("output"):
        assert ingest.events[0].get("output") == (None if slip.endswith("nothing") else {"text": "x"})


def test_what_is_right_is_called_as_it_is_written_and_counts_as_nothing() -> None:
    assert str(inspect.signature(Call.output)).startswith("(self, output: 'object', *, decision: 'object' = None")
    assert inspect.signature(Call.end).parameters.keys() == {"self", "failed", "truncated"}
    with tapped() as (tap, ingest):
        with tap.call(model="m", input="q", label="l") as call:
            call.set(source=None, tenant="t")
            call.add("pieces")
            call.add(None)
            call.output(output="x", decision="yes")
        assert tap.flush(30)
        assert tap.stats.mended == 0
    assert ingest.events[0]["output"] == {"text": "x", "decision": "yes"} and ingest.events[0]["tenant"] == "t"


def test_a_type_checker_sees_each_slip_and_nothing_else(tmp_path: Path) -> None:
    mypy = pytest.importorskip("mypy.api")
    right = """
        tap.log(model="m", **facts)
        call = tap.call(model="m", **facts)
        call.output("x", decision=1)
        call.add("x")
        call.set(label=1, **facts)
        done: bool = call.end(failed=True)
    """
    wrong = """
        tap.log("x")
        tap.call("m")
        call.output()
        call.output("x", label=1)
        call.add()
        call.set({})
        call.end(True)
        call.end(foo=1)
    """
    lines = [*map(str.strip, right.strip().splitlines()), *map(str.strip, wrong.strip().splitlines())]
    head = ["from harmwatch_client import Tap", "tap = Tap.disabled()", "facts: dict[str, object] = {}"]
    (tmp_path / "slips.py").write_text("\n".join([*head, *lines]))
    config = str(CLIENT / "pyproject.toml")
    said, _, _ = mypy.run(["--config-file", config, "--cache-dir", str(tmp_path / "cache"), str(tmp_path / "slips.py")])
    found = [int(line.split(":")[1]) for line in said.splitlines() if " error: " in line]
    first = len(head) + len(right.strip().splitlines()) + 1
    assert found == [*range(first, first + len(wrong.strip().splitlines()))], said


def test_what_is_left_out_when_messages_are_copied_is_counted_too() -> None:
    with tapped() as (tap, _):
        with tap.call(model="m", input=[{"role": "user", "content": "q"}, {}]):
            pass
        assert tap.flush(30)
        assert tap.stats.mended == 1
