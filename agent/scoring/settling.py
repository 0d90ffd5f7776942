"""Turns the outcomes of a batch's calls into rows, cache entries and observations."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec

from agent.clock import Clock
from agent.scores import MissingScore, ScoreRow
from agent.scoring.attempt import MissingReason
from agent.scoring.base import Batch, ScoringItem
from agent.scoring.cache import ScoreCache
from agent.scoring.lanes import ScorerCall
from agent.scoring.results import Answer, ScoringObserver
from agent.tokens import estimate_tokens

__all__ = ["Settler"]

_FLAW_INTERVAL_SECONDS = 60.0


class Settler:
    """Writes answers into the rows of a batch. Belongs to the polling thread.

    Parameters
    ----------
    drawing
        Names of scorers that look at some texts by the lot of their call (`agent.scoring.cascade`).
    """

    __slots__ = ("_cache", "_clock", "_drawing", "_flaw_told_at", "_missing", "_observer")

    def __init__(
        self, cache: ScoreCache, clock: Clock, observer: ScoringObserver, drawing: Collection[str] = ()
    ) -> None:
        self._cache = cache
        self._clock = clock
        self._observer = observer
        self._drawing = frozenset(drawing)
        self._missing: dict[tuple[str, MissingReason], MissingScore] = {}
        self._flaw_told_at: dict[str, float] = {}

    def settle(
        self,
        calls: Sequence[ScorerCall],
        trigger: str,
        rows: list[dict[str, Answer]],
        items: Sequence[ScoringItem] = (),
    ) -> Mapping[str, float]:
        """Fill in the answers of completed calls; ``items`` are the batch's, for scorers that draw.

        Returns
        -------
        Mapping of str to float
            Seconds by scorer, for those that came back in time.
        """
        seconds: dict[str, float] = {}
        for call in calls:
            name = call.scorer.name
            if call.missing is not None:
                self._fill_missing(call, call.missing, rows)
                continue
            seconds[name] = call.seconds
            # Shared: scorers that were given the same texts do not count them again.
            tokens = sum(part.shared("estimated_tokens", _tokens) for part in call.parts)
            self._observer.batch_scored(name, trigger, len(call.units), tokens, call.seconds)
            if call.stages:
                self._observer.stages_timed(name, call.stages)
            self._fill(call, rows, items if name in self._drawing else ())
        return seconds

    def _fill_missing(self, call: ScorerCall, reason: MissingReason, rows: list[dict[str, Answer]]) -> None:
        name = call.scorer.name
        missing = self._missing_score(name, reason)
        for _, places in call.units:
            for place in places:
                rows[place][name] = missing
        self._observer.scorer_failed(name, reason, sum(len(places) for _, places in call.units), "")

    def _fill(self, call: ScorerCall, rows: list[dict[str, Answer]], items: Sequence[ScoringItem]) -> None:
        name, units = call.scorer.name, iter(call.units)
        for outcome in call.outcomes:
            failed: dict[MissingReason, int] = {}
            for row in outcome.rows:
                digest, places = next(units)
                answer: Answer
                if isinstance(row, ScoreRow):
                    if items and row.weight != 1.0:
                        self._fill_drawn(name, row, digest, places, rows, items)
                        continue
                    self._cache.put(digest, name, row)
                    answer = row
                else:
                    answer = self._missing_score(name, row)
                    failed[row] = failed.get(row, 0) + len(places)
                for place in places:
                    rows[place][name] = answer
            for reason, count in failed.items():
                self._observer.scorer_failed(name, reason, count, outcome.error_type)
            if outcome.flaw:
                self._tell_flaw(name, outcome.flaw)

    def _fill_drawn(
        self,
        name: str,
        row: ScoreRow,
        digest: bytes,
        places: Sequence[int],
        rows: list[dict[str, Answer]],
        items: Sequence[ScoringItem],
    ) -> None:
        """A text that the scorer passed, or looked at since the lot of a call with it fell below the audit's share.

        Place by place, in order: a call whose lot is too high passes the text by; the first whose lot is not draws it,
        and it counts for 1/p there, in all that this call says. From then on the text is known, whoever says it: its
        probability is 1 given what came before, and so is its weight. Each place counts 1 on average that way, given
        all before it, and so does any sum of them (a martingale). For the same reason the cache keeps the row with the
        weight 1; it keeps nothing of what was passed, which the next call may draw.
        """
        if row.passed:
            for place in places:
                rows[place][name] = row
            return
        share = 1.0 / row.weight
        known = msgspec.structs.replace(row, weight=1.0)
        self._cache.put(digest, name, known)
        drawn: float | None = None
        for place in places:
            lot = items[place].lot
            if drawn is not None:
                rows[place][name] = row if lot == drawn else known
            elif lot < share:
                drawn = lot
                rows[place][name] = row
            else:
                rows[place][name] = ScoreRow({}, judged=False, passed=True, weight=row.weight)

    def _missing_score(self, name: str, reason: MissingReason) -> MissingScore:
        missing = self._missing.get((name, reason))
        if missing is None:
            missing = self._missing[name, reason] = MissingScore(name, reason)
        return missing

    def _tell_flaw(self, name: str, flaw: str) -> None:
        now = self._clock.monotonic()
        told_at = self._flaw_told_at.get(name)
        if told_at is None or now - told_at >= _FLAW_INTERVAL_SECONDS:
            self._flaw_told_at[name] = now
            self._observer.scorer_flawed(name, f"this is a bug in scorer {name}: it {flaw}")


def _tokens(batch: Batch) -> int:
    return sum(map(estimate_tokens, batch.texts("raw")))
