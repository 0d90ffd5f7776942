"""The messages that go out for a record that is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from agent.pipeline import RecordOutcome
from streams.config import TopicsConfig
from streams.filtered import filtered_message, sanitised_message
from streams.ports import Message

__all__ = ["messages_of"]


def messages_of(
    outcome: RecordOutcome, topics: TopicsConfig, most_bytes: int, encode: Callable[[Any], bytes]
) -> Iterator[Message]:
    """Verdicts, evidence, campaigns, and texts for whoever wants them; none longer than ``most_bytes``."""
    for verdict in outcome.verdicts:
        yield Message(topics.verdicts, verdict.model.encode(), encode(verdict))
    for evidence in outcome.evidence:
        yield Message(topics.evidence, evidence.id.encode(), encode(evidence))
    for campaign in outcome.campaigns:
        yield Message(topics.evidence, campaign.id.encode(), encode(campaign))
    if topics.filtered is not None:
        for texts in outcome.filtered:
            yield filtered_message(texts, topics.filtered, most_bytes, encode)
    if topics.sanitised is not None:
        for inputs in outcome.sanitised:
            yield sanitised_message(inputs, topics.sanitised, most_bytes, encode)
