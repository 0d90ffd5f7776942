"""Which halves are embedded for drift, and what their vectors are."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from agent.events import Direction
from agent.overload.inclusion import Lots
from agent.pipeline.pending import Half
from agent.scores import MissingScore
from agent.scoring.embedding import NAME, EmbeddedText, Vector, unit_vector

__all__ = ["EmbeddingSample", "vector_of"]

#: A conversation is sent again with every turn: what is new stands at its end.
MOST_TEXTS = 4


class EmbeddingSample:
    """Which texts are embedded: a share of all calls, by their lots, so that both halves of a call are in it or none
    is, on whichever worker and however often it is read.

    Parameters
    ----------
    share
        In (0, 1].
    lots
        Keyed: else who chooses ids could have all of his texts embedded, which is dear and teaches the reference, or
        none.
    left_out
        Called for a half of the sample that is left out because the pipeline is behind; None to leave none out.
    """

    def __init__(
        self,
        share: float,
        directions: Collection[Direction],
        lots: Lots,
        left_out: Callable[[], None] | None = None,
    ) -> None:
        self._share = share
        self._lots = lots
        self._directions = frozenset(directions)
        self._left_out = left_out

    def first_text(self, half: Half, *, behind: bool) -> int:
        """The place of the first of the half's parts that is embedded, with all after it; behind the last when none is.

        Parameters
        ----------
        behind
            Whether the pipeline has as much to do as it can; whole halves are left out then, whatever they hold, so
            that what remains is a sample all the same.
        """
        texts = len(half.parts)
        if half.recalled or not texts or half.direction not in self._directions:
            return texts
        if self._lots.draw(half.event.source, half.event.inference_id) >= self._share:
            return texts
        if behind and self._left_out is not None:
            self._left_out()
            return texts
        return max(0, texts - MOST_TEXTS)


def vector_of(half: Half, missing: Callable[[str, str], None]) -> Vector | None:
    """The mean of the vectors of a scored half's texts, of length 1; None where it was not embedded.

    Parameters
    ----------
    missing
        Told the measure and the reason when a text of the sample has no vector; then the half has none.
    """
    vectors: list[Vector] = []
    for answers in half.answers:
        answer = answers.get(NAME)
        if isinstance(answer, MissingScore):
            missing(answer.scorer, answer.reason)
            return None
        if isinstance(answer, EmbeddedText) and answer.vector is not None:
            vectors.append(answer.vector)
    if len(vectors) < 2:
        return vectors[0] if vectors else None
    # Of length 1 again: how long a mean is says how many texts there were, and a conversation's next turn is no drift.
    return unit_vector(np.mean(vectors, axis=0, dtype=np.float32))
