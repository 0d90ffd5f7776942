"""Tensors and tabular rows: the V1 and V2 (Open Inference Protocol) data planes turned into payloads. Pure functions.

Source: KServe's V2 inference protocol with its binary tensor data extension; KServe's and TensorFlow's V1
``instances`` / ``predictions``; Seldon Core's translation of chat requests to tensors.

What a tensor means is not said on the wire, so these rules decide, the same for every format:

* the first dimension is the batch when all tensors agree on it: one row is one event;
* a string is a text when its tensor has a text's name or is the request's only one, or when it is long; else a
  feature (``region``: ``north``);
* of an object inside a row (V1) those strings are texts that have a text's name there, or are long;
* in an answer a short label-like string, an integer or a boolean is the decision, a float is the score;
* tensors of more than `MAX_FEATURES` elements per row (images, embeddings) are no row of features and are left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.errors import DecodeError
from agent.events import Direction, FeatureValue, Payload, TextPart
from streams.formats.base import MAX_DEPTH, MAX_EVENTS, as_object, label_text, mend_surrogates, parse_json
from streams.formats.chat import Half, model_name
from streams.formats.messages import add_text, choice_parts, message_parts

__all__ = ["MAX_FEATURES", "Tensor", "is_label", "rows_of_tensors", "v1_halves"]

MAX_FEATURES = 1024
_LONG_TEXT = 64
#: Columns whose strings are texts, however short; some as servers' examples call them (Triton's INPUT0).
_TEXT_NAMES = frozenset({
    "answer", "comment", "completion", "content", "description", "generated_text", "input", "input-0",
    "input0", "input_0", "input_text", "inputs", "inputtext", "instruction", "message", "output_text",
    "prompt", "prompts", "query", "question", "reply", "response", "review", "review_text", "sentence",
    "system_prompt", "text", "text0", "text1", "text_0", "text_1", "text_input", "text_output", "texts",
    "user_input", "user_message", "user_prompt", "utterance", "内容", "回复", "文本", "输入", "问题",
})  # fmt: skip
#: Names whose floats are classes all the same; the other decision names may as well be a regression's.
_LABEL_NAMES = frozenset({"category", "class", "decision", "label", "output_label", "决定", "标签"})
_DECISION_NAMES = _LABEL_NAMES | {"outcome", "predict", "prediction", "result"}
_SCORE_NAMES = frozenset({"confidence", "predict_proba", "probability", "proba", "score", "scores", "分数", "概率"})


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor; ``data`` is flat, in row-major order, its length the product of ``shape``."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    data: Sequence[object]

    def checked(self) -> Tensor:
        """Itself, when data and shape agree.

        Raises
        ------
        DecodeError
            ``shape_mismatch``.
        """
        if len(self.shape) > 16 or any(size < 0 for size in self.shape) or math.prod(self.shape) != len(self.data):
            raise DecodeError("shape_mismatch", "tensor")
        return self

    def row(self, number: int, rows: int) -> Sequence[object]:
        width = len(self.data) // rows
        return self.data[number * width : (number + 1) * width]


def rows_of_tensors(tensors: Sequence[Tensor], direction: Direction) -> list[Payload]:
    """One payload per row of the batch; none for an empty batch."""
    chat = _chat(tensors, direction)
    if chat is not None:
        return [chat]
    sizes = {tensor.shape[0] if tensor.shape else 1 for tensor in tensors}
    rows = sizes.pop() if len(sizes) == 1 else 1
    if not tensors or rows == 0:
        return []
    if rows > MAX_EVENTS:
        raise DecodeError("too_large", "rows of the batch")
    columns = [tensor for tensor in tensors if len(tensor.data) // rows <= MAX_FEATURES]
    return [_row([(t.name, t.row(number, rows)) for t in columns], direction) for number in range(rows)]


def _chat(tensors: Sequence[Tensor], direction: Direction) -> Payload | None:
    """Seldon's chat: tensors ``role`` and ``content``, an element per message; or a whole answer inside one tensor."""
    by_name = {tensor.name: tensor.data for tensor in tensors}
    roles, contents = by_name.get("role"), by_name.get("content")
    if roles is not None and contents is not None:
        if len(roles) != len(contents):
            raise DecodeError("shape_mismatch", "role and content")
        columns = [(name, by_name[name]) for name in ("tool_calls",) if len(by_name.get(name, ())) == len(roles)]
        messages: list[object] = []
        for number, (role, content) in enumerate(zip(roles, contents, strict=True)):
            message: dict[str, object] = {"role": role, "content": _unwrap(content)}
            for name, column in columns:
                calls = _unwrap(column[number])
                if isinstance(calls, list):
                    message[name] = [c for c in calls if isinstance(c, dict)]
            messages.append(message)
        return Payload(tuple(message_parts(messages, "user" if direction == "input" else "assistant", "content")))
    if direction == "output":
        for tensor in tensors:
            if len(tensor.data) == 1 and isinstance(tensor.data[0], str) and tensor.data[0].startswith("{"):
                document = _unwrap(tensor.data[0])
                if isinstance(document, dict) and isinstance(document.get("choices"), list):
                    return Payload(tuple(choice_parts(document["choices"], "choices")))
    return None


def _unwrap(value: object) -> object:
    """A string that holds JSON as what it holds, anything else as it is."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            return parse_json(value)
        except DecodeError:
            return value
    return value


def is_label(text: str) -> bool:
    """Whether an answer's string is a class rather than a sentence: short, without white space and punctuation."""
    if text.isascii():
        return 0 < len(text) <= _LONG_TEXT and text.replace("_", "").replace("-", "").replace(".", "").isalnum()
    return 0 < len(text) <= 8 and text.isalnum()


def _plain(value: object) -> float | int | bool | str | None:
    """A feature's value; what JSON cannot say (NaN, infinities) is null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int):  # bool as well
        return value if -(1 << 63) <= value < 1 << 64 else None
    return mend_surrogates(value) if isinstance(value, str) else None


class _RowBuilder:
    """Collects the cells of one row of one direction."""

    def __init__(self, direction: Direction, columns: int) -> None:
        self._direction = direction
        self._alone = columns == 1
        self._texts: list[TextPart] = []
        self._features: dict[str, FeatureValue] = {}
        self._decision: str | None = None
        self._score: float | None = None

    def add(self, name: str, value: object) -> None:
        known = name.lower()
        if isinstance(value, str) and self._direction == "input":
            if self._is_text(known, value):
                add_text(self._texts, value, "user", "row")
            else:
                self._keep(name, value)
        elif isinstance(value, str):
            self._add_answer(known, value)
        elif not isinstance(value, (bool, int, float)) or self._direction == "input":
            self._keep(name, value)
        elif known in _SCORE_NAMES or (isinstance(value, float) and known not in _LABEL_NAMES):
            number = _plain(value)
            if self._score is None and number is not None:
                self._score = float(number)
            else:
                self._keep(name, value)
        elif self._decision is None:
            self._decision = label_text(_plain(value), "row")
        else:
            self._keep(name, value)

    def _is_text(self, known: str, value: str) -> bool:
        return self._alone or known in _TEXT_NAMES or len(value) > _LONG_TEXT

    def _add_answer(self, known: str, value: str) -> None:
        document = _unwrap(value)
        if isinstance(document, dict):  # classifiers that answer {"label": ..., "score": ...} in a string
            for key, inner in document.items():
                if isinstance(inner, (bool, int, float)) or (isinstance(inner, str) and inner[:1] != "{"):
                    self.add(key, inner)
        elif self._decision is None and known not in _TEXT_NAMES and is_label(value):
            self._decision = value
        else:
            add_text(self._texts, value, "assistant", "row")

    def _keep(self, name: str, value: object) -> None:
        if len(self._features) < MAX_FEATURES:
            self._features[name] = _plain(value)

    def add_all(self, name: str, values: Sequence[object]) -> None:
        if len(values) == 1:
            self.add(name, values[0])
            return
        for number, value in enumerate(values):
            if isinstance(value, str) and self._is_text(name.lower(), value):
                add_text(self._texts, value, "user" if self._direction == "input" else "assistant", "row")
            else:
                self._keep(f"{name}[{number}]", value)

    def payload(self) -> Payload:
        return Payload(tuple(self._texts), self._features or None, self._decision, self._score)


def _row(cells: Sequence[tuple[str, Sequence[object]]], direction: Direction) -> Payload:
    builder = _RowBuilder(direction, len(cells))
    # Names that say what they are go first: the first integer that comes along must not take the label's place.
    for name, values in sorted(cells, key=lambda cell: cell[0].lower() not in _DECISION_NAMES | _SCORE_NAMES):
        builder.add_all(name, values)
    return builder.payload()


def v1_halves(body: dict[str, object], direction: Direction, path: str) -> list[Half]:
    """``{"instances": [...]}`` or ``{"predictions": [...]}``, one half per row."""
    key = "instances" if direction == "input" else "predictions"
    rows = body[key]
    if not isinstance(rows, list):
        raise DecodeError("wrong_type", f"{path}{key}")
    if len(rows) > MAX_EVENTS:
        raise DecodeError("too_large", f"{path}{key}")
    model = model_name(body.get("model_name", body.get("model")))
    version = model_name(body.get("model_version"))
    default = "instance" if direction == "input" else "prediction"
    return [Half(direction, _row(_cells(row, default), direction), model, version=version) for row in rows]


def _cells(row: object, default: str) -> list[tuple[str, Sequence[object]]]:
    if isinstance(row, dict):
        cells: list[tuple[str, Sequence[object]]] = []
        for name, value in as_object(row, default).items():
            flat = list(_scalars(value)) if isinstance(value, list) else [value]
            if len(flat) <= MAX_FEATURES:
                cells.append((name, flat))
            if any(isinstance(item, dict) for item in flat):
                cells += ((inner, [text]) for inner, text in _texts_inside(name, flat))
        return cells
    flat = list(_scalars(row)) if isinstance(row, list) else [row]
    return [(default, flat)] if len(flat) <= MAX_FEATURES else []


def _texts_inside(name: str, values: Sequence[object]) -> Iterator[tuple[str, str]]:
    """Texts in objects of a row, such as messages, with the names that they have there; without recursion."""
    stack: list[Iterator[tuple[str, object]]] = [iter([(name, value) for value in values])]
    given = 0
    while stack and given < MAX_FEATURES:
        found = next(stack[-1], None)
        if found is None:
            stack.pop()
            continue
        key, value = found
        if isinstance(value, str):
            if len(stack) > 1 and (key.lower() in _TEXT_NAMES or len(value) > _LONG_TEXT):
                given += 1
                yield key, value
        elif len(stack) > MAX_DEPTH:
            continue
        elif isinstance(value, dict):
            stack.append(iter(as_object(value, key).items()))
        elif isinstance(value, list):
            stack.append(iter([(key, item) for item in value]))


def _scalars(value: object) -> Iterator[object]:
    """The leaves of nested lists, in order, at most one more than a row may have; without recursion."""
    stack = [iter([value])]
    given = 0
    while stack and given <= MAX_FEATURES:
        for item in stack[-1]:
            if isinstance(item, list):
                stack.append(iter(item))
            else:
                given += 1
                yield item
                if given > MAX_FEATURES:
                    return
                continue
            break
        else:
            stack.pop()
