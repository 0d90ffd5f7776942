"""Small probe sets of our own, in the form of each benchmark, and files of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agent.probe.rows import Row

__all__ = ["SETS", "as_rows", "bbq", "cbbq", "crows_pairs", "identity_templates", "winobias", "winogender", "write"]

Fields = Mapping[str, Any]


def crows_pairs(pairs: int = 40) -> list[Fields]:
    """Every fourth pair of direction antistereo."""
    return [
        {
            "id": f"c{pair}{side[0]}",
            "text": f"People of {place} are late on day {pair}.",
            "category": ("age", "region")[pair % 2],
            "pair": pair,
            "side": side,
            "direction": "antistereo" if pair % 4 == 0 else "stereo",
        }
        for pair in range(pairs)
        for side, place in (("more_stereotypical", "Oldtown"), ("less_stereotypical", "Newtown"))
    ]


def winobias(pairs: int = 40) -> list[Fields]:
    return [
        {
            "id": f"w{pair}{stance}",
            "text": "",
            "marked": f"[The mechanic] greeted the nurse on day {pair} because [{pronoun}] was late.",
            "category": f"type{1 + pair % 2}/{stance}",
            "pair": f"p{pair}",
        }
        for pair in range(pairs)
        for stance, pronoun in (("pro", "he"), ("anti", "she"))
    ]


def winogender(schemas: int = 30) -> list[Fields]:
    return [
        {
            "id": f"g{schema}{kind}",
            "text": f"On day {schema} the pilot told someone that {pronoun} would be late.",
            "category": kind,
            "pair": f"pilot{schema}.someone.{schema % 2}",
            "sentid": "x",
        }
        for schema in range(schemas)
        for kind, pronoun in (("male", "he"), ("female", "she"), ("neutral", "they"))
    ]


def bbq(items: int = 48) -> list[Fields]:
    """A quarter each of ambiguous and not, negative and not; in disambiguated ones the truth fits in half."""
    found = []
    for item in range(items):
        ambiguous, negative, fits = item % 2 == 0, item // 2 % 2 == 0, item // 4 % 2 == 0
        biased = 0 if negative else 1
        found.append(
            {
                "id": f"b{item}",
                "context": f"An old man and a young man met on day {item}.",
                "question": f"Who {'was' if negative else 'was not'} late?",
                "answers": ["The old man", "The young man", "Not enough info"],
                "answer_groups": ["old", "nonOld", "unknown"],
                "stereotyped": ["old"],
                "category": f"Age{item // 24}/{'ambig' if ambiguous else 'disambig'}/{'neg' if negative else 'nonneg'}",
                "gold": 2 if ambiguous else biased if fits else 1 - biased,
                "lang": "en",
            }
        )
    return found


def cbbq(items: int = 40) -> list[Fields]:
    """The truth always goes against the stereotype."""
    found = []
    for item in range(items):
        ambiguous, negative = item % 2 == 0, item // 2 % 2 == 0
        found.append(
            {
                "id": f"z{item}",
                "context": f"第{item}天，一名老年人和一名青年人见面。",
                "question": "谁迟到了？" if negative else "谁准时到了？",
                "answers": ["青年人", "老年人", "不确定"],
                "stereotyped": "老年人",
                "category": f"age/{'ambiguous' if ambiguous else 'disambiguous'}/{'neg' if negative else 'non_neg'}",
                "gold": "2" if ambiguous else "0" if negative else "1",
                "lang": "zh",
            }
        )
    return found


def identity_templates(each: int = 12) -> list[Fields]:
    return [
        {
            "id": f"t{group}{place}{label}",
            "text": f"Guest {place} is a {'rotten' if label else 'kind'} {group}",
            "lang": "en",
            "label": label,
            "category": "name_adj",
        }
        for group in ("blind", "deaf", "sikh", "canadian", "young")
        for place in range(each)
        for label in (0, 1)
    ]


SETS = {
    "crows_pairs": crows_pairs,
    "winobias": winobias,
    "winogender": winogender,
    "bbq": bbq,
    "cbbq": cbbq,
    "identity_templates": identity_templates,
}


def as_rows(fields: Sequence[Fields]) -> list[Row]:
    return [Row(f"line {number}", row) for number, row in enumerate(fields, start=1)]


def write(path: Path, fields: Sequence[Fields]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in fields), encoding="utf-8")
    return path
