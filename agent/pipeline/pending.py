"""What is in flight: records, their halves, and the texts that wait for scores."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from agent.events import Direction, InferenceEvent, TextPart
from agent.joining import JoinedCall, Origin
from agent.pipeline.given import given_to
from agent.scoring.base import ScoringItem
from agent.scoring.executor import Answer

__all__ = ["Half", "PendingRecord", "ScoredText", "Slot", "passages_of", "scored_parts"]

#: A longer text is scored in pieces, each a batch of its own or nearly so: one text must not use up the deadline of a
#: scorer, which would cost it the texts behind as well.
MAX_TEXT_CHARS = 100_000
#: Long enough for every pattern, and for the context that the classifiers look at.
OVERLAP_CHARS = 1_000


class ScoredText(NamedTuple):
    """A text that is scored, or a piece of one: its place among the payload's texts, and where it starts there.

    Passages are numbered on from the last of the payload's texts.
    """

    text_index: int
    part: TextPart
    start: int = 0


class Half:
    """One direction of one event on its way to a verdict.

    Attributes
    ----------
    parts
        The texts that are scored, in order; long ones in pieces.
    answers
        One row per part once it is scored: scorer name to row or missing score.
    passages, passage_answers
        Retrieved passages that came with this half, and the same for them. Only scorers that find attacks see them.
    given
        Of an output what its model had been given, as far as it was known when the output came.
    weight
        Inverse of the probability with which it is scored.
    lot
        Of its call, when a cascade draws; 1 else. See `agent.scoring.base.ScoringItem`.
    recalled
        Judged and counted before a restart: scored again only for what its call has to know, with no verdict.
    """

    __slots__ = (
        *("answers", "call", "direction", "event", "given", "lot", "parts", "passage_answers", "passages", "recalled"),
        *("time", "weight"),
    )

    def __init__(
        self, event: InferenceEvent, direction: Direction, call: JoinedCall, time: float, *, recalled: bool = False
    ) -> None:
        self.event = event
        self.direction: Direction = direction
        self.call = call
        self.time = time
        self.weight = call.weight or 1.0
        self.lot = 1.0
        self.recalled = recalled
        self.parts: list[ScoredText] = [] if event.redacted else scored_parts(event, direction)
        self.answers: list[dict[str, Answer]] = [{} for _ in self.parts]
        self.passages: list[ScoredText] = [] if event.redacted else passages_of(event, direction)
        self.passage_answers: list[dict[str, Answer]] = [{} for _ in self.passages]
        self.given = given_to(event, call) if direction == "output" and self.parts else None

    def whole_texts(self) -> dict[int, str]:
        """The texts that are judged, by their place in the payload: long ones are scored in pieces, and leave whole."""
        payload = self.event.payload(self.direction)
        texts = () if payload is None else payload.texts
        return {piece.text_index: texts[piece.text_index].text for piece in self.parts}


class PendingRecord:
    """One record from submission to outcome.

    ``remaining`` counts texts without scores; ``chars`` are those of all texts that its halves keep in memory;
    ``passed`` are the models of calls that are not scored.
    """

    __slots__ = ("abandoned", "chars", "halves", "origin", "passed", "remaining")

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.halves: list[Half] = []
        self.remaining = 0
        self.chars = 0
        self.passed: list[str] = []
        self.abandoned = False


class Slot:
    """One text in a batch, and where its answers go."""

    __slots__ = ("half", "index", "item", "record")

    def __init__(self, item: ScoringItem, record: PendingRecord, half: Half, index: int) -> None:
        self.item = item
        self.record = record
        self.half = half
        self.index = index


def scored_parts(event: InferenceEvent, direction: Direction) -> list[ScoredText]:
    """The texts of a direction that are judged.

    Of an input only what users and tools say: system prompts are the operator's own words, and the assistant's earlier
    turns were judged as outputs when they were given. Both still count as known when leaks are told from echoes. When
    nothing else is there (a bare prompt under an unusual role), everything is judged.
    """
    payload = event.payload(direction)
    if payload is None:
        return []
    parts = [piece for index, part in enumerate(payload.texts) if part.text for piece in _pieces(index, part)]
    if direction == "output":
        return parts
    said = [piece for piece in parts if piece.part.role in ("user", "tool")]
    return said or parts


def passages_of(event: InferenceEvent, direction: Direction) -> list[ScoredText]:
    """The passages that are searched for attacks with this direction: the input's, or an answer's that comes alone.

    A server that answers "on your data" may name what it found with the answer only; there is no other half then that
    these passages could be told with.
    """
    if not event.context or (direction == "output" and event.input is not None):
        return []
    payload = event.payload(direction)
    first = 0 if payload is None else len(payload.texts)
    return [
        piece
        for index, text in enumerate(event.context, first)
        if text
        for piece in _pieces(index, TextPart(text, "tool"))
    ]


def _pieces(index: int, part: TextPart) -> list[ScoredText]:
    if len(part.text) <= MAX_TEXT_CHARS:
        return [ScoredText(index, part)]
    starts = range(0, len(part.text) - OVERLAP_CHARS, MAX_TEXT_CHARS - OVERLAP_CHARS)
    return [
        ScoredText(index, msgspec.structs.replace(part, text=part.text[start : start + MAX_TEXT_CHARS]), start)
        for start in starts
    ]
