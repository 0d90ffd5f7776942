"""What is in flight: records, their halves, and the texts that wait for scores."""

from __future__ import annotations

from agent.events import Direction, InferenceEvent, TextPart
from agent.joining import JoinedCall, Origin
from agent.scoring.base import ScoringItem
from agent.scoring.executor import Answer

__all__ = ["Half", "PendingRecord", "Slot", "scored_parts"]


class Half:
    """One direction of one event on its way to a verdict.

    Attributes
    ----------
    parts
        The texts that are scored, in order, each with its index among the payload's texts.
    answers
        One row per part once it is scored: scorer name to row or missing score.
    recalled
        Judged and counted before a restart: scored again only for what its call has to know, with no verdict.
    """

    __slots__ = ("answers", "call", "direction", "event", "parts", "recalled", "time")

    def __init__(
        self, event: InferenceEvent, direction: Direction, call: JoinedCall, time: float, *, recalled: bool = False
    ) -> None:
        self.event = event
        self.direction: Direction = direction
        self.call = call
        self.time = time
        self.recalled = recalled
        self.parts: list[tuple[int, TextPart]] = [] if event.redacted else scored_parts(event, direction)
        self.answers: list[dict[str, Answer]] = [{} for _ in self.parts]


class PendingRecord:
    """One record from submission to outcome.

    ``remaining`` counts texts without scores; ``chars`` are those of all texts that its halves keep in memory.
    """

    __slots__ = ("abandoned", "chars", "halves", "origin", "remaining")

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.halves: list[Half] = []
        self.remaining = 0
        self.chars = 0
        self.abandoned = False


class Slot:
    """One text in a batch, and where its answers go."""

    __slots__ = ("half", "index", "item", "record")

    def __init__(self, item: ScoringItem, record: PendingRecord, half: Half, index: int) -> None:
        self.item = item
        self.record = record
        self.half = half
        self.index = index


def scored_parts(event: InferenceEvent, direction: Direction) -> list[tuple[int, TextPart]]:
    """The texts of a direction that are judged.

    Of an input only what users and tools say: system prompts are the operator's own words, and the assistant's earlier
    turns were judged as outputs when they were given. Both still count as known when leaks are told from echoes. When
    nothing else is there (a bare prompt under an unusual role), everything is judged.
    """
    payload = event.payload(direction)
    if payload is None:
        return []
    parts = [(index, part) for index, part in enumerate(payload.texts) if part.text]
    if direction == "output":
        return parts
    said = [(index, part) for index, part in parts if part.role in ("user", "tool")]
    return said or parts
