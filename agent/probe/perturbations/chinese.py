"""How Chinese text is cloaked: traditional forms, pinyin, homophones, characters taken apart, signs in between.

As of the forms that ToxiCloakCN (Xiao et al., EMNLP 2024) and MultiHateCheck's Mandarin part test for.
"""

from __future__ import annotations

import random
import re

from agent.normalize import normalize
from agent.probe.perturbations.base import HAN, Perturbation
from agent.probe.perturbations.chinese_tables import HOMOPHONES, PARTS, PINYIN, TRADITIONAL

__all__ = ["DECOMPOSITION", "HOMOPHONE", "PINYIN_SPELLED", "SEPARATORS", "TRADITIONAL_FORMS"]

_ZH = frozenset(("zh",))
_SIGNS = ("*", "-", ".", "·", "|", "_", " ")
_SEPARATED = re.compile(r"(?<=[\u3400-\u9fff])[*\-.·|_ ](?=[\u3400-\u9fff])")
_TO_TRADITIONAL = str.maketrans(TRADITIONAL)
_TO_SIMPLIFIED = str.maketrans({traditional: simplified for simplified, traditional in TRADITIONAL.items()})
_SOUNDS_LIKE = {group[0]: group[1:] for group in HOMOPHONES}
_SOUND = str.maketrans({other: group[0] for group in reversed(HOMOPHONES) for other in group[1:]})
_TO_PINYIN = str.maketrans(PINYIN)
_WHOLE = {parts: whole for whole, parts in PARTS.items()}
_ANY_PARTS = re.compile("|".join(sorted(map(re.escape, _WHOLE), key=len, reverse=True)))


def _same_sound(text: str, rng: random.Random) -> str:
    return "".join(rng.choice(_SOUNDS_LIKE[c]) if c in _SOUNDS_LIKE else c for c in text)


def _traditional(text: str, rng: random.Random) -> str:
    del rng
    return text.translate(_TO_TRADITIONAL)


def _spelled(text: str, rng: random.Random) -> str:
    """With blanks around, as people type it, and one between neighbours."""
    del rng
    parts = ["".join((" ", PINYIN[c], " ")) if c in PINYIN else c for c in text]
    return re.sub(" {2,}", " ", "".join(parts)).strip()


def _taken_apart(text: str, rng: random.Random) -> str:
    del rng
    return "".join(PARTS.get(c, c) for c in text)


def _separated(text: str, rng: random.Random) -> str:
    sign = rng.choice(_SIGNS)
    return "".join(
        c + sign if HAN.match(c) and HAN.match(text[place + 1 : place + 2]) else c for place, c in enumerate(text)
    )


TRADITIONAL_FORMS = Perturbation(
    "traditional", "chinese", _traditional, lambda text: text.translate(_TO_SIMPLIFIED), _ZH, word=_traditional
)
PINYIN_SPELLED = Perturbation(
    "pinyin", "chinese", _spelled, lambda text: "".join(normalize(text).translate(_TO_PINYIN).split()), _ZH,
    word=_spelled,
)  # fmt: skip
HOMOPHONE = Perturbation(
    "homophone", "chinese", _same_sound, lambda text: text.translate(_SOUND), _ZH, word=_same_sound,
    also_known_as="textattack ChineseHomophoneCharacterSwap",
)  # fmt: skip
DECOMPOSITION = Perturbation(
    "decomposition", "chinese", _taken_apart, lambda text: _ANY_PARTS.sub(lambda match: _WHOLE[match[0]], text), _ZH,
    word=_taken_apart,
)  # fmt: skip
SEPARATORS = Perturbation("separators", "chinese", _separated, lambda text: _SEPARATED.sub("", text), _ZH)
