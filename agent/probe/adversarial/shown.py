"""What may be shown of an attack that worked: its beginning, personal data and secrets replaced by their types."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence

from agent.errors import ScorerError
from agent.events import TextPart
from agent.normalize import normalize, normalize_with_map
from agent.probe.served import Features
from agent.redaction import redact
from agent.scores import TextSpan
from agent.scoring import load_scorer
from agent.scoring.base import Batch, Scorer, ScoringItem

__all__ = ["Redactor"]

_SHOWN = 200
_SEARCHED = 4_000
_HIDDEN = "[…]"


class Redactor:
    """Redacts inputs with the scorer ``pii``, which loads with the first one.

    Personal data that are disguised together with the rest are looked for in the normalised form too. Where the
    original holds more than is found then, such as an address inside of Base64, nothing of the text is shown.
    """

    def __init__(self) -> None:
        self._scorer: Scorer | None = None

    def __call__(self, given: str | Features, original: str | Features) -> str:
        text, before = _text(given), _text(original)
        head = text[:_SEARCHED]
        try:
            spans = self._spans(head)
            if len(self._spans(before[:_SEARCHED])) > len(spans):
                return _HIDDEN
            shown = redact(head, spans)
        except ScorerError:
            return _HIDDEN
        visible = "".join(map(_visible, shown[:_SHOWN]))
        return visible + ("…" if len(shown) > _SHOWN or len(text) > _SEARCHED else "")

    def _spans(self, text: str) -> list[TextSpan]:
        """In the text, wherever they show: as it is, or normalised."""
        folded, offsets = normalize_with_map(text)
        if self._scorer is None:
            self._scorer = load_scorer("pii", {})
            self._scorer.warm_up()
        batch = Batch([ScoringItem(TextPart(part), "input", normalize) for part in (text, folded)])
        raw, plain = self._scorer.score(batch)
        found = list(raw.spans)
        for span in plain.spans:
            start, end = _in_raw(span, offsets, len(text))
            if not any(own.start < end and start < own.end for own in found):
                found.append(TextSpan(start, end, span.category, span.type))
        return found


def _in_raw(span: TextSpan, offsets: Sequence[int], length: int) -> tuple[int, int]:
    """Up to the next character: what draws nothing behind the last one belongs to it."""
    return offsets[span.start], offsets[span.end] if span.end < len(offsets) else length


def _text(given: str | Features) -> str:
    return given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)


def _visible(character: str) -> str:
    """What draws nothing is shown by its code point: a reader would else see a harmless text."""
    category = unicodedata.category(character)
    if character == "\n" or category[0] == "Z":
        return " "
    return f"<U+{ord(character):04X}>" if category[0] == "C" else character
