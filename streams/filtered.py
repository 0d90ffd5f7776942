"""Texts for whoever is downstream: the two topics, beside the dead letters, that raw text can reach.

So they are opt-in. Filtered texts (``topics.filtered``) need a policy that masks or blocks; sanitised inputs
(``topics.sanitised``) are without disguises, and otherwise as they came.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from agent.scores import FilteredTexts, SanitisedTexts
from streams.ports import Message

__all__ = ["filtered_message", "sanitised_message"]


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


def sanitised_message(
    sanitised: SanitisedTexts, topic: str, max_bytes: int, encode: Callable[[Any], bytes] = msgspec.json.encode
) -> Message:
    """The message of one input, keyed by model.

    Parameters
    ----------
    max_bytes
        What the topic takes; of an input that does not fit only the account of changes goes, or nothing but its id.
    """
    value = encode(sanitised)
    if len(value) > max_bytes:
        value = encode(msgspec.structs.replace(sanitised, texts=[], parts=[]))
    if len(value) > max_bytes:
        value = encode(msgspec.structs.replace(sanitised, texts=[], parts=[], changes=[]))
    return Message(topic, sanitised.model.encode(), value)
