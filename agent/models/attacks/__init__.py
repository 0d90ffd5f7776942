"""Own-written training texts for the adversarial model: attacks, and harmless texts that share their words and form.

Public sources hold trigger words ("ignore", "system prompt", "developer mode", "pretend") mostly inside attacks, hold
long role descriptions mostly as jailbreaks, and next to no Chinese jailbreaks. Here both classes use the same words,
the same containers (mails, tool results, pages, code) and about the same lengths; what differs is what the text asks
of the assistant. Techniques are those that the literature names (instruction override, prompt leaking, persona and
developer-mode jailbreaks, refusal suppression, fictional nesting, payload splitting, in-context compliance, indirect
injection into documents and tool results). All of it is written for this project, from no test suite.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass

from agent.models.attacks import chinese, english
from agent.models.attacks.applications import application_text
from agent.models.attacks.classics import classic_text
from agent.models.attacks.data_texts import data_text
from agent.models.attacks.other_pieces import OTHER_PIECES
from agent.models.attacks.others import OTHERS
from agent.models.attacks.pieces import Pieces, Pools, fill

__all__ = ["GROUPS", "OwnRow", "generate"]


@dataclass(frozen=True, slots=True)
class OwnRow:
    """One text; `label` 1 = attack, `group` is the kind of attack that it is or resembles."""

    text: str
    lang: str
    label: int
    group: str


_Maker = Callable[[Pieces, int, random.Random], str]


def _one(pieces: Pieces, name: str, label: int, rng: random.Random) -> str:
    pools = pieces.pools(label)
    return fill(rng.choice(pools[name]), pools, rng)


def _padding(pieces: Pieces, rng: random.Random, chance: float) -> list[str]:
    """Harmless sentences before or behind, which both classes get: length must not tell them apart."""
    sentences: list[str] = []
    while rng.random() < chance and len(sentences) < 12:
        sentences.append(_one(pieces, rng.choice(("plain", "plain", "trigger")), 0, rng))
    return sentences


def _around(pieces: Pieces, core: list[str], label: int, rng: random.Random) -> str:
    padding = _padding(pieces, rng, 0.35 if label else 0.45)
    place = rng.randint(0, len(padding))
    return pieces.space.join([*padding[:place], *core, *padding[place:]])


def _override(pieces: Pieces, label: int, rng: random.Random) -> str:
    if label:
        frame = "{open}{then}" if rng.random() < 0.55 else "{direct}"
        pools = pieces.pools(1)
        return _around(pieces, [fill(frame, pools, rng)], 1, rng)
    name = rng.choices(("trigger", "plain", "ask"), (7, 2, 1))[0]
    return _around(pieces, [_one(pieces, name, 0, rng)], 0, rng)


def _persona(pieces: Pieces, label: int, rng: random.Random) -> str:
    pools = pieces.pools(label)
    fixed = {name: rng.choice(pools[name]) for name in ("persona", "role", "who") if name in pools}
    count = rng.randint(1, 12)
    rules = rng.sample(pools["rule"], min(count, len(pools["rule"])))
    if label:  # jailbreaks also hold the harmless rules of a role
        rules[1:1] = rng.sample(pieces.harmless["rule"], rng.randint(0, 4))
        pools = {**pieces.harmless, **pools}
    parts = [rng.choice(pools["start"]), *rules]
    if rng.random() < 0.8:
        parts.append(rng.choice(pools["end"]))
    if not label and rng.random() < 0.3:
        parts[1:1] = [rng.choice(pieces.harmless["plain"])]
    glue = rng.choice((pieces.space, pieces.space, "\n"))
    return glue.join(fill(part, pools, rng, fixed) for part in parts)


def _story(pieces: Pieces, label: int, rng: random.Random) -> str:
    return _around(
        pieces, [_one(pieces, "story" if label else rng.choice(("ask", "plain", "trigger")), label, rng)], label, rng
    )


def _indirect(pieces: Pieces, label: int, rng: random.Random) -> str:
    """A document, a mail or a tool result; in attacks one sentence speaks to the assistant that reads it."""
    facts = [_one(pieces, rng.choice(("fact", "fact", "tool")), 0, rng) for _ in range(rng.randint(0, 7))]
    facts.insert(rng.randint(0, len(facts)), _one(pieces, "tool", label, rng))
    return rng.choice(_CONTAINERS)(facts, pieces, rng)


def _text(sentences: list[str], pieces: Pieces, rng: random.Random) -> str:
    return rng.choice((pieces.space, "\n")).join(sentences)


def _mail(sentences: list[str], pieces: Pieces, rng: random.Random) -> str:
    head = ("SUBJECT: {}\nFROM: {}\n\n{}", "主题：{}\n发件人：{}\n\n{}")[pieces.lang == "zh"]
    topic = fill("{topic}", pieces.shared, rng)
    return head.format(
        topic, f"{rng.choice('abcdefgh')}{rng.randint(1, 99)}@mail.example", _text(sentences, pieces, rng)
    )


def _record(sentences: list[str], pieces: Pieces, rng: random.Random) -> str:
    """A tool result as JSON or as the text of a Python dictionary, the sentences in one of its fields."""
    field = rng.choice(("content", "body", "description", "text", "review", "note", "message", "comment", "summary"))
    outer = rng.choice(
        ("result", "email", "product", "post", "event", "issue", "file", "messages", "profile", "review")
    )
    record = {
        "id": str(rng.randint(100, 99999)), "title": fill("{topic}", pieces.shared, rng),
        field: pieces.space.join(sentences),
        rng.choice(("date", "time", "updated")): f"2024-0{rng.randint(1, 9)}-1{rng.randint(0, 9)}",
        rng.choice(("rating", "views", "price", "size")): rng.choice((3, 4.5, 12, 799.99)),
    }  # fmt: skip
    keys = list(record)
    rng.shuffle(keys)
    value: object = {outer: {key: record[key] for key in keys[: rng.randint(3, 5)]} | {field: record[field]}}
    if rng.random() < 0.3:
        value = {outer: [value]}
    return json.dumps(value, ensure_ascii=False) if rng.random() < 0.5 else str(value)


def _page(sentences: list[str], pieces: Pieces, rng: random.Random) -> str:
    marks = rng.choice(
        (("<p>", "</p>"), ("- ", ""), ("> ", ""), ("# ", ""), ("<!-- ", " -->"), ("// ", ""), ("* ", ""))
    )
    return "\n".join(marks[0] + sentence + marks[1] for sentence in sentences)


def _application(pieces: Pieces, label: int, rng: random.Random) -> str:
    return application_text(pieces, label, rng)


def _data(pieces: Pieces, label: int, rng: random.Random) -> str:
    """Tables, logs, dumps; as many harmless ones have a sentence in them as have none."""
    if label:
        said = fill(rng.choice(("{open}{then}", "{open}{then}", "{direct}", "{tool}")), pieces.pools(1), rng)
    else:
        said = _one(pieces, rng.choice(("fact", "tool", "trigger", "plain")), 0, rng) if rng.random() < 0.5 else ""
    return data_text(pieces, said, rng)


def _classic(pieces: Pieces, label: int, rng: random.Random) -> str:
    padding = _padding(pieces, rng, 0.1)
    return pieces.space.join([*padding, classic_text(pieces, label, rng)])


_CONTAINERS = (_text, _mail, _record, _record, _page)

_MAKERS: dict[str, tuple[_Maker, int, int]] = {
    "own_override": (_override, 1300, 2200),
    "own_persona": (_persona, 700, 900),
    "own_story": (_story, 500, 500),
    "own_indirect": (_indirect, 1100, 1100),
    "own_application": (_application, 1000, 1500),
    "own_data": (_data, 500, 900),
    "own_classics": (_classic, 1000, 1000),
}
"""Maker, and how many attacks and harmless texts it makes in English and in Chinese each."""


def _short(pools: tuple[Pools, Pools], label: int, rng: random.Random) -> str:
    """An order or two, or the first half of one alone; in harmless texts a remark and a task."""
    harmless, attack = pools[1], pools[0]
    first, second = (attack["open"], attack["then"]) if label else (harmless["say"], harmless["task"])
    parts = [rng.choice(first)]
    if rng.random() < 0.75:
        parts.append(rng.choice(second))
    if rng.random() < 0.2:
        parts.insert(0, rng.choice(harmless["say"]))
    return rng.choice((" ", ", ", ". ")).join(parts) + rng.choice(("", ".", "!"))


GROUPS = (*_MAKERS, "own_languages")


def generate(seed: int, share: float = 1.0) -> list[OwnRow]:
    """All own texts, without duplicates; the same seed gives the same texts.

    Parameters
    ----------
    seed
        Of the generator.
    share
        Makes so much of the numbers above (smaller for tests).
    """
    rng = random.Random(seed)
    rows: dict[str, OwnRow] = {}
    for pieces in (english.PIECES, chinese.PIECES):
        for group, (maker, attacks, harmless) in _MAKERS.items():
            for label, count in ((1, attacks), (0, harmless)):
                for _ in range(round(count * share)):
                    text = maker(pieces, label, rng)
                    rows.setdefault(text, OwnRow(text, pieces.lang, label, group))
    for lang, classes in OTHERS.items():
        for label, sentences in ((1, classes[0]), (0, classes[1])):
            for _ in range(round(40 * share)):
                chosen = rng.sample(sentences, rng.choice((1, 1, 2)))
                if label and rng.random() < 0.4:
                    chosen.insert(0, rng.choice(classes[1]))
                text = " ".join(chosen)
                rows.setdefault(text, OwnRow(text, lang, label, "own_languages"))
    for lang, pools in OTHER_PIECES.items():
        for label in (1, 0):
            for _ in range(round(140 * share)):
                text = _short(pools, label, rng)
                rows.setdefault(text, OwnRow(text, lang, label, "own_languages"))
    return list(rows.values())
