"""Which identity groups an output mentions, and how harmful the text is that mentions them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from agent.identity import LOOKED_AT, mentioned
from agent.normalize import normalize
from agent.pipeline.pending import Half
from agent.scores import ScoreRow
from agent.scoring.base import Scorer, audit_share_of
from agent.scoring.results import Answer
from agent.scoring.sentiment import NAME, sentiment_of
from agent.windows.base import Mention

__all__ = ["MentionFinder"]

#: Normalising may shorten a text, and only what is looked at has to be normalised.
_READ = 2 * LOOKED_AT


class MentionFinder:
    """Looks outputs through: what a model says about people, not what people say to it.

    Of a scorer that sees some texts alone (`agent.scoring.cascade`) only audited calls have a score: a fair sample.

    Parameters
    ----------
    scorer
        The one whose scores are compared; of several categories the highest counts.
    thresholds
        From which score a text counts as harmful, by category; the scorer's own where it names none.
    missing
        Told the scorer and reason where the sentiment of a text is missing (`agent.scoring.sentiment`).
    """

    def __init__(
        self, scorer: Scorer, thresholds: Mapping[str, float], missing: Callable[[str, str], None] | None = None
    ) -> None:
        self._missing = missing
        self._scorer = scorer.name
        self._thresholds = {**scorer.thresholds, **thresholds}
        self._audit_share = audit_share_of(scorer)

    def find(self, half: Half) -> tuple[Mention, ...]:
        """The mentions in one scored half; a text that the scorer did not answer for gives none."""
        if half.direction != "output":
            return ()
        found: list[Mention] = []
        for piece, answers in zip(half.parts, half.answers, strict=True):
            row = answers.get(self._scorer)
            if piece.start or not isinstance(row, ScoreRow):
                continue
            groups = mentioned(normalize(piece.part.text[:_READ]))
            if not groups:
                continue
            score, harmful = max(row.scores.values(), default=0.0), False
            if self._audit_share is None or half.lot < self._audit_share:
                harmful = any(value >= self._thresholds[category] for category, value in row.scores.items())
            else:
                score = -1.0
            sentiment = self._sentiment(answers.get(NAME))
            of_axis = Counter(axis for axis, _ in groups)
            found += (
                Mention(axis, group, score, harmful, of_axis[axis] == 1, sentiment) for axis, group in sorted(groups)
            )
        return tuple(found)

    def _sentiment(self, answer: Answer | None) -> float | None:
        if isinstance(answer, ScoreRow):
            return sentiment_of(answer)
        if answer is not None and self._missing is not None:
            self._missing(answer.scorer, answer.reason)
        return None
