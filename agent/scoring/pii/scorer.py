"""The `pii` scorer: personal data and secrets that can be told by their form."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from agent.errors import ConfigError
from agent.events import DIRECTIONS, Direction
from agent.scores import Dimension, ScoreRow, TextSpan
from agent.scoring.base import Batch, Lane
from agent.scoring.pii.base import CATEGORIES
from agent.scoring.pii.engine import Engine
from agent.scoring.pii.packs import PACKS, load_recognizers

__all__ = ["PiiScorer"]


class PiiScorer:
    """Finds personal data by pattern, check digit and context words, in English and Chinese text.

    The score of a category is that of its best span: 1.0 for a value that its check digit or its context confirms,
    from 0.5 upwards for one that only looks right. Full-width digits and letters count as their ASCII forms; spans are
    offsets in the raw text. Names and addresses have no form, and are not looked for here.

    Linear in the length of the text, whatever it holds.

    Parameters
    ----------
    types
        Span types to look for, such as ``["EMAIL", "PHONE"]``; all when None. Evidence is redacted by these spans
        alone, so that leaving a type out leaves it in the evidence too.
    packs
        Groups of recognisers, such as ``["core", "secrets", "cn"]``; all when None.

    Raises
    ------
    ConfigError
        For an unknown pack, or a type that no recogniser of the packs finds.
    """

    name = "pii"
    version = "patterns@2"
    lane: Lane = "host"
    directions: frozenset[Direction] = frozenset(DIRECTIONS)

    def __init__(self, types: Sequence[str] | None = None, packs: Sequence[str] | None = None) -> None:
        recognizers = load_recognizers(_chosen("packs", packs, PACKS))
        known = [kind for kind in CATEGORIES if any(r.type == kind for r in recognizers)]
        wanted = _chosen("types", types, known)
        self.categories: Mapping[str, Dimension] = {CATEGORIES[kind]: "privacy" for kind in wanted}
        self.thresholds: Mapping[str, float] = dict.fromkeys(self.categories, 0.5)
        self._engine = Engine([r for r in recognizers if r.type in wanted])

    def warm_up(self) -> None:
        """Nothing to load: the patterns are compiled with the constructor."""

    def score(self, batch: Batch) -> Sequence[ScoreRow]:
        """Spans and scores of each text, raw view."""
        return [self.score_text(text) for text in batch.texts("raw")]

    def score_text(self, text: str) -> ScoreRow:
        """Spans and scores of one text."""
        matches = self._engine.search(text)
        if not matches:
            return ScoreRow({})
        scores: dict[str, float] = {}
        spans: list[TextSpan] = []
        for match in matches:
            kind = match.recognizer
            scores[kind.category] = max(match.score, scores.get(kind.category, 0.0))
            spans.append(TextSpan(match.start, match.end, kind.category, kind.type, match.score, kind.name))
        names = list(dict.fromkeys(match.recognizer.name for match in matches))
        return ScoreRow(scores, tuple(spans), ", ".join(names))


def _chosen(option: str, given: Sequence[str] | None, known: Collection[str]) -> list[str]:
    """What an option names of what there is; all of it when the option is left out."""
    if given is None:
        return list(known)
    if isinstance(given, str):
        raise ConfigError(f"scorer pii: option {option} must be a list, such as [{given}]")
    unknown = [name for name in given if name not in known]
    if unknown:
        raise ConfigError(
            f"scorer pii: unknown {option[:-1]} {unknown[0]!r} in option {option}; known: {', '.join(known)}"
        )
    if not given:
        raise ConfigError(f"scorer pii: option {option} is empty; leave it out to look for all {option}")
    return list(given)
