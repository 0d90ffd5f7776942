"""Filtered texts for whoever is downstream: the one topic, beside the dead letters, that raw text can reach.

So it is opt-in (``topics.filtered``), and the policy must be one that masks or blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from agent.scores import FilteredTexts
from streams.ports import Message

__all__ = ["filtered_message"]


def filtered_message(
    filtered: FilteredTexts, topic: str, max_bytes: int, encode: Callable[[Any], bytes] = msgspec.json.encode
) -> Message:
    """The message of one direction, keyed by model.

    Parameters
    ----------
    max_bytes
        What the topic takes. Texts that have grown beyond it (control characters take six bytes in JSON) stay behind:
        the record says ``block`` and has none. One such record must not stop the worker at every start.
    """
    value = encode(filtered)
    if len(value) > max_bytes:
        value = encode(msgspec.structs.replace(filtered, action="block", texts=[], parts=[]))
    return Message(topic, filtered.model.encode(), value)
