"""Marks by which chat templates tell the speakers apart: in a user's text they would let the user speak for others.

The marks of ChatML, Llama 2 and 3, Gemma, Mistral, Phi, Qwen and DeepSeek. They are broken up by blanks, so that a
reader still sees them and a tokeniser does not.
"""

from __future__ import annotations

import re

from agent.scoring.adversarial.base import Piece

__all__ = ["delimiters"]

_ROLE = "system|user|assistant|developer|tool|human|ipython"
_MARK = re.compile(
    r"<\|/?[A-Za-z][A-Za-z0-9_]{0,40}\|>|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_RESULTS|TOOL_CALLS)\]"
    r"|<</?SYS>>|</?(?:start|end)_of_turn>"
    # <s> and </s> begin and end what Llama 2 and Mistral say; in HTML they only strike out.
    r"|</?(?:tool_call|tool_response|think|s)>|<(?:bos|eos)>"
    rf"|<｜[A-Za-z▁_]{{1,40}}｜>|</?\|(?:{_ROLE})\|?>"
)
_EDGES = re.compile(r"[<>|｜\[\]]+")


def delimiters(text: str) -> list[Piece]:
    """Where such marks stand, each with its harmless form."""
    return [Piece(match.start(), match.end(), _apart(match[0])) for match in _MARK.finditer(text)]


def _apart(mark: str) -> str:
    name = _EDGES.sub("", mark)
    first, last = ("[", "]") if mark[0] == "[" else ("<", ">")
    return f"{first} {name} {last}"
