"""Fills templates: distinct, deterministic texts in English and Chinese for the demo's traffic."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

from streams.demo import personal, texts_en, texts_harm, texts_zh

__all__ = ["LANGUAGES", "TOPICS", "Exchange", "Language", "attack", "benign", "echo", "leak", "template_count", "toxic"]

Language: TypeAlias = Literal["en", "zh"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")
TOPICS: Final[tuple[str, ...]] = tuple(texts_en.QUESTIONS)

_SLOTS: Final[Mapping[Language, Mapping[str, Sequence[str]]]] = {"en": texts_en.SLOTS, "zh": texts_zh.SLOTS}
_QUESTIONS: Final[Mapping[Language, Mapping[str, Sequence[str]]]] = {
    "en": texts_en.QUESTIONS,
    "zh": texts_zh.QUESTIONS,
}
_FRAMES: Final[Mapping[Language, tuple[Sequence[str], Sequence[str]]]] = {
    "en": (texts_en.OPENERS, texts_en.CLOSERS),
    "zh": (texts_zh.OPENERS, texts_zh.CLOSERS),
}
_ANSWERS: Final[Mapping[Language, Mapping[str, Sequence[str]]]] = {"en": texts_en.ANSWERS, "zh": texts_zh.ANSWERS}
_TOXIC: Final[Mapping[Language, Sequence[str]]] = {"en": texts_harm.TOXIC_EN, "zh": texts_harm.TOXIC_ZH}
_LEAKS: Final[Mapping[Language, tuple[Sequence[str], Sequence[str]]]] = {
    "en": (texts_harm.LEAK_QUESTIONS_EN, texts_harm.LEAKS_EN),
    "zh": (texts_harm.LEAK_QUESTIONS_ZH, texts_harm.LEAKS_ZH),
}
_ECHOES: Final[Mapping[Language, Sequence[tuple[str, str]]]] = {
    "en": texts_harm.ECHOES_EN,
    "zh": texts_harm.ECHOES_ZH,
}
_ATTACKS: Final[Mapping[Language, tuple[Sequence[str], Sequence[str]]]] = {
    "en": (texts_harm.ATTACKS_EN, texts_harm.ATTACK_REPLIES_EN),
    "zh": (texts_harm.ATTACKS_ZH, texts_harm.ATTACK_REPLIES_ZH),
}
_PERSONAL: Final[Mapping[str, Callable[[random.Random], str]]] = {
    "email": personal.email,
    "mobile": personal.mobile,
    "resident_id": personal.resident_id,
    "card": personal.card,
    "access_key": personal.access_key,
}
_SLOT: Final = re.compile(r"\{([a-z_]+)\}")


class Exchange(NamedTuple):
    """What a user asked and what the model answered."""

    question: str
    answer: str


def benign(rng: random.Random, language: Language, topic: str) -> Exchange:
    """A harmless question of one of `TOPICS` and an answer to it."""
    said: dict[str, str] = {}
    return Exchange(
        _framed(rng.choice(_QUESTIONS[language][topic]), language, rng, said),
        _fill(rng.choice(_ANSWERS[language][topic]), language, rng, said),
    )


def toxic(rng: random.Random, language: Language) -> str:
    """One or two sentences that insult their reader."""
    sentences = rng.sample(_TOXIC[language], k=rng.randrange(1, 3))
    return (" " if language == "en" else "").join(_fill(sentence, language, rng, {}) for sentence in sentences)


def leak(rng: random.Random, language: Language) -> Exchange:
    """An answer with somebody else's personal data, none of which the question holds."""
    questions, answers = _LEAKS[language]
    return Exchange(_fill(rng.choice(questions), language, rng, {}), _fill(rng.choice(answers), language, rng, {}))


def echo(rng: random.Random, language: Language) -> Exchange:
    """The user's own personal data comes back in the answer: not a leak."""
    question, answer = rng.choice(_ECHOES[language])
    said: dict[str, str] = {}
    return Exchange(_fill(question, language, rng, said), _fill(answer, language, rng, said))


def attack(rng: random.Random, language: Language) -> Exchange:
    """An attempt to talk the model out of its instructions, and a refusal."""
    attacks, replies = _ATTACKS[language]
    return Exchange(_framed(rng.choice(attacks), language, rng, {}), _fill(rng.choice(replies), language, rng, {}))


def template_count() -> int:
    """Number of benign question templates, both languages together."""
    return sum(len(templates) for by_topic in _QUESTIONS.values() for templates in by_topic.values())


def _framed(template: str, language: Language, rng: random.Random, said: dict[str, str]) -> str:
    openers, closers = _FRAMES[language]
    return _fill(rng.choice(openers) + template + rng.choice(closers), language, rng, said)


def _fill(template: str, language: Language, rng: random.Random, said: dict[str, str]) -> str:
    """Fill the slots.

    ``said`` holds what the exchange has mentioned so far: a slot takes the mentioned value once per text, so that an
    answer is about the product that the question named, and two slots of one text differ.
    """
    slots = _SLOTS[language]
    used: set[str] = set()

    def value(match: re.Match[str]) -> str:
        name = match[1]
        mentioned = said.get(name)
        if mentioned is not None and mentioned not in used:
            text = mentioned
        elif name == "n":
            text = str(rng.randrange(2, 61))
        elif name == "order":
            text = f"{rng.choice('ABCDEFGHKM')}-{rng.randrange(1000, 10_000)}"
        elif name in _PERSONAL:
            text = _PERSONAL[name](rng)
        else:
            text = rng.choice(slots[name])
            while text in used:  # every list of slots has several values
                text = rng.choice(slots[name])
        used.add(text)
        said.setdefault(name, text)
        return text

    filled = _SLOT.sub(value, template)
    return filled[0].upper() + filled[1:]
