"""Long texts are scored whole, in pieces that overlap, and findings still point into the whole text."""

from __future__ import annotations

from agent.clock import SystemClock
from agent.config import CoreConfig
from agent.joining import Origin
from agent.metrics import Metrics, new_registry
from agent.pipeline import build_pipeline
from agent.pipeline.pending import MAX_TEXT_CHARS, OVERLAP_CHARS, scored_parts
from agent.scores import Verdict
from tests.builders import WordScorer, make_event


def verdicts_of(text: str) -> list[Verdict]:
    clock = SystemClock()
    metrics = Metrics(new_registry(), clock=clock)
    pipeline = build_pipeline(CoreConfig(), metrics=metrics, clock=clock, scorers=[WordScorer()])
    pipeline.submit(Origin("t", 0, 0), 0.0, [make_event(text=None, answer=text)])
    pipeline.close()
    outcomes = pipeline.join(20.0)
    pipeline.terminate()
    return [verdict for outcome in outcomes for verdict in outcome.verdicts]


def test_the_pieces_cover_the_text_and_overlap() -> None:
    for length in (1, MAX_TEXT_CHARS, MAX_TEXT_CHARS + 1, 2 * MAX_TEXT_CHARS, 350_001):
        text = "".join(chr(0x4E00 + number % 5000) for number in range(length))
        pieces = scored_parts(make_event(answer=text), "output")
        assert max(len(piece.part.text) for piece in pieces) <= MAX_TEXT_CHARS
        end = 0
        for piece in pieces:
            assert piece.start == 0 or end - piece.start >= OVERLAP_CHARS
            assert piece.part.text == text[piece.start : piece.start + MAX_TEXT_CHARS]
            end = piece.start + len(piece.part.text)
        assert end == length


def test_a_finding_in_any_piece_points_into_the_whole_text() -> None:
    for place in (0, MAX_TEXT_CHARS - OVERLAP_CHARS + 10, MAX_TEXT_CHARS - 3, 250_000):
        text = "x" * place + "awful" + "x" * (300_000 - place)
        [verdict] = verdicts_of(text)
        assert [(span.start, span.end) for span in verdict.findings[0].spans] == [(place, place + 5)]
        assert verdict.missing == []
        assert not verdict.truncated
