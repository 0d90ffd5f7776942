"""A scorer that sees some texts only: those that a cheap screen finds suspicious, and a random share of the others.

What it would find in the rest is estimated from that share, the *audit*. Whether a text is in it follows from its
call's *lot* alone (`ScoringItem.lot`): with the probability p it is, whatever it says, and then its row counts for 1/p
texts (Horvitz and Thompson, JASA 47, 1952). The settling of a batch writes those weights by place
(`agent.scoring.settling`), since a text may stand in several calls, and one look answers them all.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, cast, runtime_checkable

import msgspec
import numpy as np
from numpy.typing import NDArray

from agent.clock import Clock, SystemClock
from agent.config import ScorerConfig
from agent.config_cascade import DoubtfulConfig
from agent.errors import ConfigError, ScorerError
from agent.events import Direction
from agent.scores import Dimension, ScoreRow
from agent.scoring import SCORERS, load_scorer
from agent.scoring.base import (
    Batch,
    Lane,
    Scorer,
    finds_attacks,
    limits_of,
    only_sampled,
    passage_factor_of,
    signals_of,
    uses_context,
)
from agent.scoring.stages import stages_of

__all__ = ["CascadeScorer", "Graded", "cascaded"]

_WARN_SECONDS = 60.0
#: Above every lot, 1 among them, which an item has that belongs to no call.
_CERTAIN = 2.0
#: Stands where the heavy scorer's own row will.
_LOOKED_AT = ScoreRow({})
_logger = logging.getLogger(__name__)


@runtime_checkable
class Graded(Protocol):
    """A scorer that gives the highest score of each text at once, without a row for each."""

    def highest(self, batch: Batch) -> NDArray[Any]:
        """In [0, 1], one for each text in order."""


class CascadeScorer:
    """Implements `agent.scoring.base.Scorer` around another scorer, the *heavy* one, whose name and findings it has.

    A text's row is the heavy scorer's. Where that has not looked the row says so (`ScoreRow.passed`); where it looked
    for the audit alone, the row has the weight 1/p. When the screen fails, the heavy scorer sees everything: nothing
    fails towards not looking.

    Parameters
    ----------
    heavy
        Calibrated and explained already, if it is to be.
    screen
        Judges what `heavy` judges, in its directions. Its own thresholds do not count.
    threshold
        From which highest score of the screen a text is suspicious.
    audit_share
        p, in (0, 1].
    doubtful
        From which score of the screen on, below ``threshold``, p is another, and which; nothing is doubtful when None.
        Lots are the same, so that what is looked at with the smaller p is looked at with the larger one too.
    clock
        Takes the time of the two stages.

    Raises
    ------
    ConfigError
        When the two do not go together, or `heavy` is a scorer on which others rely for every text.
    """

    lane: Lane
    directions: frozenset[Direction]

    def __init__(
        self,
        heavy: Scorer,
        screen: Scorer,
        threshold: float,
        audit_share: float,
        doubtful: DoubtfulConfig | None = None,
        clock: Clock | None = None,
    ) -> None:
        _check(heavy, screen)
        self.heavy = heavy
        self.screen = screen
        self.threshold = threshold
        self.audit_share = audit_share
        self.doubtful = doubtful
        self.name: str = heavy.name
        self.lane = heavy.lane
        self.directions = heavy.directions
        self.categories: Mapping[str, Dimension] = heavy.categories
        self.signals = signals_of(heavy)
        self.passage_factor = passage_factor_of(heavy)
        self._clock = clock or SystemClock()
        #: By share, the row of all that is passed there.
        shares = (audit_share,) if doubtful is None else (audit_share, doubtful.share)
        self._passed = {share: ScoreRow({}, judged=False, passed=True, weight=1.0 / share) for share in shares}
        self._warn_at = -_WARN_SECONDS
        self._stages: dict[str, float] = {}

    @property
    def version(self) -> str:
        """Of both: ``builtin@2+screen.ngrams@1``."""
        return f"{self.heavy.version}+screen.{self.screen.version}"

    @property
    def thresholds(self) -> Mapping[str, float]:
        """Those of the heavy scorer."""
        return self.heavy.thresholds

    @property
    def limits(self) -> tuple[str, ...]:
        """Those of the heavy scorer."""
        return limits_of(self.heavy)

    def around(self, wrap: Callable[[Scorer], Scorer]) -> CascadeScorer:
        """The same cascade with something around its heavy scorer."""
        return CascadeScorer(
            wrap(self.heavy), self.screen, self.threshold, self.audit_share, self.doubtful, self._clock
        )

    def warm_up(self) -> None:
        """Warm up both.

        Raises
        ------
        ModelError
            As they do.
        """
        self.screen.warm_up()
        self.heavy.warm_up()

    def score(self, batch: Batch) -> Sequence[ScoreRow]:
        """The heavy scorer's rows of what it looks at; one row, shared, for all that is passed with one share.

        An item's lot is that of its call; of a text that stands in several calls the least, so that it is looked at
        when any of them is audited.

        Raises
        ------
        ScorerError
            As the heavy scorer does: the rows of all texts of the batch, since their order cannot be told.
        """
        started = self._clock.monotonic()
        shares = self._shares(batch)
        lots = np.fromiter((item.lot for item in batch.items), np.float64, len(batch))
        looked = np.flatnonzero(lots < shares).tolist()
        screened = self._clock.monotonic()
        self._spent("screen", screened - started)
        share_of = shares.tolist()
        rows = [self._passed.get(share, _LOOKED_AT) for share in share_of]
        if not looked:
            return rows
        part = batch if len(looked) == len(batch) else Batch([batch.items[place] for place in looked])
        found = self.heavy.score(part)
        self._spent("heavy", self._clock.monotonic() - screened)
        if not isinstance(found, Sequence) or len(found) != len(looked):
            raise ScorerError(f"scorer {self.name}: gave another number of rows than texts")
        for place, row in zip(looked, found, strict=True):
            share = share_of[place]
            rows[place] = row if share >= 1.0 else msgspec.structs.replace(row, weight=1.0 / share)
        return rows

    def take_stages(self) -> Mapping[str, float]:
        """The screen's time, the heavy scorer's, and what that one's own went into."""
        taken, self._stages = self._stages, {}
        return {**taken, **stages_of(self.heavy)}

    def _spent(self, stage: str, seconds: float) -> None:
        self._stages[stage] = self._stages.get(stage, 0.0) + seconds

    def _shares(self, batch: Batch) -> NDArray[np.float64]:
        """Below which lot each text is looked at, by what the screen says of it."""
        try:
            highest = self._highest(batch)
            if highest.shape == (len(batch),):
                shares = np.full(len(batch), self.audit_share)
                if self.doubtful is not None:
                    shares[highest >= self.doubtful.threshold] = self.doubtful.share
                # NaN reaches no threshold, and says nothing: it is looked at.
                shares[~(highest < self.threshold)] = _CERTAIN
                return shares
            error_type = "shape"
        # Everything, as in `agent.scoring.attempt`: a screen that panics must not cost the heavy scorer's rows.
        except BaseException as error:
            error_type = type(error).__name__
        now = self._clock.monotonic()
        if now - self._warn_at >= _WARN_SECONDS:
            self._warn_at = now
            _logger.warning("screen_failed scorer=%s error=%s all texts are scored instead", self.name, error_type)
        return np.full(len(batch), _CERTAIN)

    def _highest(self, batch: Batch) -> NDArray[np.float64]:
        screen = self.screen
        if isinstance(screen, Graded):
            return np.asarray(screen.highest(batch), np.float64)
        aside = signals_of(screen)
        return np.array(
            [
                # What the screen could not read in full, or not at all, it has not cleared.
                1.0
                if row.truncated or not row.judged
                else max((score for category, score in row.scores.items() if category not in aside), default=0.0)
                for row in screen.score(batch)
            ],
            np.float64,
        )


def cascaded(heavy: Scorer, section: ScorerConfig) -> Scorer:
    """A scorer behind the screen that its section asks for; itself where it asks for none.

    Raises
    ------
    ConfigError
        For an unknown kind or option, and as `CascadeScorer` does.
    """
    if section.cascade is None:
        return heavy
    kind, options = section.cascade.screen.kind, section.cascade.screen.options
    if _class_of(heavy.name, kind) == _class_of(heavy.name, section.kind) and options == section.options:
        raise ConfigError(f"scorers.{heavy.name}.cascade.screen: is the scorer that it is to screen for")
    screen = load_scorer(heavy.name, options, kind)
    cascade = section.cascade
    return cast(Scorer, CascadeScorer(heavy, screen, cascade.threshold, cascade.audit_share, cascade.doubtful))


def _class_of(slot: str, kind: str | None) -> str | None:
    return SCORERS.get(slot if kind in (None, "builtin") else kind)


def _check(heavy: Scorer, screen: Scorer) -> None:
    where = f"scorers.{heavy.name}.cascade"
    dimensions = set(heavy.categories.values())
    if heavy.name in ("pii", "canary") or "privacy" in dimensions:
        raise ConfigError(f"{where}: evidence is redacted by what {heavy.name} finds, so it must see every text")
    if finds_attacks(heavy) or "adversarial" in dimensions:
        raise ConfigError(f"{where}: outcomes of attacks and campaigns rely on {heavy.name}, so it must see every text")
    if uses_context(heavy) or only_sampled(heavy):
        raise ConfigError(f"{where}: {heavy.name} judges an answer by its context, which no screen knows")
    if uses_context(screen) or only_sampled(screen) or not dimensions <= set(screen.categories.values()):
        judged = ", ".join(sorted(set(screen.categories.values())))
        raise ConfigError(f"{where}.screen: judges {judged}, and {', '.join(sorted(dimensions))} is to be screened")
    if not heavy.directions <= screen.directions:
        raise ConfigError(f"{where}.screen: judges {', '.join(sorted(screen.directions))} texts alone")
