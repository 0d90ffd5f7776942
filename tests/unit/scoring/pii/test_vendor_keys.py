"""Keys with their vendors' prefixes: every format of every table, drawn at random, in the frames that keys leak in."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Iterator
from typing import Any

import pytest

from agent.scoring.pii import PiiScorer
from agent.scoring.pii.base import Recognizer
from agent.scoring.pii.secrets import (
    ai_key,
    azure_key,
    cloud_key,
    developer_key,
    messaging_key,
    service_key,
    webhook_address,
)
from tests.unit.scoring.pii.cases import Found, found

FAMILIES = (ai_key, azure_key, cloud_key, developer_key, messaging_key, service_key)
SCORER = PiiScorer(types=["SECRET"])
_WORD = string.ascii_letters + string.digits + "_"
_DRAWS = 20


def _characters(items: list[Any]) -> str:
    """The characters of a class, as `re` parses it."""
    found = ""
    for kind, value in items:
        name = str(kind)
        if name == "LITERAL":
            found += chr(value)
        elif name == "RANGE":
            found += "".join(map(chr, range(value[0], value[1] + 1)))
        elif name == "CATEGORY":
            found += string.digits if str(value).endswith("DIGIT") else _WORD
    return found


def _draw(tree: Any, rng: random.Random) -> str:
    """A text that a pattern matches; what stands around the match is left out."""
    text = ""
    for kind, value in tree:
        name = str(kind)
        if name == "LITERAL":
            text += chr(value)
        elif name == "IN":
            text += rng.choice(_characters(value))
        elif name == "BRANCH":
            text += _draw(rng.choice(value[1]), rng)
        elif name == "SUBPATTERN":
            text += _draw(value[-1], rng)
        elif name in ("MAX_REPEAT", "POSSESSIVE_REPEAT"):
            fewest, most, body = value
            text += "".join(_draw(body, rng) for _ in range(rng.randint(fewest, min(most, fewest + 6))))
    return text


def _formats(recognizer: Recognizer) -> Iterator[Any]:
    """The alternatives of a table's pattern."""
    tree = re._parser.parse(recognizer.pattern.pattern, re.ASCII)  # type: ignore[attr-defined]
    for kind, value in tree:
        body = value[-1] if str(kind) == "SUBPATTERN" else [(kind, value)]
        if len(body) == 1 and str(body[0][0]) == "BRANCH":
            # Not those of what may stand before a key, which have no characters.
            yield from (branch for branch in body[0][1][1] if not str(branch[0][0]).startswith("ASSERT"))


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__.rsplit(".", 1)[1])
def test_every_format_is_found(family: Any) -> None:
    rng = random.Random(4)
    frames = ("key {} here", "密钥是{}，请保存", 'export KEY="{}"', "line\\n{}\n", "\x1b[94m{}\x1b[0m")
    formats = list(_formats(family.RECOGNIZER))
    assert len(formats) >= 7
    missed: list[str] = []
    for branch in formats:
        keys = [_draw(branch, rng) for _ in range(_DRAWS)]
        for index, key in enumerate(keys):
            text = frames[index % len(frames)].format(key)
            if not any(key[:20] in text[span.start : span.end] for span in SCORER.score_text(text).spans):
                missed.append(key)
    # Chance writes a word of documentation, or eight times the same letter, into one key of hundreds.
    assert len(missed) <= 0.01 * _DRAWS * len(formats), missed


BODY = "Zk3Q9mX7bR2tV8wL5cJ1hN6yD4fG0sPaEuIoKqMxTzBvCrYn"
HEX = "9f3c7a1e5b8d2046" + "af17c3e9b05d6842" + "1f7e0a9c4b6d8352" + "d41c6b0a9e2f7835"
UUID = "7f9c24e8-3b12-4d4f-a6c5-" + "9e8b1d2f3a4c"
KEYS = [
    "AKIA" + "Q7ZK2MXB3RTVWLC5",
    "AIza" + BODY[:35],
    "AQ." + "Ab8RN6" + BODY[:44],
    "ghp_" + BODY[:36],
    "github_pat_" + BODY,
    "glpat-" + BODY[:20],
    "xoxb-" + "2718281828-" + BODY[:24],
    "sk-" + BODY,
    "sk-proj-" + BODY,
    "sk-ant-" + "api03-" + BODY,
    "sk_live_" + BODY[:24],
    "hf_" + BODY[:34],
    "LTAI5t" + BODY[:18],
    "AKID" + BODY[:32],
    "SG." + BODY[:22] + "." + BODY[:43],
    "npm_" + BODY[:36],
    "pypi-" + "AgEIcHlwaS5vcmc" + BODY,
    "dapi" + HEX[:32],
    "SK" + HEX[:32],
    HEX[:32] + "-us12",
    HEX[:32] + "." + BODY[:16],
    "bce-v3/ALTAK-" + BODY[:21] + "/" + HEX[:40],
    "SEC" + HEX,
    "2718281828:AA" + BODY[:33],
    "pat-na1-" + UUID,
    "abc8Q~" + BODY[:34],
    "eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0." + BODY[:30],
]
HOOKS = [
    ("https://hooks.slack.com/services/", f"T0AB12CD3/B0AB12CD3/{BODY[:24]}"),
    ("https://discord.com/api/webhooks/", f"148392840000482200/{BODY}{BODY[:20]}"),
    ("https://open.feishu.cn/open-apis/bot/v2/hook/", UUID),
    ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=", UUID),
    ("https://oapi.dingtalk.com/robot/send?access_token=", HEX),
]
FOUND: list[Found] = [(f"key {key} here", [("SECRET", key)]) for key in KEYS]
FOUND += [(before + value, [("SECRET", value)]) for before, value in HOOKS]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("frame", ["密钥是{}，请保存", '{{"k":"{}"}}'])
def test_found_in_frames(key: str, frame: str) -> None:
    assert found(frame.format(key)) == [("SECRET", key)]


@pytest.mark.parametrize(
    "text",
    [
        "AKIA" + "IOSFODNN7EXAMPLE",
        "sk-" + "x" * 32,
        "sk-" + "this-is-the-slug-of-a-page-about-nothing",
        "hf_" + "hub_download_of_models",
        "re_match_group_of_pattern_something",
        "SG.Learning is fun",
        "https://hooks.slack.com/services/T00000000/B00000000/" + "X" * 24,
        webhook_address.RECOGNIZER.source,
    ],
)
def test_left(text: str) -> None:
    assert found(text) == []
