"""Redacted evidence: what on-call may read of a finding, without the personal data in it (DESIGN decision 8)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Mapping, Sequence

from agent.errors import ConfigError, ScorerError
from agent.redaction import Rendered, ValueSearch, redact, render, stretches, values_of
from agent.scores import Evidence, TextSpan, Verdict

__all__ = ["EvidenceBuilder", "redact", "values_of"]

_GAP = "[…]"
_MIN_AROUND = 40
_MAX_AROUND = 400
# Less of a longer text shows nothing: a window may end before the finding that it was opened for.
_MIN_ROOM = 100
# With JSON's escapes and the types in place of values this stays below Kafka's usual limit of 1 MB.
_MAX_ROOM = 50_000
_MAX_TEXTS = 64


class EvidenceBuilder:
    """Makes the evidence of a verdict.

    Parameters
    ----------
    hash_key
        Key of the content hashes. Without it nobody can test whether a guessed text was seen.
    max_chars
        About how much raw text is kept of all texts together: of those with findings first, and there of what
        surrounds the findings. From 100 to 50,000.
    keep_texts
        False keeps the hashes alone.

    Raises
    ------
    ConfigError
        For an empty key, or `max_chars` out of range.
    """

    def __init__(self, hash_key: bytes, max_chars: int = 2000, keep_texts: bool = True) -> None:
        if not hash_key:
            raise ConfigError("evidence: the hash key is empty; set it to a random string of 32 bytes")
        if not _MIN_ROOM <= max_chars <= _MAX_ROOM:
            raise ConfigError(
                f"evidence: max_chars is {max_chars}; give {_MIN_ROOM} to {_MAX_ROOM}, or set keep_texts to false"
            )
        self._hash_key = hash_key
        self._max_chars = max_chars
        self._keep_texts = keep_texts

    def build(
        self,
        verdict: Verdict,
        texts: Sequence[str],
        spans_by_text: Sequence[Sequence[TextSpan]] | None,
        parts: Sequence[int] | None = None,
        flagged: Collection[int] = (),
        passages: Sequence[str] = (),
    ) -> Evidence:
        """The evidence of one verdict.

        Parameters
        ----------
        texts
            The raw texts that were judged, in order.
        spans_by_text
            What the pii scorer, and the canary scorer when it runs, found in each text. None when one of them failed: a
            text that could not be searched for personal data is not kept, and neither is any when a span does not fit
            its text.
        parts
            For each text the ``part`` that the findings' spans know it by; None when that is its place.
        flagged
            Places of the texts that something was found in, beside those that the findings' spans name.
        passages
            Retrieved passages that something was found in. They are not shown; their hashes stand behind the others.

        Notes
        -----
        A conversation may have any number of texts, a message to Kafka may not have any size: at most 64 texts are
        represented, those with findings first. The hashes are theirs, in order, and so are the redacted texts, each of
        which is empty when its room has gone to others. What was found in one text is replaced in all. The findings
        keep their offsets in the raw texts, which the evidence does not hold.
        """
        points = _points(verdict, range(len(texts)) if parts is None else parts)
        found = [bool(there) or place in flagged for place, there in enumerate(points)]
        places = sorted(sorted(range(len(texts)), key=lambda place: not found[place])[:_MAX_TEXTS])
        shown = passages[: _MAX_TEXTS - len(places)]
        redacted = self._redacted(texts, spans_by_text, points, found, places)
        return Evidence(
            id=verdict.id,
            inference_id=verdict.inference_id,
            source=verdict.source,
            model=verdict.model,
            direction=verdict.direction,
            time=verdict.time,
            findings=verdict.findings,
            texts=[each.text for each in redacted],
            content_hashes=[self.content_hash(text) for text in (*(texts[place] for place in places), *shown)],
            trace_id=verdict.trace_id,
            replaced=[each.marks for each in redacted],
        )

    def content_hash(self, text: str) -> str:
        """HMAC-SHA-256 of the raw text in UTF-8, its first 32 hexadecimal digits."""
        return hmac.new(self._hash_key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]

    def _redacted(
        self,
        texts: Sequence[str],
        spans_by_text: Sequence[Sequence[TextSpan]] | None,
        points: Sequence[Sequence[tuple[int, int]]],
        found: Sequence[bool],
        places: Sequence[int],
    ) -> list[Rendered]:
        if not self._keep_texts or spans_by_text is None or len(spans_by_text) != len(texts):
            return []
        rooms = self._rooms({place: len(texts[place]) for place in places}, found)
        kinds: dict[str, str] = {}
        try:
            for text, spans in zip(texts, spans_by_text, strict=True):
                kinds |= values_of(text, spans)
        except ScorerError:
            return []
        # Of all texts together: a name that one of them announces stands in the next with nothing that gives it away.
        values = ValueSearch(kinds)
        reach = values.reach
        return [
            _excerpt(texts[place], spans_by_text[place], points[place], rooms[place], values, reach) for place in places
        ]

    def _rooms(self, lengths: Mapping[int, int], found: Sequence[bool]) -> dict[int, int]:
        """How many characters are kept of each text: shared fairly, what short texts leave goes to the long ones."""
        rooms = dict.fromkeys(lengths, 0)
        left = self._max_chars
        for wanted in (True, False):
            group = sorted((length, place) for place, length in lengths.items() if found[place] is wanted)
            for number, (length, place) in enumerate(group):
                room = min(length, max(_MIN_ROOM, left // (len(group) - number)))
                if room <= left:
                    rooms[place] = room
                    left -= room
        return rooms


def _excerpt(
    text: str,
    spans: Sequence[TextSpan],
    points: Sequence[tuple[int, int]],
    room: int,
    values: ValueSearch,
    reach: int,
) -> Rendered:
    """About ``room`` characters of a text; ``reach`` is how long any of the values is."""
    if room == 0 < len(text):
        return Rendered("", [])
    if len(text) <= room:
        return render(text, stretches(text, spans, values), 0, len(text))
    # An excerpt is searched as far beyond its edges as the longest value reaches, numbers with all their separators: so
    # a cut never leaves half of a value, and a text of megabytes is not searched for what a page of it shows.
    windows = _windows(len(text), points, room)
    pieces: list[Rendered] = []
    for low, high in windows:
        first, last = max(0, low - reach), min(len(text), high + reach)
        own = [_shifted(span, first) for span in spans if span.start >= first and span.end <= last]
        part = text[first:last]
        pieces.append(render(part, stretches(part, own, values), low - first, high - first))
    head = "" if windows[0][0] == 0 else _GAP
    tail = "" if windows[-1][1] == len(text) else _GAP
    marks: list[tuple[int, int]] = []
    position = len(head)
    for piece in pieces:
        marks += ((position + start, position + end) for start, end in piece.marks)
        position += len(piece.text) + len(_GAP)
    return Rendered(head + _GAP.join(piece.text for piece in pieces) + tail, marks)


def _shifted(span: TextSpan, by: int) -> TextSpan:
    return TextSpan(span.start - by, span.end - by, span.category, span.type)


def _points(verdict: Verdict, parts: Sequence[int]) -> list[list[tuple[int, int]]]:
    """Where the findings lie in each text."""
    by_part: dict[int, list[tuple[int, int]]] = {}
    for finding in verdict.findings:
        for span in finding.spans:
            by_part.setdefault(span.part, []).append((span.start, span.end))
    return [sorted(by_part.get(part, ())) for part in parts]


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
