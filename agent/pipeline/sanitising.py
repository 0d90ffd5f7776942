"""The texts of an input as a model may be fed them: their disguises undone, with an account of what was changed."""

from __future__ import annotations

from agent.pipeline.pending import Half
from agent.sanitise import sanitise
from agent.scores import SanitisedTexts, TextChange, Verdict

__all__ = ["sanitised_texts"]


def sanitised_texts(half: Half, verdict: Verdict) -> SanitisedTexts:
    """The texts of one judged half, whatever was found in them; those without a disguise as they came.

    Notes
    -----
    Only texts that are judged leave: of an input neither system prompts nor the assistant's earlier turns.
    """
    payload = half.event.payload(half.direction)
    texts: dict[int, str] = {}
    changes: list[TextChange] = []
    for piece in half.parts:
        if piece.text_index in texts:
            continue  # a long text is scored in pieces, and leaves whole
        raw = piece.part.text if payload is None else payload.texts[piece.text_index].text
        result = sanitise(raw)
        texts[piece.text_index] = result.text
        changes += (
            TextChange(piece.text_index, change.kind, change.action, change.start, change.end)
            for change in result.changes
        )
    return SanitisedTexts(
        id=verdict.id,
        inference_id=verdict.inference_id,
        source=verdict.source,
        model=verdict.model,
        direction=verdict.direction,
        time=verdict.time,
        texts=list(texts.values()),
        parts=list(texts),
        changes=changes,
        trace_id=verdict.trace_id,
    )
