"""What a worker takes over from a topic of state: window panes, and decisions that wait for their labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from agent.clock import ManualClock
from agent.config import CoreConfig
from agent.errors import StateError

if TYPE_CHECKING:
    from agent.pipeline.late_labels import LateLabels
    from agent.windows.engine import WindowEngine

__all__ = [
    "decisions", "labelled", "panes", "panes_restored", "sound_decisions", "sound_labelled", "sound_panes",
]  # fmt: skip

_TIME = 1_780_000_000.0
_TOPIC = "inference.events"
_PARTITION = (_TOPIC, 0)
_EVENTS = 40


def _windows() -> WindowEngine:
    from agent.pipeline.build import build_windows

    return build_windows(CoreConfig(), ManualClock(_TIME))


def _late(windows: WindowEngine) -> LateLabels:
    from agent.metrics import Metrics, new_registry
    from agent.pipeline.late_labels import LateLabels

    clock = ManualClock(_TIME)
    return LateLabels(windows, Metrics(new_registry(), clock=clock), clock, max_waiting=1000, max_early=1000)


def _decided(model: str = "m") -> tuple[WindowEngine, LateLabels]:
    """A life in which decisions about people were counted and wait for their labels."""
    from agent.joining import Origin
    from tests.builders import make_event
    from tests.unit.windows.builders import make_observation

    windows = _windows()
    late = _late(windows)
    for number in range(_EVENTS):
        seen = make_observation(
            model=model, time=_TIME - number, decision="approved", attributes={"sex": "female"}, decision_score=0.5
        )
        windows.apply(_PARTITION, number, [seen])
        late.note(Origin(_TOPIC, 0, number), make_event(inference_id=f"d-{number}", source="test"), seen, False)
    return windows, late


def sound_panes() -> Sequence[bytes]:
    return list(_decided()[0].snapshot(_PARTITION).values.values())


def sound_decisions() -> Sequence[bytes]:
    return _decided()[1].take_unwritten(_PARTITION)


def sound_labelled() -> Sequence[bytes]:
    from agent.windows.labelled import LabelledDecisions

    return [LabelledDecisions(keys, begins).encode() for keys, begins in ((range(9), 0), ((7, 70, 1 << 40), 5))]


def panes() -> Callable[[bytes], bool]:
    """Taken whole or refused; what was taken is computed with, and written again."""

    def check(data: bytes) -> bool:
        engine = _windows()
        try:
            engine.absorb(data)
        except StateError as error:
            assert len(str(error)) < 2000 and str(error).isprintable()
            return False
        for model in engine.models():
            engine.totals(model)
            engine.window(model, 300.0, _TIME)
        for partition in engine.partitions:
            engine.snapshot(partition, full=True)
        return bool(engine.models())

    return check


def panes_restored() -> Callable[[bytes], bool]:
    """Panes as a worker takes them over, beside a sound value, which must survive unless it is void."""
    (sound,) = _decided("kept")[0].snapshot(_PARTITION).values.values()

    def check(data: bytes) -> bool:
        engine = _windows()
        engine.restore(_PARTITION, [data, sound])
        models = engine.models()
        assert "kept" in models or _makes_void(data), "a damaged value has cost a sound one"
        for model in models:
            engine.window(model, 300.0, _TIME)
        return len(models) > 1

    return check


def _makes_void(data: bytes) -> bool:
    """Values of earlier generations are void where a sound header says so, whether or not the rest can be read.

    It may be a newer version's, after a restart of the partition: what was counted before must not come back.
    """
    from agent.windows.codec import peek

    try:
        header = peek(data)
    except StateError:
        return False
    return header.key == _PARTITION and header.floor > 0


def decisions() -> Callable[[bytes], bool]:
    """Decisions that wait, beside the counts that they were counted in; then their labels come, and are counted."""
    from agent.pipeline.late_labels import LabelPlace

    states = sound_panes()

    def check(data: bytes) -> bool:
        windows = _windows()
        windows.restore(_PARTITION, states)
        late = _late(windows)
        taken = late.restore(_PARTITION, [data])
        for number in range(_EVENTS):
            late.offer("test", f"d-{number}", "approved", LabelPlace(0, number))
        windows.window("m", 300.0, _TIME)
        windows.snapshot(_PARTITION, full=True, label_offsets=late.positions())
        return taken > 0

    return check


def labelled() -> Callable[[bytes], bool]:
    """Which decisions have their label: what was taken is the same after it was written again."""
    from agent.windows.labelled import LabelledDecisions

    def check(data: bytes) -> bool:
        try:
            found = LabelledDecisions.decode(data)
        except StateError:
            return False
        again = LabelledDecisions.decode(found.encode())
        assert (len(again), again.begins) == (len(found), found.begins)
        return True

    return check
