"""The `pii` scorer: personal data and secrets that can be told by their form."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence

from agent.errors import ConfigError
from agent.events import DIRECTIONS, Direction
from agent.scores import Dimension, ScoreRow, TextSpan
from agent.scoring.base import Batch, Lane
from agent.scoring.ner import NAMED, NAMES_NOT_COVERED, finder_of, with_names
from agent.scoring.pii.base import Recognizer
from agent.scoring.pii.engine import Engine

__all__ = ["RECOGNIZERS", "PiiScorer", "load_recognizers"]

_CATEGORIES: dict[str, str] = {
    "EMAIL": "pii.email",
    "PHONE": "pii.phone",
    "CARD": "pii.card",
    "BANK_ACCOUNT": "pii.bank_account",
    "NATIONAL_ID": "pii.national_id",
    "IP": "pii.ip",
    "SECRET": "pii.secret",
}

# One file plus one line adds a recogniser.
RECOGNIZERS: tuple[str, ...] = (
    "agent.scoring.pii.email_address",
    "agent.scoring.pii.phone_cn",
    "agent.scoring.pii.phone_e164",
    "agent.scoring.pii.phone_nanp",
    "agent.scoring.pii.phone_in_context",
    "agent.scoring.pii.card",
    "agent.scoring.pii.iban",
    "agent.scoring.pii.cn_resident_id",
    "agent.scoring.pii.us_ssn",
    "agent.scoring.pii.ipv4",
    "agent.scoring.pii.ipv6",
    "agent.scoring.pii.vendor_key",
    "agent.scoring.pii.private_key",
    "agent.scoring.pii.jwt",
    "agent.scoring.pii.url_credentials",
    "agent.scoring.pii.assigned_secret",
)


def load_recognizers() -> list[Recognizer]:
    """Every recogniser of the table, in its order."""
    return [importlib.import_module(path).RECOGNIZER for path in RECOGNIZERS]


class PiiScorer:
    """Finds personal data by pattern, check digit and context words, in English and Chinese text.

    The score of a category is that of its best span: 1.0 for a value that its check digit or its context confirms,
    from 0.5 upwards for one that only looks right. Full-width digits and letters count as their ASCII forms; spans are
    offsets in the raw text. Names and addresses have no form: a model of named entities finds them, when one is given.

    Linear in the length of the text, whatever it holds.

    Parameters
    ----------
    types
        Span types to look for, such as ``["EMAIL", "PHONE"]``; all when None. Evidence is redacted by these spans
        alone, so that leaving a type out leaves it in the evidence too.
    ner
        Models for names and addresses: a mapping or a list of them, see `agent.scoring.ner.finder_of`. None: none.

    Raises
    ------
    ConfigError
        For a type that no recogniser finds, or a model that is not there.

    Attributes
    ----------
    limits
        What it does not look for, for people: see `agent.scoring.base.limits_of`.
    """

    name = "pii"
    version = "patterns@1"
    lane: Lane = "host"
    directions: frozenset[Direction] = frozenset(DIRECTIONS)

    def __init__(self, types: Sequence[str] | None = None, ner: object = None) -> None:
        if isinstance(types, str):
            raise ConfigError(f"scorer pii: option types must be a list, such as [{types}]")
        self._names = finder_of(ner)
        known = _CATEGORIES if self._names is None else _CATEGORIES | NAMED
        wanted = list(known) if types is None else list(types)
        unknown = [kind for kind in wanted if kind not in known]
        if unknown:
            raise ConfigError(f"scorer pii: unknown type {unknown[0]!r} in option types; known: {', '.join(known)}")
        if not wanted:
            raise ConfigError("scorer pii: option types is empty; leave it out to look for all types")
        self.categories: Mapping[str, Dimension] = {known[kind]: "privacy" for kind in wanted}
        self.thresholds: Mapping[str, float] = dict.fromkeys(self.categories, 0.5)
        if self._names is not None:
            self.version = f"{self.version}+{self._names.version}"
        self.limits = (NAMES_NOT_COVERED,) if self._names is None else ()
        self._engine = Engine([r for r in load_recognizers() if r.type in wanted])

    def warm_up(self) -> None:
        """Load the models of `ner`; the patterns are compiled with the constructor.

        Raises
        ------
        ModelError
            When a model's files are missing or damaged.
        """
        if self._names is not None:
            self._names.warm_up()

    def score(self, batch: Batch) -> Sequence[ScoreRow]:
        """Spans and scores of each text, raw view."""
        texts = batch.texts("raw")
        rows = [self.score_text(text) for text in texts]
        return rows if self._names is None else with_names(rows, texts, self._names, self.categories)

    def score_text(self, text: str) -> ScoreRow:
        """Spans and scores of one text, by patterns alone."""
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
