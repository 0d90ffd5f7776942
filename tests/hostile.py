"""Traffic that would blow up a monitor: names nobody expects, each another one, and models enough to spend the budget.

Used by `tests.bench.scrape` and by the tests of what names may do to a worker.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

__all__ = ["hostile_name", "hostile_values", "real_values"]

#: ``{}`` is what makes a name another one. Quotes and newlines end a label in a careless exposition, braces and ``#``
#: look like the next sample or an exemplar, controls and overrides garble terminals, the rest is long or not ASCII.
_SHAPES = (
    "evil-{}",
    'evil-"{}"',
    "evil\n# TYPE harmwatch_events_total gauge\nharmwatch_events_total {}",
    'evil-{}",model="other',
    "模型-{}-🦊",
    "evil-\\{}\\",
    "\x00\x1b[31mevil-{}\x7f",
    "evil-{}" + "x" * 200,
    "\u202eevil-{}\u200b",
    '"}} {} # {{trace_id="a"}} 1',
)


def hostile_name(number: int) -> str:
    """The ``number``-th name; no two are alike."""
    return _SHAPES[number % len(_SHAPES)].format(number)


def _native(ident: str, model: str, text: str, answer: str | None, **over: Any) -> bytes:
    event: dict[str, Any] = {"id": ident, "source": "flood", "model": model, "input": {"text": text}}
    if answer is not None:
        event["output"] = {"text": answer}
    return json.dumps(event | over, ensure_ascii=False).encode()


def hostile_values(first: int, count: int) -> Iterator[bytes]:
    """Native events, each of a model, version and tenant of its own; one in four decides about a group of its own."""
    for number in range(first, first + count):
        name = hostile_name(number)
        over: dict[str, Any] = {"model_version": name, "tenant": name}
        answer: str | None = f"Write to a{number}@example.com"
        if number % 4 == 0:
            answer = None
            over |= {"output": {"decision": name}, "attributes": {name: name, "gender": name}}
        yield _native(f"evil-{number}", name, f"question {number}", answer, **over)


def real_values(models: int, each: int) -> Iterator[bytes]:
    """Native events of ordinary models in turn: chats with some personal data, and decisions about groups."""
    for number in range(models * each):
        model, turn = f"model-{number % models:03d}", number // models
        question = f"How do I write to the office, question {number}?"
        answer: str | None = f"Write to a{number}@example.com" if turn % 3 == 0 else f"Ask at desk {number}, please."
        over: dict[str, Any] = {}
        if turn % 2:
            answer = None
            groups = {"gender": ("female", "male")[turn // 2 % 2], "age": ("young", "old", "middle")[turn // 2 % 3]}
            over = {"output": {"decision": ("approved", "denied")[turn // 4 % 2]}, "attributes": groups}
        yield _native(f"real-{number}", model, question, answer, **over)
