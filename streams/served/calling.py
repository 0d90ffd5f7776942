"""How a callable wants to be called, with a list or with one input at a time, and what kind of answers it gives."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias, get_args, get_origin

from streams.served.predictions import prediction_reply

__all__ = ["AnswerKind", "Takes", "answer_kind", "listed", "noted_takes", "plain", "torn"]

Takes: TypeAlias = Literal["list", "one"]
"""``list``: inputs in, as many answers out. ``one``: an input in, its answer out."""

AnswerKind: TypeAlias = Literal["texts", "words", "decisions"]
"""``words``: texts of one word each, which may be labels. ``decisions``: classes or probabilities that are no texts."""

_WORD = re.compile(r"[\w-]{1,20}")


def noted_takes(function: Callable[..., Any]) -> Takes | None:
    """What the annotation of the first parameter says; None when there is none, or none that tells."""
    try:
        parameters = inspect.signature(function, eval_str=True).parameters
    except Exception:  # no signature, or annotations that cannot be evaluated; these may raise anything
        return None
    first = next(iter(parameters.values()), None)
    if first is None or first.kind not in (first.POSITIONAL_ONLY, first.POSITIONAL_OR_KEYWORD):
        return None
    note = first.annotation
    if get_origin(note) is Annotated:
        note = get_args(note)[0]
    note = get_origin(note) or note
    if not isinstance(note, type) or note is first.empty:
        return None
    if issubclass(note, str | Mapping):
        return "one"
    return "list" if issubclass(note, Iterable) and not issubclass(note, bytes) else None


def answer_kind(answers: Sequence[Any]) -> AnswerKind | None:
    """The kind of some answers; None when they are of several, or of none."""
    if answers and all(isinstance(answer, str) for answer in answers):
        return "words" if all(_WORD.fullmatch(answer.strip()) for answer in answers) else "texts"
    decided = (not isinstance(answer, str) and prediction_reply(plain(answer)).failure is None for answer in answers)
    return "decisions" if answers and all(decided) else None


def torn(answer: Any, given: Any) -> bool:
    """Whether an answer to one text seems to be about its letters: that is what taking a list for a text gives."""
    if not isinstance(given, str):
        return False
    answer = plain(answer)
    return set(answer) <= set(given) if isinstance(answer, dict) else len(listed(answer)) == len(given)


def listed(answer: Any) -> list[Any]:
    """A list of answers; empty when it is none. One text for all is none, though it can be taken letter by letter."""
    return list(answer) if isinstance(answer, Iterable) and not isinstance(answer, str | bytes | dict) else []


def plain(value: Any) -> Any:
    """Numbers and arrays of NumPy, and what behaves like them, as those of Python."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, str | bool | int | float | list | tuple):
        return [plain(part) for part in value] if isinstance(value, list | tuple) else value
    convert = getattr(value, "tolist", None)
    return convert() if callable(convert) else value
