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
    results = {index: sanitise(text) for index, text in half.whole_texts().items()}
    return SanitisedTexts(
        id=verdict.id,
        inference_id=verdict.inference_id,
        source=verdict.source,
        model=verdict.model,
        direction=verdict.direction,
        time=verdict.time,
        texts=[result.text for result in results.values()],
        parts=list(results),
        changes=[
            TextChange(index, change.kind, change.action, change.start, change.end)
            for index, result in results.items()
            for change in result.changes
        ],
        trace_id=verdict.trace_id,
    )
