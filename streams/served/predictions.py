"""What servers and callables give as a decision: labels, probabilities, logits, or both in an object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp
from typing import Any

from agent.probe.served import Reply, is_number

__all__ = ["label_reply", "prediction_reply", "text_reply"]

_MALFORMED = Reply(failure="malformed")
_LONGEST_LABEL = 200
_MOST_LABELS = 10_000
_TEXT_FIELDS = ("text", "generated_text", "content", "output")


def prediction_reply(value: Any) -> Reply:
    """A decision.

    Parameters
    ----------
    value
        A label (a string, a whole number, true or false); a number from 0 to 1, the probability of the label 1; a list
        of numbers, probabilities or logits of the labels 0, 1, ...; an object with ``label`` and ``score``, or a list
        of such objects, one for each label; an object of probabilities by label.
    """
    match value:
        case bool():
            return label_reply(str(int(value)))
        case str():
            return label_reply(value)
        case int():
            return label_reply(str(value))
        case float():
            return _of_number(value)
        case dict():
            return _of_object(value)
        case list() | tuple() if 0 < len(value) <= _MOST_LABELS:
            return _of_list(value)
    return _MALFORMED


def label_reply(label: str, probabilities: Mapping[str, float] | None = None) -> Reply:
    """A label, unless it is none: labels are short."""
    label = label.strip()
    return Reply(label=label, probabilities=probabilities) if 0 < len(label) <= _LONGEST_LABEL else _MALFORMED


def text_reply(value: Any) -> Reply:
    """An answer in words: a string, or an object that has one under one of the usual names."""
    if isinstance(value, dict):
        value = next((value[name] for name in _TEXT_FIELDS if isinstance(value.get(name), str)), None)
    return Reply(text=value) if isinstance(value, str) else _MALFORMED


def _of_number(value: float) -> Reply:
    if 0.0 <= value <= 1.0:
        return label_reply("1" if value >= 0.5 else "0", {"1": value, "0": 1.0 - value})
    return label_reply(str(int(value))) if value.is_integer() else _MALFORMED


def _of_object(value: Mapping[str, Any]) -> Reply:
    label, score = value.get("label"), value.get("score")
    if isinstance(label, str | int):
        name = str(int(label)) if isinstance(label, bool) else str(label)
        given = value.get("probabilities")
        if isinstance(given, dict) and _shares(list(given.values())):
            return label_reply(name, {str(key): float(part) for key, part in given.items()})
        return label_reply(name, {name: float(score)} if isinstance(score, int | float) and _shares([score]) else None)
    return _of_shares(value) if value and _shares(list(value.values())) else _MALFORMED


def _of_list(value: Sequence[Any]) -> Reply:
    if len(value) == 1:
        return prediction_reply(value[0])
    if all(isinstance(part, dict) for part in value):
        labels = {str(part.get("label")): part.get("score") for part in value}
        return _of_shares(labels) if _shares(list(labels.values())) else _MALFORMED
    if not all(map(is_number, value)):
        return _MALFORMED
    value = [float(part) for part in value]
    if not _shares(value) or abs(sum(value) - 1.0) > 0.01:
        highest = max(value)
        powers = [exp(part - highest) for part in value]
        value = [power / sum(powers) for power in powers]
    return _of_shares({str(place): part for place, part in enumerate(value)})


def _of_shares(shares: Mapping[str, Any]) -> Reply:
    known = {str(name): float(share) for name, share in shares.items()}
    return label_reply(max(known, key=known.__getitem__), known)


def _shares(values: Sequence[Any]) -> bool:
    """Whether all are numbers from 0 to 1."""
    return all(is_number(part) and 0.0 <= part <= 1.0 for part in values)
