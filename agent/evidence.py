"""Redacted evidence: what on-call may read of a finding, without the personal data in it (DESIGN decision 8)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from agent.errors import ConfigError, ScorerError
from agent.scores import Evidence, TextSpan, Verdict

__all__ = ["EvidenceBuilder", "redact"]

_WIDE = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {"\u3000": " "}
_GAP = "[…]"
_MIN_AROUND = 40
_MAX_AROUND = 400


class _Stretch(NamedTuple):
    """Characters to be replaced, and the types of what lies there in order of appearance."""

    start: int
    end: int
    types: tuple[str, ...]


def redact(text: str, spans: Sequence[TextSpan]) -> str:
    """Replace each span by its type in brackets, such as ``[EMAIL]``.

    Every other occurrence of a span's value goes too, in any case and in full-width forms. Spans that touch or overlap
    become one, named by all their types: ``[EMAIL+PHONE]``. So no detected value is left in the result, unless the
    value is made of brackets or is itself part of a type's name. Values that were not detected stay.

    Raises
    ------
    ScorerError
        For a span that does not lie in the text. Then nothing may be shown.

    Notes
    -----
    Takes time proportional to the length of the text times the number of different values.
    """
    _check(text, spans)
    return _render(text, _stretches(text, spans, _values(text, spans)), 0, len(text))


class EvidenceBuilder:
    """Makes the evidence of a verdict.

    Parameters
    ----------
    hash_key
        Key of the content hashes. Without it nobody can test whether a guessed text was seen.
    max_chars
        About how much raw text is kept of each text; what surrounds the findings is kept first.
    keep_texts
        False keeps the hashes alone.

    Raises
    ------
    ConfigError
        For an empty key, or room for less than a hundred characters.
    """

    def __init__(self, hash_key: bytes, max_chars: int = 2000, keep_texts: bool = True) -> None:
        if not hash_key:
            raise ConfigError("evidence: the hash key is empty; set it to a random string of 32 bytes")
        if max_chars < 100:
            raise ConfigError(f"evidence: max_chars is {max_chars}; give at least 100, or set keep_texts to false")
        self._hash_key = hash_key
        self._max_chars = max_chars
        self._keep_texts = keep_texts

    def build(
        self, verdict: Verdict, texts: Sequence[str], spans_by_text: Sequence[Sequence[TextSpan]] | None
    ) -> Evidence:
        """The evidence of one verdict.

        Parameters
        ----------
        texts
            The raw texts of the verdict's direction, in the order that the findings' ``part`` counts.
        spans_by_text
            What the pii scorer found in each text. None when it failed: a text that could not be searched for
            personal data is not kept, and neither is any when a span does not fit its text.

        Notes
        -----
        The findings keep their offsets in the raw texts, which the evidence does not hold.
        """
        return Evidence(
            id=verdict.id,
            inference_id=verdict.inference_id,
            source=verdict.source,
            model=verdict.model,
            direction=verdict.direction,
            time=verdict.time,
            findings=verdict.findings,
            texts=self._redacted(verdict, texts, spans_by_text),
            content_hashes=[self.content_hash(text) for text in texts],
            trace_id=verdict.trace_id,
        )

    def content_hash(self, text: str) -> str:
        """HMAC-SHA-256 of the raw text in UTF-8, its first 32 hexadecimal digits."""
        return hmac.new(self._hash_key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]

    def _redacted(
        self, verdict: Verdict, texts: Sequence[str], spans_by_text: Sequence[Sequence[TextSpan]] | None
    ) -> list[str]:
        if not self._keep_texts or spans_by_text is None or len(spans_by_text) != len(texts):
            return []
        try:
            return [
                self._excerpt(text, spans, _points(verdict, part))
                for part, (text, spans) in enumerate(zip(texts, spans_by_text, strict=True))
            ]
        except ScorerError:
            return []

    def _excerpt(self, text: str, spans: Sequence[TextSpan], points: Sequence[tuple[int, int]]) -> str:
        if len(text) <= self._max_chars:
            return redact(text, spans)
        _check(text, spans)
        values = _values(text, spans)
        # An excerpt is searched as far beyond its edges as the longest value reaches: so a cut never leaves half of a
        # value, and a text of megabytes is not searched for each of its thousands of values.
        reach = max((span.end - span.start for span in spans), default=0)
        windows = _windows(len(text), points, self._max_chars)
        pieces: list[str] = []
        for low, high in windows:
            first, last = max(0, low - reach), min(len(text), high + reach)
            own = [_shifted(span, first) for span in spans if span.start >= first and span.end <= last]
            part = text[first:last]
            pieces.append(_render(part, _stretches(part, own, values), low - first, high - first))
        head = "" if windows[0][0] == 0 else _GAP
        tail = "" if windows[-1][1] == len(text) else _GAP
        return head + _GAP.join(pieces) + tail


def _check(text: str, spans: Sequence[TextSpan]) -> None:
    for span in spans:
        if not 0 <= span.start < span.end <= len(text):
            raise ScorerError(f"span [{span.start}, {span.end}) does not lie in its text of {len(text)} characters")


def _shifted(span: TextSpan, by: int) -> TextSpan:
    return TextSpan(span.start - by, span.end - by, span.category, span.type)


def _fold(text: str) -> str:
    """Lower case and ASCII width, character by character, so that offsets stay."""
    if text.isascii():
        return text.lower()
    narrow = (_WIDE.get(character, character) for character in text)
    return "".join(lower if len(lower := character.lower()) == 1 else character for character in narrow)


def _values(text: str, spans: Sequence[TextSpan]) -> dict[str, str]:
    """The folded values of the spans, with the type of each."""
    return {_fold(text[span.start : span.end]): span.type for span in spans}


def _stretches(text: str, spans: Sequence[TextSpan], values: Mapping[str, str]) -> list[_Stretch]:
    """What to replace: the spans, and wherever else one of the values stands. In order, merged, apart."""
    found = [_Stretch(span.start, span.end, (span.type,)) for span in spans]
    folded = _fold(text)
    for value, kind in values.items():
        start = folded.find(value)
        while start >= 0:
            found.append(_Stretch(start, start + len(value), (kind,)))
            start = folded.find(value, start + len(value))
    merged: list[_Stretch] = []
    for stretch in sorted(found):
        if merged and stretch.start <= merged[-1].end:
            last = merged[-1]
            types = last.types + tuple(kind for kind in stretch.types if kind not in last.types)
            merged[-1] = _Stretch(last.start, max(last.end, stretch.end), types)
        else:
            merged.append(stretch)
    return merged


def _render(text: str, stretches: Sequence[_Stretch], low: int, high: int) -> str:
    """``text[low:high]`` with the stretches replaced; one that only begins or ends in there is replaced whole."""
    pieces: list[str] = []
    position = low
    for start, end, types in stretches:
        if end <= low:
            continue
        if start >= high:
            break
        pieces += (text[position:start] if start > position else "", f"[{'+'.join(types)}]")
        position = end
    if position < high:
        pieces.append(text[position:high])
    return "".join(pieces)


def _points(verdict: Verdict, part: int) -> list[tuple[int, int]]:
    """Where the findings lie in one text."""
    return sorted((span.start, span.end) for finding in verdict.findings for span in finding.spans if span.part == part)


def _windows(length: int, points: Sequence[tuple[int, int]], room: int) -> list[tuple[int, int]]:
    """Parts of the text, at most `room` characters in all, around the points; its beginning when there are none."""
    inside = [(start, end) for start, end in points if 0 <= start < end <= length]
    if not inside:
        return [(0, room)]
    around = min(_MAX_AROUND, max(_MIN_AROUND, room // (2 * len(inside))))
    windows: list[tuple[int, int]] = []
    for start, end in inside:
        low, high = max(0, start - around), min(length, end + around)
        if windows and low <= windows[-1][1]:
            low = windows[-1][1]
        high = min(high, low + room)
        if high <= low:
            continue
        room -= high - low
        if windows and low == windows[-1][1]:
            windows[-1] = (windows[-1][0], high)
        else:
            windows.append((low, high))
        if room <= 0:
            break
    return windows
