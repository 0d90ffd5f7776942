"""What is asked as a prompt: a text, several, token ids, or all of these in lists of lists.

Source: OpenAI's completions, llama.cpp's server (``[[12, 34, "string"], {"prompt_string": ...}]``), TGI, SGLang.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from agent.errors import DecodeError
from streams.formats.said import said

__all__ = ["prompt_texts"]

#: Of llama.cpp's objects: a prompt with pictures beside it, a file beside what is to be filled in.
_WRAPPED: Final = ("prompt_string", "filename", "text")
#: Of any other object all is read but these: they were read, or are bytes.
_PASSED_OVER: Final = frozenset({*_WRAPPED, "multimodal_data", "multi_modal_data", "multi_modal_uuids"})
_CODE: Final = re.compile(r"[\w+/=.:-]*", re.ASCII)


def _is_code(text: str) -> bool:
    """Whether a field of an object says an id, a number or bytes: columns of features come as objects as well."""
    return _CODE.fullmatch(text) is not None and any(map(str.isdigit, text))


def prompt_texts(prompt: object, path: str) -> tuple[list[tuple[str, int]], bool]:
    """The texts of a prompt, each with the place of the prompt that it is of, and whether token ids stand among them.

    Raises
    ------
    DecodeError
        ``wrong_type`` for what no server takes as a prompt.
    """
    texts: list[tuple[str, int]] = []
    tokens = False
    for item, number in _items(prompt):
        if isinstance(item, str):
            texts.append((item, number))
        elif isinstance(item, dict):
            texts += [(text, number) for key in _WRAPPED if isinstance(text := item.get(key), str)]
            rest = said({key: value for key, value in item.items() if key not in _PASSED_OVER}).split("\n")
            texts.append(("\n".join(line for line in rest if not _is_code(line)), number))
        elif isinstance(item, (int, float)) and isinstance(prompt, list):  # llama.cpp takes 1.5 for a token too
            tokens = True
        else:
            raise DecodeError("wrong_type", f"{path}[{number}]" if isinstance(prompt, list) else path)
    return texts, tokens


def _items(prompt: object) -> Iterator[tuple[object, int]]:
    """Whatever is no list, in order. No recursion: who nests five hundred brackets must not go unseen by it."""
    if not isinstance(prompt, list):
        yield prompt, 0
        return
    for number, each in enumerate(prompt):
        stack = [iter((each,))]
        while stack:
            item = next(stack[-1], stack)
            if item is stack:
                stack.pop()
            elif isinstance(item, list):
                stack.append(iter(item))
            else:
                yield item, number
