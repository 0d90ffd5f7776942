"""Labelled rows of ``adv/`` and ``prompt/`` of a folder of data sets, as the adversarial bench counts them.

Three classes: an attack tries to get around a model's rules; a harmful request asks plainly for what is forbidden; all
else is benign. Files of ``prompt/`` call harmful requests 1, so a file's own label does not decide.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agent.errors import ConfigError, DataError

__all__ = ["Class", "Row", "read_rows", "trained_texts"]

Class = Literal["attack", "harmful", "benign"]

_SCENARIOS = frozenset({"Goal_Hijacking", "Prompt_Leaking", "Role_Play_Instruction", "Reverse_Exposure"})
"""XSafety's scenarios that are attacks; its others are harmful requests."""

_TRAINING_CUT = 4000
"""Training files hold so many characters of a text."""


@dataclass(frozen=True, slots=True)
class Row:
    """One text. `technique` is its file and, where that tells kinds of attack apart, its category."""

    text: str
    lang: str
    kind: Class
    file: str
    technique: str


def read_rows(folder: Path, limit: int | None = None) -> list[Row]:
    """All rows of ``adv/`` and ``prompt/``, at most `limit` of each file, evenly spread over it.

    Raises
    ------
    ConfigError
        When the folder holds neither.
    DataError
        When a row lacks a field.
    """
    paths = sorted(path for part in ("adv", "prompt") for path in (folder / part).glob("*.jsonl*"))
    if not paths:
        raise ConfigError(f"{folder}: holds no adv/*.jsonl or prompt/*.jsonl")
    rows: list[Row] = []
    for path in paths:
        name = path.name.split(".")[0]
        own = [row for item in _items(path) if (row := _row(item, name)) is not None]
        step = 1 if limit is None else max(len(own) // limit, 1)
        rows += own[::step][:limit]
    return rows


def trained_texts(path: Path) -> set[str]:
    """The texts of a training file, to tell rows that a model has seen."""
    return {str(item["text"])[:_TRAINING_CUT] for item in _items(path)}


def _items(path: Path) -> Iterator[dict[str, object]]:
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as stream:
            for number, line in enumerate(stream, 1):
                item = json.loads(line)
                if not isinstance(item, dict) or not {"text", "lang", "label"} <= item.keys():
                    raise DataError(f"{path.name}: line {number}: has no text, lang or label")
                yield item
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror or type(error).__name__})") from None
    except ValueError:
        raise DataError(f"{path.name}: a line is no JSON") from None


def _row(item: dict[str, object], name: str) -> Row | None:
    label, category = item["label"], str(item.get("category") or "")
    if label is None:
        return None
    # Perturbed rows inherit their parents' label: only those of injections say whether a text is an attack.
    if name.endswith("_perturbed") and item.get("task_label") != "injection":
        return None
    if name.endswith("_xsafety"):
        kind: Class = "attack" if category in _SCENARIOS else "harmful"
    elif label == 0:
        kind = "benign"
    else:
        kind = "attack" if name.startswith("adv_") else "harmful"
    detailed = name.endswith(("_xsafety", "_jbb_artifacts", "_perturbed"))
    technique = f"{name}/{category}" if detailed and category else name
    return Row(str(item["text"]), str(item["lang"]), kind, name, technique)
