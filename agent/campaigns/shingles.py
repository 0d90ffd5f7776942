"""What a text is about, as a set of shingles that rewording leaves mostly alone."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from agent.campaigns.concepts import CONCEPTS, HAN_CONCEPTS, HAN_PATTERN, stem
from agent.normalize import normalize
from agent.simplified import simplified

__all__ = ["shingles"]

#: Of a long text both ends: instructions stand at the beginning, what is asked for at the end.
_HEAD, _TAIL = 3_000, 1_000
_MOST = 400

_WORD = re.compile(r"[^\W_\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]{2,}")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]{2,}")
_STOP_WORDS = (
    "a about after again all also am an and any are as at be because been being both but by can could did do does "
    "doing down each even every few for from get give given go had has have having he her here him his i if in into "
    "is it its just let like made make may me might more most must my need no nor not now of off on once only or "
    "other our out over own please put same say shall she should so some such take than that the their them then "
    "there these they thing this those through to too under until up upon us use used using very want was way we well "
    "were what when where which while who whom why will with within without would yes you your yours yourself don "
    "doesn isn re ve ll "
)
_STOP = frozenset(_STOP_WORDS.split())
_HAN_STOP = frozenset(
    "的了是我你他她它们这那就也都在和与及或请把被给让对于以为从到能会要想可吗呢吧啊一个不没有现在什么所上下中来去"
)


@lru_cache(maxsize=20_000)
def _meaning(word: str) -> str:
    root = stem(word[:40])
    return CONCEPTS.get(root, root)


def shingles(text: str) -> frozenset[str]:
    """Content words by stem, concepts by name, pairs of neighbouring Chinese characters; at most some hundred.

    Order and repetition do not count, and neither do stop words, case, width, invisible characters and which writing of
    Chinese it is. What it cannot know is that two words outside of the lexicon mean the same.
    """
    if len(text) > _HEAD + _TAIL:
        text = f"{text[:_HEAD]} {text[-_TAIL:]}"
    text = simplified(normalize(text))
    found: set[str] = set()
    for word in _WORD.findall(text):
        if word not in _STOP:
            found.add(_meaning(word))
    if not text.isascii():
        found.update(HAN_CONCEPTS[match] for match in HAN_PATTERN.findall(text))
        for run in _HAN.findall(HAN_PATTERN.sub(" ", text)):
            found.update(a + b for a, b in pairwise(run) if a not in _HAN_STOP and b not in _HAN_STOP)
    return frozenset(found) if len(found) <= _MOST else frozenset(sorted(found)[:_MOST])
