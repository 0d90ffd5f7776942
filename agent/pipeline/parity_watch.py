"""Feeds the parity monitors with the decisions of the partitions held here, a block every few seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias
from zlib import crc32

from agent.clock import Clock
from agent.metrics import Metrics
from agent.windows.bias import BiasState
from agent.windows.bounded import REST
from agent.windows.engine import WindowEngine
from agent.windows.groups import GroupCounts
from agent.windows.parity import Block, ParityMonitor, strongest
from agent.windows.partition import OTHER

__all__ = ["ParityWatch"]

BLOCK_SECONDS: Final = 10
_SECONDS_PER_HOUR: Final = 3600.0
#: Of the sum of some thousands of weights, beside what it was before.
_ROUNDING: Final = 1e-11
_Groups: TypeAlias = Mapping[str, tuple[float, float, float]]
_Alarm: TypeAlias = tuple[str, str, str]
"""Attribute, favoured and disfavoured group."""


class ParityWatch:
    """One monitor for each attribute of each model.

    A block is what the totals have grown by in ten seconds. When a partition has come or gone they have changed
    otherwise, and the block is passed over. Evidence begins anew with every start.

    Parameters
    ----------
    ert_hours
        Expected time to a false alarm, at the least, for one model's attribute.
    tolerance
        As of `ParityMonitor`.
    """

    def __init__(
        self, windows: WindowEngine, metrics: Metrics, clock: Clock, ert_hours: float, tolerance: float
    ) -> None:
        self._windows = windows
        self._metrics = metrics
        self._clock = clock
        self._ert_blocks = max(1.0, ert_hours * _SECONDS_PER_HOUR / BLOCK_SECONDS)
        self._tolerance = tolerance
        self._monitors: dict[str, dict[str, ParityMonitor]] = {}
        self._alarmed: dict[str, set[_Alarm]] = {}
        self._counted: dict[str, Mapping[str, _Groups]] = {}
        self._held: frozenset[tuple[str, int]] = frozenset()
        self._second = int(clock.monotonic()) - BLOCK_SECONDS

    def look(self) -> None:
        """Called often; each second it is the turn of a tenth of the models, so that none makes the others wait."""
        second = int(self._clock.monotonic())
        turns = {passed % BLOCK_SECONDS for passed in range(max(self._second, second - BLOCK_SECONDS), second)}
        if not turns:
            return
        self._second = second
        held = frozenset(self._windows.partitions)
        if held != self._held:
            self._held, self._counted = held, {}
        for model, state in self._windows.totals_of("bias", lambda name: name != OTHER and _turn(name) in turns):
            self._take_in(model, _decided(state))
        for gone in self._monitors.keys() - set(self._windows.models()):
            for attribute in self._monitors.pop(gone):
                self._metrics.set_parity(gone, attribute, None, None)
            self._alarmed.pop(gone, None)
            self._counted.pop(gone, None)

    def _take_in(self, model: str, counted: Mapping[str, _Groups]) -> None:
        before = self._counted.get(model)
        self._counted[model] = counted
        if before is None:
            return
        monitors = self._monitors.setdefault(model, {})
        alarms: set[_Alarm] = set()
        for attribute, groups in counted.items():
            block = _growth(before.get(attribute, {}), groups)
            monitor = monitors.get(attribute)
            if monitor is None:
                if not block:
                    continue
                monitor = monitors[attribute] = ParityMonitor(self._ert_blocks, self._tolerance)
            monitor.keep(groups)
            monitor.add(block)
            pairs = list(monitor.evidence())
            alarms.update((attribute, pair.favoured, pair.disfavoured) for pair in pairs if pair.is_alarm)
            top = strongest(pairs)
            if top is not None:
                self._metrics.set_parity(model, attribute, top.log_evidence, top.log_threshold)
        for attribute in monitors.keys() - counted.keys():
            del monitors[attribute]
            self._metrics.set_parity(model, attribute, None, None)
        for alarm in alarms - self._alarmed.get(model, set()):
            self._metrics.parity_alarm(model, *alarm)
        self._alarmed[model] = alarms


def _turn(model: str) -> int:
    return crc32(model.encode("utf-8", "surrogatepass")) % BLOCK_SECONDS


def _decided(state: BiasState) -> dict[str, _Groups]:
    """By attribute and group: favourable decisions, decisions, squared weights; groups beyond the bounds apart."""
    return {
        attribute: {
            group: (share.hits, share.weight, share.squares)
            for group, share in ((name, GroupCounts(name, numbers).decided()) for name, numbers in groups.items())
            if group != REST and share.weight > 0.0
        }
        for attribute, groups in state.items()
        if attribute != REST
    }


def _growth(before: _Groups, after: _Groups) -> Block:
    """What came between two looks. A group that has been moved into the rest meanwhile may come back with less."""
    block: dict[str, tuple[float, float]] = {}
    for group, (hits, number, squares) in after.items():
        old_hits, old_number, old_squares = before.get(group, (0.0, 0.0, 0.0))
        new_hits, new = hits - old_hits, number - old_number
        # Sums of weights are rounded. Without the slack blocks of nothing but favourable decisions would be left out,
        # and which blocks are looked at must not depend on what is in them.
        slack = _ROUNDING * number
        if new > 0.0 and squares > old_squares and -slack <= new_hits <= new + slack:
            # While a sample is scored a decision stands for several, and is the evidence of one.
            scale = min(1.0, new / (squares - old_squares))
            block[group] = (scale * min(max(new_hits, 0.0), new), scale * new)
    return block
