"""Messages that were flattened into one attribute per field, put together again."""

from __future__ import annotations

from collections.abc import Mapping

from streams.formats.base import MAX_EVENTS

__all__ = ["unflatten"]

#: Steps that OpenInference puts between a list's index and the fields of its element.
_WRAPPERS = frozenset({"message", "message_content", "tool_call"})
_STEPS = 8


def unflatten(attributes: Mapping[str, object], prefix: str) -> list[object]:
    """The list under ``prefix``: ``<prefix>0.message.content`` becomes ``[{"content": ...}]``.

    Indices may have gaps and come in any order; strange keys are left out.
    """
    root: dict[str, object] = {}
    for key, value in attributes.items():
        if not key.startswith(prefix):
            continue
        steps = [step for step in key[len(prefix) :].split(".") if step not in _WRAPPERS]
        if not steps or len(steps) > _STEPS:
            continue
        node = root
        for step in steps[:-1]:
            child = node.setdefault(step, {})
            if not isinstance(child, dict):
                break
            node = child
        else:
            node.setdefault(steps[-1], value)
    listed = _as_lists(root)
    return listed if isinstance(listed, list) else []


def _as_lists(node: object) -> object:
    if not isinstance(node, dict):
        return node
    if node and all(key.isascii() and key.isdigit() and len(key) < 6 for key in node) and len(node) <= MAX_EVENTS:
        return [_as_lists(node[key]) for key in sorted(node, key=int)]
    return {key: _as_lists(child) for key, child in node.items()}
