"""The `pii` scorer: personal data and secrets that can be told by their form."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from agent.errors import ConfigError
from agent.events import DIRECTIONS, Direction
from agent.scores import Dimension, ScoreRow, TextSpan
from agent.scoring.base import Batch, Lane
from agent.scoring.ner import NAMED, NAMES_NOT_COVERED, finder_of, with_names
from agent.scoring.pii.base import CATEGORIES
from agent.scoring.pii.engine import Engine
from agent.scoring.pii.packs import PACKS, load_recognizers

__all__ = ["PiiScorer"]


class PiiScorer:
    """Finds personal data by pattern, check digit and context words, in English and Chinese text.

    The score of a category is that of its best span: 1.0 for a value that its check digit or its context confirms,
    from 0.5 upwards for one that only looks right. Full-width digits and letters count as their ASCII forms; spans are
    offsets in the raw text. Names and addresses are found where their form or the words around them announce them; all
    others need a model of named entities.

    Linear in the length of the text, whatever it holds.

    Parameters
    ----------
    types
        Span types to look for, such as ``["EMAIL", "PHONE"]``; all when None. Evidence is redacted by these spans
        alone, so that leaving a type out leaves it in the evidence too.
    packs
        Groups of recognisers, such as ``["core", "secrets", "cn"]``; all when None.
    ner
        Models for names and addresses: a mapping or a list of them, see `agent.scoring.ner.finder_of`. None: none.

    Raises
    ------
    ConfigError
        For an unknown pack, a type that no recogniser of the packs finds, or a model that is not there.

    Attributes
    ----------
    limits
        What it does not look for, for people: see `agent.scoring.base.limits_of`.
    """

    name = "pii"
    version = "patterns@2"
    lane: Lane = "host"
    directions: frozenset[Direction] = frozenset(DIRECTIONS)

    def __init__(
        self, types: Sequence[str] | None = None, packs: Sequence[str] | None = None, ner: object = None
    ) -> None:
        self._names = finder_of(ner)
        recognizers = load_recognizers(_chosen("packs", packs, PACKS))
        by_model = () if self._names is None else NAMED
        known = [kind for kind in CATEGORIES if kind in by_model or any(r.type == kind for r in recognizers)]
        wanted = _chosen("types", types, known)
        self.categories: Mapping[str, Dimension] = {CATEGORIES[kind]: "privacy" for kind in wanted}
        self.thresholds: Mapping[str, float] = dict.fromkeys(self.categories, 0.5)
        if self._names is not None:
            self.version = f"{self.version}+{self._names.version}"
        self.limits = (NAMES_NOT_COVERED,) if self._names is None else ()
        self._engine = Engine([r for r in recognizers if r.type in wanted])

    def warm_up(self) -> None:
        """Make the database of the patterns, and load the models of `ner`.

        Raises
        ------
        ModelError
            When a model's files are missing or damaged.
        """
        self._engine.warm_up()
        if self._names is not None:
            self._names.warm_up()

    def score(self, batch: Batch) -> Sequence[ScoreRow]:
        """Spans and scores of each text, raw view."""
        return self._score(batch.texts("raw"))

    def score_text(self, text: str) -> ScoreRow:
        """Spans and scores of one text."""
        return self._score((text,))[0]

    def _score(self, texts: Sequence[str]) -> Sequence[ScoreRow]:
        rows = list(map(self._by_patterns, texts))
        return rows if self._names is None else with_names(rows, texts, self._names, self.categories)

    def _by_patterns(self, text: str) -> ScoreRow:
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
