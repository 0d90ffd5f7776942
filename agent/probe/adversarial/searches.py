"""Searches: several perturbations of one text, chosen by what came of the ones before.

`RECIPES` are those of textattack and garak where ours do the same steps under the same constraints; where their
constraint is a sentence encoder, ours is `similarity`. A search climbs the score of its goal, which for a model that
tells nothing but its decision is flat: then it tries in an order drawn by chance.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from agent.probe.adversarial.attack import Attack, Hunt, Limits, Result, Try, chance
from agent.probe.adversarial.items import Item
from agent.probe.adversarial.similarity import similarity_after
from agent.probe.perturbations import Perturbation, perturbation
from agent.probe.perturbations.base import HAN, has_han, over_words, words_of

__all__ = ["RECIPES", "BeamSearch", "BestOfN", "WordSearch", "recipe"]

_ORDER = ("translation", "word", "chinese", "character", "template", "encoding")
_BATCH = 8
_STOP = """a an the and or but if of to in on at by for with from as is are was were be been do does did have has had i
you he she it we they me him her us them my your his its our their this that these those what which who how why when
where not no so can could will would shall should may might must there here than then"""
_STOP_WORDS = frozenset(_STOP.split())


@dataclass(frozen=True, slots=True)
class _State:
    """A text on its way; `steps` are what was done, in order."""

    text: str
    steps: tuple[Perturbation, ...]
    score: float


def _in_batches(tries: Sequence[Try]) -> Generator[Sequence[Try], Sequence[Result], list[Result]]:
    """Put tries to the model a few at a time, until one that counts has succeeded; results of those that were put."""
    results: list[Result] = []
    for start in range(0, len(tries), _BATCH):
        part = tries[start : start + _BATCH]
        found = yield part
        results += found
        if any(result.succeeded and each.counts for each, result in zip(part, found, strict=True)):
            break
    return results


class BeamSearch:
    """Perturbations of whole texts on top of each other, the best few of each step kept; a width of 1 is greedy.

    Perturbations that leave words readable come before those that put text around them or encode it, each at most once.
    """

    kind = "search"

    def __init__(
        self, name: str, perturbations: Sequence[Perturbation], limits: Limits, *, width: int, depth: int
    ) -> None:
        self.name, self.also_known_as = name, "textattack BeamSearch" if width > 1 else "textattack GreedySearch"
        self._perturbations, self._limits, self._width, self._depth = perturbations, limits, width, depth

    def suits(self, item: Item) -> bool:
        return item.features is None

    def hunt(self, item: Item, label: str, original: Result) -> Hunt:
        del label
        own = [each for each in self._perturbations if each.suits(item.language, item.text)]
        beam = [_State(item.text, (), original.score)]
        left = self._limits.queries
        seen = {item.text}
        for _ in range(self._depth):
            states: list[tuple[_State, Try]] = []
            for state in beam:
                states += self._next(item, state, own, seen)
            if not states or left <= 0:
                break
            chance(self._limits.seed, item.id, self.name, len(seen)).shuffle(states)
            states = states[:left]
            left -= len(states)
            results = yield from _in_batches([each for _, each in states])
            if any(result.succeeded for result in results):
                return None
            reached = [
                _State(state.text, state.steps, result.score)
                for (state, _), result in zip(states, results, strict=True)
                if not result.failed
            ]
            beam = sorted(reached, key=lambda state: -state.score)[: self._width]
        return "unchanged" if left == self._limits.queries else None

    def _next(self, item: Item, state: _State, own: Sequence[Perturbation], seen: set[str]) -> list[tuple[_State, Try]]:
        found: list[tuple[_State, Try]] = []
        for each in own:
            if each in state.steps or (state.steps and _place(each) < _place(state.steps[-1])):
                continue
            steps = (*state.steps, each)
            names = tuple(step.name for step in steps)
            text = each(state.text, chance(self._limits.seed, item.id, *names))
            if text in seen:
                continue
            seen.add(text)
            near = similarity_after(item.text, text, steps)
            if near >= self._limits.similarity:
                found.append((_State(text, steps, 0.0), Try(text, near, names, steps)))
        return found


def _place(each: Perturbation) -> int:
    return _ORDER.index(each.kind)


class _Place(NamedTuple):
    start: int
    end: int


class WordSearch:
    """Words changed one after the other, each at most once, the most important ones first.

    Parameters
    ----------
    steps
        Perturbations that have a form for single words; at each word the best of them is kept.
    most_words
        How many words may be changed.
    ranked
        Whether importance is measured, by leaving each word out (textattack's GreedyWordSwapWIR); else all words are
        tried, and the best change kept (GreedySearch).
    characters
        Whether a "word" is one Chinese character.
    """

    kind = "search"

    def __init__(
        self,
        name: str,
        steps: Sequence[Perturbation],
        limits: Limits,
        *,
        most_words: int,
        ranked: bool,
        least_letters: int = 2,
        characters: bool = False,
        similarity: float = 0.0,
        also_known_as: str = "",
    ) -> None:
        self.name, self.also_known_as = name, also_known_as
        self._steps, self._limits = steps, limits
        self._most_words, self._ranked, self._least = most_words, ranked, least_letters
        self._characters = characters
        self._similarity = max(similarity, limits.similarity)

    def suits(self, item: Item) -> bool:
        return item.features is None and has_han(item.text) == self._characters

    def hunt(self, item: Item, label: str, original: Result) -> Hunt:
        del label
        text, score, left = item.text, original.score, self._limits.queries
        rng = chance(self._limits.seed, item.id, self.name)
        places = self._places(text)
        rng.shuffle(places)
        if self._ranked and len(places) > 1:
            # Half of the queries at most go into finding out where to begin.
            asked = places[: max(1, left // 2)]
            results = yield from _in_batches(
                [Try(text[: place.start] + text[place.end :], 0.0, counts=False) for place in asked]
            )
            left -= len(asked)
            ranked = sorted(range(len(asked)), key=lambda number: -results[number].score)
            places = [asked[number] for number in ranked] + places[len(asked) :]
        changed = 0
        while places and left > 0 and changed < self._most_words:
            considered = places[:1] if self._ranked else places
            tries: list[tuple[_Place, Try]] = []
            for place in considered:
                tries += [(place, each) for each in self._changes(item, text, place, rng)]
            tries = tries[:left]
            results = yield from _in_batches([each for _, each in tries])
            if any(result.succeeded for result in results):
                return None
            left -= len(tries)
            best = max(range(len(tries)), key=lambda number: results[number].score, default=None)
            if best is None:
                places = [place for place in places if place not in considered]
                continue
            chosen, change = tries[best]
            grown = 0
            # A flat score says nothing: changes are piled up all the same, as long as enough of the text is left.
            if isinstance(change.input, str) and results[best].score >= score:
                grown = len(change.input) - len(text)
                text, score = change.input, results[best].score
                changed += 1
            places = [
                _Place(place.start + grown, place.end + grown) if place.start > chosen.start else place
                for place in places
                if place != chosen
            ]
        return "unchanged" if left == self._limits.queries else None

    def _places(self, text: str) -> list[_Place]:
        if self._characters:
            return [_Place(match.start(), match.end()) for match in HAN.finditer(text)]
        return [_Place(*span) for span in words_of(text, self._least) if text[slice(*span)].lower() not in _STOP_WORDS]

    def _changes(self, item: Item, text: str, place: _Place, rng: random.Random) -> list[Try]:
        found: list[Try] = []
        word = text[place.start : place.end]
        for step in self._steps:
            if step.word is None:
                continue
            other = step.word(word, rng)
            if other == word:
                continue
            changed = text[: place.start] + other + text[place.end :]
            near = similarity_after(item.text, changed, self._steps)
            if near >= self._similarity:
                found.append(Try(changed, near, (step.name,), tuple(self._steps)))
        return found


class BestOfN:
    """Case, inner letters and single characters drawn anew, until one of N gets through (Hughes et al., 2024)."""

    kind = "search"
    also_known_as = ""

    def __init__(self, name: str, limits: Limits) -> None:
        self.name, self._limits = name, limits

    def suits(self, item: Item) -> bool:
        return item.features is None and not has_han(item.text)

    def hunt(self, item: Item, label: str, original: Result) -> Hunt:
        del label, original
        asked = 0
        for start in range(0, self._limits.queries, _BATCH):
            tries: list[Try] = []
            for number in range(start, min(start + _BATCH, self._limits.queries)):
                text = _augmented(item.text, chance(self._limits.seed, item.id, self.name, number))
                near = similarity_after(item.text, text, ())
                if near >= self._limits.similarity and text != item.text:
                    tries.append(Try(text, near, ("scramble", "random_case", "typo_substitute")))
            if tries:
                asked += len(tries)
                results = yield tries
                if any(result.succeeded for result in results):
                    return None
        return None if asked else "dissimilar"


def _augmented(text: str, rng: random.Random) -> str:
    scramble = perturbation("scramble").word
    assert scramble is not None
    changed = over_words(lambda word, own: scramble(word, own) if own.random() < 0.3 else word, least=5)(text, rng)
    return "".join(
        chr(ord(c) + rng.choice((-1, 1)))
        if "b" <= c.lower() <= "y" and rng.random() < 0.03
        else c.swapcase()
        if rng.random() < 0.4
        else c
        for c in changed
    )


def _named(*names: str) -> list[Perturbation]:
    return [perturbation(name) for name in names]


def _deepwordbug(limits: Limits) -> Attack:
    """Gao et al. 2018. An edit distance of at most 30: a step costs two at most."""
    steps = _named("typo_swap", "typo_substitute", "typo_delete", "typo_insert")
    return WordSearch("deepwordbug", steps, limits, most_words=15, ranked=True, also_known_as="textattack deepwordbug")


def _pruthi(limits: Limits) -> Attack:
    """Pruthi et al. 2019: one word of at least four letters."""
    steps = _named("typo_swap", "typo_delete", "typo_insert", "typo_qwerty")
    return WordSearch(
        "pruthi", steps, limits, most_words=1, ranked=False, least_letters=4, also_known_as="textattack pruthi"
    )


def _textbugger(limits: Limits) -> Attack:
    """Li et al. 2018, with our own synonyms in place of word vectors, and our similarity in place of an encoder's."""
    steps = _named("word_split", "typo_delete", "typo_swap", "homoglyph", "synonym")
    return WordSearch(
        "textbugger", steps, limits, most_words=1_000, ranked=True, similarity=0.8,
        also_known_as="textattack textbugger",
    )  # fmt: skip


def _chinese_characters(limits: Limits) -> Attack:
    steps = _named("homophone", "traditional", "decomposition", "pinyin")
    return WordSearch("chinese_characters", steps, limits, most_words=1_000, ranked=True, characters=True)


RECIPES: Mapping[str, Callable[[Limits], Attack]] = {
    "deepwordbug": _deepwordbug,
    "pruthi": _pruthi,
    "textbugger": _textbugger,
    "chinese_characters": _chinese_characters,
    "best_of_n": lambda limits: BestOfN("best_of_n", limits),
}
"""Searches by name, beside ``greedy`` and ``beam``, which take what perturbations they are given."""


def recipe(name: str, perturbations: Sequence[Perturbation], limits: Limits, *, width: int, depth: int) -> Attack:
    """A search by name; `KeyError` when there is none."""
    if name in ("greedy", "beam"):
        return BeamSearch(name, perturbations, limits, width=1 if name == "greedy" else width, depth=depth)
    return RECIPES[name](limits)
