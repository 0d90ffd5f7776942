"""Feeds the parity monitors with the decisions of the partitions held here, a block every few seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agent.clock import Clock
from agent.metrics import Metrics
from agent.windows.bias import BiasState
from agent.windows.bounded import REST
from agent.windows.engine import WindowEngine
from agent.windows.groups import GroupCounts
from agent.windows.parity import Block, PairEvidence, ParityMonitor

__all__ = ["ParityWatch"]

BLOCK_SECONDS: Final = 10.0
_SECONDS_PER_HOUR: Final = 3600.0
_Groups = Mapping[str, tuple[float, float]]


class ParityWatch:
    """One monitor for each attribute of each model.

    A block is what the totals have grown by. When a partition has come or gone they have changed otherwise, and the
    block is passed over. Evidence begins anew with every start.

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
        self._monitors: dict[tuple[str, str], ParityMonitor] = {}
        self._alarmed: set[tuple[str, str, str, str]] = set()
        self._counted: dict[tuple[str, str], _Groups] = {}
        self._held: frozenset[tuple[str, int]] = frozenset()
        self._looked_at = -BLOCK_SECONDS

    def look(self) -> None:
        """Called often; takes in a block when it is time for one."""
        now = self._clock.monotonic()
        if now - self._looked_at < BLOCK_SECONDS:
            return
        self._looked_at = now
        held = frozenset(self._windows.partitions)
        counted = {
            (model, attribute): groups
            for model in self._windows.models()
            for attribute, groups in _decided(self._windows.totals(model)["bias"]).items()
        }
        for key, groups in counted.items():
            before = self._counted.get(key, {}) if held == self._held else None
            self._take_in(key, groups, before)
        for gone in self._monitors.keys() - counted.keys():
            del self._monitors[gone]
            self._metrics.set_parity(*gone, None, None)
            self._alarmed = {alarm for alarm in self._alarmed if alarm[:2] != gone}
        self._counted, self._held = counted, held

    def _take_in(self, key: tuple[str, str], groups: _Groups, before: _Groups | None) -> None:
        block = _growth(before, groups) if before is not None else {}
        if not block:
            return
        monitor = self._monitors.get(key)
        if monitor is None:
            monitor = self._monitors[key] = ParityMonitor(self._ert_blocks, self._tolerance)
        monitor.add(block)
        strongest: PairEvidence | None = None
        for pair in monitor.evidence():
            if strongest is None or pair.log_evidence > strongest.log_evidence:
                strongest = pair
            self._note(key, pair)
        if strongest is not None:
            self._metrics.set_parity(*key, strongest.log_evidence, strongest.log_threshold)

    def _note(self, key: tuple[str, str], pair: PairEvidence) -> None:
        alarm = (*key, pair.favoured, pair.disfavoured)
        if not pair.is_alarm:
            self._alarmed.discard(alarm)
        elif alarm not in self._alarmed:
            self._alarmed.add(alarm)
            self._metrics.parity_alarm(*alarm)


def _decided(state: BiasState) -> dict[str, _Groups]:
    """By attribute and group: favourable decisions, decisions; groups beyond the bounds apart."""
    return {
        attribute: {
            group: (share.hits, share.weight)
            for group, share in ((name, GroupCounts(name, numbers).decided()) for name, numbers in groups.items())
            if group != REST and share.weight > 0.0
        }
        for attribute, groups in state.items()
        if attribute != REST
    }


def _growth(before: _Groups, after: _Groups) -> Block:
    """What came between two looks. A group that has been moved into the rest meanwhile may come back with less."""
    block: dict[str, tuple[float, float]] = {}
    for group, (hits, number) in after.items():
        old_hits, old_number = before.get(group, (0.0, 0.0))
        if number > old_number and 0.0 <= hits - old_hits <= number - old_number:
            block[group] = (hits - old_hits, number - old_number)
    return block
